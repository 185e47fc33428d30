/* Hostile DHCP answers: parsed within their bounds, and never believed blindly. */
/* libs: cmocka */
/* sources: tests/unit/net_host.c runtime/net */
#include "net_host.h"

#include <stdlib.h>

#include "net/dhcp.h"

static struct net net;
static struct host_dev dev;

/* The input is a list of answers: a length, then the bytes behind the fixed part. The transaction
 * id and the hardware address are put right. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    struct net_config cfg = {0};
    long pkts = host_n_pkts, heap = host_n_heap, pages = host_n_pages;
    u8 frame[2048];

    host_reset();
    host_seed = 1;
    host_dev_init(&dev, 1, 0);
    net_init(&net, &dev.nd);
    net_self = &net;
    net_configure(&net, &cfg);
    while (size >= 2) {
        u8 m[700] = {2, 1, 6};
        size_t len = MIN(size - 1, data[0] * 2u), n;
        memcpy(m + 3, data + 1, len);
        data += 1 + len;
        size -= 1 + len;
        while ((n = host_dev_take(&dev, frame, sizeof(frame))) != 0)
            if (n > 60 && frame[23] == 17)
                memcpy(m + 4, frame + 42 + 4, 4);
        memcpy(m + 28, dev.nd.mac, 6);
        memcpy(m + 236, "\x63\x82\x53\x63", 4);
        if (net.dhcp_input)
            net.dhcp_input(&net, m, MIN(sizeof(m), 3 + len));
        if (len & 1)
            host_pass(NSEC_PER_SEC << (len % 20));
        if (len & 2) { /* somebody has what we want, or wants what we have */
            u8 arp[60] = {255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 9, 8, 6,
                          0,   1,   8,   0,   6,   4,   0, 1, 2, 0, 0, 0, 0, 9};
            u32 ours = net.acd.addr ? net.acd.addr : net.eth.addr.v4;
            memcpy(arp + (len & 4 ? 28 : 38), &ours, 4);
            host_dev_give(&dev, arp, sizeof(arp));
        }
        if (net.eth.n_routes > NETIF_ROUTES)
            abort();
        if (strlen(host_resolv_conf()) > 256 || strlen(net_hostname()) >= NET_NAME_BYTES)
            abort();
        if (net.eth.has_addr && (net.eth.addr.v4 == 0 || (net.eth.addr.v4 & 0xff) == 127))
            abort();
    }
    host_net_free(&net);
    if (host_n_pkts != pkts || host_n_heap != heap || host_n_pages != pages)
        abort();
    return 0;
}
