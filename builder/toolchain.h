/*
 * The words a C compiler needs to compile for, and link, an image: the same for build and cc, gcc
 * and clang. Pure, but for toolchain_find().
 */
#pragma once

#include <stdbool.h>

#include "sysroot.h"
#include "text.h"

struct toolchain {
    struct strvec cc; /* the compiler's command: one word, or more ("ccache gcc") */
    bool is_clang;
    bool has_specs; /* the sysroot has skiff.specs, which keeps gcc from the host's libraries */
    char *sysroot;
};

/**
 * Decide on a compiler and find the sysroot.
 *
 * @cc  what --cc or $SKIFF_CC says; NULL: gcc
 * Returns false if either is not there (reported). Also takes $LIBRARY_PATH, $C_INCLUDE_PATH and
 * $CPATH out of our environment, which name the host's files.
 */
bool toolchain_find(struct toolchain *tc, const char *cc);
void toolchain_fini(struct toolchain *tc);

/* What every compilation gets first; the user's own flags come after and win. */
void toolchain_compile_flags(const struct toolchain *tc, struct strvec *argv);

/* Where system headers are: after the user's -I and -isystem. */
void toolchain_include_flags(const struct toolchain *tc, struct strvec *argv);

/**
 * The words of a link around the user's own inputs: first the flags, linker script and start file,
 * last the runtime and libc.
 *
 * @map  where the linker writes its map
 */
void toolchain_link_first(const struct toolchain *tc, const char *map, struct strvec *argv);
void toolchain_link_last(const struct toolchain *tc, struct strvec *argv);

/* -lNAME that libc.a holds already (m, pthread, …): nothing to link. */
bool toolchain_is_libc(const char *lib);

/* "gcc 12.2.0": asks the compiler. The caller frees. */
char *toolchain_version(const struct toolchain *tc);
