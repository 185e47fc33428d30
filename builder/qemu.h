/* QEMU: where it is, whether it will do, and how it spells a struct vmspec. */
#pragma once

#include <stdbool.h>

#include "text.h"

struct vmspec;

/* The descriptor QEMU writes the control channel to (runtime/abi/ctl.h). */
#define QEMU_CTL_FD    3
#define QEMU_MIN_MAJOR 7

struct qemu {
    char *path;
    unsigned major, minor;
};

/**
 * Find QEMU: $SKIFF_QEMU, else qemu-system-x86_64 in PATH; and ask its version, once for each build
 * of it: the answer is kept in ~/.cache/skiff with the file's identity.
 *
 * Returns false if there is none, or it is too old (reported with what to do)
 */
bool qemu_find(struct qemu *qemu);
void qemu_fini(struct qemu *qemu);

/**
 * The command line that starts a VM. Pure: the same vmspec gives the same words.
 *
 * Returns false if the boot line is too long (reported)
 */
bool qemu_argv(const struct vmspec *vm, const char *qemu_path, struct strvec *argv);
