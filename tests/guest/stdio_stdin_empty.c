/* read(2): at the end of standard input 0 is returned, again and again. */
#include "check.h"

int main(void)
{
    char c;
    CHECK_EQ(read(0, &c, 1), 0);
    CHECK_EQ(read(0, &c, 1), 0);
    CHECK_EQ(getchar(), EOF);
    return 0;
}
