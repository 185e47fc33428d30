/* RFC 9293 3.8: 190 connections that send more than there is memory for all get it through. */
/* memory: 4M */
#include "net.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#define N_CONNS 190
#define N_BYTES 5000

static int from[N_CONNS], to[N_CONNS];
static size_t n_sent[N_CONNS], n_got[N_CONNS];

static char byte_at(int conn, size_t at)
{
    return (char)(conn * 7 + (int)(at % 251));
}

/* Returns whether something could be sent. */
static bool send_some(int i)
{
    char buf[N_BYTES];
    ssize_t n;

    for (size_t at = n_sent[i]; at < N_BYTES; at++)
        buf[at] = byte_at(i, at);
    n = write(from[i], buf + n_sent[i], N_BYTES - n_sent[i]);
    CHECK(n > 0 || (n < 0 && errno == EAGAIN));
    n_sent[i] += n > 0 ? (size_t)n : 0;
    return n > 0;
}

static bool read_some(int i)
{
    char buf[N_BYTES];
    ssize_t n = read(to[i], buf, sizeof buf);

    CHECK(n > 0 || (n < 0 && errno == EAGAIN));
    for (ssize_t at = 0; at < n; at++)
        CHECK_EQ(buf[at], byte_at(i, n_got[i]++));
    return n > 0;
}

int main(void)
{
    int lis = listener(16), n_idle = 0, n_done = 0;

    for (int i = 0; i < N_CONNS; i++) {
        from[i] = connected(SOCK_STREAM, local_port(lis));
        to[i] = accept(lis, NULL, NULL);
        CHECK(to[i] >= 0);
        set_nonblocking(from[i]);
        set_nonblocking(to[i]);
    }
    for (int i = 0; i < N_CONNS; i++) /* nobody reads yet */
        send_some(i);
    while (n_done < N_CONNS) {
        bool is_idle = true;

        for (int i = 0; i < N_CONNS; i++) {
            if (n_got[i] == N_BYTES)
                continue;
            is_idle &= !(n_sent[i] < N_BYTES && send_some(i));
            is_idle &= !read_some(i);
            n_done += n_got[i] == N_BYTES;
        }
        n_idle = is_idle ? n_idle + 1 : 0;
        CHECK(n_idle < 500); /* retransmissions wait 0.2 s and more */
        if (is_idle)
            poll(NULL, 0, 10);
    }
    return 0;
}
