#define _GNU_SOURCE 1
/* skiff run: image and flags to a vmspec, the vmspec to QEMU, and the service's end to our status.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "build.h"
#include "image.h"
#include "msg.h"
#include "probe.h"
#include "proc.h"
#include "qemu.h"
#include "status.h"
#include "symbolize.h"
#include "verbs.h"
#include "vm.h"
#include "vmspec.h"

static const struct opt options[] = {
    {'p', "port", "[IP:]HOST:GUEST[/udp]",
     "forward a port of this machine to the service; repeats; IP is 127.0.0.1 unless given", NULL,
     NULL},
    {'m', "memory", "SIZE", "memory, such as 4M (bare numbers are MiB); 32M", "SKIFF_MEMORY", NULL},
    {'e', "env", "K=V", "set a variable of the service's environment; repeats; K alone passes ours",
     NULL, NULL},
    {0, "env-file", "FILE", "the same from the lines of a file; repeats", NULL, NULL},
    {0, "machine", "NAME", "microvm, q35 or pc; microvm", "SKIFF_MACHINE", "microvm|q35|pc"},
    {0, "accel", "NAME", "auto, kvm or tcg; auto measures whether KVM is worth it", "SKIFF_ACCEL",
     "auto|kvm|tcg"},
    {0, "net", "NET",
     "user, none, or tap=IF[,ip=ADDR/LEN[,gw=ADDR]][,dns=ADDR], likewise ip6, gw6, dns6; user",
     "SKIFF_NET", "user|none|tap="},
    {0, "vsock", "CID|unix=PATH",
     "AF_VSOCK: an address for the service on this machine's own, or a vhost-user backend's socket",
     "SKIFF_VSOCK", "unix="},
    {0, "timeout", "SECONDS", "stop the service after that long and end with 124", "SKIFF_TIMEOUT",
     NULL},
    {0, "dry-run", NULL, "print the command line that would run, and end", NULL, NULL},
    {0, "json", NULL, "with --dry-run: the machine, the accelerator and why, as JSON", NULL, NULL},
    {0},
};

/* What is the same port free for? Returns NULL if it is, else what is wrong. */
static char *port_trouble(const struct port *port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port->host)};
    int fd = socket(AF_INET, (port->is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    int on = 1, err = 0;

    if (fd < 0)
        return NULL; /* QEMU will say */
    inet_pton(AF_INET, port->host_ip, &addr.sin_addr);
    /* As QEMU does: connections of an earlier run that linger are no trouble. */
    if (!port->is_udp)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
        (!port->is_udp && listen(fd, 1) < 0))
        err = errno;
    close(fd);
    switch (err) {
    case 0:
        return NULL;
    case EADDRINUSE:
        return str_fmt("port %s:%u is already in use; choose another host port", port->host_ip,
                       port->host);
    case EACCES:
        return str_fmt("port %s:%u needs root; choose a host port of 1024 or more", port->host_ip,
                       port->host);
    case EADDRNOTAVAIL:
        return str_fmt("%s is not an address of this machine; leave it out for 127.0.0.1",
                       port->host_ip);
    default:
        return str_fmt("port %s:%u: %s", port->host_ip, port->host, strerror(err));
    }
}

#define VHOST_VSOCK "/dev/vhost-vsock"

static bool check_vsock(const struct vsock *vsock)
{
    struct stat st;

    if (vsock->kind == VSOCK_HOST && access(VHOST_VSOCK, R_OK | W_OK) < 0) {
        msg_error("--vsock %" PRIu32 ": " VHOST_VSOCK ": %s; %s", vsock->cid, strerror(errno),
                  errno == ENOENT ? "modprobe vhost_vsock, or give --vsock unix=PATH a vhost-user "
                                    "backend"
                                  : "run as root, or give yourself the device");
        return false;
    }
    if (vsock->kind == VSOCK_USER &&
        (stat(vsock->path, &st) < 0 || (!S_ISSOCK(st.st_mode) && (errno = ENOTSOCK)))) {
        msg_error("--vsock unix=%s: %s; start the vhost-user backend first", vsock->path,
                  strerror(errno));
        return false;
    }
    return true;
}

