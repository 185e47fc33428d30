#define _GNU_SOURCE 1
#include "proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "msg.h"

static uint64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* In the child: fds[i] becomes i. Moved above the range first, so that none is overwritten. */
static bool place_fds(const int *fds, size_t n_fds)
{
    int high[16];

    for (size_t i = 0; i < n_fds; i++)
        high[i] = fds[i] < 0 ? -1 : fcntl(fds[i], F_DUPFD_CLOEXEC, 64);
    for (size_t i = 0; i < n_fds; i++)
        if (fds[i] >= 0 && (high[i] < 0 || dup2(high[i], (int)i) < 0))
            return false;
    return true;
}

static bool drop_fd(int fd, int flags)
{
    int null_fd = open("/dev/null", flags | O_CLOEXEC);

    return null_fd >= 0 && dup2(null_fd, fd) >= 0;
}

/* In the child, up to exec; what went wrong goes to err_fd. */
static void child(char *const argv[], const struct proc_how *how, pid_t parent, int err_fd)
{
    sigset_t none;
    int err;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before we asked */
        _exit(127);
    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (size_t i = 0; how->env && i < how->env->n; i++)
        putenv(how->env->items[i]);
    if (how->dir && chdir(how->dir) < 0)
        goto failed;
    if (!place_fds(how->fds, how->n_fds))
        goto failed;
    if ((how->closes_stdin && !drop_fd(0, O_RDONLY)) || (how->drops_out && !drop_fd(1, O_WRONLY)) ||
        (how->drops_err && !drop_fd(2, O_WRONLY)))
        goto failed;
    execvp(argv[0], argv);
failed:
    err = errno;
    if (write(err_fd, &err, sizeof(err)) < 0)
        _exit(126);
    _exit(127);
}

int proc_start(char *const argv[], const struct proc_how *how, pid_t *pid)
{
    int err_pipe[2], err = 0;
    pid_t parent = getpid();
    ssize_t n;

    if (how->n_fds > 16)
        return -EINVAL;
    if (pipe2(err_pipe, O_CLOEXEC) < 0)
        return -errno;
    fflush(NULL);
    *pid = fork();
    if (*pid < 0) {
        err = errno;
        close(err_pipe[0]);
        close(err_pipe[1]);
        return -err;
    }
    if (*pid == 0)
        child(argv, how, parent, err_pipe[1]);
    close(err_pipe[1]);
    /* exec closes the pipe: end of file is success. */
    do {
        n = read(err_pipe[0], &err, sizeof(err));
    } while (n < 0 && errno == EINTR);
    close(err_pipe[0]);
    if (n == sizeof(err)) {
        proc_wait(*pid);
        return -err;
    }
    return 0;
}

static int decode(int wait_status)
{
    if (WIFSIGNALED(wait_status))
        return 128 + WTERMSIG(wait_status);
    return WEXITSTATUS(wait_status);
}

int proc_wait(pid_t pid)
{
    int wait_status;

    while (waitpid(pid, &wait_status, 0) < 0)
        if (errno != EINTR)
            return 127;
    return decode(wait_status);
}

bool proc_poll(pid_t pid, int *status)
{
    int wait_status;
    pid_t got = waitpid(pid, &wait_status, WNOHANG);

    if (got == 0 || (got < 0 && errno == EINTR))
        return false;
    *status = got < 0 ? 127 : decode(wait_status);
    return true;
}

int proc_stop(pid_t pid, int grace_ms)
{
    uint64_t until = now_ms() + (uint64_t)grace_ms;
    int status;

    kill(pid, SIGTERM);
    while (now_ms() < until) {
        if (proc_poll(pid, &status))
            return status;
        poll(NULL, 0, 5);
    }
    kill(pid, SIGKILL);
    return proc_wait(pid);
}

