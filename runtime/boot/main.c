/*
 * The order of the world, from CPL 3 on (arch/x86_64/entry.S and the keel came before):
 *
 *      CPU · memory · configuration · console · clock · randomness · threads and faults ·
 *      devices · files · network · the service
 *
 * What not every service needs is reached through weak references: it is linked only when something
 * else reaches it as well, and skipped here when it is not.
 */
#include <elf.h>
#include <string.h>

#include "abi/ctl.h"
#include "arch/cpu.h"
#include "arch/percpu.h"
#include "arch/x86_64/keel.h"
#include "base/log.h"
#include "base/panic.h"
#include "boot/config.h"
#include "boot/end.h"
#include "boot/report.h"
#include "dev/dev.h"
#include "dev/uart.h"
#include "file/console.h"
#include "mem/page.h"
#include "mem/vm.h"
#include "net/net.h"
#include "sched/clock.h"
#include "sched/thread.h"

#define MAIN_STACK_BYTES (8ul << 20) /* as Linux gives by default */

#define WEAK             __attribute__((weak))
/* Optional parts: NULL when not linked. */
WEAK void console_open(void);
WEAK void dev_probe(void);
WEAK void virtio_mmio_add(u64 base, u32 gsi);
WEAK void pkt_pool_init(u32 n_max);
WEAK void net_start(const struct net_config *cfg);
WEAK int net_resolv_conf(char *buf, size_t size);
WEAK void fs_start(const char *hostname);
WEAK void fs_set_generator(const char *path, int (*text)(char *buf, size_t size));
WEAK bool random_init(void);
WEAK void trap_signal(struct trap_frame *frame, int sig);

/* 16 bytes for libc's stack canary: from RDRAND, or at worst from the time it is. */
static void random_early(u64 out[2])
{
    for (int i = 0; i < 2; i++)
        if (!cpu_random(&out[i]))
            out[i] = cpu_tsc() * 0x9e3779b97f4a7c15;
}

extern char __image_start[];
void process_main(long *sp);
_Noreturn void boot_main(const struct bootinfo *info);

static struct boot_config config;

/* ---- memory ---- */

/* Give every page of RAM outside [taken_start, taken_end) to the allocator. */
static void donate(const struct bootinfo *info, u64 taken_start, u64 taken_end)
{
    for (u32 i = 0; i < info->n_ram; i++) {
        u64 start = info->ram[i].start, end = info->ram[i].end;

        if (start < taken_start)
            page_donate(start, (MIN(end, taken_start) - start) / PAGE_SIZE);
        if (end > taken_end && end > MAX(start, taken_end))
            page_donate(MAX(start, taken_end), (end - MAX(start, taken_end)) / PAGE_SIZE);
    }
}

/* Behind the keel's pool: a copy of the command line, room for its strings, one byte per page
 * frame. Returns the copy. Until then nothing of RAM may be overwritten. */
static const char *start_memory(const struct bootinfo *info, char **room)
{
    size_t line_bytes = strlen(info->cmdline) + 1;
    char *line = (char *)info->keel_end;
    u64 top = 0, taken;

    for (u32 i = 0; i < info->n_ram; i++)
        top = MAX(top, info->ram[i].end);
    memmove(line, info->cmdline, line_bytes);
    *room = line + line_bytes;
    u8 *state = (u8 *)*room + config_room(line);
    taken = ALIGN_UP((u64)state + top / PAGE_SIZE, PAGE_SIZE);
    memset(state, 0, top / PAGE_SIZE);
    page_init(top, state);
    donate(info, (u64)__image_start, taken);
    return line;
}

/* ---- console, faults, end ---- */

static const struct console_dev console = {uart_write, uart_read, uart_arm};

static void log_to_console(const char *line, size_t len)
{
    uart_write(line, len);
}

static void stop_after_panic(void)
{
    end_signal(6);
}

static void on_fault(struct trap_frame *frame)
{
    if (trap_signal)
        trap_signal(frame, report_signal(frame)); /* returns if no handler wants it */
    else
        report_fault(frame);
}

/* ---- the service ---- */

static u64 *push_strings(u64 *sp, char **at, u32 n)
{
    for (; n; n--, *at += strlen(*at) + 1)
        *sp++ = (u64)*at;
    *sp++ = 0;
    return sp;
}

/* A stack as exec() leaves it: argc, argv, envp, auxv. Returns its address. */
static u64 build_stack(u64 top)
{
    const Elf64_Ehdr *elf = (void *)__image_start;
    u64 *random = (u64 *)top - 2, *base, *sp;
    char *at = config.strings;
    u32 cpu[4];

    cpu_id(1, 0, cpu);
    random_early(random);
    base = random - (1 + config.n_args + 1 + config.n_env + 1 + 2 * 16);
    base = sp = (u64 *)ALIGN_DOWN((u64)base, 16);
    *sp++ = config.n_args;
    sp = push_strings(sp, &at, config.n_args);
    sp = push_strings(sp, &at, config.n_env);
    const u64 aux[][2] = {
        {AT_PHDR, (u64)__image_start + elf->e_phoff},
        {AT_PHENT, elf->e_phentsize},
        {AT_PHNUM, elf->e_phnum},
        {AT_PAGESZ, PAGE_SIZE},
        {AT_ENTRY, elf->e_entry},
        {AT_HWCAP, cpu[3]},
        {AT_CLKTCK, 100},
        {AT_RANDOM, (u64)random},
        {AT_EXECFN, (u64)config.strings},
        {AT_NULL, 0},
    };
    memcpy(sp, aux, sizeof(aux));
    return (u64)base;
}

static _Noreturn void start_service(void)
{
    s64 stack = vm_map(0, MAIN_STACK_BYTES, VM_READ | VM_WRITE, VM_STACK);
    u64 sp;

    if (stack < 0)
        panic("no memory for a stack of 8 MiB of addresses");
    sp = build_stack((u64)stack + MAIN_STACK_BYTES);
    percpu()->depth = 0;
    stack_call((void (*)(void *))process_main, (void *)sp, sp);
}

_Noreturn void boot_main(const struct bootinfo *info)
{
    static u64 boot_tls[8]; /* a canary's place before there are threads */
    const char *line;
    char *room;

    percpu_init();
    context_set_tls((u64)boot_tls);
    trap_hooks.page_fault = vm_fault;
    trap_hooks.fault = on_fault;
    log_set_sink(log_to_console);
    panic_set_stop(stop_after_panic);

    line = start_memory(info, &room);
    config_read(line, room, &config);
    end_init(config.exit_port, config.ctl_port);

    cpu_clock_init();
    clock_wall_set(config.wall_ns ? config.wall_ns : cpu_rtc_seconds() * NSEC_PER_SEC);
    sched_init();
    sched_end = end_exit;
    sched_kill = end_signal;

    console_set_device(&console);
    if (console_open)
        console_open();
    if (pkt_pool_init)
        pkt_pool_init((u32)(page_avail() / 2)); /* two packets a page: a quarter of RAM */
    if (virtio_mmio_add)
        config_each_virtio_mmio(line, virtio_mmio_add);
    if (dev_probe)
        dev_probe();
    if (random_init && !random_init())
        panic("no source of randomness: give the VM a CPU with RDRAND or a virtio-rng device");
    if (fs_start)
        fs_start(config.net.hostname);
    if (fs_set_generator && net_resolv_conf)
        fs_set_generator("/etc/resolv.conf", net_resolv_conf);
    if (net_start)
        net_start(&config.net);
    start_service();
}
