/*
 * Fragments in (RFC 791 §3.2, RFC 8200 §4.5): a list of packets in order for each datagram that is
 * not whole yet, and one copy when it is, with which the IP layer begins again. Every image with a
 * network has this, as RFC 1122 §3.3.2 demands, for both families at once; it has no memory before
 * the first fragment comes. Packets held and datagrams begun are bounded together, oldest first.
 * Nothing overlaps: who sends that loses the datagram, the rest of it included (RFC 5722 §4).
 */
#include "net/ip.h"
#include "net/ip6.h"

#include <string.h>

#include "mem/heap.h"
#include "net/csum.h"

#pragma weak icmp6_error
#pragma weak ip6_input

#define REASM_NS       (60 * NSEC_PER_SEC) /* RFC 1122 §3.3.2, RFC 8200 §4.5 */
#define REASM_FRAGS    128 /* of one datagram: at the smallest MTU, 576, it has 119 */
#define REASM_HELD_MIN 16
/* RFC 4963: identifications of IPv4 come round. After so many fragments this is another datagram.
 */
#define REASM_ID_AGE   32768

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

struct reasm_table {
    struct list all;
    struct timer timer;
    struct net *net;
    u32 n_held; /* struct reasm and packets */
    u32 n_seen; /* fragments ever */
};

/* Of a fragment that waits. */
struct held {
    const u8 *hdr; /* IP header, in the packet */
    u16 start, end;
    u16 hdr_bytes; /* of all headers that are not fragmented */
    u16 next_at;   /* IPv6: from hdr, where the fragment header is announced … */
    u8 next;       /* … and what was behind it */
} __attribute__((packed, aligned(4))); /* as pkt.scratch is */

_Static_assert(sizeof(struct held) <= sizeof(((struct pkt *)0)->scratch), "fits");

static inline struct held *held(struct pkt *p)
{
    return (struct held *)(void *)p->scratch;
}

static void drop_frags(struct net *n, struct reasm *r)
{
    n->stats.ip_reasm_fails += r->n_frags;
    n->reasm->n_held -= r->n_frags;
    pkt_put_chain(r->frags);
    r->frags = NULL;
    r->n_frags = 0;
}

static void reasm_free(struct net *n, struct reasm *r)
{
    drop_frags(n, r);
    n->reasm->n_held--;
    list_remove(&r->node);
    heap_free(r);
}

/* RFC 1122 §3.3.2, RFC 4443 §3.3: its sender is told, if we have the first fragment. */
static void tell_timeout(struct net *n, const struct reasm *r)
{
    struct ip_in in = {.nif = &n->eth, .src = r->id.src, .dst = r->id.dst};

    if (!r->frags || held(r->frags)->start)
        return;
    in.hdr = held(r->frags)->hdr;
    in.to_many = ip_is_many(n, &in.dst);
    icmp_report(n, &in, ICMP4_TIME, 1);
}

static void reasm_fire(struct timer *timer)
{
    struct reasm_table *t = CONTAINER_OF(timer, struct reasm_table, timer);
    u64 now = net_now_slow(t->net);

    while (!list_empty(&t->all)) {
        struct reasm *r = list_first(&t->all, struct reasm, node);
        if (r->end_ns > now) {
            timer_set(&t->timer, r->end_ns);
            return;
        }
        t->net->stats.ip_reasm_timeout++;
        tell_timeout(t->net, r);
        reasm_free(t->net, r);
    }
}

static struct reasm_table *table(struct net *n)
{
    struct reasm_table *t = n->reasm;

    if (!t) {
        t = n->reasm = heap_new(sizeof(*t));
        if (!t)
            return NULL;
        list_init(&t->all);
        timer_init(&t->timer, reasm_fire);
        t->net = n;
    }
    return t;
}

static struct reasm *find(struct reasm_table *t, const struct ip_frag_id *id)
{
    list_for_each (it, &t->all) {
        struct reasm *r = list_entry(it, struct reasm, node);
        if (memcmp(&r->id, id, sizeof(*id)) != 0)
            continue;
        if (!ip_addr_is_v4(&id->src) || t->n_seen - r->last_seen < REASM_ID_AGE)
            return r;
        reasm_free(t->net, r);
        break;
    }
    return NULL;
}

static struct reasm *begin(struct reasm_table *t, const struct ip_frag_id *id)
{
    struct reasm *r = heap_new(sizeof(*r));

    if (!r)
        return NULL;
    r->id = *id;
    r->end_ns = net_now(t->net) + REASM_NS;
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
    struct held *h = held(p), *o;
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
    n->reasm->n_held++;
    r->got_bytes += p->len_bytes;
    return true;
dead:
    r->is_dead = true;
    drop_frags(n, r);
    return false;
}