/* Read what is there. Returns false at the end of file. */
static bool drain(int fd, struct text *to)
{
    char buf[16384];
    ssize_t n = read(fd, buf, sizeof(buf));

    if (n > 0)
        text_add_n(to, buf, (size_t)n);
    return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/* Write some of the input. Returns false when all is written or nobody reads. */
static bool feed(int fd, const char **input)
{
    ssize_t n = write(fd, *input, strlen(*input));

    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    *input += n;
    return **input != '\0';
}

static void shut(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Move bytes both ways until the child has closed its ends, or time is up. */
static void talk(pid_t pid, int in, int out, int err, const struct proc_how *how,
                 struct proc_result *r)
{
    const char *input = how->input;
    uint64_t until = now_ms() + (uint64_t)how->timeout_ms;

    if (in >= 0 && !*input)
        shut(&in);
    while (in >= 0 || out >= 0 || err >= 0) {
        struct pollfd p[3] = {{in, POLLOUT, 0}, {out, POLLIN, 0}, {err, POLLIN, 0}};
        uint64_t now = now_ms();
        int left = !how->timeout_ms ? -1 : now >= until ? 0 : (int)(until - now);
        int n = poll(p, 3, left);
        if (n == 0) {
            r->is_timed_out = true;
            kill(pid, SIGKILL);
            break;
        }
        if (n < 0)
            continue;
        if (p[0].revents && !feed(in, &input))
            shut(&in);
        if (p[1].revents && !drain(out, &r->out))
            shut(&out);
        if (p[2].revents && !drain(err, &r->err_text))
            shut(&err);
    }
    shut(&in);
    shut(&out);
    shut(&err);
}

/* Wait for a child that we do not talk to; kills it when time is up. */
static int wait_until(pid_t pid, const struct proc_how *how, struct proc_result *r)
{
    uint64_t until = now_ms() + (uint64_t)how->timeout_ms;
    int status;

    while (how->timeout_ms && !r->is_timed_out) {
        if (proc_poll(pid, &status))
            return status;
        if (now_ms() >= until) {
            kill(pid, SIGKILL);
            r->is_timed_out = true;
            break;
        }
        poll(NULL, 0, 2);
    }
    return proc_wait(pid);
}

bool proc_run(char *const argv[], const struct proc_how *how, struct proc_result *result)
{
    static const struct proc_how plain;
    struct proc_result unused = {0}, *r = result ? result : &unused;
    struct proc_how start = how ? *how : plain;
    int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
    pid_t pid;

    *r = (struct proc_result){0};
    if ((start.input && pipe2(in, O_CLOEXEC) < 0) ||
        (start.captures_out && pipe2(out, O_CLOEXEC) < 0) ||
        (start.captures_err && pipe2(err, O_CLOEXEC) < 0))
        r->err = errno;
    int fds[3] = {in[0], out[1], err[1]};
    if (start.input || start.captures_out || start.captures_err) {
        start.fds = fds;
        start.n_fds = 3;
    }
    if (!r->err)
        r->err = -proc_start(argv, &start, &pid);
    shut(&in[0]);
    shut(&out[1]);
    shut(&err[1]);
    if (r->err) {
        shut(&in[1]);
        shut(&out[0]);
        shut(&err[0]);
        r->status = 127;
        return false;
    }
    void (*old_pipe)(int) = signal(SIGPIPE, SIG_IGN);
    talk(pid, in[1], out[0], err[0], &start, r);
    signal(SIGPIPE, old_pipe);
    r->status = wait_until(pid, &start, r);
    if (!result)
        proc_result_fini(r);
    return r->status == 0 && !r->is_timed_out;
}

void proc_result_fini(struct proc_result *result)
{
    text_fini(&result->out);
    text_fini(&result->err_text);
}

char *proc_find(const char *name)
{
    const char *path = getenv("PATH");

    if (strchr(name, '/'))
        return access(name, X_OK) == 0 ? str_dup(name) : NULL;
    for (const char *p = path ? path : "/usr/bin:/bin"; *p;) {
        size_t len = strcspn(p, ":");
        char *dir = str_dup_n(p, len);
        char *file = path_join(*dir ? dir : ".", name);
        free(dir);
        if (access(file, X_OK) == 0 && !path_is_dir(file))
            return file;
        free(file);
        p += len + (p[len] == ':');
    }
    return NULL;
}

static void remove_at(int dir_fd, const char *name)
{
    if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
        return;
    int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *e; (e = readdir(dir));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            remove_at(fd, e->d_name);
    closedir(dir);
    unlinkat(dir_fd, name, AT_REMOVEDIR);
}

void proc_remove_tree(const char *path)
{
    remove_at(AT_FDCWD, path);
}

static char *temp_dir;
static pid_t temp_owner;

static void temp_remove(void)
{
    if (temp_dir && getpid() == temp_owner)
        proc_remove_tree(temp_dir);
}

void proc_temp_drop(void)
{
    temp_remove();
    free(temp_dir);
    temp_dir = NULL;
}

/* Not async-signal-safe in the letter (readdir allocates), but the alternative is litter. */
static void temp_remove_on_signal(int sig)
{
    temp_remove();
    signal(sig, SIG_DFL);
    raise(sig);
}

const char *proc_temp_dir(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    const char *base = getenv("TMPDIR");

    if (temp_dir)
        return temp_dir;
    char *path = path_join(base && *base ? base : "/tmp", "skiff-XXXXXX");
    if (!mkdtemp(path)) {
        msg_error("cannot make a directory %s: %s; set TMPDIR to where there is room", path,
                  strerror(errno));
        free(path);
        return NULL;
    }
    temp_dir = path;
    if (temp_owner) /* the handlers stand already */
        return temp_dir;
    temp_owner = getpid();
    atexit(temp_remove);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (signal(ends[i], temp_remove_on_signal) == SIG_IGN)
            signal(ends[i], SIG_IGN);
    return temp_dir;
}
