/* Reads standard input to its end with a socket open beside it, says how much there was, and then
 * waits for pings: for input.sh. */
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    struct pollfd p[2] = {{.fd = 0, .events = POLLIN},
                          {.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN}};
    char buf[64];
    long sum = 0;
    ssize_t n = 1;

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("ready\n");
    while (n > 0 && poll(p, 2, -1) > 0) {
        n = read(0, buf, sizeof(buf));
        sum += n;
    }
    printf("%ld bytes of input\n", sum);
    poll(p + 1, 1, -1);
    return 0;
}