/* All of it is there: one packet as if it had come whole, but for where a fragment was. */
static struct pkt *join(struct net *n, struct reasm *r)
{
    const struct held *h = held(r->frags);
    u32 hdr_bytes = h->hdr_bytes, at = hdr_bytes;
    struct pkt *p =
        pkt_alloc_large(PKT_DRIVER_HEADROOM + 2 + ETH_HDR_BYTES, hdr_bytes + r->total_bytes);
    bool is_congested = r->ecn_seen & BIT(3);

    if (!p)
        n->stats.no_memory++;
    if (!p || (is_congested && r->ecn_seen & BIT(0))) /* RFC 3168 §5.3 */
        goto drop;
    memcpy(p->data, h->hdr, hdr_bytes);
    for (const struct pkt *f = r->frags; f; f = f->next) {
        memcpy(p->data + at, f->data, f->len_bytes);
        at += f->len_bytes;
    }
    p->len_bytes = at;
    p->flags = BIT(PKT_REASSEMBLED);
    if (ip_addr_is_v4(&r->id.src)) {
        struct ip4_hdr *ip = (struct ip4_hdr *)p->data;
        ip->total_len = be16(at);
        ip->frag = 0;
        ip->tos |= is_congested ? 3 : 0;
        ip->csum = 0;
        ip->csum = csum_finish(csum_add(ip, hdr_bytes));
    } else {
        ((struct ip6_hdr *)p->data)->payload_len = be16(at - IP6_HDR_BYTES);
        p->data[1] |= is_congested ? 0x30 : 0;
        p->data[h->next_at] = h->next;
    }
    n->stats.ip_reasm_oks++;
    n->reasm->n_held -= r->n_frags;
    r->n_frags = 0;
    pkt_put_chain(r->frags);
    r->frags = NULL;
    return p;
drop:
    if (p)
        pkt_put(p);
    return NULL;
}

void ip_reasm_input(struct net *n, struct pkt *p, const struct ip_in *in, const struct ip_frag *f)
{
    struct ip_frag_id id = {in->src, in->dst, f->id, f->is_v6 ? 0 : in->proto};
    u32 hdr_bytes = (u32)(p->data - (const u8 *)in->hdr) - (f->is_v6 ? 8 : 0);
    u32 end = f->start + p->len_bytes;
    struct reasm_table *t = table(n);
    struct reasm *r = NULL;

    n->stats.ip_reasm_reqds++;
    if (f->has_more && p->len_bytes % 8)
        goto bad_length;
    /* What a frame cannot hold was a fragment already. */
    if (!t || !p->len_bytes || hdr_bytes + end - (f->is_v6 ? IP6_HDR_BYTES : 0) > 65535 ||
        p->flags & BIT(PKT_REASSEMBLED) || p->next)
        goto bad;
    t->n_seen++;
    r = find(t, &id);
    while (t->n_held >= MAX(n->limits.rx_pkts / 2, REASM_HELD_MIN)) {
        struct reasm *oldest = list_first(&t->all, struct reasm, node);
        if (oldest == r)
            r = NULL;
        reasm_free(n, oldest);
    }
    if (!r)
        r = begin(t, &id);
    if (!r || r->is_dead)
        goto drop;
    r->last_seen = t->n_seen;
    *held(p) = (struct held){in->hdr, (u16)f->start, (u16)end, (u16)hdr_bytes, f->next_at, f->next};
    if (!insert(n, r, p, f->has_more))
        goto drop;
    r->ecn_seen |= (u8)BIT(in->tos & 3);
    if (r->got_bytes != r->total_bytes)
        return;
    p = join(n, r);
    reasm_free(n, r);
    if (!p)
        return;
    if (in->nif->is_loop)
        p->flags |= BIT(PKT_CSUM_VALID);
    (f->is_v6 ? ip6_input : ip_input)(in->nif, p);
    return;
bad_length: /* RFC 8200 §4.5 */
    if (f->is_v6)
        icmp6_error(n, in, ICMP6_PARAM, 0, 4);
    goto drop;
bad:
    if (f->is_v6 && end > 65535 - IP6_HDR_BYTES)
        icmp6_error(n, in, ICMP6_PARAM, 0, hdr_bytes + 2);
drop:
    n->stats.ip_reasm_fails++;
    pkt_put(p);
}

void ip_reasm_stop(struct net *n)
{
    struct reasm_table *t = n->reasm;

    if (!t)
        return;
    while (!list_empty(&t->all))
        reasm_free(n, list_first(&t->all, struct reasm, node));
    timer_cancel(&t->timer);
    heap_free(t);
    n->reasm = NULL;
}
