#include "base/chacha.h"

#include <string.h>

static u32 rotl(u32 v, int n)
{
    return v << n | v >> (32 - n);
}

static void quarter_round(u32 *s, u32 a, u32 b, u32 c, u32 d)
{
    s[a] += s[b], s[d] = rotl(s[d] ^ s[a], 16);
    s[c] += s[d], s[b] = rotl(s[b] ^ s[c], 12);
    s[a] += s[b], s[d] = rotl(s[d] ^ s[a], 8);
    s[c] += s[d], s[b] = rotl(s[b] ^ s[c], 7);
}

void chacha20_block(u8 out[64], const u32 key[8], const u32 counter_nonce[4])
{
    u32 in[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}; /* "expand 32-byte k" */
    u32 s[16];

    memcpy(in + 4, key, 32);
    memcpy(in + 12, counter_nonce, 16);
    memcpy(s, in, sizeof(s));
    for (u32 round = 0; round < 10; round++) {
        for (u32 i = 0; i < 4; i++) /* columns */
            quarter_round(s, i, i + 4, i + 8, i + 12);
        for (u32 i = 0; i < 4; i++) /* diagonals */
            quarter_round(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
    }
    for (u32 i = 0; i < 16; i++)
        s[i] += in[i];
    memcpy(out, s, sizeof(s));
}
