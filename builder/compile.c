#include "compile.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "msg.h"
#include "proc.h"
#include "status.h"

#define MAX_JOBS 16

/* One compiler at work. What it says goes to a file, so that two do not talk at once. */
struct job {
    pid_t pid;
    char *said; /* path of that file; NULL: straight to our stderr */
};

static void say_file(const char *path)
{
    char *data;
    size_t len;
    if (file_read(path, &data, &len) != 0)
        return;
    msg_progress("%s", "");
    fwrite(data, 1, len, stderr);
    free(data);
}

static int job_start(struct job *job, struct strvec *argv, const char *said)
{
    struct proc_how how = {0};
    int fds[3] = {-1, -1, -1}, err;

    *job = (struct job){0};
    if (said) {
        fds[2] = open(said, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fds[2] >= 0) {
            job->said = str_dup(said);
            how.fds = fds;
            how.n_fds = 3;
        }
        if (isatty(STDERR_FILENO) && !getenv("NO_COLOR"))
            strvec_add(argv, "-fdiagnostics-color=always");
    }
    if (msg_is_verbose()) {
        char *line = shell_line(argv->items);
        msg_verbose("%s", line);
        free(line);
    }
    err = proc_start(argv->items, &how, &job->pid);
    if (fds[2] >= 0)
        close(fds[2]);
    if (err) {
        msg_error("cannot start %s: %s", argv->items[0], strerror(-err));
        free(job->said);
        return STATUS_SKIFF;
    }
    return 0;
}

static int job_end(struct job *job, const struct toolchain *tc)
{
    int status = proc_wait(job->pid);
    if (job->said)
        say_file(job->said);
    free(job->said);
    if (status >= 128) {
        msg_error("%s died of signal %d; is there enough memory?", tc->cc.items[0], status - 128);
        return STATUS_SKIFF;
    }
    return status ? COMPILE_WRONG : 0;
}

/* All sources; the first failure decides the status, but every source is compiled. */
static int compile_sources(const struct plan *plan, const struct toolchain *tc,
                           const char *temp_dir)
{
    struct job jobs[MAX_JOBS];
    size_t n_started = 0, n_ended = 0, n_sources = 0;
    int worst = 0;
    char *cwd = getcwd(NULL, 0);
    long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n_jobs = n_cpus < 1 ? 1 : n_cpus > MAX_JOBS ? MAX_JOBS : (size_t)n_cpus;

    for (size_t i = 0; i < plan->inputs.n; i++)
        n_sources += input_kind(plan->inputs.items[i]) == INPUT_SOURCE;
    for (size_t i = 0; i < plan->inputs.n; i++) {
        struct strvec argv = {0};
        if (input_kind(plan->inputs.items[i]) != INPUT_SOURCE)
            continue;
        if (n_started - n_ended == n_jobs) {
            int status = job_end(&jobs[n_ended++ % MAX_JOBS], tc);
            worst = worst ? worst : status;
        }
        msg_progress("compiling %s", plan->inputs.items[i]);
        plan_compile(plan, tc, i, temp_dir, cwd ? cwd : "/", &argv);
        char *said = n_sources > 1 ? str_fmt("%s/%zu.said", temp_dir, i) : NULL;
        int status = job_start(&jobs[n_started % MAX_JOBS], &argv, said);
        free(said);
        strvec_fini(&argv);
        if (status) {
            worst = status;
            break;
        }
        n_started++;
    }
    while (n_ended < n_started) {
        int status = job_end(&jobs[n_ended++ % MAX_JOBS], tc);
        worst = worst ? worst : status;
    }
    free(cwd);
    return worst;
}

/* ---- hints ----------------------------------------------------------------------------------- */

