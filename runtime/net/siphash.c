#include "net/siphash.h"

#include "base/random.h"

static inline u64 rotl(u64 v, int n)
{
    return (v << n) | (v >> (64 - n));
}

static void rounds(u64 v[4], int n)
{
    while (n--) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotl(v[1], 13) ^ v[0];
        v[3] = rotl(v[3], 16) ^ v[2];
        v[0] = rotl(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotl(v[1], 17) ^ v[2];
        v[3] = rotl(v[3], 21) ^ v[0];
        v[2] = rotl(v[2], 32);
    }
}

u64 siphash_3u64(const struct siphash_key *key, u64 a, u64 b, u64 c)
{
    u64 v[4] = {key->k0 ^ 0x736f6d6570736575, key->k1 ^ 0x646f72616e646f6d,
                key->k0 ^ 0x6c7967656e657261, key->k1 ^ 0x7465646279746573};
    u64 m[4] = {a, b, c, 24ull << 56};

    for (int i = 0; i < 4; i++) {
        v[3] ^= m[i];
        rounds(v, 2);
        v[0] ^= m[i];
    }
    v[2] ^= 0xff;
    rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

u64 net_random64(void)
{
    u64 v;
    random_bytes(&v, sizeof(v));
    return v;
}
