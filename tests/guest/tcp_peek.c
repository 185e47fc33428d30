/* recv(2): MSG_PEEK leaves the data, MSG_WAITALL waits for all of it, MSG_TRUNC drops it. */
#include "net.h"

#include <pthread.h>

static void *slow(void *arg)
{
    int fd = *(int *)arg;
    for (int i = 0; i < 5; i++) {
        usleep(10000);
        send_all(fd, &"0123456789"[i * 2], 2);
    }
    return NULL;
}

int main(void)
{
    int end[2];
    char buf[16] = "";
    tcp_pair(end);
    send_all(end[0], "abcdef", 6);
    CHECK_EQ(recv(end[1], buf, 3, MSG_PEEK | MSG_WAITALL), 3);
    CHECK(memcmp(buf, "abc", 3) == 0);
    CHECK_EQ(recv(end[1], buf, sizeof buf, MSG_PEEK), 6);
    CHECK_EQ(recv(end[1], buf, 4, 0), 4);
    CHECK(memcmp(buf, "abcd", 4) == 0);
    CHECK_EQ(recv(end[1], buf, sizeof buf, 0), 2);
    CHECK(memcmp(buf, "ef", 2) == 0);

    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, slow, &end[0]), 0);
    CHECK_EQ(recv(end[1], buf, 10, MSG_WAITALL), 10);
    CHECK(memcmp(buf, "0123456789", 10) == 0);
    pthread_join(thread, NULL);

    /* The end of the stream ends MSG_WAITALL early. */
    send_all(end[0], "xyz", 3);
    shutdown(end[0], SHUT_WR);
    CHECK_EQ(recv(end[1], buf, 10, MSG_WAITALL), 3);
    CHECK_EQ(recv(end[1], buf, 10, MSG_PEEK), 0);
    CHECK_EQ(recv(end[1], buf, 10, MSG_WAITALL), 0);
    return 0;
}
