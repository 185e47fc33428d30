#define _GNU_SOURCE 1
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void *must(void *p)
{
    if (!p) {
        fputs("skiff: error: out of memory\n", stderr);
        exit(125);
    }
    return p;
}

void *mem_new(size_t n_bytes)
{
    return must(calloc(1, n_bytes ? n_bytes : 1));
}

void *mem_grow(void *old, size_t n_bytes)
{
    return must(realloc(old, n_bytes ? n_bytes : 1));
}

char *str_dup(const char *s)
{
    return must(strdup(s));
}

char *str_dup_n(const char *s, size_t len)
{
    return must(strndup(s, len));
}

char *str_fmt(const char *fmt, ...)
{
    struct text t = {0};
    va_list ap;

    va_start(ap, fmt);
    text_vaddf(&t, fmt, ap);
    va_end(ap);
    return text_take(&t);
}

bool str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
    size_t a = strlen(s), b = strlen(suffix);

    return a >= b && memcmp(s + a - b, suffix, b) == 0;
}

static void text_reserve(struct text *t, size_t more)
{
    if (t->len + more + 1 <= t->cap)
        return;
    t->cap = (t->len + more + 1) * 2;
    t->data = mem_grow(t->data, t->cap);
}

void text_add_n(struct text *t, const char *s, size_t len)
{
    text_reserve(t, len);
    memcpy(t->data + t->len, s, len);
    t->len += len;
    t->data[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
    text_add_n(t, s, strlen(s));
}

void text_vaddf(struct text *t, const char *fmt, va_list ap)
{
    char *s;

    if (vasprintf(&s, fmt, ap) < 0)
        must(NULL);
    text_add(t, s);
    free(s);
}

void text_addf(struct text *t, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    text_vaddf(t, fmt, ap);
    va_end(ap);
}

const char *text_str(const struct text *t)
{
    return t->data ? t->data : "";
}

char *text_take(struct text *t)
{
    char *s = t->data ? t->data : str_dup("");

    *t = (struct text){0};
    return s;
}

void text_fini(struct text *t)
{
    free(t->data);
    *t = (struct text){0};
}

void strvec_take(struct strvec *v, char *s)
{
    if (v->n + 2 > v->cap) {
        v->cap = (v->n + 2) * 2;
        v->items = mem_grow(v->items, v->cap * sizeof(*v->items));
    }
    v->items[v->n++] = s;
    v->items[v->n] = NULL;
}

void strvec_add(struct strvec *v, const char *s)
{
    strvec_take(v, str_dup(s));
}

void strvec_addf(struct strvec *v, const char *fmt, ...)
{
    struct text t = {0};
    va_list ap;

    va_start(ap, fmt);
    text_vaddf(&t, fmt, ap);
    va_end(ap);
    strvec_take(v, text_take(&t));
}

void strvec_add_all(struct strvec *v, const struct strvec *from)
{
    for (size_t i = 0; i < from->n; i++)
        strvec_add(v, from->items[i]);
}

void strvec_add_list(struct strvec *v, const char *s, ...)
{
    va_list ap;

    va_start(ap, s);
    for (; s; s = va_arg(ap, const char *))
        strvec_add(v, s);
    va_end(ap);
}

bool strvec_has(const struct strvec *v, const char *s)
{
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(v->items[i], s) == 0)
            return true;
    return false;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void strvec_sort(struct strvec *v)
{
    if (v->n)
        qsort(v->items, v->n, sizeof(*v->items), compare);
}

void strvec_fini(struct strvec *v)
{
    for (size_t i = 0; i < v->n; i++)
        free(v->items[i]);
    free(v->items);
    *v = (struct strvec){0};
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;

    return m < c ? m : c;
}

/* Edits from a to b: insert, delete, replace, swap two neighbours (optimal string alignment). */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), result;
    size_t *rows = mem_new(3 * (m + 1) * sizeof(*rows));
    size_t *before = rows, *last = rows + m + 1, *now = rows + 2 * (m + 1);

    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
        size_t *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    result = last[m];
    free(rows);
    return result;
}

