/* skiff doctor: what this machine has of what Skiff needs, and what to do about the rest. */
#define _GNU_SOURCE 1
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "msg.h"
#include "probe.h"
#include "proc.h"
#include "qemu.h"
#include "sysroot.h"
#include "verbs.h"
#include "version.h"

static const struct opt options[] = {
    {0, "json", NULL, "print the same as JSON", NULL, NULL},
    {0},
};

enum state { OK, MISSING, PROBLEM }; /* MISSING: works without, only less */
static const char *const states[] = {"ok", "without", "problem"};

/* What was looked at, in order. */
struct checks {
    struct check {
        const char *name;
        enum state state;
        char *found, *remedy; /* remedy: "" if none is needed */
    } items[24];
    size_t n;
    json_t *numbers; /* of the KVM probe */
};

static void add(struct checks *c, const char *name, enum state state, char *found,
                const char *remedy)
{
    c->items[c->n++] = (struct check){name, state, found, str_dup(remedy)};
}

/* A program that must be there: the first line of its --version. */
static void check_program(struct checks *c, const char *name, const char *remedy)
{
    char *argv[] = {(char *)name, "--version", NULL};
    struct proc_how how = {
        .closes_stdin = true, .captures_out = true, .captures_err = true, .timeout_ms = 10000};
    struct proc_result result;
    bool is_good = proc_run(argv, &how, &result);
    const char *said = text_str(&result.out);

    if (is_good)
        add(c, name, OK, str_dup_n(said, strcspn(said, "\n")), "");
    else
        add(c, name, PROBLEM,
            result.err ? str_dup(strerror(result.err)) : str_fmt("ends with %d", result.status),
            remedy);
    proc_result_fini(&result);
}

static void check_sysroot(struct checks *c)
{
    struct sysroot sysroot;
    const char *missing, *remedy;

    sysroot_locate(&sysroot);
    missing = sysroot_missing(&sysroot);
    remedy = sysroot.is_from_env ? "set SKIFF_HOME to PREFIX/lib/skiff, or unset it"
                                 : "run make, or make install, again";
    if (missing)
        add(c, "runtime", PROBLEM, str_fmt("%s has no %s", sysroot.dir, missing), remedy);
    else
        add(c, "runtime", OK, str_fmt("%s", sysroot.dir), "");
    sysroot_fini(&sysroot);
}

/* The libc of images, and where make keeps what it fetched and built. */
static void check_musl(struct checks *c)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char *base = xdg && *xdg ? str_dup(xdg) : path_join(home ? home : "", ".cache");
    char *cache = path_join(base, "skiff");
    struct strvec found = {0};
    DIR *dir = opendir(cache);

    for (struct dirent *e; dir && (e = readdir(dir));)
        if (str_starts(e->d_name, "musl_") || str_starts(e->d_name, "libc-"))
            strvec_add(&found, e->d_name);
    if (dir)
        closedir(dir);
    strvec_sort(&found);
    if (found.n) {
        char *names = shell_line(found.items);
        add(c, "musl cache", OK, str_fmt("%s: %s", cache, names), "");
        free(names);
    } else {
        add(c, "musl cache", MISSING, str_fmt("%s is empty", cache),
            "make fills it; what is installed works without");
    }
    strvec_fini(&found);
    free(cache);
    free(base);
}

static void check_qemu(struct checks *c)
{
    struct qemu qemu;

    if (qemu_find(&qemu)) {
        add(c, "qemu", OK, str_fmt("%s, version %u.%u", qemu.path, qemu.major, qemu.minor), "");
        qemu_fini(&qemu);
    } else {
        add(c, "qemu", PROBLEM, str_dup("none that will do (see above)"),
            "apt install qemu-system-x86");
    }
}

static void check_kvm(struct checks *c)
{
    struct kvm_probe p;

    kvm_probe(&p);
    c->numbers = json_pack("{s:f, s:f, s:f, s:f}", "host_ns", p.host_ns, "cpl0_ns", p.cpl0_ns,
                           "cpl3_ns", p.cpl3_ns, "probe_ms", p.probe_ms);
    switch (p.kind) {
    case KVM_NATIVE:
        add(c, "kvm", OK,
            str_fmt("native: %.2f ns a turn in a guest, %.2f here (measured in %.0f ms)", p.cpl3_ns,
                    p.host_ns, p.probe_ms),
            "");
        break;
    case KVM_RING3:
        add(c, "kvm", OK,
            str_fmt("ring 3 only: %.2f ns a turn at CPL 3, %.0f at CPL 0, %.2f here (measured in "
                    "%.0f ms); run takes tcg unless told --accel kvm",
                    p.cpl3_ns, p.cpl0_ns, p.host_ns, p.probe_ms),
            "");
        break;
    case KVM_ABSENT:
        add(c, "kvm", MISSING, str_dup(p.why),
            "enable virtualization in the firmware and modprobe kvm_intel or kvm_amd");
        break;
    case KVM_DENIED:
        add(c, "kvm", MISSING, str_dup(p.why),
            "add yourself to the group kvm: usermod -aG kvm USER, then log in again");
        break;
    case KVM_BROKEN:
        add(c, "kvm", MISSING, str_dup(p.why), "run takes tcg here; nothing needs to be done");
        break;
    }
}

