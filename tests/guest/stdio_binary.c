/* DESIGN §1: the console carries all 256 byte values unchanged. */
#include "check.h"

int main(void)
{
    unsigned char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (unsigned char)i;
    CHECK_EQ(fwrite(all, 1, sizeof all, stdout), sizeof all);
    return 0;
}
