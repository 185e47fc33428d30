#include <stdio.h>
#include <sys/socket.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/version.h>
#include <linux/vm_sockets.h>

int main(void)
{
    struct sockaddr_nl to = {.nl_family = AF_NETLINK};

    return printf("%d %d\n", LINUX_VERSION_CODE > 0, to.nl_family == VMADDR_CID_ANY) < 0;
}
