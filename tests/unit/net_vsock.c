/* AF_VSOCK (virtio 1.2 §5.10.6, vsock(7)): states, credit, room, ends, and a host that lies. */
/* Still one thing: one family, whose state is static, and one device in front of it. */
/* sources: tests/unit/net_host.c tests/unit/net_vsock_dev.c runtime/file/ring.c runtime/net */
#include "net_vsock_dev.h"

#include <linux/vm_sockets.h>

#include "net/vsock.h"
#include "sched/clock.h"

#define HOST VMADDR_CID_HOST
#define PORT 5000

static struct vsock_usage usage; /* before the test, and so the next two */
static long n_heap, n_pages;

static int setup(void **state)
{
    (void)state;
    vdev_reset();
    memset(&vsock_stats, 0, sizeof(vsock_stats));
    usage = vsock_usage;
    n_heap = host_n_heap;
    n_pages = host_n_pages;
    return 0;
}

/* Everything has been given back. */
static int teardown(void **state)
{
    (void)state;
    host_heap_left = host_pages_left = -1;
    host_signal = false;
    host_idle = NULL;
    vdev_set_cap(VDEV_MAX);
    host_pass(9 * NSEC_PER_SEC); /* the last orphans */
    assert_int_equal(vsock_usage.n_socks, usage.n_socks);
    assert_int_equal(vsock_usage.credit_bytes, usage.credit_bytes);
    assert_int_equal(host_n_heap, n_heap);
    assert_true(host_n_pages <= n_pages + 1); /* the loopback keeps one */
    return 0;
}

/* ---- the service's side */

static struct sockaddr_vm addr(u32 cid, u32 port)
{
    return (struct sockaddr_vm){.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port};
}

static struct file *sock_new(int flags)
{
    struct file *f;

    assert_int_equal(vsock_create(SOCK_STREAM | flags, 0, &f), 0);
    return f;
}

static int do_bind(struct file *f, u32 cid, u32 port)
{
    struct sockaddr_vm a = addr(cid, port);

    return sock_bind(f, (struct sockaddr *)&a, sizeof(a));
}

static int do_connect(struct file *f, u32 cid, u32 port)
{
    struct sockaddr_vm a = addr(cid, port);

    return sock_connect(f, (struct sockaddr *)&a, sizeof(a));
}

static struct file *listener(int backlog)
{
    struct file *f = sock_new(SOCK_NONBLOCK);

    assert_int_equal(do_bind(f, VMADDR_CID_ANY, PORT), 0);
    assert_int_equal(sock_listen(f, backlog), 0);
    return f;
}

static struct vsock *vs(struct file *f)
{
    return CONTAINER_OF(f, struct vsock, sk.file);
}

static u32 events(struct file *f)
{
    return f->ops->poll(f) & (EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP);
}

static int so_error(struct file *f)
{
    int v = -1;
    socklen_t len = sizeof(v);

    assert_int_equal(sock_getopt(f, SOL_SOCKET, SO_ERROR, &v, &len), 0);
    return v;
}

/* ---- the host's side */

static struct vsock_hdr from_host(u32 src_port, u32 dst_port, u16 op)
{
    return (struct vsock_hdr){.src_cid = HOST,
                              .dst_cid = VDEV_CID,
                              .src_port = src_port,
                              .dst_port = dst_port,
                              .type = VSOCK_STREAM,
                              .op = op,
                              .buf_alloc = 4096};
}

static void give(u32 src_port, u32 dst_port, u16 op)
{
    struct vsock_hdr h = from_host(src_port, dst_port, op);

    vdev_give(&h, 0);
}

static void give_credit(u32 src_port, u32 dst_port, u32 buf_alloc, u32 fwd_cnt)
{
    struct vsock_hdr h = from_host(src_port, dst_port, VSOCK_OP_CREDIT_UPD);

    h.buf_alloc = buf_alloc;
    h.fwd_cnt = fwd_cnt;
    vdev_give(&h, 0);
}

static void give_data(u32 src_port, u32 dst_port, u32 len)
{
    struct vsock_hdr h = from_host(src_port, dst_port, VSOCK_OP_RW);

    h.len_bytes = len;
    vdev_give(&h, 'd');
}

static void give_shutdown(u32 src_port, u32 dst_port, u32 flags)
{
    struct vsock_hdr h = from_host(src_port, dst_port, VSOCK_OP_SHUTDOWN);

    h.flags = flags;
    vdev_give(&h, 0);
}

static struct vdev_packet last;

static void expect_nothing(void)
{
    if (vdev_take(&last))
        fail_msg("sent: op %u, flags %u, %u bytes", last.h.op, last.h.flags, last.h.len_bytes);
}

static void expect(u16 op, u32 src_port, u32 dst_port)
{
    assert_true(vdev_take(&last));
    assert_int_equal(last.h.op, op);
    assert_int_equal(last.h.src_cid, VDEV_CID);
    assert_int_equal(last.h.dst_cid, HOST);
    assert_int_equal(last.h.src_port, src_port);
    assert_int_equal(last.h.dst_port, dst_port);
}

/* A connection from the host's port @port, accepted; its listener is closed. */
static struct file *accepted(u32 port)
{
    struct file *l = listener(1), *f;

    give(port, PORT, VSOCK_OP_REQUEST);
    expect(VSOCK_OP_RESPONSE, PORT, port);
    assert_int_equal(sock_accept(l, NULL, NULL, SOCK_NONBLOCK, &f), 0);
    file_put(l);
    return f;
}

/* The host ends it. */
static void finish(struct file *f, u32 port)
{
    give(port, PORT, VSOCK_OP_RST);
    file_put(f);
}

