/* stdio(3): stderr is not buffered, stdout is when asked; both reach the console in order. */
#include "check.h"

int main(void)
{
    static char buf[64];
    CHECK_EQ(setvbuf(stdout, buf, _IOFBF, sizeof buf), 0);
    fputs("buffered ", stdout);
    fputs("at once\n", stderr);
    fputs("then flushed\n", stdout);
    CHECK_EQ(fflush(stdout), 0);
    fprintf(stderr, "stderr %d\n", 1);
    CHECK_EQ(setvbuf(stdout, NULL, _IONBF, 0), 0);
    putchar('u');
    fputs("n", stderr);
    putchar('b');
    fputs("uffered\n", stderr);
    CHECK_EQ(setvbuf(stdout, NULL, _IOLBF, 100), 0);
    fputs("line ", stdout);
    fputs("1\n", stdout);
    fputs("line 2\n", stderr);
    perror("perror");
    CHECK(!ferror(stdout));
    return 0;
}
