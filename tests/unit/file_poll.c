/* poll(2): readiness of many at once, POLLNVAL, negative descriptors, the time limit, EINTR. */
/* sources: runtime/file/poll.c runtime/file/eventfd.c runtime/file/file.c */
/* sources: runtime/file/fdtable.c runtime/file/wait.c tests/unit/file_host.c */
#include "file_host.h"

#include <errno.h>
#include <fcntl.h>

#include "file/eventfd.h"
#include "file/poll.h"

enum { N = 20 };
static struct file *files[N];
static struct pollfd fds[N];

static int setup(void **state)
{
    (void)state;
    for (int i = 0; i < N; i++) {
        assert_int_equal(eventfd_new(0, O_NONBLOCK, false, &files[i]), 0);
        assert_int_equal(fd_install(files[i], 0, false), i);
        fds[i] = (struct pollfd){.fd = i, .events = POLLIN};
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fd_close_all();
    host_steps_drop();
    host_signal = false;
    host_heap_left = -1;
    assert_int_equal(host_n_heap, 0);
    return 0;
}

static void put(void *file)
{
    host_write(file, &(u64){1}, 8);
}

static void tells_which(void **state)
{
    (void)state;
    put(files[3]);
    fds[4].events = POLLOUT | POLLIN;
    fds[5].fd = 999;
    fds[6].fd = -1;
    assert_int_equal(poll_files(fds, N, DEADLINE_NEVER), 3);
    for (int i = 0; i < N; i++) {
        int want = i == 3 ? POLLIN : i == 4 ? POLLOUT : i == 5 ? POLLNVAL : 0;
        assert_int_equal(fds[i].revents, want);
    }
    assert_int_equal(host_sleeps, 0);
}

static void waits_few_and_many(void **state)
{
    (void)state;
    for (size_t n = 3; n <= N; n += N - 3) { /* on the stack, on the heap */
        host_step(put, files[2]);
        assert_int_equal(poll_files(fds, n, DEADLINE_NEVER), 1);
        assert_int_equal(fds[2].revents, POLLIN);
        u64 v;
        host_read(files[2], &v, 8);
        assert_true(list_empty(&files[2]->waitq.waiters));
    }
}

static void close_it(void *fd)
{
    fd_close(*(int *)fd);
}

/* Closed by another thread while we wait: the file lives on until we return. */
static void closed_meanwhile(void **state)
{
    (void)state;
    host_step(close_it, &(int){1});
    host_step(put, files[0]);
    assert_int_equal(poll_files(fds, 3, DEADLINE_NEVER), 1);
    assert_int_equal(fds[0].revents, POLLIN);
}

static void ends_in_time(void **state)
{
    u64 start_ns = clock_mono_ns();

    (void)state;
    assert_int_equal(poll_files(fds, 3, 0), 0);
    assert_int_equal(poll_files(fds, 3, 5 * NSEC_PER_MSEC), 0);
    assert_int_equal(clock_mono_ns() - start_ns, 5 * NSEC_PER_MSEC);
    assert_int_equal(poll_files(NULL, 0, 5 * NSEC_PER_MSEC), 0);
    host_signal = true;
    assert_int_equal(poll_files(fds, 3, DEADLINE_NEVER), -EINTR);
    host_signal = false;
    host_heap_left = 0;
    assert_int_equal(poll_files(fds, N, DEADLINE_NEVER), -ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_which, setup, teardown),
        cmocka_unit_test_setup_teardown(waits_few_and_many, setup, teardown),
        cmocka_unit_test_setup_teardown(closed_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(ends_in_time, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
