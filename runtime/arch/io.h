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

/* Device memory: exactly one plain mov of this width, which every hypervisor can decode. */
static inline u8 mmio_read8(const volatile void *reg)
{
    u8 v;
    __asm__ volatile("movb %1, %0" : "=q"(v) : "m"(*(const volatile u8 *)reg) : "memory");
    return v;
}
static inline void mmio_write8(volatile void *reg, u8 v)
{
    __asm__ volatile("movb %1, %0" : "=m"(*(volatile u8 *)reg) : "q"(v) : "memory");
}
static inline u16 mmio_read16(const volatile void *reg)
{
    u16 v;
    __asm__ volatile("movw %1, %0" : "=r"(v) : "m"(*(const volatile u16 *)reg) : "memory");
    return v;
}
static inline void mmio_write16(volatile void *reg, u16 v)
{
    __asm__ volatile("movw %1, %0" : "=m"(*(volatile u16 *)reg) : "r"(v) : "memory");
}
static inline u32 mmio_read32(const volatile void *reg)
{
    u32 v;
    __asm__ volatile("movl %1, %0" : "=r"(v) : "m"(*(const volatile u32 *)reg) : "memory");
    return v;
}
static inline void mmio_write32(volatile void *reg, u32 v)
{
    __asm__ volatile("movl %1, %0" : "=m"(*(volatile u32 *)reg) : "r"(v) : "memory");
}

/**
 * Map device registers, uncached, readable and writable.
 *
 * @pa      physical address, any alignment
 * Returns  their virtual address; NULL if the range touches RAM or no table page is left
 * Context  start-up
 */
void *mmio_map(u64 pa, size_t len_bytes);

/* No device has an interrupt vector of its own: an interrupt only ends the idle, then everybody is
 * polled. */
struct msi_msg {
    u64 addr;
    u32 data;
};
struct msi_msg irq_msi_msg(void);

/* Route I/O APIC input @gsi here, edge or level triggered, active high. */
void irq_route_gsi(u32 gsi, bool is_level);
