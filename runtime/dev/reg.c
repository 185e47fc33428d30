#include "dev/reg.h"

#include "arch/io.h"

u32 reg_read(reg_at at, unsigned width)
{
    if (at < REG_PORT_END)
        return width == 1   ? port_in8((u16)at)
               : width == 2 ? port_in16((u16)at)
                            : port_in32((u16)at);

    const volatile void *p = (const volatile void *)(uintptr_t)at;

    return width == 1 ? mmio_read8(p) : width == 2 ? mmio_read16(p) : mmio_read32(p);
}

void reg_write(reg_at at, u32 v, unsigned width)
{
    volatile void *p = (volatile void *)(uintptr_t)at;

    if (at < REG_PORT_END) {
        if (width == 1)
            port_out8((u16)at, (u8)v);
        else if (width == 2)
            port_out16((u16)at, (u16)v);
        else
            port_out32((u16)at, v);
    } else if (width == 1) {
        mmio_write8(p, (u8)v);
    } else if (width == 2) {
        mmio_write16(p, (u16)v);
    } else {
        mmio_write32(p, v);
    }
}