/* ---- connect() */

static u16 answer_op;
static struct file *asking;

static void answer(void)
{
    u32 port = vs(asking)->local.port;

    while (vdev_take(&last))
        if (last.h.op == VSOCK_OP_REQUEST) {
            give(77, port, answer_op);
            break;
        }
}

static void connects(void **state)
{
    struct sockaddr_vm a;
    socklen_t len = sizeof(a);

    (void)state;
    asking = sock_new(0);
    answer_op = VSOCK_OP_RESPONSE;
    host_idle = answer;
    assert_int_equal(do_connect(asking, HOST, 77), 0);
    assert_int_equal(last.h.dst_port, 77);
    assert_int_equal(last.h.type, VSOCK_STREAM);
    assert_true(last.h.buf_alloc > 0);
    assert_int_equal(do_connect(asking, HOST, 77), -EISCONN);
    assert_int_equal(sock_getname(asking, (void *)&a, &len, true), 0);
    assert_int_equal(a.svm_cid, HOST);
    assert_int_equal(a.svm_port, 77);
    assert_int_equal(sock_getname(asking, (void *)&a, &len, false), 0);
    assert_int_equal(a.svm_cid, VMADDR_CID_ANY);
    assert_int_equal(events(asking), EPOLLOUT);
    give(77, vs(asking)->local.port, VSOCK_OP_RST);
    file_put(asking);
}

static void connect_refused(void **state)
{
    (void)state;
    asking = sock_new(0);
    answer_op = VSOCK_OP_RST;
    host_idle = answer;
    assert_int_equal(do_connect(asking, HOST, 77), -ECONNRESET);
    assert_int_equal(events(asking), EPOLLERR | EPOLLOUT);
    assert_int_equal(so_error(asking), ECONNRESET);
    answer_op = VSOCK_OP_RESPONSE; /* and another time it works */
    assert_int_equal(do_connect(asking, HOST, 77), 0);
    file_put(asking);
}

static void connect_answered_wrongly(void **state)
{
    u32 port;

    (void)state;
    asking = sock_new(0);
    answer_op = VSOCK_OP_RW;
    host_idle = answer;
    assert_int_equal(do_connect(asking, HOST, 77), -EPROTO);
    port = vs(asking)->local.port;
    expect(VSOCK_OP_RST, port, 77);
    answer_op = VSOCK_OP_INVALID; /* as if nothing had come */
    assert_int_equal(do_connect(asking, HOST, 77), -ETIMEDOUT);
    file_put(asking);
}

static void connect_times_out(void **state)
{
    u64 start = host_now_ns;
    struct file *f = sock_new(0);

    (void)state;
    assert_int_equal(do_connect(f, HOST, 77), -ETIMEDOUT);
    assert_int_equal(host_now_ns - start, 2 * NSEC_PER_SEC);
    assert_int_equal(so_error(f), 0);
    assert_int_equal(events(f), EPOLLOUT);
    expect(VSOCK_OP_REQUEST, vs(f)->local.port, 77);
    give(77, vs(f)->local.port, VSOCK_OP_RESPONSE); /* too late */
    expect(VSOCK_OP_RST, vs(f)->local.port, 77);
    file_put(f);
}

static void connect_without_waiting(void **state)
{
    struct file *f = sock_new(SOCK_NONBLOCK);

    (void)state;
    assert_int_equal(do_connect(f, HOST, 77), -EINPROGRESS);
    assert_int_equal(do_connect(f, HOST, 77), -EALREADY);
    assert_int_equal(events(f), 0);
    host_pass(2 * NSEC_PER_SEC);
    assert_int_equal(events(f), EPOLLERR | EPOLLOUT);
    assert_int_equal(so_error(f), ETIMEDOUT);
    assert_int_equal(do_connect(f, HOST, 78), -EINPROGRESS);
    give(78, vs(f)->local.port, VSOCK_OP_RESPONSE);
    assert_int_equal(events(f), EPOLLOUT);
    assert_int_equal(do_connect(f, HOST, 78), -EISCONN);
    host_pass(10 * NSEC_PER_SEC); /* the time limit was connect()'s */
    assert_int_equal(events(f), EPOLLOUT);
    give(78, vs(f)->local.port, VSOCK_OP_RST);
    file_put(f);
}

static void connect_interrupted(void **state)
{
    struct file *f = sock_new(0);

    (void)state;
    host_signal = true;
    assert_int_equal(do_connect(f, HOST, 77), -EINTR);
    host_signal = false;
    give(77, vs(f)->local.port, VSOCK_OP_RESPONSE);
    assert_int_equal(events(f), EPOLLOUT);
    assert_int_equal(sock_send(f, "x", 1, 0), -ENOTCONN);
    file_put(f);
}

static void connect_then_close(void **state)
{
    struct file *f = sock_new(SOCK_NONBLOCK);
    u32 port;

    (void)state;
    assert_int_equal(do_connect(f, HOST, 77), -EINPROGRESS);
    port = vs(f)->local.port;
    file_put(f);
    expect(VSOCK_OP_REQUEST, port, 77);
    give(77, port, VSOCK_OP_RESPONSE);
    expect(VSOCK_OP_RST, port, 77);
}

static void no_device(void **state)
{
    struct file *f = sock_new(SOCK_NONBLOCK);

    (void)state;
    vdev_exists = false;
    assert_int_equal(do_connect(f, 77, 1), -ENODEV);
    assert_int_equal(do_bind(f, VDEV_CID, 1), -EADDRNOTAVAIL);
    assert_int_equal(do_bind(f, VMADDR_CID_LOCAL, 1), 0);
    file_put(f);
}

