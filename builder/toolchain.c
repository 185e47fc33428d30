#include "toolchain.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "proc.h"

bool toolchain_find(struct toolchain *tc, const char *cc)
{
    static const char *const hosts_own[] = {"LIBRARY_PATH", "C_INCLUDE_PATH", "CPATH",
                                            "COMPILER_PATH", "GCC_EXEC_PREFIX"};
    struct sysroot sysroot;

    *tc = (struct toolchain){0};
    for (size_t i = 0; i < sizeof(hosts_own) / sizeof(hosts_own[0]); i++)
        unsetenv(hosts_own[i]);
    for (const char *p = cc ? cc : "gcc"; *p;) {
        size_t len = strcspn(p, " ");
        if (len)
            strvec_take(&tc->cc, str_dup_n(p, len));
        p += len + strspn(p + len, " ");
    }
    char *found = tc->cc.n ? proc_find(tc->cc.items[0]) : NULL;
    if (!found) {
        if (cc)
            msg_error("the compiler \"%s\" is not there; see --cc and SKIFF_CC", cc);
        else
            msg_error("gcc is not there; install the package gcc, or see --cc and SKIFF_CC");
        toolchain_fini(tc);
        return false;
    }
    free(found);
    for (size_t i = 0; i < tc->cc.n; i++)
        if (strstr(path_base(tc->cc.items[i]), "clang"))
            tc->is_clang = true;
    if (!sysroot_find(&sysroot)) {
        toolchain_fini(tc);
        return false;
    }
    tc->sysroot = str_dup(sysroot.dir);
    char *specs = sysroot_path(&sysroot, "skiff.specs");
    tc->has_specs = path_exists(specs);
    free(specs);
    sysroot_fini(&sysroot);
    return true;
}

void toolchain_fini(struct toolchain *tc)
{
    strvec_fini(&tc->cc);
    free(tc->sysroot);
    *tc = (struct toolchain){0};
}

void toolchain_compile_flags(const struct toolchain *tc, struct strvec *argv)
{
    strvec_add_list(argv, "-fno-pie", "-ffunction-sections", "-fdata-sections",
                    "-fstack-protector-strong", "-mstack-protector-guard=global",
                    "-fcf-protection=none", NULL);
    if (!tc->is_clang) /* which does so by itself; gcc aligns arrays of 32 bytes and more to 32 */
        strvec_add(argv, "-malign-data=abi");
}

void toolchain_include_flags(const struct toolchain *tc, struct strvec *argv)
{
    /* --sysroot moves the compiler's idea of /usr/include, where nothing is: its own headers
     * (stddef.h, immintrin.h) stay, the host's are out of sight. */
    strvec_addf(argv, "--sysroot=%s", tc->sysroot);
    strvec_add(argv, "-isystem");
    strvec_addf(argv, "%s/include", tc->sysroot);
    /* linux/, asm/ and asm-generic/ of this machine: what they say is the same for every libc. */
    strvec_add(argv, "-idirafter");
    strvec_addf(argv, "%s/kernel", tc->sysroot);
}

void toolchain_link_first(const struct toolchain *tc, const char *map, struct strvec *argv)
{
    if (tc->has_specs && !tc->is_clang)
        strvec_addf(argv, "-specs=%s/skiff.specs", tc->sysroot);
    strvec_addf(argv, "--sysroot=%s", tc->sysroot);
    strvec_add_list(argv, "-static", "-nostdlib", NULL);
    if (!tc->is_clang) /* clang takes -static to mean that, and warns */
        strvec_add(argv, "-no-pie");
    /* --emit-relocs: elfcheck needs every reference. Sections are as gc left them. */
    strvec_add_list(argv, "-Wl,--gc-sections,--emit-relocs,--build-id=sha1",
                    "-Wl,-z,max-page-size=4096,-z,noexecstack,--hash-style=gnu", NULL);
    strvec_add(argv, "-Xlinker");
    strvec_addf(argv, "-Map=%s", map);
    strvec_add(argv, "-T");
    strvec_addf(argv, "%s/skiff.ld", tc->sysroot);
    strvec_addf(argv, "%s/crt1.o", tc->sysroot);
}

void toolchain_link_last(const struct toolchain *tc, struct strvec *argv)
{
    strvec_add(argv, "-Wl,--start-group");
    strvec_addf(argv, "%s/libskiff.a", tc->sysroot);
    strvec_addf(argv, "%s/libc.a", tc->sysroot);
    strvec_add_list(argv, "-lgcc", "-Wl,--end-group", NULL);
}

bool toolchain_is_libc(const char *lib)
{
    static const char *const parts[] = {"c",    "m",      "pthread", "rt",    "dl",
                                        "util", "resolv", "xnet",    "crypt", "gcc_s"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (strcmp(lib, parts[i]) == 0)
            return true;
    return false;
}

char *toolchain_version(const struct toolchain *tc)
{
    struct strvec argv = {0};
    struct proc_result result = {0};
    struct proc_how how = {.captures_out = true, .drops_err = true, .timeout_ms = 5000};

    strvec_add_all(&argv, &tc->cc);
    strvec_add(&argv, tc->is_clang ? "-dumpversion" : "-dumpfullversion");
    bool is_good = proc_run(argv.items, &how, &result);
    size_t len = strcspn(text_str(&result.out), "\n");
    char *version = str_dup_n(text_str(&result.out), len);
    char *name = str_fmt("%s %s", tc->is_clang ? "clang" : path_base(tc->cc.items[tc->cc.n - 1]),
                         is_good ? version : "unknown");
    free(version);
    proc_result_fini(&result);
    strvec_fini(&argv);
    return name;
}
