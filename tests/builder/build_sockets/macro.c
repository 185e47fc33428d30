/* Who calls its own function so keeps it. */
#define socket(domain, type, protocol) my_socket(domain, type, protocol)
#include <sys/socket.h>

int my_socket(int domain, int type, int protocol)
{
    return domain == type + protocol;
}

int main(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}
