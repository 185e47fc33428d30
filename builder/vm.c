#define _GNU_SOURCE 1
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "abi/console.h"
#include "abi/ctl.h"
#include "backlog.h"
#include "msg.h"
#include "proc.h"
#include "qemu.h"
#include "vmspec.h"

#define STOP_MS  2000 /* from SIGTERM to SIGKILL; from the guest's last word to QEMU's end */
#define RETRY_MS 300  /* in the background of a terminal: is it ours again? */
#define NEVER    UINT64_MAX

/* A few bytes on their way from one descriptor to another. */
struct pump {
    int from, to;   /* -1: closed */
    char buf[4096]; /* PIPE_BUF: a poll()ed pipe takes it without blocking */
    size_t len, done;
};

struct vm {
    pid_t pid;
    const struct vmspec *spec;
    struct pump out, in; /* console: guest to us, us to guest */
    int ctl_fd, err_fd, signal_fd;
    struct vm_end *end;
    uint64_t deadline_ms, stop_ms, retry_ms;
    bool has_ended;
    bool takes_input; /* its UART is set up, which drops what came before */
    bool is_input_over;
    bool is_input_raw; /* no terminal: every byte is meant */
    bool has_listened;
    int status; /* QEMU's, once has_ended */
};

static uint64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void shut(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void on_listen(struct vm *vm, const char *port)
{
    msg_verbose("the service listens on %s", port);
    if (!vm->has_listened && vm->spec->n_ports)
        backlog_widen(vm->pid, vm->spec);
    vm->has_listened = true;
}

static void on_ctl_line(void *arg, const char *key, const char *rest)
{
    struct vm *vm = arg;

    if (strcmp(key, CTL_INPUT) == 0)
        vm->takes_input = true;
    else if (strcmp(key, CTL_LOG) == 0)
        msg_warn("guest: %s", str_starts(rest, "skiff: ") ? rest + 7 : rest);
    else if (strcmp(key, CTL_LISTEN) == 0)
        on_listen(vm, rest);
    else
        msg_verbose("the service's address is %s", rest);
}

/* Take the console's bytes from QEMU. */
static void pump_fill(struct pump *p)
{
    ssize_t n = read(p->from, p->buf, sizeof(p->buf));

    if (n > 0) {
        p->len = (size_t)n;
        p->done = 0;
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        shut(&p->from);
    }
}

/* Hand on what is there. Returns false if the other side is gone. */
static bool pump_drain(struct pump *p)
{
    ssize_t n = write(p->to, p->buf + p->done, p->len - p->done);

    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    p->done += (size_t)n;
    if (p->done == p->len)
        p->done = p->len = 0;
    return true;
}

/* A shell's background job that reads from the terminal is stopped; so do not read then. */
static bool is_in_background(void)
{
    pid_t group = tcgetpgrp(STDIN_FILENO);

    return group >= 0 && group != getpgrp();
}

static bool needs_quoting(char c)
{
    return c == CONSOLE_END || c == CONSOLE_LITERAL || c == '\r';
}

static void read_input(struct vm *vm)
{
    char bytes[sizeof(vm->in.buf) / 2]; /* all of them may need it */
    ssize_t n;

    if (is_in_background()) {
        vm->retry_ms = now_ms() + RETRY_MS;
        return;
    }
    n = read(STDIN_FILENO, bytes, sizeof(bytes));
    if (n > 0) {
        for (ssize_t i = 0; i < n; i++) {
            if (vm->is_input_raw && needs_quoting(bytes[i]))
                vm->in.buf[vm->in.len++] = CONSOLE_LITERAL;
            vm->in.buf[vm->in.len++] = bytes[i];
        }
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        vm->in.buf[0] = CONSOLE_END;
        vm->in.len = 1;
        vm->is_input_over = true;
    }
    vm->in.done = 0;
}

static void read_ctl(struct vm *vm)
{
    char buf[4096];
    ssize_t n = read(vm->ctl_fd, buf, sizeof(buf));

    if (n > 0) {
        ctl_feed(&vm->end->ctl, buf, (size_t)n);
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        shut(&vm->ctl_fd);
    }
    /* It has said its last word; QEMU ends by itself, or we end it. */
    if ((vm->end->ctl.has_exit || vm->end->ctl.signal) && vm->stop_ms == NEVER)
        vm->stop_ms = now_ms() + STOP_MS;
}

/* Keep the first of what QEMU says; it may say it for ever. */
static void read_err(struct vm *vm)
{
    char buf[4096];
    ssize_t n = read(vm->err_fd, buf, sizeof(buf));

    if (n > 0) {
        if (vm->end->said.len < 65536)
            text_add_n(&vm->end->said, buf, (size_t)n);
        /* KVM gave up on the guest: QEMU stops the machine, and then waits for a debugger. */
        if (strstr(text_str(&vm->end->said), "KVM internal error"))
            vm->stop_ms = 0;
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        shut(&vm->err_fd);
    }
}

static void stop_for(struct vm *vm, enum vm_end_kind kind, int value)
{
    if (vm->end->kind != VM_SILENT)
        return;
    vm->end->kind = kind;
    vm->end->value = value;
    vm->stop_ms = 0;
}

static void read_signal(struct vm *vm)
{
    struct signalfd_siginfo info;

    while (read(vm->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGCHLD)
            vm->has_ended = vm->has_ended || proc_poll(vm->pid, &vm->status);
        else
            stop_for(vm, VM_INTERRUPTED, (int)info.ssi_signo);
    }
}

/* How long poll() may wait. */
static int wait_ms(const struct vm *vm, uint64_t now)
{
    uint64_t until = vm->deadline_ms;

    if (vm->stop_ms < until)
        until = vm->stop_ms;
    if (vm->retry_ms > now && vm->retry_ms < until)
        until = vm->retry_ms;
    if (until == NEVER)
        return -1;
    if (until <= now)
        return 0;
    return until - now > 1000000 ? 1000000 : (int)(until - now);
}

/* One turn: wait for anything, then move what can be moved. */
static void turn(struct vm *vm)
{
    uint64_t now = now_ms();
    bool wants_input = vm->takes_input && !vm->is_input_over && !vm->in.len && now >= vm->retry_ms;
    struct pollfd p[] = {
        {vm->signal_fd, POLLIN, 0},
        {vm->ctl_fd, POLLIN, 0},
        {vm->err_fd, POLLIN, 0},
        {vm->out.len ? -1 : vm->out.from, POLLIN, 0},
        {vm->out.len ? vm->out.to : -1, POLLOUT, 0},
        {wants_input ? STDIN_FILENO : -1, POLLIN, 0},
        {vm->in.len ? vm->in.to : -1, POLLOUT, 0},
    };

    if (poll(p, sizeof(p) / sizeof(p[0]), wait_ms(vm, now)) < 0)
        return;
    if (p[0].revents)
        read_signal(vm);
    if (p[1].revents)
        read_ctl(vm);
    if (p[2].revents)
        read_err(vm);
    if (p[3].revents) {
        vm->takes_input = true;
        pump_fill(&vm->out);
    }
    /* Nobody reads any more: what a process would die of, unless there never was anybody. */
    if (p[4].revents && !pump_drain(&vm->out)) {
        vm->out.len = 0;
        if (errno == EPIPE)
            stop_for(vm, VM_INTERRUPTED, SIGPIPE);
    }
    if (p[5].revents & POLLNVAL)
        vm->is_input_over = true;
    else if (p[5].revents)
        read_input(vm);
    if (p[6].revents && !pump_drain(&vm->in)) {
        vm->in.len = 0;
        vm->is_input_over = true;
    }
}

/* Until QEMU has ended and everything it wrote was handed on. */
static void relay(struct vm *vm)
{
    while (!vm->has_ended) {
        uint64_t now = now_ms();
        if (now >= vm->deadline_ms)
            stop_for(vm, VM_TIMED_OUT, 0);
        if (now >= vm->stop_ms) {
            vm->status = proc_stop(vm->pid, STOP_MS);
            vm->has_ended = true;
            break;
        }
        turn(vm);
    }
    vm->is_input_over = true;
    vm->in.len = 0;
    vm->deadline_ms = vm->stop_ms = NEVER;
    while (vm->out.from >= 0 || vm->ctl_fd >= 0 || vm->err_fd >= 0 || vm->out.len) {
        turn(vm);
        if (vm->end->kind == VM_INTERRUPTED && vm->out.len && vm->end->value == SIGPIPE)
            break;
        if (vm->stop_ms == 0)
            break; /* a signal while the reader of our output is slow */
    }
}

static void judge(const struct vm *vm)
{
    struct vm_end *end = vm->end;

    if (end->kind != VM_SILENT)
        return;
    if (end->ctl.signal) {
        end->kind = VM_SIGNALED;
        end->value = end->ctl.signal;
    } else if (end->ctl.has_exit) {
        end->kind = VM_EXITED;
        end->value = end->ctl.exit_status;
    } else if (end->said.len == 0 && vm->status % 2 == 1 && vm->status < 128) {
        /* No control channel in this image: isa-debug-exit's (v << 1) | 1 is all there is. */
        end->kind = VM_EXITED;
        end->value = vm->status >> 1;
    } else if (vm->status != 0 && !strstr(text_str(&end->said), "KVM internal error")) {
        end->kind = VM_FAILED;
        end->value = vm->status;
    }
}

static int start(struct vm *vm, char *const argv[])
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, ctl[2] = {-1, -1};
    int result = 0;

    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0 ||
        pipe2(ctl, O_CLOEXEC) < 0)
        result = -errno;
    _Static_assert(QEMU_CTL_FD == 3, "the place in fds");
    int fds[] = {in[0], out[1], err[1], ctl[1]};
    struct proc_how how = {.fds = fds, .n_fds = 4};
    if (!result)
        result = proc_start(argv, &how, &vm->pid);
    shut(&in[0]);
    shut(&out[1]);
    shut(&err[1]);
    shut(&ctl[1]);
    vm->in.to = in[1];
    vm->out.from = out[0];
    vm->err_fd = err[0];
    vm->ctl_fd = ctl[0];
    if (vm->in.to >= 0)
        fcntl(vm->in.to, F_SETFL, O_NONBLOCK);
    return result;
}

