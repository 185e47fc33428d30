/* A split virtqueue (virtio 1.2 §2.7), and what vring_pop() does about a device that lies. */
/* sources: runtime/dev/virtio/vring.c runtime/dev/reg.c */
/* sources: tests/unit/dev_host.c tests/unit/dev_virtio_model.c */
#include "dev_host.h"
#include "dev_virtio_model.h"

#include <errno.h>

#include "dev/virtio/vring.h"

#define SIZE   8
#define NOTIFY 0xfeb00050u

static struct vring vr;
static u8 buf[SIZE][64];
static char cookies[SIZE]; /* cookie i is &cookies[i] */

static void on_write(u64 at, u32 v, unsigned width)
{
    assert_int_equal(at, NOTIFY);
    assert_int_equal(width, 4);
    model_kick(v);
}

/* The ring as queue 1 of the model. */
static void open_ring(bool is_legacy, bool has_event_idx)
{
    struct model_queue *q = &model.q[1];

    assert_int_equal(vring_init(&vr, SIZE, is_legacy, has_event_idx), 0);
    vr.index = 1;
    vr.notify_at = NOTIFY;
    vr.notify_width = 4;
    model_init(1, is_legacy, has_event_idx ? BIT(29) : 0);
    model.accepted = model.offered;
    model.status = 15;
    q->num = SIZE;
    q->desc = (uintptr_t)vr.desc;
    q->avail = (uintptr_t)vr.avail;
    q->used = (uintptr_t)vr.used;
    q->is_enabled = true;
}

