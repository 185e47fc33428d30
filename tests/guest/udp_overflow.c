/* udp(7): datagrams beyond the receive buffer are dropped, never the connection or an older one. */
#include "net.h"

int main(void)
{
    int a = bound(SOCK_DGRAM), b = connected(SOCK_DGRAM, local_port(a));
    static unsigned char buf[1000];
    for (int i = 0; i < 5000; i++) {
        memcpy(buf, &i, sizeof i);
        ssize_t n = send(b, buf, sizeof buf, 0);
        CHECK(n == sizeof buf || (n < 0 && (errno == ENOBUFS || errno == EAGAIN)));
    }
    usleep(20000); /* all has arrived or is lost */
    int last = -1, n_got = 0;
    while (recv(a, buf, sizeof buf, MSG_DONTWAIT) == sizeof buf) {
        int i;
        memcpy(&i, buf, sizeof i);
        CHECK(i > last);
        CHECK(n_got > 0 || i == 0);
        last = i;
        n_got++;
    }
    CHECK_EQ(errno, EAGAIN);
    CHECK(n_got >= 4 && n_got < 5000);
    CHECK_EQ(send(b, "again", 5, 0), 5);
    CHECK_EQ(recv(a, buf, sizeof buf, 0), 5);
    return 0;
}
