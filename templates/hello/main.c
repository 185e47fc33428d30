/* @NAME@: greets its arguments and ends; main() returns what `skiff run` exits with. */
#include <stdio.h>

int main(int argc, char **argv)
{
    printf("Hello from %s.\n", argv[0]);
    for (int i = 1; i < argc; i++)
        printf("Hello, %s.\n", argv[i]);
    return 0;
}
