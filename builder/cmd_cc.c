/*
 * skiff cc: a C compiler driver that any build system can use as CC. It passes its words to gcc (or
 * clang) and adds what makes the result an image: our headers, no PIE, our linker script, the
 * runtime and libc. After a link it records in the file what an image says about itself. Whatever
 * needs no such record replaces this process by the compiler.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile.h"
#include "msg.h"
#include "opt.h"
#include "pack.h"
#include "plan.h"
#include "proc.h"
#include "status.h"
#include "toolchain.h"
#include "verbs.h"

/* LIMIT: response files inside response files; gcc allows 2000. */
#define MAX_RESPONSE_DEPTH 20

/* A compiler's failures have its status, whoever finds them. */
#define CC_WRONG           1

/* One command line, read. */
struct cc_line {
    struct strvec words;  /* for the compiler, without what an image cannot have */
    struct strvec inputs; /* base names, for the record */
    struct text flags;    /* what matters of the flags, for the record */
    const char *output;   /* of -o; points into words */
    const char *language; /* of -x, NULL for none */
    bool has_input;
    bool stops_early;    /* -c, -S, -E, -M: no link */
    bool only_shows;     /* -###, or asks the compiler something: no result to record */
    bool has_own_layout; /* -nostdlib, -r, -T …: not an image, the user knows better */
    bool has_lto;
    bool strips;
};

/* Options whose value is the next word. */
static bool takes_word(const char *word)
{
    static const char *const options[] = {
        "-o",
        "-I",
        "-L",
        "-l",
        "-D",
        "-U",
        "-x",
        "-include",
        "-imacros",
        "-isystem",
        "-iquote",
        "-idirafter",
        "-iprefix",
        "-iwithprefix",
        "-iwithprefixbefore",
        "-isysroot",
        "-imultilib",
        "-MF",
        "-MT",
        "-MQ",
        "-Xlinker",
        "-Xassembler",
        "-Xpreprocessor",
        "-Xclang",
        "-mllvm",
        "-T",
        "-u",
        "-e",
        "-z",
        "-B",
        "-A",
        "-G",
        "-h",
        "-aux-info",
        "-wrapper",
        "--param",
        "-dumpbase",
        "-dumpbase-ext",
        "-dumpdir",
        "-specs",
        "--sysroot",
        "-target",
        "-arch",
        "-Ttext",
        "-Tdata",
        "-Tbss",
        "-soname",
        "-rpath",
    };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (strcmp(word, options[i]) == 0)
            return true;
    return false;
}

/* What an image has no use for: said nothing about, so that unmodified projects build. */
static bool is_dropped(const char *word)
{
    static const char *const options[] = {
        "-pie",
        "-static-pie",
        "-fPIE",
        "-fpie",
        "-no-pie",
        "-nopie",
        "-rdynamic",
        "-static",
        "-static-libgcc",
        "-shared-libgcc",
        "-Wl,-Bdynamic",
        "-Wl,-Bstatic",
        "-Wl,-dn",
        "-Wl,-dy",
        "-Wl,-pie",
        "-Wl,--pie",
        "-Wl,-pie,-z,now",
        "-Wl,-E",
        "-Wl,--export-dynamic",
        "-Wl,--as-needed",
        "-Wl,--no-as-needed",
    };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (strcmp(word, options[i]) == 0)
            return true;
    return str_starts(word, "-fcf-protection");
}

static bool asks_compiler(const char *word)
{
    return strcmp(word, "-###") == 0 || strcmp(word, "--version") == 0 ||
           strcmp(word, "-dumpversion") == 0 || strcmp(word, "-dumpfullversion") == 0 ||
           strcmp(word, "-dumpspecs") == 0 || str_starts(word, "-print-") ||
           str_starts(word, "--print-") || str_starts(word, "--help") ||
           strcmp(word, "--target-help") == 0;
}

