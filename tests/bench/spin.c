/* Executes exactly 2 instructions per turn, as many turns as told: checks the counter. */
#include <stdlib.h>

int main(int argc, char **argv)
{
    long n = argc > 1 ? atol(argv[1]) : 1;
    __asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(n));
    return 0;
}
