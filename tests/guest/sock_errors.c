/* socket(2), bind(2), listen(2), send(2): what is asked wrongly gets the errno the pages name. */
#include "net.h"

#include <signal.h>

int main(void)
{
    char buf[4];
    struct sockaddr_in sin = loopback(0);
    signal(SIGPIPE, SIG_IGN);
    CHECK_ERRNO(socket(999, SOCK_STREAM, 0), EAFNOSUPPORT);
    CHECK_ERRNO(socket(AF_INET, 77, 0), EINVAL);
    CHECK_ERRNO(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);

    int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_ERRNO(bind(tcp, (struct sockaddr *)&sin, 3), EINVAL);
    sin.sin_addr.s_addr = htonl(0x08080808);
    CHECK_ERRNO(bind(tcp, (struct sockaddr *)&sin, sizeof sin), EADDRNOTAVAIL);
    sin = loopback(0);
    CHECK_EQ(bind(tcp, (struct sockaddr *)&sin, sizeof sin), 0);
    CHECK_ERRNO(bind(tcp, (struct sockaddr *)&sin, sizeof sin), EINVAL);

    CHECK_ERRNO(accept(tcp, NULL, NULL), EINVAL);
    CHECK_ERRNO(accept(udp, NULL, NULL), EOPNOTSUPP);
    CHECK_ERRNO(listen(udp, 1), EOPNOTSUPP);
    CHECK_ERRNO(recv(tcp, buf, sizeof buf, 0), ENOTCONN);
    CHECK_ERRNO(send(tcp, buf, sizeof buf, 0), EPIPE);
    CHECK_ERRNO(send(udp, buf, sizeof buf, 0), EDESTADDRREQ);

    CHECK_ERRNO(bind(987, (struct sockaddr *)&sin, sizeof sin), EBADF);
    CHECK_ERRNO(listen(0, 1), ENOTSOCK);
    CHECK_ERRNO(connect(0, (struct sockaddr *)&sin, sizeof sin), ENOTSOCK);
    CHECK_ERRNO(recv(0, buf, 1, 0), ENOTSOCK);

    int end[2];
    tcp_pair(end);
    CHECK_ERRNO(connect(end[0], (struct sockaddr *)&sin, sizeof sin), EISCONN);
    CHECK_ERRNO(listen(end[0], 1), EINVAL);
    CHECK_ERRNO(lseek(end[0], 0, SEEK_SET), ESPIPE);
    return 0;
}
