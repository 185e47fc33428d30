/* read(2): standard input that is no terminal comes byte for byte, ^D, ^V and CR among it. */
/* stdin: $'\x04one\r\x04\x16\r\ntwo\x16\x04\xff\x7f\x16' */
#include "check.h"

#include <stdio.h>
#include <unistd.h>

int main(void)
{
    unsigned char buf[64];
    size_t n_got = 0;
    ssize_t n;

    while ((n = read(0, buf + n_got, sizeof buf - n_got)) > 0)
        n_got += (size_t)n;
    CHECK_EQ(n, 0);
    for (size_t i = 0; i < n_got; i++)
        printf("%02x ", buf[i]);
    printf("\n");
    return 0;
}
