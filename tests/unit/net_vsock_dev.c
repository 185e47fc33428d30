#include "net_vsock_dev.h"

#include <stdlib.h>

#include "sched/thread.h"

struct vsockdev vdev;
bool vdev_exists = true;
unsigned vdev_cap, vdev_n;

size_t iov_len(const struct iovec *iov, int n_iov)
{
    size_t len = 0;

    while (n_iov--)
        len += iov++->iov_len;
    return len;
}

static struct vdev_packet queue[VDEV_MAX];
static unsigned head;
static bool is_full, is_dead;

struct vsockdev *vsockdev_first(void)
{
    return vdev_exists && !is_dead ? &vdev : NULL;
}

static int tx_begin(struct vsockdev *vd, u32 *len_bytes, u8 **data)
{
    assert_ptr_equal(vd, &vdev);
    if (is_dead)
        return -EIO;
    if (vdev_n >= vdev_cap) {
        is_full = true;
        return -ENOSPC;
    }
    *len_bytes = MIN(*len_bytes, VDEV_BYTES);
    *data = queue[(head + vdev_n) % VDEV_MAX].data;
    return 0;
}

static void tx_end(struct vsockdev *vd, const struct vsock_hdr *h)
{
    assert_true(vdev_n < vdev_cap && h->len_bytes <= VDEV_BYTES);
    queue[(head + vdev_n++) % VDEV_MAX].h = *h;
    vd->stats.tx_packets++;
}

static bool is_idle(struct vsockdev *vd)
{
    (void)vd;
    return !vdev_n;
}

static const struct vsockdev_ops ops = {tx_begin, tx_end, is_idle};

void vdev_reset(void)
{
    vdev.ops = &ops;
    vdev.cid = VDEV_CID;
    vdev.is_held = false;
    vdev_cap = VDEV_MAX;
    vdev_n = head = 0;
    vdev_exists = true;
    is_full = is_dead = false;
}

static void space(void)
{
    if (is_full && vdev_n < vdev_cap) {
        is_full = false;
        vdev.tx_space(&vdev);
    }
}

bool vdev_take(struct vdev_packet *p)
{
    if (!vdev_n)
        return false;
    *p = queue[head];
    head = (head + 1) % VDEV_MAX;
    vdev_n--;
    space();
    return true;
}

void vdev_set_cap(unsigned cap)
{
    vdev_cap = cap;
    space();
}

void vdev_give(const struct vsock_hdr *h, u8 fill)
{
    u8 *data = malloc(h->len_bytes + 1); /* so that what is read beyond is seen */

    memset(data, fill, h->len_bytes + 1);
    vdev.rx(&vdev, h, data);
    free(data);
}

void vdev_die(void)
{
    is_dead = true;
    vdev.reset(&vdev);
}
