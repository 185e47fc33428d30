/* The socket device (virtio 1.2 §5.10): packets both ways, room, events, and a device that lies. */
/* sources: runtime/dev/virtio/vring.c runtime/dev/virtio/virtio.c runtime/dev/virtio/mmio.c */
/* sources: runtime/dev/reg.c tests/unit/dev_host.c tests/unit/dev_virtio_model.c */
/* sources: tests/unit/dev_virtio_bus.c */
#include "dev_virtio_bus.h"

#include <string.h>

#include "dev/virtio/vsock.c"

#define CID      7
#define FEATURES (BIT(VSOCK_F_STREAM) | BIT(VIRTIO_F_EVENT_IDX))

/* ---- the seams vsock.c expects */

const struct virtio_driver *virtio_driver_for(u32 device_id)
{
    return device_id == VIRTIO_ID_VSOCK ? &virtio_vsock_driver : NULL;
}

bool log_limit_pass(struct log_limit *l)
{
    return !l->seen++;
}

static size_t ram_pages;

size_t page_total(void)
{
    return ram_pages;
}

/* ---- the user */

static struct vsockdev *vd;
static struct vsock_hdr got[512];
static u8 first_bytes[512];
static unsigned n_got, n_space, n_reset;

static void on_rx(struct vsockdev *from, const struct vsock_hdr *h, const u8 *data)
{
    assert_ptr_equal(from, vd);
    for (u32 i = 0; i < h->len_bytes; i++) /* all of it can be read */
        assert_int_equal(data[i], data[0]);
    first_bytes[n_got] = h->len_bytes ? data[0] : 0;
    got[n_got++] = *h;
}

static void on_space(struct vsockdev *from)
{
    assert_ptr_equal(from, vd);
    n_space++;
}

static void on_reset(struct vsockdev *from)
{
    assert_ptr_equal(from, vd);
    n_reset++;
}

static void set_cid(u64 cid)
{
    memcpy(model.config, &cid, sizeof(cid));
}

/* A device that the driver has not looked for yet, with which no page is in use. */
static void plug(bool is_legacy, u64 features, u64 cid)
{
    bus_reset();
    memset(&vsk, 0, sizeof(vsk));
    model_init(19, is_legacy, features);
    set_cid(cid);
    host_n_pages = 0;
}

static void open_vsock(bool is_legacy, u64 features, u64 cid)
{
    plug(is_legacy, features, cid);
    n_got = n_space = n_reset = 0;
    vd = vsockdev_first();
    if (vd) {
        vd->rx = on_rx;
        vd->tx_space = on_space;
        vd->reset = on_reset;
    }
}

static int modern(void **state)
{
    (void)state;
    ram_pages = 1 << 16;
    open_vsock(false, FEATURES, CID);
    return vd ? 0 : -1;
}

static int small(void **state)
{
    (void)state;
    ram_pages = 512;
    open_vsock(false, FEATURES, CID);
    return vd ? 0 : -1;
}

static int legacy(void **state)
{
    (void)state;
    ram_pages = 1 << 16;
    open_vsock(true, 0, CID);
    return vd ? 0 : -1;
}

static bool poll_vsock(void)
{
    return host_poller->poll(host_poller);
}

/* The device receives @len bytes of @c, in a header that says @said, and says it wrote @used. */
static bool deliver(u8 c, u32 len, u32 said, u32 used)
{
    struct vsock_hdr h = {
        .src_cid = 2, .dst_cid = CID, .len_bytes = said, .type = VSOCK_STREAM, .op = VSOCK_OP_RW};
    struct model_chain ch;

    if (!model_take(QUEUE_RX, &ch))
        return false;
    assert_int_equal(ch.n, 2);
    assert_true(ch.seg[0].is_write && ch.seg[1].is_write);
    assert_int_equal(ch.seg[0].len, VSOCK_HDR_BYTES);
    memcpy(ch.seg[0].data, &h, sizeof(h));
    memset(ch.seg[1].data, c, MIN(len, ch.seg[1].len));
    model_give(QUEUE_RX, ch.head, used);
    return true;
}

static bool deliver_plain(u8 c, u32 len)
{
    return deliver(c, len, len, VSOCK_HDR_BYTES + len);
}

static int send_one(u8 c, u32 len)
{
    struct vsock_hdr h = {.src_cid = CID, .dst_cid = 2, .op = VSOCK_OP_RW};
    u8 *data;
    int err = vsockdev_tx_begin(vd, &len, &data);

    if (err)
        return err;
    memset(data, c, len);
    h.len_bytes = len;
    vsockdev_tx(vd, &h);
    return (int)len;
}

