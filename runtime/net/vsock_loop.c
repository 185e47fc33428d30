/* AF_VSOCK within the machine: a device that gives back what is sent on it, at the next poll. */
#include <errno.h>

#include "mem/page.h"
#include "net/vsock.h"

#define QUEUE_MAX 32u /* packets, a page each */
#define RESERVED  8u  /* of these for packets without payload */

struct loop_packet {
    struct list node;
    struct vsock_hdr hdr;
    u8 data[];
};
#define PAYLOAD_MAX (u32)(PAGE_SIZE - sizeof(struct loop_packet))

static struct loop {
    struct vsockdev dev;
    struct poller poller;
    struct list queue;
    u32 n_queued;
    struct loop_packet *begun; /* by tx_begin() */
    bool is_full;              /* somebody got -ENOSPC: tx_space() is due */
} loop;

static int loop_tx_begin(struct vsockdev *vd, u32 *len_bytes, u8 **data)
{
    bool has_room = loop.n_queued < (*len_bytes ? QUEUE_MAX - RESERVED : QUEUE_MAX);

    (void)vd;
    if (has_room && !loop.begun)
        loop.begun = page_alloc(1);
    if (!has_room || !loop.begun) {
        loop.is_full = true;
        return -ENOSPC;
    }
    *len_bytes = MIN(*len_bytes, PAYLOAD_MAX);
    *data = loop.begun->data;
    return 0;
}

static void loop_tx_end(struct vsockdev *vd, const struct vsock_hdr *h)
{
    vd->stats.tx_packets++;
    vd->stats.tx_bytes += h->len_bytes;
    loop.begun->hdr = *h;
    list_push_back(&loop.queue, &loop.begun->node);
    loop.begun = NULL;
    loop.n_queued++;
}

static bool loop_is_idle(struct vsockdev *vd)
{
    (void)vd;
    return !loop.n_queued;
}

/* Deliver what is there now: what it causes to be sent waits for the next poll. */
static bool loop_poll(struct poller *poller)
{
    struct vsockdev *vd = &loop.dev;
    u32 n = loop.n_queued;

    (void)poller;
    for (u32 i = 0; i < n; i++) { /* held or not: each makes room for the one answer it may get */
        struct loop_packet *p = list_first(&loop.queue, struct loop_packet, node);

        list_remove(&p->node);
        loop.n_queued--;
        vd->stats.rx_packets++;
        vd->stats.rx_bytes += p->hdr.len_bytes;
        vd->rx(vd, &p->hdr, p->data);
        page_free(p, 1);
    }
    if (loop.is_full) {
        loop.is_full = false;
        vd->tx_space(vd);
    }
    return n;
}

static bool loop_arm(struct poller *poller)
{
    (void)poller;
    return loop.n_queued;
}

static void loop_disarm(struct poller *poller)
{
    (void)poller;
}

struct vsockdev *vsock_loop(void)
{
    static const struct vsockdev_ops ops = {loop_tx_begin, loop_tx_end, loop_is_idle};

    if (loop.dev.ops)
        return &loop.dev;
    loop.dev.ops = &ops;
    loop.dev.cid = VMADDR_CID_LOCAL;
    list_init(&loop.queue);
    vsock_dev_attach(&loop.dev);
    loop.poller = (struct poller){.poll = loop_poll, .arm = loop_arm, .disarm = loop_disarm};
    poller_add(&loop.poller);
    return &loop.dev;
}
