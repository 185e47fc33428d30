/* See peer.h. */
#include "peer.h"

#include <errno.h>
#include <string.h>

#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/icmp.h"
#include "lwip/inet_chksum.h"
#include "lwip/init.h"
#include "lwip/ip_addr.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/raw.h"
#include "lwip/stats.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"
#include "lwip/udp.h"
#include "netif/ethernet.h"

#define ECHO_ID 0x5eed

struct lwip_conn {
    struct tcp_pcb *pcb; /* NULL: it has ended */
    uint8_t *unread;
    size_t n_unread;
    int err;         /* that ended it, negative; 0 */
    uint32_t window; /* what it is to be bounded to; 0 = not */
    bool is_connected, at_end;
    struct lwip_conn *next; /* waiting for accept() */
};

static struct netif netif;
static void (*send_frame)(const void *frame, size_t len);
static uint32_t now_ms, random_state = 1;
static struct lwip_conn *accepted;
static struct udp_pcb *echo, *asker;
static struct raw_pcb *pinger;
static struct pbuf *answer;
static unsigned n_echoes;
static uint16_t echo_seq;

u32_t sys_now(void)
{
    return now_ms;
}

uint32_t lwip_random(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 8;
}

static int errno_of(err_t err)
{
    switch (err) {
    case ERR_OK:
        return 0;
    case ERR_MEM:
        return -EAGAIN;
    case ERR_RST:
        return -ECONNRESET;
    case ERR_ABRT:
        return -ECONNABORTED;
    case ERR_CLSD:
    case ERR_CONN:
        return -EPIPE;
    case ERR_RTE:
        return -ENETUNREACH;
    case ERR_USE:
        return -EADDRINUSE;
    default:
        return -EINVAL;
    }
}

/* --- the interface --- */

static err_t link_output(struct netif *nif, struct pbuf *p)
{
    (void)nif;
    uint8_t frame[1600];
    send_frame(frame, pbuf_copy_partial(p, frame, sizeof(frame), 0));
    return ERR_OK;
}

static err_t init_netif(struct netif *nif)
{
    nif->name[0] = 'e';
    nif->name[1] = 'n';
    nif->output = etharp_output;
    nif->linkoutput = link_output;
    nif->flags =
        NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
#if LWIP_IPV6
    nif->output_ip6 = ethip6_output;
    nif->flags |= NETIF_FLAG_MLD6;
#endif
    return ERR_OK;
}

static u8_t on_echo_reply(void *arg, struct raw_pcb *pcb, struct pbuf *p, const ip_addr_t *from)
{
    struct icmp_echo_hdr h;
    uint8_t data[1500];
    size_t len, header = (size_t)ip_current_header_tot_len();
    bool is_right = true;
    (void)arg, (void)pcb, (void)from;

    if (pbuf_copy_partial(p, &h, sizeof(h), (u16_t)header) != sizeof(h) || h.type != 0 ||
        h.id != lwip_htons(ECHO_ID) || h.seqno != lwip_htons(echo_seq) || !IP_IS_V4(from))
        return 0;
    len = pbuf_copy_partial(p, data, sizeof(data), (u16_t)(header + sizeof(h)));
    for (size_t i = 0; i < len; i++)
        is_right = is_right && data[i] == (uint8_t)(i * 7);
    n_echoes += is_right;
    pbuf_free(p);
    return 1;
}

static void peer_start(const char *addr4, const char *addr6, const uint8_t mac[6],
                       unsigned mtu_bytes, void (*send)(const void *frame, size_t len))
{
    ip4_addr_t addr, mask, gateway = {0};

    send_frame = send;
    lwip_init();
    ip4addr_aton(addr4, &addr);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    netif_add(&netif, &addr, &mask, &gateway, NULL, init_netif, ethernet_input);
    netif.hwaddr_len = 6;
    memcpy(netif.hwaddr, mac, 6);
    netif.mtu = (u16_t)mtu_bytes;
    netif_set_default(&netif);
    netif_set_up(&netif);
#if LWIP_IPV6
    netif_create_ip6_linklocal_address(&netif, 1);
    netif_ip6_addr_set_state(&netif, 0, IP6_ADDR_PREFERRED);
    if (addr6) {
        ip6_addr_t a;
        ip6addr_aton(addr6, &a);
        netif_ip6_addr_set(&netif, 1, &a);
        netif_ip6_addr_set_state(&netif, 1, IP6_ADDR_PREFERRED);
    }
#else
    (void)addr6;
#endif
    pinger = raw_new(IP_PROTO_ICMP);
    raw_recv(pinger, on_echo_reply, NULL);
    raw_bind(pinger, IP_ADDR_ANY);
}

static void peer_input(const void *frame, size_t len)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_RAM);

    pbuf_take(p, frame, (u16_t)len);
    if (netif.input(p, &netif) != ERR_OK)
        pbuf_free(p);
}