/* The device takes one packet from us. Returns its payload, -1 if there is none. */
static int take_one(u8 c, bool gives_back)
{
    struct model_chain ch;
    struct vsock_hdr h;

    if (!model_take(QUEUE_TX, &ch))
        return -1;
    assert_int_equal(ch.seg[0].len, VSOCK_HDR_BYTES);
    memcpy(&h, ch.seg[0].data, sizeof(h));
    assert_int_equal(h.src_cid, CID);
    assert_int_equal(ch.n, h.len_bytes ? 2 : 1);
    if (h.len_bytes) {
        assert_false(ch.seg[1].is_write);
        assert_int_equal(ch.seg[1].len, h.len_bytes);
        assert_int_equal(ch.seg[1].data[0], c);
        assert_int_equal(ch.seg[1].data[h.len_bytes - 1], c);
    }
    if (gives_back)
        model_give(QUEUE_TX, ch.head, 0);
    return (int)h.len_bytes;
}

static void event(u32 id, u32 len)
{
    struct model_chain ch;

    assert_true(model_take(QUEUE_EVENT, &ch));
    assert_int_equal(ch.seg[0].len, 4);
    memcpy(ch.seg[0].data, &id, sizeof(id));
    model_give(QUEUE_EVENT, ch.head, len);
}

/* It has been reset and is off, everything is given back, and its user knows. */
static void expect_stopped(void)
{
    unsigned resets = model.n_resets;

    poll_vsock();
    assert_int_equal(model.n_resets, resets + 1);
    assert_int_equal(host_n_logged, 1);
    assert_int_equal(host_n_pages, 0);
    assert_int_equal(n_reset, 1);
    assert_int_equal(send_one('x', 1), -EIO);
    assert_null(vsockdev_first());
    assert_true(vsockdev_is_idle(vd));
    assert_false(poll_vsock());
    assert_false(host_poller->arm(host_poller));
    host_poller->disarm(host_poller);
    assert_int_equal(model.n_resets, resets + 1);
}

/* ---- start */

static void starts(void **state)
{
    (void)state;
    assert_int_equal(vd->cid, CID);
    assert_int_equal(model.accepted & FEATURES, FEATURES);
    assert_int_equal(model_n_avail(QUEUE_RX), RX_START);
    assert_int_equal(model_n_avail(QUEUE_EVENT), EVENT_BUFS);
    assert_int_equal(model_n_avail(QUEUE_TX), 0);
    assert_ptr_equal(vsockdev_first(), vd);
}

static void refuses_addresses(void **state)
{
    static const u64 bad[] = {0, 1, 2, UINT32_MAX, 1ull << 32, (1ull << 32) + CID};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        host_n_pages = 0;
        open_vsock(false, FEATURES, bad[i]);
        assert_null(vd);
        assert_int_equal(host_n_logged, 2);
        assert_int_equal(host_n_pages, 0);
        assert_null(vsockdev_first()); /* and is not asked again */
        assert_int_equal(host_n_logged, 2);
    }
}

static void needs_its_queues(void **state)
{
    (void)state;
    for (unsigned q = 0; q < 3; q++) {
        plug(false, FEATURES, CID);
        model.q[q].max = 0;
        assert_null(vsockdev_first());
        assert_int_equal(host_n_pages, 0);
    }
}

static void small_queues(void **state)
{
    (void)state;
    for (unsigned size = 1; size <= 8; size *= 2) {
        plug(false, FEATURES, CID);
        model.q[QUEUE_RX].max = model.q[QUEUE_TX].max = model.q[QUEUE_EVENT].max = (u16)size;
        vd = vsockdev_first();
        if (size < 8) { /* four buffers of two descriptors, or it is no use */
            assert_null(vd);
            assert_int_equal(host_n_pages, 0);
        } else {
            assert_non_null(vd);
            assert_int_equal(model_n_avail(QUEUE_RX), 4);
            assert_int_equal(model_n_avail(QUEUE_EVENT), 4);
        }
    }
}

static void without_memory(void **state)
{
    (void)state;
    for (long left = 0; left < 40; left++) {
        plug(false, FEATURES, CID);
        host_pages_left = left;
        if (!vsockdev_first())
            assert_int_equal(host_n_pages, 0);
    }
    assert_non_null(vsockdev_first());
}

/* ---- receive */

