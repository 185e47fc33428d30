#include "file/console.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "file/file.h"
#include "sched/clock.h"

#define INPUT_BYTES  256 /* power of two */
#define END_OF_INPUT 0x04
/* While somebody waits for input, the device is asked this often if the CPU never idles: asking
 * costs an exit from the VM. */
#define ASK_EVERY_NS NSEC_PER_MSEC

static const struct console_dev *device;

static struct {
    u8 buf[INPUT_BYTES];
    u32 head, tail; /* bytes ever taken out and put in */
    bool is_at_end;
    bool is_armed;
    u64 next_ask_ns;
    struct poller poller;
} input;

static struct file files[3]; /* stdin, stdout, stderr: separate flags; never freed */

/* Move what has arrived into the buffer. Returns true if there was anything. */
static bool input_pull(void)
{
    u32 tail = input.tail;
    u8 c;

    if (!device || !device->read)
        input.is_at_end = true;
    while (!input.is_at_end && input.tail - input.head < INPUT_BYTES && device->read(&c, 1)) {
        if (c == END_OF_INPUT)
            input.is_at_end = true;
        else
            input.buf[input.tail++ % INPUT_BYTES] = c == '\r' ? '\n' : c;
    }
    return input.is_at_end || input.tail != tail;
}

static bool is_awaited(void)
{
    return !list_empty(&files[0].waitq.waiters) && !input.is_at_end;
}

static bool console_poller_poll(struct poller *p)
{
    u64 now_ns;

    (void)p;
    if (!is_awaited())
        return false;
    now_ns = clock_mono_ns();
    if (now_ns < input.next_ask_ns)
        return false;
    input.next_ask_ns = now_ns + ASK_EVERY_NS;
    if (!input_pull())
        return false;
    file_notify(&files[0], EPOLLIN);
    return true;
}

static bool console_poller_arm(struct poller *p)
{
    (void)p;
    if (!is_awaited() || !device->arm)
        return false;
    input.is_armed = true;
    input.next_ask_ns = 0;
    return device->arm(true);
}

static void console_poller_disarm(struct poller *p)
{
    (void)p;
    if (input.is_armed)
        device->arm(false);
    input.is_armed = false;
}

static u32 console_poll(struct file *f)
{
    if (f != &files[0])
        return EPOLLOUT;
    if (!input.poller.poll) { /* the first who asks for input: from now on, look for it */
        input.poller = (struct poller){.poll = console_poller_poll,
                                       .arm = console_poller_arm,
                                       .disarm = console_poller_disarm};
        poller_add(&input.poller);
    }
    if (input.head == input.tail && !input.is_at_end)
        input_pull();
    return EPOLLOUT | (input.head != input.tail || input.is_at_end ? EPOLLIN : 0);
}

static ssize_t console_read(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    ssize_t done = 0;
    int err;

    (void)f;
    (void)off;
    if (!iov_len(iov, n_iov))
        return 0;
    err = file_wait(&files[0], EPOLLIN);
    if (err)
        return err;
    for (int i = 0; i < n_iov; i++) {
        u8 *to = iov[i].iov_base;

        for (size_t j = 0; j < iov[i].iov_len; j++) {
            if (input.head == input.tail && !input_pull())
                return done;
            if (input.head == input.tail)
                return done;
            to[j] = input.buf[input.head++ % INPUT_BYTES];
            done++;
        }
    }
    return done;
}

static ssize_t console_write(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    (void)f;
    (void)off;
    for (int i = 0; i < n_iov && device; i++)
        device->write(iov[i].iov_base, iov[i].iov_len);
    return (ssize_t)iov_len(iov, n_iov);
}

static long console_ioctl(struct file *f, unsigned cmd, void *arg)
{
    if (cmd == FIONREAD && f == &files[0]) {
        input_pull();
        *(int *)arg = (int)(input.tail - input.head);
        return 0;
    }
    /* With an answer, stdio sends each line at once; a size of 0 by 0 means unknown. Standard input
     * is no terminal: nobody is asked for anything. */
    if (cmd == TIOCGWINSZ && f != &files[0]) {
        memset(arg, 0, sizeof(struct winsize));
        return 0;
    }
    return -ENOTTY;
}

static int console_stat(struct file *f, struct stat *st)
{
    (void)f;
    st->st_mode = S_IFCHR | 0620;
    st->st_nlink = 1;
    st->st_rdev = makedev(5, 1);
    st->st_blksize = 1024;
    return 0;
}

static void console_release(struct file *f)
{
    (void)f;
}

static const struct file_ops console_ops = {
    .read = console_read,
    .write = console_write,
    .poll = console_poll,
    .ioctl = console_ioctl,
    .stat = console_stat,
    .release = console_release,
};

void console_set_device(const struct console_dev *dev)
{
    device = dev;
}

void console_open(void)
{
    for (int i = 0; i < 3; i++) {
        file_init(&files[i], &console_ops, O_RDWR);
        fd_install(&files[i], i, false);
    }
}

struct file *console_file(void)
{
    return file_get(&files[1]);
}
