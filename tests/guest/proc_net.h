/* The files of /proc/net, read as tools do. */
#pragma once

#include "net.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

/* A network of one's own, where only the test moves a counter. Ends the test if it may not have
 * one. */
static inline void alone(void)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int s;

    if (unshare(CLONE_NEWNET) != 0 && errno != ENOSYS) /* a VM is alone */
        exit(0);
    s = socket(AF_INET, SOCK_DGRAM, 0);
    ioctl(s, SIOCSIFFLAGS, &lo); /* up already, in a VM */
    close(s);
}

/* The whole text of a file, with a zero behind it; the caller's to free. What is on its way around
 * the loopback arrives before. */
static inline char *slurp(const char *path)
{
    size_t size = 4096, len = 0;
    char *text = malloc(size);
    ssize_t n;
    int fd;

    usleep(2000);
    fd = open(path, O_RDONLY);
    CHECK(fd >= 0);
    while ((n = read(fd, text + len, size - len - 1)) > 0) {
        len += (size_t)n;
        if (size - len < 4096)
            text = realloc(text, size *= 2);
        CHECK(text);
    }
    CHECK_EQ(n, 0);
    CHECK_EQ(close(fd), 0);
    text[len] = 0;
    return text;
}

/* A counter of /proc/net/snmp and its like, by its name among the columns of its group. */
static inline long long counter(const char *path, const char *group, const char *name)
{
    char *text = slurp(path), *names = NULL, *values = NULL, *at, *name_end, *value_end;
    long long value = -1;

    for (char *line = strtok_r(text, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
        if (strncmp(line, group, strlen(group)) || line[strlen(group)] != ':')
            continue;
        if (names)
            values = line + strlen(group) + 1;
        else
            names = line + strlen(group) + 1;
    }
    CHECK(names && values);
    names = strtok_r(names, " ", &name_end);
    values = strtok_r(values, " ", &value_end);
    while (names && values && strcmp(names, name)) {
        names = strtok_r(NULL, " ", &name_end);
        values = strtok_r(NULL, " ", &value_end);
    }
    if (!names || !values)
        printf("no column %s in %s\n", name, group);
    CHECK(names && values);
    value = strtoll(values, NULL, 10);
    free(text);
    return value;
}

/* What a line of /proc/net/tcp and its like says. */
struct entry {
    unsigned local, remote, state, tx, rx, timer, retransmits, uid, inode, drops; /* ports */
    char local_ip[33], remote_ip[33];
};

static inline int entry_parse(const char *line, struct entry *e)
{
    int n, at = 0;
    unsigned long when;

    n = sscanf(line, " %*u: %32[0-9A-F]:%X %32[0-9A-F]:%X %X %X:%X %X:%lX %X %u %*u %u%n",
               e->local_ip, &e->local, e->remote_ip, &e->remote, &e->state, &e->tx, &e->rx,
               &e->timer, &when, &e->retransmits, &e->uid, &e->inode, &at);
    e->drops = 0;
    sscanf(line + at, " %*d %*x %u", &e->drops); /* UDP's last column */
    return n == 12;
}

/* The line with these ports, or 0; how many lines there are in *n_lines, if it is not NULL. */
static inline int entry_find(const char *path, unsigned local, unsigned remote, struct entry *e,
                             int *n_lines)
{
    char *text = slurp(path), *at, *line = strtok_r(text, "\n", &at);
    int found = 0, n = 0;

    while ((line = strtok_r(NULL, "\n", &at)) != NULL) {
        struct entry this;
        n++;
        CHECK(entry_parse(line, &this));
        if (this.local != local || this.remote != remote)
            continue;
        found++;
        *e = this;
    }
    if (n_lines)
        *n_lines = n;
    free(text);
    return found;
}

/* Is the first line of a file the one Linux has, as far as that says? */
static inline int has_header(const char *path, const char *head, size_t n_columns)
{
    char *text = slurp(path);
    int good =
        !strncmp(text, head, strlen(head)) && (!n_columns || strcspn(text, "\n") == n_columns);

    free(text);
    return good;
}
