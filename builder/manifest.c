#include "manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "vmflag.h"

/* What a key's value may be. FLAGS is a list, or one string that is split at blanks. */
enum kind { WORD, LIST, FLAGS, SIZE, PAIRS, PORTS, MACHINE, NET };

static const struct key {
    const char *name;
    enum kind kind;
    size_t offset; /* of the field in struct manifest */
} keys[] = {
    {"name", WORD, offsetof(struct manifest, name)},
    {"sources", LIST, offsetof(struct manifest, sources)},
    {"cflags", FLAGS, offsetof(struct manifest, cflags)},
    {"ldflags", FLAGS, offsetof(struct manifest, ldflags)},
    {"libs", FLAGS, offsetof(struct manifest, libs)},
    {"include", FLAGS, offsetof(struct manifest, include)},
    {"memory", SIZE, offsetof(struct manifest, memory_bytes)},
    {"args", LIST, offsetof(struct manifest, args)},
    {"env", PAIRS, offsetof(struct manifest, env)},
    {"ports", PORTS, offsetof(struct manifest, ports)},
    {"machine", MACHINE, offsetof(struct manifest, machine)},
    {"net", NET, offsetof(struct manifest, net)},
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

/* One file being read. */
struct reader {
    struct manifest *m;
    yaml_document_t doc;
};

static struct place place_at(const struct manifest *m, yaml_mark_t mark)
{
    return (struct place){m->path, (unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static struct place place_of(const struct reader *r, const yaml_node_t *node)
{
    return place_at(r->m, node->start_mark);
}

static const char *node_kind(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE     ? "a single value"
           : node->type == YAML_SEQUENCE_NODE ? "a list"
                                              : "a mapping";
}

/* The text of a scalar; NULL if it is none, or empty, or holds a NUL (reported). */
static const char *scalar(const struct reader *r, const yaml_node_t *node, const char *key,
                          const char *wanted)
{
    struct place at = place_of(r, node);

    if (node->type != YAML_SCALAR_NODE) {
        msg_error_at(&at, "\"%s\" is %s; it must be %s", key, node_kind(node), wanted);
        return NULL;
    }
    const char *s = (const char *)node->data.scalar.value;
    if (strlen(s) != node->data.scalar.length) {
        msg_error_at(&at, "\"%s\" holds a NUL byte; it must be text", key);
        return NULL;
    }
    if (!*s && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        msg_error_at(&at, "\"%s\" has no value; it must be %s", key, wanted);
        return NULL;
    }
    return s;
}

/* Args, environment and the like travel in lines of text (runtime/abi/info.h). */
static bool is_line(const struct reader *r, const yaml_node_t *node, const char *key, const char *s)
{
    struct place at = place_of(r, node);

    for (; *s; s++) {
        if ((unsigned char)*s >= 0x20 && *s != 0x7f)
            continue;
        msg_error_at(&at, "\"%s\" holds a line break or control character; it must be one line",
                     key);
        return false;
    }
    return true;
}

static bool split(struct strvec *to, const char *s)
{
    while (*(s += strspn(s, " \t\n"))) {
        size_t len = strcspn(s, " \t\n");
        strvec_take(to, str_dup_n(s, len));
        s += len;
    }
    return true;
}

static bool read_list(struct reader *r, yaml_node_t *node, const struct key *key, struct strvec *to)
{
    if (node->type == YAML_SCALAR_NODE) {
        const char *s = scalar(r, node, key->name, "a list");
        if (!s)
            return false;
        if (key->kind == FLAGS)
            return split(to, s);
        if (!is_line(r, node, key->name, s))
            return false;
        strvec_add(to, s);
        return true;
    }
    if (node->type != YAML_SEQUENCE_NODE) {
        struct place at = place_of(r, node);
        msg_error_at(&at, "\"%s\" is %s; it must be a list", key->name, node_kind(node));
        return false;
    }
    for (yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top;
         i++) {
        yaml_node_t *item = yaml_document_get_node(&r->doc, *i);
        const char *s = scalar(r, item, key->name, "a list of single values");
        if (!s || !is_line(r, item, key->name, s))
            return false;
        if (key->kind == PORTS) {
            struct place at = place_of(r, item);
            struct port port;
            char *why = port_parse(s, &port);
            if (why) {
                msg_error_at(&at, "port %s: %s", s, why);
                free(why);
                return false;
            }
        }
        strvec_add(to, s);
    }
    return true;
}

static bool read_pairs(struct reader *r, yaml_node_t *node, const struct key *key,
                       struct strvec *to)
{
    if (node->type == YAML_MAPPING_NODE) {
        for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
             p++) {
            yaml_node_t *name = yaml_document_get_node(&r->doc, p->key);
            yaml_node_t *value = yaml_document_get_node(&r->doc, p->value);
            const char *k = scalar(r, name, key->name, "a mapping of names to values");
            const char *v = k ? scalar(r, value, k, "a single value") : NULL;
            if (!v || !is_line(r, name, key->name, k) || !is_line(r, value, k, v))
                return false;
            struct place at = place_of(r, name);
            if (!*k || strchr(k, '=')) {
                msg_error_at(&at, "\"%s\" cannot name an environment variable", k);
                return false;
            }
            strvec_addf(to, "%s=%s", k, v);
        }
        return true;
    }
    if (!read_list(r, node, key, to))
        return false;
    for (size_t i = 0; i < to->n; i++) {
        if (to->items[i][0] != '=' && strchr(to->items[i], '='))
            continue;
        struct place at = place_of(r, node);
        msg_error_at(&at, "env %s: not K=V; a list of K=V, or a mapping, is wanted", to->items[i]);
        return false;
    }
    return true;
}

static bool read_size(struct reader *r, yaml_node_t *node, const struct key *key, uint64_t *bytes)
{
    const char *s = scalar(r, node, key->name, "a size such as 4M");

    if (!s)
        return false;
    r->m->memory_at = place_of(r, node);
    if (!size_parse(s, 20, bytes)) {
        msg_error_at(&r->m->memory_at, "memory %s: not a size; write it as 4M or 512K", s);
        return false;
    }
    return memory_is_possible(*bytes, MEMORY_FLOOR_BYTES, &r->m->memory_at, NULL);
}

static bool read_word(struct reader *r, yaml_node_t *node, const struct key *key, char **to)
{
    const char *s = scalar(r, node, key->name, "a single value");
    struct place at = place_of(r, node);
    enum machine machine;
    struct net net;
    char *why = NULL;

    if (!s)
        return false;
    if (key->kind == MACHINE)
        why = machine_parse(s, &machine);
    else if (key->kind == NET)
        why = net_parse(s, &net);
    else if (!name_is_good(s))
        why = str_fmt("use letters, digits, '-', '_' and '.', at most 64, a letter or digit first");
    if (why) {
        msg_error_at(&at, "%s %s: %s", key->name, s, why);
        free(why);
        return false;
    }
    *to = str_dup(s);
    return true;
}

static bool read_value(struct reader *r, yaml_node_t *node, const struct key *key)
{
    void *field = (char *)r->m + key->offset;

    switch (key->kind) {
    case LIST:
    case FLAGS:
    case PORTS:
        return read_list(r, node, key, field);
    case PAIRS:
        return read_pairs(r, node, key, field);
    case SIZE:
        return read_size(r, node, key, field);
    default:
        return read_word(r, node, key, field);
    }
}

static bool unknown_key(const struct reader *r, const yaml_node_t *node, const char *name)
{
    const char *names[N_KEYS];
    struct place at = place_of(r, node);

    for (size_t i = 0; i < N_KEYS; i++)
        names[i] = keys[i].name;
    const char *near = text_nearest(name, names, N_KEYS);
    if (near) {
        msg_error_at(&at, "unknown key \"%s\"; did you mean \"%s\"?", name, near);
        return false;
    }
    struct text all = {0};
    for (size_t i = 0; i < N_KEYS; i++)
        text_addf(&all, "%s%s", i ? ", " : "", names[i]);
    msg_error_at(&at, "unknown key \"%s\"; known are %s", name, text_str(&all));
    text_fini(&all);
    return false;
}

static bool read_root(struct reader *r)
{
    yaml_node_t *root = yaml_document_get_root_node(&r->doc);
    yaml_mark_t seen[N_KEYS];
    bool is_seen[N_KEYS] = {false};

    if (!root)
        return true;
    if (root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0)
        return true;
    if (root->type != YAML_MAPPING_NODE) {
        struct place at = place_of(r, root);
        msg_error_at(&at, "the manifest is %s; it must be a mapping of keys to values",
                     node_kind(root));
        return false;
    }
    for (yaml_node_pair_t *p = root->data.mapping.pairs.start; p < root->data.mapping.pairs.top;
         p++) {
        yaml_node_t *name_node = yaml_document_get_node(&r->doc, p->key);
        yaml_node_t *value = yaml_document_get_node(&r->doc, p->value);
        const char *name = scalar(r, name_node, "key", "a single word");
        size_t i = 0;
        if (!name)
            return false;
        while (i < N_KEYS && strcmp(keys[i].name, name) != 0)
            i++;
        if (i == N_KEYS)
            return unknown_key(r, name_node, name);
        if (is_seen[i]) {
            struct place at = place_of(r, name_node);
            msg_error_at(&at, "duplicate key \"%s\"; it stands in line %u already", name,
                         (unsigned)seen[i].line + 1);
            return false;
        }
        is_seen[i] = true;
        seen[i] = name_node->start_mark;
        if (!read_value(r, value, &keys[i]))
            return false;
    }
    return true;
}

static void report_syntax(const struct manifest *m, const yaml_parser_t *parser)
{
    struct place at = place_at(m, parser->problem_mark);

    if (parser->error == YAML_READER_ERROR) {
        at.line = 0;
        msg_error_at(&at, "not text: %s at byte %zu; the manifest must be UTF-8", parser->problem,
                     parser->problem_offset);
        return;
    }
    msg_error_at(&at, "not YAML: %s", parser->problem ? parser->problem : "out of memory");
}

bool manifest_parse(struct manifest *m, const char *path, const char *data, size_t len_bytes)
{
    struct reader r = {.m = m};
    yaml_parser_t parser;
    bool is_good = false;

    *m = (struct manifest){.path = str_dup(path)};
    if (!yaml_parser_initialize(&parser)) {
        msg_error("out of memory");
        return false;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)data, len_bytes);
    if (!yaml_parser_load(&parser, &r.doc)) {
        report_syntax(m, &parser);
    } else {
        is_good = read_root(&r);
        yaml_document_delete(&r.doc);
    }
    yaml_parser_delete(&parser);
    if (!is_good)
        manifest_fini(m);
    return is_good;
}

bool manifest_load(struct manifest *m, const char *dir)
{
    char *path = strcmp(dir, ".") == 0 ? str_dup(MANIFEST_FILE) : path_join(dir, MANIFEST_FILE);
    char *data;
    size_t len;
    int err = file_read(path, &data, &len);
    bool is_good = true;

    if (err == -ENOENT) {
        *m = (struct manifest){.path = str_dup("")};
    } else if (err) {
        struct place at = {path, 0, 0};
        msg_error_at(&at, "cannot read it: %s", strerror(-err));
        is_good = false;
    } else {
        is_good = manifest_parse(m, path, data, len);
        free(data);
    }
    free(path);
    return is_good;
}

void manifest_fini(struct manifest *m)
{
    struct strvec *lists[] = {&m->sources, &m->cflags, &m->ldflags, &m->libs,
                              &m->include, &m->args,   &m->env,     &m->ports};

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        strvec_fini(lists[i]);
    free(m->path);
    free(m->name);
    free(m->machine);
    free(m->net);
    *m = (struct manifest){0};
}

bool memory_is_possible(uint64_t bytes, uint64_t floor_bytes, const struct place *at,
                        const char *by)
{
    uint64_t mib = 1 << 20;
    bool is_low = bytes<floor_bytes, is_high = bytes> MEMORY_MAX_BYTES;

    if (!is_low && !is_high)
        return true;
    char *given = size_show(bytes);
    /* Whole MiB: what somebody would write. */
    char *limit = size_show(is_low ? (floor_bytes + mib - 1) / mib * mib : MEMORY_MAX_BYTES);
    char *what = at ? str_fmt("memory %s", given) : str_fmt("%s %s", by, given);
    if (is_low)
        msg_error_at(at, "%s: this service needs at least %s", what, limit);
    else
        msg_error_at(at, "%s: more than the runtime can use; at most %s", what, limit);
    free(given);
    free(limit);
    free(what);
    return false;
}
