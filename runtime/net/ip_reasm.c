/*
 * Fragments in (RFC 791 §3.2, RFC 8200 §4.5): a list of packets in order for each datagram that is
 * not whole yet, and one copy when it is, with which the IP layer begins again. Every image with a
 * network has this, as RFC 1122 §3.3.2 demands, for both families at once; it has no memory before
 * the first fragment comes. Packets held and datagrams begun are bounded together, oldest first.
 * Nothing overlaps: who sends that loses the datagram, the rest of it included (RFC 5722 §4).
 */
#include "net/ip.h"

#include <string.h>

#include "mem/heap.h"

#define REASM_NS     (60 * NSEC_PER_SEC) /* RFC 1122 §3.3.2, RFC 8200 §4.5 */
#define REASM_FRAGS  128                 /* of one datagram: at the smallest MTU, 576, it has 119 */
/* RFC 4963: identifications of IPv4 come round. After so many fragments this is another datagram.
 */
#define REASM_ID_AGE 32768

struct reasm {
    struct list node; /* struct reasm_table.all: in the order of their ends */
    struct ip_frag_id id;
    struct pkt *frags; /* in order, struct held in their scratch */
    u64 end_ns;
    u32 got_bytes, total_bytes; /* total 0: the last one has not come */
    u32 last_seen;              /* reasm_table.n_seen, then */
    u8 n_frags, ecn_seen;       /* BIT() of each value of the ECN field */
    bool is_dead;               /* something overlapped: whatever comes is dropped */
};

/* Of a fragment that waits. */
struct held {
    struct ip_frag_head head;
    u16 start, end;
} __attribute__((packed, aligned(4))); /* as pkt.scratch is */

_Static_assert(sizeof(struct held) <= sizeof(((struct pkt *)0)->scratch), "fits");

static inline struct held *held(struct pkt *p)
{
    return (struct held *)(void *)p->scratch;
}

static void drop_frags(struct net *n, struct reasm *r)
{
    n->stats.ip_reasm_fails += r->n_frags;
    n->reasm.n_held -= r->n_frags;
    pkt_put_chain(r->frags);
    r->frags = NULL;
    r->n_frags = 0;
}

static void reasm_free(struct net *n, struct reasm *r)
{
    drop_frags(n, r);
    n->reasm.n_held--;
    list_remove(&r->node);
    heap_free(r);
}

/* RFC 1122 §3.3.2, RFC 4443 §3.3: its sender is told, if we have the first fragment. */
static void tell_timeout(struct net *n, const struct reasm *r)
{
    struct ip_in in = {.nif = &n->eth, .src = r->id.src, .dst = r->id.dst};

    if (!r->frags || held(r->frags)->start)
        return;
    in.hdr = held(r->frags)->head.hdr;
    in.to_many = ip_is_many(n, &in.dst);
    icmp_report(n, &in, ICMP4_TIME, 1);
}

static void reasm_fire(struct timer *timer)
{
    struct net *n = CONTAINER_OF(timer, struct net, reasm.timer);
    u64 now = net_now_slow(n);

    while (!list_empty(&n->reasm.all)) {
        struct reasm *r = list_first(&n->reasm.all, struct reasm, node);
        if (r->end_ns > now) {
            timer_set(timer, r->end_ns);
            return;
        }
        n->stats.ip_reasm_timeout++;
        tell_timeout(n, r);
        reasm_free(n, r);
    }
}

void ip_reasm_init(struct net *n)
{
    list_init(&n->reasm.all);
    timer_init(&n->reasm.timer, reasm_fire);
}

static struct reasm *find(struct net *n, const struct ip_frag_id *id)
{
    struct reasm_table *t = &n->reasm;

    list_for_each (it, &t->all) {
        struct reasm *r = list_entry(it, struct reasm, node);
        if (memcmp(&r->id, id, sizeof(*id)) != 0)
            continue;
        if (!id->proto || t->n_seen - r->last_seen < REASM_ID_AGE)
            return r;
        reasm_free(n, r);
        break;
    }
    return NULL;
}

static struct reasm *begin(struct net *n, const struct ip_frag_id *id)
{
    struct reasm_table *t = &n->reasm;
    struct reasm *r = heap_new(sizeof(*r));

    if (!r)
        return NULL;
    r->id = *id;
    r->end_ns = net_now(n) + REASM_NS;
    if (list_empty(&t->all))
        timer_set(&t->timer, r->end_ns);
    list_push_back(&t->all, &r->node);
    t->n_held++;
    return r;
}

