/*
 * One bootable image as it lies on disk: read, judged, never changed. Used by run and inspect.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "info.h"

struct image {
    char *path;
    char *build_id;     /* lower-case hex; "" if none */
    uint64_t pvh_entry; /* address of the PVH door */
    uint64_t entry;     /* e_entry */
    uint64_t end_pa;    /* one past the highest loaded byte, bss included: least RAM below it */
    bool has_info;      /* a .skiff.info section was there: Skiff built it */
    struct info info;
};

/**
 * Open an image and judge whether it can boot.
 *
 * Returns 0; STATUS_NO_IMAGE if there is no such file or it cannot be read; STATUS_NO_BOOT if it is
 *         truncated, no ELF, for another machine, without PVH note, or tampered with (its contents
 *         do not match the sum in its info). Reported: "IMAGE: error: …".
 */
int image_open(struct image *image, const char *path);
void image_close(struct image *image);
