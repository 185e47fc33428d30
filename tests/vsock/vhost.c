#define _GNU_SOURCE
#include "vhost.h"

#include <errno.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    GET_FEATURES = 1,
    SET_FEATURES = 2,
    SET_OWNER = 3,
    SET_MEM_TABLE = 5,
    SET_VRING_NUM = 8,
    SET_VRING_ADDR = 9,
    SET_VRING_BASE = 10,
    GET_VRING_BASE = 11,
    SET_VRING_KICK = 12,
    SET_VRING_CALL = 13,
    SET_VRING_ERR = 14,
    GET_PROTOCOL_FEATURES = 15,
    SET_PROTOCOL_FEATURES = 16,
    GET_QUEUE_NUM = 17,
    SET_VRING_ENABLE = 18,
    GET_CONFIG = 24,
};

#define F_EVENT_IDX         (1ull << 29)
#define F_PROTOCOL_FEATURES (1ull << 30)
#define F_VERSION_1         (1ull << 32)
#define P_REPLY_ACK         (1ull << 3)
#define P_CONFIG            (1ull << 9)

#define FLAG_VERSION        1u
#define FLAG_REPLY          4u
#define FLAG_NEED_REPLY     8u

#define RX                  0
#define TX                  1
#define QUEUES              2 /* QEMU serves the third, of events, itself */
#define REGIONS             8

struct msg {
    uint32_t request, flags, size;
    union {
        uint64_t u64;
        struct {
            uint32_t index, num;
        } state;
        struct {
            uint32_t index, flags;
            uint64_t desc, used, avail, log;
        } addr;
        struct {
            uint32_t n, pad;
            struct {
                uint64_t gpa, size, uva, offset;
            } r[REGIONS];
        } mem;
        struct {
            uint32_t offset, size, flags;
            uint8_t data[256];
        } config;
        uint8_t raw[1024];
    };
} __attribute__((packed));
#define MSG_HDR 12

static struct region {
    uint64_t gpa, size, uva;
    uint8_t *at;
    void *map;
    size_t map_len;
} regions[REGIONS];
static unsigned n_regions;

static struct queue {
    uint32_t num;
    struct vring_desc *desc;
    struct vring_avail *avail;
    struct vring_used *used;
    uint16_t last_avail, used_idx;
    int kick, call;
    bool is_held;
} q[QUEUES];

static int control = -1;
static uint64_t features, guest_cid;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "vhost: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ---- the guest's memory */

static void *by_uva(uint64_t uva)
{
    for (unsigned i = 0; i < n_regions; i++)
        if (uva >= regions[i].uva && uva < regions[i].uva + regions[i].size)
            return regions[i].at + (uva - regions[i].uva);
    return NULL;
}

static uint8_t *by_gpa(uint64_t gpa, uint32_t len)
{
    for (unsigned i = 0; i < n_regions; i++)
        if (gpa >= regions[i].gpa && gpa + len <= regions[i].gpa + regions[i].size)
            return regions[i].at + (gpa - regions[i].gpa);
    fprintf(stderr, "vhost: the guest names memory it does not have: 0x%llx, %u bytes\n",
            (unsigned long long)gpa, len);
    exit(1);
}

static void set_memory(const struct msg *m, const int *fds, unsigned n_fds)
{
    for (unsigned i = 0; i < n_regions; i++)
        munmap(regions[i].map, regions[i].map_len);
    n_regions = m->mem.n < n_fds ? m->mem.n : n_fds;
    for (unsigned i = 0; i < n_regions; i++) {
        struct region *r = &regions[i];

        *r = (struct region){m->mem.r[i].gpa, m->mem.r[i].size, m->mem.r[i].uva, NULL, NULL, 0};
        r->map_len = r->size + m->mem.r[i].offset;
        r->map = mmap(NULL, r->map_len, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0);
        if (r->map == MAP_FAILED)
            die("mmap");
        r->at = (uint8_t *)r->map + m->mem.r[i].offset;
        close(fds[i]);
    }
}

/* ---- queues */

static bool is_up(const struct queue *v)
{
    return v->desc && v->avail && v->used && v->kick >= 0;
}

static uint16_t avail_idx(const struct queue *v)
{
    return __atomic_load_n(&v->avail->idx, __ATOMIC_ACQUIRE);
}

static bool has_chain(struct queue *v)
{
    return is_up(v) && avail_idx(v) != v->last_avail;
}

