/* eventfd(2): the count adds up, a read takes all or (semaphore) one, EAGAIN at either end. */
/* sources: runtime/file/wait.c */
/* sources: runtime/file/eventfd.c runtime/file/file.c runtime/file/fdtable.c */
/* sources: tests/unit/file_host.c */
#include "file_host.h"

#include <errno.h>
#include <fcntl.h>

#include "file/eventfd.h"

static struct file *f;

static int teardown(void **state)
{
    (void)state;
    file_put(f);
    host_steps_drop();
    assert_int_equal(host_n_heap, 0);
    return 0;
}

static long put(u64 v)
{
    return host_write(f, &v, sizeof(v));
}

static long take(u64 *v)
{
    return host_read(f, v, sizeof(*v));
}

static void adds_up(void **state)
{
    u64 v = 0;

    (void)state;
    assert_int_equal(eventfd_new(3, O_NONBLOCK, false, &f), 0);
    assert_int_equal(put(4), 8);
    assert_int_equal(file_poll(f) & 0xf, EPOLLIN | EPOLLOUT);
    assert_int_equal(take(&v), 8);
    assert_int_equal(v, 7);
    assert_int_equal(take(&v), -EAGAIN);
    assert_int_equal(file_poll(f) & 0xf, EPOLLOUT);
}

static void semaphore(void **state)
{
    u64 v = 0;

    (void)state;
    assert_int_equal(eventfd_new(2, O_NONBLOCK, true, &f), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(take(&v), 8);
        assert_int_equal(v, 1);
    }
    assert_int_equal(take(&v), -EAGAIN);
}

static void ends_of_the_range(void **state)
{
    u64 v = 0;

    (void)state;
    assert_int_equal(eventfd_new(0, O_NONBLOCK, false, &f), 0);
    assert_int_equal(put(UINT64_MAX), -EINVAL);
    assert_int_equal(put(UINT64_MAX - 1), 8);
    assert_int_equal(file_poll(f) & 0xf, EPOLLIN);
    assert_int_equal(put(1), -EAGAIN);
    assert_int_equal(put(0), 8);
    assert_int_equal(host_read(f, &v, 7), -EINVAL);
    assert_int_equal(host_write(f, &v, 7), -EINVAL);
    assert_int_equal(take(&v), 8);
    assert_int_equal(v, UINT64_MAX - 1);
}

static void put_five(void *arg)
{
    (void)arg;
    put(5);
}

static void take_all(void *arg)
{
    take(arg);
}

static void blocks(void **state)
{
    u64 v = 0;

    (void)state;
    assert_int_equal(eventfd_new(0, 0, false, &f), 0);
    host_step(put_five, NULL);
    assert_int_equal(take(&v), 8);
    assert_int_equal(v, 5);
    assert_int_equal(put(UINT64_MAX - 1), 8);
    host_step(take_all, &v);
    assert_int_equal(put(9), 8);
    assert_int_equal(v, UINT64_MAX - 1);
    assert_int_equal(take(&v), 8);
    assert_int_equal(v, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(adds_up, teardown),
        cmocka_unit_test_teardown(semaphore, teardown),
        cmocka_unit_test_teardown(ends_of_the_range, teardown),
        cmocka_unit_test_teardown(blocks, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
