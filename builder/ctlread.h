/*
 * The control channel (runtime/abi/ctl.h), reader's side: bytes in, facts out. Pure. The guest may
 * send anything; every list here is bounded.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

#define CTL_MAX_LINE   4096
#define CTL_MAX_FRAMES 64
#define CTL_MAX_REGS   40
#define CTL_MAX_STACK  16384

struct ctl_fault {
    bool is_set;
    char what[24]; /* "read", "write", "execute", or the kind of exception */
    uint64_t addr, rip, error;
};

struct ctl_reader {
    bool has_exit;
    int exit_status; /* 0 to 255 */
    int signal;      /* 0: none */
    struct ctl_fault fault;
    uint64_t frames[CTL_MAX_FRAMES];
    size_t n_frames;
    struct ctl_reg {
        char name[12];
        uint64_t value;
    } regs[CTL_MAX_REGS];
    size_t n_regs;
    uint64_t stack_va; /* of stack[0] */
    uint8_t stack[CTL_MAX_STACK];
    size_t stack_bytes;
    size_t n_lines; /* complete lines heard, of any kind */

    /* Called with each "log", "listen", "addr", "input" line, key and rest apart; may be NULL. */
    void (*on_line)(void *arg, const char *key, const char *rest);
    void *arg;

    char line[CTL_MAX_LINE];
    size_t len;
    bool is_too_long; /* the line being read; it will be dropped */
};

void ctl_feed(struct ctl_reader *ctl, const char *data, size_t len_bytes);

/* The value of a register; 0 if it was not told. */
uint64_t ctl_reg_value(const struct ctl_reader *ctl, const char *name);

/* What the fault was, in words: "write to 0x10, a null pointer". */
void ctl_describe_fault(const struct ctl_reader *ctl, struct text *out);
