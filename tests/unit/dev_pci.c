/* PCI (ports 0xcf8, 0xcfc) and virtio over it (virtio 1.2 §4.1): what a sane machine has, and what
 * a lying one says. */
/* sources: runtime/dev/virtio/vring.c runtime/dev/virtio/virtio.c runtime/dev/reg.c */
/* sources: runtime/dev/virtio/pci.c tests/unit/dev_host.c tests/unit/dev_virtio_model.c */
#include "dev_host.h"
#include "dev_virtio_model.h"

#include <string.h>

#include "dev/pci.c"
#include "dev/virtio/virtio.h"

#define BDF       (0 << 8 | 3 << 3)
#define MEM_BAR   4
#define MEM_BYTES 0x4000u
#define PORT      0xc040u

/* ---- a machine: 4 KiB of configuration space for a few functions */

static u32 cfg[3][64];     /* BDF, a bridge at 00:01.0, a function at 05:00.0 */
static u32 bar_mask[3][6]; /* writable bits */
static bool has_pci, all_ones, is_mirror;
static u32 address, msix_entry[4];
static unsigned n_config_reads;

static u32 *function(u32 bdf)
{
    if (is_mirror || bdf == BDF)
        return cfg[0];
    return bdf == 1 << 3 ? cfg[1] : bdf == 5 << 8 ? cfg[2] : NULL;
}

static u64 bar_at(unsigned n)
{
    return (cfg[0][4 + n] & ~0xfu) | (n == MEM_BAR ? (u64)cfg[0][5 + n] << 32 : 0);
}

static bool has_msix(void)
{
    return cfg[0][0x40 / 4] >> 31;
}

static u32 on_read(u64 at, unsigned width)
{
    u64 mem = bar_at(MEM_BAR);

    if (at == 0xcf8)
        return has_pci ? address : UINT32_MAX;
    if (at == 0xcfc) {
        u32 *f = function(address >> 8 & 0xffff);

        assert_int_equal(width, 4);
        n_config_reads++;
        return all_ones ? UINT32_MAX : f ? f[(address & 0xff) / 4] : UINT32_MAX;
    }
    assert_int_equal(cfg[0][1] & 7, 7); /* decoding and bus mastering on */
    if (at >= mem && at < mem + 0x1000)
        return model_common_read((u32)(at - mem), width);
    if (at == mem + 0x1000) {
        u8 isr = model.isr;

        model.isr = 0;
        return isr;
    }
    if (at >= mem + 0x2000 && at < mem + 0x3000) {
        u32 v = 0;

        memcpy(&v, model.config + (at - mem - 0x2000), width);
        return v;
    }
    if (at >= PORT && at < PORT + 64)
        return model_legacy_read((u32)at - PORT, width, has_msix());
    fail_msg("read at 0x%llx", (unsigned long long)at);
    return 0;
}

static void config_write(u32 v)
{
    u32 *f = function(address >> 8 & 0xffff), off = (address & 0xff) / 4;

    assert_non_null(f);
    if (off >= 4 && off < 10) {
        u32 mask = bar_mask[f == cfg[0] ? 0 : 1][off - 4];

        assert_int_equal(f[1] & 3, 0); /* not while it decodes */
        f[off] = (f[off] & ~mask) | (v & mask);
    } else if (off == 1) {
        f[1] = (f[1] & 0xffff0000) | (v & 0xffff);
    } else if (off == 0x40 / 4) {
        f[off] = (f[off] & 0x3fffffff) | (v & 0xc0000000);
    }
}

static void on_write(u64 at, u32 v, unsigned width)
{
    u64 mem = bar_at(MEM_BAR), table = bar_at(1);

    if (at == 0xcf8) {
        address = v;
    } else if (at == 0xcfc) {
        config_write(v);
    } else if (at >= mem && at < mem + 0x1000) {
        model_common_write((u32)(at - mem), v, width);
    } else if (at >= mem + 0x3000 && at < mem + 0x4000) {
        assert_int_equal(at, mem + 0x3000 + 4 * v);
        assert_int_equal(width, 2);
        model_kick(v);
    } else if (at >= table && at < table + 16) {
        msix_entry[(at - table) / 4] = v;
    } else if (at >= PORT && at < PORT + 64) {
        model_legacy_write((u32)at - PORT, v, width, has_msix());
    } else {
        fail_msg("write at 0x%llx", (unsigned long long)at);
    }
}

