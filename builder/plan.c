#include "plan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_json.h"

enum input_kind input_kind(const char *path)
{
    static const struct {
        const char *suffix;
        enum input_kind kind;
    } kinds[] = {
        {".c", INPUT_SOURCE},      {".s", INPUT_SOURCE},      {".S", INPUT_SOURCE},
        {".sx", INPUT_SOURCE},     {".i", INPUT_SOURCE},      {".o", INPUT_OBJECT},
        {".lo", INPUT_OBJECT},     {".a", INPUT_ARCHIVE},     {".cc", INPUT_CPLUSPLUS},
        {".cpp", INPUT_CPLUSPLUS}, {".cxx", INPUT_CPLUSPLUS}, {".c++", INPUT_CPLUSPLUS},
        {".C", INPUT_CPLUSPLUS},   {".CPP", INPUT_CPLUSPLUS}, {".cp", INPUT_CPLUSPLUS},
        {".ii", INPUT_CPLUSPLUS},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (str_ends(path, kinds[i].suffix))
            return kinds[i].kind;
    return INPUT_OTHER;
}

/* A path inside the project as seen from here. */
static char *from_here(const char *root, const char *path)
{
    return path[0] == '/' || strcmp(root, ".") == 0 ? str_dup(path) : path_join(root, path);
}

static bool input_add(struct plan *plan, const char *path)
{
    const struct place at = {.file = path};
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int err = fd < 0 ? errno : fstat(fd, &st) != 0 ? errno : S_ISDIR(st.st_mode) ? EISDIR : 0;

    if (fd >= 0)
        close(fd);
    if (err == ENOENT) {
        msg_error_at(&at, "no such file; see skiff build --help for what may be given");
        return false;
    }
    if (err) {
        msg_error_at(&at, "cannot read: %s", strerror(err));
        return false;
    }
    switch (input_kind(path)) {
    case INPUT_SOURCE:
    case INPUT_OBJECT:
    case INPUT_ARCHIVE:
        strvec_add(&plan->inputs, path);
        return true;
    case INPUT_CPLUSPLUS:
        msg_error_at(&at, "C++; skiff builds C: sources (.c .S), objects (.o) and archives (.a)");
        return false;
    default:
        msg_error_at(&at, "neither a C source (.c .S), an object (.o) nor an archive (.a)");
        return false;
    }
}

/* Every *.c in the project's directory, sorted by name whatever the locale. */
static bool inputs_of_dir(struct plan *plan)
{
    struct strvec names = {0};
    DIR *dir = opendir(plan->root);
    const struct dirent *entry;
    bool is_good = true;

    if (!dir) {
        const struct place at = {.file = plan->root};
        msg_error_at(&at, "cannot read the directory: %s", strerror(errno));
        return false;
    }
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.' && str_ends(entry->d_name, ".c"))
            strvec_add(&names, entry->d_name);
    closedir(dir);
    if (names.n == 0) {
        msg_error("no C source in %s; name the files: skiff build FILE.c, or list them as sources "
                  "in %s",
                  strcmp(plan->root, ".") == 0 ? "this directory" : plan->root, MANIFEST_FILE);
        is_good = false;
    }
    strvec_sort(&names);
    for (size_t i = 0; is_good && i < names.n; i++) {
        char *path = from_here(plan->root, names.items[i]);
        is_good = input_add(plan, path);
        free(path);
    }
    strvec_fini(&names);
    return is_good;
}

static bool inputs_of_manifest(struct plan *plan, const struct manifest *m)
{
    for (size_t i = 0; i < m->sources.n; i++) {
        char *pattern = from_here(plan->root, m->sources.items[i]);
        glob_t found;
        bool is_good = true;
        if (!strpbrk(pattern, "*?[")) {
            is_good = input_add(plan, pattern);
        } else if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0) {
            struct strvec paths = {0};
            for (size_t k = 0; k < found.gl_pathc; k++)
                strvec_add(&paths, found.gl_pathv[k]);
            strvec_sort(&paths);
            for (size_t k = 0; is_good && k < paths.n; k++)
                if (!strvec_has(&plan->inputs, paths.items[k]))
                    is_good = input_add(plan, paths.items[k]);
            strvec_fini(&paths);
            globfree(&found);
        } else {
            const struct place at = {.file = m->path};
            msg_error_at(&at, "no file matches the source \"%s\"", m->sources.items[i]);
            is_good = false;
        }
        free(pattern);
        if (!is_good)
            return false;
    }
    return true;
}