/* ---- listening */

static void accepts(void **state)
{
    struct file *l = listener(5), *f;
    struct sockaddr_vm a;
    socklen_t len = sizeof(a);

    (void)state;
    assert_int_equal(sock_accept(l, NULL, NULL, 0, &f), -EAGAIN);
    give(77, PORT, VSOCK_OP_REQUEST);
    expect(VSOCK_OP_RESPONSE, PORT, 77);
    assert_int_equal(events(l), EPOLLIN);
    assert_int_equal(sock_accept(l, (void *)&a, &len, 0, &f), 0);
    assert_int_equal(a.svm_cid, HOST);
    assert_int_equal(a.svm_port, 77);
    assert_int_equal(sock_getname(f, (void *)&a, &len, false), 0);
    assert_int_equal(a.svm_cid, VDEV_CID);
    assert_int_equal(a.svm_port, PORT);
    assert_int_equal(events(l), 0);
    finish(f, 77);
    file_put(l);
}

static void backlog_is_bounded(void **state)
{
    struct file *l = listener(3), *f;

    (void)state;
    for (u32 i = 0; i < 4; i++) {
        give(100 + i, PORT, VSOCK_OP_REQUEST);
        expect(VSOCK_OP_RESPONSE, PORT, 100 + i);
    }
    give(104, PORT, VSOCK_OP_REQUEST);
    expect(VSOCK_OP_RST, PORT, 104);
    assert_int_equal(sock_accept(l, NULL, NULL, 0, &f), 0);
    finish(f, 100);
    give(104, PORT, VSOCK_OP_REQUEST);
    expect(VSOCK_OP_RESPONSE, PORT, 104);
    file_put(l); /* with four in its queue */
    for (u32 i = 1; i < 5; i++) {
        expect(VSOCK_OP_SHUTDOWN, PORT, 100 + i);
        assert_int_equal(last.h.flags, VSOCK_SHUT_RCV | VSOCK_SHUT_SEND);
        give(100 + i, PORT, VSOCK_OP_RST);
    }
    expect_nothing();
    assert_int_equal(vsock_stats.in_refused, 1);
}

static void listens_at_its_address(void **state)
{
    struct file *l = sock_new(0), *l2 = sock_new(0);
    struct vsock_hdr h = from_host(77, PORT, VSOCK_OP_REQUEST);

    (void)state;
    assert_int_equal(do_bind(l, VMADDR_CID_LOCAL, PORT), 0);
    assert_int_equal(sock_listen(l, 1), 0);
    vdev_give(&h, 0);
    expect(VSOCK_OP_RST, PORT, 77);
    assert_int_equal(do_bind(l2, VDEV_CID, PORT), 0); /* another address, the same port */
    assert_int_equal(sock_listen(l2, 1), 0);
    vdev_give(&h, 0);
    expect(VSOCK_OP_RESPONSE, PORT, 77);
    give(77, PORT, VSOCK_OP_RST);
    file_put(l);
    file_put(l2);
}

static void strangers(void **state)
{
    struct file *l = listener(1);
    struct vsock_hdr h;

    (void)state;
    for (u16 op = 0; op < 20; op++) {
        if (op == VSOCK_OP_REQUEST)
            continue;
        give(77, PORT, op);
        if (op != VSOCK_OP_RST)
            expect(VSOCK_OP_RST, PORT, 77);
        expect_nothing();
    }
    h = from_host(77, PORT, VSOCK_OP_REQUEST);
    h.type = 2;
    vdev_give(&h, 0);
    expect(VSOCK_OP_RST, PORT, 77);
    assert_int_equal(last.h.type, 2);
    h.type = VSOCK_STREAM;
    h.dst_cid = VDEV_CID + 1;
    vdev_give(&h, 0);
    h.dst_cid = VDEV_CID | 1ull << 32;
    vdev_give(&h, 0);
    h.dst_cid = VDEV_CID;
    h.src_cid = HOST | 1ull << 32;
    vdev_give(&h, 0);
    expect_nothing();
    assert_int_equal(vsock_stats.in_wrong_cid, 3);
    file_put(l);
}

/* ---- sending */

static void sends_what_there_is_credit_for(void **state)
{
    struct file *f = accepted(77);
    static u8 data[5000];

    (void)state;
    memset(data, 's', sizeof(data));
    assert_int_equal(sock_send(f, data, sizeof(data), 0), 4096);
    for (u32 left = 4096; left; left -= last.h.len_bytes) {
        expect(VSOCK_OP_RW, PORT, 77);
        assert_int_equal(last.h.len_bytes, MIN(left, VDEV_BYTES));
        assert_int_equal(last.data[last.h.len_bytes - 1], 's');
    }
    assert_int_equal(events(f), 0);
    expect(VSOCK_OP_CREDIT_REQ, PORT, 77);
    assert_int_equal(sock_send(f, data, 1, 0), -EAGAIN);
    expect_nothing(); /* asked once */
    give_credit(77, PORT, 4096, 100);
    assert_int_equal(events(f), EPOLLOUT);
    assert_int_equal(sock_send(f, data, 200, 0), 100);
    give_credit(77, PORT, 50, 4196); /* smaller than it was */
    expect(VSOCK_OP_RW, PORT, 77);
    expect(VSOCK_OP_CREDIT_REQ, PORT, 77);
    assert_int_equal(sock_send(f, data, 200, 0), 50);
    give_credit(77, PORT, 10, 4196); /* below what is on its way */
    assert_int_equal(sock_send(f, data, 1, 0), -EAGAIN);
    give_credit(77, PORT, 0, 4246);
    assert_int_equal(events(f), 0);
    give_credit(77, PORT, UINT32_MAX, 4246);
    assert_int_equal(sock_send(f, data, 200, 0), 200);
    finish(f, 77);
}