/* Put @p in its place. Returns false: it is the same as one that is there, or it overlaps, and then
 * the datagram is dead. The caller keeps @p then. */
static bool insert(struct net *n, struct reasm *r, struct pkt *p, bool has_more)
{
    const struct held *h = held(p), *o;
    struct pkt **at = &r->frags;

    while (*at && held(*at)->end <= h->start)
        at = &(*at)->next;
    o = *at ? held(*at) : NULL;
    if (o && o->start < h->end) {
        /* RFC 8200 §4.5: copies made by the network do no harm. */
        if (o->start == h->start && o->end == h->end &&
            memcmp((*at)->data, p->data, p->len_bytes) == 0)
            return false;
        goto dead;
    }
    if ((!has_more && (r->total_bytes || o)) || (r->total_bytes && h->end > r->total_bytes) ||
        r->n_frags == REASM_FRAGS)
        goto dead;
    if (!has_more)
        r->total_bytes = h->end;
    p->next = *at;
    *at = p;
    r->n_frags++;
    n->reasm.n_held++;
    r->got_bytes += p->len_bytes;
    return true;
dead:
    r->is_dead = true;
    drop_frags(n, r);
    return false;
}

/* All of it is there: one packet, whose header is still that of the first fragment. */
static struct pkt *join(struct net *n, const struct reasm *r)
{
    const struct ip_frag_head *h = &held(r->frags)->head;
    u32 at = h->len_bytes;
    struct pkt *p = pkt_alloc_large(PKT_DRIVER_HEADROOM + 2 + ETH_HDR_BYTES, at + r->total_bytes);

    if (!p) {
        n->stats.no_memory++;
        return NULL;
    }
    memcpy(p->data, h->hdr, at);
    for (const struct pkt *f = r->frags; f; f = f->next) {
        memcpy(p->data + at, f->data, f->len_bytes);
        at += f->len_bytes;
    }
    p->len_bytes = at;
    p->flags = BIT(PKT_REASSEMBLED);
    return p;
}

void ip_reasm_input(struct net *n, struct pkt *p, const struct ip_in *in, const struct ip_frag *f)
{
    struct reasm_table *t = &n->reasm;
    struct ip_frag_head head;
    struct pkt *whole = NULL;
    struct reasm *r;
    bool is_ce;

    n->stats.ip_reasm_reqds++;
    /* What a frame cannot hold was a fragment already. */
    if (!p->len_bytes || (f->has_more && p->len_bytes % 8) ||
        f->start + p->len_bytes > f->max_bytes || p->flags & BIT(PKT_REASSEMBLED) || p->next)
        goto drop;
    t->n_seen++;
    r = find(n, &f->id);
    while (t->n_held > n->limits.rx_pkts / 2) {
        struct reasm *oldest = list_first(&t->all, struct reasm, node);
        if (oldest == r)
            r = NULL;
        reasm_free(n, oldest);
    }
    if (!n->limits.rx_pkts)
        goto drop;
    if (!r)
        r = begin(n, &f->id);
    if (!r || r->is_dead)
        goto drop;
    r->last_seen = t->n_seen;
    *held(p) = (struct held){f->head, (u16)f->start, (u16)(f->start + p->len_bytes)};
    if (!insert(n, r, p, f->has_more))
        goto drop;
    r->ecn_seen |= (u8)BIT(in->tos & 3);
    if (r->got_bytes != r->total_bytes)
        return;
    is_ce = r->ecn_seen & BIT(3);
    if (!is_ce || !(r->ecn_seen & BIT(0))) /* RFC 3168 §5.3 */
        whole = join(n, r);
    head = held(r->frags)->head;
    if (whole) {
        n->stats.ip_reasm_oks++;
        n->stats.ip_reasm_fails -= r->n_frags; /* reasm_free() counts them */
        whole->flags |= in->nif->is_loop ? BIT(PKT_CSUM_VALID) : 0;
    }
    reasm_free(n, r);
    if (whole)
        f->whole(in->nif, whole, &head, is_ce);
    return;
drop:
    n->stats.ip_reasm_fails++;
    pkt_put(p);
}

void ip_reasm_stop(struct net *n)
{
    while (!list_empty(&n->reasm.all))
        reasm_free(n, list_first(&n->reasm.all, struct reasm, node));
    timer_cancel(&n->reasm.timer);
}