static int setup(void **state)
{
    (void)state;
    host_reset();
    host_write_fn = on_write;
    open_ring(false, true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vring_fini(&vr);
    assert_int_equal(host_n_pages, 0);
    return 0;
}

static int push_in(unsigned i)
{
    struct sg sg = {(uintptr_t)buf[i], sizeof(buf[i])};

    return vring_push(&vr, &sg, 0, 1, &cookies[i]);
}

static int pop(void **cookie, u32 *len)
{
    *cookie = NULL;
    *len = 0;
    return vring_pop(&vr, cookie, len);
}

static void expect_broken(void)
{
    void *cookie;
    u32 len;

    assert_int_equal(pop(&cookie, &len), -EIO);
    assert_null(cookie);
    assert_true(vr.is_broken);
    assert_int_equal(host_n_logged, 1);
    /* … and it stays so, silently. */
    assert_int_equal(pop(&cookie, &len), -EIO);
    assert_int_equal(push_in(0), -EIO);
    assert_false(vring_arm(&vr));
    vring_kick(&vr);
    assert_int_equal(host_n_logged, 1);
}

static void layout(void **state)
{
    (void)state;
    /* §2.7: alignment 16, 2, 4; legacy §2.7.2: used on the next page */
    assert_int_equal((uintptr_t)vr.desc % 16, 0);
    assert_ptr_equal(vr.avail, (u8 *)vr.desc + 16 * SIZE);
    assert_int_equal((uintptr_t)vr.used % 4, 0);
    assert_true((u8 *)vr.used >= (u8 *)vr.avail + 6 + 2 * SIZE);
    assert_true((u8 *)vr.slots >= (u8 *)vr.used + 6 + 8 * SIZE);
    assert_int_equal(host_n_pages, 1);
    vring_fini(&vr);
    open_ring(true, false);
    assert_ptr_equal(vr.used, (u8 *)vr.desc + 4096);
    vring_fini(&vr);
    host_pages_left = 1;
    assert_int_equal(vring_init(&vr, VRING_MAX, true, false), -ENOMEM);
    assert_int_equal(vring_init(&vr, SIZE, false, false), 0);
}

/* The largest ring the room allows: the last event field is still inside the pages. */
static void largest(void **state)
{
    (void)state;
    vring_fini(&vr);
    assert_int_equal(vring_init(&vr, VRING_MAX, true, true), 0);
    vring_arm(&vr);
    assert_true((u8 *)(vr.slots + VRING_MAX) <= (u8 *)vr.desc + 4096ul * vr.n_pages);
}

static void round_trip(void **state)
{
    struct sg sg[3] = {{(uintptr_t)buf[0], 10}, {(uintptr_t)buf[1], 20}, {(uintptr_t)buf[2], 30}};
    struct model_chain c;
    void *cookie;
    u32 len;

    (void)state;
    assert_int_equal(vring_push(&vr, sg, 1, 2, &cookies[5]), 0);
    assert_int_equal(model_n_avail(1), 0); /* not shown before the kick */
    vring_kick(&vr);
    assert_int_equal(model_n_avail(1), 1);
    assert_int_equal(model.q[1].n_kicks, 1);
    assert_true(model_take(1, &c));
    assert_int_equal(c.n, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_ptr_equal(c.seg[i].data, buf[i]);
        assert_int_equal(c.seg[i].len, 10 * (i + 1));
        assert_int_equal(c.seg[i].is_write, i > 0);
    }
    assert_int_equal(pop(&cookie, &len), 0);
    model_give(1, c.head, 50);
    assert_int_equal(pop(&cookie, &len), 1);
    assert_ptr_equal(cookie, &cookies[5]);
    assert_int_equal(len, 50);
    assert_int_equal(pop(&cookie, &len), 0);
    assert_int_equal(vr.n_free, SIZE);
}

static void full(void **state)
{
    struct sg sg[2] = {{(uintptr_t)buf[0], 1}, {(uintptr_t)buf[1], 1}};
    struct model_chain c;
    void *cookie;
    u32 len;

    (void)state;
    for (unsigned i = 0; i < SIZE - 1; i++)
        assert_int_equal(push_in(i), 0);
    assert_int_equal(vring_push(&vr, sg, 1, 1, &cookies[7]), -ENOSPC);
    assert_int_equal(push_in(7), 0);
    assert_int_equal(push_in(0), -ENOSPC);
    vring_kick(&vr);
    assert_true(model_take(1, &c));
    model_give(1, c.head, 0);
    assert_int_equal(pop(&cookie, &len), 1);
    assert_ptr_equal(cookie, &cookies[0]);
    assert_int_equal(push_in(0), 0);
    assert_int_equal(push_in(0), -ENOSPC);
}

/* Out of order, chains of every length, and the 16-bit indices wrap: 200,000 chains. */
static void many(void **state)
{
    unsigned seed = 1, n_out = 0;
    u64 n_pushed = 0, n_popped = 0;
    struct model_chain held[SIZE];

    (void)state;
    while (n_popped < 200000) {
        struct sg sg[3];
        unsigned n;
        void *cookie;
        u32 len;

        seed = seed * 1103515245 + 12345;
        n = 1 + (seed >> 16) % 3;
        for (unsigned k = 0; k < n; k++)
            sg[k] = (struct sg){(uintptr_t)buf[k], 1 + n};
        if (n_out + 1 < SIZE && !vring_push(&vr, sg, n / 2, n - n / 2, (void *)(n_pushed + 1)))
            n_pushed++;
        if (seed >> 20 & 1)
            vring_kick(&vr);
        while (n_out < SIZE && model_take(1, &held[n_out]))
            n_out++;
        if (n_out && (seed >> 21 & 1)) {
            unsigned i = (seed >> 22) % n_out;

            model_give(1, held[i].head, held[i].n);
            held[i] = held[--n_out];
        }
        if (seed >> 24 & 1)
            while (vring_pop(&vr, &cookie, &len) > 0) {
                assert_non_null(cookie);
                n_popped++;
            }
        assert_int_equal(vr.n_inflight, n_pushed - n_popped);
    }
    assert_false(vr.is_broken);
}

static void kicks_only_when_wanted(void **state)
{
    struct model_chain c;

    (void)state;
    vring_kick(&vr);
    assert_int_equal(model.q[1].n_kicks, 0); /* nothing new */
    push_in(0);
    push_in(1);
    vring_kick(&vr);
    assert_int_equal(model.q[1].n_kicks, 1); /* one for both */
    push_in(2);
    vring_kick(&vr);
    assert_int_equal(model.q[1].n_kicks, 1); /* it is still busy: avail_event is behind */
    while (model_take(1, &c))
        ;
    push_in(3);
    vring_kick(&vr);
    assert_int_equal(model.q[1].n_kicks, 2);

    vring_fini(&vr);
    open_ring(false, false);
    model_no_kicks(1, true);
    push_in(0);
    vring_kick(&vr);
    assert_int_equal(model.q[1].n_kicks, 0);
    assert_int_equal(model_n_avail(1), 1);
    model_no_kicks(1, false);
    push_in(1);
    vring_kick(&vr);
    assert_int_equal(model.q[1].n_kicks, 1);
}

static void interrupts(void **state)
{
    (void)state;
    for (unsigned has_event_idx = 0; has_event_idx < 2; has_event_idx++) {
        struct model_chain c;
        void *cookie;
        u32 len;

        vring_fini(&vr);
        open_ring(false, has_event_idx);
        for (unsigned i = 0; i < 3; i++)
            push_in(i);
        vring_kick(&vr);
        model_take(1, &c);
        model_give(1, c.head, 0);
        assert_false(model_may_interrupt(1, 0)); /* not asked for */
        assert_true(vring_arm(&vr));             /* slipped in */
        vring_disarm(&vr);
        assert_int_equal(pop(&cookie, &len), 1);
        assert_false(vring_arm(&vr));
        model_take(1, &c);
        model_give(1, c.head, 0);
        assert_true(model_may_interrupt(1, 1));
        vring_disarm(&vr);
        assert_int_equal(pop(&cookie, &len), 1);
        vring_disarm(&vr);
        model_take(1, &c);
        model_give(1, c.head, 0);
        assert_false(model_may_interrupt(1, 2));
    }
}

static void lie_id_out_of_range(void **state)
{
    static const u32 ids[] = {SIZE, 0xffff, 0x10000, 0x80000000, 0xffffffff};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(ids); i++) {
        vring_fini(&vr);
        open_ring(false, true);
        host_n_logged = 0;
        push_in(0);
        vring_kick(&vr);
        model_give(1, ids[i], 1);
        expect_broken();
    }
}

