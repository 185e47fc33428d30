/* write(2), signal(7): writing to a connection that is over kills by SIGPIPE, 128 + 13. */
/* want-status: 141 */
#include "net.h"

int main(void)
{
    int end[2];
    tcp_pair(end);
    CHECK_EQ(shutdown(end[0], SHUT_WR), 0);
    puts("before");
    fflush(stdout);
    write(end[0], "x", 1);
    puts("after");
    return 0;
}
