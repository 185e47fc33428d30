/* TIME-WAIT: the memory of a connection needs only a few words. Beyond the bound the oldest goes.
 */
#include "net/tcp.h"

#include <errno.h>

#include "mem/heap.h"

static void tw_drop(struct tcp_table *t, struct tcp_tw *tw)
{
    tcp_unhash(t->net, &tw->ep);
    list_remove(&tw->node);
    t->n_tw--;
    heap_free(tw);
}

static void tw_fire(struct timer *timer)
{
    struct tcp_table *t = CONTAINER_OF(timer, struct tcp_table, tw_timer);
    u64 now = net_now_slow(t->net);

    while (!list_empty(&t->time_waits)) {
        struct tcp_tw *tw = list_first(&t->time_waits, struct tcp_tw, node);
        if (tw->end_ns > now) {
            timer_set(timer, tw->end_ns);
            return;
        }
        t->net->stats.tcp_tw_expired++;
        tw_drop(t, tw);
    }
}

void tcp_tw_init(struct tcp_table *t)
{
    list_init(&t->time_waits);
    timer_init(&t->tw_timer, tw_fire);
}

/* Remember @c, which is about to go. Without memory it is simply forgotten. */
void tcp_tw_add(struct tcp_sock *c)
{
    struct net *n = c->net;
    struct tcp_table *t = n->tcp_table;
    struct tcp_tw *tw;

    if (t->n_tw >= n->limits.n_time_wait) {
        tw_drop(t, list_first(&t->time_waits, struct tcp_tw, node));
        n->stats.tcp_time_wait_recycled++;
    }
    tw = heap_new(sizeof(*tw));
    if (!tw) {
        n->stats.no_memory++;
        return;
    }
    tw->flow = c->sk.flow;
    tw->ep.flow = &tw->flow;
    tw->ep.state = TCP_TIME_WAIT;
    tw->end_ns = n->now_ns + TCP_TIME_WAIT_NS;
    tw->snd_nxt = c->snd_nxt;
    tw->rcv_nxt = c->rcv_nxt;
    tw->rcv_wnd = SEQ_GT(c->rcv_adv, c->rcv_nxt) ? c->rcv_adv - c->rcv_nxt : 0;
    tw->rcv_wscale = c->rcv_wscale;
    tw->has_ts = c->has_ts;
    tw->ts_recent = c->ts_recent;
    tw->ts_offset = c->ts_offset;
    list_push_back(&t->time_waits, &tw->node);
    t->n_tw++;
    tcp_hash(n, &tw->ep);
    if (!timer_is_set(&t->tw_timer))
        timer_set(&t->tw_timer, tw->end_ns);
}

bool tcp_tw_input(struct net *n, struct tcp_tw *tw, const struct tcp_in *s, u32 *iss)
{
    struct tcp_table *t = n->tcp_table;
    u32 ts[2] = {(u32)(n->now_ns >> 20) + tw->ts_offset, tw->ts_recent};

    if ((s->flags & (TCP_F_SYN | TCP_F_RST | TCP_F_ACK)) == TCP_F_SYN) {
        /* RFC 6191 §2: newer by timestamp or by sequence number */
        bool is_newer = tw->has_ts && s->has_ts && s->ts_val != tw->ts_recent
                            ? SEQ_GT(s->ts_val, tw->ts_recent)
                            : SEQ_GT(s->seq, tw->rcv_nxt);
        if (is_newer && tcp_find_listener(n, &tw->flow.local, tw->flow.lport)) {
            /* RFC 1122 §4.2.2.13: beyond everything the old connection can have sent */
            u32 next = tcp_iss(n, &tw->flow), least = tw->snd_nxt + 65537;
            *iss = SEQ_LT(next, least) ? least | 1 : next;
            tw_drop(t, tw);
            return true;
        }
    }
    if (s->flags & TCP_F_RST) /* RFC 1337: no assassination */
        return false;
    if (!s->len && !(s->flags & (TCP_F_SYN | TCP_F_FIN)) && s->seq == tw->rcv_nxt)
        return false;           /* RFC 9293 §3.10.7.4: an acceptable ACK needs no answer */
    if (s->flags & TCP_F_FIN) { /* the peer missed our last ACK: wait on from now */
        tw->end_ns = n->now_ns + TCP_TIME_WAIT_NS;
        list_remove(&tw->node);
        list_push_back(&t->time_waits, &tw->node);
    }
    tcp_send_raw(n, &tw->flow, tw->snd_nxt, tw->rcv_nxt, TCP_F_ACK, tw->rcv_wnd >> tw->rcv_wscale,
                 tw->has_ts ? ts : NULL);
    return false;
}
