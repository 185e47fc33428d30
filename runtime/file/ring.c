#include "file/ring.h"

#include <string.h>

#include "arch/copy.h"
#include "mem/page.h"

static u8 **page_at(struct ring *r, u64 pos)
{
    return &r->pages[pos / PAGE_SIZE % RING_PAGES];
}

size_t ring_put(struct ring *r, const void *buf, size_t len)
{
    size_t done = 0;

    len = MIN(len, ring_space(r));
    while (done < len) {
        size_t at = r->tail % PAGE_SIZE, n = MIN(len - done, PAGE_SIZE - at);
        u8 **page = page_at(r, r->tail);

        if (!*page)
            *page = page_alloc(1);
        if (!*page)
            break;
        copy_block(*page + at, (const u8 *)buf + done, n);
        r->tail += n;
        done += n;
    }
    return done;
}

size_t ring_peek(const struct ring *r, size_t skip, void *buf, size_t len)
{
    size_t done = 0;

    if (skip >= ring_used(r))
        return 0;
    len = MIN(len, ring_used(r) - skip);
    while (done < len) {
        u64 pos = r->head + skip + done;
        size_t at = pos % PAGE_SIZE, n = MIN(len - done, PAGE_SIZE - at);

        copy_block((u8 *)buf + done, r->pages[pos / PAGE_SIZE % RING_PAGES] + at, n);
        done += n;
    }
    return done;
}

size_t ring_take(struct ring *r, void *buf, size_t len)
{
    u64 end;

    len = MIN(len, ring_used(r));
    if (buf)
        ring_peek(r, 0, buf, len);
    end = r->head + len;
    while (r->head < end) {
        u8 **page = page_at(r, r->head);

        r->head += MIN(end - r->head, PAGE_SIZE - r->head % PAGE_SIZE);
        if (r->head % PAGE_SIZE == 0 || r->head == r->tail) {
            page_free(*page, 1);
            *page = NULL;
        }
    }
    if (r->head == r->tail)
        r->head = r->tail = 0;
    return len;
}

int ring_room(struct ring *r, size_t len, struct iovec iov[RING_PAGES])
{
    u64 pos = r->tail;
    int n_iov = 0;

    len = MIN(len, ring_space(r));
    while (len) {
        size_t at = pos % PAGE_SIZE, n = MIN(len, PAGE_SIZE - at);
        u8 **page = page_at(r, pos);

        if (!*page)
            *page = page_alloc(1);
        if (!*page)
            break;
        iov[n_iov++] = (struct iovec){*page + at, n};
        pos += n;
        len -= n;
    }
    return n_iov;
}

void ring_commit(struct ring *r, size_t len)
{
    u64 first_free, last = r->head / PAGE_SIZE + RING_PAGES;

    r->tail += len;
    first_free = ALIGN_UP(r->tail, PAGE_SIZE);
    for (u64 pos = first_free; pos / PAGE_SIZE < last && *page_at(r, pos); pos += PAGE_SIZE) {
        page_free(*page_at(r, pos), 1);
        *page_at(r, pos) = NULL;
    }
}

int ring_bytes(const struct ring *r, size_t len, struct iovec iov[RING_PAGES])
{
    u64 pos = r->head;
    int n_iov = 0;

    len = MIN(len, ring_used(r));
    while (len) {
        size_t at = pos % PAGE_SIZE, n = MIN(len, PAGE_SIZE - at);

        iov[n_iov++] = (struct iovec){r->pages[pos / PAGE_SIZE % RING_PAGES] + at, n};
        pos += n;
        len -= n;
    }
    return n_iov;
}

void ring_fini(struct ring *r)
{
    ring_take(r, NULL, RING_BYTES);
}

void *iov_cursor_run(struct iov_cursor *c, size_t *len)
{
    while (c->n_iov && c->done_bytes == c->iov->iov_len) {
        c->iov++;
        c->n_iov--;
        c->done_bytes = 0;
    }
    if (!c->n_iov)
        return NULL;
    *len = c->iov->iov_len - c->done_bytes;
    return (char *)c->iov->iov_base + c->done_bytes;
}

typedef size_t move_fn(struct ring *r, void *buf, size_t len);

static size_t put(struct ring *r, void *buf, size_t len)
{
    return ring_put(r, buf, len);
}

static size_t move(move_fn *fn, struct ring *r, struct iov_cursor *c, size_t max)
{
    size_t done = 0, len, n;
    void *run;

    while (done < max && (run = iov_cursor_run(c, &len))) {
        len = MIN(len, max - done);
        n = fn(r, run, len);
        iov_cursor_advance(c, n);
        done += n;
        if (n < len)
            break;
    }
    return done;
}

size_t ring_put_iov(struct ring *r, struct iov_cursor *c, size_t max)
{
    return move(put, r, c, max);
}

size_t ring_take_iov(struct ring *r, struct iov_cursor *c, size_t max)
{
    return move(ring_take, r, c, max);
}
