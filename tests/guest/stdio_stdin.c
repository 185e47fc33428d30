/* stdio(3): standard input is read to its end, by lines and by bytes. */
/* stdin: $'first line\nsecond\twith tab\n\nno newline at the end' */
#define _GNU_SOURCE
#include "check.h"

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n = getline(&line, &room, stdin);
    CHECK_EQ(n, 11);
    printf("%zd %s", n, line);
    n = getline(&line, &room, stdin);
    printf("%zd %s", n, line);
    int c;
    while ((c = getchar()) != EOF)
        putchar(c == '\n' ? '/' : c);
    putchar('\n');
    CHECK(feof(stdin));
    CHECK_EQ(getline(&line, &room, stdin), -1);
    free(line);
    return 0;
}
