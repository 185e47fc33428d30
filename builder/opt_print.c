/* What opt.h's tables look like on paper: --help, the man page, shell completion. */
#include "opt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "version.h"

static bool is_end(const struct opt *o)
{
    return !o->letter && !o->name;
}

#define FOR_EACH_OPT(verb, o)                                                                      \
    for (int pass_ = 0; pass_ < 2; pass_++)                                                        \
        for (const struct opt *o = pass_ ? opt_common : (verb)->options; o && !is_end(o); o++)

/* "-m, --memory SIZE" */
static char *opt_spelled(const struct opt *o)
{
    struct text t = {0};

    if (o->letter)
        text_addf(&t, "-%c", o->letter);
    else
        text_add(&t, "   ");
    if (o->name)
        text_addf(&t, "%s --%s", o->letter ? "," : "", o->name);
    if (o->arg)
        text_addf(&t, " %s", o->arg);
    return text_take(&t);
}

/* Each line of usage with its prefix. */
static void print_usage_lines(const struct verb *verb, const char *first, const char *next)
{
    const char *line = verb->usage;
    const char *prefix = first;

    for (;;) {
        size_t len = strcspn(line, "\n");
        printf("%sskiff %s %.*s\n", prefix, verb->name, (int)len, line);
        if (!line[len])
            break;
        line += len + 1;
        prefix = next;
    }
}

void opt_print_help(const struct verb *verb)
{
    printf("skiff %s: %s\n\n", verb->name, verb->summary);
    print_usage_lines(verb, "usage: ", "       ");
    if (verb->details)
        printf("\n%s\n", verb->details);
    if (verb->is_raw)
        return;
    printf("\noptions:\n");
    FOR_EACH_OPT(verb, o)
    {
        char *spelled = opt_spelled(o);
        if (strlen(spelled) > 28)
            printf("  %s\n  %-28s %s", spelled, "", o->help);
        else
            printf("  %-28s %s", spelled, o->help);
        if (o->env)
            printf(" [$%s]", o->env);
        printf("\n");
        free(spelled);
    }
}

void opt_print_usage(const struct verb *const verbs[])
{
    printf("skiff %s: one C service in, one bootable image out\n\n"
           "usage: skiff VERB [flags] [PATH|IMAGE] [-- guest args]\n\nverbs:\n",
           SKIFF_VERSION);
    for (size_t i = 0; verbs[i]; i++)
        printf("  %-9s %s\n", verbs[i]->name, verbs[i]->summary);
    printf("\n  skiff VERB --help           how a verb is used\n"
           "  skiff --version             the version of this tool\n"
           "  skiff completion SHELL      completion for bash, zsh or fish\n");
}

/* Text for troff: a leading dot or quote is no request, a backslash is one, "-" is a hyphen. */
static void print_troff(const char *s)
{
    bool at_line_start = true;

    for (; *s; s++) {
        if (at_line_start && (*s == '.' || *s == '\''))
            fputs("\\&", stdout);
        if (*s == '\\')
            fputs("\\e", stdout);
        else if (*s == '-')
            fputs("\\-", stdout);
        else
            putchar(*s);
        at_line_start = *s == '\n';
    }
}

/* Paragraphs: an empty line is .PP; lines that begin with a space are set as they stand. */
static void print_man_paragraphs(const char *s)
{
    bool is_literal = false;

    while (*s) {
        size_t len = strcspn(s, "\n");
        char *line = str_dup_n(s, len);
        bool wants_literal = line[0] == ' ';
        if (wants_literal != is_literal)
            printf(wants_literal ? ".nf\n" : ".fi\n");
        is_literal = wants_literal;
        if (len)
            print_troff(line);
        else
            printf(".PP");
        printf("\n");
        free(line);
        s += len + (s[len] == '\n');
    }
    if (is_literal)
        printf(".fi\n");
}

static void print_man_options(const struct opt *o)
{
    for (; o && !is_end(o); o++) {
        char *spelled = opt_spelled(o);
        printf(".TP\n.B ");
        print_troff(spelled + strspn(spelled, " "));
        printf("\n");
        print_troff(o->help);
        if (o->env) {
            printf(". Environment: ");
            print_troff(o->env);
        }
        printf(".\n");
        free(spelled);
    }
}

