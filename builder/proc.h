/*
 * Other programs. Nothing else in the builder forks. A child dies with us (PR_SET_PDEATHSIG), gets
 * the default signal actions back, and inherits no descriptor it was not given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "text.h"

/* How a child is started. {0}: our directory, our environment, our stdin, stdout and stderr. */
struct proc_how {
    const char *dir;          /* working directory; NULL: ours */
    const struct strvec *env; /* K=V added to our environment; NULL: none */
    const char *input;        /* text for its stdin; NULL: see closes_stdin (proc_run() only) */
    bool closes_stdin;        /* stdin is /dev/null */
    bool captures_out, captures_err; /* into struct proc_result (proc_run() only) */
    bool drops_out, drops_err;       /* to /dev/null */
    int timeout_ms;                  /* then it is killed; 0: no limit (proc_run() only) */
    const int *fds;                  /* n_fds of ours that become 0, 1, 2, 3 … in the child; */
    size_t n_fds;                    /* -1 leaves that number as it is */
};

struct proc_result {
    int status;        /* exit status; 128+n if it died of signal n; 127 if it could not start */
    int err;           /* errno of a start that failed, else 0 */
    bool is_timed_out; /* we killed it */
    struct text out, err_text;
};

/**
 * Run a program to its end.
 *
 * @argv    argv[0] is looked up in PATH if it has no slash
 * @result  may be NULL; proc_result_fini() it
 * Returns  true if it ran and ended with status 0. Nothing is reported.
 */
bool proc_run(char *const argv[], const struct proc_how *how, struct proc_result *result);
void proc_result_fini(struct proc_result *result);

/**
 * Start a program and return at once.
 *
 * Returns 0 and its pid; -errno if it could not be started (exec failed included)
 */
int proc_start(char *const argv[], const struct proc_how *how, pid_t *pid);

/* Wait for its end; the status as in struct proc_result. */
int proc_wait(pid_t pid);

/* Has it ended? Then its status. Never blocks. */
bool proc_poll(pid_t pid, int *status);

/* SIGTERM, and SIGKILL if it is still there after grace_ms. Returns the status. */
int proc_stop(pid_t pid, int grace_ms);

/* Where PATH has a program; NULL if nowhere. The caller frees. */
char *proc_find(const char *name);

/**
 * A new directory under $TMPDIR (else /tmp) that is removed, with what is in it, at exit and when
 * a signal ends us.
 *
 * Returns its path, ours for the rest of the run; NULL if it cannot be made (reported)
 */
const char *proc_temp_dir(void);

/* Remove it now, if there is one: what comes next runs for long. */
void proc_temp_drop(void);

/* Remove a directory and all that is in it; never follows a symbolic link. */
void proc_remove_tree(const char *path);
