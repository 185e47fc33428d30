/* See if_nametoindex.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

char *if_indextoname(unsigned index, char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;
	struct ifreq ifr = { .ifr_ifindex = index };

	if (fd < 0)
		return 0;
	r = ioctl(fd, SIOCGIFNAME, &ifr);
	close(fd);
	if (r < 0 && errno == ENODEV)
		errno = ENXIO; /* POSIX */
	return r < 0 ? 0 : strncpy(name, ifr.ifr_name, IF_NAMESIZE);
}
