#include "qemu.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/ctl.h"
#include "bootcfg.h"
#include "msg.h"
#include "proc.h"
#include "vmspec.h"

#define INSTALL "apt install qemu-system-x86"

/* Everything a service has no use for off; the RTC stays for the time of day. */
#define MICROVM "microvm,x-option-roms=off,pit=off,pic=off,rtc=on,isa-serial=on,acpi=off"

/* What makes one QEMU file differ from another, and the version it gave: one line in the cache. */
static char *cache_key(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return NULL;
    return str_fmt("%s %ju %ju %jd.%09ld", path, (uintmax_t)st.st_ino, (uintmax_t)st.st_size,
                   (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/* ~/.cache/skiff/qemu; NULL without a home. */
static char *cache_path(bool makes_dir)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char *base, *dir, *path;

    if (xdg && *xdg == '/')
        base = str_dup(xdg);
    else if (home && *home == '/')
        base = path_join(home, ".cache");
    else
        return NULL;
    dir = path_join(base, "skiff");
    if (makes_dir) {
        mkdir(base, 0700);
        mkdir(dir, 0755);
    }
    path = path_join(dir, "qemu");
    free(base);
    free(dir);
    return path;
}

static bool cache_get(const char *key, struct qemu *qemu)
{
    char *path = cache_path(false), *data = NULL;
    size_t len, key_len = strlen(key);
    bool is_hit = false;

    if (path && file_read(path, &data, &len) == 0)
        is_hit = strncmp(data, key, key_len) == 0 &&
                 sscanf(data + key_len, " %u.%u", &qemu->major, &qemu->minor) == 2;
    free(path);
    free(data);
    return is_hit;
}

/* Losing the cache costs 15 ms, so nothing that goes wrong here is worth a word. */
static void cache_put(const char *key, const struct qemu *qemu)
{
    char *path = cache_path(true);
    char *draft = path ? str_fmt("%s.%d", path, (int)getpid()) : NULL;
    FILE *f = draft ? fopen(draft, "we") : NULL;

    if (f) {
        fprintf(f, "%s %u.%u\n", key, qemu->major, qemu->minor);
        if (fclose(f) != 0 || rename(draft, path) != 0)
            unlink(draft);
    }
    free(draft);
    free(path);
}

static bool ask_version(struct qemu *qemu)
{
    char *argv[] = {qemu->path, "--version", NULL};
    struct proc_how how = {
        .closes_stdin = true, .captures_out = true, .captures_err = true, .timeout_ms = 10000};
    struct proc_result result;
    bool is_good = proc_run(argv, &how, &result);
    const char *at = strstr(text_str(&result.out), "version ");

    if (!is_good) {
        msg_error("%s --version failed: %.*s; " INSTALL ", or set SKIFF_QEMU", qemu->path,
                  (int)strcspn(text_str(&result.err_text), "\n"),
                  result.err            ? strerror(result.err)
                  : result.err_text.len ? text_str(&result.err_text)
                                        : "no answer");
    } else if (!at || sscanf(at, "version %u.%u", &qemu->major, &qemu->minor) != 2) {
        msg_error("%s is no QEMU: it does not tell its version; " INSTALL ", or set SKIFF_QEMU",
                  qemu->path);
        is_good = false;
    }
    proc_result_fini(&result);
    return is_good;
}

bool qemu_find(struct qemu *qemu)
{
    const char *env = getenv("SKIFF_QEMU");
    const char *name = env && *env ? env : "qemu-system-x86_64";

    *qemu = (struct qemu){.path = proc_find(name)};
    if (!qemu->path) {
        if (env && *env)
            msg_error("SKIFF_QEMU=%s: no such program; set it to a QEMU, or unset it", env);
        else
            msg_error("qemu-system-x86_64 is not installed; " INSTALL);
        return false;
    }
    char *key = cache_key(qemu->path);
    bool is_cached = key && cache_get(key, qemu);
    bool is_good = is_cached || ask_version(qemu);
    if (is_good && qemu->major < QEMU_MIN_MAJOR) {
        msg_error("%s is QEMU %u.%u; at least %u.0 is needed: " INSTALL ", or set SKIFF_QEMU",
                  qemu->path, qemu->major, qemu->minor, QEMU_MIN_MAJOR);
        is_good = false;
    } else if (is_good && key && !is_cached) {
        cache_put(key, qemu);
    }
    free(key);
    if (!is_good)
        qemu_fini(qemu);
    return is_good;
}

void qemu_fini(struct qemu *qemu)
{
    free(qemu->path);
    *qemu = (struct qemu){0};
}

/* QEMU splits option values at commas; a comma of ours is written twice. */
static char *comma_doubled(const char *s)
{
    struct text t = {0};

    for (; *s; s++) {
        text_add_n(&t, s, 1);
        if (*s == ',')
            text_add(&t, ",");
    }
    return text_take(&t);
}

static void add_machine(const struct vmspec *vm, struct strvec *argv)
{
    static const char *const machines[] = {
        [MACHINE_MICROVM] = MICROVM,
        [MACHINE_Q35] = "q35",
        [MACHINE_PC] = "pc",
    };

    char size[32];

    if (vm->memory_bytes % (1 << 20) == 0)
        snprintf(size, sizeof(size), "%" PRIu64 "M", vm->memory_bytes >> 20);
    else
        snprintf(size, sizeof(size), "%" PRIu64 "k", vm->memory_bytes >> 10);
    strvec_add(argv, "-M");
    strvec_addf(argv, "%s%s", machines[vm->machine],
                vm->vsock.kind == VSOCK_USER ? ",memory-backend=mem" : "");
    strvec_add_list(argv, "-accel", accel_name(vm->accel), "-cpu", vm->cpu, "-m", size, NULL);
    if (vm->vsock.kind == VSOCK_USER) { /* the backend reads and writes the guest's memory */
        strvec_add(argv, "-object");
        strvec_addf(argv, "memory-backend-memfd,id=mem,size=%s,share=on", size);
    }
    strvec_add_list(argv, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", NULL);
    if (vm->uses_qboot)
        strvec_add_list(argv, "-bios", "qboot.rom", NULL);
    if (vm->machine == MACHINE_MICROVM)
        strvec_add_list(argv, "-global", "virtio-mmio.force-legacy=false", NULL);
}

/* The console, the control channel, and the way out. */
static void add_ports(struct strvec *argv)
{
    strvec_add_list(argv, "-chardev", "stdio,id=con,signal=off", "-serial", "chardev:con",
                    "-chardev", NULL);
    strvec_addf(argv, "file,id=ctl,path=/dev/fd/%d", QEMU_CTL_FD);
    strvec_add(argv, "-device");
    strvec_addf(argv, "isa-debugcon,iobase=%#x,chardev=ctl", CTL_PORT_DEFAULT);
    strvec_add(argv, "-device");
    strvec_addf(argv, "isa-debug-exit,iobase=%#x,iosize=4", EXIT_PORT_DEFAULT);
}

/* Two VMs on one bridge must differ: the address follows the tap's name (FNV-1a, local bit set). */
static char *tap_mac(const char *name)
{
    uint32_t h = 2166136261u;

    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 16777619u;
    return str_fmt(",mac=52:54:%02x:%02x:%02x:%02x", h >> 24, h >> 16 & 0xff, h >> 8 & 0xff,
                   h & 0xff);
}

static void add_net(const struct vmspec *vm, struct strvec *argv)
{
    bool is_mmio = vm->machine == MACHINE_MICROVM;
    char *mac = NULL;

    if (vm->net.kind == NET_NONE)
        return;
    strvec_add(argv, "-netdev");
    if (vm->net.kind == NET_TAP) {
        char *tap = comma_doubled(vm->net.tap);
        strvec_addf(argv, "tap,id=net,ifname=%s,script=no,downscript=no", tap);
        free(tap);
        mac = tap_mac(vm->net.tap);
    } else {
        struct text t = {0};
        text_add(&t, "user,id=net");
        for (size_t i = 0; i < vm->n_ports; i++)
            text_addf(&t, ",hostfwd=%s:%s:%u-:%u", vm->ports[i].is_udp ? "udp" : "tcp",
                      vm->ports[i].host_ip, vm->ports[i].host, vm->ports[i].guest);
        strvec_take(argv, text_take(&t));
    }
    strvec_add(argv, "-device");
    /* romfile= : no network boot ROM, which takes time and is not always installed. */
    strvec_addf(argv, "virtio-net-%s,netdev=net%s%s", is_mmio ? "device" : "pci",
                is_mmio ? "" : ",romfile=", mac ? mac : "");
    free(mac);
}

static void add_vsock(const struct vmspec *vm, struct strvec *argv)
{
    const char *bus = vm->machine == MACHINE_MICROVM ? "device" : "pci";

    if (vm->vsock.kind == VSOCK_HOST) {
        strvec_add(argv, "-device");
        strvec_addf(argv, "vhost-vsock-%s,guest-cid=%" PRIu32, bus, vm->vsock.cid);
    } else if (vm->vsock.kind == VSOCK_USER) {
        char *path = comma_doubled(vm->vsock.path);
        strvec_add(argv, "-chardev");
        strvec_addf(argv, "socket,id=vsock,path=%s", path);
        strvec_add(argv, "-device");
        strvec_addf(argv, "vhost-user-vsock-%s,chardev=vsock", bus);
        free(path);
    }
}

bool qemu_argv(const struct vmspec *vm, const char *qemu_path, struct strvec *argv)
{
    char *line = bootcfg_line(vm);

    if (!line)
        return false;
    strvec_add(argv, qemu_path);
    add_machine(vm, argv);
    add_ports(argv);
    add_net(vm, argv);
    add_vsock(vm, argv);
    if (vm->needs_rng)
        strvec_add_list(argv, "-device",
                        vm->machine == MACHINE_MICROVM ? "virtio-rng-device" : "virtio-rng-pci",
                        NULL);
    strvec_add_list(argv, "-kernel", vm->image, "-append", line, NULL);
    free(line);
    return true;
}