/* One word of a response file as gcc reads it: blanks separate, quotes and \ protect. */
static const char *response_word(const char *p, struct text *word)
{
    char quote = 0;
    for (; *p; p++) {
        if (*p == '\\' && p[1]) {
            text_add_n(word, ++p, 1);
        } else if (quote) {
            if (*p == quote)
                quote = 0;
            else
                text_add_n(word, p, 1);
        } else if (*p == '"' || *p == '\'') {
            quote = *p;
        } else if (strchr(" \t\r\n\f\v", *p)) {
            break;
        } else {
            text_add_n(word, p, 1);
        }
    }
    return p;
}

static bool expand(struct strvec *out, const char *word, unsigned depth)
{
    char *data;
    size_t len;
    if (word[0] != '@' || file_read(word + 1, &data, &len) != 0) { /* gcc takes it literally too */
        strvec_add(out, word);
        return true;
    }
    if (depth >= MAX_RESPONSE_DEPTH) {
        msg_error("%s: response files more than %d deep", word, MAX_RESPONSE_DEPTH);
        free(data);
        return false;
    }
    bool is_good = true;
    for (const char *p = data; is_good;) {
        struct text inner = {0};
        p += strspn(p, " \t\r\n\f\v");
        if (!*p)
            break;
        p = response_word(p, &inner);
        is_good = expand(out, text_str(&inner), depth + 1);
        text_fini(&inner);
    }
    free(data);
    return is_good;
}

static bool refuse(const char *what, const char *why)
{
    msg_error("cc: %s: %s", what, why);
    return false;
}

static bool option_is_possible(const char *word)
{
    if (strcmp(word, "-shared") == 0 || strcmp(word, "-Wl,-shared") == 0 ||
        strcmp(word, "--shared") == 0)
        return refuse(word, "an image has no dynamic loader; build a static library instead "
                            "(./configure --disable-shared, -DBUILD_SHARED_LIBS=OFF)");
    if (strcmp(word, "-m32") == 0 || strcmp(word, "-mx32") == 0 || strcmp(word, "-m16") == 0)
        return refuse(word, "images are 64-bit x86; leave it out");
    if (str_starts(word, "-fsanitize=") && (strstr(word, "address") || strstr(word, "thread") ||
                                            strstr(word, "leak") || strstr(word, "memory")))
        return refuse(word, "its runtime needs Linux; test that build with gcc");
    return true;
}

static bool input_add(struct cc_line *line, const char *word)
{
    bool is_cplusplus = line->language ? strstr(line->language, "c++") != NULL
                                       : input_kind(word) == INPUT_CPLUSPLUS;
    if (is_cplusplus)
        return refuse(word, "skiff cc compiles C, not C++");
    line->has_input = true;
    strvec_add(&line->words, word);
    strvec_add(&line->inputs, path_base(word));
    return true;
}

/* An option whose value is in the next word or attached. Returns the number of words taken. */
static size_t option_with_value(struct cc_line *line, const struct strvec *words, size_t i)
{
    const char *word = words->items[i];
    bool is_apart = takes_word(word) && i + 1 < words->n;
    const char *value = is_apart ? words->items[i + 1] : word + 2;
    size_t taken = is_apart ? 2 : 1;

    if (str_starts(word, "-l") && (is_apart || word[2]) && toolchain_is_libc(value))
        return taken;
    for (size_t k = 0; k < taken; k++)
        strvec_add(&line->words, words->items[i + k]);
    if (word[0] == '-' && word[1] == 'o' && (is_apart ? !word[2] : true))
        line->output = value;
    else if (str_starts(word, "-x") && (is_apart || word[2]))
        line->language = strcmp(value, "none") == 0 ? NULL : value;
    else if (strcmp(word, "-T") == 0 || strcmp(word, "-specs") == 0)
        line->has_own_layout = true;
    else if (str_starts(word, "-D") && !is_apart)
        text_addf(&line->flags, "%s%s", line->flags.len ? " " : "", word);
    return taken;
}

