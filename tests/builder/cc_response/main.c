#include <stdio.h>

int main(void)
{
    puts(TEXT);
    return 0;
}
