/*
 * The order of the world, from CPL 3 on (arch/x86_64/entry.S and the keel came before):
 *
 *      CPU · memory · configuration · clock · console · devices · randomness · files · network ·
 *      the service
 *
 * What not every service needs is reached through weak references: it is linked only when something
 * else reaches it as well, and skipped here when it is not.
 */
#include <elf.h>
#include <signal.h>
#include <string.h>

#include "abi/bootcfg.h"
#include "abi/ctl.h"
#include "arch/cpu.h"
#include "arch/percpu.h"
#include "arch/x86_64/keel.h"
#include "base/log.h"
#include "base/panic.h"
#include "base/setting.h"
#include "boot/config.h"
#include "boot/end.h"
#include "boot/random.h"
#include "boot/report.h"
#include "dev/dev.h"
#include "dev/pkt.h"
#include "dev/uart.h"
#include "file/console.h"
#include "fs/hostname.h"
#include "mem/page.h"
#include "mem/vm.h"
#include "net/config.h"
#include "sched/clock.h"
#include "sched/thread.h"
#include "sys/fault.h"

/* Optional parts: NULL when not linked. */
#pragma weak clock_start
#pragma weak dev_cmdline
#pragma weak pkt_pool_init
#pragma weak random_init
#pragma weak fs_start
#pragma weak net_config_read
#pragma weak net_hostname
#pragma weak net_finish
#pragma weak net_start
#pragma weak vsock_finish
#pragma weak net_on_addr
#pragma weak net_on_listen
#pragma weak fault_signal

#define MAIN_STACK_BYTES (8ul << 20) /* as Linux gives by default */

extern char __image_start[];
void process_main(long *sp);
_Noreturn void boot_main(const struct bootinfo *info);

static struct service_config service;

/* ---- memory ---- */

/* Give every page of RAM outside [taken_start, taken_end) to the allocator. */
static void donate(const struct bootinfo *info, u64 taken_start, u64 taken_end)
{
    for (u32 i = 0; i < info->n_ram; i++) {
        u64 start = info->ram[i].start, end = info->ram[i].end;

        if (start < taken_start)
            page_donate(start, (MIN(end, taken_start) - start) / PAGE_SIZE);
        start = MAX(start, taken_end);
        if (start < end)
            page_donate(start, (end - start) / PAGE_SIZE);
    }
}

/* Behind the keel's pool: a copy of the command line, room for its strings, one byte per page
 * frame. Returns the copy. Until then nothing of RAM may be overwritten. */
static const char *start_memory(const struct bootinfo *info, char **room)
{
    size_t line_bytes = strlen(info->cmdline) + 1;
    char *line = (char *)info->keel_end;
    u64 top = 0, state_bytes;
    u8 *state;

    for (u32 i = 0; i < info->n_ram; i++)
        top = MAX(top, info->ram[i].end);
    memmove(line, info->cmdline, line_bytes);
    *room = line + line_bytes;
    state = (u8 *)*room + config_room(line);
    state_bytes = ALIGN_UP(top / PAGE_SIZE, 8);
    words_zero(state, state_bytes);
    page_init(top, state);
    donate(info, (u64)__image_start, ALIGN_UP((u64)state + state_bytes, PAGE_SIZE));
    return line;
}

/* ---- console, faults ---- */

/* Setting the UART up drops what it has received, so who sends input waits for this word. */
static size_t take_input(void *buf, size_t len)
{
    static bool has_asked;
    size_t n = uart_read(buf, len);

    if (!has_asked) {
        has_asked = true;
        ctl_line(CTL_INPUT);
    }
    return n;
}

static const struct console_dev console = {uart_write, take_input, uart_arm};

/* The console is the service's own: with a control channel the log goes there. */
static void log_out(const char *line, size_t len)
{
    if (ctl_is_open())
        ctl_line(CTL_LOG " %.*s", (int)len - 1, line);
    else
        uart_write(line, len);
}

/* No thread of the service runs from here on: of its work, only what it has sent is left. */
static void finish(void)
{
    percpu()->depth++;
    if (net_finish)
        net_finish();
    if (vsock_finish)
        vsock_finish();
}

static __attribute__((noreturn)) void on_exit(int code)
{
    finish();
    end_exit(code);
}

static __attribute__((noreturn)) void on_kill(int sig)
{
    finish();
    end_signal(sig);
}

static void stop_after_panic(void)
{
    end_signal(SIGABRT);
}

static void on_fault(struct trap_frame *frame)
{
    if (!fault_signal || !fault_signal(frame, report_signal(frame)))
        report_fault(frame);
}

