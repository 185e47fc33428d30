#include <sys/socket.h>

int main(void)
{
    return socket(AF_INET6, SOCK_STREAM, 0) < 0;
}
