/* socketpair(2): bytes or records both ways, shutdown(2), MSG_PEEK, MSG_TRUNC, closing. */
/* sources: runtime/file/sockpair.c runtime/file/ring.c runtime/file/file.c */
/* sources: runtime/file/fdtable.c runtime/file/wait.c tests/unit/file_host.c */
#include "file_host.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "file/ring.h"
#include "file/sockpair.h"

static struct file *a, *b;
static char big[RING_BYTES + 1000];

static void open_pair(int type)
{
    assert_int_equal(sockpair_new(type, &a, &b), 0);
}

static int teardown(void **state)
{
    (void)state;
    if (a)
        file_put(a);
    if (b)
        file_put(b);
    a = b = NULL;
    host_steps_drop();
    assert_int_equal(host_n_heap, 0);
    assert_int_equal(host_n_pages, 0);
    return 0;
}

static long msg(struct file *f, bool is_send, void *buf, size_t len, int flags, int *flags_out)
{
    struct iovec iov = {buf, len};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    long r = is_send ? sockpair_sendmsg(f, &m, flags) : sockpair_recvmsg(f, &m, flags);
    if (flags_out)
        *flags_out = m.msg_flags;
    return r;
}

static void stream(void **state)
{
    char buf[10];

    (void)state;
    open_pair(SOCK_STREAM);
    assert_int_equal(host_write(a, "abc", 3), 3);
    assert_int_equal(host_write(a, "def", 3), 3);
    assert_int_equal(host_write(b, "other way", 9), 9);
    assert_int_equal(msg(b, false, buf, 2, MSG_PEEK, NULL), 2);
    assert_int_equal(host_read(b, buf, 10), 6);
    assert_memory_equal(buf, "abcdef", 6);
    assert_int_equal(host_read(a, buf, 9), 9);
    assert_memory_equal(buf, "other way", 9);
    assert_int_equal(msg(b, false, buf, 1, MSG_DONTWAIT, NULL), -EAGAIN);
}

static void records(void **state)
{
    char buf[10];
    int flags;

    (void)state;
    open_pair(SOCK_SEQPACKET | SOCK_NONBLOCK);
    assert_int_equal(host_write(a, "abc", 3), 3);
    assert_int_equal(host_write(a, "defgh", 5), 5);
    assert_int_equal(msg(b, false, buf, 10, MSG_PEEK, &flags), 3);
    assert_int_equal(host_read(b, buf, 10), 3);
    assert_int_equal(msg(b, false, buf, 2, MSG_TRUNC, &flags), 5);
    assert_int_equal(flags, MSG_TRUNC);
    assert_int_equal(host_read(b, buf, 10), -EAGAIN);
    assert_int_equal(host_write(a, big, sizeof(big)), -EMSGSIZE);
    assert_int_equal(host_write(a, big, 40000), 40000);
    assert_int_equal(host_write(a, big, 40000), -EAGAIN);
}

static void shutdown_half(void **state)
{
    char buf[10];

    (void)state;
    open_pair(SOCK_STREAM);
    assert_int_equal(host_write(a, "bye", 3), 3);
    assert_int_equal(sockpair_shutdown(a, SHUT_WR), 0);
    assert_int_equal(host_write(a, "x", 1), -EPIPE);
    assert_true(file_poll(b) & EPOLLRDHUP);
    assert_false(file_poll(b) & EPOLLHUP);
    assert_int_equal(host_read(b, buf, 10), 3);
    assert_int_equal(host_read(b, buf, 10), 0);
    assert_int_equal(host_write(b, "still", 5), 5);
    assert_int_equal(host_read(a, buf, 10), 5);
}

static void close_b(void *arg)
{
    (void)arg;
    file_put(b);
    b = NULL;
}

static void peer_closes(void **state)
{
    char c;

    (void)state;
    open_pair(SOCK_STREAM);
    host_step(close_b, NULL);
    assert_int_equal(host_read(a, &c, 1), 0);
    assert_int_equal(host_write(a, "x", 1), -EPIPE);
    assert_true(file_poll(a) & EPOLLHUP);
}

static void read_some(void *arg)
{
    static char buf[30000];
    *(long *)arg += host_read(b, buf, sizeof(buf));
}

static void writer_waits(void **state)
{
    long got = 0;

    (void)state;
    open_pair(SOCK_STREAM);
    host_step(read_some, &got);
    assert_int_equal(host_write(a, big, sizeof(big)), sizeof(big));
    assert_int_equal(got, 30000);
    host_steps_drop();
    a->flags |= O_NONBLOCK;
    assert_int_equal(host_write(a, big, sizeof(big)), 29000);
    assert_int_equal(host_write(a, big, 1), -EAGAIN);
    assert_false(file_poll(a) & EPOLLOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(stream, teardown),
        cmocka_unit_test_teardown(records, teardown),
        cmocka_unit_test_teardown(shutdown_half, teardown),
        cmocka_unit_test_teardown(peer_closes, teardown),
        cmocka_unit_test_teardown(writer_waits, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
