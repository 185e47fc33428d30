/*
 * From the registers and the stack of a fault to the chain of calls, by the image's call frame
 * information (.debug_frame). libc has none: there the next return address on the stack is taken,
 * one that follows a call instruction.
 */
#pragma once

#include <elfutils/libdwfl.h>
#include <stddef.h>
#include <stdint.h>

struct ctl_reader;

/**
 * @dwfl        with the image's symbols, not attached to anything yet
 * @image_path  the code itself, which a .debug file does not hold
 * @frames      out: addresses, innermost (where it stopped) first; the others are return addresses
 * Returns      how many, at most max; 0 if the fault came without registers or stack
 */
size_t unwind(Dwfl *dwfl, const char *image_path, const struct ctl_reader *ctl, uint64_t *frames,
              size_t max);