static void manifest_apply(struct plan *plan, const struct manifest *m)
{
    strvec_add_all(&plan->cflags, &m->cflags);
    strvec_add_all(&plan->ldflags, &m->ldflags);
    for (size_t i = 0; i < m->include.n; i++) {
        char *dir = from_here(plan->root, m->include.items[i]);
        strvec_addf(&plan->cflags, "-I%s", dir);
        free(dir);
    }
    for (size_t i = 0; i < m->libs.n; i++) {
        const char *lib = m->libs.items[i];
        bool is_path = strchr(lib, '/') || str_ends(lib, ".a");
        strvec_take(&plan->libs, is_path ? from_here(plan->root, lib) : str_fmt("-l%s", lib));
    }
    if (m->memory_bytes) {
        strvec_addf(&plan->run, "memory=%" PRIu64, m->memory_bytes);
        plan->manifest_path = str_dup(m->path);
        plan->memory_bytes = m->memory_bytes;
        plan->memory_at = m->memory_at;
        plan->memory_at.file = plan->manifest_path;
    }
    if (m->machine)
        strvec_addf(&plan->run, "machine=%s", m->machine);
    if (m->net)
        strvec_addf(&plan->run, "net=%s", m->net);
    for (size_t i = 0; i < m->ports.n; i++)
        strvec_addf(&plan->run, "port=%s", m->ports.items[i]);
    for (size_t i = 0; i < m->env.n; i++)
        strvec_addf(&plan->run, "env=%s", m->env.items[i]);
    for (size_t i = 0; i < m->args.n; i++)
        strvec_addf(&plan->run, "arg=%s", m->args.items[i]);
}

/* The real path of the directory a file is in. */
static char *real_dir(const char *path)
{
    char *dir = path_dir(path), *real = realpath(dir, NULL);
    free(dir);
    return real ? real : str_dup("/");
}

/* What is left of a path below a directory; NULL if it is not below. Both are real paths. */
static const char *below(const char *path, const char *dir)
{
    size_t len = strcmp(dir, "/") == 0 ? 0 : strlen(dir);
    if (strncmp(path, dir, len) != 0 || (path[len] && path[len] != '/'))
        return NULL;
    return path + len + (path[len] == '/');
}

/* The longest directory that holds all files given: names in the image are relative to it. */
static char *common_dir(const struct strvec *files)
{
    char *common = real_dir(files->items[0]);
    for (size_t i = 1; i < files->n; i++) {
        char *dir = real_dir(files->items[i]);
        while (!below(dir, common)) {
            char *up = path_dir(common);
            free(common);
            common = up;
        }
        free(dir);
    }
    return common;
}

/* A real directory as seen from here: relative if it is here or below. */
static char *seen_from_here(const char *real)
{
    char *cwd = realpath(".", NULL);
    const char *rest = cwd ? below(real, cwd) : NULL;
    char *seen = str_dup(!rest ? real : *rest ? rest : ".");
    free(cwd);
    return seen;
}

static void inputs_name(struct plan *plan)
{
    for (size_t i = 0; i < plan->inputs.n; i++) {
        char *dir = real_dir(plan->inputs.items[i]);
        const char *rest = below(dir, plan->root_real), *base = path_base(plan->inputs.items[i]);
        strvec_addf(&plan->names, "%s%s%s", rest ? rest : dir, rest && !*rest ? "" : "/", base);
        free(dir);
    }
}

static char *without_suffix(const char *path)
{
    const char *base = path_base(path), *dot = strrchr(base, '.');
    return dot && dot != base ? str_dup_n(base, (size_t)(dot - base)) : str_dup(base);
}

