/*
 * Device registers and device interrupts: I/O APIC inputs and messages. Levels have a vector of
 * their own: the local APIC remembers per vector what its last interrupt was, and an EOI frees the
 * input of a level only if that was one (Intel SDM vol. 3A §11.8.4, TMR). On a shared vector an
 * edge between a level and its EOI would shut that input for ever.
 */
#include "arch/io.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/keel.h"
#include "arch/x86_64/layout.h"

#define IOAPIC_PA(n)  (0xfec00000 + (n)*0x10000ull)
#define IOAPIC_INPUTS 24

void *mmio_map(u64 pa, size_t len_bytes)
{
    u64 start = ALIGN_DOWN(pa, PAGE_SIZE);
    u64 n = (ALIGN_UP(pa + len_bytes, PAGE_SIZE) - start) / PAGE_SIZE;
    s64 va = keel_do(KEEL_DEVICE, start, n, 0, 0).value;

    return va < 0 ? NULL : (void *)(va + (s64)(pa - start));
}

struct msi_msg irq_msi_msg(void)
{
    return (struct msi_msg){.addr = APIC_PA, .data = VEC_EDGE};
}

void irq_route_gsi(u32 gsi, bool is_level)
{
    static volatile u32 *ioapic[2];
    u32 n = gsi / IOAPIC_INPUTS, input = gsi % IOAPIC_INPUTS;

    if (n >= ARRAY_SIZE(ioapic))
        return;
    if (!ioapic[n])
        ioapic[n] = mmio_map(IOAPIC_PA(n), PAGE_SIZE);
    if (!ioapic[n])
        return;
    /* Index register at 0, data at 0x10; two words per input from 0x10. Destination: APIC id 0. */
    ioapic[n][0] = 0x11 + 2 * input;
    ioapic[n][4] = 0;
    ioapic[n][0] = 0x10 + 2 * input;
    ioapic[n][4] = is_level ? VEC_LEVEL | BIT(15) : VEC_EDGE;
}
