/* accept(2): 200 connections at once, each its own stream; all closed, 200 more fit. */
/* memory: 32M */
#include "net.h"

int main(void)
{
    enum { N = 200 };
    static int client[N], server[N];
    int lis = listener(N);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < N; i++) {
            client[i] = connected(SOCK_STREAM, local_port(lis));
            server[i] = accept(lis, NULL, NULL);
            CHECK(server[i] >= 0);
        }
        for (int i = 0; i < N; i++)
            send_all(client[i], &i, sizeof i);
        for (int i = N - 1; i >= 0; i--) {
            int got = -1;
            recv_all(server[i], &got, sizeof got);
            CHECK_EQ(got, i);
            got = ~i;
            send_all(server[i], &got, sizeof got);
        }
        for (int i = 0; i < N; i++) {
            int got = 0;
            recv_all(client[i], &got, sizeof got);
            CHECK_EQ(got, ~i);
            CHECK_EQ(close(i % 2 ? client[i] : server[i]), 0);
            CHECK_EQ(recv(i % 2 ? server[i] : client[i], &got, 1, 0), 0);
            CHECK_EQ(close(i % 2 ? server[i] : client[i]), 0);
        }
    }
    return 0;
}
