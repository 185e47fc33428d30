/*
 * SHA-256 (FIPS 180-4), for the sum an image carries of its own loaded bytes. Small and on its own:
 * no crypto library is needed to build or run the tool.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

struct sha256 {
    uint32_t state[8];
    uint64_t len_bytes;
    uint8_t block[64]; /* the part of a block not hashed yet */
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len_bytes);

/* Ends the sum; s must be initialised again before it is used again. */
void sha256_end(struct sha256 *s, uint8_t out[SHA256_BYTES]);
