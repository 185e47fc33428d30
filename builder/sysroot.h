/*
 * The sysroot: everything an image is made of besides the service. $SKIFF_HOME if set, else
 * ../lib/skiff next to the directory the tool itself lies in (so build/bin/skiff and
 * PREFIX/bin/skiff both find theirs).
 *
 *      include/  libc.a  libskiff.a  crt1.o  skiff.ld  templates/
 */
#pragma once

#include <stdbool.h>

struct sysroot {
    char *dir;        /* absolute */
    bool is_from_env; /* $SKIFF_HOME named it */
};

/**
 * Find the sysroot and see that it is whole.
 *
 * Returns false if it is missing or a part of it is (reported: which part, what to do)
 */
bool sysroot_find(struct sysroot *sysroot);

/* Where it would be, whether it is there or not. For doctor and for messages. */
void sysroot_locate(struct sysroot *sysroot);

/* The first part that is missing, NULL if none. */
const char *sysroot_missing(const struct sysroot *sysroot);

char *sysroot_path(const struct sysroot *sysroot, const char *part); /* the caller frees */
void sysroot_fini(struct sysroot *sysroot);
