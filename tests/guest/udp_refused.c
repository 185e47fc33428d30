/* udp(7): a connected socket whose peer's port is closed hears ECONNREFUSED, once per datagram. */
#include "net.h"

#include <poll.h>

int main(void)
{
    int peer = bound(SOCK_DGRAM);
    uint16_t port = local_port(peer);
    close(peer);
    int fd = connected(SOCK_DGRAM, port);
    char c;
    CHECK_EQ(send(fd, "x", 1, 0), 1);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK(p.revents & POLLERR);
    CHECK_ERRNO(recv(fd, &c, 1, 0), ECONNREFUSED);
    CHECK_ERRNO(recv(fd, &c, 1, MSG_DONTWAIT), EAGAIN);
    CHECK_EQ(send(fd, "x", 1, 0), 1);
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK_ERRNO(send(fd, "x", 1, 0), ECONNREFUSED);

    /* One that is not connected does not hear of it. */
    int free_fd = bound(SOCK_DGRAM);
    struct sockaddr_in to = loopback(port);
    CHECK_EQ(sendto(free_fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to), 1);
    usleep(20000);
    CHECK_ERRNO(recv(free_fd, &c, 1, MSG_DONTWAIT), EAGAIN);
    return 0;
}
