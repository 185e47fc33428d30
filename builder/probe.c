#define _GNU_SOURCE 1
#include "probe.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "msg.h"

/* The guest's memory: page tables, code, a stack; all identity-mapped by 2 MiB pages, user too. */
#define RAM_BYTES    0x10000
#define PML4_PA      0x1000
#define PDPT_PA      0x2000
#define PD_PA        0x3000
#define CODE_PA      0x4000
#define STACK_PA     0x8000
/* Behind RAM, so a store there leaves the VM, from any CPL and without any port permission. */
#define DOORBELL_PA  0x200000

#define PTE_P        (1u << 0)
#define PTE_W        (1u << 1)
#define PTE_U        (1u << 2)
#define PTE_PS       (1u << 7)

/* A guest that runs longer than this is not worth waiting for. */
#define GIVE_UP_MS   250
/* Turns of the loop: a first look that an interpreter (1 to 3 us a turn) ends in 2 ms, and a
 * measurement that native speed ends in 1 ms. */
#define LOOK_TURNS   1000
#define LONG_TURNS   2000000
#define LOOK_MAX_NS  200.0 /* a turn slower than this is interpreted */
/* "Native" allows for a neighbour on the core; an interpreter is a thousand times slower. */
#define NATIVE_TIMES 4.0

struct guest {
    int kvm, vm, vcpu;
    uint8_t *ram;
    struct kvm_run *run;
    size_t run_bytes;
};

static double now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void host_loop(uint64_t turns)
{
    __asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(turns) : : "cc");
}

static double host_turn_ns(void)
{
    double best = 1e18;

    for (int i = 0; i < 3; i++) {
        double start = now_ns();
        host_loop(LONG_TURNS);
        double t = (now_ns() - start) / LONG_TURNS;
        if (t < best)
            best = t;
    }
    return best;
}

/* loop: dec %rcx; jnz loop; mov %eax, DOORBELL; jmp loop: the next run goes on from there. */
static const uint8_t code[] = {0x48, 0xff, 0xc9, 0x75, 0xfb, 0x89, 0x04,
                               0x25, 0x00, 0x00, 0x20, 0x00, 0xeb, 0xf2};

static void put_u64(uint8_t *at, uint64_t v)
{
    memcpy(at, &v, sizeof(v));
}

static void guest_close(struct guest *g)
{
    if (g->run)
        munmap(g->run, g->run_bytes);
    if (g->ram)
        munmap(g->ram, RAM_BYTES);
    if (g->vcpu >= 0)
        close(g->vcpu);
    if (g->vm >= 0)
        close(g->vm);
    if (g->kvm >= 0)
        close(g->kvm);
}

/* The CPU's own features, or EFER.LME may be refused. */
static void set_cpuid(struct guest *g)
{
    static uint64_t room[(sizeof(struct kvm_cpuid2) + 256 * sizeof(struct kvm_cpuid_entry2)) / 8];
    struct kvm_cpuid2 *cpuid = (struct kvm_cpuid2 *)room;

    cpuid->nent = 256;
    if (ioctl(g->kvm, KVM_GET_SUPPORTED_CPUID, cpuid) == 0)
        ioctl(g->vcpu, KVM_SET_CPUID2, cpuid);
}

