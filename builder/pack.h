/*
 * The last step of a build: what the linker made becomes what users get. Writes the stripped image,
 * and the sections an image says about itself (runtime/abi/info.h). Edits headers in memory; the
 * loaded bytes are never changed. No process is spawned for it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "elfcheck.h"
#include "info.h"
#include "linkmap.h"
#include "text.h"

/* What the image cannot tell from its own bytes. */
struct pack_facts {
    const char *cc;           /* "gcc 12.2.0" */
    const char *flags;        /* "-Os" */
    const char *sources;      /* "main.c store.c" */
    const struct strvec *run; /* "port=8080:80": becomes run.port=8080:80; NULL: none */
};

/**
 * The text of .skiff.info for a linked ELF, sum included.
 *
 * Returns false if elf is not what a linker writes (reported, as path)
 */
bool pack_info(struct text *out, const struct pack_facts *facts, const char *path, const char *elf,
               size_t len_bytes, const struct linkmap *map, const struct elfcheck *check);

/**
 * The stripped image: ELF header, program headers, loaded bytes, .skiff.info, and section headers
 * for these only.
 *
 * Returns false as above
 */
bool pack_strip(struct text *out, const char *path, const char *elf, size_t len_bytes,
                const struct text *info);

/* The ELF as it is, with .skiff.info and .skiff.origin added. Returns false as above. */
bool pack_stamp(struct text *out, const char *path, const char *elf, size_t len_bytes,
                const struct text *info, const struct text *origin);

/* Put a file in its place at once (written aside, then renamed), mode 0777 less the umask.
 * Returns false if it cannot be written (reported). */
bool pack_write(const char *path, const struct text *data);