/* What QEMU would only find out after it has started, and say less well. */
static bool check_host(const struct vmspec *vm)
{
    for (size_t i = 0; i < vm->n_ports; i++) {
        char *why = port_trouble(&vm->ports[i]);
        if (why) {
            msg_error("%s: %s", vm->port_asks[i], why);
            free(why);
            return false;
        }
    }
    if (!check_vsock(&vm->vsock))
        return false;
    if (vm->net.kind != NET_TAP)
        return true;
    if (!if_nametoindex(vm->net.tap)) {
        msg_error("--net tap=%s: no such interface; ip tuntap add dev %s mode tap && ip link set "
                  "%s up",
                  vm->net.tap, vm->net.tap, vm->net.tap);
        return false;
    }
    if (access("/dev/net/tun", R_OK | W_OK) < 0) {
        msg_error("--net tap=%s: /dev/net/tun: %s; run as root, or give yourself the device",
                  vm->net.tap, strerror(errno));
        return false;
    }
    return true;
}

static bool parse_accel(const struct opts *opts, enum accel *accel)
{
    const char *by, *s = opt_value_from(opts, "accel", &by);
    char *why = s ? accel_parse(s, accel) : NULL;

    if (why)
        msg_error("%s %s: %s", by, s, why);
    free(why);
    return !why;
}

static int print_json(const struct vmspec *vm, const struct accel_choice *choice,
                      const struct strvec *argv)
{
    static const char *const nets[] = {"user", "tap", "none"};
    static const char *const vsocks[] = {"none", "host", "unix"};
    json_t *words = json_array(), *ports = json_array(), *root;

    for (size_t i = 0; i < argv->n; i++)
        json_array_append_new(words, json_string(argv->items[i]));
    for (size_t i = 0; i < vm->n_ports; i++)
        json_array_append_new(ports,
                              json_pack("{s:s, s:i, s:i, s:s}", "ip", vm->ports[i].host_ip, "host",
                                        vm->ports[i].host, "guest", vm->ports[i].guest, "protocol",
                                        vm->ports[i].is_udp ? "udp" : "tcp"));
    root = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:o, s:o}", "image", vm->image,
                     "machine", machine_name(vm->machine), "accel", accel_name(vm->accel),
                     "accel_why", choice->why, "cpu", vm->cpu, "memory_bytes",
                     (json_int_t)vm->memory_bytes, "net", nets[vm->net.kind], "vsock",
                     vsocks[vm->vsock.kind], "ports", ports, "argv", words);
    if (!root) {
        msg_error("an argument is not UTF-8, which JSON cannot hold");
        return STATUS_SKIFF;
    }
    json_dumpf(root, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(root);
    return 0;
}

static void report_death(const struct vm_end *end, const struct image *image)
{
    static const char name_size[] = "signal 64";
    char name[sizeof(name_size)];
    const char *abbrev = sigabbrev_np(end->value);
    struct text t = {0};

    snprintf(name, sizeof(name), "signal %d", end->value);
    text_addf(&t, "the service died of %s%s", abbrev ? "SIG" : "", abbrev ? abbrev : name);
    if (end->ctl.fault.is_set) {
        text_add(&t, "\n");
        symbolize_report(&end->ctl, image->path, image->build_id, &t);
        t.data[--t.len] = '\0'; /* the message ends the line */
    }
    msg_error("%s", text_str(&t));
    text_fini(&t);
}

/* The first lines of what QEMU said, without its own name before each. */
static char *said_of(const struct vm_end *end)
{
    const char *s = text_str(&end->said);
    const char *colon = strstr(s, ": ");
    size_t len;

    if (colon && colon < strchrnul(s, '\n'))
        s = colon + 2;
    len = strlen(s);
    while (len && s[len - 1] == '\n')
        len--;
    return str_dup_n(s, len);
}

static int status_of(const struct vm_end *end, const struct vmspec *vm, const struct image *image)
{
    struct place at = {image->path, 0, 0};
    char *said;

    switch (end->kind) {
    case VM_EXITED:
        return end->value;
    case VM_SIGNALED:
        report_death(end, image);
        return STATUS_SIGNAL + end->value;
    case VM_TIMED_OUT:
        msg_error("stopped after %" PRIu64 " s (--timeout)", vm->timeout_s);
        return STATUS_TIMEOUT;
    case VM_INTERRUPTED:
        return STATUS_SIGNAL + end->value;
    case VM_SILENT:
        said = said_of(end);
        msg_error_at(&at,
                     "the machine stopped, and the service never said how it ended%s%s; it cannot "
                     "boot here, or destroyed itself",
                     *said ? ": " : "", said);
        free(said);
        return STATUS_NO_BOOT;
    case VM_FAILED:
        said = said_of(end);
        if (end->value > 128)
            msg_error("QEMU died of signal %d%s%s", end->value - 128, *said ? ": " : "", said);
        else
            msg_error("QEMU failed: %s", *said ? said : "it did not say why");
        free(said);
        return STATUS_SKIFF;
    }
    return STATUS_SKIFF;
}

