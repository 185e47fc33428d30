/*
 * A bad wire: a user-space relay between two tap interfaces that loses, doubles, delays, reorders
 * and damages frames, by a seeded generator, both ways. The kernels here have no netem.
 *
 *      relay TAP TAP SEED LOSS DUPLICATE REORDER CORRUPT DELAY_MS [BURST [KBIT_S [HOLE [MARK]]]]
 *
 * LOSS to CORRUPT are per thousand frames. Every frame waits DELAY_MS; one that is reordered waits
 * up to 20 ms more, so that later ones overtake it. With BURST a loss takes that many frames on
 * average; with KBIT_S each direction is that slow and queues for at most 100 ms. With HOLE, IP
 * packets of more bytes than that vanish on their way to the second TAP, and nobody is told. MARK,
 * per thousand as well, says "congestion experienced" in packets that can be told so (RFC 3168).
 * Creates the interfaces; prints "ready", and on SIGTERM what it did. Frames are whole and
 * checksummed: these taps offer no offloads.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define MAX_FRAME 9216
#define MAX_QUEUE 8192

struct frame {
    int64_t due_ns;
    uint64_t order; /* frames due at the same time keep their order */
    int to;
    int len;
    unsigned char data[];
};

static struct frame *heap[MAX_QUEUE];
static int n_queued;
static uint64_t rng, next_order;
static long n_frames, n_lost, n_doubled, n_late, n_damaged, n_full, n_swallowed, n_marked[2];
static volatile sig_atomic_t stop;

static void on_term(int sig)
{
    (void)sig;
    stop = 1;
}

static int64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static uint32_t draw(uint32_t below)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (uint32_t)(rng >> 32) % below;
}

static int open_tap(const char *name)
{
    struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0) {
        perror(name);
        exit(1);
    }
    return fd;
}

