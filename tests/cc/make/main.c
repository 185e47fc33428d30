/* Adds up its arguments; the status is how many there were. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sum.h"

int main(int argc, char **argv)
{
    double *values = malloc((size_t)argc * sizeof(*values));

    if (!values)
        return 100;
    for (int i = 1; i < argc; i++)
        values[i - 1] = strtod(argv[i], NULL);
    double total = sum(values, (size_t)argc - 1);
    printf("%.2f, rounded %.0f\n", total, round(total));
    free(values);
    return argc - 1;
}
