/*
 * skiff check: what does a service reach that the runtime does not implement? Linked images are
 * read as they are (a stripped one through its OUT.debug); objects and archives are linked on
 * trial.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_json.h"
#include "compile.h"
#include "elfcheck.h"
#include "image.h"
#include "msg.h"
#include "opt.h"
#include "proc.h"
#include "status.h"
#include "toolchain.h"
#include "verbs.h"

static const struct opt options[] = {
    {0, "cc", "COMPILER", "what links objects on trial: gcc or clang", "SKIFF_CC", NULL},
    {0, "json", NULL, "print what was found as JSON", NULL, NULL},
    {0},
};

/* One thing examined: a linked file, or all objects and archives together. */
struct subject {
    char *name;
    struct elfcheck check;
};

static bool read_linked(const char *path, struct elfcheck *check)
{
    const struct place at = {.file = path};
    char *data;
    size_t len;
    int err = file_read(path, &data, &len);
    if (err) {
        msg_error_at(&at, "cannot read: %s", strerror(-err));
        return false;
    }
    bool is_good = elfcheck_read(check, path, data, len, NULL);
    free(data);
    return is_good;
}

static void split_words(const char *words, struct strvec *out)
{
    for (const char *p = words ? words : ""; *p;) {
        size_t len = strcspn(p, " ");
        if (len)
            strvec_take(out, str_dup_n(p, len));
        p += len + strspn(p + len, " ");
    }
}

/* A stripped image: its debug file knows, if it is of the same build; else only names are known. */
static bool read_stripped(const char *path, struct elfcheck *check)
{
    const struct place at = {.file = path};
    struct image image, debug;
    if (image_open(&image, path) != 0)
        return false;
    char *debug_path = str_fmt("%s.debug", path);
    bool is_good = true, is_same = false;
    if (path_exists(debug_path) && image_open(&debug, debug_path) == 0) {
        is_same = debug.build_id[0] && strcmp(debug.build_id, image.build_id) == 0;
        image_close(&debug);
        if (!is_same)
            msg_warn_at(&at, "%s is of another build: places are not known", debug_path);
    }
    if (is_same) {
        is_good = read_linked(debug_path, check);
    } else if (image.has_info) {
        split_words(info_get(&image.info, "calls"), &check->calls);
        split_words(info_get(&image.info, "stubs"), &check->stubs);
    } else {
        msg_error_at(&at, "stripped, and no %s beside it; build it again", debug_path);
        is_good = false;
    }
    free(debug_path);
    image_close(&image);
    return is_good;
}

static bool examine_linked(const char *path, struct subject *subject)
{
    const struct place at = {.file = path};
    *subject = (struct subject){0};
    if (!read_linked(path, &subject->check))
        return false;
    if (!subject->check.has_symbols) {
        elfcheck_fini(&subject->check);
        if (!read_stripped(path, &subject->check))
            return false;
    } else if (subject->check.calls.n == 0 && subject->check.stubs.n == 0) {
        /* A service that makes no call at all is an image still: it has the door. */
        struct image image;
        if (image_open(&image, path) != 0)
            return false;
        image_close(&image);
    } else if (!subject->check.has_relocs) {
        msg_warn_at(&at,
                    "it does not say where its code came from: places are not known; link it with "
                    "skiff and GNU ld");
    }
    subject->name = str_dup(path);
    return true;
}

static bool examine_objects(const struct strvec *files, const char *cc, struct subject *subject)
{
    struct toolchain tc;
    struct linked linked;
    struct text name = {0};

    *subject = (struct subject){0};
    if (!toolchain_find(&tc, cc))
        return false;
    const char *temp_dir = proc_temp_dir();
    bool is_good = temp_dir && compile_trial(&tc, files, temp_dir, &linked) == 0;
    toolchain_fini(&tc);
    if (!is_good)
        return false;
    subject->check = linked.check;
    linked.check = (struct elfcheck){0};
    linked_fini(&linked);
    for (size_t i = 0; i < files->n; i++)
        text_addf(&name, "%s%s", i ? " " : "", files->items[i]);
    subject->name = text_take(&name);
    return true;
}

/* Which missing calls matter, counted from the names alone. */
static size_t count_failing(const struct elfcheck *check)
{
    size_t n = 0;
    for (size_t i = 0; i < check->stubs.n; i++)
        n += call_find(check->stubs.items[i])->kind == CALL_FAILS;
    return n;
}

static bool is_clean(const struct subject *s)
{
    for (size_t i = 0; i < s->check.n_findings; i++)
        if (s->check.findings[i].kind == CALL_FAILS)
            return false;
    return s->check.has_relocs || count_failing(&s->check) == 0;
}

static void print_subject(const struct subject *s)
{
    elfcheck_print(&s->check, s->name, "");
    if (is_clean(s))
        printf("%s: reaches %zu calls, all it needs is there\n", s->name, s->check.calls.n);
    else
        printf("%s: reaches %zu calls that are there, and some that are not\n", s->name,
               s->check.calls.n);
}

static json_t *subject_json(const struct subject *s)
{
    return json_pack("{s:s, s:b, s:o, s:o, s:o}", "file", s->name, "clean", is_clean(s), "calls",
                     json_of_words(&s->check.calls), "stubs", json_of_words(&s->check.stubs),
                     "findings", check_json(&s->check));
}

static int run(const struct opts *opts)
{
    struct strvec objects = {0};
    struct subject *subjects = mem_new((opts->words.n + 1) * sizeof(*subjects));
    size_t n = 0;
    int status = 0;

    if (opts->words.n == 0) {
        msg_error("what shall be checked? skiff check FILE...");
        status = STATUS_SKIFF;
    }
    for (size_t i = 0; i < opts->words.n; i++) {
        const char *path = opts->words.items[i];
        const struct place at = {.file = path};
        errno = 0;
        switch (elfcheck_type(path)) {
        case ELF_IS_NONE:
            if (errno)
                msg_error_at(&at, "cannot read: %s", strerror(errno));
            else
                msg_error_at(&at, "not an ELF file; check reads images, objects and archives");
            status = STATUS_SKIFF;
            break;
        case ELF_IS_LINKED:
            if (examine_linked(path, &subjects[n]))
                n++;
            else
                status = STATUS_SKIFF;
            break;
        default:
            strvec_add(&objects, path);
        }
    }
    if (objects.n) {
        if (examine_objects(&objects, opt_value(opts, "cc"), &subjects[n]))
            n++;
        else
            status = STATUS_SKIFF;
    }
    json_t *json = json_array();
    for (size_t i = 0; i < n; i++) {
        if (opt_has(opts, "json"))
            json_array_append_new(json, subject_json(&subjects[i]));
        else
            print_subject(&subjects[i]);
        if (!is_clean(&subjects[i]) && !status)
            status = 1;
        free(subjects[i].name);
        elfcheck_fini(&subjects[i].check);
    }
    if (opt_has(opts, "json")) {
        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(json);
    free(subjects);
    strvec_fini(&objects);
    return status;
}

const struct verb verb_check = {
    .name = "check",
    .summary = "tell what a service uses that a VM of its own cannot give",
    .usage = "[--json] FILE...",
    .details =
        "FILE is an image, its OUT.debug, an object or an archive. Each place in the service from\n"
        "where a Linux call is reached that the runtime does not have is a warning with function,\n"
        "source line (if there is debug information) and what to do instead; a note where the\n"
        "service works without. The status is 1 if there is a warning, 0 if there is none.",
    .options = options,
    .run = run,
};