static int is_before(const struct frame *a, const struct frame *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void push(struct frame *f)
{
    int i = n_queued++;
    for (; i > 0 && is_before(f, heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = f;
}

static struct frame *pop(void)
{
    struct frame *top = heap[0], *last = heap[--n_queued];
    int i = 0;
    for (;;) {
        int kid = 2 * i + 1;
        if (kid + 1 < n_queued && is_before(heap[kid + 1], heap[kid]))
            kid++;
        if (kid >= n_queued || is_before(last, heap[kid]))
            break;
        heap[i] = heap[kid];
        i = kid;
    }
    heap[i] = last;
    return top;
}

static void queue(const unsigned char *data, int len, int to, int64_t due_ns)
{
    struct frame *f = n_queued < MAX_QUEUE ? malloc(sizeof *f + (size_t)len) : NULL;
    if (!f) {
        n_full++;
        return;
    }
    f->due_ns = due_ns;
    f->order = next_order++;
    f->to = to;
    f->len = len;
    memcpy(f->data, data, (size_t)len);
    push(f);
}

/* ECT(0) or ECT(1) becomes CE; the IPv4 header's sum follows (RFC 1624). */
static int mark(unsigned char *frame, ssize_t len)
{
    unsigned char *ip = frame + 14;
    unsigned sum, old;

    if (len < 54 || frame[13] != (frame[12] == 8 ? 0 : 0xdd))
        return 0;
    if (frame[12] == 0x86) {
        if (!(ip[1] & 0x30) || (ip[1] & 0x30) == 0x30)
            return 0;
        ip[1] |= 0x30;
        return 1;
    }
    old = ip[1];
    if (!(old & 3) || (old & 3) == 3)
        return 0;
    ip[1] |= 3;
    sum = (~(ip[10] << 8 | ip[11]) & 0xffffu) + (~old & 0xffffu) + ip[1];
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16));
    ip[10] = (unsigned char)(sum >> 8);
    ip[11] = (unsigned char)sum;
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 9 || argc > 13) {
        fprintf(stderr, "usage: relay TAP TAP SEED LOSS DUPLICATE REORDER CORRUPT DELAY_MS "
                        "[BURST [KBIT_S [HOLE [MARK]]]] (per 1000)\n");
        return 2;
    }
    int fd[2] = {open_tap(argv[1]), open_tap(argv[2])};
    uint32_t loss, twice, late, damage;
    rng = strtoull(argv[3], NULL, 10) * 2654435761u + 88172645463325252u;
    loss = (uint32_t)atoi(argv[4]);
    twice = (uint32_t)atoi(argv[5]);
    late = (uint32_t)atoi(argv[6]);
    damage = (uint32_t)atoi(argv[7]);
    int64_t delay_ns = atoi(argv[8]) * 1000000ll;
    uint32_t burst = argc > 9 ? (uint32_t)atoi(argv[9]) : 0, to_lose[2] = {0, 0};
    int64_t kbit_s = argc > 10 ? atoi(argv[10]) : 0, free_ns[2] = {0, 0};
    int hole = argc > 11 ? atoi(argv[11]) : 0;
    uint32_t marked = argc > 12 ? (uint32_t)atoi(argv[12]) : 0;
    struct sigaction sa = {.sa_handler = on_term};
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
    puts("ready");
    fflush(stdout);

    while (!stop) {
        int64_t now = now_ns();
        while (n_queued > 0 && heap[0]->due_ns <= now) {
            struct frame *f = pop();
            /* A tap that is down or full loses the frame, as a wire would. */
            if (write(fd[f->to], f->data, (size_t)f->len) < 0)
                n_full++;
            free(f);
        }
        struct pollfd p[2] = {{.fd = fd[0], .events = POLLIN}, {.fd = fd[1], .events = POLLIN}};
        int64_t wait = n_queued > 0 ? heap[0]->due_ns - now : 100000000;
        struct timespec ts = {wait / 1000000000, wait % 1000000000};
        if (ppoll(p, 2, &ts, NULL) < 0 && errno != EINTR)
            break;
        for (int from = 0; from < 2; from++) {
            unsigned char data[MAX_FRAME];
            ssize_t len;
            for (int i = 0; i < 64 && (len = read(fd[from], data, sizeof data)) > 0; i++) {
                n_frames++;
                now = now_ns();
                if (hole && from == 0 && len > hole + 14) {
                    n_swallowed++;
                    continue;
                }
                if (draw(1000) < marked)
                    n_marked[from] += mark(data, len);
                if (to_lose[from] > 0) {
                    to_lose[from]--;
                    n_lost++;
                    continue;
                }
                if (draw(1000) < loss) {
                    n_lost++;
                    to_lose[from] = burst > 1 ? draw(2 * burst - 1) : 0;
                    continue;
                }
                if (draw(1000) < damage && len > 14) {
                    /* Behind the Ethernet header: one byte, any bits. */
                    data[14 + draw((uint32_t)len - 14)] ^= (unsigned char)(1 + draw(255));
                    n_damaged++;
                }
                int64_t due = now + delay_ns;
                if (kbit_s > 0) {
                    if (free_ns[from] > now + 100000000) {
                        n_full++;
                        continue;
                    }
                    if (free_ns[from] < now)
                        free_ns[from] = now;
                    free_ns[from] += len * 8 * 1000000ll / kbit_s;
                    due = free_ns[from] + delay_ns;
                }
                if (draw(1000) < late) {
                    due += 1000 * (int64_t)(1 + draw(20000));
                    n_late++;
                }
                queue(data, (int)len, !from, due);
                if (draw(1000) < twice) {
                    queue(data, (int)len, !from, due + 1000 * (int64_t)draw(3000));
                    n_doubled++;
                }
            }
        }
    }
    printf("relay: %ld frames: %ld lost, %ld doubled, %ld late, %ld damaged, %ld dropped, "
           "%ld swallowed, %ld+%ld marked\n",
           n_frames, n_lost, n_doubled, n_late, n_damaged, n_full, n_swallowed, n_marked[0],
           n_marked[1]);
    return 0;
}
