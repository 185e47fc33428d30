/* epoll(7): level, edge, one shot, nesting, closing, and every errno of epoll_ctl(2). */
/* sources: runtime/file/epoll.c runtime/file/eventfd.c runtime/file/file.c */
/* sources: runtime/file/fdtable.c runtime/file/wait.c tests/unit/file_host.c */
#include "file_host.h"

#include <errno.h>
#include <fcntl.h>

#include "file/epoll.h"
#include "file/eventfd.h"

static struct file *ep, *a, *b;
static struct epoll_event got[8];

static struct file *counter(u32 n)
{
    struct file *f;
    assert_int_equal(eventfd_new(n, O_NONBLOCK, false, &f), 0);
    return f;
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(epoll_new(&ep), 0);
    a = counter(0);
    b = counter(0);
    return 0;
}

static int teardown(void **state)
{
    struct file **all[] = {&ep, &a, &b};

    (void)state;
    for (int i = 0; i < 3; i++) {
        if (*all[i])
            file_put(*all[i]);
    }
    host_steps_drop();
    host_signal = false;
    assert_int_equal(host_n_heap, 0);
    return 0;
}

static int change(int op, struct file *target, int fd, u32 events)
{
    struct epoll_event ev = {.events = events, .data.u64 = (u64)fd * 1000};
    return epoll_change(ep, op, target, fd, &ev);
}

static int add(struct file *target, int fd, u32 events)
{
    return change(EPOLL_CTL_ADD, target, fd, events);
}

static int take(int n_max)
{
    return epoll_take(ep, got, n_max, 0);
}

static void put(struct file *f)
{
    assert_int_equal(host_write(f, &(u64){1}, 8), 8);
}

static void drain(struct file *f)
{
    u64 v;
    assert_int_equal(host_read(f, &v, 8), 8);
}

static void level(void **state)
{
    (void)state;
    assert_int_equal(add(a, 5, EPOLLIN), 0);
    assert_int_equal(take(8), 0);
    put(a);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(take(8), 1);
        assert_int_equal(got[0].events, EPOLLIN);
        assert_int_equal(got[0].data.u64, 5000);
    }
    drain(a);
    assert_int_equal(take(8), 0);
    put(a);
    assert_int_equal(take(8), 1);
}

static void edge(void **state)
{
    (void)state;
    put(a);
    assert_int_equal(add(a, 5, EPOLLIN | EPOLLET), 0); /* ready already: told once */
    assert_int_equal(take(8), 1);
    assert_int_equal(take(8), 0);
    put(a); /* not drained, but something new came */
    assert_int_equal(take(8), 1);
    assert_int_equal(take(8), 0);
    put(a);
    drain(a); /* gone before it was asked for */
    assert_int_equal(take(8), 0);
}

static void one_shot(void **state)
{
    (void)state;
    assert_int_equal(add(a, 5, EPOLLIN | EPOLLONESHOT), 0);
    put(a);
    assert_int_equal(take(8), 1);
    put(a);
    assert_int_equal(take(8), 0);
    assert_int_equal(change(EPOLL_CTL_MOD, a, 5, EPOLLIN | EPOLLONESHOT), 0);
    assert_int_equal(take(8), 1);
    assert_int_equal(take(8), 0);
}

static void what_is_asked_for(void **state)
{
    (void)state;
    assert_int_equal(add(a, 5, 0), 0);
    put(a);
    assert_int_equal(take(8), 0);
    assert_int_equal(change(EPOLL_CTL_MOD, a, 5, EPOLLOUT), 0);
    assert_int_equal(take(8), 1);
    assert_int_equal(got[0].events, EPOLLOUT);
    assert_int_equal(change(EPOLL_CTL_MOD, a, 5, EPOLLIN | EPOLLOUT | EPOLLRDNORM), 0);
    assert_int_equal(take(8), 1);
    assert_int_equal(got[0].events, EPOLLIN | EPOLLOUT | EPOLLRDNORM);
    assert_int_equal(change(EPOLL_CTL_DEL, a, 5, 0), 0);
    assert_int_equal(take(8), 0);
    put(a);
    assert_int_equal(take(8), 0);
}

