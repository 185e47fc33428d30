#define _GNU_SOURCE 1
#include "file/fdtable.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mem/heap.h"

#define N_FIRST 64u /* descriptors in static storage: one word of each bitmap */

static struct file *first_files[N_FIRST];
static u64 first_bits[2];

struct fd_slots fd_slots = {first_files, N_FIRST}; /* n a multiple of 64 */

static struct {
    u64 *open;    /* bit set: fd_slots.files[fd] is taken */
    u64 *cloexec; /* bit set: FD_CLOEXEC */
    u32 n_full;   /* every descriptor below is taken: where a search begins */
    u32 limit;
} table = {&first_bits[0], &first_bits[1], 0, FD_LIMIT_SOFT};

static bool bit_get(const u64 *bits, u32 i)
{
    return bits[i / 64] >> (i % 64) & 1;
}

static void bit_put(u64 *bits, u32 i, bool on)
{
    bits[i / 64] = (bits[i / 64] & ~BIT(i % 64)) | (u64)on << (i % 64);
}

/* Room for descriptor @fd. */
static int table_grow(u32 fd)
{
    u32 n = fd_slots.n;
    size_t files_bytes, bits_bytes;
    struct file **files;
    u64 *open, *cloexec;

    if (fd < n)
        return 0;
    while (n <= fd)
        n *= 2;
    files_bytes = n * sizeof(*files);
    bits_bytes = n / 8;
    files = heap_new(files_bytes + 2 * bits_bytes);
    if (!files)
        return -ENOMEM;
    open = (u64 *)((char *)files + files_bytes);
    cloexec = open + n / 64;
    memcpy(files, fd_slots.files, fd_slots.n * sizeof(*files));
    memcpy(open, table.open, fd_slots.n / 8);
    memcpy(cloexec, table.cloexec, fd_slots.n / 8);
    if (fd_slots.files != first_files)
        heap_free(fd_slots.files);
    fd_slots.files = files;
    table.open = open;
    table.cloexec = cloexec;
    fd_slots.n = n;
    return 0;
}

/* The lowest free descriptor >= @min; may be just beyond the table. */
static u32 find_free(u32 min)
{
    u32 fd = MAX(min, table.n_full);
    u64 free_bits;

    if (fd >= fd_slots.n)
        return fd;
    free_bits = ~table.open[fd / 64] & (UINT64_MAX << (fd % 64));
    while (!free_bits) {
        fd = ALIGN_DOWN(fd, 64u) + 64;
        if (fd >= fd_slots.n)
            return fd;
        free_bits = ~table.open[fd / 64];
    }
    return ALIGN_DOWN(fd, 64u) + (u32)__builtin_ctzll(free_bits);
}

static void slot_fill(u32 fd, struct file *f, bool cloexec)
{
    fd_slots.files[fd] = f;
    bit_put(table.open, fd, true);
    bit_put(table.cloexec, fd, cloexec);
}

void fd_start(struct file *files, u32 n)
{
    for (u32 fd = 0; fd < n; fd++)
        first_files[fd] = &files[fd];
    first_bits[0] = BIT(n) - 1;
    table.n_full = n;
}

int fd_install(struct file *f, int min, bool cloexec)
{
    u32 fd = find_free((u32)min);
    int err;

    if (fd >= table.limit)
        return -EMFILE;
    err = table_grow(fd);
    if (err)
        return err;
    slot_fill(fd, f, cloexec);
    if ((u32)min <= table.n_full)
        table.n_full = fd + 1;
    return (int)fd;
}

int fd_install_at(struct file *f, int fd, bool cloexec)
{
    int err;

    if ((u32)fd >= table.limit)
        return -EBADF;
    err = table_grow((u32)fd);
    if (err)
        return err;
    fd_close(fd);
    slot_fill((u32)fd, f, cloexec);
    return fd;
}

struct file *fd_get(int fd)
{
    struct file *f = fd_look(fd);

    return likely(f) ? file_get(f) : NULL;
}

struct file *fd_get_io(int fd)
{
    struct file *f = fd_look(fd);

    return f && !(f->flags & O_PATH) ? file_get(f) : NULL;
}

int fd_close(int fd)
{
    struct file *f;

    if ((u32)fd >= fd_slots.n || !fd_slots.files[fd])
        return -EBADF;
    f = fd_slots.files[fd];
    fd_slots.files[fd] = NULL;
    bit_put(table.open, (u32)fd, false);
    table.n_full = MIN(table.n_full, (u32)fd);
    file_put(f);
    return 0;
}

bool fd_is_cloexec(int fd)
{
    return bit_get(table.cloexec, (u32)fd);
}

void fd_set_cloexec(int fd, bool on)
{
    bit_put(table.cloexec, (u32)fd, on);
}

u32 fd_limit(void)
{
    return table.limit;
}

void fd_set_limit(u32 limit)
{
    table.limit = limit;
}

void fd_close_all(void)
{
    for (u32 fd = 0; fd < fd_slots.n; fd++)
        fd_close((int)fd);
}
