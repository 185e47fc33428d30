/* The end of all connections, when the service has ended: net/finish.c. */
#include "net/tcp.h"

void tcp_finish(struct net *n)
{
    struct tcp_table *t = n->tcp_table;

    n->limits.n_orphans = UINT32_MAX; /* they will not be for long */
    for (u32 i = 0; i < PORT_BUCKETS; i++) {
        struct list *at = t->ports.buckets[i].next;

        while (at != &t->ports.buckets[i]) {
            struct sock *sk = list_entry(at, struct sock, port_node);

            at = at->next;
            if (sk->is_listening)
                tcp_listener_close(tcp_of(sk));
        }
    }
    for (u32 i = 0; i < 1u << n->limits.hash_bits; i++) {
        for (struct tcp_ep *ep = t->buckets[i], *next; ep; ep = next) {
            next = ep->hash_next;
            if (ep->state != TCP_TIME_WAIT) {
                struct tcp_sock *c = CONTAINER_OF(ep, struct tcp_sock, ep);

                if (!c->is_orphan)
                    tcp_release(&c->sk);
            }
        }
    }
}

u64 tcp_n_owed(const struct net *n)
{
    const struct tcp_table *t = n->tcp_table;
    u64 sum = 0;

    for (u32 i = 0; t && i < 1u << n->limits.hash_bits; i++) {
        for (const struct tcp_ep *ep = t->buckets[i]; ep; ep = ep->hash_next) {
            if (ep->state != TCP_TIME_WAIT) {
                const struct tcp_sock *c = CONTAINER_OF(ep, const struct tcp_sock, ep);

                sum += c->write_seq + c->fin_queued - c->snd_una;
            }
        }
    }
    return sum;
}
