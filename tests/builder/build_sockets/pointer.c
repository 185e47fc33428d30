#include <sys/socket.h>

int (*const make)(int, int, int) = socket;
int (*volatile maker)(int, int, int);

int main(void)
{
    maker = make;
    return maker(AF_INET, SOCK_STREAM, 0) < 0;
}
