/*
 * In place of runtime/arch/io.h in host tests (tests/unit comes first on the include path): every
 * port and register access goes to the models behind host_io of dev_host.h.
 */
#pragma once

#include "base/types.h"

u32 host_read(u64 at, unsigned width);
void host_write(u64 at, u32 v, unsigned width);

#define HOST_ACCESS(bits)                                                                          \
    static inline void port_out##bits(u16 port, u##bits v)                                         \
    {                                                                                              \
        host_write(port, v, bits / 8);                                                             \
    }                                                                                              \
    static inline u##bits port_in##bits(u16 port)                                                  \
    {                                                                                              \
        return (u##bits)host_read(port, bits / 8);                                                 \
    }                                                                                              \
    static inline u##bits mmio_read##bits(const volatile void *reg)                                \
    {                                                                                              \
        return (u##bits)host_read((uintptr_t)reg, bits / 8);                                       \
    }                                                                                              \
    static inline void mmio_write##bits(volatile void *reg, u##bits v)                             \
    {                                                                                              \
        host_write((uintptr_t)reg, v, bits / 8);                                                   \
    }
HOST_ACCESS(8)
HOST_ACCESS(16)
HOST_ACCESS(32)

void *mmio_map(u64 pa, size_t len_bytes); /* the physical address itself */

struct msi_msg {
    u64 addr;
    u32 data;
};
struct msi_msg irq_msi_msg(void);
void irq_route_gsi(u32 gsi, bool is_level);