static void credit_counts_wrap(void **state)
{
    struct file *f = accepted(77);
    static u8 data[3000];
    u32 cnt = 0;

    (void)state;
    vs(f)->tx_cnt = vs(f)->peer_fwd_cnt = UINT32_MAX - 10000;
    vs(f)->rx_cnt = vs(f)->fwd_cnt = vs(f)->told_fwd_cnt = UINT32_MAX - 10000;
    cnt = UINT32_MAX - 10000;
    for (unsigned i = 0; i < 20; i++) {
        give_credit(77, PORT, 4096, cnt);
        assert_int_equal(sock_send(f, data, sizeof(data), 0), sizeof(data));
        cnt += sizeof(data);
        give_data(77, PORT, 3000);
        assert_int_equal(sock_recv(f, data, sizeof(data), 0), 3000);
        while (vdev_take(&last))
            ;
    }
    assert_int_equal(vsock_stats.credit_overflows, 0);
    finish(f, 77);
}

static void impossible_credit_is_not_taken(void **state)
{
    struct file *f = accepted(77);
    static u8 data[3000];

    (void)state;
    assert_int_equal(sock_send(f, data, 3000, 0), 3000);
    give_credit(77, PORT, 1 << 20, 3001); /* more than was sent */
    give_credit(77, PORT, 4096, 1000);
    give_credit(77, PORT, 1 << 20, 999); /* less than had been */
    give_credit(77, PORT, 1 << 20, 0x80000000);
    assert_int_equal(vsock_credit(vs(f)), 4096 - 2000);
    assert_int_equal(vsock_stats.in_bad, 3);
    finish(f, 77);
}

static u32 credit_later;

static void credit_comes(void)
{
    if (vdev_n)
        while (vdev_take(&last))
            credit_later += last.h.len_bytes;
    give_credit(77, PORT, 1000, credit_later);
}

static void waits_for_credit(void **state)
{
    struct file *f = accepted(77);
    static u8 data[50000];

    (void)state;
    f->flags &= ~(u32)O_NONBLOCK;
    credit_later = 0;
    host_idle = credit_comes;
    assert_int_equal(sock_send(f, data, sizeof(data), 0), sizeof(data));
    host_idle = NULL;
    finish(f, 77);
}

static void send_ends(void **state)
{
    struct file *f = accepted(77);
    static u8 data[5000];

    (void)state;
    assert_int_equal(sock_send(f, data, 0, 0), 0);
    give_shutdown(77, PORT, VSOCK_SHUT_RCV);
    assert_int_equal(sock_send(f, data, 1, 0), -EPIPE);
    give_data(77, PORT, 5); /* it still sends */
    assert_int_equal(sock_recv(f, data, 100, 0), 5);
    finish(f, 77);

    f = accepted(78);
    assert_int_equal(sock_shutdown(f, SHUT_WR), 0);
    assert_int_equal(sock_send(f, data, 1, 0), -EPIPE);
    finish(f, 78);
}

/* ---- receiving */

static void tells_of_credit(void **state)
{
    struct file *f = accepted(77);
    u32 alloc = last.h.buf_alloc;
    static u8 buf[65536];

    (void)state;
    assert_int_equal(alloc, vsock_limits.start_bytes);
    give_data(77, PORT, alloc);
    assert_int_equal(sock_recv(f, buf, alloc / 2, 0), alloc / 2);
    expect_nothing();
    assert_int_equal(sock_recv(f, buf, 1, 0), 1);
    expect(VSOCK_OP_CREDIT_UPD, PORT, 77);
    assert_int_equal(last.h.fwd_cnt, alloc / 2 + 1);
    assert_int_equal(last.h.buf_alloc, MIN(2 * alloc, RING_BYTES)); /* and is given more */
    assert_int_equal(sock_recv(f, buf, sizeof(buf), 0), alloc / 2 - 1);
    give(77, PORT, VSOCK_OP_CREDIT_REQ);
    expect(VSOCK_OP_CREDIT_UPD, PORT, 77);
    assert_int_equal(last.h.fwd_cnt, alloc);
    finish(f, 77);
}

static void more_than_its_credit(void **state)
{
    struct file *f = accepted(77);
    u32 alloc = last.h.buf_alloc;
    u8 buf[10];

    (void)state;
    give_data(77, PORT, alloc);
    assert_int_equal(sock_recv(f, buf, 10, 0), 10); /* which it has not been told */
    give_data(77, PORT, 11);
    expect(VSOCK_OP_RST, PORT, 77);
    assert_int_equal(events(f) & EPOLLERR, EPOLLERR);
    assert_int_equal(so_error(f), ECONNRESET);
    assert_int_equal(sock_recv(f, buf, 10, 0), -ENOTCONN);
    assert_int_equal(vsock_stats.credit_overflows, 1);
    file_put(f);
    expect_nothing();
}