/* Families of names that well-known libraries own. */
static const struct {
    const char *prefix, *lib;
} families[] = {
    {"deflate", "z"},
    {"inflate", "z"},
    {"gz", "z"},
    {"BZ2_", "bz2"},
    {"lzma_", "lzma"},
    {"ZSTD_", "zstd"},
    {"LZ4_", "lz4"},
    {"SSL_", "ssl"},
    {"EVP_", "crypto"},
    {"mbedtls_", "mbedtls"},
    {"sqlite3_", "sqlite3"},
    {"curl_", "curl"},
    {"json_", "jansson"},
    {"cJSON_", "cjson"},
    {"yaml_", "yaml"},
    {"XML_", "expat"},
    {"xml", "xml2"},
    {"pcre2_", "pcre2-8"},
    {"uv_", "uv"},
    {"ev_", "ev"},
    {"event_", "event"},
    {"lua_", "lua"},
    {"luaL_", "lua"},
    {"png_", "png"},
    {"jpeg_", "jpeg"},
    {"mosquitto_", "mosquitto"},
    {"redis", "hiredis"},
};

static char *hint_for(const char *symbol, const struct strvec *archives)
{
    if (strcmp(symbol, "main") == 0)
        return str_dup("no main(): which source defines the service's start?");
    if (str_starts(symbol, "dl") && (strcmp(symbol, "dlopen") == 0 || strcmp(symbol, "dlsym") == 0))
        return str_dup("an image is one static program: link the plug-in in and call it directly");
    if (str_starts(symbol, "_Z") || str_starts(symbol, "__cxa_") || str_starts(symbol, "__gxx_"))
        return str_fmt("%s is C++; Skiff links C", symbol);
    if (str_ends(symbol, "_chk") || str_starts(symbol, "__isoc99_") ||
        str_starts(symbol, "__isoc23_") || strcmp(symbol, "__errno_location_r") == 0)
        return str_fmt("%s is glibc's: that object or library was compiled for glibc; compile it "
                       "with skiff cc",
                       symbol);
    if (str_starts(symbol, "__asan_") || str_starts(symbol, "__ubsan_") ||
        str_starts(symbol, "__tsan_"))
        return str_fmt("%s belongs to a sanitizer; test that build as a Linux program with gcc",
                       symbol);
    int found = elfcheck_find_definition(archives, symbol);
    if (found >= 0)
        return str_fmt("%s is in %s: add it to the build", symbol, archives->items[found]);
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        if (str_starts(symbol, families[i].prefix))
            return str_fmt("%s looks like lib%s's: build that library with CC=\"skiff cc\", then "
                           "add -L and -l%s",
                           symbol, families[i].lib, families[i].lib);
    return NULL;
}

/* Archives on the -L paths and beside the inputs, which may hold what is missing. */
static void archives_near(const struct strvec *argv, struct strvec *archives)
{
    struct strvec patterns = {0};
    strvec_add(&patterns, "*.a");
    for (size_t i = 0; i < argv->n; i++)
        if (str_starts(argv->items[i], "-L") && argv->items[i][2])
            strvec_addf(&patterns, "%s/*.a", argv->items[i] + 2);
    for (size_t i = 0; i < patterns.n; i++) {
        glob_t found;
        if (glob(patterns.items[i], 0, NULL, &found) != 0)
            continue;
        for (size_t k = 0; k < found.gl_pathc; k++)
            strvec_add(archives, found.gl_pathv[k]);
        globfree(&found);
    }
    strvec_fini(&patterns);
}

void link_hints(const char *said, const struct strvec *argv)
{
    static const char mark[] = "undefined reference to `";
    struct strvec archives = {0}, seen = {0};

    for (const char *p = said; (p = strstr(p, mark));) {
        p += strlen(mark);
        char *symbol = str_dup_n(p, strcspn(p, "'\n"));
        if (!strvec_has(&seen, symbol)) {
            if (seen.n == 0)
                archives_near(argv, &archives);
            char *hint = hint_for(symbol, &archives);
            if (hint)
                msg_note("%s", hint);
            free(hint);
            strvec_add(&seen, symbol);
        }
        free(symbol);
    }
    for (const char *p = said; (p = strstr(p, "cannot find -l"));) {
        p += strlen("cannot find -l");
        char *lib = str_dup_n(p, strcspn(p, ": \n"));
        if (!strvec_has(&seen, lib))
            msg_note(
                "lib%s.a is on none of the -L paths; the host's libraries are for glibc: build "
                "it with CC=\"skiff cc\"",
                lib);
        strvec_add(&seen, lib);
        free(lib);
    }
    strvec_fini(&archives);
    strvec_fini(&seen);
}

