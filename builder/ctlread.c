#include "ctlread.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/ctl.h"

/* "0x10" or "16", and nothing after it. */
static bool parse_u64(const char *s, uint64_t *out)
{
    char *end;

    if (*s < '0' || *s > '9')
        return false;
    *out = strtoull(s, &end, 0);
    return *end == '\0';
}

/* The next KEY=VALUE of a line, cut up in place; false at its end. */
static bool next_pair(char **rest, char **key, char **value)
{
    char *word = strtok_r(NULL, " ", rest);

    if (!word)
        return false;
    *key = word;
    *value = strchr(word, '=');
    if (*value)
        *(*value)++ = '\0';
    else
        *value = word + strlen(word);
    return true;
}

static void read_fault(struct ctl_reader *ctl, char *rest)
{
    struct ctl_fault *f = &ctl->fault;
    char *key, *value;

    f->is_set = true;
    while (next_pair(&rest, &key, &value)) {
        if (strcmp(key, "what") == 0)
            snprintf(f->what, sizeof(f->what), "%s", value);
        else if (strcmp(key, "addr") == 0)
            parse_u64(value, &f->addr);
        else if (strcmp(key, "rip") == 0)
            parse_u64(value, &f->rip);
        else if (strcmp(key, "error") == 0)
            parse_u64(value, &f->error);
    }
}

static void read_regs(struct ctl_reader *ctl, char *rest)
{
    char *key, *value;

    while (ctl->n_regs < CTL_MAX_REGS && next_pair(&rest, &key, &value)) {
        struct ctl_reg *reg = &ctl->regs[ctl->n_regs];
        snprintf(reg->name, sizeof(reg->name), "%s", key);
        ctl->n_regs += parse_u64(value, &reg->value);
    }
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "ADDR HEX"; a line that does not go on where the last one ended is not taken. */
static void read_stack(struct ctl_reader *ctl, char *rest)
{
    char *hex = strchr(rest, ' ');
    uint64_t va;

    if (!hex)
        return;
    *hex++ = '\0';
    if (!parse_u64(rest, &va) || (ctl->stack_bytes && va != ctl->stack_va + ctl->stack_bytes))
        return;
    if (!ctl->stack_bytes)
        ctl->stack_va = va;
    for (; ctl->stack_bytes < CTL_MAX_STACK && hex_digit(hex[0]) >= 0 && hex_digit(hex[1]) >= 0;
         hex += 2)
        ctl->stack[ctl->stack_bytes++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
}

static void take_line(struct ctl_reader *ctl)
{
    char *rest, *key;
    uint64_t n;

    ctl->n_lines++;
    /* No terminal escapes from the guest through us. */
    for (char *p = ctl->line; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    if (strncmp(ctl->line, "log ", 4) == 0) {
        if (ctl->on_line)
            ctl->on_line(ctl->arg, "log", ctl->line + 4);
        return;
    }
    key = strtok_r(ctl->line, " ", &rest);
    if (!key)
        return;
    if (strcmp(key, CTL_EXIT) == 0 && number_parse(rest, 0, 255, &n)) {
        ctl->has_exit = true;
        ctl->exit_status = (int)n;
    } else if (strcmp(key, CTL_SIGNAL) == 0 && number_parse(rest, 1, 64, &n)) {
        ctl->signal = (int)n;
    } else if (strcmp(key, CTL_FAULT) == 0) {
        read_fault(ctl, rest);
    } else if (strcmp(key, CTL_FRAME) == 0 && ctl->n_frames < CTL_MAX_FRAMES) {
        ctl->n_frames += parse_u64(rest, &ctl->frames[ctl->n_frames]);
    } else if (strcmp(key, CTL_REG) == 0) {
        read_regs(ctl, rest);
    } else if (strcmp(key, CTL_STACK) == 0) {
        read_stack(ctl, rest);
    } else if (ctl->on_line && (strcmp(key, CTL_LISTEN) == 0 || strcmp(key, CTL_ADDR) == 0 ||
                                strcmp(key, CTL_INPUT) == 0)) {
        ctl->on_line(ctl->arg, key, rest);
    }
}

void ctl_feed(struct ctl_reader *ctl, const char *data, size_t len_bytes)
{
    for (size_t i = 0; i < len_bytes; i++) {
        if (data[i] == '\n') {
            ctl->line[ctl->len] = '\0';
            if (!ctl->is_too_long)
                take_line(ctl);
            ctl->len = 0;
            ctl->is_too_long = false;
        } else if (ctl->len + 1 < sizeof(ctl->line)) {
            ctl->line[ctl->len++] = data[i] ? data[i] : '?';
        } else {
            ctl->is_too_long = true;
        }
    }
}

uint64_t ctl_reg_value(const struct ctl_reader *ctl, const char *name)
{
    for (size_t i = 0; i < ctl->n_regs; i++)
        if (strcmp(ctl->regs[i].name, name) == 0)
            return ctl->regs[i].value;
    return 0;
}

static const char *exception_name(const char *what)
{
    static const char *const names[][2] = {
        {"divide", "division by zero, or a quotient too large"},
        {"illegal", "illegal instruction"},
        {"protection", "general protection fault: a privileged instruction or a wild address"},
        {"breakpoint", "breakpoint"},
        {"debug", "debug trap"},
        {"arithmetic", "floating-point exception"},
        {"alignment", "unaligned access"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(what, names[i][0]) == 0)
            return names[i][1];
    return *what ? what : "fault";
}

/* Intel SDM vol. 3 §4.7: bit 0 of the error code says the page was there. */
void ctl_describe_fault(const struct ctl_reader *ctl, struct text *out)
{
    static const char *const accesses[][3] = {{"read", "read of", "read"},
                                              {"write", "write to", "written"},
                                              {"execute", "execution of", "executed"}};
    const struct ctl_fault *f = &ctl->fault;
    uint64_t rsp = ctl_reg_value(ctl, "rsp");
    size_t i = 0;

    while (i < 3 && strcmp(f->what, accesses[i][0]) != 0)
        i++;
    if (i == 3) {
        text_add(out, exception_name(f->what));
        return;
    }
    text_addf(out, "%s 0x%" PRIx64, accesses[i][1], f->addr);
    if (f->addr < 4096)
        text_add(out, ", a null pointer");
    else if (f->error & 1)
        text_addf(out, ", which may not be %s", accesses[i][2]);
    else if (i != 2 && rsp && f->addr + 65536 > rsp && f->addr < rsp + 4096)
        text_add(out, ", the guard below the stack: the stack is full");
    else
        text_add(out, ", which is not mapped");
}
