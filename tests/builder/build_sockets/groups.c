#include <netinet/in.h>
#include <sys/socket.h>

int main(void)
{
    struct ip_mreq m = {.imr_multiaddr.s_addr = htonl(0xe0000105)};
    int s = socket(AF_INET, SOCK_DGRAM, 0);

    return setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m));
}