static void buffer_size_is_the_credit(void **state)
{
    struct file *l = listener(1), *f;
    u64 size = 1000, big = 1 << 20;
    u8 buf[2000];

    (void)state;
    assert_int_equal(sock_setopt(l, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, sizeof(size)), 0);
    give(77, PORT, VSOCK_OP_REQUEST);
    expect(VSOCK_OP_RESPONSE, PORT, 77);
    assert_int_equal(last.h.buf_alloc, 1000);
    assert_int_equal(sock_accept(l, NULL, NULL, SOCK_NONBLOCK, &f), 0);
    give_data(77, PORT, 600);
    assert_int_equal(sock_recv(f, buf, sizeof(buf), 0), 600);
    expect(VSOCK_OP_CREDIT_UPD, PORT, 77);
    assert_int_equal(last.h.buf_alloc, 1000);
    size = 500; /* what has been promised stays promised */
    assert_int_equal(sock_setopt(f, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, sizeof(size)), 0);
    give_data(77, PORT, 1000);
    assert_int_equal(sock_recv(f, buf, 501, 0), 501);
    give_data(77, PORT, 501);
    assert_int_equal(sock_recv(f, buf, sizeof(buf), 0), 1000);
    assert_int_equal(sock_setopt(f, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &big, 8), 0);
    assert_int_equal(sock_setopt(f, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &big, 8), 0);
    while (vdev_take(&last))
        ;
    assert_int_equal(last.h.op, VSOCK_OP_CREDIT_UPD);
    assert_int_equal(last.h.buf_alloc, RING_BYTES);
    finish(f, 77);
    file_put(l);
}

/* All that is promised fits the limit; who comes when nothing is left is refused. */
static void promises_are_bounded(void **state)
{
    u32 was = vsock_limits.credit_bytes, n = 0;
    struct file *l = listener(4096), *f[64];
    static u8 buf[65536];

    (void)state;
    vsock_limits.credit_bytes = 200000;
    for (u32 i = 0; i < 64; i++) {
        give(100 + i, PORT, VSOCK_OP_REQUEST);
        assert_true(vdev_take(&last));
        n += last.h.op == VSOCK_OP_RESPONSE;
    }
    assert_true(n > 4 && n < 64);
    assert_int_equal(vsock_stats.in_refused, 64 - n);
    for (u32 i = 0; i < n; i++)
        assert_int_equal(sock_accept(l, NULL, NULL, SOCK_NONBLOCK, &f[i]), 0);
    for (unsigned round = 0; round < 5; round++) { /* all use it: still no more than there is */
        for (u32 i = 0; i < n; i++) {
            give_data(100 + i, PORT, vs(f[i])->buf_alloc);
            assert_true(sock_recv(f[i], buf, sizeof(buf), 0) > 0);
        }
        assert_true(vsock_usage.credit_bytes <= 200000);
    }
    for (u32 i = 0; i < n; i++)
        finish(f[i], 100 + i);
    file_put(l);
    vsock_limits.credit_bytes = was;
}

static void sockets_are_bounded(void **state)
{
    u32 was = vsock_limits.n_socks;
    struct file *l = listener(4096), *f;

    (void)state;
    vsock_limits.n_socks = 10;
    for (u32 i = 0; i < 9; i++) {
        give(100 + i, PORT, VSOCK_OP_REQUEST);
        expect(VSOCK_OP_RESPONSE, PORT, 100 + i);
    }
    give(200, PORT, VSOCK_OP_REQUEST);
    expect(VSOCK_OP_RST, PORT, 200);
    assert_int_equal(vsock_create(SOCK_STREAM, 0, &f), -ENOBUFS);
    file_put(l);
    assert_int_equal(vsock_create(SOCK_STREAM, 0, &f), 0); /* the listener's place */
    assert_int_equal(vsock_usage.n_socks, 10);             /* with nine orphans */
    file_put(f);
    vsock_limits.n_socks = was;
}

static void without_memory(void **state)
{
    struct file *l = listener(10), *f;
    u8 buf[100];

    (void)state;
    host_heap_left = 0;
    give(77, PORT, VSOCK_OP_REQUEST);
    expect(VSOCK_OP_RST, PORT, 77);
    assert_int_equal(vsock_create(SOCK_STREAM, 0, &f), -ENOMEM);
    host_heap_left = -1;
    give(77, PORT, VSOCK_OP_REQUEST);
    expect(VSOCK_OP_RESPONSE, PORT, 77);
    assert_int_equal(sock_accept(l, NULL, NULL, SOCK_NONBLOCK, &f), 0);
    host_pages_left = 1;
    give_data(77, PORT, 8000);
    expect(VSOCK_OP_RST, PORT, 77);
    assert_int_equal(sock_recv(f, buf, sizeof(buf), 0), -ENOTCONN);
    assert_int_equal(vsock_stats.no_memory, 1);
    file_put(f);
    file_put(l);
}

static void peeks(void **state)
{
    struct file *f = accepted(77);
    u8 buf[10];
    struct iovec iov[2] = {{buf, 2}, {buf + 2, 3}};
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2, .msg_flags = 99};

    (void)state;
    give_data(77, PORT, 4);
    assert_int_equal(sock_recvmsg(f, &m, MSG_PEEK), 4);
    assert_int_equal(m.msg_flags, 0);
    assert_int_equal(vs(f)->fwd_cnt, 0);
    assert_int_equal(sock_recvmsg(f, &m, 0), 4);
    assert_int_equal(sock_recvmsg(f, &m, 0), -EAGAIN);
    finish(f, 77);
}

/* ---- the device is full */

