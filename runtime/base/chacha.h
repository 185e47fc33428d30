/* The ChaCha20 block function (RFC 8439 §2.3). */
#pragma once

#include "base/types.h"

/* One 64-byte block of the key stream. @counter_nonce: block counter, then the nonce. */
void chacha20_block(u8 out[64], const u32 key[8], const u32 counter_nonce[4]);
