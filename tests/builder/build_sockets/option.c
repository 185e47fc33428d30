#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    int on = 1, s = socket(AF_INET, SOCK_DGRAM, 0);

    return setsockopt(s, 0, argc > 1 ? atoi(argv[1]) : 0, &on, sizeof(on));
}