/* ---- linking --------------------------------------------------------------------------------- */

static int link_run(const struct strvec *argv)
{
    struct strvec env = {0};
    struct proc_result result = {0};
    struct proc_how how = {.captures_err = true, .env = &env};
    int status = 0;

    strvec_add(&env, "LC_ALL=C"); /* link_hints() reads what the linker says */
    if (msg_is_verbose()) {
        char *line = shell_line(argv->items);
        msg_verbose("%s", line);
        free(line);
    }
    msg_progress("linking");
    bool is_good = proc_run(argv->items, &how, &result);
    msg_progress("%s", "");
    fputs(text_str(&result.err_text), stderr);
    if (!is_good) {
        if (result.err)
            msg_error("cannot start %s: %s", argv->items[0], strerror(result.err));
        else
            link_hints(text_str(&result.err_text), argv);
        status = result.err ? STATUS_SKIFF : COMPILE_WRONG;
    }
    proc_result_fini(&result);
    strvec_fini(&env);
    return status;
}

bool linked_read(struct linked *out, const char *elf, const char *map, const char *sysroot,
                 const char *temp_dir)
{
    char *text;
    size_t len;
    struct place at = {.file = elf};
    int err;

    *out = (struct linked){0};
    err = file_read(elf, &out->elf, &out->len_bytes);
    if (!err) {
        at.file = map;
        err = file_read(map, &text, &len);
    }
    if (err) {
        msg_error_at(&at, "cannot read what the linker wrote: %s", strerror(-err));
        linked_fini(out);
        return false;
    }
    linkmap_read(&out->map, text, len, sysroot, temp_dir);
    free(text);
    if (!elfcheck_read(&out->check, elf, out->elf, out->len_bytes, &out->map)) {
        linked_fini(out);
        return false;
    }
    return true;
}

void linked_fini(struct linked *linked)
{
    free(linked->elf);
    linkmap_fini(&linked->map);
    elfcheck_fini(&linked->check);
    *linked = (struct linked){0};
}

static int link_and_read(const struct strvec *argv, const struct toolchain *tc,
                         const char *temp_dir, struct linked *out)
{
    int status = link_run(argv);
    char *elf = path_join(temp_dir, "image.elf"), *map = path_join(temp_dir, "image.map");
    if (!status && !linked_read(out, elf, map, tc->sysroot, temp_dir))
        status = STATUS_SKIFF;
    free(elf);
    free(map);
    return status;
}

int compile_plan(const struct plan *plan, const struct toolchain *tc, const char *temp_dir,
                 struct linked *out)
{
    struct strvec argv = {0};
    int status = compile_sources(plan, tc, temp_dir);

    *out = (struct linked){0};
    msg_progress("%s", "");
    if (status)
        return status;
    plan_link(plan, tc, temp_dir, &argv);
    status = link_and_read(&argv, tc, temp_dir, out);
    strvec_fini(&argv);
    return status;
}

int compile_trial(const struct toolchain *tc, const struct strvec *files, const char *temp_dir,
                  struct linked *out)
{
    struct strvec argv = {0};
    char *map = path_join(temp_dir, "image.map");

    *out = (struct linked){0};
    strvec_add_all(&argv, &tc->cc);
    toolchain_link_first(tc, map, &argv);
    strvec_add_list(&argv, "-Wl,--no-gc-sections,--unresolved-symbols=ignore-all",
                    "-Wl,--allow-multiple-definition,--no-warnings", "-Wl,--whole-archive", NULL);
    strvec_add_all(&argv, files);
    strvec_add(&argv, "-Wl,--no-whole-archive");
    toolchain_link_last(tc, &argv);
    strvec_add(&argv, "-o");
    strvec_addf(&argv, "%s/image.elf", temp_dir);
    int status = link_and_read(&argv, tc, temp_dir, out);
    strvec_fini(&argv);
    free(map);
    return status;
}
