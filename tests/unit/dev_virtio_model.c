#include "dev_virtio_model.h"

#include <string.h>

#include "dev_host.h"

#define EVENT_IDX BIT(29)

struct model model;

void model_init(u32 device_id, bool is_legacy, u64 offered)
{
    model = (struct model){
        .is_legacy = is_legacy,
        .magic = 0x74726976,
        .version = is_legacy ? 1 : 2,
        .device_id = device_id,
        .offered = offered | (is_legacy ? 0 : BIT(32)),
    };
    for (unsigned i = 0; i < MODEL_QUEUES; i++) {
        model.q[i].max = 256;
        model.q[i].vector = 0xffff;
        model.q[i].notify_off = (u16)i;
    }
}

static void reset(void)
{
    model.n_resets++;
    if (model.never_resets)
        return;
    model.status = 0;
    model.accepted = 0;
    model.isr = 0;
    for (unsigned i = 0; i < MODEL_QUEUES; i++) {
        struct model_queue *q = &model.q[i];

        *q = (struct model_queue){.max = q->max, .notify_off = q->notify_off, .vector = 0xffff};
    }
}

static void set_status(u8 v)
{
    if (!v) {
        reset();
        return;
    }
    assert_true((model.status & ~v) == 0); /* §2.1.1: never clears a bit but by reset */
    model.status = v;
    if ((v & 8) && model.refuses_features)
        model.status &= (u8)~8;
}

static void set_accepted(u32 v)
{
    assert_true(model.sel_drv < 2);
    assert_int_equal(model.status & 4, 0); /* not while it runs */
    if (model.sel_drv)
        model.accepted = (u32)model.accepted | (u64)v << 32;
    else
        model.accepted = (model.accepted >> 32 << 32) | v;
    assert_int_equal(model.accepted & ~model.offered, 0);
}

static struct model_queue none;

static struct model_queue *sel(void)
{
    none = (struct model_queue){0};
    return model.queue_sel < MODEL_QUEUES ? &model.q[model.queue_sel] : &none;
}

static void set_pfn(u32 pfn)
{
    struct model_queue *q = sel();

    if (!q->num)
        q->num = q->max; /* PCI: the device's choice */
    q->desc = (u64)pfn << 12;
    q->avail = q->desc + 16ul * q->num;
    q->used = ALIGN_UP(q->avail + 6 + 2ul * q->num, 4096);
    q->is_enabled = pfn;
}

static void set_num(u32 v)
{
    assert_true(v && !(v & (v - 1)) && v <= sel()->max);
    sel()->num = (u16)v;
}

static void set_half(u64 *field, bool is_high, u32 v)
{
    *field = is_high ? (u32)*field | (u64)v << 32 : (*field >> 32 << 32) | v;
}

static void enable(u32 v)
{
    assert_int_equal(v, 1);
    assert_false(sel()->is_enabled);
    assert_true(model.status & 8);
    if (!sel()->num)
        sel()->num = sel()->max;
    assert_int_equal(sel()->desc % 16, 0);
    assert_int_equal(sel()->avail % 2, 0);
    assert_int_equal(sel()->used % 4, 0);
    sel()->is_enabled = true;
}

void model_kick(u32 queue)
{
    assert_true(queue < MODEL_QUEUES);
    assert_true(model.status & 4);
    model.q[queue].n_kicks++;
}

static u32 config_read(u32 off, unsigned width)
{
    u32 v = 0;

    if (off + width <= sizeof(model.config))
        memcpy(&v, model.config + off, width);
    return v;
}

static u32 generation(void)
{
    return model.is_config_restless ? ++model.generation : model.generation;
}

static u32 offered_half(void)
{
    return model.sel_dev < 2 ? (u32)(model.offered >> 32 * model.sel_dev) : 0;
}

/* ---- virtio 1.2 §4.2.2, legacy §4.2.4 */

