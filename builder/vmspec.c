#include "vmspec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "manifest.h"
#include "msg.h"
#include "opt.h"
#include "probe.h"

/* Where a value was written, for messages: "--net tap=x" or "run.net=tap=x of the image". */
static bool wrong(const char *by, const char *value, char *why)
{
    msg_error("%s %s: %s", by, value, why);
    free(why);
    return false;
}

/* The flag's or environment's value, else the image's; *by names the one it is. */
static const char *value_of(const struct image *image, const struct opts *opts, const char *flag,
                            const char *key, const char **by)
{
    const char *value = opt_value_from(opts, flag, by);

    if (!value && key) {
        value = info_get(&image->info, key);
        *by = key;
    }
    return value;
}

static bool set_machine(struct vmspec *vm, const struct image *image, const struct opts *opts)
{
    const char *by, *s = value_of(image, opts, "machine", "run.machine", &by);
    char *why = s ? machine_parse(s, &vm->machine) : NULL;

    return why ? wrong(by, s, why) : true;
}

/* What the image needs at least: what it says, and never less than where it ends. */
static uint64_t floor_of(const struct image *image)
{
    const char *s = info_get(&image->info, "floor");
    uint64_t floor = MEMORY_FLOOR_BYTES, said;

    if (s && number_parse(s, 0, MEMORY_MAX_BYTES, &said) && said > floor)
        floor = said;
    return image->end_pa > floor ? image->end_pa : floor;
}

static bool set_memory(struct vmspec *vm, const struct image *image, const struct opts *opts)
{
    const char *by, *s = opt_value_from(opts, "memory", &by);
    const char *said = info_get(&image->info, "run.memory");

    vm->memory_bytes = MEMORY_DEFAULT_BYTES;
    if (s) {
        if (!size_parse(s, 20, &vm->memory_bytes))
            return wrong(by, s, str_fmt("not a size; write it as 4M or 512K"));
    } else if (said && number_parse(said, 0, MEMORY_MAX_BYTES, &vm->memory_bytes)) {
        by = "memory";
    } else {
        by = "default memory";
        /* A large image without a word about memory: what it needs, and as much again. */
        while (vm->memory_bytes < 2 * floor_of(image))
            vm->memory_bytes *= 2;
    }
    /* QEMU wants whole pages; nobody means half of one. */
    vm->memory_bytes = (vm->memory_bytes + 4095) & ~4095ull;
    return memory_is_possible(vm->memory_bytes, floor_of(image), NULL, by);
}

static bool set_net(struct vmspec *vm, const struct image *image, const struct opts *opts)
{
    const char *by, *s = value_of(image, opts, "net", "run.net", &by);
    char *why = s ? net_parse(s, &vm->net) : NULL;

    return why ? wrong(by, s, why) : true;
}

static bool set_vsock(struct vmspec *vm, const struct opts *opts)
{
    const char *by, *s = opt_value_from(opts, "vsock", &by);
    char *why = s ? vsock_parse(s, &vm->vsock) : NULL;

    return why ? wrong(by, s, why) : true;
}

static bool is_same_port(const struct port *a, const struct port *b)
{
    bool is_same_ip = strcmp(a->host_ip, b->host_ip) == 0 || strcmp(a->host_ip, "0.0.0.0") == 0 ||
                      strcmp(b->host_ip, "0.0.0.0") == 0;

    return a->host == b->host && a->is_udp == b->is_udp && is_same_ip;
}

static bool add_port(struct vmspec *vm, const char *by, const char *s)
{
    struct port port;
    char *why = port_parse(s, &port);

    for (size_t i = 0; !why && i < vm->n_ports; i++)
        if (is_same_port(&vm->ports[i], &port))
            why = str_fmt("%s takes port %u already; choose another host port", vm->port_asks[i],
                          port.host);
    if (why)
        return wrong(by, s, why);
    vm->ports = mem_grow(vm->ports, (vm->n_ports + 1) * sizeof(*vm->ports));
    vm->port_asks = mem_grow(vm->port_asks, (vm->n_ports + 1) * sizeof(*vm->port_asks));
    vm->ports[vm->n_ports] = port;
    vm->port_asks[vm->n_ports++] = str_fmt("%s %s", by, s);
    return true;
}

/* Flags replace the image's ports; the image's count only where they can work. */
static bool set_ports(struct vmspec *vm, const struct image *image, const struct opts *opts)
{
    size_t i = 0;
    const char *s;

    while ((s = opt_next(opts, "port", &i))) {
        if (vm->net.kind != NET_USER)
            return wrong("-p", s,
                         str_fmt("ports are forwarded by --net user only; the service's own "
                                 "address serves on a tap"));
        if (!add_port(vm, "-p", s))
            return false;
    }
    if (vm->n_ports || vm->net.kind != NET_USER)
        return true;
    i = 0;
    while ((s = info_next(&image->info, "run.port", &i)))
        if (!add_port(vm, "port", s))
            return false;
    return true;
}