static void cap(unsigned at, unsigned next, u8 type, u8 bar, u32 off, u32 len)
{
    cfg[0][at / 4] = 9 | next << 8 | 20u << 16 | (u32)type << 24;
    cfg[0][at / 4 + 1] = bar;
    cfg[0][at / 4 + 2] = off;
    cfg[0][at / 4 + 3] = len;
    cfg[0][at / 4 + 4] = 4; /* notify_off_multiplier */
}

/* A transitional network card with all there is, as QEMU has it. */
static void init(bool is_legacy)
{
    host_reset();
    host_read_fn = on_read;
    host_write_fn = on_write;
    memset(cfg, 0, sizeof(cfg));
    memset(bar_mask, 0, sizeof(bar_mask));
    has_pci = true;
    all_ones = is_mirror = false;
    n_config_reads = 0;
    cfg[0][0] = 0x10001af4;
    cfg[0][1] = 0x00100103; /* capabilities; the firmware left decoding on */
    cfg[0][0x2c / 4] = 0x00011af4;
    cfg[0][0x34 / 4] = 0x40;
    cfg[0][0x3c / 4] = 0x010b;
    cfg[0][4] = PORT | 1;
    bar_mask[0][0] = 0xffffffc0;
    cfg[0][5] = 0xfebf0000;
    bar_mask[0][1] = 0xfffff000;
    cfg[0][4 + MEM_BAR] = 0xfe000000 | 0xc;
    bar_mask[0][MEM_BAR] = ~(MEM_BYTES - 1);
    bar_mask[0][5] = UINT32_MAX;
    cfg[0][0x40 / 4] = 0x11 | (is_legacy ? 0u : 0x50u) << 8 | 2u << 16;
    cfg[0][0x40 / 4 + 1] = 1; /* table: BAR 1, offset 0 */
    if (!is_legacy) {
        cap(0x50, 0x64, 1, MEM_BAR, 0, 0x1000);
        cap(0x64, 0x78, 3, MEM_BAR, 0x1000, 0x1000);
        cap(0x78, 0x8c, 4, MEM_BAR, 0x2000, 0x1000);
        cap(0x8c, 0, 2, MEM_BAR, 0x3000, 0x1000);
    }
    model_init(1, is_legacy, BIT(29));
}

/* ---- a driver */

static struct virtio_dev vd;
static unsigned n_found;

static void on_found(const struct virtio_dev *found)
{
    vd = *found;
    n_found++;
}

const struct virtio_driver *virtio_driver_for(u32 device_id)
{
    static const struct virtio_driver drv = {1, on_found};

    return device_id == 1 ? &drv : NULL;
}

static bool probe(void)
{
    n_found = 0;
    memset(&vd, 0, sizeof(vd));
    assert_true(virtio_pci_probe());
    return n_found;
}

/* Start it, one queue, one kick. */
static void use(void)
{
    struct vring vr;
    struct sg sg = {0x1000, 8};
    static char cookie;

    host_n_pages = 0;
    assert_int_equal(virtio_start(&vd, 0), 0);
    assert_int_equal(virtio_irq_enable(&vd), 0);
    assert_int_equal(virtio_queue(&vd, 1, 64, &vr), 0);
    virtio_ready(&vd);
    assert_int_equal(model.q[1].desc, (uintptr_t)vr.desc);
    assert_int_equal(model.q[1].avail, (uintptr_t)vr.avail);
    assert_int_equal(model.q[1].used, (uintptr_t)vr.used);
    assert_int_equal(vring_push(&vr, &sg, 1, 0, &cookie), 0);
    vring_kick(&vr);
    assert_int_equal(model.q[1].n_kicks, 1);
    vring_fini(&vr);
}

static void modern_msix(void **state)
{
    (void)state;
    init(false);
    assert_true(probe());
    use();
    assert_true(vd.has_msix && has_msix());
    assert_int_equal(cfg[0][0x40 / 4] & BIT(30), 0);
    assert_int_equal(msix_entry[0], 0xfee00000);
    assert_int_equal(msix_entry[2], 0x21);
    assert_int_equal(msix_entry[3], 0);
    assert_int_equal(model.q[1].vector, 0);
    assert_int_equal(model.q[1].num, 64);
    assert_int_equal(host_routed_gsi, UINT32_MAX);
    virtio_ack(&vd);
}