static void receives(void **state)
{
    (void)state;
    assert_true(deliver_plain('a', 100));
    assert_true(deliver_plain('b', 0));
    assert_true(deliver_plain('c', PAYLOAD_MAX));
    assert_true(poll_vsock());
    assert_int_equal(n_got, 3);
    assert_int_equal(got[0].len_bytes, 100);
    assert_int_equal(first_bytes[0], 'a');
    assert_int_equal(got[1].len_bytes, 0);
    assert_int_equal(got[2].len_bytes, PAYLOAD_MAX);
    assert_int_equal(model_n_avail(QUEUE_RX), RX_START);
    assert_false(poll_vsock());
    assert_int_equal(vd->stats.rx_packets, 3);
    assert_int_equal(vd->stats.rx_bytes, 100 + PAYLOAD_MAX);
}

static void ring_grows_with_use(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 6; round++) {
        while (deliver_plain('a', 10))
            ;
        poll_vsock();
    }
    assert_int_equal(vsk.n_rx, BUFS_MAX);
    assert_int_equal(model_n_avail(QUEUE_RX), BUFS_MAX);
}

static void memory_is_bounded(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 40; round++) {
        while (deliver_plain('a', 10))
            ;
        while (send_one('x', 100) > 0)
            ;
        poll_vsock();
        n_got = 0;
    }
    /* 2 MiB: eight pages each way, and the rings */
    assert_true(host_n_pages <= 2 * BUFS_MIN + vsk.rx.n_pages + vsk.tx.n_pages + vsk.event.n_pages);
}

static void held_receives_nothing(void **state)
{
    (void)state;
    vd->is_held = true;
    assert_true(deliver_plain('a', 10));
    assert_false(poll_vsock());
    assert_int_equal(n_got, 0);
    assert_false(host_poller->arm(host_poller)); /* or the CPU would never idle */
    host_poller->disarm(host_poller);
    vd->is_held = false;
    assert_true(host_poller->arm(host_poller));
    assert_true(poll_vsock());
    assert_int_equal(n_got, 1);
}

/* Lengths that cannot be: no payload goes up, and nothing beyond the buffer is read. */
static void lies_about_length(void **state)
{
    (void)state;
    deliver('a', 50, 51, VSOCK_HDR_BYTES + 50);
    deliver('a', 50, UINT32_MAX, VSOCK_HDR_BYTES + 50);
    deliver('a', 50, 1, VSOCK_HDR_BYTES);
    deliver('a', 50, 50, VSOCK_HDR_BYTES - 1);
    deliver('a', 50, 0, 0);
    deliver('a', 50, 49, VSOCK_HDR_BYTES + 50); /* more than announced: what is announced counts */
    assert_true(poll_vsock());
    assert_int_equal(n_got, 4);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(got[i].op, VSOCK_OP_INVALID);
        assert_int_equal(got[i].len_bytes, 0);
    }
    assert_int_equal(got[3].op, VSOCK_OP_RW);
    assert_int_equal(got[3].len_bytes, 49);
    assert_int_equal(vd->stats.rx_bad, 5);
    assert_int_equal(model_n_avail(QUEUE_RX), vsk.n_rx);
}

static void used_len_beyond_buffer(void **state)
{
    (void)state;
    deliver('a', 50, 50, PAGE_SIZE);
    expect_stopped();
    assert_int_equal(n_got, 0);
}

static void used_id_unknown(void **state)
{
    (void)state;
    model_give(QUEUE_RX, 3000, 50);
    expect_stopped();
}

static void used_idx_jumps(void **state)
{
    (void)state;
    model_set_used_idx(QUEUE_TX, 5);
    expect_stopped();
}

static void event_idx_jumps(void **state)
{
    (void)state;
    model_set_used_idx(QUEUE_EVENT, 5);
    expect_stopped();
}

/* ---- transmit */

static void sends(void **state)
{
    (void)state;
    assert_int_equal(send_one('p', 10), 10);
    assert_int_equal(send_one('q', 0), 0);
    assert_int_equal(send_one('r', 100000), PAYLOAD_MAX); /* as much as one takes */
    assert_false(vsockdev_is_idle(vd));
    assert_int_equal(model_n_avail(QUEUE_TX), 0); /* nothing before the poll */
    poll_vsock();
    assert_int_equal(model.q[QUEUE_TX].n_kicks, 1);
    assert_int_equal(take_one('p', true), 10);
    assert_int_equal(take_one('q', true), 0);
    assert_int_equal(take_one('r', true), PAYLOAD_MAX);
    assert_int_equal(take_one('r', true), -1);
    poll_vsock();
    assert_true(vsockdev_is_idle(vd));
    assert_int_equal(vd->stats.tx_packets, 3);
}

