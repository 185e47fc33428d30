/* RFC 6761 §6.3: localhost is 127.0.0.1 whatever the network, and can be connected to. */
#include "net.h"

#include <netdb.h>

int main(void)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *list;
    int lis = listener(1);
    char port[8];
    snprintf(port, sizeof port, "%d", local_port(lis));
    CHECK_EQ(getaddrinfo("localhost", port, &hints, &list), 0);
    struct sockaddr_in *sin = (struct sockaddr_in *)list->ai_addr;
    CHECK_EQ(ntohl(sin->sin_addr.s_addr), INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(connect(fd, list->ai_addr, list->ai_addrlen), 0);
    freeaddrinfo(list);
    return 0;
}
