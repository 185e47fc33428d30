/* What every guest test uses: a check that names its line, on standard output, and ends. */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Ends the test, saying what is not so. errno is shown by name because numbers say little. */
#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond))                                                                               \
            check_failed(__FILE_NAME__, __LINE__, #cond);                                          \
    } while (0)

/* The same for two integers, which are shown. */
#define CHECK_EQ(got, want)                                                                        \
    do {                                                                                           \
        long long got_ = (long long)(got), want_ = (long long)(want);                              \
        if (got_ != want_) {                                                                       \
            printf("%s is %lld, not %lld\n", #got, got_, want_);                                   \
            check_failed(__FILE_NAME__, __LINE__, #got " == " #want);                              \
        }                                                                                          \
    } while (0)

/* A call that must fail with one errno. */
#define CHECK_ERRNO(call, want)                                                                    \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long long got_ = (long long)(call);                                                        \
        if (got_ != -1 || errno != (want)) {                                                       \
            printf("%s gave %lld\n", #call, got_);                                                 \
            check_failed(__FILE_NAME__, __LINE__, #call " fails with " #want);                     \
        }                                                                                          \
    } while (0)

#ifndef __FILE_NAME__
#define __FILE_NAME__ __FILE__
#endif

static inline void check_failed(const char *file, int line, const char *what)
{
    const char *slash = strrchr(file, '/');
    printf("%s:%d: not so: %s (errno: %s)\n", slash ? slash + 1 : file, line, what,
           strerror(errno));
    fflush(stdout);
    _exit(99);
}
