/*
 * Strings for the builder: a growing buffer, a growing list of strings, and the few parsers that
 * several verbs need. Nothing here fails for want of memory: the tool ends with a message then.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* malloc(3), realloc(3), strdup(3), asprintf(3) that end the tool instead of returning NULL. */
void *mem_new(size_t n_bytes); /* zeroed */
void *mem_grow(void *old, size_t n_bytes);
char *str_dup(const char *s);
char *str_dup_n(const char *s, size_t len);
char *str_fmt(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* A growing string; always NUL-terminated once something was added. {0} is a valid empty one. */
struct text {
    char *data; /* NULL while empty */
    size_t len, cap;
};

void text_add(struct text *t, const char *s);
void text_add_n(struct text *t, const char *s, size_t len);
void text_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_vaddf(struct text *t, const char *fmt, va_list ap);
const char *text_str(const struct text *t); /* "" while empty */
char *text_take(struct text *t);            /* the caller's to free; leaves t empty */
void text_fini(struct text *t);

/* A growing list of strings, NULL-terminated so that it serves as an argv. {0} is an empty one. */
struct strvec {
    char **items; /* NULL while empty; each item is the list's own copy */
    size_t n, cap;
};

void strvec_add(struct strvec *v, const char *s);
void strvec_addf(struct strvec *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strvec_take(struct strvec *v, char *s); /* the list owns s from now on */
void strvec_add_all(struct strvec *v, const struct strvec *from);
void strvec_add_list(struct strvec *v, const char *s, ...); /* ends with NULL */
bool strvec_has(const struct strvec *v, const char *s);
void strvec_sort(struct strvec *v);
void strvec_fini(struct strvec *v);

/**
 * The candidate nearest to a mistyped word.
 *
 * @names  n candidates; NULL entries are skipped
 * Returns the nearest by edit distance (a swap of neighbours counts one); NULL if nothing is near
 *         enough to be what was meant (more than a third of the word differs)
 */
const char *text_nearest(const char *word, const char *const names[], size_t n);

/**
 * Parse a size: digits, then nothing, K, M or G (or KiB, MiB, GiB; KB and the like mean the same).
 *
 * @default_shift  what a bare number means: 0 bytes, 20 MiB
 * Returns false if it is not a size, or does not fit in 2^62
 */
bool size_parse(const char *s, unsigned default_shift, uint64_t *bytes);

/* "2 MiB", "1536 KiB", "17 bytes": the largest unit that divides it. The caller frees. */
char *size_show(uint64_t bytes);

/* A whole decimal number from lo to hi, and nothing after it. */
bool number_parse(const char *s, uint64_t lo, uint64_t hi, uint64_t *out);

/* argv as a line that a shell reads back as the same words. */
void shell_quote(struct text *t, const char *word);
char *shell_line(char *const argv[]);

/* Paths. The caller frees what is returned. */
char *path_join(const char *dir, const char *name);
char *path_dir(const char *path);        /* "." if there is no slash */
const char *path_base(const char *path); /* points into path */
bool path_exists(const char *path);
bool path_is_dir(const char *path);

/**
 * Read a whole file.
 *
 * Returns 0, or -errno; *data is NUL-terminated and the caller's to free
 */
int file_read(const char *path, char **data, size_t *len_bytes);
