/* _exit(2): -1 is 255; buffers are not written, handlers do not run. */
/* want-status: 255 */
#include "check.h"

static void never(void)
{
    puts("exit handler");
    fflush(stdout);
}

int main(void)
{
    atexit(never);
    setvbuf(stdout, NULL, _IOFBF, 1000);
    write(1, "written\n", 8);
    fputs("lost", stdout);
    _exit(-1);
}
