/*
 * One bootable image as it lies on disk: read, judged, never changed. Used by run and inspect; pack
 * asks it for the sum. Reads bytes that anybody may have written: every offset and length is
 * checked (tests/fuzz/elf.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "info.h"
#include "text.h"

/* LIMIT: program headers in an image; ours have six. Lift when a linker script of ours has more. */
#define IMAGE_MAX_HEADERS 32
#define IMAGE_SUM_CHARS   64

/* One loaded part. Addresses and sizes in bytes. */
struct image_segment {
    uint64_t va, pa, offset, file_bytes, mem_bytes;
    bool is_read, is_write, is_exec;
};

struct image {
    char *path;
    char *build_id;     /* lower-case hex; "" if none */
    uint64_t pvh_entry; /* address of the PVH door */
    uint64_t entry;     /* e_entry */
    uint64_t end_pa;    /* one past the highest loaded byte, bss included: least RAM below it */
    uint64_t file_bytes;
    bool has_symbols; /* a .symtab is there: not stripped */
    bool has_info;    /* a .skiff.info section was there: Skiff built it */
    struct info info;
    struct image_segment segments[IMAGE_MAX_HEADERS];
    unsigned n_segments;
};

/**
 * Open an image and judge whether it can boot.
 *
 * Returns 0; STATUS_NO_IMAGE if there is no such file or it cannot be read; STATUS_NO_BOOT if it is
 *         truncated, no ELF, for another machine, without PVH note, or tampered with (its contents
 *         do not match the sum in its info). Reported: "IMAGE: error: …". Then there is nothing to
 *         close.
 */
int image_open(struct image *image, const char *path);
void image_close(struct image *image);

/**
 * The same judgement on bytes in memory.
 *
 * @why  on failure: what is wrong and what would be right, without file name; the caller's to fini
 * Returns false if it cannot boot; image_close() it either way
 */
bool image_parse(struct image *image, const void *data, size_t len_bytes, struct text *why);

/**
 * The sum an image carries as the last line of its info: SHA-256 of the entry, of every loaded
 * segment (addresses, sizes, permissions, bytes) and of the info before the sum. File offsets and
 * section headers stay out, so strip(1) and objcopy(1) may still work on an image.
 *
 * @info_text  the info up to the "sum=" line
 * @hex        IMAGE_SUM_CHARS digits and a NUL
 * Returns false if the headers cannot be read
 */
bool image_sum(const void *elf, size_t len_bytes, const char *info_text, size_t info_len,
               char hex[IMAGE_SUM_CHARS + 1]);
