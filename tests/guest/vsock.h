/* AF_VSOCK sockets within one machine for guest tests; every call that fails ends the test. */
#pragma once

#include "check.h"

#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <sys/socket.h>
#include <sys/utsname.h>

static inline struct sockaddr_vm vm_addr(unsigned cid, unsigned port)
{
    return (struct sockaddr_vm){.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port};
}

static inline int vm_socket(void)
{
    int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
    CHECK(fd >= 0);
    return fd;
}

static inline int vm_bind(int fd, unsigned cid, unsigned port)
{
    struct sockaddr_vm vm = vm_addr(cid, port);
    return bind(fd, (struct sockaddr *)&vm, sizeof vm);
}

static inline int vm_connect(int fd, unsigned cid, unsigned port)
{
    struct sockaddr_vm vm = vm_addr(cid, port);
    return connect(fd, (struct sockaddr *)&vm, sizeof vm);
}

static inline struct sockaddr_vm vm_name(int fd)
{
    struct sockaddr_vm vm;
    socklen_t len = sizeof vm;
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&vm, &len), 0);
    CHECK_EQ(len, sizeof vm);
    CHECK_EQ(vm.svm_family, AF_VSOCK);
    return vm;
}

/* A listener on a port that the kernel chose. */
static inline int vm_listener(int backlog)
{
    int fd = vm_socket();
    CHECK_EQ(vm_bind(fd, VMADDR_CID_ANY, VMADDR_PORT_ANY), 0);
    CHECK_EQ(listen(fd, backlog), 0);
    return fd;
}

/* Both ends of one connection: end[0] connected, end[1] accepted. */
static inline void vm_pair(int end[2])
{
    int lis = vm_listener(1);
    end[0] = vm_socket();
    CHECK_EQ(vm_connect(end[0], VMADDR_CID_LOCAL, vm_name(lis).svm_port), 0);
    end[1] = accept(lis, NULL, NULL);
    CHECK(end[1] >= 0);
    CHECK_EQ(close(lis), 0);
}

static inline void vm_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    CHECK(flags >= 0);
    CHECK_EQ(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
}

/* A Linux without these sockets cannot hold the test, which then ends; a VM of ours has them. */
static inline void vm_need_sockets(void)
{
    struct utsname uts;
    int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

    CHECK_EQ(uname(&uts), 0);
    if (fd < 0 && errno == EAFNOSUPPORT && !strstr(uts.version, "Skiff"))
        _exit(0);
    CHECK(fd >= 0);
    CHECK_EQ(close(fd), 0);
}

/* The same for those within the machine, which on Linux are the module vsock_loopback. */
static inline void vm_need_loopback(void)
{
    struct utsname uts;
    int fd;

    vm_need_sockets();
    CHECK_EQ(uname(&uts), 0);
    fd = vm_socket();
    if (vm_bind(fd, VMADDR_CID_LOCAL, VMADDR_PORT_ANY) < 0 && errno == EADDRNOTAVAIL &&
        !strstr(uts.version, "Skiff"))
        _exit(0);
    CHECK_EQ(close(fd), 0);
}
