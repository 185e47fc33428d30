/*
 * skiff inspect: what is in an image, read from the image alone.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "msg.h"
#include "opt.h"
#include "status.h"
#include "verbs.h"

static const struct opt options[] = {
    {0, "json", NULL, "print it as JSON", NULL, NULL},
    {0},
};

static const char *rights(const struct image_segment *s, char out[4])
{
    out[0] = s->is_read ? 'r' : '-';
    out[1] = s->is_write ? 'w' : '-';
    out[2] = s->is_exec ? 'x' : '-';
    out[3] = '\0';
    return out;
}

static const char *get(const struct image *image, const char *key)
{
    const char *value = info_get(&image->info, key);
    return value ? value : "";
}

static uint64_t floor_bytes(const struct image *image)
{
    return strtoull(get(image, "floor"), NULL, 10);
}

/* The lines "PREFIX.NAME=VALUE" of the info: start with *i = 0. Points into the info. */
static const char *next_under(const struct image *image, const char *prefix, size_t *i)
{
    while (*i < image->info.lines.n) {
        const char *line = image->info.lines.items[(*i)++];
        if (str_starts(line, prefix))
            return line + strlen(prefix);
    }
    return NULL;
}

static json_t *words_json(const char *words)
{
    json_t *array = json_array();
    for (const char *p = words; *p;) {
        size_t len = strcspn(p, " ");
        json_array_append_new(array, json_stringn(p, len));
        p += len + strspn(p + len, " ");
    }
    return array;
}

static json_t *segments_json(const struct image *image)
{
    json_t *array = json_array();
    char flags[4];
    for (unsigned i = 0; i < image->n_segments; i++) {
        const struct image_segment *s = &image->segments[i];
        json_array_append_new(
            array, json_pack("{s:I, s:I, s:I, s:I, s:s}", "address", (json_int_t)s->va, "physical",
                             (json_int_t)s->pa, "file_bytes", (json_int_t)s->file_bytes,
                             "memory_bytes", (json_int_t)s->mem_bytes, "rights", rights(s, flags)));
    }
    return array;
}

static void print_json(const struct image *image)
{
    json_t *bytes = json_object(), *runs = json_array();
    const char *line;
    for (size_t i = 0; (line = next_under(image, "bytes.", &i));) {
        char *key = str_dup_n(line, strcspn(line, "="));
        json_object_set_new(bytes, key, json_integer(atoll(strchr(line, '=') + 1)));
        free(key);
    }
    for (size_t i = 0; (line = next_under(image, "run.", &i));)
        json_array_append_new(runs, json_string(line));
    json_t *json = json_pack(
        "{s:s, s:I, s:s, s:b, s:b, s:{s:I, s:I}, s:o, s:o, s:o, s:o, s:I, s:o, s:{s:s, s:s, s:s, "
        "s:s}}",
        "image", image->path, "file_bytes", (json_int_t)image->file_bytes, "build_id",
        image->build_id, "stripped", !image->has_symbols, "built_by_skiff", image->has_info,
        "entry", "pvh", (json_int_t)image->pvh_entry, "elf", (json_int_t)image->entry, "segments",
        segments_json(image), "bytes", bytes, "calls", words_json(get(image, "calls")), "stubs",
        words_json(get(image, "stubs")), "memory_floor", (json_int_t)floor_bytes(image), "run",
        runs, "built", "skiff", get(image, "skiff"), "cc", get(image, "cc"), "flags",
        get(image, "flags"), "sources", get(image, "src"));
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

/* Words of a long list under one another, from column 10 to column 78. */
static void print_words(const char *label, const char *words)
{
    size_t column = (size_t)printf("%-10s", label);
    if (!*words)
        printf("none");
    for (const char *p = words; *p;) {
        size_t len = strcspn(p, " ");
        if (column > 10 && column + 1 + len > 78)
            column = (size_t)printf("\n%10s", "") - 1;
        else if (column > 10)
            column += (size_t)printf(" ");
        column += (size_t)printf("%.*s", (int)len, p);
        p += len + strspn(p + len, " ");
    }
    putchar('\n');
}

static void print_text(const struct image *image)
{
    const char *line, *label = "bytes";
    char flags[4];

    printf("%-10s%s, %" PRIu64 " bytes%s\n", "image", image->path, image->file_bytes,
           image->has_symbols ? ", symbols and all" : "");
    printf("%-10s%s\n", "build-id", *image->build_id ? image->build_id : "none");
    printf("%-10sPVH at 0x%" PRIx64 "; Linux process and 64-bit boot at 0x%" PRIx64 "\n", "entry",
           image->pvh_entry, image->entry);
    for (unsigned i = 0; i < image->n_segments; i++) {
        const struct image_segment *s = &image->segments[i];
        printf("%-10s%s 0x%08" PRIx64 " %9" PRIu64 " bytes from the file, %9" PRIu64 " in memory\n",
               i ? "" : "segments", rights(s, flags), s->va, s->file_bytes, s->mem_bytes);
    }
    if (!image->has_info) {
        printf("%-10snot known: it has no record of its build\n", "built");
        return;
    }
    printf("%-10sby skiff %s with %s, %s\n", "built", get(image, "skiff"), get(image, "cc"),
           *get(image, "flags") ? get(image, "flags") : "no flags");
    print_words("from", get(image, "src"));
    for (size_t i = 0; (line = next_under(image, "bytes.", &i)); label = "")
        printf("%-10s%9s %.*s\n", label, strchr(line, '=') + 1, (int)strcspn(line, "="), line);
    print_words("calls", get(image, "calls"));
    print_words("missing", get(image, "stubs"));
    printf("%-10sat least %" PRIu64 " KiB\n", "memory", floor_bytes(image) / 1024);
    label = "run with";
    for (size_t i = 0; (line = next_under(image, "run.", &i)); label = "")
        printf("%-10s%s\n", label, line);
}

static int run(const struct opts *opts)
{
    struct image image;

    if (opts->words.n != 1) {
        msg_error(opts->words.n ? "one image at a time: skiff inspect IMAGE"
                                : "which image? skiff inspect IMAGE");
        return STATUS_SKIFF;
    }
    int status = image_open(&image, opts->words.items[0]);
    if (status)
        return status;
    for (unsigned i = 0; i < image.n_segments; i++) {
        const struct place at = {.file = image.path};
        if (image.segments[i].is_write && image.segments[i].is_exec)
            msg_warn_at(&at, "segment %u is writable and executable; the keel refuses such pages",
                        i);
    }
    if (opt_has(opts, "json"))
        print_json(&image);
    else
        print_text(&image);
    image_close(&image);
    return 0;
}

const struct verb verb_inspect = {
    .name = "inspect",
    .summary = "show what an image is made of",
    .usage = "[--json] IMAGE",
    .details =
        "Shows the entry points, the loaded segments and their rights, the bytes by origin (the\n"
        "service, its libraries, libc, the runtime's rooms), the Linux calls it reaches and which "
        "of\n"
        "them are missing, the least memory it boots with, and how it was built. The status is "
        "126\n"
        "if the image cannot boot, 127 if it is not there.",
    .options = options,
    .run = run,
};
