/* Finding and starting virtio-mmio devices (virtio 1.2 §4.2), legacy and modern, and virtio-rng. */
/* sources: runtime/dev/virtio/vring.c runtime/dev/virtio/virtio.c runtime/dev/reg.c */
/* sources: tests/unit/dev_host.c tests/unit/dev_virtio_model.c */
#include "dev_host.h"
#include "dev_virtio_model.h"

#include <string.h>

#include "dev/virtio/mmio.c"
#include "dev/virtio/rng.c"

static u64 base;    /* where the model is */
static bool is_pci; /* the machine has PCI */
static u8 next_random;
static unsigned answer_bytes;   /* most the device gives per request */
static bool is_mute, is_listed; /* … or gives no answer; on the command line */

bool virtio_pci_probe(void)
{
    return is_pci;
}

void virtio_pci_msix_enable(struct virtio_dev *vd)
{
    (void)vd;
    fail();
}

const struct virtio_driver *virtio_driver_for(u32 device_id)
{
    return device_id == VIRTIO_ID_RNG ? &virtio_rng_driver : NULL;
}

void dev_probe(void)
{
    if (rng.is_found)
        return;
    if (is_listed)
        virtio_mmio_probe_listed();
    else
        virtio_mmio_probe_default();
}

static u32 on_read(u64 at, unsigned width)
{
    if (at >= base && at < base + 0x200)
        return model_mmio_read((u32)(at - base), width);
    if (at >= 0xfeb00000 && at < base && !is_listed) /* empty slots in front */
        return at & 0x1ff ? 0 : 0x74726976;
    return UINT32_MAX;
}

static void on_write(u64 at, u32 v, unsigned width)
{
    struct model_chain c;

    assert_true(at >= base && at < base + 0x200);
    model_mmio_write((u32)(at - base), v, width);
    while (at - base == 0x50 && !is_mute && model_take(0, &c)) {
        u32 n = MIN(answer_bytes, c.seg[0].len);

        assert_int_equal(c.n, 1);
        assert_true(c.seg[0].is_write);
        for (u32 i = 0; i < n; i++)
            c.seg[0].data[i] = ++next_random;
        model_give(0, c.head, n);
    }
}

static void init(bool is_legacy)
{
    host_reset();
    host_read_fn = on_read;
    host_write_fn = on_write;
    memset(&rng, 0, sizeof(rng));
    n_listed = 0;
    base = 0xfeb00000;
    is_mute = is_listed = false;
    answer_bytes = 1000;
    next_random = 0;
    model_init(VIRTIO_ID_RNG, is_legacy, BIT(29) | BIT(30) | (is_legacy ? 0 : BIT(33) | BIT(34)));
}

static void check_read(size_t len)
{
    u8 buf[300];

    memset(buf, 0, sizeof(buf));
    next_random = 0;
    assert_int_equal(rng_read(buf, len), len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(buf[i], (u8)(i + 1));
    for (size_t i = len; i < sizeof(buf); i++)
        assert_int_equal(buf[i], 0);
}

static void reads(void **state)
{
    (void)state;
    for (unsigned legacy = 0; legacy < 2; legacy++) {
        init(legacy);
        check_read(32);
        assert_int_equal(model.n_resets, 1); /* §3.1.1: before use */
        assert_int_equal(model.status, legacy ? 7 : 15);
        assert_int_equal(model.accepted, legacy ? BIT(29) : BIT(29) | BIT(32) | BIT(33));
        answer_bytes = 7;
        check_read(200);
        check_read(0);
        assert_int_equal(model.n_resets, 1);
        assert_int_equal(host_routed_gsi, UINT32_MAX); /* polled */
        for (unsigned i = 0; i < CHUNK_BYTES; i++)
            assert_int_equal(rng.chunk[i], 0);
    }
}

static void last_slot_of_microvm(void **state)
{
    (void)state;
    init(true);
    base = 0xfeb00000 + 23 * 512;
    check_read(10);
    assert_int_equal(rng.vd.gsi, 24 + 23);
}

static void command_line(void **state)
{
    u8 buf[4];

    (void)state;
    init(true);
    is_listed = true;
    base = 0xd0000000;
    for (unsigned i = 0; i < 100; i++) /* more than we keep; RAM; nothing there */
        virtio_mmio_add(i == 20 ? base : i & 1 ? 0x1000 : 0xd8000000, i);
    check_read(10);
    assert_int_equal(rng.vd.gsi, 20);
    init(true);
    is_listed = true;
    assert_int_equal(rng_read(buf, 4), -ENODEV);
}

static void not_a_device(void **state)
{
    u8 buf[4];

    (void)state;
    init(true);
    model.magic++;
    assert_int_equal(rng_read(buf, 4), -ENODEV);
    init(true);
    model.device_id = 0;
    base += 23 * 512;
    assert_int_equal(rng_read(buf, 4), -ENODEV);
    assert_int_equal(host_n_logged, 0);
    init(true);
    model.version = 3;
    assert_int_equal(rng_read(buf, 4), -ENODEV);
    assert_int_equal(host_n_logged, 1);
}

static void broken_ones_end(void **state)
{
    u8 buf[100];

    (void)state;
    for (unsigned lie = 0; lie < 6; lie++) {
        int want = lie < 2 ? -ETIMEDOUT : -EIO;
        u64 before = host_now_ns;

        init(false);
        switch (lie) {
        case 0:
            is_mute = true;
            break;
        case 1:
            answer_bytes = 0;
            break;
        case 2:
            model.q[0].max = 0;
            break;
        case 3:
            model.refuses_features = true;
            break;
        case 4:
            model.never_resets = true;
            model.status = 1;
            break;
        case 5:
            model.q[0].max = 3; /* halved to fit: not a power of two */
            break;
        }
        assert_int_equal(rng_read(buf, sizeof(buf)), want);
        assert_true(host_now_ns - before < 3 * NSEC_PER_SEC);
        assert_int_equal(rng_read(buf, sizeof(buf)), -EIO);
        if (lie != 4)
            assert_int_equal(model.status, 0); /* it holds nothing of ours any more */
    }
}

/* The device may write what it likes into the used ring: no byte beyond the chunk is believed. */
static void lie_len(void **state)
{
    u8 buf[8];

    (void)state;
    init(false);
    check_read(1);
    is_mute = true;
    model_give(0, 0, 9999); /* ahead of the request */
    assert_int_equal(rng_read(buf, sizeof(buf)), -EIO);
}

static void config_is_bounded(void **state)
{
    struct virtio_dev vd;
    u8 buf[8];

    (void)state;
    init(false);
    check_read(1);
    vd = rng.vd;
    for (unsigned i = 0; i < sizeof(model.config); i++)
        model.config[i] = (u8)i;
    assert_int_equal(virtio_config(&vd, 248, buf, 8, 2), 0);
    assert_int_equal(buf[0] + buf[7], 248 + 255);
    assert_int_equal(virtio_config(&vd, 250, buf, 8, 1), -EIO);
    vd.config_bytes = 0;
    assert_int_equal(virtio_config(&vd, 0, buf, 1, 1), -EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(last_slot_of_microvm),
        cmocka_unit_test(command_line),
        cmocka_unit_test(not_a_device),
        cmocka_unit_test(broken_ones_end),
        cmocka_unit_test(lie_len),
        cmocka_unit_test(config_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
