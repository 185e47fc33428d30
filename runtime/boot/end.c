#include "boot/end.h"

#include "abi/ctl.h"
#include "arch/cpu.h"
#include "arch/io.h"
#include "base/fmt.h"

static u16 exit_port, ctl_port;

void end_init(u16 exit, u16 ctl)
{
    exit_port = exit;
    ctl_port = ctl;
}

bool ctl_is_open(void)
{
    return ctl_port;
}

void ctl_line(const char *fmt, ...)
{
    char line[160];
    va_list ap;

    if (!ctl_port)
        return;
    va_start(ap, fmt);
    fmt_vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    for (const char *p = line; *p; p++)
        port_out8(ctl_port, (u8)*p);
    port_out8(ctl_port, '\n');
}

static _Noreturn void end(u32 status)
{
    /* Loses bit 7, so the control channel has said it before. */
    if (exit_port)
        port_out32(exit_port, status);
    cpu_reset();
}

void end_exit(int code)
{
    ctl_line(CTL_EXIT " %d", code & 255);
    end((u32)code & 255);
}

void end_signal(int sig)
{
    ctl_line(CTL_SIGNAL " %d", sig);
    end(128 + (u32)sig);
}
