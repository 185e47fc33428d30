#include "opt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"

const struct opt opt_common[] = {
    {'h', "help", NULL, "say how this verb is used and end", NULL, NULL},
    {'q', "quiet", NULL, "say nothing but errors", NULL, NULL},
    {'v', "verbose", NULL, "say what is decided and why", NULL, NULL},
    {0},
};

static bool is_end(const struct opt *o)
{
    return !o->letter && !o->name;
}

/* Calls f for every option of a verb, its own first. */
#define FOR_EACH_OPT(verb, o)                                                                      \
    for (int pass_ = 0; pass_ < 2; pass_++)                                                        \
        for (const struct opt *o = pass_ ? opt_common : (verb)->options; o && !is_end(o); o++)

static const struct opt *find_letter(const struct verb *verb, char letter)
{
    FOR_EACH_OPT(verb, o)
    if (o->letter == letter)
        return o;
    return NULL;
}

static const struct opt *find_name(const struct verb *verb, const char *name, size_t len)
{
    FOR_EACH_OPT(verb, o)
    if (o->name && strlen(o->name) == len && memcmp(o->name, name, len) == 0)
        return o;
    return NULL;
}

static const char *nearest_name(const struct verb *verb, const char *word)
{
    const char *names[64];
    size_t n = 0;

    FOR_EACH_OPT(verb, o)
    if (o->name && n < 64)
        names[n++] = o->name;
    return text_nearest(word, names, n);
}

static void add_seen(struct opts *opts, const struct opt *o, const char *value)
{
    opts->seen = mem_grow(opts->seen, (opts->n_seen + 1) * sizeof(*opts->seen));
    opts->seen[opts->n_seen].opt = o;
    opts->seen[opts->n_seen++].value = value;
}

static bool parse_long(struct opts *opts, int argc, char **argv, int *i)
{
    const char *word = argv[*i] + 2;
    size_t len = strcspn(word, "=");
    const struct opt *o = find_name(opts->verb, word, len);
    const char *value = word[len] == '=' ? word + len + 1 : NULL;

    if (!o) {
        char *name = str_dup_n(word, len);
        const char *near = nearest_name(opts->verb, name);
        if (near)
            msg_error("unknown option --%s; did you mean --%s?", name, near);
        else
            msg_error("unknown option --%s; see skiff %s --help", name, opts->verb->name);
        free(name);
        return false;
    }
    if (!o->arg && value) {
        msg_error("--%s takes no value", o->name);
        return false;
    }
    if (o->arg && !value) {
        if (*i + 1 >= argc) {
            msg_error("--%s needs a value: --%s %s", o->name, o->name, o->arg);
            return false;
        }
        value = argv[++*i];
    }
    add_seen(opts, o, value);
    return true;
}

/* One word of short options: "-qv", "-m4M", "-qm" "4M". */
static bool parse_short(struct opts *opts, int argc, char **argv, int *i)
{
    for (const char *p = argv[*i] + 1; *p; p++) {
        const struct opt *o = find_letter(opts->verb, *p);
        if (!o) {
            msg_error("unknown option -%c; see skiff %s --help", *p, opts->verb->name);
            return false;
        }
        if (!o->arg) {
            add_seen(opts, o, NULL);
            continue;
        }
        if (p[1]) {
            add_seen(opts, o, p + 1);
        } else if (*i + 1 < argc) {
            add_seen(opts, o, argv[++*i]);
        } else {
            msg_error("-%c needs a value: -%c %s", o->letter, o->letter, o->arg);
            return false;
        }
        return true;
    }
    return true;
}

bool opt_parse(const struct verb *verb, int argc, char **argv, struct opts *opts)
{
    *opts = (struct opts){.verb = verb};
    for (int i = 1; i < argc; i++) {
        bool is_good = true;
        if (strcmp(argv[i], "--") == 0) {
            opts->has_guest = true;
            while (++i < argc)
                strvec_add(&opts->guest, argv[i]);
        } else if (str_starts(argv[i], "--")) {
            is_good = parse_long(opts, argc, argv, &i);
        } else if (argv[i][0] == '-' && argv[i][1]) {
            is_good = parse_short(opts, argc, argv, &i);
        } else {
            strvec_add(&opts->words, argv[i]);
        }
        if (!is_good) {
            opt_fini(opts);
            return false;
        }
    }
    return true;
}

void opt_fini(struct opts *opts)
{
    free(opts->seen);
    strvec_fini(&opts->words);
    strvec_fini(&opts->guest);
    *opts = (struct opts){0};
}

static const struct opt *must_find(const struct opts *opts, const char *name)
{
    const struct opt *o = find_name(opts->verb, name, strlen(name));

    if (!o) {
        fprintf(stderr, "skiff: bug: verb %s has no option --%s\n", opts->verb->name, name);
        abort();
    }
    return o;
}

bool opt_has(const struct opts *opts, const char *name)
{
    const struct opt *o = must_find(opts, name);

    for (size_t i = 0; i < opts->n_seen; i++)
        if (opts->seen[i].opt == o)
            return true;
    return false;
}

const char *opt_value_from(const struct opts *opts, const char *name, const char **by)
{
    static char spelled[64];
    const struct opt *o = must_find(opts, name);
    const char *value;

    for (size_t i = opts->n_seen; i-- > 0;) {
        if (opts->seen[i].opt != o)
            continue;
        if (o->letter)
            snprintf(spelled, sizeof(spelled), "-%c", o->letter);
        else
            snprintf(spelled, sizeof(spelled), "--%s", o->name);
        *by = spelled;
        return opts->seen[i].value;
    }
    value = o->env ? getenv(o->env) : NULL;
    *by = o->env;
    return value && *value ? value : NULL;
}

const char *opt_value(const struct opts *opts, const char *name)
{
    const char *by;

    return opt_value_from(opts, name, &by);
}

const char *opt_next(const struct opts *opts, const char *name, size_t *i)
{
    const struct opt *o = must_find(opts, name);

    while (*i < opts->n_seen) {
        const struct opt_seen *s = &opts->seen[(*i)++];
        if (s->opt == o)
            return s->value;
    }
    return NULL;
}
