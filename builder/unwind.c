#include "unwind.h"

#include <dwarf.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "ctlread.h"
#include "text.h"

/* Registers by their DWARF numbers (System V ABI for x86-64, figure 3.36); 16 is the pc. */
static const char *const names[] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8",
                                    "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip"};
#define N_REGS       17
#define REG_SP       7
#define REG_PC       16
#define FRAME_THREAD 1   /* any id: there is one thread */
#define SCAN_WORDS   256 /* how far up a return address is looked for: 2 KiB */
#define MAX_RESTARTS 16

struct walk {
    const struct ctl_reader *ctl;
    Dwfl *dwfl;
    char *code; /* the image file */
    size_t code_bytes;
    Dwarf_Word regs[N_REGS]; /* where the next walk by CFI starts, and how far it came */
    uint64_t *frames;
    size_t n, max;
    bool is_restart; /* the first frame of this walk is there already */
    bool is_done;
};

static bool read_word(const struct walk *w, uint64_t va, uint64_t *word)
{
    uint64_t offset = va - w->ctl->stack_va;

    if (va < w->ctl->stack_va || w->ctl->stack_bytes < 8 || offset > w->ctl->stack_bytes - 8)
        return false;
    memcpy(word, w->ctl->stack + offset, 8);
    return true;
}

/* The bytes before an address in an executable segment; NULL if there are none. */
static const uint8_t *code_before(const struct walk *w, uint64_t va, size_t n)
{
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)w->code;

    /* The image was judged before it ran (image_open); only bounds are looked at here. */
    if (w->code_bytes < sizeof(*head) || head->e_phoff > w->code_bytes ||
        head->e_phnum > (w->code_bytes - head->e_phoff) / sizeof(Elf64_Phdr))
        return NULL;
    for (unsigned i = 0; i < head->e_phnum; i++) {
        Elf64_Phdr p;
        memcpy(&p, w->code + head->e_phoff + i * sizeof(p), sizeof(p));
        if (p.p_type != PT_LOAD || !(p.p_flags & PF_X) || va < p.p_vaddr + n ||
            va - p.p_vaddr > p.p_filesz || p.p_offset > w->code_bytes ||
            p.p_filesz > w->code_bytes - p.p_offset)
            continue;
        return (const uint8_t *)w->code + p.p_offset + (va - p.p_vaddr) - n;
    }
    return NULL;
}

/* Does a call instruction end here? e8 rel32, or ff /2 with any of its operands. */
static bool follows_call(const struct walk *w, uint64_t va)
{
    const uint8_t *p = code_before(w, va, 7);

    if (!p)
        return false;
    if (p[2] == 0xe8)
        return true;
    for (unsigned len = 2; len <= 7; len++)
        if (p[7 - len] == 0xff && (p[8 - len] & 0x38) == 0x10)
            return true;
    return false;
}

/* The function that holds an address; false if the symbols do not say. */
static bool function_at(const struct walk *w, uint64_t pc, uint64_t *start, uint64_t *size)
{
    Dwfl_Module *module = dwfl_addrmodule(w->dwfl, pc);
    GElf_Off offset;
    GElf_Sym sym;

    if (!module || !dwfl_module_addrinfo(module, pc, &offset, &sym, NULL, NULL, NULL))
        return false;
    *start = pc - offset;
    *size = sym.st_size;
    return true;
}

static uint64_t rel32_target(const uint8_t *p, uint64_t next_va)
{
    int32_t rel;

    memcpy(&rel, p, sizeof(rel));
    return next_va + (uint64_t)(int64_t)rel;
}

/* Can a call of one function end up in another: is it the same, or is there a chain of tail calls
 * (jmp, jcc rel32)? Bytes that only look like a jump do little harm. */
static bool leads_to(const struct walk *w, uint64_t from, uint64_t to, unsigned depth)
{
    uint64_t start, size;

    if (from == to)
        return true;
    if (!depth || !function_at(w, from, &start, &size) || start != from || size < 5 || size > 65536)
        return false;
    const uint8_t *code = code_before(w, start + size, size);
    for (uint64_t i = 0; code && i + 5 <= size; i++) {
        bool is_jump = code[i] == 0xe9 || (i && code[i - 1] == 0x0f && (code[i] & 0xf0) == 0x80);
        uint64_t target = rel32_target(code + i + 1, start + i + 5);
        bool is_outside = target < start || target >= start + size;
        if (is_jump && is_outside && leads_to(w, target, to, depth - 1))
            return true;
    }
    return false;
}

enum likely { UNLIKELY, INDIRECT, DIRECT };

/* May the call that ends at va have led to the function that holds pc? */
static enum likely call_led_to(const struct walk *w, uint64_t va, uint64_t pc)
{
    const uint8_t *p = code_before(w, va, 5);
    uint64_t start, size;

