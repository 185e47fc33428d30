#include <sys/socket.h>

int main(void)
{
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) < 0;
}
