/*
 * Runs what a plan says: the compiler, as many at a time as there are CPUs, then the linker; then
 * examines what was linked. What the compiler says passes through untouched, one source after the
 * other; to what the linker says about missing symbols a hint is added.
 */
#pragma once

#include <stdbool.h>

#include "elfcheck.h"
#include "linkmap.h"
#include "plan.h"

/* What a link left: the unstripped ELF in memory, and what is known of it. */
struct linked {
    char *elf;
    size_t len_bytes;
    struct linkmap map;
    struct elfcheck check;
};

/* Exit status of a build whose C or link is wrong: the compiler's own. */
#define COMPILE_WRONG 1

/**
 * Compile and link.
 *
 * @temp_dir  for objects, map and the linked file
 * Returns 0; COMPILE_WRONG if compiler or linker refused; STATUS_SKIFF. All reported.
 */
int compile_plan(const struct plan *plan, const struct toolchain *tc, const char *temp_dir,
                 struct linked *out);

/**
 * Link objects and archives for examination only: whatever they lack besides libc stays missing,
 * and nothing of theirs is dropped.
 *
 * Returns as above
 */
int compile_trial(const struct toolchain *tc, const struct strvec *files, const char *temp_dir,
                  struct linked *out);

/* Read a linked file and its map back; temp_dir as for linkmap_read(). False if wrong (reported).
 */
bool linked_read(struct linked *out, const char *elf, const char *map, const char *sysroot,
                 const char *temp_dir);
void linked_fini(struct linked *linked);

/* Hints to a linker's complaints: which library has what is missing. */
void link_hints(const char *said, const struct strvec *argv);