static void option_note(struct cc_line *line, const char *word)
{
    static const char *const early[] = {"-c", "-S", "-E", "-M", "-MM", "-fsyntax-only"};
    static const char *const layout[] = {"-nostdlib", "-nodefaultlibs", "-nostartfiles",    "-r",
                                         "-nolibc",   "-Wl,-r",         "-Wl,--relocatable"};
    for (size_t i = 0; i < sizeof(early) / sizeof(early[0]); i++)
        if (strcmp(word, early[i]) == 0)
            line->stops_early = true;
    for (size_t i = 0; i < sizeof(layout) / sizeof(layout[0]); i++)
        if (strcmp(word, layout[i]) == 0)
            line->has_own_layout = true;
    if (str_starts(word, "-specs=") || str_starts(word, "-Wl,-T"))
        line->has_own_layout = true;
    if (asks_compiler(word))
        line->only_shows = true;
    if (str_starts(word, "-flto"))
        line->has_lto = true;
    if (str_starts(word, "-O") || str_starts(word, "-m") || str_starts(word, "-std="))
        text_addf(&line->flags, "%s%s", line->flags.len ? " " : "", word);
}

static bool line_read(struct cc_line *line, const struct strvec *words)
{
    for (size_t i = 0; i < words->n;) {
        const char *word = words->items[i];
        if (word[0] != '-' || !word[1]) {
            if (!input_add(line, word))
                return false;
            i++;
        } else if (!option_is_possible(word)) {
            return false;
        } else if (is_dropped(word)) {
            i++;
        } else if (strcmp(word, "-s") == 0 || strcmp(word, "-Wl,-s") == 0 ||
                   strcmp(word, "-Wl,--strip-all") == 0) {
            line->strips = true; /* after the record is made from the symbols */
            i++;
        } else if (takes_word(word) || str_starts(word, "-l") || str_starts(word, "-D") ||
                   (str_starts(word, "-o") && word[2]) || str_starts(word, "-x")) {
            i += option_with_value(line, words, i);
        } else {
            option_note(line, word);
            strvec_add(&line->words, word);
            i++;
        }
    }
    return true;
}

static void line_fini(struct cc_line *line)
{
    strvec_fini(&line->words);
    strvec_fini(&line->inputs);
    text_fini(&line->flags);
}

/* Questions that we answer ourselves. */
static bool was_answered(const struct toolchain *tc, const struct strvec *words)
{
    static const char print_file[] = "-print-file-name=";
    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->items[i] + (str_starts(words->items[i], "--print") ? 1 : 0);
        if (strcmp(word, "-dumpmachine") == 0) {
            puts("x86_64-linux-musl");
            return true;
        }
        if (strcmp(word, "-print-sysroot") == 0) {
            puts(tc->sysroot);
            return true;
        }
        if (str_starts(word, print_file)) {
            char *path = path_join(tc->sysroot, word + strlen(print_file));
            bool is_ours = word[strlen(print_file)] && path_exists(path);
            if (is_ours)
                puts(path);
            free(path);
            if (is_ours)
                return true;
        }
    }
    return false;
}

static int exec_compiler(struct strvec *argv)
{
    fflush(stdout);
    execvp(argv->items[0], argv->items);
    msg_error("cannot start %s: %s", argv->items[0], strerror(errno));
    return STATUS_SKIFF;
}