void opt_print_man(const struct verb *const verbs[])
{
    printf(".TH SKIFF 1 \"\" \"skiff %s\" \"User Commands\"\n"
           ".SH NAME\nskiff \\- turn a C service into a bootable virtual machine image\n"
           ".SH SYNOPSIS\n.B skiff\n.I VERB\n[flags] [PATH|IMAGE] [\\-\\- guest args]\n"
           ".SH DESCRIPTION\n"
           "Skiff links one C service statically with a minimal runtime. The result is one ELF "
           "file that boots as a virtual machine under QEMU in milliseconds and also runs as an "
           "ordinary Linux process.\n"
           ".PP\nFlags beat the environment, which beats skiff.yaml, which beats the default. "
           "Results go to the standard output, progress and errors to the standard error.\n",
           SKIFF_VERSION);
    printf(".SH VERBS\n");
    for (size_t i = 0; verbs[i]; i++) {
        printf(".SS \"skiff %s\"\n", verbs[i]->name);
        print_troff(verbs[i]->summary);
        printf(".\n.PP\n.nf\n");
        const char *line = verbs[i]->usage;
        while (*line) {
            size_t len = strcspn(line, "\n");
            char *usage = str_fmt("skiff %s %.*s\n", verbs[i]->name, (int)len, line);
            print_troff(usage);
            free(usage);
            line += len + (line[len] == '\n');
        }
        printf(".fi\n");
        if (verbs[i]->details) {
            printf(".PP\n");
            print_man_paragraphs(verbs[i]->details);
        }
        print_man_options(verbs[i]->options);
    }
    printf(".SH OPTIONS OF EVERY VERB\n");
    print_man_options(opt_common);
    printf(".SH EXIT STATUS\n"
           ".B skiff run\nends with the service's own status, 0 to 255.\n"
           ".TP\n124\n\\-\\-timeout passed\n.TP\n125\nSkiff failed\n"
           ".TP\n126\nthe image cannot boot\n.TP\n127\nno such image\n"
           ".TP\n128+n\nthe service died of signal n\n"
           ".PP\nThe verbs check and doctor answer 0 or 1; cc ends as a compiler does; every other "
           "failure is 125.\n"
           ".SH ENVIRONMENT\n"
           ".TP\nSKIFF_HOME\nwhere the runtime is (PREFIX/lib/skiff)\n"
           ".TP\nSKIFF_QEMU\nthe QEMU program to use\n"
           ".TP\nNO_COLOR\nset and not empty: no colour\n");
}

/* "a b c" of every verb or of every option, for completion. */
static char *verb_words(const struct verb *const verbs[])
{
    struct text t = {0};

    for (size_t i = 0; verbs[i]; i++)
        text_addf(&t, "%s%s", i ? " " : "", verbs[i]->name);
    return text_take(&t);
}

static char *option_words(const struct verb *verb)
{
    struct text t = {0};

    FOR_EACH_OPT(verb, o)
    {
        if (o->letter)
            text_addf(&t, "%s-%c", t.len ? " " : "", o->letter);
        if (o->name)
            text_addf(&t, "%s--%s", t.len ? " " : "", o->name);
    }
    return text_take(&t);
}

/* The same function serves zsh through its bashcompinit. */
static void print_bash(const struct verb *const verbs[])
{
    char *words = verb_words(verbs);

    printf("_skiff() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
           "        COMPREPLY=($(compgen -W '%s' -- \"$word\"))\n"
           "        return\n"
           "    fi\n"
           "    case \"${COMP_WORDS[1]} $before\" in\n",
           words);
    free(words);
    for (size_t i = 0; verbs[i]; i++) {
        FOR_EACH_OPT(verbs[i], o)
        {
            if (!o->words || !o->name)
                continue;
            char *values = str_dup(o->words);
            for (char *p = values; *p; p++)
                if (*p == '|')
                    *p = ' ';
            printf("    '%s --%s')\n"
                   "        COMPREPLY=($(compgen -W '%s' -- \"$word\"))\n"
                   "        return ;;\n",
                   verbs[i]->name, o->name, values);
            free(values);
        }
    }
    printf("    esac\n"
           "    case \"${COMP_WORDS[1]} $word\" in\n");
    for (size_t i = 0; verbs[i]; i++) {
        char *options = option_words(verbs[i]);
        printf("    '%s -'*)\n"
               "        COMPREPLY=($(compgen -W '%s' -- \"$word\"))\n"
               "        return ;;\n",
               verbs[i]->name, options);
        free(options);
    }
    printf("    esac\n"
           "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
           "}\n"
           "complete -o filenames -F _skiff skiff\n");
}

/* In single quotes for fish: a quote or backslash has a backslash before it. */
static char *fish_quoted(const char *s)
{
    struct text t = {0};

    text_add(&t, "'");
    for (; *s; s++) {
        if (*s == '\\' || *s == '\'')
            text_add(&t, "\\");
        text_add_n(&t, s, 1);
    }
    text_add(&t, "'");
    return text_take(&t);
}

static void print_fish(const struct verb *const verbs[])
{
    for (size_t i = 0; verbs[i]; i++) {
        char *summary = fish_quoted(verbs[i]->summary);
        printf("complete -c skiff -n __fish_use_subcommand -f -a %s -d %s\n", verbs[i]->name,
               summary);
        free(summary);
        FOR_EACH_OPT(verbs[i], o)
        {
            printf("complete -c skiff -n '__fish_seen_subcommand_from %s'", verbs[i]->name);
            if (o->letter)
                printf(" -s %c", o->letter);
            if (o->name)
                printf(" -l %s", o->name);
            if (o->arg)
                printf(" -r");
            char *help = fish_quoted(o->help);
            printf(" -d %s\n", help);
            free(help);
        }
    }
}

bool opt_print_completion(const struct verb *const verbs[], const char *shell)
{
    if (strcmp(shell, "bash") == 0) {
        print_bash(verbs);
    } else if (strcmp(shell, "zsh") == 0) {
        printf("#compdef skiff\nautoload -U +X bashcompinit && bashcompinit\n");
        print_bash(verbs);
    } else if (strcmp(shell, "fish") == 0) {
        print_fish(verbs);
    } else {
        msg_error("completion for \"%s\" is not known; use bash, zsh or fish", shell);
        return false;
    }
    return true;
}
