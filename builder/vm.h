/*
 * One VM while it runs: starts QEMU, relays the console byte for byte, listens on the control
 * channel, and sees to it that nothing is left running. QEMU never touches the terminal: it reads
 * and writes pipes of ours, so the terminal keeps its line editing and is never left raw.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ctlread.h"
#include "text.h"

enum vm_end_kind {
    VM_EXITED,      /* the service ended: value is its status, 0 to 255 */
    VM_SIGNALED,    /* the service died: value is the signal; ctl has the fault, if any */
    VM_TIMED_OUT,   /* we stopped it */
    VM_INTERRUPTED, /* we were sent a signal: value */
    VM_SILENT,      /* the machine stopped and the service had not said how it ended */
    VM_FAILED,      /* QEMU failed: value is its status, said what it said */
};

struct vmspec;

struct vm_end {
    enum vm_end_kind kind;
    int value;
    struct text said; /* what QEMU wrote to its stderr */
    struct ctl_reader ctl;
};

/**
 * Run a VM to its end.
 *
 * @argv  as qemu_argv() makes it of
 * @spec
 * @end   vm_end_fini() it
 * Returns 0, or -errno if QEMU could not be started
 */
int vm_run(char *const argv[], const struct vmspec *spec, struct vm_end *end);
void vm_end_fini(struct vm_end *end);
