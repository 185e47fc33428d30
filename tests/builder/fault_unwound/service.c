#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    (void)b;
    return **(int *const *)a;
}

__attribute__((noinline)) int sorted(int **items)
{
    qsort(items, 3, sizeof *items, compare);
    return *items[0];
}

int main(void)
{
    int one = 1, *items[] = {NULL, &one, &one};

    return sorted(items) + 1;
}
