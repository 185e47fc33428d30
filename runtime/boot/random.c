/*
 * ChaCha20 with fast key erasure: every request draws a block, of which the first half is the next
 * key at once, so what was given out before cannot be worked out from what is in memory now.
 * Reseeded from the source after every 1 MiB.
 */
#include "boot/random.h"

#include <string.h>

#include "arch/cpu.h"
#include "base/chacha.h"
#include "base/random.h"
#include "dev/virtio/rng.h"

#define RESEED_BLOCKS (1u << 14)

static u32 key[8];
static u32 n_blocks;

static bool gather(u32 seed[8])
{
    for (u32 i = 0; i < 4; i++) {
        u64 v;

        if (!cpu_random(&v))
            return rng_read(seed, 32) == 32;
        memcpy(seed + 2 * i, &v, 8);
    }
    return true;
}

static bool reseed(void)
{
    u32 seed[8];

    if (!gather(seed))
        return false;
    for (u32 i = 0; i < 8; i++)
        key[i] ^= seed[i];
    n_blocks = 0;
    return true;
}

bool random_init(void)
{
    return reseed();
}

void random_bytes(void *buf, size_t len)
{
    u8 *out = buf;

    if (n_blocks > RESEED_BLOCKS)
        reseed(); /* if the source has dried up, the old key goes on being good */
    while (len) {
        static const u32 zero[4];
        u8 block[64];
        size_t n = MIN(len, 32ul);

        chacha20_block(block, key, zero);
        memcpy(key, block, 32);
        memcpy(out, block + 32, n);
        memset(block, 0, sizeof(block));
        n_blocks++;
        out += n;
        len -= n;
    }
}