static void begun_is_not_sent(void **state)
{
    u32 len = 5;
    u8 *data, *again;

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(vsockdev_tx_begin(vd, &len, &data), 0);
    assert_int_equal(vsockdev_tx_begin(vd, &len, &again), 0);
    assert_ptr_equal(data, again);
    poll_vsock();
    assert_int_equal(model_n_avail(QUEUE_TX), 0);
}

/* The last buffers are for packets without payload; who had to wait hears of room. */
static void room(void **state)
{
    unsigned n = 0, n_control = 0;

    (void)state;
    while (send_one('x', 1) == 1)
        n++;
    assert_int_equal(n, BUFS_MIN - TX_RESERVED);
    while (send_one('x', 0) == 0)
        n_control++;
    assert_int_equal(n_control, TX_RESERVED);
    poll_vsock();
    assert_int_equal(n_space, 0);
    assert_false(host_poller->arm(host_poller));
    assert_int_equal(take_one('x', true), 1);
    assert_true(model_may_interrupt(QUEUE_TX, 0));
    assert_true(host_poller->arm(host_poller));
    assert_true(poll_vsock());
    assert_int_equal(n_space, 1);
    assert_int_equal(send_one('x', 1), -ENOSPC);
    assert_int_equal(send_one('x', 0), 0);
}

/* ---- events */

static void transport_reset(void **state)
{
    (void)state;
    set_cid(99);
    event(EVENT_RESET, 4);
    assert_true(host_poller->arm(host_poller));
    assert_true(poll_vsock());
    assert_int_equal(n_reset, 1);
    assert_int_equal(vd->cid, 99);
    assert_int_equal(model_n_avail(QUEUE_EVENT), EVENT_BUFS);
    event(EVENT_RESET, 0); /* nothing in it */
    event(EVENT_RESET, 2);
    event(77, 4); /* of a later version */
    assert_true(poll_vsock());
    assert_int_equal(n_reset, 1);
    for (unsigned i = 0; i < 100; i++) {
        event(EVENT_RESET, 4);
        poll_vsock();
    }
    assert_int_equal(n_reset, 101);
}

static void reset_to_no_address(void **state)
{
    (void)state;
    set_cid(1);
    event(EVENT_RESET, 4);
    poll_vsock();
    assert_null(vsockdev_first());
    assert_int_equal(n_reset, 1);
    assert_int_equal(host_n_pages, 0);
}

/* ---- interrupts */

static void acknowledges_per_batch(void **state)
{
    (void)state;
    unsigned acks = model.n_acks;

    assert_false(host_poller->arm(host_poller));
    deliver_plain('a', 1);
    deliver_plain('a', 1);
    host_poller->disarm(host_poller);
    assert_int_equal(model.n_acks, acks + 1);
    poll_vsock();
    host_poller->arm(host_poller);
    host_poller->disarm(host_poller);
    assert_int_equal(model.n_acks, acks + 1); /* it was the timer */
    for (unsigned i = 0; i < 2 * ACK_EVERY; i++)
        host_poller->disarm(host_poller);
    assert_int_equal(model.n_acks, acks + 3);
}

static int close_vsock(void **state)
{
    (void)state;
    if (vsk.is_up)
        stop();
    return 0;
}

#define TEST(fn, how) cmocka_unit_test_setup_teardown(fn, how, close_vsock)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(starts, modern),
        TEST(refuses_addresses, modern),
        TEST(needs_its_queues, modern),
        TEST(small_queues, modern),
        TEST(without_memory, modern),
        TEST(receives, modern),
        TEST(receives, legacy),
        TEST(ring_grows_with_use, modern),
        TEST(memory_is_bounded, small),
        TEST(held_receives_nothing, modern),
        TEST(lies_about_length, modern),
        TEST(lies_about_length, legacy),
        TEST(used_len_beyond_buffer, modern),
        TEST(used_id_unknown, modern),
        TEST(used_idx_jumps, modern),
        TEST(event_idx_jumps, modern),
        TEST(sends, modern),
        TEST(sends, legacy),
        TEST(begun_is_not_sent, modern),
        TEST(room, small),
        TEST(transport_reset, modern),
        TEST(reset_to_no_address, modern),
        TEST(acknowledges_per_batch, modern),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
