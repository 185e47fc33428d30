/* A fault of the service, turned into a signal it handles. */
#pragma once

#include "arch/context.h"

/* If the service handles @sig: change @frame so that its handler runs next. False: it does not. */
bool fault_signal(struct trap_frame *frame, int sig);