/* Returns NULL, or the name of the step that failed (errno says why). */
static const char *guest_open(struct guest *g)
{
    *g = (struct guest){.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), .vm = -1, .vcpu = -1};
    if (g->kvm < 0)
        return "open";
    if (ioctl(g->kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
        return "KVM_GET_API_VERSION";
    g->vm = ioctl(g->kvm, KVM_CREATE_VM, 0);
    if (g->vm < 0)
        return "KVM_CREATE_VM";
    ioctl(g->vm, KVM_SET_TSS_ADDR, 0xfffbd000); /* older Intel CPUs want one; others ignore it */
    g->ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g->ram == MAP_FAILED) {
        g->ram = NULL;
        return "mmap";
    }
    struct kvm_userspace_memory_region region = {.memory_size = RAM_BYTES,
                                                 .userspace_addr = (uintptr_t)g->ram};
    if (ioctl(g->vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
        return "KVM_SET_USER_MEMORY_REGION";
    g->vcpu = ioctl(g->vm, KVM_CREATE_VCPU, 0);
    if (g->vcpu < 0)
        return "KVM_CREATE_VCPU";
    int n = ioctl(g->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (n < (int)sizeof(struct kvm_run))
        return "KVM_GET_VCPU_MMAP_SIZE";
    g->run_bytes = (size_t)n;
    g->run = mmap(NULL, g->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, g->vcpu, 0);
    if (g->run == MAP_FAILED) {
        g->run = NULL;
        return "mmap";
    }
    set_cpuid(g);
    put_u64(g->ram + PML4_PA, PDPT_PA | PTE_P | PTE_W | PTE_U);
    put_u64(g->ram + PDPT_PA, PD_PA | PTE_P | PTE_W | PTE_U);
    put_u64(g->ram + PD_PA, 0 | PTE_P | PTE_W | PTE_U | PTE_PS);
    put_u64(g->ram + PD_PA + 8, DOORBELL_PA | PTE_P | PTE_W | PTE_U | PTE_PS);
    memcpy(g->ram + CODE_PA, code, sizeof(code));
    return NULL;
}

/* 64-bit mode at one CPL, interrupts off, no IDT: any fault ends the guest. */
static const char *guest_enter(struct guest *g, unsigned cpl)
{
    struct kvm_sregs s;
    struct kvm_segment cs = {.limit = 0xffffffff,
                             .selector = (uint16_t)(0x18 | cpl),
                             .type = 11,
                             .present = 1,
                             .dpl = (uint8_t)cpl,
                             .s = 1,
                             .l = 1,
                             .g = 1};
    struct kvm_segment ds = cs;

    ds.selector = (uint16_t)(0x20 | cpl);
    ds.type = 3;
    ds.l = 0;
    ds.db = 1;
    if (ioctl(g->vcpu, KVM_GET_SREGS, &s) < 0)
        return "KVM_GET_SREGS";
    s.cs = cs;
    s.ds = s.es = s.fs = s.gs = s.ss = ds;
    s.cr3 = PML4_PA;
    s.cr4 = 1 << 5;                                   /* PAE */
    s.cr0 = 1u << 31 | 1 << 16 | 1 << 5 | 1 << 4 | 1; /* PG, WP, NE, ET, PE */
    s.efer = 1 << 8 | 1 << 10;                        /* LME, LMA */
    s.idt.limit = 0;
    if (ioctl(g->vcpu, KVM_SET_SREGS, &s) < 0)
        return "KVM_SET_SREGS";
    return NULL;
}

/* A guest that never leaves must not hang us: KVM_RUN ends with EINTR when this arrives. */
static void on_alarm(int sig)
{
    (void)sig;
}

/* Time one run of so many turns; -1 with *why if it did not ring the doorbell. */
static double guest_run_ns(struct guest *g, uint64_t turns, char *why, size_t why_bytes)
{
    struct kvm_regs regs = {.rcx = turns, .rip = CODE_PA, .rsp = STACK_PA, .rflags = 2};
    double start;

    if (ioctl(g->vcpu, KVM_SET_REGS, &regs) < 0) {
        snprintf(why, why_bytes, "KVM_SET_REGS: %s", strerror(errno));
        return -1;
    }
    start = now_ns();
    for (;;) {
        double spent_ms = (now_ns() - start) / 1e6;
        if (spent_ms > GIVE_UP_MS) {
            snprintf(why, why_bytes, "a guest of %u instructions did not end in %d ms",
                     (unsigned)turns * 2, GIVE_UP_MS);
            return -1;
        }
        if (ioctl(g->vcpu, KVM_RUN, 0) == 0)
            break;
        if (errno != EINTR && errno != EAGAIN) {
            snprintf(why, why_bytes, "KVM_RUN: %s", strerror(errno));
            return -1;
        }
    }
    if (g->run->exit_reason != KVM_EXIT_MMIO || g->run->mmio.phys_addr != DOORBELL_PA) {
        snprintf(why, why_bytes, "a guest of three instructions ended with exit reason %u",
                 g->run->exit_reason);
        return -1;
    }
    return now_ns() - start;
}

/* The time of one turn at a CPL, in ns; 0 with *why if no guest ran there. */
static double guest_turn_ns(struct guest *g, unsigned cpl, char *why, size_t why_bytes)
{
    const char *step = guest_enter(g, cpl);
    double best = 1e18;

    if (step) {
        snprintf(why, why_bytes, "%s: %s", step, strerror(errno));
        return 0;
    }
    /* The first run builds the shadow of the page tables; it tells nothing about speed. */
    if (guest_run_ns(g, 1, why, why_bytes) < 0)
        return 0;
    for (int i = 0; i < 2; i++) {
        double t = guest_run_ns(g, LOOK_TURNS, why, why_bytes);
        if (t < 0)
            return 0;
        if (t / LOOK_TURNS < best)
            best = t / LOOK_TURNS;
    }
    if (best > LOOK_MAX_NS)
        return best;
    best = 1e18;
    for (int i = 0; i < 3; i++) {
        double t = guest_run_ns(g, LONG_TURNS, why, why_bytes);
        if (t < 0)
            return 0;
        if (t / LONG_TURNS < best)
            best = t / LONG_TURNS;
    }
    return best;
}

static void measure(struct kvm_probe *p, struct guest *g)
{
    p->host_ns = host_turn_ns();
    p->cpl3_ns = guest_turn_ns(g, 3, p->why, sizeof(p->why));
    if (p->cpl3_ns == 0)
        return;
    p->cpl0_ns = guest_turn_ns(g, 0, p->why, sizeof(p->why));
    if (p->cpl3_ns > NATIVE_TIMES * p->host_ns) {
        snprintf(p->why, sizeof(p->why), "a guest's loop takes %.1f ns a turn, %.1f ns here",
                 p->cpl3_ns, p->host_ns);
        return;
    }
    p->why[0] = '\0';
    p->kind = p->cpl0_ns > 0 && p->cpl0_ns <= NATIVE_TIMES * p->host_ns ? KVM_NATIVE : KVM_RING3;
}

void kvm_probe(struct kvm_probe *p)
{
    struct sigaction act = {.sa_handler = on_alarm}, old_act;
    struct itimerval tick = {{0, 20000}, {0, GIVE_UP_MS * 1000}}, off = {{0, 0}, {0, 0}};
    double start = now_ns();
    struct guest g;
    const char *step;

    *p = (struct kvm_probe){.kind = KVM_BROKEN};
    step = guest_open(&g);
    if (step && g.kvm < 0) {
        p->kind = errno == ENOENT ? KVM_ABSENT : errno == EACCES ? KVM_DENIED : KVM_BROKEN;
        snprintf(p->why, sizeof(p->why), "/dev/kvm: %s", strerror(errno));
    } else if (step) {
        snprintf(p->why, sizeof(p->why), "%s: %s", step, strerror(errno));
    } else {
        sigaction(SIGALRM, &act, &old_act);
        setitimer(ITIMER_REAL, &tick, NULL);
        measure(p, &g);
        setitimer(ITIMER_REAL, &off, NULL);
        sigaction(SIGALRM, &old_act, NULL);
    }
    guest_close(&g);
    p->probe_ms = (now_ns() - start) / 1e6;
}

static bool host_has_rdrand(void)
{
    unsigned a, b, c, d;

    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_RDRND);
}

static void choose_tcg(struct accel_choice *choice, const char *why)
{
    /* QEMU's own CPU has RDRAND since 5.0. */
    *choice = (struct accel_choice){.accel = ACCEL_TCG, .cpu = "max", .has_rdrand = true};
    snprintf(choice->why, sizeof(choice->why), "%s", why);
}

static const char *remedy(enum kvm_kind kind)
{
    switch (kind) {
    case KVM_ABSENT:
        return "enable virtualization in the firmware and modprobe kvm_intel or kvm_amd, or use "
               "--accel tcg";
    case KVM_DENIED:
        return "add yourself to the group kvm (usermod -aG kvm USER, then log in again), or use "
               "--accel tcg";
    default:
        return "use --accel tcg";
    }
}

bool accel_decide(enum accel asked, const struct kvm_probe *p, bool host_rdrand,
                  struct accel_choice *choice)
{
    char why[240];

    if (asked == ACCEL_TCG) {
        choose_tcg(choice, "asked for");
        return true;
    }
    bool is_usable = p->kind == KVM_NATIVE || p->kind == KVM_RING3;
    if (asked == ACCEL_KVM && !is_usable) {
        msg_error("--accel kvm: %s; %s", p->why, remedy(p->kind));
        return false;
    }
    if (p->kind == KVM_NATIVE || (asked == ACCEL_KVM && is_usable)) {
        bool is_native = p->kind == KVM_NATIVE;
        /* Without hardware virtualization beneath, QEMU ends on the MSR behind that feature. */
        *choice = (struct accel_choice){.accel = ACCEL_KVM,
                                        .cpu = is_native ? "host" : "host,-arch-capabilities",
                                        .has_rdrand = host_rdrand};
        snprintf(choice->why, sizeof(choice->why),
                 "%sKVM runs a guest at %.2f ns a turn, %.2f here%s",
                 asked == ACCEL_KVM ? "asked for; " : "", p->cpl3_ns, p->host_ns,
                 is_native ? "" : ", at CPL 3 only");
        return true;
    }
    if (p->kind == KVM_RING3)
        snprintf(why, sizeof(why),
                 "KVM here runs only CPL 3 natively (%.2f ns a turn, %.0f at CPL 0): devices are "
                 "quicker without it; --accel kvm for computing",
                 p->cpl3_ns, p->cpl0_ns);
    else
        snprintf(why, sizeof(why), "no usable KVM: %s", p->why);
    choose_tcg(choice, why);
    return true;
}

bool accel_choose(enum accel asked, struct accel_choice *choice)
{
    struct kvm_probe probe = {0};

    if (asked != ACCEL_TCG)
        kvm_probe(&probe);
    return accel_decide(asked, &probe, host_has_rdrand(), choice);
}
