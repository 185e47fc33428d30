#include <unistd.h>

int (*volatile workers[])(void) = {fork};

int main(void)
{
    return workers[0]() < 0;
}