static uint32_t peer_run(uint32_t ms)
{
    now_ms = ms;
    sys_check_timeouts();
    return sys_timeouts_sleeptime();
}

/* --- connections --- */

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct lwip_conn *c = arg;
    (void)pcb, (void)err;

    if (!p) {
        c->at_end = true;
        return ERR_OK;
    }
    /* A chain of pbufs counts its bytes in 16 bits: too few for the window. */
    c->unread = realloc(c->unread, c->n_unread + p->tot_len);
    c->n_unread += pbuf_copy_partial(p, c->unread + c->n_unread, p->tot_len, 0);
    pbuf_free(p);
    return ERR_OK;
}

static void on_err(void *arg, err_t err)
{
    struct lwip_conn *c = arg;

    c->pcb = NULL; /* lwIP has freed it */
    c->err = errno_of(err);
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct lwip_conn *c = arg;
    (void)err;

    c->is_connected = true;
    if (c->window)
        pcb->rcv_wnd = pcb->rcv_ann_wnd = (tcpwnd_size_t)c->window;
    return ERR_OK;
}

static struct lwip_conn *conn_new(struct tcp_pcb *pcb)
{
    struct lwip_conn *c = calloc(1, sizeof(*c));

    c->pcb = pcb;
    tcp_arg(pcb, c);
    tcp_recv(pcb, on_recv);
    tcp_err(pcb, on_err);
    return c;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct lwip_conn *c, **last = &accepted;
    (void)arg;

    if (err != ERR_OK)
        return ERR_VAL;
    c = conn_new(pcb);
    c->is_connected = true;
    while (*last)
        last = &(*last)->next;
    *last = c;
    return ERR_OK;
}

/* Is c->pcb still there? lwIP frees one that ended well without a word, and another may have got
 * its place. */
static bool is_alive(const struct lwip_conn *c)
{
    struct tcp_pcb *const lists[] = {tcp_active_pcbs, tcp_tw_pcbs};

    for (int i = 0; i < 2; i++)
        for (const struct tcp_pcb *pcb = lists[i]; pcb; pcb = pcb->next)
            if (pcb == c->pcb && pcb->callback_arg == c)
                return true;
    return false;
}

static int peer_listen(uint16_t port)
{
    struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
    err_t err;

    err = tcp_bind(pcb, IP_ANY_TYPE, port);
    if (err == ERR_OK)
        tcp_accept(tcp_listen(pcb), on_accept);
    else
        tcp_close(pcb);
    return errno_of(err);
}

static struct lwip_conn *peer_accept(void)
{
    struct lwip_conn *c = accepted;

    if (c)
        accepted = c->next;
    return c;
}

static struct lwip_conn *peer_connect(const char *addr, uint16_t port, uint16_t from_port)
{
    struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
    struct lwip_conn *c = conn_new(pcb);
    ip_addr_t ip;
    err_t err;

    ipaddr_aton(addr, &ip);
    if (from_port)
        tcp_bind(pcb, IP_ANY_TYPE, from_port);
    err = tcp_connect(pcb, &ip, port, on_connected);
    c->err = errno_of(err);
    return c;
}

static void peer_set_window(struct lwip_conn *c, uint32_t bytes)
{
    c->window = bytes;
    if (c->is_connected)
        on_connected(c, c->pcb, ERR_OK);
}

static ssize_t peer_send(struct lwip_conn *c, const void *data, size_t len)
{
    err_t err;

    if (!is_alive(c))
        return c->err ? c->err : -EPIPE;
    if (len > tcp_sndbuf(c->pcb))
        len = tcp_sndbuf(c->pcb);
    if (len > 0xffff)
        len = 0xffff;
    if (!len || tcp_sndqueuelen(c->pcb) >= TCP_SND_QUEUELEN - 2)
        return -EAGAIN;
    err = tcp_write(c->pcb, data, (u16_t)len, TCP_WRITE_FLAG_COPY);
    if (err != ERR_OK)
        return errno_of(err);
    tcp_output(c->pcb);
    return (ssize_t)len;
}

static ssize_t peer_recv(struct lwip_conn *c, void *buf, size_t len)
{
    if (!c->n_unread)
        return c->err ? c->err : c->at_end ? 0 : -EAGAIN;
    if (len > c->n_unread)
        len = c->n_unread;
    if (len > 0xffff)
        len = 0xffff;
    memcpy(buf, c->unread, len);
    c->n_unread -= len;
    memmove(c->unread, c->unread + len, c->n_unread);
    if (is_alive(c))
        tcp_recved(c->pcb, (u16_t)len);
    return (ssize_t)len;
}

static int peer_shutdown(struct lwip_conn *c)
{
    if (!is_alive(c))
        return c->err;
    /* lwIP 2.1.3 leaves the FIN where it was when it splits the last segment for a small window. */
    if (c->pcb->unsent)
        return -EAGAIN;
    return errno_of(tcp_shutdown(c->pcb, 0, 1));
}

