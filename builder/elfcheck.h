/*
 * What a linked ELF reaches that the runtime does not implement. The only file that knows libelf
 * and libdw.
 *
 * libc calls sc_NAME (scp_NAME at cancellation points) for the Linux call NAME; in the VM that is
 * the runtime's uk_NAME, which the linker script makes an alias of uk_enosys when nothing defines
 * it (in the archives all of the runtime's names begin with "skiff."). Images are linked with
 * --emit-relocs, so the unstripped ELF holds every reference: from each such sc_NAME we walk
 * callers upwards through libc until a function of the service, or of a library of its, is met.
 * Data of libc is not walked through (the operations of stdout reach lseek; that does not make
 * printf need it).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calls.h"
#include "linkmap.h"
#include "text.h"

/* One place in the service from where missing calls are reached. */
struct finding {
    char *file;          /* source file as the compiler saw it; NULL without DWARF */
    unsigned line;       /* 0 without DWARF */
    char *function;      /* who reaches; NULL if it has no name */
    char *object;        /* the input it is in: "libfoo.a(x.o)", "main.c"; "" if unknown */
    char *callee;        /* what it calls: "system" */
    struct strvec calls; /* the missing calls behind that: "execve", "fork"; sorted */
    enum call_kind kind; /* of the worst of them */
    const char *instead; /* advice for the worst of them */
    bool is_data;        /* it is a table that points at callee */
};

struct elfcheck {
    struct strvec calls, stubs; /* reached and implemented; reached and missing. Sorted */
    struct finding *findings;   /* sorted by file or object, line, callee; none is harmless */
    size_t n_findings;
    bool has_symbols; /* without: the lists are empty, nothing is known */
    bool has_relocs;  /* and origins. Without: the lists are right, findings are empty */
};

enum elfcheck_type { ELF_IS_NONE, ELF_IS_OBJECT, ELF_IS_ARCHIVE, ELF_IS_LINKED };

/* What a file is, by its first bytes. An unreadable file is ELF_IS_NONE, with errno set. */
enum elfcheck_type elfcheck_type(const char *path);

/**
 * Examine a linked, unstripped ELF.
 *
 * @path  for messages
 * @data  the file in memory; not written to
 * @map   where its bytes came from; NULL: read it from .skiff.origin
 * Returns false if it is no x86-64 ELF or damaged (reported)
 */
bool elfcheck_read(struct elfcheck *check, const char *path, char *data, size_t len_bytes,
                   const struct linkmap *map);
void elfcheck_fini(struct elfcheck *check);

/* A finding as a message without level: "start_worker() calls fork(): ENOSYS in a VM of its …". */
void finding_text(const struct finding *finding, struct text *out);

/**
 * Print findings to stderr: warnings, and notes where something is only lost. Where no place is
 * known (no relocations, or nobody knows which code is the service's), the missing calls by name.
 *
 * @path  what was examined, for the latter
 * @root  put before relative source names, so that they read as seen from here; "" for nothing
 * Returns how many were warnings
 */
size_t elfcheck_print(const struct elfcheck *check, const char *path, const char *root);

/**
 * Which archive on these paths defines a symbol?
 *
 * @archives  paths of archives
 * Returns the index of the first that does; -1 if none
 */
int elfcheck_find_definition(const struct strvec *archives, const char *symbol);
