#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

int main(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), s = 60;
    return setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &s, sizeof s);
}