int vm_run(char *const argv[], const struct vmspec *spec, struct vm_end *end)
{
    static const int signals[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct vm vm = {.end = end,
                    .spec = spec,
                    .in = {.from = STDIN_FILENO},
                    .out = {.to = STDOUT_FILENO},
                    .is_input_raw = !isatty(STDIN_FILENO),
                    .deadline_ms = NEVER,
                    .stop_ms = NEVER};
    sigset_t set, old_set;
    int err;

    *end = (struct vm_end){.kind = VM_SILENT, .ctl = {.on_line = on_ctl_line, .arg = &vm}};
    if (spec->timeout_s)
        vm.deadline_ms = now_ms() + spec->timeout_s * 1000;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        struct sigaction act;
        /* What the caller of a background job ignores stays ignored. */
        if (sigaction(signals[i], NULL, &act) == 0 && act.sa_handler == SIG_IGN &&
            signals[i] != SIGCHLD)
            continue;
        sigaddset(&set, signals[i]);
    }
    signal(SIGCHLD, SIG_DFL); /* if ignored, children would vanish without a status */
    sigprocmask(SIG_BLOCK, &set, &old_set);
    void (*old_pipe)(int) = signal(SIGPIPE, SIG_IGN);
    vm.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    err = vm.signal_fd < 0 ? -errno : start(&vm, argv);
    if (!err) {
        relay(&vm);
        judge(&vm);
    }
    shut(&vm.in.to);
    shut(&vm.out.from);
    shut(&vm.err_fd);
    shut(&vm.ctl_fd);
    shut(&vm.signal_fd);
    signal(SIGPIPE, old_pipe);
    sigprocmask(SIG_SETMASK, &old_set, NULL);
    return err;
}

void vm_end_fini(struct vm_end *end)
{
    text_fini(&end->said);
}
