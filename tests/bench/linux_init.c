/*
 * /init of the Linux guest that the bench compares with: loads virtio-net's modules, gives eth0 its
 * address and becomes the service, the very file that boots as a VM of its own.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void set_addr(int fd, unsigned long request, struct ifreq *ifr, const char *text)
{
    struct sockaddr_in *sin = (struct sockaddr_in *)&ifr->ifr_addr;
    memset(&ifr->ifr_addr, 0, sizeof ifr->ifr_addr);
    sin->sin_family = AF_INET;
    inet_pton(AF_INET, text, &sin->sin_addr);
    if (ioctl(fd, request, ifr) < 0)
        perror(text);
}

int main(void)
{
    static const char *const order[] = {
        "virtio_ring.ko", "virtio.ko",   "virtio_pci_modern_dev.ko", "virtio_pci_legacy_dev.ko",
        "virtio_pci.ko",  "failover.ko", "net_failover.ko",          "virtio_net.ko"};
    for (unsigned i = 0; i < sizeof order / sizeof *order; i++) {
        int fd = open(order[i], O_RDONLY);
        if (fd >= 0 && syscall(SYS_finit_module, fd, "", 0) < 0)
            perror(order[i]);
    }
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    ioctl(fd, SIOCSIFFLAGS, &ifr);
    strcpy(ifr.ifr_name, "eth0");
    set_addr(fd, SIOCSIFADDR, &ifr, "10.77.0.20");
    set_addr(fd, SIOCSIFNETMASK, &ifr, "255.255.255.0");
    ifr.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
        perror("eth0");
    char *argv[] = {"service", NULL}, *env[] = {NULL};
    execve("/service", argv, env);
    perror("/service");
    return 1;
}
