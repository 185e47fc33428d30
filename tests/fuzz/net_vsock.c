/* Hostile vsock packets and any order of calls (virtio 1.2 §5.10.6): nothing crashes or is kept. */
/* libs: cmocka */
/* sources: tests/unit/net_host.c tests/unit/net_vsock_dev.c runtime/file/ring.c runtime/net */
#include "input.h"
#include "net_vsock_dev.h"

#include <linux/vm_sockets.h>
#include <stdlib.h>

#include "net/vsock.h"

#define SOCKS 8
#define PORTS 4 /* few, so that they meet */

/* Ports that mean something here: ours, and those that connect() takes. */
static u32 port(struct input *in, struct file **fs)
{
    u32 k = take(in);
    struct file *f = fs[k >> 4 & (SOCKS - 1)];

    return k & 8 && f ? CONTAINER_OF(f, struct vsock, sk.file)->local.port : k % PORTS;
}

static void packet(struct input *in, struct file **fs)
{
    u32 mode = take(in);
    struct vsock_hdr h = {.src_cid = VMADDR_CID_HOST,
                          .dst_cid = VDEV_CID,
                          .type = VSOCK_STREAM,
                          .op = (u16)(take(in) % 10),
                          .flags = mode & 3,
                          .buf_alloc = 4096};

    h.src_port = take(in) % PORTS;
    h.dst_port = port(in, fs);
    if (mode & 4)
        h.len_bytes = take(in) * (mode & 8 ? 200 : 1);
    if (mode & 16)
        h.buf_alloc = take32(in);
    if (mode & 32)
        h.fwd_cnt = mode & 64 ? take(in) * 100 : take32(in);
    if (mode & 128) {
        u32 k = take(in);
        h.type = k & 1 ? (u16)take(in) : VSOCK_STREAM;
        h.src_cid = k & 2 ? take(in) : h.src_cid;
        h.dst_cid = k & 4 ? (u64)take32(in) << (k >> 4) : h.dst_cid;
        h.op = k & 8 ? (u16)take32(in) : h.op;
    }
    if (!vdev.is_held && vsockdev_first())
        vdev_give(&h, 'x');
}

static void call(struct input *in, struct file **fs)
{
    u32 op = take(in), k = take(in);
    struct file **f = &fs[k & (SOCKS - 1)], *child;
    struct sockaddr_vm a = {.svm_family = AF_VSOCK, .svm_port = k >> 4 & (PORTS - 1)};
    static u8 buf[10000];
    u64 v;

    if (!*f) {
        if (vsock_create(SOCK_STREAM | SOCK_NONBLOCK, 0, f) != 0)
            *f = NULL;
        return;
    }
    switch (op % 12) {
    case 0:
        a.svm_cid = k & 8 ? VMADDR_CID_ANY : take(in);
        sock_bind(*f, (struct sockaddr *)&a, sizeof(a));
        break;
    case 1:
        sock_listen(*f, (int)(k >> 6));
        break;
    case 2:
        a.svm_cid = k & 8 ? VMADDR_CID_HOST : take(in);
        sock_connect(*f, (struct sockaddr *)&a, sizeof(a));
        break;
    case 3:
        if (sock_accept(*f, NULL, NULL, SOCK_NONBLOCK, &child) == 0) {
            struct file **to = &fs[take(in) & (SOCKS - 1)];
            if (*to)
                file_put(*to);
            *to = child;
        }
        break;
    case 4:
        sock_shutdown(*f, (int)(k >> 4) % 3);
        break;
    case 5:
        file_put(*f);
        *f = NULL;
        break;
    case 6:
    case 7:
        sock_send(*f, buf, take(in) * 39, 0);
        break;
    case 8:
    case 9:
        sock_recv(*f, buf, take(in) * 39, k & 8 ? MSG_PEEK : 0);
        break;
    case 10:
        v = (u64)take(in) << take(in) % 32;
        sock_setopt(*f, AF_VSOCK, (int)(k >> 4) % 9, &v, sizeof(v));
        break;
    case 11:
        (*f)->ops->poll(*f);
        break;
    }
}

/* What is promised, and what came of it. */
static void look(struct file **fs)
{
    struct vdev_packet p;

    if (vsock_usage.credit_bytes > vsock_limits.credit_bytes ||
        vsock_usage.n_socks > vsock_limits.n_socks)
        abort();
    for (u32 i = 0; i < SOCKS; i++) {
        struct vsock *s = fs[i] ? CONTAINER_OF(fs[i], struct vsock, sk.file) : NULL;
        if (s && s->state == VSOCK_CONNECTED &&
            (s->rx_cnt - s->fwd_cnt > s->buf_alloc || s->rx_cnt - s->fwd_cnt != ring_used(&s->in)))
            abort();
    }
    while (vdev_cap > 20 && vdev_take(&p))
        if (p.h.src_cid > UINT32_MAX || (p.h.len_bytes && p.h.op != VSOCK_OP_RW))
            abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    static bool has_begun;
    struct file *fs[SOCKS] = {0};
    struct input in = {data, size};
    struct vdev_packet p;
    long heap, pages;

    if (!has_begun) { /* the loopback's poller is added once */
        host_reset();
        has_begun = true;
        host_ram_pages = 512;
        vsock_loop();
    }
    vdev_reset();
    heap = host_n_heap;
    pages = host_n_pages;
    if (vsock_create(SOCK_STREAM | SOCK_NONBLOCK, 0, &fs[0]) != 0) /* the device has its user */
        abort();
    while (in.left) {
        u32 op = take(&in);

        switch (op & 15) {
        case 0:
            host_pass((u64)take(&in) * 50 * NSEC_PER_MSEC);
            break;
        case 1:
            vdev_set_cap(take(&in) % 64);
            break;
        case 2:
            host_heap_left = take(&in) & 3;
            host_pages_left = take(&in) & 3;
            break;
        case 3:
            host_heap_left = host_pages_left = -1;
            break;
        case 4:
            if (op >> 4 == 7)
                vdev_die();
            else if (op >> 4 == 6 && vsockdev_first()) {
                vdev.cid = VDEV_CID + take(&in);
                vdev.reset(&vdev);
            } else
                host_poll();
            break;
        case 5:
        case 6:
        case 7:
        case 8:
        case 9:
            call(&in, fs);
            break;
        default:
            packet(&in, fs);
        }
        look(fs);
    }
    host_heap_left = host_pages_left = -1;
    vdev_set_cap(VDEV_MAX);
    for (u32 i = 0; i < SOCKS; i++)
        if (fs[i])
            file_put(fs[i]);
    while (vdev_take(&p))
        ;
    host_pass(10 * NSEC_PER_SEC); /* the last orphans */
    while (vdev_take(&p))
        ;
    host_poll();
    if (vsock_usage.n_socks || vsock_usage.credit_bytes || host_n_heap != heap ||
        host_n_pages > pages + 1)
        abort();
    return 0;
}
