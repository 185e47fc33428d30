#include <sys/socket.h>
#include <sys/un.h>

int main(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0) < 0;
}
