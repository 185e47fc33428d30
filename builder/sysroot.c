#include "sysroot.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "msg.h"
#include "text.h"

static const char *const parts[] = {"include/stdio.h", "libc.a",   "libskiff.a",
                                    "crt1.o",          "skiff.ld", "templates"};

void sysroot_locate(struct sysroot *sysroot)
{
    const char *env = getenv("SKIFF_HOME");
    char exe[PATH_MAX];
    ssize_t n;

    *sysroot = (struct sysroot){0};
    if (env && *env) {
        char *real = realpath(env, NULL);
        sysroot->is_from_env = true;
        sysroot->dir = real ? real : str_dup(env);
        return;
    }
    n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[n > 0 ? n : 0] = '\0';
    char *bin = path_dir(exe), *prefix = path_dir(bin);
    sysroot->dir = path_join(prefix, "lib/skiff");
    free(bin);
    free(prefix);
}

const char *sysroot_missing(const struct sysroot *sysroot)
{
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char *path = sysroot_path(sysroot, parts[i]);
        bool is_there = path_exists(path);
        free(path);
        if (!is_there)
            return parts[i];
    }
    return NULL;
}

bool sysroot_find(struct sysroot *sysroot)
{
    const char *missing, *remedy;

    sysroot_locate(sysroot);
    missing = sysroot_missing(sysroot);
    if (!missing)
        return true;
    remedy = sysroot->is_from_env ? "set SKIFF_HOME to PREFIX/lib/skiff, or unset it"
                                  : "run make, or make install, again";
    if (!path_is_dir(sysroot->dir))
        msg_error("no runtime at %s; %s", sysroot->dir, remedy);
    else
        msg_error("the runtime at %s has no %s; %s", sysroot->dir, missing, remedy);
    sysroot_fini(sysroot);
    return false;
}

char *sysroot_path(const struct sysroot *sysroot, const char *part)
{
    return path_join(sysroot->dir, part);
}

void sysroot_fini(struct sysroot *sysroot)
{
    free(sysroot->dir);
    *sysroot = (struct sysroot){0};
}
