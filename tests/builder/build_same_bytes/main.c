#include <stdio.h>

int part(void);

int main(void)
{
    puts(__FILE__ " " __DATE__);
    return part();
}
