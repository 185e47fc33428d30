/*
 * The socket device (virtio 1.2 §5.10): receive, transmit and event queue, polled. A buffer is a
 * page, header and payload with a descriptor each, which every device understands. Exits from the
 * guest (kicks, acknowledgements) happen per batch, never per packet.
 *
 * LIMIT: buffers stay with the rings once taken; lift when memory pressure can ask for them back.
 * LIMIT: one device; lift when a machine has a second one.
 * LIMIT: streams only, no SOCK_SEQPACKET; lift when a service wants records.
 */
#include "dev/vsockdev.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "dev/dev.h"
#include "dev/virtio/virtio.h"
#include "mem/page.h"
#include "sched/wait.h"

#define VSOCK_F_STREAM 0 /* §5.10.3; not offered by older devices, which have nothing else */

#define CONFIG_CID     0 /* §5.10.4, 8 bytes */
#define CID_FIRST      3 /* below are the hypervisor, this machine, the host */

#define QUEUE_RX       0
#define QUEUE_TX       1
#define QUEUE_EVENT    2

#define EVENT_RESET    0 /* §5.10.6.7 */
#define EVENT_BUFS     4

#define PAYLOAD_AT     64 /* in a page: a cache line of its own for the header */
#define PAYLOAD_MAX    (u32)(PAGE_SIZE - PAYLOAD_AT)

#define BUFS_MIN       8 /* each way; */
#define BUFS_MAX       64
#define BUFS_RAM_SHIFT 8  /* … this share of RAM in between */
#define RX_START       8  /* at first: memory that is not touched makes the start quicker */
#define TX_START       4  /* are there in any case, … */
#define TX_RESERVED    2  /* … so many of them for packets without payload */
#define RX_BUDGET      64 /* packets per poll(), so that timers and threads get their turn */
#define ACK_EVERY      8  /* idles without traffic until we acknowledge anyway */

_Static_assert(sizeof(struct vsock_hdr) == VSOCK_HDR_BYTES, "as on the wire");

struct buf {
    struct vsock_hdr hdr;
    struct buf *next; /* free, transmit */
    u8 pad[PAYLOAD_AT - sizeof(struct vsock_hdr) - sizeof(struct buf *)];
    u8 payload[PAYLOAD_MAX];
} __attribute__((packed, aligned(4)));
_Static_assert(sizeof(struct buf) == PAGE_SIZE, "a page");

static struct vsock_dev {
    struct vsockdev dev;
    struct poller poller;
    struct virtio_dev vd;
    struct vring rx, tx, event;
    u32 events[EVENT_BUFS];
    struct buf *tx_free;
    u16 n_tx, n_tx_max; /* transmit buffers there are, and may be */
    u16 n_rx, n_rx_max; /* receive buffers the ring should hold now, and may come to hold */
    u16 acked_idx;      /* sum of all used.idx at the last disarm() */
    u16 n_quiet;        /* disarm()s without traffic */
    bool is_found, is_up, is_broken;
    bool is_tx_full; /* somebody got -ENOSPC: tx_space() is due */
} vsk;

/* The device broke the rules: stop it, and give everybody back what it held. */
static void stop(void)
{
    struct buf *b;

    vsk.is_up = false;
    vsk.is_broken = true;
    vring_stop(&vsk.rx);
    vring_stop(&vsk.tx);
    vring_stop(&vsk.event);
    if (virtio_reset(&vsk.vd))
        return; /* it may still write: what it has is lost */
    while ((b = vring_drain(&vsk.rx)))
        page_free(b, 1);
    while ((b = vring_drain(&vsk.tx)))
        page_free(b, 1);
    while ((b = vsk.tx_free)) {
        vsk.tx_free = b->next;
        page_free(b, 1);
    }
    vring_fini(&vsk.rx);
    vring_fini(&vsk.tx);
    vring_fini(&vsk.event);
}

/* ---- receive ---- */

static int rx_push(struct buf *b)
{
    struct sg sg[2] = {{(uintptr_t)&b->hdr, VSOCK_HDR_BYTES}, {(uintptr_t)b->payload, PAYLOAD_MAX}};

    return vring_push(&vsk.rx, sg, 0, 2, b);
}

static void rx_refill(void)
{
    while (vsk.rx.n_inflight < vsk.n_rx) {
        struct buf *b = page_alloc(1);

        if (!b)
            return;
        if (rx_push(b)) { /* broken */
            page_free(b, 1);
            return;
        }
    }
}

