/* Ports, device memory, and how a device interrupts us. */
#pragma once

#include "base/types.h"

static inline void port_out8(u16 port, u8 v)
{
    __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}
static inline void port_out16(u16 port, u16 v)
{
    __asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}
static inline void port_out32(u16 port, u32 v)
{
    __asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}
static inline u8 port_in8(u16 port)
{
    u8 v;
    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline u16 port_in16(u16 port)
{
    u16 v;
    __asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline u32 port_in32(u16 port)
{
    u32 v;
    __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

/**
 * Map device registers, uncached, readable and writable.
 *
 * @pa      physical address, any alignment
 * Returns  their virtual address; NULL if the range touches RAM or no table page is left
 * Context  start-up
 */
void *mmio_map(u64 pa, size_t len_bytes);

/*
 * All devices share one interrupt vector: an interrupt only ends the idle, then everybody is
 * polled.
 */
struct msi_msg {
    u64 addr;
    u32 data;
};
struct msi_msg irq_msi_msg(void);

/* Route I/O APIC input @gsi to that vector, edge or level triggered, active high. */
void irq_route_gsi(u32 gsi, bool is_level);
