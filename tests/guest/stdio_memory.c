/* open_memstream(3), fmemopen(3): streams without a file. */
#define _GNU_SOURCE
#include "check.h"

int main(void)
{
    char *text;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    CHECK(f);
    for (int i = 0; i < 1000; i++)
        fprintf(f, "%d,", i);
    CHECK_EQ(fclose(f), 0);
    CHECK_EQ(len, 3890);
    f = fmemopen(text, len, "r");
    CHECK(f);
    int sum = 0, i;
    while (fscanf(f, "%d,", &i) == 1)
        sum += i;
    CHECK_EQ(sum, 499500);
    fclose(f);
    free(text);
    return 0;
}