u32 model_mmio_read(u32 off, unsigned width)
{
    if (off >= 0x100)
        return config_read(off - 0x100, width);
    assert_int_equal(width, 4);
    switch (off) {
    case 0x000:
        return model.magic;
    case 0x004:
        return model.version;
    case 0x008:
        return model.device_id;
    case 0x010:
        return offered_half();
    case 0x034:
        return sel()->max;
    case 0x040:
        assert_true(model.is_legacy);
        return (u32)(sel()->desc >> 12);
    case 0x044:
        assert_false(model.is_legacy);
        return sel()->is_enabled;
    case 0x060:
        return model.isr;
    case 0x070:
        return model.status;
    case 0x0fc:
        return generation();
    }
    fail_msg("read of register 0x%x", off);
    return 0;
}

void model_mmio_write(u32 off, u32 v, unsigned width)
{
    assert_int_equal(width, 4);
    switch (off) {
    case 0x014:
        model.sel_dev = v;
        return;
    case 0x020:
        set_accepted(v);
        return;
    case 0x024:
        model.sel_drv = v;
        return;
    case 0x028:
        assert_true(model.is_legacy && v == 4096);
        return;
    case 0x030:
        model.queue_sel = (u16)v;
        return;
    case 0x038:
        set_num(v);
        return;
    case 0x03c:
        assert_true(model.is_legacy && v == 4096);
        return;
    case 0x040:
        assert_true(model.is_legacy && sel()->num);
        set_pfn(v);
        return;
    case 0x044:
        assert_false(model.is_legacy);
        enable(v);
        return;
    case 0x050:
        model_kick(v);
        return;
    case 0x064:
        model.isr &= (u8)~v;
        model.n_acks++;
        return;
    case 0x070:
        set_status((u8)v);
        return;
    case 0x080:
    case 0x084:
        set_half(&sel()->desc, off & 4, v);
        return;
    case 0x090:
    case 0x094:
        set_half(&sel()->avail, off & 4, v);
        return;
    case 0x0a0:
    case 0x0a4:
        set_half(&sel()->used, off & 4, v);
        return;
    }
    fail_msg("write of register 0x%x", off);
}

/* ---- struct virtio_pci_common_cfg, §4.1.4.3 */

u32 model_common_read(u32 off, unsigned width)
{
    static const u8 widths[] = {
        [4] = 4, [18] = 2, [20] = 1, [21] = 1, [24] = 2, [26] = 2, [28] = 2, [30] = 2};

    assert_true(off < sizeof(widths) && widths[off] == width);
    switch (off) {
    case 4:
        return offered_half();
    case 18:
        return MODEL_QUEUES;
    case 20:
        return model.status;
    case 21:
        return generation() & 0xff;
    case 24:
        return sel()->num ? sel()->num : sel()->max;
    case 26:
        return sel()->vector;
    case 28:
        return sel()->is_enabled;
    default:
        return sel()->notify_off;
    }
}

void model_common_write(u32 off, u32 v, unsigned width)
{
    assert_int_equal(width, off == 20 ? 1 : off >= 16 && off < 32 ? 2 : 4);
    switch (off) {
    case 0:
        model.sel_dev = v;
        return;
    case 8:
        model.sel_drv = v;
        return;
    case 12:
        set_accepted(v);
        return;
    case 20:
        set_status((u8)v);
        return;
    case 22:
        model.queue_sel = (u16)v;
        return;
    case 24:
        set_num(v);
        return;
    case 26:
        assert_false(sel()->is_enabled);
        sel()->vector = (u16)v;
        return;
    case 28:
        enable(v);
        return;
    case 32:
    case 36:
        set_half(&sel()->desc, off & 4, v);
        return;
    case 40:
    case 44:
        set_half(&sel()->avail, off & 4, v);
        return;
    case 48:
    case 52:
        set_half(&sel()->used, off & 4, v);
        return;
    }
    fail_msg("write of common register %u", off);
}

/* ---- legacy PCI, §4.1.4.10 */