static void give_back(struct queue *v, uint32_t head, uint32_t len)
{
    uint16_t old = v->used_idx;
    uint64_t one = 1;
    bool wants;

    v->used->ring[v->used_idx % v->num] = (struct vring_used_elem){head, len};
    __atomic_store_n(&v->used->idx, ++v->used_idx, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (features & F_EVENT_IDX)
        wants = vring_need_event(v->avail->ring[v->num], v->used_idx, old);
    else
        wants = !(v->avail->flags & VRING_AVAIL_F_NO_INTERRUPT);
    if (wants && v->call >= 0 && write(v->call, &one, sizeof(one)) < 0)
        die("call");
}

/* Ask to be kicked at the next chain. */
static void arm(struct queue *v)
{
    if (features & F_EVENT_IDX)
        memcpy(&v->used->ring[v->num], &v->last_avail, sizeof(v->last_avail));
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Copy between a chain and @buf: out of it, or into it. Returns the bytes of the chain. */
static size_t chain(struct queue *v, uint16_t head, void *buf, size_t len, bool is_write)
{
    size_t done = 0;

    for (unsigned i = head, n = 0;; i = v->desc[i].next, n++) {
        struct vring_desc d = v->desc[i];
        size_t k = done >= len ? 0 : len - done < d.len ? len - done : d.len;

        if (n >= v->num || !!(d.flags & VRING_DESC_F_WRITE) != is_write) {
            fprintf(stderr, "vhost: a chain that never ends, or of the wrong kind\n");
            exit(1);
        }
        if (buf && k && is_write)
            memcpy(by_gpa(d.addr, d.len), (uint8_t *)buf + done, k);
        else if (buf && k)
            memcpy((uint8_t *)buf + done, by_gpa(d.addr, d.len), k);
        done += d.len;
        if (!(d.flags & VRING_DESC_F_NEXT))
            return done;
    }
}

int vhost_take(struct pkt_hdr *h, uint8_t data[PKT_MAX])
{
    static uint8_t buf[sizeof(*h) + PKT_MAX];
    struct queue *v = &q[TX];
    uint16_t head;
    size_t n;

    if (v->is_held || !has_chain(v))
        return -1;
    head = v->avail->ring[v->last_avail++ % v->num];
    n = chain(v, head, buf, sizeof(buf), false);
    memcpy(h, buf, sizeof(*h));
    if (n > sizeof(buf) || n != sizeof(*h) + h->len) {
        fprintf(stderr, "vhost: the guest sends %zu bytes and announces %u\n", n, h->len);
        exit(1);
    }
    memcpy(data, buf + sizeof(*h), h->len);
    give_back(v, head, 0);
    return (int)h->len;
}

void vhost_hold(bool is_held)
{
    q[TX].is_held = is_held;
}

long vhost_room(void)
{
    struct queue *v = &q[RX];

    if (!has_chain(v))
        return -1;
    return (long)chain(v, v->avail->ring[v->last_avail % v->num], NULL, 0, true) -
           (long)sizeof(struct pkt_hdr);
}

void vhost_give(const struct pkt_hdr *h, const void *data, size_t len, uint32_t used)
{
    static uint8_t buf[sizeof(*h) + PKT_MAX];
    struct queue *v = &q[RX];
    uint16_t head = v->avail->ring[v->last_avail++ % v->num];

    memcpy(buf, h, sizeof(*h));
    memcpy(buf + sizeof(*h), data, len);
    chain(v, head, buf, sizeof(*h) + len, true);
    give_back(v, head, used ? used : (uint32_t)(sizeof(*h) + len));
}

void vhost_claim(unsigned n)
{
    struct queue *v = &q[RX];
    uint64_t one = 1;

    v->used->idx = (uint16_t)(avail_idx(v) + n);
    if (v->call >= 0 && write(v->call, &one, sizeof(one)) < 0)
        die("call");
}

/* ---- the control socket */

static void reply(struct msg *m, uint32_t size)
{
    m->flags = FLAG_VERSION | FLAG_REPLY;
    m->size = size;
    if (write(control, m, MSG_HDR + size) != (ssize_t)(MSG_HDR + size))
        die("reply");
}

static void set_fd(int *slot, int fd)
{
    if (*slot >= 0)
        close(*slot);
    *slot = fd;
}

static struct queue *queue_of(uint64_t index)
{
    if (index >= QUEUES) {
        fprintf(stderr, "vhost: queue %llu\n", (unsigned long long)index);
        exit(1);
    }
    return &q[index];
}

static void handle(struct msg *m, const int *fds, unsigned n_fds)
{
    bool needs_reply = m->flags & FLAG_NEED_REPLY;
    struct queue *v;

    switch (m->request) {
    case GET_FEATURES:
        m->u64 = F_EVENT_IDX | F_PROTOCOL_FEATURES | F_VERSION_1;
        reply(m, 8);
        return;
    case GET_PROTOCOL_FEATURES:
        m->u64 = P_REPLY_ACK | P_CONFIG;
        reply(m, 8);
        return;
    case GET_CONFIG:
        memset(m->config.data, 0, sizeof(m->config.data));
        memcpy(m->config.data, &guest_cid, sizeof(guest_cid));
        reply(m, m->size);
        return;
    case GET_QUEUE_NUM:
        m->u64 = QUEUES;
        reply(m, 8);
        return;
    case GET_VRING_BASE: /* and stop it */
        v = queue_of(m->state.index);
        m->state.num = v->last_avail;
        set_fd(&v->kick, -1);
        set_fd(&v->call, -1);
        v->desc = NULL;
        reply(m, 8);
        return;
    case SET_FEATURES:
        features = m->u64;
        break;
    case SET_MEM_TABLE:
        set_memory(m, fds, n_fds);
        break;
    case SET_VRING_NUM:
        queue_of(m->state.index)->num = m->state.num;
        break;
    case SET_VRING_BASE:
        v = queue_of(m->state.index);
        v->last_avail = v->used_idx = (uint16_t)m->state.num;
        break;
    case SET_VRING_ADDR:
        v = queue_of(m->addr.index);
        v->desc = by_uva(m->addr.desc);
        v->avail = by_uva(m->addr.avail);
        v->used = by_uva(m->addr.used);
        if (v->used)
            v->used_idx = v->used->idx;
        break;
    case SET_VRING_KICK:
        set_fd(&queue_of(m->u64 & 255)->kick, n_fds ? fds[0] : -1);
        break;
    case SET_VRING_CALL:
        set_fd(&queue_of(m->u64 & 255)->call, n_fds ? fds[0] : -1);
        break;
    case SET_VRING_ERR:
        if (n_fds)
            close(fds[0]);
        break;
    case SET_OWNER:
    case SET_PROTOCOL_FEATURES:
    case SET_VRING_ENABLE:
        break;
    default:
        fprintf(stderr, "vhost: request %u is not known\n", m->request);
        exit(1);
    }
    if (needs_reply) {
        m->u64 = 0;
        reply(m, 8);
    }
}

/* Returns false at the end. */
static bool serve_control(void)
{
    char space[CMSG_SPACE(REGIONS * sizeof(int))];
    int fds[REGIONS];
    unsigned n_fds = 0;
    struct msg m;
    struct iovec iov = {&m, MSG_HDR};
    struct msghdr hdr = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
    ssize_t n = recvmsg(control, &hdr, MSG_CMSG_CLOEXEC);

    if (n <= 0)
        return false;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&hdr); c; c = CMSG_NXTHDR(&hdr, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        n_fds = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds, CMSG_DATA(c), n_fds * sizeof(int));
    }
    if (n != MSG_HDR || m.size > sizeof(m) - MSG_HDR) {
        fprintf(stderr, "vhost: a message of %u bytes\n", m.size);
        exit(1);
    }
    if (m.size && recv(control, (uint8_t *)&m + MSG_HDR, m.size, MSG_WAITALL) != (ssize_t)m.size)
        return false;
    handle(&m, fds, n_fds);
    return true;
}