    if (!follows_call(w, va))
        return UNLIKELY;
    if (p[0] != 0xe8 || !function_at(w, pc, &start, &size))
        return INDIRECT;
    return leads_to(w, rel32_target(p + 1, va), start, 3) ? DIRECT : UNLIKELY;
}

static bool has_cfi(const struct walk *w, uint64_t pc)
{
    Dwfl_Module *module = dwfl_addrmodule(w->dwfl, pc);
    Dwarf_Addr bias;
    Dwarf_CFI *cfi = module ? dwfl_module_dwarf_cfi(module, &bias) : NULL;
    Dwarf_Frame *frame = NULL;
    bool has = cfi && dwarf_cfi_addrframe(cfi, pc - bias, &frame) == 0;

    free(frame);
    return has;
}

static bool is_main(const struct walk *w, uint64_t pc)
{
    Dwfl_Module *module = dwfl_addrmodule(w->dwfl, pc);
    const char *name = module ? dwfl_module_addrname(module, pc) : NULL;

    return name && strcmp(name, "main") == 0;
}

static void add_frame(struct walk *w, uint64_t pc)
{
    if (w->n < w->max)
        w->frames[w->n++] = pc;
    w->is_done = w->is_done || w->n == w->max || is_main(w, w->n > 1 ? pc - 1 : pc);
}

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread_arg)
{
    (void)dwfl;
    if (*thread_arg)
        return 0;
    *thread_arg = arg;
    return FRAME_THREAD;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *arg, void **thread_arg)
{
    (void)dwfl;
    *thread_arg = arg;
    return tid == FRAME_THREAD;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr va, Dwarf_Word *word, void *arg)
{
    (void)dwfl;
    return read_word(arg, va, word);
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
    struct walk *w = arg;

    return dwfl_thread_state_registers(thread, 0, N_REGS, w->regs);
}

static const Dwfl_Thread_Callbacks callbacks = {
    .next_thread = next_thread,
    .get_thread = get_thread,
    .memory_read = read_memory,
    .set_initial_registers = set_registers,
};

/* One frame by CFI, or by libdwfl's guess where there is none: the guess is checked. */
static int on_frame(Dwfl_Frame *frame, void *arg)
{
    struct walk *w = arg;
    Dwarf_Addr pc;
    bool is_exact;

    if (!dwfl_frame_pc(frame, &pc, &is_exact))
        return DWARF_CB_ABORT;
    if (w->is_restart) {
        w->is_restart = false;
    } else {
        uint64_t callee = w->regs[REG_PC];
        if (w->n && !(has_cfi(w, callee) ? follows_call(w, pc) : call_led_to(w, pc, callee)))
            return DWARF_CB_ABORT;
        add_frame(w, pc);
    }
    for (unsigned i = 0; i < REG_PC; i++) {
        Dwarf_Word value;
        if (dwfl_frame_reg(frame, i, &value) == 0)
            w->regs[i] = value;
    }
    w->regs[REG_PC] = pc;
    return w->is_done ? DWARF_CB_ABORT : DWARF_CB_OK;
}

/*
 * Where CFI ends: the next word up the stack that is the return address of a call that can have led
 * here. Old return addresses lie about in what a function has not written yet, so a direct call of
 * this very function is better than a call through a pointer, even if it lies further up.
 */
static bool scan(struct walk *w)
{
    uint64_t sp = w->regs[REG_SP], pc = w->regs[REG_PC], word;
    enum likely best = UNLIKELY;

    for (unsigned i = 0; i < SCAN_WORDS && best != DIRECT; i++, sp += 8) {
        if (!read_word(w, sp, &word))
            break;
        enum likely is = call_led_to(w, word, pc);
        if (is <= best)
            continue;
        best = is;
        w->regs[REG_SP] = sp + 8;
        w->regs[REG_PC] = word - 1; /* inside the call: its line, its frame information */
    }
    if (best == UNLIKELY)
        return false;
    add_frame(w, w->regs[REG_PC] + 1);
    return true;
}

size_t unwind(Dwfl *dwfl, const char *image_path, const struct ctl_reader *ctl, uint64_t *frames,
              size_t max)
{
    struct walk w = {.ctl = ctl, .dwfl = dwfl, .frames = frames, .max = max};

    if (!ctl->stack_bytes || !ctl->fault.is_set || !max)
        return 0;
    for (unsigned i = 0; i < N_REGS; i++)
        w.regs[i] = ctl_reg_value(ctl, names[i]);
    w.regs[REG_PC] = ctl->fault.rip;
    if (file_read(image_path, &w.code, &w.code_bytes) != 0 ||
        !dwfl_attach_state(dwfl, NULL, FRAME_THREAD, &callbacks, &w)) {
        free(w.code);
        return 0;
    }
    for (int i = 0; i < MAX_RESTARTS && !w.is_done; i++) {
        dwfl_getthread_frames(dwfl, FRAME_THREAD, on_frame, &w);
        if (w.is_done || !scan(&w))
            break;
        w.is_restart = true;
    }
    free(w.code);
    return w.n;
}