static uint64_t wall_time_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int boot(struct vmspec *vm, const struct image *image, const struct qemu *qemu)
{
    struct strvec argv = {0};
    struct vm_end end;
    int err, status = STATUS_SKIFF;

    /* The RTC counts whole seconds; this is why the same command line differs from run to run. */
    vm->time_ns = wall_time_ns();
    if (qemu_argv(vm, qemu->path, &argv)) {
        err = vm_run(argv.items, vm, &end);
        if (err)
            msg_error("cannot start %s: %s", qemu->path, strerror(-err));
        else
            status = status_of(&end, vm, image);
        vm_end_fini(&end);
    }
    strvec_fini(&argv);
    return status;
}

static int dry_run(const struct vmspec *vm, const struct accel_choice *choice,
                   const struct qemu *qemu, bool is_json)
{
    struct strvec argv = {0};
    int status = 0;

    if (!qemu_argv(vm, qemu->path, &argv)) {
        status = STATUS_SKIFF;
    } else if (is_json) {
        status = print_json(vm, choice, &argv);
    } else {
        char *line = shell_line(argv.items);
        /* Descriptor 3 is the control channel; here it goes nowhere. */
        printf("%s %d>/dev/null\n", line, QEMU_CTL_FD);
        free(line);
    }
    strvec_fini(&argv);
    return status;
}

/* Image, vmspec, accelerator, QEMU: each step may refuse. */
static int run_image(const char *path, const struct opts *opts)
{
    struct accel_choice choice;
    struct image image;
    struct vmspec vm;
    struct qemu qemu;
    enum accel accel = ACCEL_AUTO;
    int status = image_open(&image, path);

    if (status)
        return status;
    status = STATUS_SKIFF;
    if (!parse_accel(opts, &accel) || !vmspec_make(&vm, &image, opts))
        goto close_image;
    if (!opt_has(opts, "dry-run") && !check_host(&vm))
        goto drop_vmspec;
    if (!qemu_find(&qemu))
        goto drop_vmspec;
    if (!accel_choose(accel, &choice))
        goto drop_qemu;
    vmspec_set_accel(&vm, &choice);
    msg_verbose("%s: %s", accel_name(choice.accel), choice.why);
    status = opt_has(opts, "dry-run") ? dry_run(&vm, &choice, &qemu, opt_has(opts, "json"))
                                      : boot(&vm, &image, &qemu);
drop_qemu:
    qemu_fini(&qemu);
drop_vmspec:
    vmspec_fini(&vm);
close_image:
    image_close(&image);
    return status;
}

static int run(const struct opts *opts)
{
    const char *what = opts->words.n ? opts->words.items[0] : ".";
    char *image = NULL;
    int status;

    if (opts->words.n > 1) {
        msg_error("one image at a time, not also %s; what is for the service comes after --",
                  opts->words.items[1]);
        return STATUS_SKIFF;
    }
    if (opt_has(opts, "json") && !opt_has(opts, "dry-run")) {
        msg_error("--json needs --dry-run: what the service prints is its own");
        return STATUS_SKIFF;
    }
    if (!path_is_dir(what))
        return run_image(what, opts);
    status = build_dir(what, &image);
    proc_temp_drop();
    if (status == 0)
        status = run_image(image, opts);
    free(image);
    return status;
}

const struct verb verb_run = {
    .name = "run",
    .summary = "boot an image, or what is built here, as a virtual machine",
    .usage = "[flags] [IMAGE|DIR] [-- args of the service]",
    .details =
        "Connects the terminal, passes arguments and environment to main(), and ends with the\n"
        "service's own status, 0 to 255. A directory is built first if need be; without a word it\n"
        "is this one. Flags stand above the environment, and that above what skiff.yaml said when\n"
        "the image was built; any -p replaces its ports, and anything after -- its arguments.\n"
        "Ctrl-C ends the machine; nothing is left running.\n"
        "\n"
        "Other endings: 124 --timeout passed, 125 Skiff failed, 126 the image cannot boot, 127 no\n"
        "such image, 128+n the service died of signal n.",
    .options = options,
    .run = run,
};
