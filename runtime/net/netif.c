/*
 * Frames out: to the device, or around the loopback. A full ring is back-pressure: TCP keeps its
 * segments and is resumed, everything else waits in a short queue here.
 */
#include "net/stack.h"

#include <errno.h>
#include <string.h>

#include "arch/copy.h"

static void txq_push(struct netif *nif, struct pkt *p)
{
    p->next = NULL;
    if (nif->txq_head)
        nif->txq_tail->next = p;
    else
        nif->txq_head = p;
    nif->txq_tail = p;
    nif->n_txq++;
}

static struct pkt *txq_pop(struct netif *nif)
{
    struct pkt *p = nif->txq_head;
    nif->txq_head = p->next;
    p->next = NULL;
    nif->n_txq--;
    return p;
}

/* The receiver strips headers and may keep the packet, while TCP keeps its own for retransmission:
 * so the loopback delivers a copy. */
static __attribute__((noinline)) int loop_tx(struct netif *nif, struct pkt *p)
{
    if (nif->n_txq >= nif->net->limits.txq_pkts) {
        nif->is_full = true;
        return -ENOSPC;
    }
    u32 room = PKT_DRIVER_HEADROOM + 2;
    bool is_small = room + p->len_bytes <= PKT_STORAGE_BYTES - sizeof(*p);
    struct pkt *q = is_small ? pkt_alloc_spare(room) : pkt_alloc_large(room, p->len_bytes);
    if (!q) {
        nif->net->stats.no_memory++;
        return -EIO;
    }
    copy_block(q->data, p->data, p->len_bytes);
    q->len_bytes = p->len_bytes;
    q->flags = BIT(PKT_CSUM_VALID);
    if (is_small && unlikely(q->cap_bytes > PKT_STORAGE_BYTES)) /* the pool is dry */
        q->flags |= BIT(PKT_BORROWED);
    txq_push(nif, q);
    nif->n_loop_pkts++;
    nif->n_loop_bytes += p->len_bytes;
    return 0;
}

int netif_tx_failed(struct netif *nif, int err)
{
    if (err == -ENOSPC) {
        nif->is_full = true;
        nif->net->stats.tx_full++;
        return err;
    }
    nif->net->stats.tx_dropped++;
    return -EIO;
}

int netif_tx(struct netif *nif, struct pkt *p)
{
    if (nif->is_loop)
        return loop_tx(nif, p);
    return unlikely(nif->is_full) ? -ENOSPC : netif_tx_inline(nif, p);
}

void netif_send(struct netif *nif, struct pkt *p)
{
    if (nif->is_loop || !nif->txq_head) {
        if (netif_tx(nif, p) != -ENOSPC) {
            pkt_put(p);
            return;
        }
    }
    if (nif->is_loop || nif->n_txq >= nif->net->limits.txq_pkts) {
        nif->net->stats.tx_dropped++;
        pkt_put(p);
        return;
    }
    txq_push(nif, p);
}

/* Drain what waits for the ring. Returns false if the ring is full again. */
static bool txq_run(struct netif *nif)
{
    while (nif->txq_head) {
        if (netif_tx(nif, nif->txq_head) == -ENOSPC)
            return false;
        pkt_put(txq_pop(nif));
    }
    return true;
}

NO_STACK_CHECK void net_resume(struct net *n)
{
    struct list todo;

    n->eth.is_full = false;
    if (n->eth.nd && !txq_run(&n->eth))
        return;
    if (list_empty(&n->blocked))
        return;
    todo = n->blocked; /* those who have to wait again go to the back of the emptied list */
    todo.next->prev = todo.prev->next = &todo;
    list_init(&n->blocked);
    while (!list_empty(&todo)) {
        struct tx_waiter *w = list_first(&todo, struct tx_waiter, node);
        list_remove(&w->node);
        w->resume(w);
        if (n->eth.is_full)
            break;
    }
    while (!list_empty(&todo)) {
        struct list *last = todo.prev;
        list_remove(last);
        list_push_front(&n->blocked, last);
    }
}

bool netif_loop_run(struct net *n)
{
    struct netif *nif = &n->loop;
    u32 count = nif->n_txq;                       /* what they provoke is for the next round */
    bool was_congested = netif_is_congested(nif); /* senders may wait since before it was full */

    if (!count)
        return false;
    while (count--) {
        struct pkt *p = txq_pop(nif);

        if (unlikely(p->flags & BIT(PKT_BORROWED)))
            netif_input_borrowed(nif, p);
        else
            eth_input(nif, p);
    }
    if (nif->is_full || was_congested) {
        nif->is_full = false;
        net_resume(n);
    }
    return true;
}
