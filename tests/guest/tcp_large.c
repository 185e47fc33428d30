/* tcp(7): 8 MiB each way at once through small buffers arrive unchanged. */
/* timeout: 60 */
#include "net.h"

#include <pthread.h>

#define TOTAL (8u << 20)

static uint32_t step(uint32_t x)
{
    x ^= x << 13;
    x ^= x >> 17;
    return x ^ x << 5;
}

struct job {
    int fd;
    uint32_t seed;
};

static void *sender(void *arg)
{
    struct job *job = arg;
    static _Thread_local uint32_t block[5000];
    uint32_t x = job->seed;
    for (size_t sent = 0; sent < TOTAL;) {
        for (size_t i = 0; i < 5000; i++)
            block[i] = x = step(x);
        size_t len = sizeof block < TOTAL - sent ? sizeof block : TOTAL - sent;
        send_all(job->fd, block, len);
        sent += len;
    }
    CHECK_EQ(shutdown(job->fd, SHUT_WR), 0);
    return NULL;
}

static void *receiver(void *arg)
{
    struct job *job = arg;
    static _Thread_local unsigned char buf[9001];
    uint32_t x = 0, word = 0, want = job->seed;
    size_t total = 0;
    ssize_t n;
    while ((n = recv(job->fd, buf, sizeof buf, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++, total++) {
            word |= (uint32_t)buf[i] << 8 * (total % 4);
            if (total % 4 == 3) {
                want = step(want);
                if (word != want) {
                    printf("wrong after %zu bytes\n", total);
                    CHECK(word == want);
                }
                x = x * 31 + word;
                word = 0;
            }
        }
    }
    CHECK_EQ(n, 0);
    CHECK_EQ(total, TOTAL);
    printf("%08x\n", x);
    return NULL;
}

int main(void)
{
    int end[2];
    tcp_pair(end);
    struct job a = {end[0], 12345}, b = {end[1], 777};
    struct job from_a = {end[1], 12345}, from_b = {end[0], 777};
    pthread_t thread[4];
    CHECK_EQ(pthread_create(&thread[0], NULL, sender, &a), 0);
    CHECK_EQ(pthread_create(&thread[1], NULL, sender, &b), 0);
    CHECK_EQ(pthread_create(&thread[2], NULL, receiver, &from_a), 0);
    CHECK_EQ(pthread_join(thread[2], NULL), 0);
    CHECK_EQ(pthread_create(&thread[3], NULL, receiver, &from_b), 0);
    CHECK_EQ(pthread_join(thread[3], NULL), 0);
    pthread_join(thread[0], NULL);
    pthread_join(thread[1], NULL);
    return 0;
}