static void words_wait_for_room(void **state)
{
    struct file *l = listener(1), *f;

    (void)state;
    vdev_set_cap(0);
    give(77, PORT, VSOCK_OP_REQUEST);
    assert_int_equal(sock_accept(l, NULL, NULL, SOCK_NONBLOCK, &f), 0);
    assert_int_equal(events(f), 0);
    assert_int_equal(sock_send(f, "x", 1, 0), -EAGAIN); /* RESPONSE goes first */
    vdev_cap = 1;                                       /* which nobody has been told yet */
    assert_int_equal(sock_send(f, "x", 1, 0), -EAGAIN);
    vdev_cap = 0;
    for (unsigned i = 0; i < 1000; i++)
        give(77, PORT, VSOCK_OP_CREDIT_REQ); /* all answered at once */
    assert_int_equal(sock_shutdown(f, SHUT_WR), 0);
    vdev_set_cap(1);
    expect(VSOCK_OP_RESPONSE, PORT, 77);
    expect(VSOCK_OP_CREDIT_UPD, PORT, 77);
    expect(VSOCK_OP_SHUTDOWN, PORT, 77);
    assert_int_equal(last.h.flags, VSOCK_SHUT_SEND);
    expect_nothing();
    finish(f, 77);
    file_put(l);
}

static void senders_wait_for_room(void **state)
{
    struct file *f = accepted(77);
    static u8 data[3000];

    (void)state;
    vdev_set_cap(2);
    assert_int_equal(sock_send(f, data, sizeof(data), 0), 2 * VDEV_BYTES);
    assert_int_equal(events(f), 0);
    expect(VSOCK_OP_RW, PORT, 77);
    assert_int_equal(events(f), EPOLLOUT);
    assert_int_equal(sock_send(f, data, sizeof(data), 0), VDEV_BYTES);
    expect(VSOCK_OP_RW, PORT, 77);
    expect(VSOCK_OP_RW, PORT, 77);
    expect_nothing(); /* no CREDIT_REQUEST: it was not credit that lacked */
    finish(f, 77);
}

/* RST for nobody's packets: none is lost, because nothing is received while too many wait. */
static void refusals_wait_for_room(void **state)
{
    u32 n = 0, n_rst = 0;

    (void)state;
    vdev_set_cap(0);
    while (!vdev.is_held && n < 1000)
        give(n++, PORT, VSOCK_OP_REQUEST);
    assert_true(vdev.is_held);
    assert_true(n < 1000);
    vdev_set_cap(1);
    while (vdev_take(&last))
        assert_int_equal(last.h.dst_port, n_rst++);
    assert_int_equal(n_rst, n);
    assert_false(vdev.is_held);
    assert_int_equal(vsock_stats.resets_lost, 0);
}

/* ---- the end */

static void close_says_so(void **state)
{
    struct file *f = accepted(77);

    (void)state;
    file_put(f);
    expect(VSOCK_OP_SHUTDOWN, PORT, 77);
    assert_int_equal(last.h.flags, VSOCK_SHUT_RCV | VSOCK_SHUT_SEND);
    give_data(77, PORT, 100); /* nobody reads it */
    give(77, PORT, VSOCK_OP_CREDIT_REQ);
    expect(VSOCK_OP_CREDIT_UPD, PORT, 77);
    assert_int_equal(vsock_usage.n_socks, 1);
    give(77, PORT, VSOCK_OP_RST);
    assert_int_equal(vsock_usage.n_socks, 0);
    expect_nothing();
}

static void close_is_never_answered(void **state)
{
    struct file *f = accepted(77);

    (void)state;
    file_put(f);
    expect(VSOCK_OP_SHUTDOWN, PORT, 77);
    host_pass(8 * NSEC_PER_SEC - 1);
    expect_nothing();
    host_pass(1);
    expect(VSOCK_OP_RST, PORT, 77);
    assert_int_equal(vsock_usage.n_socks, 0);
}

static void both_close(void **state)
{
    struct file *f = accepted(77);

    (void)state;
    file_put(f);
    expect(VSOCK_OP_SHUTDOWN, PORT, 77);
    give_shutdown(77, PORT, VSOCK_SHUT_RCV | VSOCK_SHUT_SEND);
    expect(VSOCK_OP_RST, PORT, 77);
    assert_int_equal(vsock_usage.n_socks, 0);
}

static void peer_closes(void **state)
{
    struct file *f = accepted(77);
    u8 buf[10];

    (void)state;
    give_shutdown(77, PORT, VSOCK_SHUT_SEND);
    expect_nothing();
    assert_int_equal(events(f), EPOLLIN | EPOLLOUT | EPOLLRDHUP);
    give_shutdown(77, PORT, VSOCK_SHUT_RCV);
    expect(VSOCK_OP_RST, PORT, 77);
    assert_int_equal(sock_recv(f, buf, 10, 0), 0);
    assert_int_equal(sock_send(f, buf, 1, 0), -EPIPE);
    file_put(f);
    expect_nothing();
}

/* With something left to read the last word waits for close(). */
static void peer_closes_behind_data(void **state)
{
    struct file *f = accepted(77);
    u8 buf[10];

    (void)state;
    give_data(77, PORT, 4);
    give_shutdown(77, PORT, VSOCK_SHUT_RCV | VSOCK_SHUT_SEND);
    expect_nothing();
    give_data(77, PORT, 4); /* after it has said that nothing comes */
    assert_int_equal(sock_recv(f, buf, 10, 0), 4);
    assert_int_equal(sock_recv(f, buf, 10, 0), 0);
    expect_nothing();
    file_put(f);
    expect(VSOCK_OP_RST, PORT, 77);
}

