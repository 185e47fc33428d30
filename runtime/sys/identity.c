#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>
#include <sys/wait.h>

/* There is one process, number 1, leader of its group and session, and it is root. */
#define PID           1
/* wait(2): __WNOTHREAD, __WALL, __WCLONE */
#define WAIT_ANY_KIND (int)0xe0000000u

long uk_getpid(void)
{
    return PID;
}

long uk_getppid(void)
{
    return 0;
}

/* It has no children. */
long uk_wait4(pid_t pid, int *status, int options, void *usage)
{
    (void)pid;
    (void)status;
    (void)usage;
    return options & ~(WNOHANG | WUNTRACED | WCONTINUED | WAIT_ANY_KIND) ? -EINVAL : -ECHILD;
}

long uk_waitid(int type, pid_t pid, void *info, int options, void *usage)
{
    (void)type;
    (void)pid;
    (void)info;
    (void)usage;
    if (options & ~(WNOHANG | WSTOPPED | WEXITED | WCONTINUED | WNOWAIT | WAIT_ANY_KIND) ||
        !(options & (WSTOPPED | WEXITED | WCONTINUED)))
        return -EINVAL;
    return -ECHILD;
}

long uk_getuid(void)
{
    return 0;
}

long uk_geteuid(void)
{
    return 0;
}

long uk_getgid(void)
{
    return 0;
}

long uk_getegid(void)
{
    return 0;
}

long uk_getresuid(uid_t *real, uid_t *effective, uid_t *saved)
{
    *real = *effective = *saved = 0;
    return 0;
}

long uk_getresgid(gid_t *real, gid_t *effective, gid_t *saved)
{
    return uk_getresuid(real, effective, saved);
}

/* Giving up root is granted, as services that drop privileges end themselves otherwise; there is
 * nobody to be protected from. What the get… calls answer does not change. */
long uk_setuid(uid_t id)
{
    (void)id;
    return 0;
}

long uk_setgid(gid_t id)
{
    (void)id;
    return 0;
}

long uk_setreuid(uid_t real, uid_t effective)
{
    (void)real;
    (void)effective;
    return 0;
}

long uk_setregid(gid_t real, gid_t effective)
{
    (void)real;
    (void)effective;
    return 0;
}

long uk_setresuid(uid_t real, uid_t effective, uid_t saved)
{
    (void)real;
    (void)effective;
    (void)saved;
    return 0;
}

long uk_setresgid(gid_t real, gid_t effective, gid_t saved)
{
    (void)real;
    (void)effective;
    (void)saved;
    return 0;
}

/* setfsuid(2): returns the old one. */
long uk_setfsuid(uid_t id)
{
    (void)id;
    return 0;
}

long uk_setfsgid(gid_t id)
{
    (void)id;
    return 0;
}

long uk_getgroups(int size, gid_t *list)
{
    (void)list;
    return size < 0 ? -EINVAL : 0;
}

long uk_setgroups(size_t size, const gid_t *list)
{
    (void)list;
    return size > 65536 ? -EINVAL : 0;
}

static long self_only(pid_t pid, long r)
{
    return pid == 0 || pid == PID ? r : -ESRCH;
}

long uk_getpgrp(void)
{
    return PID;
}

long uk_getpgid(pid_t pid)
{
    return self_only(pid, PID);
}

long uk_setpgid(pid_t pid, pid_t pgid)
{
    if (pgid < 0)
        return -EINVAL;
    return self_only(pid, -EPERM); /* a session leader stays where it is */
}

long uk_getsid(pid_t pid)
{
    return self_only(pid, PID);
}

/* setsid(2) says EPERM to a group leader; but a service that makes itself a daemon has what it
 * wants. */
long uk_setsid(void)
{
    return PID;
}
