#include <netinet/in.h>
#include <sys/socket.h>

int main(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    int hops = 3, s = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);

    setsockopt(s, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof(hops));
    return connect(s, (struct sockaddr *)&a, sizeof(a)) ||
           sendto(s, "x", 1, 0, (struct sockaddr *)&a, sizeof(a)) < 0;
}
