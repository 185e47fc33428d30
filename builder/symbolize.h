/*
 * Addresses in an image to functions, files and lines, from the DWARF of IMAGE.debug (or of the
 * image, if it was not stripped). Only this file reads DWARF through libdwfl.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

struct ctl_reader;
struct symbolizer;

/**
 * @build_id  lower-case hex: an IMAGE.debug of another build is not believed
 * Returns    never NULL; without symbols it gives addresses only. symbolizer_free() it.
 */
struct symbolizer *symbolizer_new(const char *image_path, const char *build_id);
void symbolizer_free(struct symbolizer *s);

/* NULL if symbols were found, else why there are none: "shop.elf.debug: no such file". */
const char *symbolizer_lack(const struct symbolizer *s);

/**
 * One line for each function at an address, innermost (inlined) first: "store_get at store.c:41".
 *
 * @is_return  the address is where a call returns to: the line of the call is wanted
 * @lines      added to; one entry "?" if nothing is known
 */
void symbolizer_name(struct symbolizer *s, uint64_t addr, bool is_return, struct strvec *lines);

/* The whole report of a fault: what, where, backtrace, registers last. */
void symbolize_report(const struct ctl_reader *ctl, const char *image_path, const char *build_id,
                      struct text *out);