/* More ready than fit: each gets its turn. */
static void fair(void **state)
{
    (void)state;
    assert_int_equal(add(a, 5, EPOLLIN), 0);
    assert_int_equal(add(b, 6, EPOLLIN), 0);
    put(a);
    put(b);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(take(1), 1);
        assert_int_equal(got[0].data.u64, i % 2 ? 6000 : 5000);
    }
    assert_int_equal(take(8), 2);
}

/* One file under two descriptors is two watches; a reused number is another file. */
static void same_numbers(void **state)
{
    (void)state;
    assert_int_equal(add(a, 5, EPOLLIN), 0);
    assert_int_equal(add(a, 6, EPOLLIN), 0);
    assert_int_equal(add(b, 5, EPOLLIN), 0);
    put(a);
    assert_int_equal(take(8), 2);
    assert_int_equal(change(EPOLL_CTL_DEL, a, 5, 0), 0);
    assert_int_equal(change(EPOLL_CTL_DEL, a, 5, 0), -ENOENT);
    assert_int_equal(take(8), 1);
    assert_int_equal(got[0].data.u64, 6000);
    put(b);
    assert_int_equal(take(8), 2);
}

static void close_removes(void **state)
{
    (void)state;
    assert_int_equal(add(a, 5, EPOLLIN), 0);
    assert_int_equal(add(a, 6, EPOLLIN), 0);
    assert_int_equal(add(b, 7, EPOLLIN), 0);
    put(a);
    file_get(a); /* as a dup would */
    file_put(a);
    assert_int_equal(take(8), 2);
    file_put(a);
    a = NULL;
    assert_int_equal(take(8), 0);
    put(b);
    assert_int_equal(take(8), 1);
    file_put(ep); /* and the other way round */
    ep = NULL;
    put(b);
}

static void errors(void **state)
{
    static const struct file_ops plain;
    struct file regular;
    struct epoll_event ev = {.events = EPOLLIN};

    (void)state;
    file_init(&regular, &plain, 0);
    assert_int_equal(add(&regular, 5, EPOLLIN), -EPERM);
    assert_int_equal(add(ep, 5, EPOLLIN), -EINVAL);
    assert_int_equal(epoll_change(a, EPOLL_CTL_ADD, b, 5, &ev), -EINVAL);
    assert_int_equal(add(a, 5, EPOLLIN), 0);
    assert_int_equal(add(a, 5, EPOLLIN), -EEXIST);
    assert_int_equal(change(EPOLL_CTL_MOD, b, 6, EPOLLIN), -ENOENT);
    assert_int_equal(change(EPOLL_CTL_DEL, a, 6, 0), -ENOENT);
    assert_int_equal(change(EPOLL_CTL_DEL, b, 5, 0), -ENOENT);
    assert_int_equal(change(77, a, 5, 0), -EINVAL);
    assert_int_equal(add(b, 6, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT), -EINVAL);
    assert_int_equal(change(EPOLL_CTL_MOD, a, 5, EPOLLIN | EPOLLEXCLUSIVE), -EINVAL);
    assert_int_equal(add(b, 6, EPOLLIN | EPOLLEXCLUSIVE), 0);
    assert_int_equal(change(EPOLL_CTL_MOD, b, 6, EPOLLIN), -EINVAL);
    assert_int_equal(epoll_take(ep, got, 0, 0), -EINVAL);
    assert_int_equal(epoll_take(ep, got, -1, 0), -EINVAL);
    assert_int_equal(epoll_take(a, got, 1, 0), -EINVAL);
    host_heap_left = 0;
    assert_int_equal(add(a, 7, EPOLLIN), -ENOMEM);
    assert_int_equal(add(a, 7000, EPOLLIN), -ENOMEM);
    host_heap_left = -1;
    assert_int_equal(add(a, 7, EPOLLIN), 0);
    assert_int_equal(add(a, 7000, EPOLLIN), 0);
}

