/* pipe(7): order, capacity, PIPE_BUF atomicity, EPIPE, end of file, and nothing leaks. */
/* sources: runtime/file/wait.c */
/* sources: runtime/file/pipe.c runtime/file/ring.c runtime/file/file.c runtime/file/fdtable.c */
/* sources: tests/unit/file_host.c */
#include "file_host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>

#include "file/pipe.h"
#include "file/ring.h"

static struct file *r, *w;
static u8 big[3 * RING_BYTES];

static int setup(void **state)
{
    (void)state;
    assert_int_equal(pipe_new(0, &r, &w), 0);
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (u8)(i * 7 + i / 251);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (r)
        file_put(r);
    if (w)
        file_put(w);
    r = w = NULL;
    host_steps_drop();
    assert_int_equal(host_n_heap, 0);
    assert_int_equal(host_n_pages, 0);
    host_signal = false;
    return 0;
}

static void bytes_in_order(void **state)
{
    u8 buf[1000];
    size_t in = 0, out = 0;

    (void)state;
    w->flags |= O_NONBLOCK;
    r->flags |= O_NONBLOCK;
    /* Odd sizes at odd offsets, many times around. */
    for (int round = 0; round < 2000; round++) {
        size_t n = (size_t)(round * 37 % 990 + 1);
        long put = host_write(w, big + in % RING_BYTES, n), got;
        if (put > 0)
            in += (size_t)put;
        got = host_read(r, buf, (size_t)(round * 53 % 991 + 1));
        for (long i = 0; i < got; i++)
            assert_int_equal(buf[i], big[(out + (size_t)i) % RING_BYTES]);
        if (got > 0)
            out += (size_t)got;
        if (in % RING_BYTES + 1000 > RING_BYTES) /* keep the model simple: start over when empty */
            while ((got = host_read(r, buf, sizeof(buf))) > 0) {
                for (long i = 0; i < got; i++)
                    assert_int_equal(buf[i], big[(out + (size_t)i) % RING_BYTES]);
                out += (size_t)got;
            }
        if (in == out && in % RING_BYTES + 1000 > RING_BYTES)
            in = out = 0;
    }
}

static void capacity(void **state)
{
    u8 c;

    (void)state;
    w->flags |= O_NONBLOCK;
    assert_int_equal(host_write(w, big, sizeof(big)), RING_BYTES);
    assert_int_equal(host_write(w, "x", 1), -EAGAIN);
    assert_int_equal(file_poll(w), 0);
    int n = 0;
    assert_int_equal(r->ops->ioctl(r, FIONREAD, &n), 0);
    assert_int_equal(n, RING_BYTES);
    /* One byte out: a write of one byte fits, poll() waits for PIPE_BUF. */
    assert_int_equal(host_read(r, &c, 1), 1);
    assert_int_equal(c, big[0]);
    assert_int_equal(file_poll(w), 0);
    assert_int_equal(host_write(w, "x", 1), 1);
}

/* The oldest and the newest bytes meet in the ring: neither may overwrite or free the other. */
static void full_at_odd_offset(void **state)
{
    static u8 got[2 * RING_BYTES];

    (void)state;
    w->flags |= O_NONBLOCK;
    assert_int_equal(host_write(w, big, 5000), 5000);
    assert_int_equal(host_read(r, got, 4999), 4999);
    assert_int_equal(host_write(w, big + 5000, sizeof(big) - 5000), RING_BYTES - 1);
    assert_int_equal(host_read(r, got, 100), 100);
    assert_int_equal(host_write(w, big + 5000 + RING_BYTES - 1, 100), 100);
    assert_int_equal(host_read(r, got, sizeof(got)), RING_BYTES);
    assert_memory_equal(got, big + 4999 + 100, RING_BYTES);
}

static void small_writes_are_whole(void **state)
{
    (void)state;
    w->flags |= O_NONBLOCK;
    assert_int_equal(host_write(w, big, RING_BYTES - 10), RING_BYTES - 10);
    assert_int_equal(host_write(w, big, PIPE_BUF), -EAGAIN);
    assert_int_equal(host_write(w, big, 11), -EAGAIN);
    assert_int_equal(host_write(w, big, PIPE_BUF + 1), 10); /* larger ones may be split */
}

static void read_some(void *arg)
{
    static u8 buf[10000];
    *(long *)arg += host_read(r, buf, sizeof(buf));
}

static void blocked_writer_finishes(void **state)
{
    long drained = 0;

    (void)state;
    for (int i = 0; i < 20; i++)
        host_step(read_some, &drained);
    assert_int_equal(host_write(w, big, RING_BYTES + 50000), RING_BYTES + 50000);
    assert_true(drained >= 50000);
}

static void write_hello(void *arg)
{
    (void)arg;
    host_write(w, "hello", 5);
}

