/* A network device whose every answer comes from the input: no wild access, no lost packet, and the
 * receive ring never runs empty while the device keeps the rules. */
/* sources: runtime/dev/virtio/vring.c runtime/dev/virtio/virtio.c runtime/dev/virtio/mmio.c */
/* sources: runtime/dev/reg.c tests/unit/dev_host.c */
/* libs: cmocka */
#include "dev_host.h"

#include <stdlib.h>
#include <string.h>

#include "dev/pkt.c"
#include "dev/virtio/net.c"

#define BASE   0xfeb00000u
#define BUDGET 288 /* 72 receive buffers: enough for frames of several */

static const u8 *in;
static size_t n_in;

static u8 byte(void)
{
    if (!n_in)
        return 0;
    n_in--;
    return *in++;
}

static u32 word(void)
{
    u32 v = byte();

    v |= (u32)byte() << 8;
    v |= (u32)byte() << 16;
    return v | (u32)byte() << 24;
}

/* ---- the registers: right enough to start, the rest as the input has it */

static struct {
    bool is_legacy;
    u32 features, queue_max, sel, queue, status, pfn[2];
    u64 ring[2][3];
    u16 n_used[2];
} dev;

bool virtio_pci_probe(void)
{
    return false;
}

void virtio_pci_msix_enable(struct virtio_dev *vd)
{
    (void)vd;
}

const struct virtio_driver *virtio_driver_for(u32 device_id)
{
    return device_id == VIRTIO_ID_NET ? &virtio_net_driver : NULL;
}

void dev_probe(void)
{
    virtio_mmio_probe_default();
}

static u32 on_read(u64 at, unsigned width)
{
    (void)width;
    switch ((u32)at - BASE) {
    case 0x000:
        return 0x74726976;
    case 0x004:
        return dev.is_legacy ? 1 : 2;
    case 0x008:
        return VIRTIO_ID_NET;
    case 0x010:
        return dev.sel ? 1 : dev.features;
    case 0x034:
        return dev.queue_max;
    case 0x070:
        return dev.status;
    }
    return at < BASE + 0x100 ? 0 : byte();
}

static void on_write(u64 at, u32 v, unsigned width)
{
    u32 off = (u32)at - BASE;

    (void)width;
    if (off == 0x014)
        dev.sel = v;
    if (off == 0x030)
        dev.queue = v & 1;
    if (off == 0x070)
        dev.status = v;
}

/* ---- the user */

static struct pkt *held[BUDGET];
static unsigned n_held;
static u32 takes;

/* Returns a sum of all its bytes. */
static u8 look_at(struct pkt *p)
{
    u32 total = 0;
    u8 sum = 0;

    for (struct pkt *q = p; q; q = q->next) {
        for (u32 i = 0; i < q->len_bytes; i++) /* the sanitizer watches */
            sum ^= q->data[i];
        total += q->len_bytes;
    }
    if (p->next && (total != p->frame_bytes || total > 65549 || !takes || !p->flags))
        abort();
    return sum;
}

static void on_rx(struct netdev *nd, struct pkt *p, void *user)
{
    (void)nd;
    (void)user;
    if ((look_at(p) & 1) && n_held < BUDGET)
        held[n_held++] = p;
    else
        pkt_put_chain(p);
}

static void on_rx_borrowed(struct netdev *nd, struct pkt *p, void *user)
{
    (void)nd;
    (void)user;
    look_at(p);
    pkt_put_chain(p);
}

static void scribble(u8 *mem, size_t n_bytes)
{
    size_t at = word() % n_bytes;

    for (unsigned n = byte() % 16; n && at < n_bytes; n--)
        mem[at++] = byte();
}

/* What the device does to ring @vr. */
static void misbehave(struct vring *vr, unsigned q)
{
    u8 what = byte();
    u16 *idx = &dev.n_used[q];

    if (!vr->desc)
        return;
    switch (what % 8) {
    case 0: /* anywhere it has a right to write */
        scribble((u8 *)vr->desc, (size_t)((u8 *)vr->slots - (u8 *)vr->desc));
        break;
    case 1: /* an index from nowhere */
        vr->used->idx = *idx = (u16)word();
        break;
    case 2: /* an entry from nowhere */
        vr->used->ring[*idx % vr->size].id = word();
        vr->used->ring[*idx % vr->size].len_bytes = word();
        vr->used->idx = ++*idx;
        break;
    default: /* nearly right: a chain it was given, a length that may be, a header that may be */
        for (unsigned n = 1 + byte() % 8; n && vr->n_inflight; n--) {
            u32 id = byte() % vr->size;
            struct pkt *p = vr->slots[id].cookie;

            if (!p)
                continue;
            if (q == QUEUE_RX)
                for (unsigned i = 0; i < 14; i++)
                    (p->data - nic.hdr_bytes)[i] = what & 64 ? byte() & 7 : i == 10;
            vr->used->ring[*idx % vr->size].id = id;
            vr->used->ring[*idx % vr->size].len_bytes =
                what & 128 ? word() % 2100 : 12 + byte() * 7;
            vr->used->idx = ++*idx;
        }
    }
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
    struct netdev *nd;

    in = data;
    n_in = len;
    host_reset();
    host_read_fn = on_read;
    host_write_fn = on_write;
    memset(&nic, 0, sizeof(nic));
    memset(&dev, 0, sizeof(dev));
    n_held = 0;
    pkt_pool_init(BUDGET);
    dev.is_legacy = byte() & 1;
    dev.features = word();
    dev.queue_max = byte() & 0x80 ? word() : 1u << byte() % 12;
    takes = byte() & BIT(NETDEV_CHAINS);
    nd = netdev_first(takes);
    if (nd) {
        nd->rx = on_rx;
        nd->rx_borrowed = on_rx_borrowed;
        while (n_in) {
            u8 what = byte();

            switch (what % 8) {
            case 0:
                misbehave(&nic.tx, QUEUE_TX);
                break;
            case 1:
            case 2:
                misbehave(&nic.rx, QUEUE_RX);
                break;
            case 3: {
                struct pkt *p = pkt_alloc(what & 8 ? 16 : byte());

                if (!p)
                    break;
                p->len_bytes = word() % (pkt_tailroom(p) + 1);
                p->flags = (what >> 4 & 1) << PKT_CSUM_PARTIAL;
                p->gso_type = what >> 5;
                for (unsigned n = what & 8 ? byte() % (PKT_FRAGS_MAX + 1) : 0; n; n--) {
                    struct pkt *q = pkt_alloc(0);

                    if (!q)
                        break;
                    pkt_frags(p)[p->n_frags++] = (struct pkt_frag){q, q->data, byte() * 8u};
                }
                netdev_tx(nd, p);
                for (unsigned i = 0; i < p->n_frags; i++)
                    pkt_put(pkt_frags(p)[i].pkt);
                pkt_put(p);
                break;
            }
            case 4:
                netdev_flush(nd);
                break;
            case 5:
                host_poller->arm(host_poller);
                host_poller->disarm(host_poller);
                break;
            case 6:
                while (n_held)
                    pkt_put_chain(held[--n_held]);
                break;
            default:
                host_poller->poll(host_poller);
                if (!nic.is_broken && !nic.rx.n_inflight)
                    abort(); /* nothing would ever arrive again */
            }
        }
    }
    /* Every packet is held by somebody we know. */
    while (n_held)
        pkt_put_chain(held[--n_held]);
    if (nd && !nic.is_broken)
        stop();
    if (pkt_pool_in_use())
        abort();
    return 0;
}
