/* qsort(3), bsearch(3), hsearch(3), strtok_r(3), regex(3): the library is all there. */
#define _GNU_SOURCE
#include "check.h"

#include <fnmatch.h>
#include <regex.h>
#include <search.h>
#include <stdint.h>

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    enum { N = 20000 };
    static uint32_t v[N];
    uint32_t x = 1;
    for (int i = 0; i < N; i++)
        v[i] = x = x * 1664525 + 1013904223;
    uint32_t key = v[7777];
    qsort(v, N, sizeof *v, by_value);
    for (int i = 1; i < N; i++)
        CHECK(v[i - 1] <= v[i]);
    uint32_t *found = bsearch(&key, v, N, sizeof *v, by_value);
    CHECK(found && *found == key);

    char text[] = "a,b,,c", *save;
    for (char *t = strtok_r(text, ",", &save); t; t = strtok_r(NULL, ",", &save))
        puts(t);
    regex_t re;
    regmatch_t m[3];
    CHECK_EQ(regcomp(&re, "([a-z]+)=([0-9]+)", REG_EXTENDED), 0);
    CHECK_EQ(regexec(&re, "set width=640;", 3, m, 0), 0);
    printf("%d-%d %d-%d\n", (int)m[1].rm_so, (int)m[1].rm_eo, (int)m[2].rm_so, (int)m[2].rm_eo);
    regfree(&re);
    CHECK_EQ(fnmatch("*.c", "main.c", 0), 0);
    CHECK_EQ(fnmatch("*.c", "main.h", 0), FNM_NOMATCH);
    CHECK(strverscmp("v9", "v10") < 0);
    CHECK(memmem("haystack", 8, "stack", 5));
    srand(7);
    printf("%d %d\n", rand(), rand());
    srandom(7);
    printf("%ld\n", random());
    return 0;
}
