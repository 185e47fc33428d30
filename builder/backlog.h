/*
 * QEMU's user network listens for `-p` with a queue of one connection, so that of a burst most wait
 * a second and more for their SYN to be sent again. listen() on a socket that listens already only
 * sets its queue, and a parent may borrow its child's descriptors (pidfd_getfd(), Linux 5.6).
 */
#pragma once

#include <sys/types.h>

struct vmspec;

/**
 * Give QEMU's listening sockets for @vm's ports a queue as long as the host allows.
 *
 * @pid  QEMU, a child of ours, whose ports are bound
 * Where the host does not let us (an older kernel, a filter of a container's) all stays as it is,
 * which is said to the verbose.
 */
void backlog_widen(pid_t pid, const struct vmspec *vm);
