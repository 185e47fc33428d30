/* @NAME@: says hello to its arguments and ends. The exit status of main() is that of `skiff run`. */
#include <stdio.h>

int main(int argc, char **argv)
{
    printf("Hello from %s.\n", argv[0]);
    for (int i = 1; i < argc; i++)
        printf("Hello, %s.\n", argv[i]);
    return 0;
}
