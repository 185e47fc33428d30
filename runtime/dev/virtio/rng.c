#include "dev/virtio/rng.h"

#include <errno.h>
#include <string.h>

#include "dev/dev.h"
#include "dev/virtio/virtio.h"
#include "sched/clock.h"

#define QUEUE_SIZE  8
#define CHUNK_BYTES 64
#define TIMEOUT_NS  NSEC_PER_SEC

static struct {
    struct virtio_dev vd;
    struct vring vr;
    bool is_found, is_up, is_broken;
    u8 chunk[CHUNK_BYTES]; /* where the device writes: ours, whatever memory the caller has */
} rng;

static void rng_found(const struct virtio_dev *vd)
{
    if (!rng.is_found)
        rng.vd = *vd;
    rng.is_found = true;
}

VIRTIO_DRIVER(virtio_rng_driver) = {VIRTIO_ID_RNG, rng_found};

static int rng_up(void)
{
    int err = virtio_start(&rng.vd, 0);

    if (!err)
        err = virtio_queue(&rng.vd, 0, QUEUE_SIZE, &rng.vr);
    if (err) {
        virtio_reset(&rng.vd);
        return err;
    }
    virtio_ready(&rng.vd);
    rng.is_up = true;
    return 0;
}

/* One request. Returns bytes in rng.chunk, maybe 0; -EIO, -ETIMEDOUT. */
static int rng_fetch(u32 len, u64 deadline_ns)
{
    struct sg sg = {(uintptr_t)rng.chunk, len};
    void *cookie;
    int got = vring_push(&rng.vr, &sg, 0, 1, rng.chunk);

    if (got)
        return got;
    vring_kick(&rng.vr);
    while (!(got = vring_pop(&rng.vr, &cookie, &len)))
        if (clock_mono_ns() > deadline_ns)
            return -ETIMEDOUT;
    return got < 0 ? got : (int)len;
}

int rng_read(void *buf, size_t len)
{
    u8 *p = buf, *end = p + len;
    u64 deadline_ns;
    int got = 0;

    dev_probe();
    if (!rng.is_found)
        return -ENODEV;
    if (rng.is_broken)
        return -EIO;
    if (!rng.is_up && (got = rng_up()))
        goto broken;
    deadline_ns = clock_mono_ns() + TIMEOUT_NS;
    while (p < end) {
        got = rng_fetch((u32)MIN(end - p, CHUNK_BYTES), deadline_ns);
        if (!got && clock_mono_ns() > deadline_ns) /* answers, but with nothing */
            got = -ETIMEDOUT;
        if (got < 0) {
            virtio_reset(&rng.vd); /* it still has our buffer */
            goto broken;
        }
        memcpy(p, rng.chunk, (size_t)got);
        memset(rng.chunk, 0, sizeof(rng.chunk)); /* nobody else gets to see these */
        p += got;
    }
    return (int)len;
broken:
    rng.is_broken = true;
    return got;
}