static bool plan_dir(struct plan *plan, const char *dir)
{
    struct manifest m;

    plan->root = str_dup(dir);
    for (size_t len = strlen(plan->root); len > 1 && plan->root[len - 1] == '/'; len--)
        plan->root[len - 1] = '\0';
    plan->root_real = realpath(plan->root, NULL);
    if (!plan->root_real) {
        const struct place at = {.file = dir};
        msg_error_at(&at, "cannot read the directory: %s", strerror(errno));
        return false;
    }
    if (!manifest_load(&m, plan->root))
        return false;
    bool is_good = m.sources.n ? inputs_of_manifest(plan, &m) : inputs_of_dir(plan);
    const char *base = path_base(plan->root_real);
    plan->name = str_dup(m.name ? m.name : *base ? base : "service");
    manifest_apply(plan, &m);
    manifest_fini(&m);
    char *file = str_fmt("%s.elf", plan->name);
    plan->image = from_here(plan->root, file);
    free(file);
    return is_good;
}

static bool plan_files(struct plan *plan, const struct strvec *files)
{
    for (size_t i = 0; i < files->n; i++) {
        if (path_is_dir(files->items[i])) {
            const struct place at = {.file = files->items[i]};
            msg_error_at(&at, "a directory; give one directory, or files");
            return false;
        }
        if (!input_add(plan, files->items[i]))
            return false;
    }
    plan->root_real = common_dir(files);
    plan->root = seen_from_here(plan->root_real);
    plan->name = without_suffix(files->items[0]);
    plan->image = str_fmt("%s.elf", plan->name);
    return true;
}

static bool has_level(const struct strvec *flags)
{
    for (size_t i = 0; i < flags->n; i++)
        if (str_starts(flags->items[i], "-O"))
            return true;
    return false;
}

bool plan_make(struct plan *plan, const struct plan_wish *wish)
{
    *plan = (struct plan){.keeps_symbols = wish->keeps_symbols};
    const char *first = wish->words.n ? wish->words.items[0] : ".";
    bool is_dir = wish->words.n <= 1 && path_is_dir(first);
    bool is_good = is_dir ? plan_dir(plan, first) : plan_files(plan, &wish->words);

    if (!is_good) {
        plan_fini(plan);
        return false;
    }
    if (wish->out) {
        free(plan->image);
        plan->image = str_dup(wish->out);
    }
    plan->debug = str_fmt("%s.debug", plan->image);
    inputs_name(plan);
    strvec_add_all(&plan->cflags, &wish->flags);
    if (wish->opt_level)
        strvec_addf(&plan->cflags, "-O%s", wish->opt_level);
    plan->optimize = has_level(&plan->cflags) ? NULL : "-Os";
    strvec_add_all(&plan->lib_dirs, &wish->lib_dirs);
    for (size_t i = 0; i < wish->libs.n; i++)
        strvec_addf(&plan->libs, "-l%s", wish->libs.items[i]);
    if (path_is_dir(plan->image)) {
        const struct place at = {.file = plan->image};
        msg_error_at(&at, "a directory; -o names the image itself");
        plan_fini(plan);
        return false;
    }
    for (size_t i = 0; i < plan->inputs.n; i++)
        if (strcmp(plan->inputs.items[i], plan->image) == 0) {
            const struct place at = {.file = plan->image};
            msg_error_at(&at, "an input, and the image would replace it; choose another -o");
            plan_fini(plan);
            return false;
        }
    return true;
}

void plan_fini(struct plan *plan)
{
    free(plan->root);
    free(plan->root_real);
    free(plan->name);
    free(plan->image);
    free(plan->debug);
    free(plan->manifest_path);
    strvec_fini(&plan->inputs);
    strvec_fini(&plan->names);
    strvec_fini(&plan->cflags);
    strvec_fini(&plan->ldflags);
    strvec_fini(&plan->lib_dirs);
    strvec_fini(&plan->libs);
    strvec_fini(&plan->run);
    *plan = (struct plan){0};
}

static char *object_path(const struct plan *plan, size_t i, const char *temp_dir)
{
    return str_fmt("%s/%zu-%s.o", temp_dir, i, path_base(plan->inputs.items[i]));
}

