/* sendfile(2) to sockets: positions move by what was sent, and nothing is lost. */
/* memory: 32M */
#define _GNU_SOURCE 1
#include "net.h"

#include <pthread.h>
#include <signal.h>
#include <sys/sendfile.h>

#define SIZE 3000000

static char *data, *back;
static int file;

static void errors(void)
{
    int end[2], p[2], u = bound(SOCK_DGRAM), append, ro;
    off_t at = 0, below = -1;

    tcp_pair(end);
    CHECK_EQ(pipe(p), 0);
    CHECK_ERRNO(sendfile(-1, file, NULL, 1), EBADF);
    CHECK_ERRNO(sendfile(end[0], -1, NULL, 1), EBADF);
    CHECK_ERRNO(sendfile(end[0], p[1], NULL, 1), EBADF); /* not to be read */
    ro = open("/tmp/sendfile", O_RDONLY);
    CHECK_ERRNO(sendfile(ro, file, NULL, 1), EBADF); /* not to be written */
    CHECK_ERRNO(sendfile(end[0], end[1], NULL, 1), EINVAL);
    CHECK_ERRNO(sendfile(end[0], end[1], &at, 1), ESPIPE);
    CHECK_ERRNO(sendfile(end[0], p[0], NULL, 1), EINVAL);
    CHECK_ERRNO(sendfile(end[0], p[0], &at, 1), ESPIPE);
    CHECK_ERRNO(sendfile(end[0], file, &below, 1), EINVAL);
    append = open("/tmp/sendfile2", O_CREAT | O_WRONLY | O_APPEND, 0600);
    CHECK_ERRNO(sendfile(append, file, NULL, 1), EINVAL);
    CHECK_EQ(sendfile(end[0], file, NULL, 0), 0);
    CHECK_ERRNO(sendfile(u, file, &at, 1), EDESTADDRREQ);
    CHECK_EQ(at, 0);
    signal(SIGPIPE, SIG_IGN);
    CHECK_EQ(shutdown(end[0], SHUT_WR), 0);
    CHECK_ERRNO(sendfile(end[0], file, &at, 1), EPIPE);
    CHECK_EQ(at, 0);
    CHECK_EQ(lseek(file, 0, SEEK_CUR), 0);
    close(ro);
    close(append);
    close(u);
}

static void *reader(void *arg)
{
    int fd = *(int *)arg;

    recv_all(fd, back, SIZE);
    return NULL;
}

static void waits(void)
{
    int end[2];
    off_t at = 1000000;
    pthread_t t;

    tcp_pair(end);
    CHECK_EQ(pthread_create(&t, NULL, reader, &end[1]), 0);
    CHECK_EQ(sendfile(end[0], file, NULL, 1000000), 1000000);
    CHECK_EQ(lseek(file, 0, SEEK_CUR), 1000000);
    CHECK_EQ(sendfile(end[0], file, &at, SIZE), SIZE - 1000000); /* up to its end */
    CHECK_EQ(at, SIZE);
    CHECK_EQ(lseek(file, 0, SEEK_CUR), 1000000);
    CHECK_EQ(sendfile(end[0], file, &at, 1), 0);
    pthread_join(t, NULL);
    CHECK(!memcmp(back, data, SIZE));
    close(end[0]);
    close(end[1]);
}

/* With @off, or with the file's own position. */
static void does_not_wait(int with_off)
{
    int end[2], n_again = 0, small = 16384;
    size_t got = 0;
    off_t at = 0, pos = 0, sent = 0;
    ssize_t n;

    tcp_pair(end);
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    CHECK_EQ(setsockopt(end[1], SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    set_nonblocking(end[0]);
    CHECK_EQ(lseek(file, 0, SEEK_SET), 0);
    while (sent < SIZE) {
        n = sendfile(end[0], file, with_off ? &at : NULL, SIZE);
        if (n < 0) {
            CHECK_EQ(errno, EAGAIN);
            n_again++;
        } else {
            CHECK(n > 0);
            sent += n;
        }
        pos = lseek(file, 0, SEEK_CUR);
        CHECK_EQ(with_off ? at : pos, sent);
        CHECK_EQ(with_off ? pos : at, 0);
        if (n < 0) {
            n = recv(end[1], back + got, 100000, MSG_DONTWAIT);
            CHECK(n > 0 || errno == EAGAIN); /* its ACK may still be on its way */
            got += n > 0 ? (size_t)n : 0;
        }
    }
    CHECK(n_again > 0);
    recv_all(end[1], back + got, SIZE - got);
    CHECK(!memcmp(back, data, SIZE));
    close(end[0]);
    close(end[1]);
}

int main(void)
{
    data = malloc(SIZE);
    back = malloc(SIZE + 100000);
    CHECK(data && back);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (char)(i * 7 + i / 251);
    file = open("/tmp/sendfile", O_CREAT | O_TRUNC | O_RDWR, 0600);
    CHECK_EQ(write(file, data, SIZE), SIZE);
    CHECK_EQ(lseek(file, 0, SEEK_SET), 0);
    errors();
    waits();
    does_not_wait(0);
    does_not_wait(1);
    unlink("/tmp/sendfile");
    unlink("/tmp/sendfile2");
    return 0;
}
