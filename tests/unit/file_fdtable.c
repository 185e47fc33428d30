/* open(2), dup(2): the lowest descriptor is given, dup2 replaces, RLIMIT_NOFILE holds. */
/* sources: runtime/file/wait.c */
/* sources: runtime/file/fdtable.c runtime/file/file.c tests/unit/file_host.c */
#include "file_host.h"

#include <errno.h>
#include <stdlib.h>

static unsigned n_released;

static void released(struct file *f)
{
    n_released++;
    free(f);
}

static const struct file_ops ops = {.release = released};

static struct file *file_new(void)
{
    struct file *f = calloc(1, sizeof(*f));
    file_init(f, &ops, 0);
    return f;
}

static int install(int min)
{
    struct file *f = file_new();
    int fd = fd_install(f, min, false);
    if (fd < 0)
        file_put(f);
    return fd;
}

/* The file behind @fd, borrowed. */
static struct file *behind(int fd)
{
    struct file *f = fd_get(fd);
    if (f)
        f->refs--;
    return f;
}

static int teardown(void **state)
{
    (void)state;
    fd_close_all();
    fd_set_limit(FD_LIMIT_SOFT);
    host_heap_left = -1;
    n_released = 0;
    return 0;
}

static void lowest_first(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++)
        assert_int_equal(install(0), i);
    assert_int_equal(fd_close(130), 0);
    assert_int_equal(fd_close(7), 0);
    assert_int_equal(fd_close(63), 0);
    assert_int_equal(install(0), 7);
    assert_int_equal(install(0), 63);
    assert_int_equal(install(0), 130);
    assert_int_equal(install(0), 200);
    assert_int_equal(n_released, 3);
}

static void with_minimum(void **state)
{
    (void)state;
    assert_int_equal(install(0), 0);
    assert_int_equal(install(10), 10);
    assert_int_equal(install(10), 11);
    assert_int_equal(install(0), 1);
    assert_int_equal(install(700), 700);
    assert_int_equal(install(1), 2);
    for (int i = 3; i < 10; i++)
        assert_int_equal(install(0), i);
    assert_int_equal(install(0), 12);
}

static void closed_is_gone(void **state)
{
    (void)state;
    assert_int_equal(fd_close(0), -EBADF);
    assert_int_equal(fd_close(-1), -EBADF);
    assert_int_equal(fd_close(1 << 30), -EBADF);
    assert_null(behind(-1));
    assert_null(behind(5));
    assert_int_equal(install(0), 0);
    assert_int_equal(fd_close(0), 0);
    assert_int_equal(fd_close(0), -EBADF);
    assert_int_equal(n_released, 1);
}

/* A descriptor closed while a call uses its file: the file lives until the call ends. */
static void reference_keeps_file(void **state)
{
    struct file *f;

    (void)state;
    install(0);
    f = fd_get(0);
    fd_close(0);
    assert_int_equal(n_released, 0);
    file_put(f);
    assert_int_equal(n_released, 1);
}

static void install_at_replaces(void **state)
{
    (void)state;
    install(0);
    install(0);
    assert_int_equal(fd_install_at(fd_get(0), 1, true), 1);
    assert_int_equal(n_released, 1);
    assert_ptr_equal(behind(0), behind(1));
    assert_int_equal(behind(0)->refs, 2);
    assert_true(fd_is_cloexec(1));
    assert_false(fd_is_cloexec(0));
    fd_set_cloexec(1, false);
    assert_false(fd_is_cloexec(1));
    assert_int_equal(fd_install_at(fd_get(0), 900, false), 900);
    assert_int_equal(fd_install_at(behind(0), 1024, false), -EBADF);
    assert_int_equal(fd_install_at(behind(0), -1, false), -EBADF);
    assert_int_equal(behind(0)->refs, 3);
    assert_int_equal(install(0), 2);
}

static void limit_holds(void **state)
{
    (void)state;
    fd_set_limit(70);
    for (int i = 0; i < 70; i++)
        assert_int_equal(install(0), i);
    assert_int_equal(install(0), -EMFILE);
    fd_close(69);
    assert_int_equal(install(0), 69);
    fd_set_limit(3);
    assert_int_equal(install(0), -EMFILE);
    assert_non_null(behind(69)); /* what is open above the limit stays open */
}

static void no_memory_to_grow(void **state)
{
    (void)state;
    fd_set_limit(FD_LIMIT_HARD);
    host_heap_left = 0;
    assert_int_equal(install(50000), -ENOMEM);
    host_heap_left = -1;
    assert_int_equal(install(50000), 50000);
    assert_int_equal(install(0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(lowest_first, teardown),
        cmocka_unit_test_teardown(with_minimum, teardown),
        cmocka_unit_test_teardown(closed_is_gone, teardown),
        cmocka_unit_test_teardown(reference_keeps_file, teardown),
        cmocka_unit_test_teardown(install_at_replaces, teardown),
        cmocka_unit_test_teardown(limit_holds, teardown),
        cmocka_unit_test_teardown(no_memory_to_grow, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
