/* RFC 9293 3.8.6: full connections nobody reads do not keep another from its text. */
/* memory: 4M */
#include "net.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#define N_UNREAD 60
#define N_BYTES  300000

static char buf[65536];

/* Until it takes no more. */
static void fill(int fd)
{
    for (int i = 0; i < 10; i++) {
        while (write(fd, buf, sizeof buf) > 0)
            ;
        CHECK_EQ(errno, EAGAIN);
        poll(NULL, 0, 1);
    }
}

int main(void)
{
    int lis = listener(N_UNREAD), unread[N_UNREAD], from, to, n_idle = 0;
    size_t n_sent = 0, n_got = 0;

    from = connected(SOCK_STREAM, local_port(lis));
    to = accept(lis, NULL, NULL);
    CHECK(to >= 0);
    set_nonblocking(from);
    set_nonblocking(to);
    for (int i = 0; i < N_UNREAD; i++) {
        unread[i] = connected(SOCK_STREAM, local_port(lis));
        set_nonblocking(unread[i]);
        fill(unread[i]);
    }
    while (n_got < N_BYTES) {
        size_t left = N_BYTES - n_sent;
        ssize_t n = left ? write(from, buf, left < sizeof buf ? left : sizeof buf) : 0;
        ssize_t r = read(to, buf, sizeof buf);

        CHECK(n >= 0 || errno == EAGAIN);
        CHECK(r > 0 || (r < 0 && errno == EAGAIN));
        n_sent += n > 0 ? (size_t)n : 0;
        n_got += r > 0 ? (size_t)r : 0;
        n_idle = n > 0 || r > 0 ? 0 : n_idle + 1;
        CHECK(n_idle < 1000); /* probes of a window that is shut come every 0.2 s, at first */
        if (n_idle)
            poll(NULL, 0, 10);
    }
    return 0;
}
