/* listen(2): connections complete before accept(), wait in order, and their data is kept. */
#include "net.h"

int main(void)
{
    enum { N = 8 };
    int lis = listener(N), client[N];
    for (int i = 0; i < N; i++) {
        client[i] = connected(SOCK_STREAM, local_port(lis));
        char c = (char)('a' + i);
        send_all(client[i], &c, 1);
    }
    /* One that gives up before it was accepted is still handed out, with what it said. */
    close(client[3]);
    for (int i = 0; i < N; i++) {
        int fd = accept(lis, NULL, NULL);
        char c = 0, more;
        recv_all(fd, &c, 1);
        putchar(c);
        if (i == 3)
            CHECK_EQ(recv(fd, &more, 1, 0), 0);
        close(fd);
    }
    putchar('\n');
    return 0;
}
