/* What a fault of the service looks like to a human. */
#pragma once

#include "arch/context.h"

/* The Linux signal for this exception. */
int report_signal(const struct trap_frame *frame);

/* Report and end the VM with status 128 + signal. */
_Noreturn void report_fault(const struct trap_frame *frame);
