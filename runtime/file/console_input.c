#include "file/console_input.h"

#include "abi/console.h"
#include "sched/clock.h"

#define INPUT_BYTES  256 /* power of two */
/* While somebody waits for input, the device is asked this often if the CPU never idles: asking
 * costs an exit from the VM. */
#define ASK_EVERY_NS NSEC_PER_MSEC

static struct {
    u8 buf[INPUT_BYTES];
    u32 head, tail; /* bytes ever taken out and put in */
    bool is_at_end;
    bool is_literal; /* CONSOLE_LITERAL has come */
    bool is_armed;
    u64 next_ask_ns;
    struct poller poller;
} input;

/* Move what has arrived into the buffer. Returns true if there was anything. */
static bool input_pull(void)
{
    u32 tail = input.tail;
    u8 c;

    if (!console_device || !console_device->read)
        input.is_at_end = true;
    while (!input.is_at_end && input.tail - input.head < INPUT_BYTES &&
           console_device->read(&c, 1)) {
        if (!input.is_literal) {
            input.is_literal = c == CONSOLE_LITERAL;
            input.is_at_end = c == CONSOLE_END;
            if (input.is_literal | input.is_at_end)
                continue;
            c = c == '\r' ? '\n' : c;
        }
        input.is_literal = false;
        input.buf[input.tail++ % INPUT_BYTES] = c;
    }
    return input.is_at_end || input.tail != tail;
}

static bool is_awaited(void)
{
    return !list_empty(&console_files[0].waitq.waiters) && !input.is_at_end;
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
    file_notify(&console_files[0], EPOLLIN);
    return true;
}

static bool console_poller_arm(struct poller *p)
{
    (void)p;
    if (!is_awaited() || !console_device->arm)
        return false;
    input.is_armed = true;
    input.next_ask_ns = 0;
    return console_device->arm(true);
}

static void console_poller_disarm(struct poller *p)
{
    (void)p;
    if (input.is_armed)
        console_device->arm(false);
    input.is_armed = false;
}

u32 console_poll(struct file *f)
{
    if (f != &console_files[0])
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

ssize_t console_read(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    ssize_t done = 0;
    int err;

    (void)f;
    (void)off;
    if (!iov_len(iov, n_iov))
        return 0;
    err = file_wait(&console_files[0], EPOLLIN);
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

int console_pending(void)
{
    input_pull();
    return (int)(input.tail - input.head);
}
