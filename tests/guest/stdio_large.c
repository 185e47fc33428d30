/* write(2): 300 kB to the console arrive whole, in order, in pieces of every size. */
/* timeout: 60 */
#include "check.h"

int main(void)
{
    static char text[3001];
    unsigned total = 0;
    for (unsigned i = 0; total < 300000; i++) {
        size_t len = 1 + i * 37 % (sizeof text - 1);
        for (size_t k = 0; k < len; k++)
            text[k] = (char)(k + 1 == len ? '\n' : 'a' + (total + k) % 26);
        CHECK_EQ(fwrite(text, 1, len, stdout), len);
        total += (unsigned)len;
    }
    return 0;
}