/* @len is what the device says it wrote, which vring_take() has held against the buffer. */
static void rx_packet(const struct buf *b, u32 len)
{
    struct vsock_hdr h = b->hdr; /* read once: the device could change it */

    if (len < VSOCK_HDR_BYTES) {
        vsk.dev.stats.rx_bad++;
        log_warn_limited("virtio-vsock", "a packet of %u bytes: dropped", len);
        return;
    }
    vsk.dev.stats.rx_packets++;
    if (h.len_bytes > len - VSOCK_HDR_BYTES) {
        vsk.dev.stats.rx_bad++;
        log_warn_limited("virtio-vsock", "%u bytes of payload announced, %u came", h.len_bytes,
                         len - VSOCK_HDR_BYTES);
        h.op = VSOCK_OP_INVALID;
        h.len_bytes = 0;
    }
    vsk.dev.stats.rx_bytes += h.len_bytes;
    vsk.dev.rx(&vsk.dev, &h, b->payload);
}

/* Returns packets handled. */
static unsigned rx_poll(void)
{
    struct buf *b;
    u32 len;
    unsigned n = 0;

    while (!vsk.dev.is_held && n < RX_BUDGET && (b = vring_take(&vsk.rx, &len))) {
        rx_packet(b, len);
        if (rx_push(b))
            page_free(b, 1);
        n++;
    }
    if (n > vsk.n_rx / 2u) /* half was gone at once: be ready for more */
        vsk.n_rx = (u16)MIN(2u * vsk.n_rx, vsk.n_rx_max);
    rx_refill();
    return n;
}

/* ---- transmit ---- */

/* Take back what has been sent. Returns how many. */
static unsigned tx_reap(void)
{
    struct buf *b;
    u32 len;
    unsigned n = 0;

    while ((b = vring_take(&vsk.tx, &len))) {
        b->next = vsk.tx_free;
        vsk.tx_free = b;
        n++;
    }
    return n;
}

static bool tx_more(void)
{
    struct buf *b = vsk.n_tx < vsk.n_tx_max ? page_alloc(1) : NULL;

    if (!b)
        return false;
    b->next = vsk.tx_free;
    vsk.tx_free = b;
    vsk.n_tx++;
    return true;
}

/* Is there a buffer, and with payload one that is not reserved? */
static bool tx_has_room(bool is_data)
{
    return vsk.n_tx > vsk.tx.n_inflight + (is_data ? TX_RESERVED : 0);
}

static int tx_begin(struct vsockdev *vd, u32 *len_bytes, u8 **data)
{
    (void)vd;
    if (!vsk.is_up)
        return -EIO;
    if (!tx_has_room(*len_bytes) && (tx_reap(), !tx_has_room(*len_bytes)) && !tx_more()) {
        vsk.is_tx_full = true;
        return -ENOSPC;
    }
    *len_bytes = MIN(*len_bytes, PAYLOAD_MAX);
    *data = vsk.tx_free->payload;
    return 0;
}

static void tx_end(struct vsockdev *vd, const struct vsock_hdr *h)
{
    struct buf *b = vsk.tx_free;
    struct sg sg[2] = {{(uintptr_t)&b->hdr, VSOCK_HDR_BYTES},
                       {(uintptr_t)b->payload, h->len_bytes}};

    b->hdr = *h;
    vsk.tx_free = b->next;
    if (vring_push(&vsk.tx, sg, h->len_bytes ? 2 : 1, 0, b)) { /* broken: poll() stops it */
        b->next = vsk.tx_free;
        vsk.tx_free = b;
        return;
    }
    vd->stats.tx_packets++;
    vd->stats.tx_bytes += h->len_bytes;
}

static bool is_idle(struct vsockdev *vd)
{
    (void)vd;
    return !vsk.is_up || !vsk.tx.n_inflight;
}

/* ---- events ---- */

static int event_push(u32 *event)
{
    struct sg sg = {(uintptr_t)event, sizeof(*event)};

    return vring_push(&vsk.event, &sg, 0, 1, event);
}

/* Our address. Returns 0; -EIO it is none. */
static int read_cid(void)
{
    u64 cid;
    int err = virtio_config(&vsk.vd, CONFIG_CID, &cid, sizeof(cid), sizeof(u32));

    if (err)
        return err;
    if (cid < CID_FIRST || cid >= UINT32_MAX) {
        log_err("virtio-vsock", "0x%llx is no address: refused", (unsigned long long)cid);
        return -EIO;
    }
    vsk.dev.cid = (u32)cid;
    return 0;
}

static unsigned event_poll(void)
{
    unsigned n = 0;
    bool is_reset = false;
    u32 *event, len;

    while (n < EVENT_BUFS && (event = vring_take(&vsk.event, &len))) {
        is_reset |= len == sizeof(*event) && *event == EVENT_RESET;
        event_push(event);
        n++;
    }
    if (!is_reset)
        return n;
    vsk.dev.stats.resets++;
    if (read_cid())
        vring_break(&vsk.event, "no address, events", n);
    else
        vsk.dev.reset(&vsk.dev);
    return n;
}

/* ---- polling ---- */

