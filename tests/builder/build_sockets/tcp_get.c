#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

int main(void)
{
    struct tcp_info info;
    socklen_t len = sizeof info;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
}