static void conn_free(struct lwip_conn *c)
{
    free(c->unread);
    free(c);
}

static void detach(struct tcp_pcb *pcb)
{
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_err(pcb, NULL);
}

static void peer_close(struct lwip_conn *c)
{
    if (is_alive(c)) {
        detach(c->pcb);
        tcp_close(c->pcb);
    }
    conn_free(c);
}

static void peer_abort(struct lwip_conn *c)
{
    if (is_alive(c)) {
        detach(c->pcb);
        tcp_abort(c->pcb);
    }
    conn_free(c);
}

static bool peer_is_connected(const struct lwip_conn *c)
{
    return c->is_connected;
}

static unsigned peer_n_conns(void)
{
    unsigned n = 0;

    for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
        n++;
    for (const struct tcp_pcb *pcb = tcp_tw_pcbs; pcb; pcb = pcb->next)
        n++;
    return n;
}

/* --- datagrams --- */

static void on_datagram(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from,
                        u16_t port)
{
    (void)arg;
    udp_sendto(pcb, p, from, port);
    pbuf_free(p);
}

static void on_answer(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from,
                      u16_t port)
{
    (void)arg, (void)pcb, (void)from, (void)port;
    if (answer)
        pbuf_free(answer);
    answer = p;
}

static int peer_udp_echo(uint16_t port)
{
    if (echo)
        return 0;
    echo = udp_new_ip_type(IPADDR_TYPE_ANY);
    udp_recv(echo, on_datagram, NULL);
    return errno_of(udp_bind(echo, IP_ANY_TYPE, port));
}

static int peer_udp_send(const char *addr, uint16_t port, const void *data, size_t len)
{
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len, PBUF_RAM);
    ip_addr_t ip;
    err_t err;

    if (!asker) {
        asker = udp_new_ip_type(IPADDR_TYPE_ANY);
        udp_recv(asker, on_answer, NULL);
        udp_bind(asker, IP_ANY_TYPE, 0);
    }
    if (answer)
        pbuf_free(answer);
    answer = NULL;
    ipaddr_aton(addr, &ip);
    pbuf_take(p, data, (u16_t)len);
    err = udp_sendto(asker, p, &ip, port);
    pbuf_free(p);
    return errno_of(err);
}

static ssize_t peer_udp_recv(void *buf, size_t len)
{
    ssize_t n;

    if (!answer)
        return -EAGAIN;
    n = pbuf_copy_partial(answer, buf, (u16_t)len, 0);
    pbuf_free(answer);
    answer = NULL;
    return n;
}

static int peer_ping(const char *addr, size_t data_len)
{
    struct pbuf *p =
        pbuf_alloc(PBUF_IP, (u16_t)(sizeof(struct icmp_echo_hdr) + data_len), PBUF_RAM);
    struct icmp_echo_hdr *h = p->payload;
    ip_addr_t ip;
    err_t err;

    memset(h, 0, sizeof(*h));
    h->type = ICMP_ECHO;
    h->id = lwip_htons(ECHO_ID);
    h->seqno = lwip_htons(++echo_seq);
    for (size_t i = 0; i < data_len; i++)
        ((uint8_t *)(h + 1))[i] = (uint8_t)(i * 7);
    h->chksum = inet_chksum(h, p->len);
    ipaddr_aton(addr, &ip);
    err = raw_sendto(pinger, p, &ip);
    pbuf_free(p);
    return errno_of(err);
}

static unsigned peer_ping_answers(void)
{
    return n_echoes;
}

static struct lwip_stats peer_stats(void)
{
    const struct stats_proto *t = &lwip_stats.tcp, *ip = &lwip_stats.ip;

    return (struct lwip_stats){.sent = t->xmit,
                               .received = t->recv,
                               .bad = t->chkerr + t->lenerr + t->opterr + t->rterr + ip->chkerr +
                                      ip->lenerr + ip->opterr};
}

#ifdef LWIP_PEER_TINY
#define PEER lwip_tiny
#else
#define PEER lwip_full
#endif
const struct lwip_peer PEER = {.start = peer_start,
                               .input = peer_input,
                               .run = peer_run,
                               .listen = peer_listen,
                               .accept = peer_accept,
                               .connect = peer_connect,
                               .set_window = peer_set_window,
                               .send = peer_send,
                               .recv = peer_recv,
                               .shutdown = peer_shutdown,
                               .close = peer_close,
                               .abort = peer_abort,
                               .is_connected = peer_is_connected,
                               .n_conns = peer_n_conns,
                               .udp_echo = peer_udp_echo,
                               .udp_send = peer_udp_send,
                               .udp_recv = peer_udp_recv,
                               .ping = peer_ping,
                               .ping_answers = peer_ping_answers,
                               .stats = peer_stats};
