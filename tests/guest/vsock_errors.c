/* vsock(7): what sockets answer that have no peer, as Linux's do. */
#define _GNU_SOURCE
#include "vsock.h"

#include <poll.h>
#include <sys/ioctl.h>

static int error_of(int fd)
{
    int err = -1;
    socklen_t len = sizeof err;
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len), 0);
    return err;
}

static int events(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};
    CHECK(poll(&p, 1, 0) >= 0);
    return p.revents;
}

static void fresh(void)
{
    struct sockaddr_vm vm;
    socklen_t len = sizeof vm;
    char c;
    int fd = vm_socket();

    vm = vm_name(fd);
    CHECK_EQ(vm.svm_cid, VMADDR_CID_ANY);
    CHECK_ERRNO(getpeername(fd, (struct sockaddr *)&vm, &len), ENOTCONN);
    CHECK_EQ(events(fd), POLLOUT);
    CHECK_ERRNO(send(fd, "x", 1, MSG_NOSIGNAL), ENOTCONN);
    CHECK_ERRNO(send(fd, "x", 1, MSG_OOB), EOPNOTSUPP);
    CHECK_ERRNO(recv(fd, &c, 1, 0), ENOTCONN);
    CHECK_ERRNO(recv(fd, &c, 0, 0), ENOTCONN);
    vm = vm_addr(VMADDR_CID_HOST, 1);
    CHECK_ERRNO(sendto(fd, "x", 1, 0, (struct sockaddr *)&vm, sizeof vm), EOPNOTSUPP);
    CHECK_ERRNO(shutdown(fd, SHUT_RD), ENOTCONN);
    CHECK_ERRNO(shutdown(fd, 3), EINVAL);
    CHECK_ERRNO(listen(fd, 1), EINVAL);
    CHECK_ERRNO(accept(fd, NULL, NULL), EINVAL);
    CHECK_EQ(close(fd), 0);
}

static void kinds(void)
{
    int fd = socket(AF_VSOCK, SOCK_STREAM, AF_VSOCK);

    CHECK(fd >= 0);
    CHECK_EQ(close(fd), 0);
    CHECK_ERRNO(socket(AF_VSOCK, SOCK_STREAM, 5), EPROTONOSUPPORT);
    CHECK_ERRNO(socket(AF_VSOCK, SOCK_RAW, 0), ESOCKTNOSUPPORT);
    CHECK_ERRNO(socket(AF_VSOCK, SOCK_DGRAM, 0), ENODEV);
}

static void names(void)
{
    struct sockaddr_vm vm = vm_addr(VMADDR_CID_ANY, VMADDR_PORT_ANY), first;
    struct sockaddr *sa = (struct sockaddr *)&vm;
    int a = vm_socket(), b = vm_socket(), c = vm_socket();

    CHECK_ERRNO(bind(a, sa, sizeof vm - 1), EINVAL);
    CHECK_ERRNO(connect(a, sa, sizeof vm - 1), EINVAL);
    vm.svm_family = AF_INET;
    CHECK_ERRNO(bind(a, sa, sizeof vm), EINVAL);
    CHECK_ERRNO(connect(a, sa, sizeof vm), EINVAL);
    vm.svm_family = AF_UNSPEC;
    CHECK_ERRNO(connect(a, sa, sizeof vm), EINVAL);
    vm = vm_addr(VMADDR_CID_ANY, VMADDR_PORT_ANY);
    vm.svm_flags = 2;
    CHECK_ERRNO(bind(a, sa, sizeof vm), EINVAL);
    CHECK_ERRNO(vm_bind(a, VMADDR_CID_HYPERVISOR, 2000), EADDRNOTAVAIL);
    CHECK_ERRNO(vm_bind(a, 0xfffffff0, 2000), EADDRNOTAVAIL);

    vm.svm_flags = VMADDR_FLAG_TO_HOST; /* means nothing here, and is not kept */
    CHECK_EQ(bind(a, sa, sizeof vm), 0);
    first = vm_name(a);
    CHECK_EQ(first.svm_cid, VMADDR_CID_ANY);
    CHECK(first.svm_port >= 1024 && first.svm_port != VMADDR_PORT_ANY);
    CHECK_EQ(first.svm_flags, 0);
    CHECK_ERRNO(vm_bind(a, VMADDR_CID_ANY, 1), EINVAL);
    CHECK_ERRNO(vm_bind(b, VMADDR_CID_ANY, first.svm_port), EADDRINUSE);
    CHECK_EQ(vm_bind(b, VMADDR_CID_ANY, VMADDR_PORT_ANY), 0);
    CHECK(vm_name(b).svm_port != first.svm_port);
    CHECK_EQ(vm_bind(c, VMADDR_CID_ANY, 0), 0);
    CHECK_EQ(vm_name(c).svm_port, 0);
    CHECK_EQ(close(a), 0);
    a = vm_socket(); /* the port is free again */
    CHECK_EQ(vm_bind(a, VMADDR_CID_ANY, first.svm_port), 0);
    CHECK_EQ(close(a), 0);
    CHECK_EQ(close(b), 0);
    CHECK_EQ(close(c), 0);
}

static void listeners(void)
{
    int fd = vm_listener(-1), v = 0;
    socklen_t len = sizeof v;
    char c;

    CHECK_EQ(listen(fd, 5), 0);
    CHECK_EQ(events(fd), 0);
    CHECK_ERRNO(vm_connect(fd, VMADDR_CID_HOST, 1), EINVAL);
    CHECK_ERRNO(shutdown(fd, SHUT_RDWR), ENOTCONN);
    CHECK_ERRNO(send(fd, "x", 1, MSG_NOSIGNAL), ENOTCONN);
    CHECK_ERRNO(recv(fd, &c, 1, 0), ENOTCONN);
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &v, &len), 0);
    CHECK_EQ(v, 1);
    vm_nonblocking(fd);
    CHECK_ERRNO(accept(fd, NULL, NULL), EAGAIN);
    CHECK_EQ(close(fd), 0);
}

/* The host, or where there is none the machine itself, has nobody at that port. */
static void refused(void)
{
    int fd = vm_socket(), fd2 = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct pollfd p = {.fd = fd2, .events = POLLOUT};
    char c;

    if (vm_connect(fd, VMADDR_CID_HOST, 0x7fedcba9) < 0 && errno == ENODEV)
        return; /* a Linux without any transport */
    CHECK_EQ(errno, ECONNRESET);
    CHECK_EQ(events(fd), POLLERR | POLLOUT);
    CHECK(vm_name(fd).svm_port != VMADDR_PORT_ANY);
    CHECK_EQ(error_of(fd), ECONNRESET);
    CHECK_EQ(error_of(fd), 0);
    CHECK_ERRNO(recv(fd, &c, 1, 0), ENOTCONN);
    CHECK_ERRNO(vm_connect(fd, VMADDR_CID_HOST, 0x7fedcba9), ECONNRESET);
    CHECK_EQ(close(fd), 0);

    CHECK_ERRNO(vm_connect(fd2, VMADDR_CID_HOST, 0x7fedcba9), EINPROGRESS);
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK_EQ(events(fd2), POLLERR | POLLOUT);
    CHECK_EQ(error_of(fd2), ECONNRESET);
    CHECK_ERRNO(vm_connect(fd2, VMADDR_CID_HOST, 0x7fedcba9), EALREADY); /* a Linux oddity */
    CHECK_EQ(close(fd2), 0);
}

int main(void)
{
    vm_need_sockets();
    kinds();
    fresh();
    names();
    listeners();
    refused();
    return 0;
}