const char *text_nearest(const char *word, const char *const names[], size_t n)
{
    const char *best = NULL;
    size_t len = strlen(word), best_distance = (len + 2) / 3 + 1;

    if (len > 64)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (!names[i])
            continue;
        size_t d = distance(word, names[i]);
        if (d < best_distance) {
            best = names[i];
            best_distance = d;
        }
    }
    return best;
}

bool size_parse(const char *s, unsigned default_shift, uint64_t *bytes)
{
    static const struct {
        const char *suffix;
        unsigned shift;
    } units[] = {{"B", 0},    {"K", 10},  {"KB", 10}, {"KiB", 10}, {"M", 20}, {"MB", 20},
                 {"MiB", 20}, {"G", 30},  {"GB", 30}, {"GiB", 30}, {"k", 10}, {"m", 20},
                 {"g", 30},   {"kB", 10}, {"T", 40},  {"TiB", 40}};
    unsigned shift = default_shift;
    uint64_t n = 0;

    if (*s < '0' || *s > '9')
        return false;
    for (; *s >= '0' && *s <= '9'; s++) {
        if (n > UINT64_MAX / 16)
            return false;
        n = n * 10 + (uint64_t)(*s - '0');
    }
    while (*s == ' ')
        s++;
    if (*s) {
        size_t i = 0, n_units = sizeof(units) / sizeof(units[0]);
        while (i < n_units && strcmp(units[i].suffix, s) != 0)
            i++;
        if (i == n_units)
            return false;
        shift = units[i].shift;
    }
    if (n > (1ull << 62) >> shift)
        return false;
    *bytes = n << shift;
    return true;
}

char *size_show(uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    unsigned u = 0;

    while (bytes && bytes % 1024 == 0 && u < 4) {
        bytes /= 1024;
        u++;
    }
    return str_fmt("%llu %s", (unsigned long long)bytes, units[u]);
}

bool number_parse(const char *s, uint64_t lo, uint64_t hi, uint64_t *out)
{
    uint64_t n = 0;

    if (!*s)
        return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9' || n > UINT64_MAX / 16)
            return false;
        n = n * 10 + (uint64_t)(*s - '0');
    }
    if (n < lo || n > hi)
        return false;
    *out = n;
    return true;
}

void shell_quote(struct text *t, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_=+/.,:@%^";

    if (*word && word[strspn(word, plain)] == '\0') {
        text_add(t, word);
        return;
    }
    text_add(t, "'");
    for (; *word; word++) {
        if (*word == '\'')
            text_add(t, "'\\''");
        else
            text_add_n(t, word, 1);
    }
    text_add(t, "'");
}

char *shell_line(char *const argv[])
{
    struct text t = {0};

    for (size_t i = 0; argv[i]; i++) {
        if (i)
            text_add(&t, " ");
        shell_quote(&t, argv[i]);
    }
    return text_take(&t);
}

char *path_join(const char *dir, const char *name)
{
    if (name[0] == '/' || !dir[0])
        return str_dup(name);
    return str_fmt("%s%s%s", dir, str_ends(dir, "/") ? "" : "/", name);
}

char *path_dir(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return str_dup(".");
    return slash == path ? str_dup("/") : str_dup_n(path, (size_t)(slash - path));
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

bool path_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

bool path_is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int file_read(const char *path, char **data, size_t *len_bytes)
{
    struct text t = {0};
    int err = 0, fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    for (;;) {
        text_reserve(&t, 65536);
        ssize_t n = read(fd, t.data + t.len, 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            err = -errno;
        if (n <= 0)
            break;
        t.len += (size_t)n;
    }
    close(fd);
    if (err) {
        text_fini(&t);
        return err;
    }
    t.data[t.len] = '\0';
    *len_bytes = t.len;
    *data = t.data;
    return 0;
}
