#include "dev/pkt.h"

#include <string.h>

#include "mem/page.h"

#define PKTS_PER_PAGE (PAGE_SIZE / PKT_STORAGE_BYTES)
#define PAGE_CAP      (PAGE_SIZE - sizeof(struct pkt)) /* of a packet that is one whole page */
#define N_SPARE       4

/* LIMIT: pages stay with the pool once taken; lift when memory pressure can ask for them back. */
static struct {
    struct pkt *free; /* last put, first out: its cache lines are warm */
    u32 n_max;        /* the budget */
    u32 n_made;       /* packets cut from pages so far */
    u32 n_in_use;
    bool has_grown;    /* the last time it had to: false at the budget, or when RAM is short */
    struct pkt *spare; /* N_SPARE whole pages, for when RAM is short as well */
    u32 n_spare;
} pool;

void pkt_pool_init(u32 n_max)
{
    pool.n_max = n_max;
}

u32 pkt_pool_budget(void)
{
    return pool.n_max;
}

u32 pkt_pool_in_use(void)
{
    return pool.n_in_use;
}

bool pkt_pool_is_dry(void)
{
    return !pool.free && !pool.has_grown;
}

static void spare_push(struct pkt *p)
{
    p->next = pool.spare;
    pool.spare = p;
    pool.n_spare++;
}

/* Cut one more page into packets. */
static bool pool_grow(void)
{
    u8 *page = pool.n_made < pool.n_max ? page_alloc(1) : NULL;
    struct pkt *spare;

    pool.has_grown = page;
    if (!page)
        return false;
    if (pool.n_spare < N_SPARE && (spare = page_alloc(1)) != NULL)
        spare_push(spare);
    for (unsigned i = 0; i < PKTS_PER_PAGE && pool.n_made < pool.n_max; i++, pool.n_made++) {
        struct pkt *p = (struct pkt *)(page + i * PKT_STORAGE_BYTES);

        p->cap_bytes = PKT_STORAGE_BYTES - sizeof(*p);
        p->next = pool.free;
        pool.free = p;
    }
    return true;
}

static __attribute__((noinline)) struct pkt *alloc_grown(u32 headroom_bytes)
{
    return pool_grow() ? pkt_alloc(headroom_bytes) : NULL;
}

struct pkt *pkt_alloc(u32 headroom_bytes)
{
    struct pkt *p = pool.free;

    if (unlikely(!p))
        return alloc_grown(headroom_bytes);
    pool.free = p->next;
    pool.n_in_use++;
    p->next = NULL;
    p->data = p->buf + headroom_bytes;
    p->len_bytes = 0;
    p->refs = 1; /* with the next four one store */
    p->flags = 0;
    p->gso_type = 0;
    p->n_in_device = 0;
    p->n_frags = 0;
    return p;
}

static u32 large_pages(u32 cap_bytes)
{
    return (u32)(ALIGN_UP(sizeof(struct pkt) + cap_bytes, PAGE_SIZE) / PAGE_SIZE);
}

static struct pkt *large_init(struct pkt *p, u32 headroom_bytes, u32 cap_bytes)
{
    memset(p, 0, sizeof(*p));
    p->data = p->buf + headroom_bytes;
    p->cap_bytes = cap_bytes;
    p->refs = 1;
    return p;
}

struct pkt *pkt_alloc_large(u32 headroom_bytes, u32 len_bytes)
{
    u32 cap = headroom_bytes + len_bytes;
    struct pkt *p;

    if (cap <= PKT_STORAGE_BYTES - sizeof(*p)) {
        p = pkt_alloc(headroom_bytes);
        if (likely(p))
            return p;
        cap = PAGE_CAP;
    }
    p = page_alloc(large_pages(cap));
    return p ? large_init(p, headroom_bytes, cap) : NULL;
}

struct pkt *pkt_alloc_spare(u32 headroom_bytes)
{
    struct pkt *p = pkt_alloc_large(headroom_bytes, 0);

    if (likely(p) || !pool.spare)
        return p;
    p = pool.spare;
    pool.spare = p->next;
    pool.n_spare--;
    return large_init(p, headroom_bytes, PAGE_CAP);
}

void pkt_put(struct pkt *p)
{
    if (--p->refs)
        return;
    if (unlikely(p->cap_bytes > PKT_STORAGE_BYTES - sizeof(*p))) {
        if (p->cap_bytes == PAGE_CAP && pool.n_spare < N_SPARE)
            spare_push(p);
        else
            page_free(p, large_pages(p->cap_bytes));
        return;
    }
    p->next = pool.free;
    pool.free = p;
    pool.n_in_use--;
}

void pkt_put_chain(struct pkt *p)
{
    while (p) {
        struct pkt *next = p->next;

        pkt_put(p);
        p = next;
    }
}