static void read_log_level(const char *line)
{
    static const char names[][6] = {"err", "warn", "info", "debug"};
    struct text t;

    if (!setting_find(line, BOOTCFG_LOG, &t))
        return;
    for (u32 i = 0; i < ARRAY_SIZE(names); i++)
        if (text_is(&t, names[i]))
            log_threshold = (enum log_level)i;
}

/* ---- network ---- */

static void on_listen(u16 port, int proto)
{
    ctl_line(CTL_LISTEN " %u/%s", port, proto == 17 ? "udp" : "tcp");
}

/* What host= says; empty without it. */
static char hostname[HOSTNAME_MAX + 1];

static void on_addr(u32 addr, u32 mask)
{
    u8 b[4];

    memcpy(b, &addr, 4);
    ctl_line(CTL_ADDR " %u.%u.%u.%u/%u", b[0], b[1], b[2], b[3],
             mask ? 32 - (u32)__builtin_ctz(__builtin_bswap32(mask)) : 0);
    if (fs_start && !hostname[0] && *net_hostname())
        fs_start(net_hostname());
}

static void start_network(const char *line)
{
    struct net_config cfg;

    if (!net_start || !net_config_read)
        return;
    pkt_pool_init((u32)(page_avail() / 2)); /* two packets a page: a quarter of RAM */
    net_on_listen = on_listen;
    net_on_addr = on_addr;
    net_config_read(line, &cfg);
    cfg.hostname = hostname[0] ? hostname : NULL;
    net_start(&cfg);
}

/* ---- the service ---- */

/* 16 bytes for libc's stack canary: from RDRAND, or at worst from the time it is. */
static void canary(u64 out[2])
{
    for (int i = 0; i < 2; i++)
        if (!cpu_random(&out[i]))
            out[i] = cpu_tsc() * 0x9e3779b97f4a7c15;
}

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
    char *at = service.strings;
    u32 cpu[4];

    cpu_id(1, 0, cpu);
    canary(random);
    const u64 aux[][2] = {
        {AT_PHDR, (u64)__image_start + elf->e_phoff},
        {AT_PHENT, elf->e_phentsize},
        {AT_PHNUM, elf->e_phnum},
        {AT_PAGESZ, PAGE_SIZE},
        {AT_ENTRY, elf->e_entry},
        {AT_HWCAP, cpu[3]},
        {AT_CLKTCK, 100},
        {AT_RANDOM, (u64)random},
        {AT_EXECFN, (u64)service.strings},
        {AT_NULL, 0},
    };
    base = random - (1 + service.n_args + 1 + service.n_env + 1) - sizeof(aux) / sizeof(u64);
    base = sp = (u64 *)ALIGN_DOWN((u64)base, 16);
    *sp++ = service.n_args;
    sp = push_strings(sp, &at, service.n_args);
    sp = push_strings(sp, &at, service.n_env);
    memcpy(sp, aux, sizeof(aux));
    return (u64)base;
}

static _Noreturn void start_service(void)
{
    s64 stack = vm_map(0, MAIN_STACK_BYTES, VM_READ | VM_WRITE, VM_STACK);
    u64 sp;

    if (stack < 0)
        panic("no memory for the first stack");
    sp = build_stack((u64)stack + MAIN_STACK_BYTES);
    percpu()->depth = 0;
    stack_call((void (*)(void *))process_main, (void *)sp, sp);
}

_Noreturn void boot_main(const struct bootinfo *info)
{
    static u64 boot_tls[8]; /* a canary's place before there are threads */
    const char *line;
    struct text host;
    char *room;

    percpu_init();
    context_set_tls((u64)boot_tls);
    trap_hooks.page_fault = vm_fault;
    trap_hooks.fault = on_fault;
    log_set_sink(log_out);
    panic_set_stop(stop_after_panic);

    line = start_memory(info, &room);
    config_read(line, room, &service);
    end_init((u16)setting_number(line, BOOTCFG_EXIT, UINT16_MAX),
             (u16)setting_number(line, BOOTCFG_CTL, UINT16_MAX));
    read_log_level(line);

    thread_begin();
    sched_end = on_exit;
    sched_kill = on_kill;
    if (clock_start)
        clock_start(setting_number(line, BOOTCFG_TIME, UINT64_MAX));
    console_set_device(&console);
    console_open();

    if (dev_cmdline)
        dev_cmdline(line);
    if (random_init && !random_init())
        panic("no source of randomness: give the VM a CPU with RDRAND or a virtio-rng device");
    if ((fs_start || net_start) && setting_find(line, BOOTCFG_HOST, &host) &&
        host.len <= HOSTNAME_MAX)
        text_decode(hostname, host);
    if (fs_start && hostname[0])
        fs_start(hostname);
    start_network(line);
    start_service();
}