static void check_tap(struct checks *c)
{
    struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

    strcpy(ifr.ifr_name, "skiff%d");
    /* Not persistent: it is gone with the descriptor. */
    if (fd >= 0 && ioctl(fd, TUNSETIFF, &ifr) == 0)
        add(c, "tap", OK, str_dup("can be made"), "");
    else
        add(c, "tap", MISSING, str_fmt("/dev/net/tun: %s", strerror(errno)),
            errno == ENOENT ? "modprobe tun" : "needs root, or a tap made for you by root");
    if (fd >= 0)
        close(fd);
}

static void check_namespaces(struct checks *c)
{
    char *argv[] = {"unshare", "-n", "true", NULL};
    struct proc_how how = {.closes_stdin = true, .drops_out = true, .drops_err = true};

    if (proc_run(argv, &how, NULL))
        add(c, "netns", OK, str_dup("network namespaces can be made"), "");
    else
        add(c, "netns", MISSING, str_dup("network namespaces cannot be made"),
            "needs root; only the network tests use them");
}

/* The ports that the templates' skiff.yaml forward. */
static void check_port(struct checks *c, const char *name, unsigned port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port),
                               .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(fd, 1) == 0)
        add(c, name, OK, str_fmt("127.0.0.1:%u is free", port), "");
    else
        add(c, name, MISSING, str_fmt("127.0.0.1:%u: %s", port, strerror(errno)),
            "stop what uses it, or choose another host port with run -p");
    if (fd >= 0)
        close(fd);
}

static void print_text(const struct checks *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct check *k = &c->items[i];
        printf("%-8s %-10s %s\n", states[k->state], k->name, k->found);
        if (*k->remedy)
            printf("%-8s %-10s -> %s\n", "", "", k->remedy);
    }
}

static void print_json(const struct checks *c, bool is_good)
{
    json_t *list = json_array(), *root;

    for (size_t i = 0; i < c->n; i++) {
        const struct check *k = &c->items[i];
        json_t *item = json_pack("{s:s, s:s, s:s, s:s}", "name", k->name, "state", states[k->state],
                                 "found", k->found, "remedy", k->remedy);
        if (strcmp(k->name, "kvm") == 0)
            json_object_set(item, "probe", c->numbers);
        json_array_append_new(list, item);
    }
    root = json_pack("{s:s, s:b, s:o}", "version", SKIFF_VERSION, "ok", is_good, "checks", list);
    json_dumpf(root, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(root);
}

static int run(const struct opts *opts)
{
    struct checks c = {0};
    bool is_good = true;

    if (opts->words.n) {
        msg_error("doctor looks at this machine, not at %s", opts->words.items[0]);
        return 1;
    }
    check_program(&c, "gcc", "apt install gcc");
    check_program(&c, "ld", "apt install binutils");
    check_program(&c, "objcopy", "apt install binutils");
    check_sysroot(&c);
    check_musl(&c);
    check_qemu(&c);
    check_kvm(&c);
    check_tap(&c);
    check_namespaces(&c);
    check_port(&c, "port http", 8080);
    check_port(&c, "port echo", 7007);
    for (size_t i = 0; i < c.n; i++)
        is_good = is_good && c.items[i].state != PROBLEM;
    if (opt_has(opts, "json"))
        print_json(&c, is_good);
    else
        print_text(&c);
    for (size_t i = 0; i < c.n; i++) {
        free(c.items[i].found);
        free(c.items[i].remedy);
    }
    json_decref(c.numbers);
    return is_good ? 0 : 1;
}

const struct verb verb_doctor = {
    .name = "doctor",
    .summary = "look at this machine: tools, runtime, QEMU, KVM by the stopwatch, taps, ports",
    .usage = "[--json]",
    .details = "Each line is ok, without (Skiff works, only something is slower or missing), or\n"
               "problem, and then what to do. Ends with 1 if there is a problem, else 0.",
    .options = options,
    .run = run,
};
