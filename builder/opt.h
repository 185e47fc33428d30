/*
 * The command line. One table per verb drives parsing, `skiff VERB --help`, the man page and shell
 * completion; nothing else describes an option.
 *
 * Grammar: skiff VERB [flags] [words] [-- guest args]. Flags and words may be mixed. A short option
 * takes its value attached or as the next word (-m4M, -m 4M), a long one after "=" or as the next
 * word. Later wins where one value is wanted. Flags beat the environment (struct opt's env), which
 * beats what a file says, which beats the default.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

struct opts;

struct opt {
    char letter;       /* 0: no short form */
    const char *name;  /* long form without dashes; NULL: no long form */
    const char *arg;   /* what the value is called ("SIZE"); NULL: a flag without value */
    const char *help;  /* one phrase, no full stop */
    const char *env;   /* environment variable that gives the default; NULL: none */
    const char *words; /* the values allowed, "user|none"; for completion only; NULL: any */
};

struct verb {
    const char *name;
    const char *summary;       /* one phrase for `skiff --help` */
    const char *usage;         /* what follows "skiff NAME ", one alternative per line */
    const char *details;       /* paragraphs for --help and the man page; NULL: none */
    const struct opt *options; /* ends with an entry that has neither letter nor name; NULL: none */
    bool is_raw;               /* main() calls run_raw with argv untouched: `cc` */
    int (*run)(const struct opts *opts);   /* returns the exit status */
    int (*run_raw)(int argc, char **argv); /* argv[0] is the verb */
};

/* What was on one command line. */
struct opts {
    const struct verb *verb;
    struct opt_seen {
        const struct opt *opt;
        const char *value; /* NULL for a flag */
    } * seen;
    size_t n_seen;
    struct strvec words; /* what is not a flag, in order */
    struct strvec guest; /* what came after "--" */
    bool has_guest;      /* "--" was there */
};

/**
 * Parse one verb's command line.
 *
 * @argv  argv[0] is the verb's name; strings are kept by reference
 * Returns false if it was wrong, which has been reported
 */
bool opt_parse(const struct verb *verb, int argc, char **argv, struct opts *opts);
void opt_fini(struct opts *opts);

/* Was the flag given? By its long name. The three below panic on a name that is not in the table.
 */
bool opt_has(const struct opts *opts, const char *name);

/* The last value given, else the environment's (if set and not empty), else NULL. */
const char *opt_value(const struct opts *opts, const char *name);

/* Like opt_value(), and *by says where it came from as the user would: "-m" or "SKIFF_MEMORY". */
const char *opt_value_from(const struct opts *opts, const char *name, const char **by);

/* The values of a repeatable option in order: start with *i = 0; NULL at the end. */
const char *opt_next(const struct opts *opts, const char *name, size_t *i);

/* Options every verb has: --help, --quiet, --verbose. Ends like every table. */
extern const struct opt opt_common[];

/* The programs's texts, all from the verbs' tables. Verbs lists end with NULL. */
void opt_print_help(const struct verb *verb);
void opt_print_usage(const struct verb *const verbs[]);
void opt_print_man(const struct verb *const verbs[]);

/* Returns false if the shell is none of bash, zsh, fish (reported). */
bool opt_print_completion(const struct verb *const verbs[], const char *shell);