static void blocked_reader_wakes(void **state)
{
    char buf[10];

    (void)state;
    host_step(write_hello, NULL);
    assert_int_equal(host_read(r, buf, sizeof(buf)), 5);
    assert_memory_equal(buf, "hello", 5);
}

static void close_writer(void *arg)
{
    (void)arg;
    file_put(w);
    w = NULL;
}

static void close_reader(void *arg)
{
    (void)arg;
    file_put(r);
    r = NULL;
}

static void end_of_file(void **state)
{
    char buf[10];

    (void)state;
    write_hello(NULL);
    close_writer(NULL);
    assert_int_equal(file_poll(r) & (EPOLLIN | EPOLLHUP), EPOLLIN | EPOLLHUP);
    assert_int_equal(host_read(r, buf, 3), 3);
    assert_int_equal(host_read(r, buf, 3), 2);
    assert_int_equal(host_read(r, buf, 3), 0);
    assert_int_equal(file_poll(r), EPOLLHUP);
}

static void blocked_reader_sees_close(void **state)
{
    char c;

    (void)state;
    host_step(close_writer, NULL);
    assert_int_equal(host_read(r, &c, 1), 0);
}

static void no_reader_is_epipe(void **state)
{
    (void)state;
    host_step(close_reader, NULL);
    w->flags &= ~(u32)O_NONBLOCK;
    assert_int_equal(host_write(w, big, sizeof(big)), RING_BYTES); /* what went in, counts */
    assert_int_equal(host_write(w, "x", 1), -EPIPE);
    assert_true(file_poll(w) & EPOLLERR);
}

static void signal_interrupts(void **state)
{
    char c;

    (void)state;
    host_signal = true;
    assert_int_equal(host_read(r, &c, 1), -EINTR);
}

static void nothing_to_move(void **state)
{
    char c;

    (void)state;
    assert_int_equal(host_read(r, &c, 0), 0); /* would block otherwise */
    assert_int_equal(host_write(w, &c, 0), 0);
    r->flags |= O_NONBLOCK;
    assert_int_equal(host_read(r, &c, 1), -EAGAIN);
}

static void out_of_pages(void **state)
{
    char buf[10];

    (void)state;
    host_pages_left = 1;
    assert_int_equal(host_write(w, big, 6000), 4096);
    assert_int_equal(host_write(w, big, 10), -ENOMEM);
    assert_int_equal(host_read(r, buf, 10), 10);
    host_pages_left += 100;
}

/* filled in place and read in place, in any amounts: no byte is lost and no page kept */
static void room_and_bytes(void **state)
{
    struct ring *ring = &pipe_of(r)->ring;
    struct iovec iov[RING_PAGES];
    size_t in = 0, out = 0;

    (void)state;
    assert_ptr_equal(pipe_of(r), pipe_of(w));
    for (size_t round = 0; round < 600; round++) {
        size_t want = round * 7919 % (RING_BYTES + 5000), fill = want * (round % 4) / 3, n = 0;
        int n_iov = ring_room(ring, want, iov);
        for (int i = 0; i < n_iov && n < fill; i++)
            for (size_t k = 0; k < iov[i].iov_len && n < fill; k++, n++)
                ((u8 *)iov[i].iov_base)[k] = big[(in + n) % RING_BYTES];
        ring_commit(ring, n);
        in += n;
        assert_int_equal(ring_used(ring), in - out);
        assert_in_range(host_n_pages, (in - out) / PAGE_SIZE, (in - out) / PAGE_SIZE + 2);
        n = 0;
        n_iov = ring_bytes(ring, round * 4801 % RING_BYTES, iov);
        for (int i = 0; i < n_iov; i++)
            for (size_t k = 0; k < iov[i].iov_len; k++, n++)
                assert_int_equal(((u8 *)iov[i].iov_base)[k], big[(out + n) % RING_BYTES]);
        assert_int_equal(ring_take(ring, NULL, n), n);
        out += n;
    }
    assert_int_equal(ring_room(ring, 0, iov), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bytes_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(capacity, setup, teardown),
        cmocka_unit_test_setup_teardown(room_and_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(full_at_odd_offset, setup, teardown),
        cmocka_unit_test_setup_teardown(small_writes_are_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(blocked_writer_finishes, setup, teardown),
        cmocka_unit_test_setup_teardown(blocked_reader_wakes, setup, teardown),
        cmocka_unit_test_setup_teardown(end_of_file, setup, teardown),
        cmocka_unit_test_setup_teardown(blocked_reader_sees_close, setup, teardown),
        cmocka_unit_test_setup_teardown(no_reader_is_epipe, setup, teardown),
        cmocka_unit_test_setup_teardown(signal_interrupts, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_to_move, setup, teardown),
        cmocka_unit_test_setup_teardown(out_of_pages, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
