#include <sys/socket.h>

int main(void)
{
    int err;
    socklen_t len = sizeof err;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
}