u32 model_legacy_read(u32 off, unsigned width, bool has_msix)
{
    u32 config = has_msix ? 24 : 20;

    if (off >= config)
        return config_read(off - config, width);
    switch (off) {
    case 0:
        assert_int_equal(width, 4);
        return (u32)model.offered;
    case 12:
        assert_int_equal(width, 2);
        return sel()->max;
    case 18:
        assert_int_equal(width, 1);
        return model.status;
    case 19: {
        u8 isr = model.isr;

        assert_int_equal(width, 1);
        model.n_acks++;
        model.isr = 0;
        return isr;
    }
    case 22:
        assert_int_equal(width, 2);
        return sel()->vector;
    }
    fail_msg("read of legacy register %u", off);
    return 0;
}

void model_legacy_write(u32 off, u32 v, unsigned width, bool has_msix)
{
    switch (off) {
    case 4:
        assert_int_equal(width, 4);
        model.sel_drv = 0;
        set_accepted(v);
        return;
    case 8:
        assert_int_equal(width, 4);
        set_pfn(v);
        return;
    case 14:
        assert_int_equal(width, 2);
        model.queue_sel = (u16)v;
        return;
    case 16:
        assert_int_equal(width, 2);
        model_kick(v);
        return;
    case 18:
        assert_int_equal(width, 1);
        set_status((u8)v);
        return;
    case 22:
        assert_true(has_msix && width == 2);
        sel()->vector = (u16)v;
        return;
    }
    fail_msg("write of legacy register %u", off);
}

/* ---- rings, §2.7 */

static u16 *at16(u64 addr)
{
    return (u16 *)(uintptr_t)addr;
}

unsigned model_n_avail(unsigned q)
{
    struct model_queue *mq = &model.q[q];

    return mq->is_enabled ? (u16)(*at16(mq->avail + 2) - mq->last_avail) : 0;
}

bool model_take(unsigned q, struct model_chain *c)
{
    struct model_queue *mq = &model.q[q];
    u16 i;

    assert_true(model_n_avail(q) <= mq->num);
    if (!model_n_avail(q))
        return false;
    i = *at16(mq->avail + 4 + 2ul * (mq->last_avail++ % mq->num));
    *c = (struct model_chain){.head = i};
    for (;;) {
        u64 d = mq->desc + 16ul * i;
        u16 flags = *at16(d + 12);

        assert_true(i < mq->num && c->n < MODEL_SEGS);
        c->seg[c->n].data = (u8 *)(uintptr_t) * (u64 *)(uintptr_t)d;
        c->seg[c->n].len = *(u32 *)(uintptr_t)(d + 8);
        c->seg[c->n].is_write = flags & 2;
        assert_true(c->seg[c->n].len > 0);
        c->n++;
        if (!(flags & 1))
            break;
        i = *at16(d + 14);
    }
    if (model.accepted & EVENT_IDX)
        *at16(mq->used + 4 + 8ul * mq->num) = mq->last_avail; /* kick me for the next */
    return true;
}

void model_set_used_idx(unsigned q, u16 idx)
{
    __atomic_store_n(at16(model.q[q].used + 2), idx, __ATOMIC_RELEASE);
}

void model_give(unsigned q, u32 id, u32 len)
{
    struct model_queue *mq = &model.q[q];
    u32 *e = (u32 *)(uintptr_t)(mq->used + 4 + 8ul * (mq->used_idx++ % mq->num));

    e[0] = id;
    e[1] = len;
    model_set_used_idx(q, mq->used_idx);
}

bool model_may_interrupt(unsigned q, u16 old_used_idx)
{
    struct model_queue *mq = &model.q[q];
    u16 event = *at16(mq->avail + 4 + 2ul * mq->num);

    if (model.accepted & EVENT_IDX)
        return (u16)(mq->used_idx - event - 1) < (u16)(mq->used_idx - old_used_idx);
    return !(*at16(mq->avail) & 1);
}

void model_no_kicks(unsigned q, bool on)
{
    *at16(model.q[q].used) = on;
}
