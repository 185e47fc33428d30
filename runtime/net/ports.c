/* Local ports: who has which, and picking one for those who do not care (RFC 6056). */
#include "net/sock_impl.h"

#include <errno.h>

#include "net/wire.h"

void port_table_init(struct port_table *t)
{
    for (u32 i = 0; i < PORT_BUCKETS; i++)
        list_init(&t->buckets[i]);
    t->is_busy = NULL;
}

static bool addrs_overlap(const struct sock *a, const struct sock *b)
{
    if (!(sock_takes(a) & sock_takes(b)))
        return false;
    return !a->has_addr || !b->has_addr || ip_addr_eq(&a->flow.local, &b->flow.local);
}

/* socket(7), SO_REUSEADDR and SO_REUSEPORT: two listeners share only with SO_REUSEPORT. */
static bool may_share(const struct sock *a, const struct sock *b)
{
    if (a->reuse_port && b->reuse_port)
        return true;
    return a->reuse_addr && b->reuse_addr && !a->is_listening && !b->is_listening;
}

static bool is_free(struct port_table *t, const struct sock *sk, u16 port)
{
    struct list *bucket = port_bucket(t, port);

    list_for_each (it, bucket) {
        const struct sock *o = list_entry(it, struct sock, port_node);
        if (o != sk && o->flow.lport == port && addrs_overlap(sk, o) && !may_share(sk, o))
            return false;
    }
    return sk->reuse_addr || !t->is_busy || !t->is_busy(sk->net, port);
}

bool port_is_taken(struct port_table *t, u16 port)
{
    struct list *bucket = port_bucket(t, port);

    list_for_each (it, bucket) {
        if (list_entry(it, struct sock, port_node)->flow.lport == port)
            return true;
    }
    return false;
}

bool port_may_listen(struct port_table *t, const struct sock *sk)
{
    struct list *bucket = port_bucket(t, sk->flow.lport);

    list_for_each (it, bucket) {
        const struct sock *o = list_entry(it, struct sock, port_node);
        if (o != sk && o->flow.lport == sk->flow.lport && o->is_listening && addrs_overlap(sk, o) &&
            !(sk->reuse_port && o->reuse_port))
            return false;
    }
    return true;
}

int port_bind(struct port_table *t, struct sock *sk, u16 port)
{
    u32 n_tries = 1;
    u32 p = be16(port);

    if (!port) { /* RFC 6056 §3.3.1: a random start, then one after the other */
        n_tries = PORT_LAST - PORT_FIRST + 1;
        p = PORT_FIRST + (u32)(net_random64() % n_tries);
    }
    for (; n_tries; n_tries--) {
        if (is_free(t, sk, be16(p))) {
            sk->flow.lport = be16(p);
            list_push_back(port_bucket(t, be16(p)), &sk->port_node);
            return 0;
        }
        if (++p > PORT_LAST)
            p = PORT_FIRST;
    }
    return -EADDRINUSE;
}

void port_unbind(struct sock *sk)
{
    list_remove(&sk->port_node);
}
