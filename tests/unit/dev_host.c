#include "dev_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/io.h"
#include "base/log.h"
#include "base/panic.h"
#include "base/random.h"
#include "mem/page.h"
#include "sched/clock.h"
#include "sched/wait.h"

u32 (*host_read_fn)(u64 at, unsigned width);
void (*host_write_fn)(u64 at, u32 v, unsigned width);
unsigned host_n_accesses, host_n_logged;
u64 host_now_ns;
struct poller *host_poller;
long host_n_pages, host_pages_left;
u32 host_routed_gsi;
bool host_routed_level;

void host_reset(void)
{
    host_read_fn = NULL;
    host_write_fn = NULL;
    host_n_accesses = host_n_logged = 0;
    host_poller = NULL;
    host_pages_left = 1 << 16;
    host_routed_gsi = UINT32_MAX;
}

/* ---- arch/io.h */

u32 host_read(u64 at, unsigned width)
{
    u32 ones = width == 4 ? UINT32_MAX : (1u << 8 * width) - 1;

    host_n_accesses++;
    return host_read_fn ? host_read_fn(at, width) & ones : ones;
}

void host_write(u64 at, u32 v, unsigned width)
{
    host_n_accesses++;
    if (host_write_fn)
        host_write_fn(at, v, width);
}

void *mmio_map(u64 pa, size_t len_bytes)
{
    (void)len_bytes;
    return pa < 0xc0000000 ? NULL : (void *)(uintptr_t)pa; /* below: RAM */
}

struct msi_msg irq_msi_msg(void)
{
    return (struct msi_msg){0xfee00000, 0x21};
}

void irq_route_gsi(u32 gsi, bool is_level)
{
    host_routed_gsi = gsi;
    host_routed_level = is_level;
}

/* ---- mem/page.h: below 4 GiB, so that legacy queues can name them; the page behind is a trap */

void *page_alloc(size_t n_pages)
{
    size_t len = n_pages * PAGE_SIZE;
    u8 *p;

    if (host_pages_left < (long)n_pages)
        return NULL;
    p = mmap(NULL, len + PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
             -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    mprotect(p + len, PAGE_SIZE, PROT_NONE);
    host_pages_left -= (long)n_pages;
    host_n_pages += (long)n_pages;
    for (size_t i = 0; i < len; i++)
        p[i] = 0xa5;
    return p;
}

void page_free(void *addr, size_t n_pages)
{
    host_pages_left += (long)n_pages;
    host_n_pages -= (long)n_pages;
    munmap(addr, (n_pages + 1) * PAGE_SIZE);
}

/* ---- sched/, base/ */

u64 clock_mono_ns(void)
{
    return host_now_ns += 1000;
}

void random_bytes(void *buf, size_t len)
{
    memset(buf, 0xa5, len);
}

void poller_add(struct poller *p)
{
    host_poller = p;
}

void log_line(enum log_level level, const char *room, const char *fmt, ...)
{
    va_list ap;

    if (level <= LOG_WARN)
        host_n_logged++;
    if (!getenv("SKIFF_TEST_LOG"))
        return;
    fprintf(stderr, "%s: ", room);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

void panic(const char *fmt, ...)
{
    fprintf(stderr, "panic: %s\n", fmt);
    abort();
}
