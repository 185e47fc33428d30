/* One way to reach a device register, whether it is an I/O port or memory. */
#pragma once

#include "base/types.h"

/*
 * Where a register is: below REG_PORT_END an I/O port, else the virtual address of device memory
 * (page 0 and the pages after it are never mapped).
 */
typedef u64 reg_at;

#define REG_PORT_END 0x10000

/* @width  1, 2 or 4 bytes; the access is exactly that wide */
u32 reg_read(reg_at at, unsigned width);
void reg_write(reg_at at, u32 v, unsigned width);
