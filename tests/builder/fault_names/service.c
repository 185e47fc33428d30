/* Three functions, one of them inlined. */
int table[4];

__attribute__((noinline)) void store_put(int i)
{
    table[i & 3]++;
}

static inline __attribute__((always_inline)) void handle(int i)
{
    store_put(i + 1);
    table[0] = i;
}

int serve(int i)
{
    handle(i * 2);
    return table[1];
}
