/* The CPU's random numbers, the machine's wall clock, and its end. */
#include "arch/cpu.h"

#include "arch/io.h"
#include "arch/x86_64/keel.h"
#include "arch/x86_64/layout.h"

_Noreturn void cpu_reset(void)
{
    keel_do(KEEL_RESET, 0, 0, 0, 0);
    __builtin_unreachable();
}

u64 cpu_interrupts(void)
{
    return *(const volatile u64 *)(MAILBOX_VA + MAILBOX_N_INTERRUPTS);
}

void cpu_halt(void)
{
    keel_do(KEEL_IDLE, cpu_interrupts(), 0, 0, 0);
}

bool cpu_random(u64 *out)
{
    u32 id[4];
    u8 ok = 0;

    cpu_id(1, 0, id);
    if (!(id[2] & BIT(30)))
        return false;
    for (int i = 0; i < 10 && !ok; i++)
        __asm__ volatile("rdrand %0; setc %1" : "=r"(*out), "=qm"(ok) : : "cc");
    return ok;
}

static u32 cmos(u8 reg)
{
    port_out8(0x70, reg);
    return port_in8(0x71);
}

static u32 from_bcd(u32 v, u32 status_b)
{
    return status_b & 4 ? v : (v & 15) + (v >> 4) * 10;
}

u64 cpu_rtc_seconds(void)
{
    u32 b = cmos(0x0b);
    u32 t[6], again[6];

    if (b == 0xff)
        return 0; /* nobody there */
    do {          /* until two readings agree: no update in between */
        static const u8 regs[6] = {0, 2, 4, 7, 8, 9};

        for (int i = 0; i < 6; i++)
            t[i] = cmos(regs[i]);
        for (int i = 0; i < 6; i++)
            again[i] = cmos(regs[i]);
    } while (t[0] != again[0] || t[1] != again[1] || t[2] != again[2] || t[3] != again[3]);
    u32 hour = t[2] & 0x7f;
    hour = from_bcd(hour, b);
    if (!(b & 2)) /* 12-hour mode: bit 7 is PM */
        hour = hour % 12 + (t[2] & 0x80 ? 12 : 0);
    u32 year = 2000 + from_bcd(t[5], b), month = from_bcd(t[4], b), day = from_bcd(t[3], b);
    /* Days since 1970-03-01, the year starting in March. */
    u32 y = year - (month <= 2), m = (month + 9) % 12;
    u64 days = 365ull * y + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719468;
    return ((days * 24 + hour) * 60 + from_bcd(t[1], b)) * 60 + from_bcd(t[0], b);
}
