#include <sys/socket.h>

int main(void)
{
    return socket(AF_INET6, SOCK_DGRAM, 0) < 0;
}