static void nested(void **state)
{
    struct epoll_event ev = {.events = EPOLLIN};
    struct file *outer;

    (void)state;
    assert_int_equal(epoll_new(&outer), 0);
    assert_int_equal(epoll_change(outer, EPOLL_CTL_ADD, ep, 9, &ev), 0);
    assert_int_equal(add(outer, 10, EPOLLIN), -ELOOP);
    assert_int_equal(add(a, 5, EPOLLIN), 0);
    assert_int_equal(epoll_take(outer, got, 8, 0), 0);
    put(a);
    assert_int_equal(epoll_take(outer, got, 8, 0), 1);
    assert_int_equal(file_poll(outer) & 0xf, EPOLLIN);
    drain(a);
    assert_int_equal(epoll_take(outer, got, 8, 0), 0);
    put(a);
    assert_int_equal(epoll_take(outer, got, 8, 0), 1);
    file_put(ep); /* the inner one goes first */
    ep = NULL;
    assert_int_equal(epoll_take(outer, got, 8, 0), 0);
    file_put(outer);
}

/* Chains end somewhere, built from either end. */
static void nested_too_deep(void **state)
{
    struct epoll_event ev = {.events = EPOLLIN};
    struct file *chain[8];

    (void)state;
    for (int up = 0; up < 2; up++) {
        int n = 0;
        for (int i = 0; i < 8; i++)
            assert_int_equal(epoll_new(&chain[i]), 0);
        for (int i = 0; i < 7; i++) {
            struct file *in = chain[up ? i : 7 - i], *out = chain[up ? i + 1 : 6 - i];
            n += !up ? epoll_change(in, EPOLL_CTL_ADD, out, 3, &ev) == 0
                     : epoll_change(out, EPOLL_CTL_ADD, in, 3, &ev) == 0;
        }
        assert_int_equal(n, 6); /* of 7: a chain of 5, and what begins anew behind the refusal */
        for (int i = 0; i < 8; i++)
            file_put(chain[i]);
    }
}

static void put_a(void *arg)
{
    (void)arg;
    put(a);
}

static void waits(void **state)
{
    u64 start_ns = clock_mono_ns();

    (void)state;
    assert_int_equal(add(a, 5, EPOLLIN), 0);
    host_step(put_a, NULL);
    assert_int_equal(epoll_take(ep, got, 8, DEADLINE_NEVER), 1);
    drain(a);
    assert_int_equal(epoll_take(ep, got, 8, 30 * NSEC_PER_MSEC), 0);
    assert_int_equal(clock_mono_ns() - start_ns, 30 * NSEC_PER_MSEC);
    host_signal = true;
    assert_int_equal(epoll_take(ep, got, 8, DEADLINE_NEVER), -EINTR);
    put(a);
    assert_int_equal(epoll_take(ep, got, 8, DEADLINE_NEVER), 1);
}

/* Somebody else takes the event between our wake-up and our look: we go on sleeping. */
static void put_and_drain(void *arg)
{
    (void)arg;
    put(a);
    drain(a);
}

static void sleeps_on(void **state)
{
    (void)state;
    assert_int_equal(add(a, 5, EPOLLIN), 0);
    host_step(put_and_drain, NULL);
    host_step(put_a, NULL);
    assert_int_equal(epoll_take(ep, got, 8, DEADLINE_NEVER), 1);
}

/* However busy the service is, the devices get their turn; but not at every call. */
static void devices_get_polled(void **state)
{
    unsigned before;

    (void)state;
    assert_int_equal(add(a, 5, EPOLLIN), 0);
    put(a);
    before = host_polls;
    for (int i = 0; i < 100; i++)
        assert_int_equal(take(8), 1);
    assert_in_range(host_polls - before, 10, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(level, setup, teardown),
        cmocka_unit_test_setup_teardown(edge, setup, teardown),
        cmocka_unit_test_setup_teardown(one_shot, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(fair, setup, teardown),
        cmocka_unit_test_setup_teardown(same_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(close_removes, setup, teardown),
        cmocka_unit_test_setup_teardown(errors, setup, teardown),
        cmocka_unit_test_setup_teardown(nested, setup, teardown),
        cmocka_unit_test_setup_teardown(nested_too_deep, setup, teardown),
        cmocka_unit_test_setup_teardown(waits, setup, teardown),
        cmocka_unit_test_setup_teardown(sleeps_on, setup, teardown),
        cmocka_unit_test_setup_teardown(devices_get_polled, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