/* … unless the host's port is in use again. */
static void peer_comes_back(void **state)
{
    struct file *l = listener(1), *f, *f2;
    u8 buf[10];

    (void)state;
    give(77, PORT, VSOCK_OP_REQUEST);
    expect(VSOCK_OP_RESPONSE, PORT, 77);
    assert_int_equal(sock_accept(l, NULL, NULL, SOCK_NONBLOCK, &f), 0);
    give_data(77, PORT, 4);
    give_shutdown(77, PORT, VSOCK_SHUT_RCV | VSOCK_SHUT_SEND);
    give(77, PORT, VSOCK_OP_REQUEST);
    expect(VSOCK_OP_RESPONSE, PORT, 77);
    assert_int_equal(sock_accept(l, NULL, NULL, SOCK_NONBLOCK, &f2), 0);
    assert_int_equal(sock_recv(f, buf, 10, 0), 4);
    assert_int_equal(sock_recv(f, buf, 10, 0), 0);
    give_data(77, PORT, 2);
    assert_int_equal(sock_recv(f2, buf, 10, 0), 2);
    file_put(f);
    expect_nothing();
    give(77, PORT, VSOCK_OP_REQUEST); /* and again, unannounced: both ends are wrong */
    expect(VSOCK_OP_RST, PORT, 77);
    assert_int_equal(so_error(f2), ECONNRESET);
    file_put(f2);
    file_put(l);
}

static void reset_by_peer(void **state)
{
    struct file *f = accepted(77);
    u8 buf[10];

    (void)state;
    give_data(77, PORT, 4);
    give(77, PORT, VSOCK_OP_RST);
    assert_int_equal(events(f), EPOLLIN | EPOLLRDHUP | EPOLLOUT);
    assert_int_equal(sock_recv(f, buf, 10, 0), 4);
    assert_int_equal(sock_recv(f, buf, 10, 0), 0); /* as Linux: not an error */
    assert_int_equal(sock_send(f, buf, 1, 0), -EPIPE);
    file_put(f);
    expect_nothing();
}

static void a_part_is_missing(void **state)
{
    struct file *f = accepted(77);

    (void)state;
    give(77, PORT, VSOCK_OP_INVALID);
    expect(VSOCK_OP_RST, PORT, 77);
    assert_int_equal(so_error(f), ECONNRESET);
    file_put(f);
}

static void unknown_operations(void **state)
{
    struct file *f = accepted(77);
    u8 buf[10];

    (void)state;
    for (u16 op = 8; op < 40; op++)
        give(77, PORT, op);
    give(77, PORT, VSOCK_OP_RESPONSE);
    expect_nothing();
    assert_int_equal(vsock_stats.in_bad, 33);
    give_data(77, PORT, 3);
    assert_int_equal(sock_recv(f, buf, 10, 0), 3);
    finish(f, 77);
}

/* The same ports, but another sender: not this connection's. */
static void another_cid(void **state)
{
    struct file *f = accepted(77);
    struct vsock_hdr h = from_host(77, PORT, VSOCK_OP_RW);

    (void)state;
    h.src_cid = 9;
    h.len_bytes = 5;
    vdev_give(&h, 0);
    assert_true(vdev_take(&last));
    assert_int_equal(last.h.op, VSOCK_OP_RST);
    assert_int_equal(last.h.dst_cid, 9);
    h.op = VSOCK_OP_RST;
    vdev_give(&h, 0);
    assert_int_equal(events(f), EPOLLOUT);
    finish(f, 77);
}

static void half_shut(void **state)
{
    struct file *f = accepted(77);
    u8 buf[10];

    (void)state;
    assert_int_equal(sock_shutdown(f, SHUT_RD), 0);
    expect(VSOCK_OP_SHUTDOWN, PORT, 77);
    assert_int_equal(last.h.flags, VSOCK_SHUT_RCV);
    assert_int_equal(sock_recv(f, buf, 10, 0), 0);
    for (unsigned i = 0; i < 100; i++)
        give_data(77, PORT, 1000); /* was on its way */
    assert_int_equal(ring_used(&vs(f)->in), 0);
    assert_int_equal(sock_send(f, "x", 1, 0), 1);
    expect(VSOCK_OP_RW, PORT, 77);
    assert_int_equal(sock_shutdown(f, SHUT_WR), 0);
    expect(VSOCK_OP_SHUTDOWN, PORT, 77);
    assert_int_equal(last.h.flags, VSOCK_SHUT_RCV | VSOCK_SHUT_SEND);
    file_put(f); /* all has been said */
    expect_nothing();
    give(77, PORT, VSOCK_OP_RST);
}

static void transport_resets(void **state)
{
    struct file *f = accepted(77), *o = accepted(78), *c = sock_new(SOCK_NONBLOCK),
                *l = listener(1);
    u8 buf[10];

    (void)state;
    assert_int_equal(do_connect(c, HOST, 9), -EINPROGRESS);
    file_put(o);
    give_data(77, PORT, 4);
    vdev.cid = 99;
    vdev.reset(&vdev);
    while (vdev_take(&last))
        ;
    assert_int_equal(events(f) & EPOLLERR, EPOLLERR);
    assert_int_equal(so_error(f), ECONNRESET);
    assert_int_equal(so_error(c), ECONNRESET);
    assert_int_equal(sock_recv(f, buf, 10, 0), -ENOTCONN);
    assert_int_equal(vsock_usage.n_socks, 3); /* the orphan has gone */
    struct vsock_hdr h = from_host(77, PORT, VSOCK_OP_REQUEST);
    h.dst_cid = 99; /* the listener goes on, at the new address */
    vdev_give(&h, 0);
    assert_true(vdev_take(&last));
    assert_int_equal(last.h.op, VSOCK_OP_RESPONSE);
    assert_int_equal(last.h.src_cid, 99);
    h.op = VSOCK_OP_RST;
    vdev_give(&h, 0);
    file_put(f);
    file_put(c);
    file_put(l);
}

