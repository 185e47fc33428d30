/*
 * The page allocator: a buddy system over all RAM, one state byte per page. Blocks are powers of
 * two; an allocation of another size gives its tail back at once. O(log RAM) both ways.
 */
#include "mem/page.h"

#include "base/list.h"
#include "base/panic.h"

#define N_ORDERS   20   /* up to 2 GiB in one block */
#define STATE_FREE 0x80 /* first page of a free block; low bits its order */

/* A free block holds its own list node: free pages cost no other memory. */
static struct list free_blocks[N_ORDERS];
static u8 *state; /* per page frame, from frame 0 */
static u64 n_frames;
static size_t n_total, n_avail;

/*
 * RAM nobody has touched yet. A block on a free list holds its node, so listing it would touch it,
 * and the host would have to find (and clear) up to 2 MiB for that: start-up stays out of it.
 */
#define N_FRESH     8
#define FRESH_PAGES 64 /* taken from there at a time */
static struct fresh {
    u64 frame, end;
} fresh[N_FRESH];

static u64 frame_of(const void *addr)
{
    return (u64)addr / PAGE_SIZE;
}

static void *addr_of(u64 frame)
{
    return (void *)(frame * PAGE_SIZE);
}

static void block_push(u64 frame, u32 order)
{
    state[frame] = STATE_FREE | (u8)order;
    list_push_front(&free_blocks[order], addr_of(frame));
}

static void block_remove(u64 frame)
{
    state[frame] = 0;
    list_remove(addr_of(frame));
}

/* Free one naturally aligned block, joining it with its free buddies. */
static void block_free(u64 frame, u32 order)
{
    while (order + 1 < N_ORDERS) {
        u64 buddy = frame ^ (1ull << order);

        if (buddy >= n_frames || state[buddy] != (STATE_FREE | order))
            break;
        block_remove(buddy);
        frame &= ~(1ull << order);
        order++;
    }
    block_push(frame, order);
}

/* Free any run, as the largest aligned blocks it is made of. */
static void run_free(u64 frame, u64 n)
{
    while (n) {
        u32 order = 0;

        while (order + 1 < N_ORDERS && !(frame >> order & 1) && (2ull << order) <= n)
            order++;
        block_free(frame, order);
        frame += 1ull << order;
        n -= 1ull << order;
    }
}

void page_init(u64 top, void *state_bytes)
{
    n_frames = top / PAGE_SIZE;
    state = state_bytes;
    for (u32 i = 0; i < N_ORDERS; i++)
        list_init(&free_blocks[i]);
}

void page_donate(u64 addr, size_t n_pages)
{
    u64 frame = addr / PAGE_SIZE;

    n_total += n_pages;
    n_avail += n_pages;
    for (u32 i = 0; i < N_FRESH; i++)
        if (!fresh[i].end) {
            fresh[i] = (struct fresh){frame, frame + n_pages};
            return;
        }
    run_free(frame, n_pages);
}

/* Take a run of 1 << @order pages, naturally aligned, from untouched RAM; what is left of the piece
 * goes on the free lists. Returns its first frame, or 0. */
static u64 fresh_take(u32 order)
{
    u64 n = 1ull << order;

    for (u32 i = 0; i < N_FRESH; i++) {
        struct fresh *f = &fresh[i];
        u64 at = ALIGN_UP(f->frame, n), stop = MIN(at + MAX(n, (u64)FRESH_PAGES), f->end);

        if (at + n > f->end)
            continue;
        run_free(f->frame, at - f->frame);
        run_free(at + n, stop - at - n);
        f->frame = stop;
        return at;
    }
    return 0;
}

void *page_alloc(size_t n_pages)
{
    u32 want = 0;

    while (want < N_ORDERS && (1ull << want) < n_pages)
        want++;
    for (u32 order = want; order < N_ORDERS; order++) {
        if (list_empty(&free_blocks[order]))
            continue;
        u64 frame = frame_of(free_blocks[order].next);

        block_remove(frame);
        run_free(frame + n_pages, (1ull << order) - n_pages);
        n_avail -= n_pages;
        return addr_of(frame);
    }
    u64 frame = fresh_take(want);
    if (frame) {
        run_free(frame + n_pages, (1ull << want) - n_pages);
        n_avail -= n_pages;
    }
    return frame ? addr_of(frame) : NULL;
}

void page_free(void *addr, size_t n_pages)
{
    u64 frame = frame_of(addr);

    ASSERT(!((u64)addr & (PAGE_SIZE - 1)) && frame && frame + n_pages <= n_frames,
           "freed: no pages");
    ASSERT(!(state[frame] & STATE_FREE), "freed: free pages");
    run_free(frame, n_pages);
    n_avail += n_pages;
}

size_t page_total(void)
{
    return n_total;
}

size_t page_avail(void)
{
    return n_avail;
}
