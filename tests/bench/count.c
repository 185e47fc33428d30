/*
 * Counts guest instructions exactly: reads what QEMU writes with
 *
 *      -singlestep -d exec,nochain -D FIFO
 *
 * where each translated block is one instruction and each execution one line,
 * "Trace 0: 0x… [flags/PC/…] …" (a repeated string instruction counts once per repetition).
 *
 *      count FIFO [SYMBOLS]
 *
 * On SIGUSR1 it prints the number so far, once the guest has come to rest (what clients left behind
 * belongs to their requests); the next ones are counted from 0. SYMBOLS is the output
 * of `nm -n`: then the instructions of each function follow, most first, one a line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REST_MS 200 /* without a line: the guest is idle */

struct symbol {
    uint64_t addr, count;
    char name[64];
};

static struct symbol *symbols;
static size_t n_symbols;
static uint64_t total;
static volatile sig_atomic_t must_print;

static void on_usr1(int sig)
{
    (void)sig;
    must_print = 1;
}

static void read_symbols(const char *path)
{
    FILE *f = fopen(path, "r");
    char line[1024], type;
    struct symbol s = {0};
    if (!f)
        return;
    while (fgets(line, sizeof line, f)) {
        unsigned long long addr;
        if (sscanf(line, "%llx %c %63s", &addr, &type, s.name) != 3 || !strchr("tTwW", type))
            continue;
        s.addr = addr;
        if (n_symbols % 1024 == 0)
            symbols = realloc(symbols, (n_symbols + 1024) * sizeof *symbols);
        symbols[n_symbols++] = s;
    }
    fclose(f);
}

static void count_at(uint64_t pc)
{
    size_t low = 0, high = n_symbols;
    while (high - low > 1) {
        size_t mid = (low + high) / 2;
        if (symbols[mid].addr <= pc)
            low = mid;
        else
            high = mid;
    }
    if (n_symbols)
        symbols[low].count++;
}

static void take_line(const char *line, size_t len)
{
    /* Trace 0: 0x7f… [00000000/0000000000101234/…: the address of the instruction comes second. */
    const char *bracket =
        len > 12 && memcmp(line, "Trace ", 6) == 0 ? memchr(line, '[', len) : NULL;
    const char *slash = bracket ? memchr(bracket, '/', (size_t)(line + len - bracket)) : NULL;
    if (!slash)
        return;
    total++;
    count_at(strtoull(slash + 1, NULL, 16));
}

static int by_count(const void *a, const void *b)
{
    uint64_t x = ((const struct symbol *)a)->count, y = ((const struct symbol *)b)->count;
    return (x < y) - (x > y);
}

static void print(void)
{
    printf("total %llu\n", (unsigned long long)total);
    if (n_symbols) {
        struct symbol *sorted = malloc(n_symbols * sizeof *sorted);
        memcpy(sorted, symbols, n_symbols * sizeof *sorted);
        qsort(sorted, n_symbols, sizeof *sorted, by_count);
        for (size_t i = 0; i < n_symbols && sorted[i].count; i++)
            printf("%llu %s\n", (unsigned long long)sorted[i].count, sorted[i].name);
        free(sorted);
        for (size_t i = 0; i < n_symbols; i++)
            symbols[i].count = 0;
    }
    printf("end\n");
    fflush(stdout);
    total = 0;
    must_print = 0;
}

int main(int argc, char **argv)
{
    static char buf[1 << 20];
    size_t len = 0;
    struct sigaction sa = {.sa_handler = on_usr1}; /* no SA_RESTART: read() must end */
    if (argc < 2)
        return 2;
    if (argc > 2)
        read_symbols(argv[2]);
    sigaction(SIGUSR1, &sa, NULL);
    int fd = open(argv[1], O_RDONLY);
    if (fd < 0)
        return 2;
    for (;;) {
        struct pollfd more = {.fd = fd, .events = POLLIN};
        if (must_print && poll(&more, 1, REST_MS) == 0)
            print();
        ssize_t n = read(fd, buf + len, sizeof buf - len);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return 1;
        if (n > 0)
            len += (size_t)n;
        char *p = buf, *nl;
        while ((nl = memchr(p, '\n', len - (size_t)(p - buf)))) {
            take_line(p, (size_t)(nl - p));
            p = nl + 1;
        }
        len -= (size_t)(p - buf);
        memmove(buf, p, len);
    }
    print();
    return 0;
}
