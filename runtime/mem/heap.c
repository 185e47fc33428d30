/*
 * The runtime's heap: size classes carved from single pages, whole pages above. Every page starts
 * with a header, so heap_free() finds the class from the address. An empty page goes back at once,
 * but for the last one of its class.
 */
#include "mem/heap.h"

#include "arch/cpu.h"
#include "base/list.h"
#include "base/panic.h"
#include "mem/page.h"

#define N_CLASSES   7 /* 32, 64, … 2,016 bytes */
#define CLASS_LARGE 0xff

struct heap_page {
    struct list node; /* on partial[class] while something is free in it */
    void *free;       /* list of free pieces, through their first word */
    u16 n_used;
    u8 class;
    u32 n_pages; /* CLASS_LARGE only */
} __attribute__((aligned(32)));

static struct list partial[N_CLASSES];

static u32 class_bytes(u32 class)
{
    return class == N_CLASSES - 1 ? 2016 : 32u << class;
}

static struct heap_page *page_new(u32 class)
{
    struct heap_page *page = page_alloc(1);
    u32 size = class_bytes(class);

    if (!page)
        return NULL;
    page->class = (u8) class;
    page->n_used = 0;
    page->free = NULL;
    for (u32 at = sizeof(*page); at + size <= PAGE_SIZE; at += size) {
        void **piece = (void *)((u8 *)page + at);

        *piece = page->free;
        page->free = piece;
    }
    list_push_front(&partial[class], &page->node);
    return page;
}

static void *large_new(size_t len)
{
    size_t n = ALIGN_UP(len + sizeof(struct heap_page), PAGE_SIZE) / PAGE_SIZE;
    struct heap_page *page = page_alloc(n);

    if (!page)
        return NULL;
    words_zero(page, n * PAGE_SIZE);
    page->class = CLASS_LARGE;
    page->n_pages = (u32)n;
    return page + 1;
}

void *heap_new(size_t len)
{
    struct heap_page *page;
    void **piece;
    u32 class = 0;

    while (class < N_CLASSES && class_bytes(class) < len)
        class ++;
    if (class == N_CLASSES)
        return large_new(len);
    if (!partial[class].next)
        list_init(&partial[class]);
    if (!list_empty(&partial[class]))
        page = list_first(&partial[class], struct heap_page, node);
    else if (!(page = page_new(class)))
        return NULL;
    piece = page->free;
    page->free = *piece;
    page->n_used++;
    if (!page->free)
        list_remove(&page->node);
    return words_zero(piece, class_bytes(class));
}

void heap_free(void *p)
{
    struct heap_page *page = (void *)ALIGN_DOWN((u64)p, PAGE_SIZE);

    if (!p)
        return;
    if (page->class == CLASS_LARGE) {
        page_free(page, page->n_pages);
        return;
    }
    ASSERT(page->class < N_CLASSES && page->n_used, "freed: no block of the heap");
    if (!page->free)
        list_push_front(&partial[page->class], &page->node);
    *(void **)p = page->free;
    page->free = p;
    if (--page->n_used == 0 && partial[page->class].next != partial[page->class].prev) {
        list_remove(&page->node);
        page_free(page, 1);
    }
}
