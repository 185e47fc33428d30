/* How this VM ends, and what it tells whoever started it (abi/ctl.h). */
#pragma once

#include "base/types.h"

/* Ports of the boot configuration; 0 = not there. */
void end_init(u16 exit_port, u16 ctl_port);

/* Is somebody listening on the control channel? */
bool ctl_is_open(void);

/* Send one formatted line (the newline is added). Nothing happens without a channel. */
void ctl_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* main() has ended: exit status @code, 0-255. */
void end_exit(int code) __attribute__((noreturn));

/* The service died of @sig: status 128 + @sig. */
void end_signal(int sig) __attribute__((noreturn));
