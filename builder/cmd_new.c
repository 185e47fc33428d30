/* skiff new: copy a template from the sysroot to a new directory, with the name put in. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msg.h"
#include "status.h"
#include "sysroot.h"
#include "verbs.h"
#include "vmflag.h"

static const struct opt options[] = {
    {'t', "template", "NAME", "hello, http or echo; hello", NULL, "hello|http|echo"},
    {0},
};

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* The directory's entries, sorted, without . and ..; false if it cannot be read. */
static bool list_dir(const char *path, struct strvec *names)
{
    DIR *dir = opendir(path);

    if (!dir)
        return false;
    for (struct dirent *e; (e = readdir(dir));)
        if (!is_dot(e->d_name))
            strvec_add(names, e->d_name);
    closedir(dir);
    strvec_sort(names);
    return true;
}

static void replace_all(struct text *out, const char *data, size_t len, const char *from,
                        const char *to)
{
    size_t from_len = strlen(from);

    while (len) {
        if (len >= from_len && memcmp(data, from, from_len) == 0) {
            text_add(out, to);
            data += from_len;
            len -= from_len;
        } else {
            text_add_n(out, data++, 1);
            len--;
        }
    }
}

static bool copy_file(const char *from, const char *to, const char *name)
{
    struct text out = {0};
    char *data;
    size_t len;
    int err = file_read(from, &data, &len);

    if (err) {
        msg_error("cannot read %s: %s", from, strerror(-err));
        return false;
    }
    replace_all(&out, data, len, "@NAME@", name);
    free(data);
    int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    bool is_good = fd >= 0 && write(fd, text_str(&out), out.len) == (ssize_t)out.len;
    if (!is_good)
        msg_error("cannot write %s: %s", to, strerror(errno));
    if (fd >= 0)
        close(fd);
    text_fini(&out);
    return is_good;
}

static bool copy_tree(const char *from, const char *to, const char *name)
{
    struct strvec names = {0};
    bool is_good = true;

    if (mkdir(to, 0777) < 0 && errno != EEXIST) {
        msg_error("cannot make %s: %s", to, strerror(errno));
        return false;
    }
    if (!list_dir(from, &names)) {
        msg_error("cannot read %s: %s", from, strerror(errno));
        return false;
    }
    for (size_t i = 0; is_good && i < names.n; i++) {
        char *a = path_join(from, names.items[i]), *b = path_join(to, names.items[i]);
        is_good = path_is_dir(a) ? copy_tree(a, b, name) : copy_file(a, b, name);
        free(a);
        free(b);
    }
    strvec_fini(&names);
    return is_good;
}

static bool check_target(const char *dir)
{
    struct strvec names = {0};
    bool is_free = true;

    if (!path_exists(dir))
        return true;
    if (!path_is_dir(dir)) {
        msg_error("%s is there and is no directory; choose another name", dir);
        return false;
    }
    if (!list_dir(dir, &names) || names.n) {
        msg_error("%s is there and is not empty; choose another name", dir);
        is_free = false;
    }
    strvec_fini(&names);
    return is_free;
}

static void unknown_template(const char *templates, const char *template)
{
    struct strvec names = {0};
    struct text all = {0};

    list_dir(templates, &names);
    const char *near = text_nearest(template, (const char *const *)names.items, names.n);
    for (size_t i = 0; i < names.n; i++)
        text_addf(&all, "%s%s", i ? ", " : "", names.items[i]);
    if (near)
        msg_error("no template \"%s\"; did you mean \"%s\"?", template, near);
    else
        msg_error("no template \"%s\"; there are %s", template, text_str(&all));
    text_fini(&all);
    strvec_fini(&names);
}

static int make(const char *dir, const char *template)
{
    const char *name = path_base(dir);
    struct sysroot sysroot;
    bool is_good = false;

    if (!sysroot_find(&sysroot))
        return STATUS_SKIFF;
    char *templates = sysroot_path(&sysroot, "templates");
    char *from = path_join(templates, template);
    if (strchr(template, '/') || is_dot(template) || !path_is_dir(from))
        unknown_template(templates, template);
    else if (check_target(dir))
        is_good = copy_tree(from, dir, name);
    free(from);
    free(templates);
    sysroot_fini(&sysroot);
    if (!is_good)
        return STATUS_SKIFF;
    printf("%s is made from the template %s. Next:\n\n    cd %s && skiff run\n", name, template,
           dir);
    return 0;
}

static int run(const struct opts *opts)
{
    const char *template = opt_value(opts, "template");

    if (opts->words.n != 1) {
        msg_error(opts->words.n ? "one name at a time; see skiff new --help"
                                : "the name is missing: skiff new NAME");
        return STATUS_SKIFF;
    }
    const char *dir = opts->words.items[0];
    if (!name_is_good(path_base(dir))) {
        msg_error("\"%s\" cannot be a name; use letters, digits, '-', '_' and '.', at most 64, a "
                  "letter or digit first",
                  path_base(dir));
        return STATUS_SKIFF;
    }
    return make(dir, template ? template : "hello");
}

const struct verb verb_new = {
    .name = "new",
    .summary = "start a service from a template",
    .usage = "[--template hello|http|echo] NAME",
    .details = "Makes the directory NAME with a C file, a skiff.yaml and a README.md; skiff run\n"
               "works inside at once. hello prints and ends; http answers GET; echo sends back\n"
               "what it receives.",
    .options = options,
    .run = run,
};
