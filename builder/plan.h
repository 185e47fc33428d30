/*
 * What will be compiled and linked, and how: from the command line, the manifest and the inputs
 * found on disk to exact command lines. Making one looks at the disk (inputs_find); the rest is
 * pure: same inputs, same plan. `skiff build --dry-run --json` prints it.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "manifest.h"
#include "text.h"
#include "toolchain.h"

/* What the command line asks for. */
struct plan_wish {
    struct strvec words;          /* PATH, or FILES */
    const char *out;              /* NULL: decide */
    const char *opt_level;        /* "2"; NULL: size */
    struct strvec flags;          /* -D, -I: for the compiler, after the manifest's */
    struct strvec lib_dirs, libs; /* of -L, -l */
    bool keeps_symbols;
};

struct plan {
    struct strvec names;   /* of each input: its path from root, what the image calls it */
    char *root;            /* the project's directory, as given; "." for here */
    char *root_real;       /* absolute, without links */
    char *name;            /* without ".elf" */
    char *image, *debug;   /* files to make */
    uint64_t memory_bytes; /* of the manifest; 0: not given */
    struct place memory_at;
    char *manifest_path;  /* what memory_at names; NULL: no manifest */
    struct strvec inputs; /* sources, objects and archives in link order, as seen from here */
    struct strvec cflags, ldflags, lib_dirs, libs;
    struct strvec run;    /* "port=8080:80": what run shall do unless told otherwise */
    bool keeps_symbols;   /* the image is left as the linker made it */
    const char *optimize; /* "-Os", or what the user wants instead; NULL: in cflags */
};

/**
 * Decide. Looks at the disk for the inputs: every *.c of a directory, in the order of their names,
 * or what its manifest lists.
 *
 * Returns false if there is nothing to build or something named is not there (reported)
 */
bool plan_make(struct plan *plan, const struct plan_wish *wish);
void plan_fini(struct plan *plan);

enum input_kind { INPUT_SOURCE, INPUT_OBJECT, INPUT_ARCHIVE, INPUT_CPLUSPLUS, INPUT_OTHER };

/* By its name, as the compiler does it. */
enum input_kind input_kind(const char *path);

/**
 * The command that compiles input i, a source.
 *
 * @temp_dir  where objects go
 * @cwd       our directory, so that no path of this machine gets into the image
 */
void plan_compile(const struct plan *plan, const struct toolchain *tc, size_t i,
                  const char *temp_dir, const char *cwd, struct strvec *argv);

/* The command that links temp_dir/image.elf and writes temp_dir/image.map. */
void plan_link(const struct plan *plan, const struct toolchain *tc, const char *temp_dir,
               struct strvec *argv);

/* The plan, with its command lines, as JSON; the caller's reference. */
json_t *plan_json(const struct plan *plan, const struct toolchain *tc, const char *temp_dir,
                  const char *cwd);

/* "-Os -DX": what the compiler was told that matters, for the image's info. The caller frees. */
char *plan_flags(const struct plan *plan);