static void lie_id_not_outstanding(void **state)
{
    (void)state;
    push_in(0);
    vring_kick(&vr);
    model_give(1, 3, 1);
    expect_broken();
}

static void lie_id_twice(void **state)
{
    void *cookie;
    u32 len;

    (void)state;
    push_in(0);
    push_in(1);
    vring_kick(&vr);
    model_give(1, 0, 1);
    model_give(1, 0, 1);
    assert_int_equal(pop(&cookie, &len), 1);
    expect_broken();
}

/* The second descriptor of a chain is not a chain. */
static void lie_id_inside_chain(void **state)
{
    struct sg sg[2] = {{(uintptr_t)buf[0], 1}, {(uintptr_t)buf[1], 1}};

    (void)state;
    vring_push(&vr, sg, 1, 1, &cookies[0]);
    vring_kick(&vr);
    model_give(1, 1, 1);
    expect_broken();
}

static void lie_len(void **state)
{
    void *cookie;
    u32 len;

    (void)state;
    push_in(0);
    push_in(1);
    vring_kick(&vr);
    model_give(1, 0, sizeof(buf[0]));
    assert_int_equal(pop(&cookie, &len), 1);
    model_give(1, 1, sizeof(buf[1]) + 1);
    expect_broken();
}

/* §2.7.8.1: old devices report nonsense for chains they cannot write; nobody uses it. */
static void len_of_output_is_ignored(void **state)
{
    struct sg sg = {(uintptr_t)buf[0], 10};
    void *cookie;
    u32 len;

    (void)state;
    vring_push(&vr, &sg, 1, 0, &cookies[0]);
    vring_kick(&vr);
    model_give(1, 0, 4096);
    assert_int_equal(pop(&cookie, &len), 1);
}

static void lie_idx_jumps(void **state)
{
    (void)state;
    push_in(0);
    push_in(1);
    vring_kick(&vr);
    model_set_used_idx(1, 3);
    expect_broken();
}

static void lie_idx_goes_back(void **state)
{
    void *cookie;
    u32 len;

    (void)state;
    push_in(0);
    push_in(1);
    vring_kick(&vr);
    model_give(1, 0, 0);
    assert_int_equal(pop(&cookie, &len), 1);
    model_set_used_idx(1, 0);
    expect_broken();
}

/* It may write all over the descriptors and avail: we keep our own books. */
static void lie_scribbles(void **state)
{
    struct sg sg[3] = {{(uintptr_t)buf[0], 1}, {(uintptr_t)buf[1], 1}, {(uintptr_t)buf[2], 1}};
    void *cookie;
    u32 len;

    (void)state;
    vring_push(&vr, sg, 1, 2, &cookies[0]);
    push_in(1);
    vring_kick(&vr);
    for (u8 *p = (u8 *)vr.desc; p < (u8 *)vr.used; p++)
        *p = 0xff;
    model_give(1, 0, 2);
    assert_int_equal(pop(&cookie, &len), 1);
    assert_ptr_equal(cookie, &cookies[0]);
    assert_int_equal(vr.n_free, SIZE - 1);
    for (unsigned i = 0; i < SIZE - 1; i++)
        assert_int_equal(push_in(2), 0);
    assert_int_equal(push_in(2), -ENOSPC);
}

static void drain(void **state)
{
    void *cookie;
    u32 len;

    (void)state;
    push_in(0);
    push_in(1);
    push_in(2);
    vring_kick(&vr);
    model_give(1, 1, 0);
    assert_int_equal(pop(&cookie, &len), 1);
    vring_stop(&vr);
    assert_ptr_equal(vring_drain(&vr), &cookies[0]);
    assert_ptr_equal(vring_drain(&vr), &cookies[2]);
    assert_null(vring_drain(&vr));
    assert_int_equal(push_in(0), -EIO);
    assert_int_equal(pop(&cookie, &len), -EIO);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(layout),
        TEST(largest),
        TEST(round_trip),
        TEST(full),
        TEST(many),
        TEST(kicks_only_when_wanted),
        TEST(interrupts),
        TEST(lie_id_out_of_range),
        TEST(lie_id_not_outstanding),
        TEST(lie_id_twice),
        TEST(lie_id_inside_chain),
        TEST(lie_len),
        TEST(len_of_output_is_ignored),
        TEST(lie_idx_jumps),
        TEST(lie_idx_goes_back),
        TEST(lie_scribbles),
        TEST(drain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
