/* environ(7): the environment is just what was given, byte for byte; it can be changed. */
/* env: A=1 EMPTY= SPACED='a b' QUOTED="it's \"quoted\"" PERCENT=100%25 EQUALS=a=b=c */
/* env: UTF8=é LINES=$'x\ny' */
#include "check.h"

int main(void)
{
    static const char *const names[] = {"A",       "EMPTY",  "SPACED", "QUOTED",
                                        "PERCENT", "EQUALS", "UTF8",   "LINES"};
    for (int i = 0; i < 8; i++) {
        CHECK(getenv(names[i]));
        printf("%s=[%s]\n", names[i], getenv(names[i]));
    }
    CHECK(getenv("NOT_THERE") == NULL);
    CHECK_EQ(setenv("A", "2", 0), 0);
    CHECK(strcmp(getenv("A"), "1") == 0);
    CHECK_EQ(setenv("A", "2", 1), 0);
    CHECK(strcmp(getenv("A"), "2") == 0);
    CHECK_EQ(unsetenv("EMPTY"), 0);
    CHECK(getenv("EMPTY") == NULL);
    CHECK_ERRNO(setenv("a=b", "x", 1), EINVAL);
    return 0;
}
