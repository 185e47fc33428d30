#include <sys/socket.h>

int main(int argc, char **argv)
{
    int err;
    socklen_t len = sizeof err;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    return getsockopt(fd, argc, argv != 0, &err, &len) + setsockopt(fd, argc, argv != 0, &err, len);
}
