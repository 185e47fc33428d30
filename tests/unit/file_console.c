/* The console: bytes out as they are, CR read as NL, ^D ends the input, ^V quotes; a reader waits.
 */
/* sources: runtime/file/console.c runtime/file/console_input.c runtime/file/file.c */
/* sources: runtime/file/fdtable.c runtime/file/wait.c tests/unit/file_host.c */
#include "file_host.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "file/console.h"

static char out[100];
static size_t n_out;
static const char *in = "";
static bool is_armed;

static void dev_write(const void *buf, size_t len)
{
    if (len)
        memcpy(out + n_out, buf, len);
    n_out += len;
}

static size_t dev_read(void *buf, size_t len)
{
    size_t n = MIN(len, strlen(in));
    memcpy(buf, in, n);
    in += n;
    return n;
}

static bool dev_arm(bool on)
{
    is_armed = on;
    return on && *in;
}

static const struct console_dev dev = {dev_write, dev_read, dev_arm};

static struct file *behind(int fd)
{
    struct file *f = fd_get(fd);
    f->refs--;
    return f;
}

static void output_is_raw(void **state)
{
    struct iovec iov[] = {{"a\n", 2}, {NULL, 0}, {"\0\r", 2}};

    (void)state;
    assert_int_equal(behind(1)->ops->write(behind(1), iov, 3, -1), 4);
    assert_int_equal(host_write(behind(2), "err", 3), 3);
    assert_int_equal(n_out, 7);
    assert_memory_equal(out, "a\n\0\rerr", 7);
}

static void questions(void **state)
{
    struct winsize ws = {1, 1, 1, 1};
    struct stat st = {0};

    (void)state;
    assert_int_equal(behind(1)->ops->ioctl(behind(1), TIOCGWINSZ, &ws), 0);
    assert_int_equal(ws.ws_row, 0);
    assert_int_equal(behind(0)->ops->ioctl(behind(0), TIOCGWINSZ, &ws), -ENOTTY);
    assert_int_equal(behind(1)->ops->ioctl(behind(1), TCGETS, &ws), -ENOTTY);
    assert_int_equal(behind(0)->ops->stat(behind(0), &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

/* One source of input for the tests below, in their order: ^D is for good. */
static void type_two_lines(void *arg)
{
    (void)arg;
    in = "one\rtwo\n";
}

static void reader_waits(void **state)
{
    char buf[20];
    int n;

    (void)state;
    behind(0)->flags |= O_NONBLOCK;
    assert_int_equal(host_read(behind(0), buf, 20), -EAGAIN);
    assert_int_equal(file_poll(behind(0)) & EPOLLIN, 0);
    behind(0)->flags &= ~(u32)O_NONBLOCK;
    host_step(type_two_lines, NULL);
    host_step((void (*)(void *))sched_poll, NULL); /* the idle loop's turn */
    assert_int_equal(host_read(behind(0), buf, 5), 5);
    assert_memory_equal(buf, "one\nt", 5);
    assert_int_equal(behind(0)->ops->ioctl(behind(0), FIONREAD, &n), 0);
    assert_int_equal(n, 3);
    assert_int_equal(host_read(behind(0), buf, 20), 3);
    assert_memory_equal(buf, "wo\n", 3);
}

static void a_lot(void **state)
{
    static char many[1001], buf[2000];
    size_t n = 0;

    (void)state;
    memset(many, 'm', 1000);
    in = many;
    while (n < 1000) { /* more than the buffer holds: none is lost */
        long got = host_read(behind(0), buf, sizeof(buf));
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_int_equal(n, 1000);
}

static void quoted(void **state)
{
    char buf[20];

    (void)state;
    in = "a\026\004\026\r\026\026\026bc\026"; /* the last ^V waits for its byte */
    assert_int_equal(host_read(behind(0), buf, 20), 6);
    assert_memory_equal(buf, "a\004\r\026bc", 6);
    in = "\004\n";
    assert_int_equal(host_read(behind(0), buf, 20), 2);
    assert_memory_equal(buf, "\004\n", 2);
}

static void end_of_input(void **state)
{
    char buf[20];

    (void)state;
    in = "last\004more";
    assert_int_equal(host_read(behind(0), buf, 20), 4);
    assert_memory_equal(buf, "last", 4);
    for (int i = 0; i < 3; i++)
        assert_int_equal(host_read(behind(0), buf, 20), 0);
    assert_true(file_poll(behind(0)) & EPOLLIN);
}

static int start(void **state)
{
    (void)state;
    console_set_device(&dev);
    console_open();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_is_raw), cmocka_unit_test(questions),
        cmocka_unit_test(reader_waits),  cmocka_unit_test(a_lot),
        cmocka_unit_test(quoted),        cmocka_unit_test(end_of_input),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
