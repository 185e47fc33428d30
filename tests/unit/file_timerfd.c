/* timerfd_settime(2): once, by interval, absolute, disarmed; the missed expirations are counted. */
/* sources: runtime/file/wait.c */
/* sources: runtime/file/timerfd.c runtime/file/file.c runtime/file/fdtable.c */
/* sources: tests/unit/file_host.c */
#include "file_host.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "file/timerfd.h"

static struct file *f;

static int setup(void **state)
{
    (void)state;
    return timerfd_new(false, 0, &f);
}

static int teardown(void **state)
{
    (void)state;
    file_put(f);
    assert_int_equal(host_n_heap, 0);
    return 0;
}

static struct itimerspec spec(u64 value_ns, u64 interval_ns)
{
    return (struct itimerspec){
        .it_value = {(time_t)(value_ns / NSEC_PER_SEC), (long)(value_ns % NSEC_PER_SEC)},
        .it_interval = {(time_t)(interval_ns / NSEC_PER_SEC), (long)(interval_ns % NSEC_PER_SEC)}};
}

static void arm(bool is_absolute, u64 value_ns, u64 interval_ns)
{
    struct itimerspec to = spec(value_ns, interval_ns);
    assert_int_equal(timerfd_set(f, is_absolute, &to, NULL), 0);
}

static u64 take(void)
{
    u64 n = 0;
    assert_int_equal(host_read(f, &n, sizeof(n)), 8);
    return n;
}

static void once(void **state)
{
    u64 start_ns = clock_mono_ns();
    struct itimerspec now;

    (void)state;
    arm(false, 5 * NSEC_PER_MSEC, 0);
    host_advance(NSEC_PER_MSEC);
    assert_int_equal(timerfd_set(f, false, NULL, &now), 0);
    assert_int_equal(now.it_value.tv_nsec, 4 * NSEC_PER_MSEC);
    assert_int_equal(take(), 1); /* sleeps until then */
    assert_int_equal(clock_mono_ns() - start_ns, 5 * NSEC_PER_MSEC);
    assert_int_equal(timerfd_set(f, false, NULL, &now), 0);
    assert_int_equal(now.it_value.tv_nsec, 0);
    f->flags |= O_NONBLOCK;
    u64 n;
    assert_int_equal(host_read(f, &n, 8), -EAGAIN);
    assert_int_equal(host_read(f, &n, 7), -EINVAL);
}

static void missed_are_counted(void **state)
{
    u64 start_ns = clock_mono_ns();

    (void)state;
    arm(false, 10 * NSEC_PER_MSEC, 3 * NSEC_PER_MSEC);
    host_advance(20 * NSEC_PER_MSEC);
    sched_poll();
    assert_int_equal(take(), 4); /* at 10, 13, 16, 19 */
    assert_int_equal(take(), 1); /* at 22 */
    assert_int_equal(clock_mono_ns() - start_ns, 22 * NSEC_PER_MSEC);
}

static void disarmed(void **state)
{
    (void)state;
    arm(false, NSEC_PER_MSEC, 0);
    arm(false, 0, 0);
    host_advance(NSEC_PER_SEC);
    sched_poll();
    assert_int_equal(file_poll(f), 0);
    /* Setting it again forgets what has expired. */
    arm(false, NSEC_PER_MSEC, 0);
    host_advance(NSEC_PER_SEC);
    sched_poll();
    assert_int_equal(file_poll(f) & 0xf, EPOLLIN);
    arm(false, NSEC_PER_SEC, 0);
    assert_int_equal(file_poll(f), 0);
}

static void absolute(void **state)
{
    u64 at_ns = clock_mono_ns() + 7 * NSEC_PER_MSEC;

    (void)state;
    arm(true, at_ns, 0);
    assert_int_equal(take(), 1);
    assert_int_equal(clock_mono_ns(), at_ns);
    arm(true, at_ns - NSEC_PER_MSEC, 0); /* past: at once */
    assert_int_equal(file_poll(f) & 0xf, EPOLLIN);
    arm(true, at_ns - 5 * NSEC_PER_MSEC, 2 * NSEC_PER_MSEC); /* and what it has missed */
    assert_int_equal(take(), 3);
}

static void wall_clock(void **state)
{
    u64 start_ns = clock_mono_ns();

    (void)state;
    file_put(f);
    assert_int_equal(timerfd_new(true, 0, &f), 0);
    arm(true, clock_wall_ns() + NSEC_PER_SEC, 0);
    assert_int_equal(take(), 1);
    assert_int_equal(clock_mono_ns() - start_ns, NSEC_PER_SEC);
    arm(true, 1, 0);
    assert_int_equal(take(), 1);
}

static void old_value(void **state)
{
    struct itimerspec to = spec(NSEC_PER_SEC, 0), old;

    (void)state;
    arm(false, 3 * NSEC_PER_SEC, 2 * NSEC_PER_SEC);
    assert_int_equal(timerfd_set(f, false, &to, &old), 0);
    assert_int_equal(old.it_value.tv_sec, 3);
    assert_int_equal(old.it_interval.tv_sec, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(once, setup, teardown),
        cmocka_unit_test_setup_teardown(missed_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(disarmed, setup, teardown),
        cmocka_unit_test_setup_teardown(absolute, setup, teardown),
        cmocka_unit_test_setup_teardown(wall_clock, setup, teardown),
        cmocka_unit_test_setup_teardown(old_value, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