void env_set(struct strvec *env, const char *pair)
{
    size_t len = strcspn(pair, "=") + 1;

    for (size_t i = 0; i < env->n; i++) {
        if (strncmp(env->items[i], pair, len) != 0)
            continue;
        free(env->items[i]);
        env->items[i] = str_dup(pair);
        return;
    }
    strvec_add(env, pair);
}

/* "K=V", or "K" for our own value (nothing if we have none). False if it is neither. */
static bool env_add(struct strvec *env, const char *word)
{
    size_t len = strcspn(word, "=");

    if (len == 0 || strcspn(word, " \t") < len)
        return false;
    if (word[len] == '=') {
        env_set(env, word);
        return true;
    }
    const char *own = getenv(word);
    if (own) {
        char *pair = str_fmt("%s=%s", word, own);
        env_set(env, pair);
        free(pair);
    }
    return true;
}

bool env_parse(struct strvec *env, const char *path, const char *data)
{
    struct place at = {path, 0, 1};

    while (*data) {
        size_t len = strcspn(data, "\n");
        char *line = str_dup_n(data, len);
        at.line++;
        if (len && line[len - 1] == '\r')
            line[len - 1] = '\0';
        bool is_good = !*line || *line == '#' || env_add(env, line);
        if (!is_good)
            msg_error_at(&at, "not K=V: %s; write one K=V in each line", line);
        free(line);
        if (!is_good)
            return false;
        data += len + (data[len] == '\n');
    }
    return true;
}

static bool add_env_file(struct vmspec *vm, const char *path)
{
    struct place at = {path, 0, 0};
    char *data;
    size_t len;
    int err = file_read(path, &data, &len);

    if (err) {
        msg_error("--env-file %s: %s", path, strerror(-err));
        return false;
    }
    bool is_good = strlen(data) == len;
    if (!is_good)
        msg_error_at(&at, "not text: it holds a NUL byte");
    else
        is_good = env_parse(&vm->env, path, data);
    free(data);
    return is_good;
}

static bool set_env(struct vmspec *vm, const struct image *image, const struct opts *opts)
{
    const char *s;
    size_t i = 0;

    while ((s = info_next(&image->info, "run.env", &i)))
        env_add(&vm->env, s);
    for (i = 0; (s = opt_next(opts, "env-file", &i));)
        if (!add_env_file(vm, s))
            return false;
    for (i = 0; (s = opt_next(opts, "env", &i));)
        if (!env_add(&vm->env, s))
            return wrong("-e", s, str_fmt("not K=V; write it as NAME=VALUE"));
    return true;
}

static void set_args(struct vmspec *vm, const struct image *image, const struct opts *opts)
{
    const char *s;
    size_t i = 0;

    if (opts->has_guest) {
        strvec_add_all(&vm->args, &opts->guest);
        return;
    }
    while ((s = info_next(&image->info, "run.arg", &i)))
        strvec_add(&vm->args, s);
}

static bool set_timeout(struct vmspec *vm, const struct opts *opts)
{
    const char *by, *s = opt_value_from(opts, "timeout", &by);

    if (s && !number_parse(s, 1, 1000000000, &vm->timeout_s))
        return wrong(by, s, str_fmt("not a time; write whole seconds, 1 or more"));
    return true;
}

/* The service's argv[0]: the image's file name without ".elf". */
static char *name_of(const char *path)
{
    const char *base = path_base(path);
    size_t len = strlen(base);

    return str_ends(base, ".elf") && len > 4 ? str_dup_n(base, len - 4) : str_dup(base);
}

bool vmspec_make(struct vmspec *vm, const struct image *image, const struct opts *opts)
{
    *vm = (struct vmspec){
        .image = str_dup(image->path),
        .name = name_of(image->path),
        .accel = ACCEL_TCG,
        .cpu = "max",
        .log_level = msg_is_verbose() ? "info" : NULL,
    };
    set_args(vm, image, opts);
    return set_machine(vm, image, opts) && set_memory(vm, image, opts) &&
           set_net(vm, image, opts) && set_vsock(vm, opts) && set_ports(vm, image, opts) &&
           set_env(vm, image, opts) && set_timeout(vm, opts);
}

void vmspec_set_accel(struct vmspec *vm, const struct accel_choice *choice)
{
    vm->accel = choice->accel;
    vm->cpu = choice->cpu;
    vm->needs_rng = !choice->has_rdrand;
    /* SeaBIOS takes seconds where ring 0 is interpreted; on plain hardware it costs 30 ms. */
    vm->uses_qboot = choice->accel == ACCEL_KVM && vm->machine == MACHINE_Q35;
}

void vmspec_fini(struct vmspec *vm)
{
    for (size_t i = 0; i < vm->n_ports; i++)
        free(vm->port_asks[i]);
    free(vm->ports);
    free(vm->port_asks);
    free(vm->image);
    free(vm->name);
    strvec_fini(&vm->env);
    strvec_fini(&vm->args);
    *vm = (struct vmspec){0};
}