void vhost_listen(const char *path, uint64_t cid)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    guest_cid = cid;
    for (unsigned i = 0; i < QUEUES; i++)
        q[i].kick = q[i].call = -1;
    strncpy(sun.sun_path, path, sizeof(sun.sun_path) - 1);
    unlink(path);
    if (s < 0 || bind(s, (struct sockaddr *)&sun, sizeof(sun)) < 0 || listen(s, 1) < 0)
        die(path);
    printf("ready\n");
    fflush(stdout);
    control = accept4(s, NULL, NULL, SOCK_CLOEXEC);
    if (control < 0)
        die("accept");
    close(s);
}

bool vhost_poll(int ms)
{
    struct pollfd p[1 + QUEUES] = {{control, POLLIN, 0}};
    uint64_t count;

    for (unsigned i = 0; i < QUEUES; i++) {
        p[1 + i] = (struct pollfd){is_up(&q[i]) ? q[i].kick : -1, POLLIN, 0};
        if (is_up(&q[i]) && !q[i].is_held) {
            arm(&q[i]);
            if (i == TX && has_chain(&q[i]))
                ms = 0;
        }
    }
    if (poll(p, 1 + QUEUES, ms) < 0)
        die("poll");
    for (unsigned i = 0; i < QUEUES; i++)
        if (p[1 + i].revents && read(q[i].kick, &count, sizeof(count)) < 0)
            die("kick");
    return !p[0].revents || serve_control();
}
