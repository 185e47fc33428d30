#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    int on = 1, flags = argc > 1 ? SOCK_NONBLOCK : 0, s = socket(AF_INET, SOCK_STREAM | flags, 0);

    (void)argv;
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(s, IPPROTO_IP, IP_TOS, &on, sizeof(on));
    return connect(s, (struct sockaddr *)&a, sizeof(a)) || send(s, "x", 1, 0) < 0 ||
           recvmsg(s, &(struct msghdr){0}, 0) < 0 || listen(s, 1) || accept(s, 0, 0) < 0;
}
