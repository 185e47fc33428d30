#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "file/fdtable.h"
#include "file/poll.h"
#include "mem/heap.h"
#include "sys/deliver.h"

/* Nanoseconds of a time limit; NULL waits for ever. Returns 0 or -EINVAL. */
static int timeout_ns_of(const struct timespec *ts, u64 *out)
{
    *out = DEADLINE_NEVER;
    if (!ts)
        return 0;
    if (ts->tv_sec < 0 || (u64)ts->tv_nsec >= NSEC_PER_SEC)
        return -EINVAL;
    if ((u64)ts->tv_sec < UINT32_MAX) /* more is for ever: 136 years */
        *out = (u64)ts->tv_sec * NSEC_PER_SEC + (u64)ts->tv_nsec;
    return 0;
}

static long poll_ns(struct pollfd *fds, unsigned long n, u64 timeout_ns)
{
    if (n > fd_limit())
        return -EINVAL;
    if (!fds && n)
        return -EFAULT;
    return poll_files(fds, n, timeout_ns);
}

long uk_poll(struct pollfd *fds, unsigned long n, int timeout_ms)
{
    return poll_ns(fds, n, timeout_ms < 0 ? DEADLINE_NEVER : (u64)timeout_ms * NSEC_PER_MSEC);
}

long uk_ppoll(struct pollfd *fds, unsigned long n, const struct timespec *timeout, const u64 *mask,
              size_t mask_bytes)
{
    u64 timeout_ns, old;
    long r;

    if ((mask && mask_bytes != sizeof(*mask)) || timeout_ns_of(timeout, &timeout_ns))
        return -EINVAL;
    old = deliver_mask_begin(mask);
    r = poll_ns(fds, n, timeout_ns);
    deliver_mask_end(mask, old, r);
    return r;
}

/* The three sets of select(2), what each asks of poll(2) and what counts as an answer. */
#define N_SETS 3
static const struct {
    short ask, answer;
} set_events[N_SETS] = {
    {POLLIN | POLLRDNORM | POLLRDBAND, POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR},
    {POLLOUT | POLLWRNORM | POLLWRBAND, POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR},
    {POLLPRI, POLLPRI},
};

static bool set_has(const u64 *set, int fd)
{
    return set && set[fd / 64] >> (fd % 64) & 1;
}

/* One pollfd for each descriptor in a set. Returns their number. */
static size_t sets_to_fds(u64 *const sets[N_SETS], int n, struct pollfd *fds)
{
    size_t n_fds = 0;

    for (int fd = 0; fd < n; fd++) {
        short events = 0;

        for (int s = 0; s < N_SETS; s++)
            events |= set_has(sets[s], fd) ? set_events[s].ask : 0;
        if (!events)
            continue;
        if (fds)
            fds[n_fds] = (struct pollfd){.fd = fd, .events = events};
        n_fds++;
    }
    return n_fds;
}

static long fds_to_sets(const struct pollfd *fds, size_t n_fds, u64 *const sets[N_SETS], int n)
{
    long n_bits = 0;

    for (size_t i = 0; i < n_fds; i++) {
        if (fds[i].revents & POLLNVAL)
            return -EBADF;
    }
    for (int s = 0; s < N_SETS; s++) {
        if (sets[s])
            memset(sets[s], 0, ALIGN_UP((size_t)n, 64) / 8);
    }
    for (size_t i = 0; i < n_fds; i++) {
        for (int s = 0; s < N_SETS; s++) {
            if (!(fds[i].events & set_events[s].ask) || !(fds[i].revents & set_events[s].answer))
                continue;
            sets[s][fds[i].fd / 64] |= BIT(fds[i].fd % 64);
            n_bits++;
        }
    }
    return n_bits;
}

static long select_ns(int n, u64 *in, u64 *out, u64 *ex, u64 timeout_ns)
{
    u64 *const sets[N_SETS] = {in, out, ex};
    struct pollfd *fds;
    size_t n_fds;
    long r;

    if (n < 0)
        return -EINVAL;
    n = MIN(n, (int)FD_LIMIT_HARD);
    n_fds = sets_to_fds(sets, n, NULL);
    fds = heap_new(n_fds * sizeof(*fds) + 1);
    if (!fds)
        return -ENOMEM;
    sets_to_fds(sets, n, fds);
    r = poll_files(fds, n_fds, timeout_ns);
    if (r >= 0)
        r = fds_to_sets(fds, n_fds, sets, n);
    heap_free(fds);
    return r;
}

/* select(2). The time left is not written back: musl passes a copy. */
long uk_select(int n, void *in, void *out, void *ex, struct timeval *timeout)
{
    struct timespec ts;
    u64 timeout_ns;

    if (timeout) {
        if (timeout->tv_sec < 0 || timeout->tv_usec < 0)
            return -EINVAL;
        ts.tv_sec = timeout->tv_sec + timeout->tv_usec / 1000000;
        ts.tv_nsec = timeout->tv_usec % 1000000 * 1000;
    }
    if (timeout_ns_of(timeout ? &ts : NULL, &timeout_ns))
        return -EINVAL;
    return select_ns(n, in, out, ex, timeout_ns);
}

long uk_pselect6(int n, void *in, void *out, void *ex, const struct timespec *timeout,
                 const void *mask_and_size)
{
    const struct {
        const u64 *mask;
        size_t mask_bytes;
    } *arg = mask_and_size;
    const u64 *mask = arg ? arg->mask : NULL;
    u64 timeout_ns, old;
    long r;

    if ((mask && arg->mask_bytes != sizeof(*mask)) || timeout_ns_of(timeout, &timeout_ns))
        return -EINVAL;
    old = deliver_mask_begin(mask);
    r = select_ns(n, in, out, ex, timeout_ns);
    deliver_mask_end(mask, old, r);
    return r;
}
