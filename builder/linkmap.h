/*
 * Which input every byte of a linked ELF came from: read from the linker's map file, kept as text
 * in the ELF's own .skiff.origin section (runtime/abi/info.h). Pure: text in, struct out.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "text.h"

/* One input section as it was placed. */
struct linkmap_piece {
    uint64_t va, len_bytes;
    char *origin; /* "service", "libc", "libNAME", "runtime/ROOM" */
    char *object; /* "main.c", "libfoo.a(x.o)" */
};

struct linkmap {
    struct linkmap_piece *pieces; /* sorted by address */
    size_t n, cap;
};

/**
 * Read GNU ld's map.
 *
 * @sysroot   directory whose libc.a, libskiff.a and crt1.o are ours
 * @temp_dir  objects in this directory are called by their names without the number before the dash
 *            and with ".c" ("3-main.c.o" is main.c); NULL: no such directory
 * A map in another linker's format gives an empty one: then nobody knows any origin.
 */
void linkmap_read(struct linkmap *map, const char *text, size_t len_bytes, const char *sysroot,
                  const char *temp_dir);

/* The text of .skiff.origin, and back. Lines that are not of that form are skipped. */
void linkmap_write(const struct linkmap *map, struct text *out);
void linkmap_parse(struct linkmap *map, const char *text, size_t len_bytes);

/* The piece that holds an address; NULL if none. */
const struct linkmap_piece *linkmap_find(const struct linkmap *map, uint64_t va);

void linkmap_fini(struct linkmap *map);

/* Is this origin the user's own: neither libc nor the runtime nor the compiler's library? */
bool origin_is_users(const char *origin);