static void modern_intx(void **state)
{
    (void)state;
    init(false);
    cfg[0][0x34 / 4] = 0x50; /* no MSI-X */
    assert_true(probe());
    use();
    assert_int_equal(host_routed_gsi, 11);
    assert_true(host_routed_level);
    model.isr = 1;
    virtio_ack(&vd);
    assert_int_equal(model.isr, 0);
    cfg[0][0x3c / 4] = 0x01ff; /* no line */
    probe();
    assert_int_equal(virtio_irq_enable(&vd), -ENODEV);
}

static void legacy(void **state)
{
    u8 mac[6];

    (void)state;
    for (unsigned msix = 0; msix < 2; msix++) {
        init(true);
        if (!msix)
            cfg[0][0x34 / 4] = 0;
        memcpy(model.config, "abcdef", 6);
        assert_true(probe());
        assert_true(vd.is_legacy);
        use();
        assert_int_equal(model.q[1].num, 256); /* the device's choice */
        assert_int_equal(has_msix(), msix);
        assert_int_equal(model.q[1].vector, msix ? 0 : 0xffff);
        assert_int_equal(virtio_config(&vd, 0, mac, 6, 1), 0);
        assert_memory_equal(mac, "abcdef", 6);
    }
}

static void modern_only_id(void **state)
{
    (void)state;
    init(false);
    cfg[0][0] = 0x10411af4;
    cfg[0][0x2c / 4] = 0x11001af4;
    assert_true(probe());
    use();
    cfg[0][0] = 0x10801af4; /* beyond the range */
    assert_false(probe());
    cfg[0][0] = 0x10001234; /* another vendor */
    assert_false(probe());
}

static void no_pci(void **state)
{
    (void)state;
    init(false);
    has_pci = false;
    assert_false(virtio_pci_probe());
    assert_int_equal(n_config_reads, 0);
}

static void behind_a_bridge(void **state)
{
    (void)state;
    init(false);
    memcpy(cfg[2], cfg[0], sizeof(cfg[0]));
    cfg[0][0] = 0xffffffff;
    cfg[1][0] = 0x000c1b36;
    cfg[1][2] = 0x06040000;
    cfg[1][3] = 0x00010000;
    cfg[1][6] = 0x00050500;
    cfg[2][1] |= 0x00100000;
    cfg[2][0x34 / 4] = 0; /* legacy, by its ports */
    bar_mask[1][0] = 0xffffffc0;
    assert_true(probe());
    assert_int_equal(vd.bdf, 5 << 8);
    cfg[1][6] = 0; /* not numbered by the firmware */
    assert_false(probe());
}

static void unassigned_bars(void **state)
{
    (void)state;
    init(false);
    cfg[0][4 + MEM_BAR] = 0xc;
    cfg[0][5] = 0;
    assert_true(probe());
    assert_int_equal(vd.regs % MEM_BYTES, 0);
    assert_true(vd.regs >= 0xfe000000 && vd.regs + MEM_BYTES <= 0xfe800000);
    assert_true(vd.msix_table >= vd.regs + MEM_BYTES || vd.msix_table < vd.regs);
    use();
    init(false); /* too big for the hole */
    cfg[0][4 + MEM_BAR] = 0xc;
    bar_mask[0][MEM_BAR] = 0xc0000000;
    assert_true(probe());
    assert_true(vd.is_legacy);
}

/* Every capability in turn names a BAR that is not, or not so big; the legacy registers are left.
 */
static void bad_regions(void **state)
{
    (void)state;
    for (unsigned lie = 0; lie < 9; lie++) {
        init(false);
        switch (lie) {
        case 0:
            cfg[0][0x54 / 4] = 6; /* no such BAR */
            break;
        case 1:
            cfg[0][0x54 / 4] = 2; /* not implemented */
            break;
        case 2:
            cfg[0][0x58 / 4] = MEM_BYTES; /* behind its end */
            break;
        case 3:
            cfg[0][0x58 / 4] = 0xfffffff0; /* wraps */
            break;
        case 4:
            cfg[0][0x5c / 4] = 8; /* too short */
            break;
        case 5:
            cfg[0][0x94 / 4] = 0x3001; /* notify: 4 KiB there no longer fit */
            break;
        case 6:
            cfg[0][0x98 / 4] = 0xffffffff;
            break;
        case 7:
            cfg[0][4 + MEM_BAR] = 0x00100000 | 0xc; /* in RAM */
            break;
        case 8:
            bar_mask[0][MEM_BAR] = 0xfff0c000; /* holes in the mask */
            break;
        }
        assert_true(probe());
        assert_true(vd.is_legacy);
        assert_int_equal(vd.regs, PORT);
        bar_mask[0][0] = 0; /* and without them the device is left alone */
        assert_false(probe());
        assert_int_equal(host_n_logged, 1);
    }
}