void plan_compile(const struct plan *plan, const struct toolchain *tc, size_t i,
                  const char *temp_dir, const char *cwd, struct strvec *argv)
{
    const char *source = plan->inputs.items[i];
    char *object = object_path(plan, i, temp_dir);

    strvec_add_all(argv, &tc->cc);
    strvec_add_list(argv, "-pipe", "-g", NULL);
    if (plan->optimize)
        strvec_add(argv, plan->optimize);
    toolchain_compile_flags(tc, argv);
    /* Unwind tables would be loaded; with -g they go to .debug_frame, where gdb looks too. */
    strvec_add(argv, "-fno-asynchronous-unwind-tables");
    /* The last map that fits wins: names come out relative to the project. */
    strvec_addf(argv, "-ffile-prefix-map=%s=.", cwd);
    strvec_addf(argv, "-ffile-prefix-map=%s=skiff", tc->sysroot);
    strvec_addf(argv, "-ffile-prefix-map=%s=.", plan->root_real);
    const char *slash = strrchr(source, '/'), *name = plan->names.items[i];
    if (slash)
        strvec_addf(argv, "-ffile-prefix-map=%.*s/=%.*s", (int)(slash - source), source,
                    (int)(path_base(name) - name), name);
    if (!tc->is_clang)
        strvec_addf(argv, "-frandom-seed=%s", name);
    strvec_add_all(argv, &plan->cflags);
    toolchain_include_flags(tc, argv);
    strvec_add_list(argv, "-c", source, "-o", object, NULL);
    free(object);
}

void plan_link(const struct plan *plan, const struct toolchain *tc, const char *temp_dir,
               struct strvec *argv)
{
    char *map = path_join(temp_dir, "image.map");

    strvec_add_all(argv, &tc->cc);
    /* Without the plugin the linker opens each member of libc once, not twice. */
    bool has_lto = false;
    for (size_t i = 0; i < plan->cflags.n; i++)
        has_lto |= str_starts(plan->cflags.items[i], "-flto");
    if (has_lto)
        strvec_add_all(argv, &plan->cflags);
    else if (!tc->is_clang)
        strvec_add(argv, "-fno-use-linker-plugin");
    toolchain_link_first(tc, map, argv);
    for (size_t i = 0; i < plan->inputs.n; i++) {
        if (input_kind(plan->inputs.items[i]) == INPUT_SOURCE)
            strvec_take(argv, object_path(plan, i, temp_dir));
        else
            strvec_add(argv, plan->inputs.items[i]);
    }
    strvec_add_all(argv, &plan->ldflags);
    for (size_t i = 0; i < plan->lib_dirs.n; i++)
        strvec_addf(argv, "-L%s", plan->lib_dirs.items[i]);
    for (size_t i = 0; i < plan->libs.n; i++)
        if (!str_starts(plan->libs.items[i], "-l") || !toolchain_is_libc(plan->libs.items[i] + 2))
            strvec_add(argv, plan->libs.items[i]);
    toolchain_link_last(tc, argv);
    strvec_add(argv, "-o");
    strvec_addf(argv, "%s/image.elf", temp_dir);
    free(map);
}

json_t *plan_json(const struct plan *plan, const struct toolchain *tc, const char *temp_dir,
                  const char *cwd)
{
    json_t *compile = json_array();
    struct strvec argv = {0};

    for (size_t i = 0; i < plan->inputs.n; i++) {
        if (input_kind(plan->inputs.items[i]) != INPUT_SOURCE)
            continue;
        plan_compile(plan, tc, i, temp_dir, cwd, &argv);
        json_array_append_new(compile, json_of_words(&argv));
        strvec_fini(&argv);
    }
    plan_link(plan, tc, temp_dir, &argv);
    char *flags = plan_flags(plan);
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "name",
                  plan->name, "root", plan->root, "image", plan->image, "debug", plan->debug,
                  "sysroot", tc->sysroot, "flags", flags, "keep_symbols", plan->keeps_symbols,
                  "inputs", json_of_words(&plan->inputs), "libs", json_of_words(&plan->libs), "run",
                  json_of_words(&plan->run), "compile", compile, "link", json_of_words(&argv));
    free(flags);
    strvec_fini(&argv);
    return json;
}

char *plan_flags(const struct plan *plan)
{
    struct text flags = {0};
    text_add(&flags, plan->optimize ? plan->optimize : "");
    for (size_t i = 0; i < plan->cflags.n; i++) {
        /* -I names directories of this machine: of no use to a reader of the image */
        if (str_starts(plan->cflags.items[i], "-I"))
            continue;
        text_addf(&flags, "%s%s", flags.len ? " " : "", plan->cflags.items[i]);
    }
    return flags.len ? text_take(&flags) : str_dup("");
}
