/*
 * skiff.yaml, the optional manifest: small, flat, every key below. Whatever it does not say has a
 * default; an unknown key is an error with its position and the nearest known key.
 *
 *      name: shop                      # the image is NAME.elf and argv[0]    directory's name
 *      sources: [main.c, store.c]      # files or globs, relative to here     every *.c here
 *      cflags: [-O2, -DDEBUG]          # a list, or one string split at spaces
 *      ldflags: -Wl,--defsym=x=1       # a comma would end an item of a [list]
 *      libs: [m, ./vendor/libz.a]      # -lNAME, or the path of an archive
 *      include: [include]              # -I directories
 *      memory: 4M                      # at run; bare numbers are MiB         32M
 *      args: [--verbose]               # of main(), when run gives none
 *      env: {LANG: C}                  # a mapping, or a list of K=V
 *      ports: [8080:80, 53:53/udp]     # as run -p takes them
 *      machine: microvm                # microvm, q35 or pc
 *      net: user                       # as run --net takes it
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg.h"
#include "text.h"

#define MANIFEST_FILE "skiff.yaml"

struct manifest {
    char *path;            /* as messages name it; "" if there is no file */
    char *name;            /* NULL: not given; so for every pointer below */
    struct strvec sources; /* as written: not globbed, relative to the manifest */
    struct strvec cflags, ldflags, libs, include;
    struct strvec args, env, ports; /* env: "K=V" */
    uint64_t memory_bytes;          /* 0: not given */
    struct place memory_at;         /* of the value, for later errors */
    char *machine;
    char *net;
};

/**
 * Read DIR/skiff.yaml.
 *
 * Returns true if it was read, or if there is none (all fields empty then); false if it is wrong
 *         (reported with line and column)
 */
bool manifest_load(struct manifest *m, const char *dir);

/* The same from memory; path is what messages call it. Pure, but for the messages. */
bool manifest_parse(struct manifest *m, const char *path, const char *data, size_t len_bytes);
void manifest_fini(struct manifest *m);

/**
 * Is this much memory possible for an image that needs floor_bytes?
 *
 * @at    where the number was written; NULL: it was a flag or the environment, named by @by
 * @by    "-m", "SKIFF_MEMORY"; ignored if at is given
 * Returns false if it is not (reported: "memory 1 MiB: this service needs at least 2 MiB")
 */
bool memory_is_possible(uint64_t bytes, uint64_t floor_bytes, const struct place *at,
                        const char *by);

/* The least that any image boots with, whatever it is made of. */
#define MEMORY_FLOOR_BYTES (1ull << 20)
/* LIMIT: the runtime maps the first 4 TiB at most; lift when somebody has such a machine. */
#define MEMORY_MAX_BYTES   (4ull << 40)