static void notify_lies(void **state)
{
    struct vring vr;

    (void)state;
    init(false);
    model.q[0].notify_off = 0x400; /* times 4: just behind */
    model.q[1].notify_off = 0xffff;
    probe();
    assert_int_equal(virtio_start(&vd, 0), 0);
    assert_int_equal(virtio_queue(&vd, 0, 64, &vr), -EIO);
    assert_int_equal(virtio_queue(&vd, 1, 64, &vr), -EIO);
    assert_int_equal(host_n_logged, 2);
}

static void queue_size_lies(void **state)
{
    static const u16 sizes[] = {0, 3, 255, 2048, 32768, 65535};
    struct vring vr;

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        init(true); /* legacy: what it says, is */
        model.q[0].max = sizes[i];
        probe();
        assert_int_equal(virtio_start(&vd, 0), 0);
        assert_int_equal(virtio_queue(&vd, 0, 64, &vr), -EIO);
    }
}

static void config_is_absent_or_short(void **state)
{
    u8 mac[6];

    (void)state;
    init(false);
    cfg[0][0x78 / 4] = (cfg[0][0x78 / 4] & 0xffffff) | 99u << 24; /* another type */
    assert_true(probe());
    assert_int_equal(virtio_config(&vd, 0, mac, 6, 1), -EIO);
    init(false);
    cfg[0][0x84 / 4] = 5; /* bytes */
    assert_true(probe());
    assert_int_equal(virtio_config(&vd, 0, mac, 6, 1), -EIO);
}

static void capability_loops(void **state)
{
    (void)state;
    init(false);
    cfg[0][0x8c / 4] = (cfg[0][0x8c / 4] & ~0xff00u) | 0x5000; /* back to the first */
    assert_true(probe());
    use();
    init(false);
    cfg[0][0x40 / 4] = 0x05 | 0x4000; /* only itself, forever */
    assert_true(probe());
    assert_true(vd.is_legacy);
    init(false);
    cfg[0][0x34 / 4] = 0x10; /* points into the header */
    assert_true(probe());
    assert_true(vd.is_legacy);
}

static void bad_msix(void **state)
{
    (void)state;
    init(false);
    cfg[0][0x44 / 4] = 0; /* table in a BAR of ports */
    assert_true(probe());
    assert_int_equal(vd.msix_table, 0);
    use();
    assert_int_equal(host_routed_gsi, 11);
    init(false);
    cfg[0][0x44 / 4] = 0xffff0001; /* behind its end */
    assert_true(probe());
    assert_int_equal(vd.msix_table, 0);
}

/* The same function everywhere, a bridge to everywhere: the scan ends. */
static void hall_of_mirrors(void **state)
{
    (void)state;
    init(false);
    is_mirror = true;
    cfg[0][0] = 0x000c1b36;
    cfg[0][2] = 0x06040000;
    cfg[0][3] = 0x00810000;
    for (u32 bus = 0; bus < 256; bus += 51) {
        cfg[0][6] = bus << 8;
        assert_false(probe());
    }
    assert_true(n_config_reads < 6 * 2 * 256 * 4 + 100);
    all_ones = true;
    assert_false(probe());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modern_msix),
        cmocka_unit_test(modern_intx),
        cmocka_unit_test(legacy),
        cmocka_unit_test(modern_only_id),
        cmocka_unit_test(no_pci),
        cmocka_unit_test(behind_a_bridge),
        cmocka_unit_test(unassigned_bars),
        cmocka_unit_test(bad_regions),
        cmocka_unit_test(notify_lies),
        cmocka_unit_test(queue_size_lies),
        cmocka_unit_test(config_is_absent_or_short),
        cmocka_unit_test(capability_loops),
        cmocka_unit_test(bad_msix),
        cmocka_unit_test(hall_of_mirrors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
