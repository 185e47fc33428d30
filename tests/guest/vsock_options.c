/* vsock(7): the options of sockets, their bounds and sizes. */
#include "vsock.h"

#include <sys/time.h>

static int fd;

static unsigned long long get(int name)
{
    unsigned long long v = ~0ull;
    socklen_t len = sizeof v + 12;
    char buf[20];

    CHECK_EQ(getsockopt(fd, AF_VSOCK, name, buf, &len), 0);
    CHECK_EQ(len, sizeof v);
    memcpy(&v, buf, sizeof v);
    return v;
}

/* Set one to @v; what the three are then. */
static void set(int name, unsigned long long v, unsigned long long size, unsigned long long min,
                unsigned long long max)
{
    CHECK_EQ(setsockopt(fd, AF_VSOCK, name, &v, sizeof v), 0);
    CHECK_EQ(get(SO_VM_SOCKETS_BUFFER_SIZE), size);
    CHECK_EQ(get(SO_VM_SOCKETS_BUFFER_MIN_SIZE), min);
    CHECK_EQ(get(SO_VM_SOCKETS_BUFFER_MAX_SIZE), max);
}

static void sizes(void)
{
    enum { SIZE = SO_VM_SOCKETS_BUFFER_SIZE };
    enum { MIN = SO_VM_SOCKETS_BUFFER_MIN_SIZE, MAX = SO_VM_SOCKETS_BUFFER_MAX_SIZE };

    set(SIZE, 1000, 1000, 128, 262144);
    set(SIZE, 5, 128, 128, 262144);
    set(SIZE, 1000000, 262144, 128, 262144);
    set(MAX, 1000000, 262144, 128, 1000000);
    set(SIZE, 1000000, 1000000, 128, 1000000);
    set(MIN, 2000000, 1000000, 2000000, 1000000); /* the maximum wins */
    set(MAX, 100, 100, 2000000, 100);
    set(SIZE, 50, 100, 2000000, 100);
    set(MIN, 7, 100, 7, 100);
    set(MAX, 0, 0, 7, 0);
    set(SIZE, 9, 0, 7, 0);
}

static void timeouts(void)
{
    static const int names[] = {SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD,
                                SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW};
    struct timeval tv;
    socklen_t len = sizeof tv;

    for (int i = 0; i < 2; i++) {
        CHECK_EQ(getsockopt(fd, AF_VSOCK, names[i], &tv, &len), 0);
        CHECK_EQ(tv.tv_sec, 2);
        CHECK_EQ(tv.tv_usec, 0);
        tv = (struct timeval){3, 500000};
        CHECK_EQ(setsockopt(fd, AF_VSOCK, names[i], &tv, sizeof tv), 0);
        CHECK_EQ(getsockopt(fd, AF_VSOCK, names[1 - i], &tv, &len), 0);
        CHECK_EQ(len, sizeof tv);
        CHECK_EQ(tv.tv_sec, 3);
        CHECK_EQ(tv.tv_usec, 500000);
        tv = (struct timeval){0, 1000000};
        CHECK_ERRNO(setsockopt(fd, AF_VSOCK, names[i], &tv, sizeof tv), ERANGE);
        tv = (struct timeval){-1, 0};
        CHECK_ERRNO(setsockopt(fd, AF_VSOCK, names[i], &tv, sizeof tv), ERANGE);
        CHECK_ERRNO(setsockopt(fd, AF_VSOCK, names[i], &tv, 8), EINVAL);
        len = 8;
        CHECK_ERRNO(getsockopt(fd, AF_VSOCK, names[i], &tv, &len), EINVAL);
        len = sizeof tv;
        tv = (struct timeval){0, 0}; /* the default again */
        CHECK_EQ(setsockopt(fd, AF_VSOCK, names[i], &tv, sizeof tv), 0);
    }
}

static int socket_option(int name)
{
    int v = -1;
    socklen_t len = sizeof v;
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, name, &v, &len), 0);
    return v;
}

int main(void)
{
    unsigned long long v = 1;
    socklen_t len = sizeof v;

    vm_need_sockets();
    fd = vm_socket();
    CHECK_ERRNO(setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &v, 4), EINVAL);
    CHECK_ERRNO(setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_TRUSTED, &v, sizeof v), ENOPROTOOPT);
    CHECK_ERRNO(getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_PEER_HOST_VM_ID, &v, &len), ENOPROTOOPT);
    CHECK_ERRNO(getsockopt(fd, AF_VSOCK, 99, &v, &len), ENOPROTOOPT);
    CHECK_ERRNO(setsockopt(fd, 6, 1, &v, sizeof v), ENOPROTOOPT);
    CHECK_ERRNO(getsockopt(fd, 6, 1, &v, &len), ENOPROTOOPT);
    len = 4;
    CHECK_ERRNO(getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &v, &len), EINVAL);
    CHECK_EQ(socket_option(SO_TYPE), SOCK_STREAM);
    CHECK_EQ(socket_option(SO_DOMAIN), AF_VSOCK);
    CHECK_EQ(socket_option(SO_PROTOCOL), 0);
    CHECK_EQ(socket_option(SO_ERROR), 0);
    timeouts();
    sizes();
    return 0;
}
