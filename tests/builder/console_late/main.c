#include <stdio.h>

int main(void)
{
    int c, n = 0;

    for (; (c = getchar()) != EOF; n++)
        putchar(c);
    printf("%d bytes\n", n);
    return 0;
}
