#include <sys/socket.h>

int main(int argc, char **argv)
{
    (void)argv;
    return socket(AF_INET, argc > 1 ? SOCK_STREAM : SOCK_DGRAM, 0) < 0;
}
