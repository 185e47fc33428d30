/*
 * Open files: what a descriptor refers to. A socket, pipe, console… embeds a struct file and fills
 * in its ops; the system calls in sys/ know only this.
 */
#pragma once

#include <sys/epoll.h>
#include <sys/uio.h>

#include "sched/wait.h"

struct file;
struct stat;

/* Hint of file_notify() from the last file_put(): only epoll is still on the queue, and lets go. */
#define FILE_GONE 0x4000u

struct file_ops {
    /* Move bytes; block unless O_NONBLOCK is in @f->flags. Return bytes, 0 at end of file, -errno.
     * @off is a file position for seekable files, -1 for "current". NULL = -EINVAL. */
    ssize_t (*read)(struct file *f, const struct iovec *iov, int n_iov, s64 off);
    ssize_t (*write)(struct file *f, const struct iovec *iov, int n_iov, s64 off);
    /* Readiness now: EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLERR | EPOLLRDHUP. NULL = always ready. */
    u32 (*poll)(struct file *f);
    long (*ioctl)(struct file *f, unsigned cmd, void *arg); /* NULL = -ENOTTY */
    s64 (*seek)(struct file *f, s64 off, int whence);       /* NULL = -ESPIPE */
    int (*stat)(struct file *f, struct stat *st);
    int (*truncate)(struct file *f, s64 len);
    int (*getdents)(struct file *f, void *buf, size_t len);
    void (*release)(struct file *f); /* last reference gone: free it */
};

struct file {
    const struct file_ops *ops;
    u32 refs;
    u32 flags;          /* O_ACCMODE, O_NONBLOCK, O_APPEND … as fcntl(F_GETFL) shows them */
    struct waitq waitq; /* woken through file_notify() */
};

/* Fill in a file with one reference. */
void file_init(struct file *f, const struct file_ops *ops, u32 flags);
static inline struct file *file_get(struct file *f)
{
    f->refs++;
    return f;
}
void file_put(struct file *f);
void file_end(struct file *f); /* of file_put(): the last reference is gone */
/* file_put() in line, where the last reference is nearly always somebody else's. */
static inline void file_put_inline(struct file *f)
{
    if (unlikely(!--f->refs))
        file_end(f);
}

/* Fill in the older names of poll(2): POLLRDNORM, POLLWRNORM. */
static inline u32 file_old_names(u32 events)
{
    return events | (events & (EPOLLIN | EPOLLOUT)) << 6;
}

/* Readiness of any file, older names included. */
static inline u32 file_poll(struct file *f)
{
    return file_old_names(f->ops->poll ? f->ops->poll(f) : EPOLLIN | EPOLLOUT);
}

/**
 * Wait until @f reports one of @events, an error or a hang-up.
 *
 * For files whose ops have poll(). Returns 0; -EAGAIN not yet and O_NONBLOCK is set; -EINTR
 */
int file_wait(struct file *f, u32 events);

/* Bytes in a vector. */
size_t iov_len(const struct iovec *iov, int n_iov);

/* Readiness changed: wake sleepers, poll() and epoll. @events: what became true. */
static inline void file_notify(struct file *f, u32 events)
{
    waitq_wake(&f->waitq, events);
}

/**
 * Give @f the lowest free descriptor number >= @min.
 *
 * Takes over the caller's reference on success.
 * Returns  descriptor; -EMFILE beyond RLIMIT_NOFILE; -ENOMEM
 */
int fd_install(struct file *f, int min, bool cloexec);

/* The file behind @fd with a new reference (file_put() it), or NULL: -EBADF. */
struct file *fd_get(int fd);
/* As fd_get(), for what is done to the content: NULL also where open(2) was told O_PATH. */
struct file *fd_get_io(int fd);

/* What the descriptors refer to, NULL where nothing is open. Only fdtable.c changes it. */
extern struct fd_slots {
    struct file **files;
    u32 n;
} fd_slots;

/* As fd_get(), without a reference: for a look that ends before anything can close it. */
static inline __attribute__((always_inline)) struct file *fd_look(int fd)
{
    return likely((u32)fd < fd_slots.n) ? fd_slots.files[fd] : NULL;
}

/* Remove @fd from the table. Returns 0 or -EBADF. Sleepers on the file stay until they wake. */
int fd_close(int fd);
