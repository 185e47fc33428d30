/*
 * skiff build: C sources, objects and archives in, one stripped image out, symbols beside it.
 *
 *      words, flags -> plan_make -> compile_plan -> pack_info -> pack_stamp (OUT.debug), pack_strip
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "check_json.h"
#include "compile.h"
#include "image.h"
#include "msg.h"
#include "opt.h"
#include "pack.h"
#include "plan.h"
#include "proc.h"
#include "status.h"
#include "verbs.h"

/* What --dry-run calls the directory that a build makes for its objects. */
#define DRY_TEMP_DIR "/tmp/skiff-build"

static const struct opt options[] = {
    {'o', "output", "OUT", "the image to make; its symbols go to OUT.debug", NULL, NULL},
    {'O', "optimize", "LEVEL", "as the compiler's -O: 0, 1, 2, 3, g or s", NULL, "0|1|2|3|g|s"},
    {'D', "define", "NAME[=VALUE]", "define a macro", NULL, NULL},
    {'I', "include", "DIR", "look for headers in DIR", NULL, NULL},
    {'l', "lib", "NAME", "link libNAME.a", NULL, NULL},
    {'L', "lib-dir", "DIR", "look for libraries in DIR", NULL, NULL},
    {0, "cc", "COMPILER", "gcc or clang, by name or path", "SKIFF_CC", NULL},
    {0, "keep-symbols", NULL, "leave symbols and debug information in the image", NULL, NULL},
    {0, "dry-run", NULL, "print the command lines and stop", NULL, NULL},
    {0, "json", NULL, "say as JSON what was made (with --dry-run: the plan)", NULL, NULL},
    {0},
};

static char *sources_line(const struct plan *plan)
{
    struct text line = {0};
    for (size_t i = 0; i < plan->inputs.n; i++)
        text_addf(&line, "%s%s", i ? " " : "", path_base(plan->inputs.items[i]));
    return text_take(&line);
}

/* Only a finished link knows what a service needs; the manifest may ask for less. */
static bool memory_suffices(const struct plan *plan, const struct text *info_text)
{
    struct info info;
    uint64_t floor = 0;

    if (!plan->memory_bytes || !info_parse(&info, text_str(info_text), info_text->len))
        return true;
    const char *s = info_get(&info, "floor");
    if (s)
        number_parse(s, 0, UINT64_MAX, &floor);
    info_fini(&info);
    return memory_is_possible(plan->memory_bytes, floor, &plan->memory_at, NULL);
}

/* The two files a build leaves; the debug file first, so that an image never lacks its own. */
static bool files_write(const struct plan *plan, const struct toolchain *tc,
                        const struct linked *linked)
{
    struct text info = {0}, origin = {0}, debug = {0}, image = {0};
    char *cc = toolchain_version(tc), *flags = plan_flags(plan), *sources = sources_line(plan);
    const struct pack_facts facts = {
        .cc = cc, .flags = flags, .sources = sources, .run = &plan->run};

    linkmap_write(&linked->map, &origin);
    bool is_good = pack_info(&info, &facts, plan->image, linked->elf, linked->len_bytes,
                             &linked->map, &linked->check) &&
                   memory_suffices(plan, &info) &&
                   pack_stamp(&debug, plan->image, linked->elf, linked->len_bytes, &info, &origin);
    if (is_good && plan->keeps_symbols) {
        is_good = pack_write(plan->image, &debug);
    } else if (is_good) {
        is_good = pack_strip(&image, plan->image, linked->elf, linked->len_bytes, &info) &&
                  pack_write(plan->debug, &debug) && pack_write(plan->image, &image);
    }
    text_fini(&info);
    text_fini(&origin);
    text_fini(&debug);
    text_fini(&image);
    free(cc);
    free(flags);
    free(sources);
    return is_good;
}

/* @linked  NULL: in words, else as JSON */
static int report(const struct plan *plan, const struct linked *linked)
{
    struct image image;
    int status = image_open(&image, plan->image);
    if (status)
        return STATUS_SKIFF;
    const char *floor = info_get(&image.info, "floor");
    uint64_t floor_bytes = floor ? strtoull(floor, NULL, 10) : 0;
    if (linked) {
        json_t *json =
            json_pack("{s:s, s:o, s:I, s:s, s:I, s:o}", "image", plan->image, "debug",
                      plan->keeps_symbols ? json_null() : json_string(plan->debug), "bytes",
                      (json_int_t)image.file_bytes, "build_id", image.build_id, "memory_floor",
                      (json_int_t)floor_bytes, "findings", check_json(&linked->check));
        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(json);
    } else {
        printf("%s: %" PRIu64 " bytes, needs %" PRIu64 " KiB of memory%s%s\n", plan->image,
               image.file_bytes, floor_bytes / 1024, plan->keeps_symbols ? "" : "; symbols in ",
               plan->keeps_symbols ? "" : plan->debug);
    }
    image_close(&image);
    return 0;
}

