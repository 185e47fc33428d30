#include <stdio.h>

int main(void)
{
    puts(__DATE__);
    return 0;
}