static bool is_regular_file(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Write the record into what was linked. A project's build must not stop for want of it. */
static void record(const struct toolchain *tc, const struct cc_line *line, const char *output,
                   const char *map)
{
    struct linked linked;
    struct text info = {0}, origin = {0}, sources = {0}, out = {0};
    /* The version would cost a process per link. */
    struct pack_facts facts = {.cc = path_base(tc->cc.items[tc->cc.n - 1]),
                               .flags = text_str(&line->flags)};

    if (!linked_read(&linked, output, map, tc->sysroot, NULL))
        return;
    for (size_t i = 0; i < line->inputs.n; i++)
        text_addf(&sources, "%s%s", i ? " " : "", line->inputs.items[i]);
    facts.sources = text_str(&sources);
    linkmap_write(&linked.map, &origin);
    if (pack_info(&info, &facts, output, linked.elf, linked.len_bytes, &linked.map,
                  &linked.check) &&
        (line->strips ? pack_strip(&out, output, linked.elf, linked.len_bytes, &info)
                      : pack_stamp(&out, output, linked.elf, linked.len_bytes, &info, &origin)))
        pack_write(output, &out);
    text_fini(&info);
    text_fini(&origin);
    text_fini(&sources);
    text_fini(&out);
    linked_fini(&linked);
}

static int link_image(const struct toolchain *tc, const struct cc_line *line)
{
    struct strvec argv = {0};
    struct proc_result result = {0};
    const struct proc_how how = {0};
    const char *output = line->output ? line->output : "a.out";
    const char *temp_dir = line->only_shows ? NULL : proc_temp_dir();
    char *map = str_fmt("%s/image.map", temp_dir ? temp_dir : "/tmp");

    strvec_add_all(&argv, &tc->cc);
    if (!line->has_lto && !tc->is_clang)
        strvec_add(&argv, "-fno-use-linker-plugin");
    toolchain_compile_flags(tc, &argv);
    toolchain_link_first(tc, map, &argv);
    strvec_add_all(&argv, &line->words);
    toolchain_include_flags(tc, &argv);
    if (line->language) /* or our archives would be compiled */
        strvec_add_list(&argv, "-x", "none", NULL);
    toolchain_link_last(tc, &argv);
    int status;
    if (line->only_shows) {
        status = exec_compiler(&argv);
    } else {
        proc_run(argv.items, &how, &result);
        status = result.status;
        if (result.err)
            msg_error("cannot start %s: %s", argv.items[0], strerror(result.err));
        if (status == 0 && is_regular_file(output))
            record(tc, line, output, map);
        proc_result_fini(&result);
    }
    strvec_fini(&argv);
    free(map);
    return status;
}

static int drive(const struct toolchain *tc, const struct cc_line *line)
{
    bool links = line->has_input && !line->stops_early;
    if (links && !line->has_own_layout)
        return link_image(tc, line);

    struct strvec argv = {0};
    strvec_add_all(&argv, &tc->cc);
    toolchain_compile_flags(tc, &argv);
    if (line->strips)
        strvec_add(&argv, "-s");
    if (links)
        strvec_add_list(&argv, "-static", tc->is_clang ? NULL : "-no-pie", NULL);
    strvec_add_all(&argv, &line->words);
    toolchain_include_flags(tc, &argv);
    return exec_compiler(&argv);
}

static int run_cc(int argc, char **argv)
{
    struct strvec words = {0};
    struct cc_line line = {0};
    struct toolchain tc;
    const char *cc = getenv("SKIFF_CC");
    int status = CC_WRONG;

    for (int i = 1; i < argc; i++)
        if (!expand(&words, argv[i], 0))
            return CC_WRONG;
    if (words.n == 1 && strcmp(words.items[0], "--help") == 0) {
        opt_print_help(&verb_cc);
        strvec_fini(&words);
        return 0;
    }
    if (toolchain_find(&tc, cc && *cc ? cc : NULL)) {
        if (was_answered(&tc, &words))
            status = 0;
        else if (line_read(&line, &words))
            status = drive(&tc, &line);
        toolchain_fini(&tc);
    }
    line_fini(&line);
    strvec_fini(&words);
    return status;
}

const struct verb verb_cc = {
    .name = "cc",
    .summary = "a C compiler for other build systems: what it links is an image",
    .usage = "OPTIONS FILE...",
    .details =
        "Takes a C compiler's words and hands them to gcc, or to what SKIFF_CC names (clang). So\n"
        "\n"
        "    CC=\"skiff cc\" ./configure && make\n"
        "    CC=\"skiff cc\" cmake -B build && cmake --build build\n"
        "\n"
        "build an unmodified project, and every program it links is an image that also runs as a\n"
        "Linux process. -pie, -fPIE and -rdynamic are ignored; -shared is an error. Of the host's\n"
        "libraries none is used: they are made for another libc.",
    .is_raw = true,
    .run_raw = run_cc,
};
