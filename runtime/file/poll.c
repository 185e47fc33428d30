#include "file/poll.h"

#include <errno.h>

#include "mem/heap.h"
#include "sched/clock.h"

#define N_ON_STACK 8

struct poll_entry {
    struct waiter waiter;
    struct file *file; /* with a reference; NULL: not open, or not asked for */
};

/* Readiness of every entry, now. @entries may be NULL: look the files up. */
static int poll_once(struct pollfd *fds, const struct poll_entry *entries, size_t n)
{
    int n_ready = 0;

    for (size_t i = 0; i < n; i++) {
        struct file *f;

        fds[i].revents = 0;
        if (fds[i].fd < 0)
            continue;
        f = entries ? entries[i].file : fd_get(fds[i].fd);
        if (f)
            fds[i].revents = (short)(file_poll(f) & ((u32)fds[i].events | POLLERR | POLLHUP));
        else
            fds[i].revents = POLLNVAL;
        if (f && !entries)
            file_put(f);
        n_ready += fds[i].revents != 0;
    }
    return n_ready;
}

int poll_files(struct pollfd *fds, size_t n, u64 timeout_ns)
{
    struct poll_entry on_stack[N_ON_STACK], *entries = on_stack;
    u64 deadline_ns = DEADLINE_NEVER;
    int err = 0, n_ready = poll_once(fds, NULL, n);

    if (n_ready)
        return n_ready;
    sched_poll();
    n_ready = poll_once(fds, NULL, n);
    if (n_ready || !timeout_ns)
        return n_ready;
    if (timeout_ns != DEADLINE_NEVER)
        deadline_ns = clock_mono_ns() + timeout_ns;
    if (n > N_ON_STACK) {
        entries = heap_new(n * sizeof(*entries));
        if (!entries)
            return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        waiter_init(&entries[i].waiter, thread_current());
        entries[i].file = fds[i].fd < 0 ? NULL : fd_get(fds[i].fd);
        if (entries[i].file)
            waitq_add(&entries[i].file->waitq, &entries[i].waiter);
    }
    do {
        err = sched_sleep(deadline_ns);
        n_ready = poll_once(fds, entries, n);
    } while (!n_ready && !err);
    for (size_t i = 0; i < n; i++) {
        waitq_remove(&entries[i].waiter);
        if (entries[i].file)
            file_put(entries[i].file);
    }
    if (entries != on_stack)
        heap_free(entries);
    return n_ready || err == -ETIMEDOUT ? n_ready : err;
}
