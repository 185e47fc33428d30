#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    return socket(argc > 1 ? atoi(argv[1]) : AF_INET, SOCK_STREAM, 0) < 0;
}