static int dry_run(const struct plan *plan, const struct toolchain *tc, bool as_json)
{
    char *cwd = getcwd(NULL, 0);
    struct strvec argv = {0};

    if (as_json) {
        json_t *json = plan_json(plan, tc, DRY_TEMP_DIR, cwd ? cwd : "/");
        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(json);
        free(cwd);
        return 0;
    }
    for (size_t i = 0; i <= plan->inputs.n; i++) {
        if (i == plan->inputs.n)
            plan_link(plan, tc, DRY_TEMP_DIR, &argv);
        else if (input_kind(plan->inputs.items[i]) == INPUT_SOURCE)
            plan_compile(plan, tc, i, DRY_TEMP_DIR, cwd ? cwd : "/", &argv);
        else
            continue;
        char *line = shell_line(argv.items);
        puts(line);
        free(line);
        strvec_fini(&argv);
    }
    free(cwd);
    return 0;
}

static int build(const struct plan_wish *wish, const char *cc, bool is_dry, bool as_json,
                 bool is_quiet, char **image)
{
    struct plan plan;
    struct toolchain tc;
    struct linked linked;

    if (!plan_make(&plan, wish))
        return STATUS_SKIFF;
    if (!toolchain_find(&tc, cc)) {
        plan_fini(&plan);
        return STATUS_SKIFF;
    }
    int status = 0;
    if (is_dry) {
        status = dry_run(&plan, &tc, as_json);
        goto fini;
    }
    /* __DATE__ would differ from build to build; a time asked for is kept. */
    setenv("SOURCE_DATE_EPOCH", "0", 0);
    const char *temp_dir = proc_temp_dir();
    status = temp_dir ? compile_plan(&plan, &tc, temp_dir, &linked) : STATUS_SKIFF;
    if (status)
        goto fini;
    elfcheck_print(&linked.check, plan.image, strcmp(plan.root, ".") == 0 ? "" : plan.root);
    if (!files_write(&plan, &tc, &linked))
        status = STATUS_SKIFF;
    else if (image)
        *image = str_dup(plan.image);
    else if (as_json || !is_quiet)
        status = report(&plan, as_json ? &linked : NULL);
    linked_fini(&linked);
fini:
    toolchain_fini(&tc);
    plan_fini(&plan);
    return status;
}

int build_dir(const char *dir, char **image)
{
    struct plan_wish wish = {0};
    const char *cc = getenv("SKIFF_CC");

    strvec_add(&wish.words, dir);
    int status = build(&wish, cc && *cc ? cc : NULL, false, false, false, image);
    strvec_fini(&wish.words);
    return status;
}

static int run(const struct opts *opts)
{
    struct plan_wish wish = {.out = opt_value(opts, "output"),
                             .opt_level = opt_value(opts, "optimize"),
                             .keeps_symbols = opt_has(opts, "keep-symbols")};
    const char *value;
    size_t i;

    if (opts->has_guest) {
        msg_error("arguments after \"--\" are for skiff run; args in skiff.yaml go into the image");
        return STATUS_SKIFF;
    }
    strvec_add_all(&wish.words, &opts->words);
    for (i = 0; (value = opt_next(opts, "define", &i));)
        strvec_addf(&wish.flags, "-D%s", value);
    for (i = 0; (value = opt_next(opts, "include", &i));)
        strvec_addf(&wish.flags, "-I%s", value);
    for (i = 0; (value = opt_next(opts, "lib-dir", &i));)
        strvec_add(&wish.lib_dirs, value);
    for (i = 0; (value = opt_next(opts, "lib", &i));)
        strvec_add(&wish.libs, value);
    int status = build(&wish, opt_value(opts, "cc"), opt_has(opts, "dry-run"),
                       opt_has(opts, "json"), opt_has(opts, "quiet"), NULL);
    strvec_fini(&wish.words);
    strvec_fini(&wish.flags);
    strvec_fini(&wish.lib_dirs);
    strvec_fini(&wish.libs);
    return status;
}

const struct verb verb_build = {
    .name = "build",
    .summary = "turn C sources into one bootable image",
    .usage = "[flags] [DIR]\n[flags] FILE...",
    .details =
        "Compiles and links C sources (.c .S), objects and archives into one stripped image, "
        "which\n"
        "boots as a VM and also runs as a Linux process. Without words, the project here: what\n"
        "skiff.yaml says, or every *.c. The image is NAME.elf in the project's directory, or, of\n"
        "files, named after the first. Symbols are kept in OUT.debug (gdb OUT.debug).\n"
        "\n"
        "The same sources give the same bytes, wherever they lie. __DATE__ is 1970 unless\n"
        "SOURCE_DATE_EPOCH is set.\n"
        "\n"
        "The status is 1 if the compiler or the linker refused.",
    .options = options,
    .run = run,
};