static void device_dies(void **state)
{
    struct file *f = accepted(77), *f2 = accepted(78);

    (void)state;
    vdev_set_cap(0);
    assert_int_equal(sock_shutdown(f, SHUT_WR), 0); /* waits for room */
    for (u32 i = 0; i < 100; i++)
        give(i, 1, VSOCK_OP_REQUEST); /* their RSTs, too */
    vdev_die();
    assert_int_equal(so_error(f2), ECONNRESET);
    assert_int_equal(do_connect(f2, HOST, 1), -EISCONN); /* as Linux */
    file_put(f);
    file_put(f2);
    f = sock_new(0);
    assert_int_equal(do_connect(f, 77, 1), -ENODEV);
    file_put(f);
    vsock_stats.resets_lost = 0;
    vdev_reset(); /* what waited for it does not stand in the way of others */
    vdev_set_cap(0);
    for (u32 i = 0; i < 64; i++)
        give(i, 1, VSOCK_OP_REQUEST);
    assert_int_equal(vsock_stats.resets_lost, 0);
}

/* ---- within the machine */

static void loops(void **state)
{
    struct file *l = listener(1), *a = sock_new(SOCK_NONBLOCK), *b;
    static u8 data[200000], got[200000];
    size_t sent = 0, n = 0;
    ssize_t k;

    (void)state;
    assert_int_equal(do_connect(a, VDEV_CID, PORT), -EINPROGRESS);
    host_poll();
    assert_int_equal(sock_accept(l, NULL, NULL, SOCK_NONBLOCK, &b), 0);
    assert_int_equal(do_connect(a, VDEV_CID, PORT), -EISCONN);
    for (u32 i = 0; i < sizeof(data); i++)
        data[i] = (u8)(i * 7 + i / 256);
    while (n < sizeof(data)) {
        k = sock_send(a, data + sent, sizeof(data) - sent, 0);
        sent += k > 0 ? (size_t)k : 0;
        host_poll();
        k = sock_recv(b, got + n, sizeof(got) - n, 0);
        n += k > 0 ? (size_t)k : 0;
    }
    assert_memory_equal(data, got, sizeof(data));
    expect_nothing();                           /* of it the device sees nothing */
    give(vs(a)->local.port, PORT, VSOCK_OP_RW); /* and cannot meddle */
    expect(VSOCK_OP_RST, PORT, vs(a)->local.port);
    file_put(a);
    host_poll();
    assert_int_equal(sock_recv(b, got, 10, 0), 0);
    file_put(b);
    file_put(l);
    host_poll();
    assert_int_equal(vsock_usage.n_socks, 0);
}

/* However many send at once: so many pages, and who finds no room is told when there is. */
static void loop_is_bounded(void **state)
{
    struct file *l = listener(20), *a[10], *b[10];
    struct vsock_hdr rst = {.dst_port = 1, .type = VSOCK_STREAM, .op = VSOCK_OP_RST};
    static u8 data[65536], *at;
    long pages;

    (void)state;
    for (u32 i = 0; i < 10; i++) {
        a[i] = sock_new(SOCK_NONBLOCK);
        assert_int_equal(do_connect(a[i], VMADDR_CID_LOCAL, PORT), -EINPROGRESS);
        host_poll();
        assert_int_equal(sock_accept(l, NULL, NULL, SOCK_NONBLOCK, &b[i]), 0);
    }
    pages = host_n_pages;
    for (u32 i = 0; i < 9; i++)
        while (sock_send(a[i], data, sizeof(data), 0) > 0)
            ;
    /* the loopback's, and what has arrived */
    assert_true(host_n_pages - pages <= 32 + 9 * (vsock_limits.start_bytes / (long)PAGE_SIZE + 1));
    host_poll();
    for (u32 len = 0; vsockdev_tx_begin(vsock_loop(), &len, &at) == 0;)
        vsockdev_tx(vsock_loop(), &rst); /* to nobody */
    a[9]->flags &= ~(u32)O_NONBLOCK;
    assert_int_equal(sock_send(a[9], data, 10, 0), 10);
    host_poll();
    assert_int_equal(sock_recv(b[9], data, sizeof(data), 0), 10);
    for (u32 i = 0; i < 10; i++) {
        file_put(a[i]);
        file_put(b[i]);
    }
    file_put(l);
    host_poll();
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(connects),
        TEST(connect_refused),
        TEST(connect_answered_wrongly),
        TEST(connect_times_out),
        TEST(connect_without_waiting),
        TEST(connect_interrupted),
        TEST(connect_then_close),
        TEST(no_device),
        TEST(accepts),
        TEST(backlog_is_bounded),
        TEST(listens_at_its_address),
        TEST(strangers),
        TEST(sends_what_there_is_credit_for),
        TEST(credit_counts_wrap),
        TEST(impossible_credit_is_not_taken),
        TEST(waits_for_credit),
        TEST(send_ends),
        TEST(tells_of_credit),
        TEST(more_than_its_credit),
        TEST(buffer_size_is_the_credit),
        TEST(promises_are_bounded),
        TEST(sockets_are_bounded),
        TEST(without_memory),
        TEST(peeks),
        TEST(words_wait_for_room),
        TEST(senders_wait_for_room),
        TEST(refusals_wait_for_room),
        TEST(close_says_so),
        TEST(close_is_never_answered),
        TEST(both_close),
        TEST(peer_closes),
        TEST(peer_closes_behind_data),
        TEST(peer_comes_back),
        TEST(reset_by_peer),
        TEST(a_part_is_missing),
        TEST(unknown_operations),
        TEST(another_cid),
        TEST(half_shut),
        TEST(transport_resets),
        TEST(device_dies),
        TEST(loops),
        TEST(loop_is_bounded),
    };

    host_reset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