static bool vsock_poll(struct poller *poller)
{
    unsigned n;

    (void)poller;
    if (unlikely(!vsk.is_up))
        return false;
    n = event_poll() + tx_reap();
    if (vsk.is_tx_full && tx_has_room(false)) {
        vsk.is_tx_full = false;
        vsk.dev.tx_space(&vsk.dev);
    }
    n += rx_poll();
    if (unlikely(vsk.tx.is_broken || vsk.rx.is_broken || vsk.event.is_broken)) {
        stop();
        vsk.dev.reset(&vsk.dev);
        return true;
    }
    vring_kick(&vsk.rx);
    vring_kick(&vsk.tx);
    vring_kick(&vsk.event);
    return n;
}

static bool vsock_arm(struct poller *poller)
{
    bool has_work;

    (void)poller;
    if (!vsk.is_up)
        return false;
    has_work = vring_arm(&vsk.event);
    if (!vsk.dev.is_held)
        has_work |= vring_arm(&vsk.rx);
    if (vsk.is_tx_full)
        has_work |= vring_arm(&vsk.tx);
    return has_work;
}

static void vsock_disarm(struct poller *poller)
{
    u16 idx;

    (void)poller;
    if (!vsk.is_up)
        return;
    vring_disarm(&vsk.rx);
    vring_disarm(&vsk.tx);
    vring_disarm(&vsk.event);
    /* As for the network device: an acknowledgement is an exit, and needed if the interrupt was
     * ours. A change of configuration that keeps the line up is acknowledged in time. */
    idx = (u16)(vsk.rx.used->idx + vsk.tx.used->idx + vsk.event.used->idx);
    if (idx != vsk.acked_idx || ++vsk.n_quiet == ACK_EVERY) {
        vsk.acked_idx = idx;
        vsk.n_quiet = 0;
        virtio_ack(&vsk.vd);
    }
}

/* ---- start ---- */

static void rx_ignore(struct vsockdev *vd, const struct vsock_hdr *h, const u8 *data)
{
    (void)vd;
    (void)h;
    (void)data;
}

static void ignore(struct vsockdev *vd)
{
    (void)vd;
}

static const struct vsockdev_ops vsock_ops = {tx_begin, tx_end, is_idle};

static int vsock_up(void)
{
    struct virtio_dev *vd = &vsk.vd;
    u32 n_bufs = (u32)MIN(MAX(page_total() >> BUFS_RAM_SHIFT, BUFS_MIN), BUFS_MAX);
    int err;

    err = virtio_start(vd, BIT(VSOCK_F_STREAM));
    if (err)
        return err;
    err = virtio_irq_enable(vd);
    if (!err)
        err = virtio_queue(vd, QUEUE_RX, 4 * n_bufs - 1, &vsk.rx); /* next power of two, or above */
    if (!err)
        err = virtio_queue(vd, QUEUE_TX, 4 * n_bufs - 1, &vsk.tx);
    if (!err)
        err = virtio_queue(vd, QUEUE_EVENT, EVENT_BUFS, &vsk.event);
    if (!err)
        err = read_cid();
    if (err)
        return err;
    vsk.n_rx_max = (u16)MIN(n_bufs, vsk.rx.size / 2u);
    vsk.n_tx_max = (u16)MIN(n_bufs, vsk.tx.size / 2u);
    vsk.n_rx = MIN(vsk.n_rx_max, RX_START);
    rx_refill();
    while (vsk.n_tx < TX_START && tx_more())
        ;
    for (unsigned i = 0; i < MIN(EVENT_BUFS, vsk.event.size); i++)
        event_push(&vsk.events[i]);
    if (!vsk.rx.n_inflight || vsk.n_tx < TX_START)
        return vsk.n_tx_max < TX_START || !vsk.n_rx ? -EIO : -ENOMEM;
    vsk.dev.ops = &vsock_ops;
    vsk.dev.rx = rx_ignore;
    vsk.dev.tx_space = vsk.dev.reset = ignore;
    vsk.poller = (struct poller){.poll = vsock_poll, .arm = vsock_arm, .disarm = vsock_disarm};
    poller_add(&vsk.poller);
    virtio_ready(vd);
    vring_kick(&vsk.rx);
    vring_kick(&vsk.event);
    return 0;
}

static void vsock_found(const struct virtio_dev *vd)
{
    if (!vsk.is_found)
        vsk.vd = *vd;
    vsk.is_found = true;
}

VIRTIO_DRIVER(virtio_vsock_driver) = {VIRTIO_ID_VSOCK, vsock_found};

struct vsockdev *vsockdev_first(void)
{
    if (!vsk.is_up && !vsk.is_broken) {
        int err;

        dev_probe();
        if (!vsk.is_found)
            return NULL;
        err = vsock_up();
        vsk.is_up = !err;
        if (err) {
            stop();
            log_err("virtio-vsock", "the device cannot be used: error %d", -err);
        }
    }
    return vsk.is_up ? &vsk.dev : NULL;
}
