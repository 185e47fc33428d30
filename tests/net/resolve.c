/* Resolves each argument and prints its addresses in order, or how many when they are many. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *list;
        int err = getaddrinfo(argv[i], NULL, &hints, &list), n = 0;
        if (err) {
            printf("%s: %s\n", argv[i], err == EAI_NONAME ? "not known" : gai_strerror(err));
            if (err != EAI_NONAME)
                return 1;
            continue;
        }
        for (struct addrinfo *ai = list; ai; ai = ai->ai_next)
            n++;
        printf("%s:", argv[i]);
        if (n > 4)
            printf(" %d addresses", n);
        for (struct addrinfo *ai = list; ai && n <= 4; ai = ai->ai_next)
            printf(" %s", inet_ntoa(((struct sockaddr_in *)ai->ai_addr)->sin_addr));
        printf("\n");
        freeaddrinfo(list);
    }
    return 0;
}
