/* getaddrinfo(3): numeric addresses need no server, wrong ones fail cleanly; and back to text. */
#include "net.h"

#include <netdb.h>

static void show(const char *host, const char *service, int flags)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *list = NULL;
    int err = getaddrinfo(host, service, &hints, &list);
    printf("%s %s: ", host ? host : "NULL", service ? service : "NULL");
    if (err) {
        printf("%s\n", gai_strerror(err));
        return;
    }
    for (struct addrinfo *ai = list; ai; ai = ai->ai_next) {
        struct sockaddr_in *sin = (struct sockaddr_in *)ai->ai_addr;
        printf("%s port %d type %d; ", inet_ntoa(sin->sin_addr), ntohs(sin->sin_port),
               ai->ai_socktype);
    }
    printf("\n");
    freeaddrinfo(list);
}

int main(void)
{
    show("10.1.2.3", "80", AI_NUMERICHOST);
    show("10.1.2.3", "80", 0);
    show("1.2.3.4.5", NULL, AI_NUMERICHOST);
    show("not-a-number", NULL, AI_NUMERICHOST);
    show("10.1", "8080", AI_NUMERICHOST | AI_NUMERICSERV);
    show(NULL, "7", AI_PASSIVE);
    show(NULL, "7", 0);
    show("127.0.0.1", "nonsense", AI_NUMERICSERV);

    struct sockaddr_in sin = loopback(4321);
    char host[64], service[16];
    CHECK_EQ(getnameinfo((struct sockaddr *)&sin, sizeof sin, host, sizeof host, service,
                         sizeof service, NI_NUMERICHOST | NI_NUMERICSERV),
             0);
    printf("%s %s\n", host, service);
    struct in_addr addr;
    CHECK_EQ(inet_pton(AF_INET, "1.2.3.4", &addr), 1);
    CHECK_EQ(ntohl(addr.s_addr), 0x01020304);
    CHECK_EQ(inet_pton(AF_INET, "1.2.3", &addr), 0);
    return 0;
}
