/*
 * A queue of bytes of up to 64 KiB in pages taken when needed and given back when empty: what pipes
 * and socket pairs hold between writer and reader.
 */
#pragma once

#include <sys/uio.h>

#include "base/types.h"

#define RING_BYTES (16 * PAGE_SIZE)
/* One more than that many bytes fill: at any offset, no page holds both the oldest and the newest.
 */
#define RING_PAGES 17

struct ring {
    u8 *pages[RING_PAGES]; /* NULL: no bytes there */
    u64 head, tail;        /* bytes ever taken out and put in; tail - head <= RING_BYTES */
};

static inline size_t ring_used(const struct ring *r)
{
    return r->tail - r->head;
}
static inline size_t ring_space(const struct ring *r)
{
    return RING_BYTES - ring_used(r);
}

/* Put in up to @len bytes. Returns how many: less only when full or out of memory. */
size_t ring_put(struct ring *r, const void *buf, size_t len);

/* Take out up to @len bytes into @buf; NULL drops them. Returns how many. */
size_t ring_take(struct ring *r, void *buf, size_t len);

/* Copy up to @len bytes, @skip behind the head, and leave them there. */
size_t ring_peek(const struct ring *r, size_t skip, void *buf, size_t len);

/**
 * Where the next bytes go, for who fills them in himself; ring_commit() follows at once.
 *
 * Returns  how many vectors there are, of up to @len bytes together; fewer when full or out of
 * memory
 */
int ring_room(struct ring *r, size_t len, struct iovec iov[RING_PAGES]);
void ring_commit(struct ring *r, size_t len); /* so many of them are filled */

/* Where the oldest bytes are, up to @len of them. Returns how many vectors. */
int ring_bytes(const struct ring *r, size_t len, struct iovec iov[RING_PAGES]);

/* Free what it holds. */
void ring_fini(struct ring *r);

/* A place within a vector, moved along by what is copied. */
struct iov_cursor {
    const struct iovec *iov;
    int n_iov;
    size_t done_bytes; /* of iov[0] */
};

/* The next run of bytes, or NULL at the end of the vector. */
void *iov_cursor_run(struct iov_cursor *c, size_t *len);
static inline void iov_cursor_advance(struct iov_cursor *c, size_t len)
{
    c->done_bytes += len;
}

/* ring_put() and ring_take() with a vector. */
size_t ring_put_iov(struct ring *r, struct iov_cursor *c, size_t max);
size_t ring_take_iov(struct ring *r, struct iov_cursor *c, size_t max);
