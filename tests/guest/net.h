/* Sockets on 127.0.0.1 for guest tests; every call that fails ends the test. */
#pragma once

#include "check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/socket.h>

static inline struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static inline uint16_t local_port(int fd)
{
    struct sockaddr_in sin;
    socklen_t len = sizeof sin;
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
    return ntohs(sin.sin_port);
}

/* A socket of the type bound to a port that the kernel chose. */
static inline int bound(int type)
{
    struct sockaddr_in sin = loopback(0);
    int fd = socket(AF_INET, type, 0);
    CHECK(fd >= 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&sin, sizeof sin), 0);
    return fd;
}

static inline int listener(int backlog)
{
    int fd = bound(SOCK_STREAM);
    CHECK_EQ(listen(fd, backlog), 0);
    return fd;
}

static inline int try_connect(int fd, uint16_t port)
{
    struct sockaddr_in sin = loopback(port);
    return connect(fd, (struct sockaddr *)&sin, sizeof sin);
}

static inline int connected(int type, uint16_t port)
{
    int fd = socket(AF_INET, type, 0);
    CHECK(fd >= 0);
    CHECK_EQ(try_connect(fd, port), 0);
    return fd;
}

/* Both ends of one TCP connection: end[0] connected, end[1] accepted. */
static inline void tcp_pair(int end[2])
{
    int lis = listener(1);
    end[0] = connected(SOCK_STREAM, local_port(lis));
    end[1] = accept(lis, NULL, NULL);
    CHECK(end[1] >= 0);
    CHECK_EQ(close(lis), 0);
}

static inline void set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    CHECK(flags >= 0);
    CHECK_EQ(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
}

static inline void send_all(int fd, const void *data, size_t len)
{
    const char *p = data;
    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        CHECK(n > 0);
        p += n;
        len -= (size_t)n;
    }
}

static inline void recv_all(int fd, void *data, size_t len)
{
    char *p = data;
    while (len > 0) {
        ssize_t n = recv(fd, p, len, 0);
        CHECK(n > 0);
        p += n;
        len -= (size_t)n;
    }
}
