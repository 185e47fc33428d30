/*
 * The Linux calls: one function per call, named uk_ plus the kernel's name for it, with the
 * kernel's arguments. Each returns what the kernel would: >= 0, or -errno. The reference is section
 * 2 of the Linux man pages, the page of the same name where none is given.
 *
 * A call that waits returns -EINTR when a signal is pending; whoever delivers the signal restarts
 * it where SA_RESTART and signal(7) say so.
 */
#pragma once

#include <signal.h>
#include <sys/types.h>

#include "base/types.h"

struct epoll_event;
struct iovec;
struct itimerspec;
struct itimerval;
struct mmsghdr;
struct msghdr;
struct pollfd;
struct rlimit;
struct rusage;
struct sockaddr;
struct stat;
struct statfs;
struct sysinfo;
struct timespec;
struct timeval;
struct tms;
struct utsname;

/* read.c, write.c, rw.c: bytes in and out */
long uk_read(int fd, void *buf, size_t len);
long uk_write(int fd, const void *buf, size_t len);
long uk_readv(int fd, const struct iovec *iov, int n_iov);
long uk_writev(int fd, const struct iovec *iov, int n_iov);
long uk_pread64(int fd, void *buf, size_t len, off_t off);                         /* pread */
long uk_pwrite64(int fd, const void *buf, size_t len, off_t off);                  /* pwrite */
long uk_preadv(int fd, const struct iovec *iov, int n_iov, long off, long off_hi); /* readv */
long uk_pwritev(int fd, const struct iovec *iov, int n_iov, long off, long off_hi);
long uk_preadv2(int fd, const struct iovec *iov, int n_iov, long off, long off_hi, int flags);
long uk_pwritev2(int fd, const struct iovec *iov, int n_iov, long off, long off_hi, int flags);
long uk_lseek(int fd, off_t off, int whence);
long uk_close(int fd);
long uk_close_range(unsigned first, unsigned last, unsigned flags);

/* copy.c: from descriptor to descriptor */
long uk_sendfile(int out_fd, int in_fd, off_t *off, size_t len);
long uk_copy_file_range(int in_fd, off_t *in_off, int out_fd, off_t *out_off, size_t len,
                        unsigned flags);

/* splice.c: with a pipe on one side */
long uk_splice(int in_fd, off_t *in_off, int out_fd, off_t *out_off, size_t len, unsigned flags);
long uk_tee(int in_fd, int out_fd, size_t len, unsigned flags);
long uk_vmsplice(int fd, const struct iovec *iov, size_t n_iov, unsigned flags);

/* sync.c: durable, and hints about it */
long uk_fsync(int fd);
long uk_fdatasync(int fd);
long uk_sync(void);
long uk_syncfs(int fd);
long uk_sync_file_range(int fd, off_t off, off_t len, unsigned flags);
long uk_fadvise64(int fd, off_t off, off_t len, int advice); /* posix_fadvise */
long uk_readahead(int fd, off_t off, size_t len);

/* fd.c: descriptors themselves */
long uk_dup(int fd);
long uk_dup2(int fd, int to);
long uk_dup3(int fd, int to, int flags);
long uk_fcntl(int fd, int cmd, unsigned long arg);
long uk_flock(int fd, int op);

/* ioctl.c */
long uk_ioctl(int fd, unsigned cmd, void *arg);

/* poll.c: wait for many */
long uk_poll(struct pollfd *fds, unsigned long n, int timeout_ms);
long uk_ppoll(struct pollfd *fds, unsigned long n, const struct timespec *timeout, const u64 *mask,
              size_t mask_bytes);
long uk_select(int n, void *in, void *out, void *ex, struct timeval *timeout);
long uk_pselect6(int n, void *in, void *out, void *ex, const struct timespec *timeout,
                 const void *mask_and_size);

/* epoll.c */
long uk_epoll_create(int size);
long uk_epoll_create1(int flags);
long uk_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);
long uk_epoll_wait(int epfd, struct epoll_event *events, int n_max, int timeout_ms);
long uk_epoll_pwait(int epfd, struct epoll_event *events, int n_max, int timeout_ms,
                    const u64 *mask, size_t mask_bytes);

/* pipe.c, eventfd.c, timerfd.c */
long uk_pipe(int fds[2]);
long uk_pipe2(int fds[2], int flags);
long uk_eventfd(unsigned initial);
long uk_eventfd2(unsigned initial, int flags);
long uk_timerfd_create(int clock, int flags);
long uk_timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *old);
long uk_timerfd_gettime(int fd, struct itimerspec *now);

/* socket.c */
long uk_socket(int domain, int type, int protocol);
long uk_bind(int fd, const struct sockaddr *addr, unsigned len);
long uk_listen(int fd, int backlog);
long uk_accept(int fd, struct sockaddr *addr, unsigned *len);
long uk_accept4(int fd, struct sockaddr *addr, unsigned *len, int flags);
long uk_connect(int fd, const struct sockaddr *addr, unsigned len);
long uk_shutdown(int fd, int how);
long uk_getsockname(int fd, struct sockaddr *addr, unsigned *len);
long uk_getpeername(int fd, struct sockaddr *addr, unsigned *len);
long uk_setsockopt(int fd, int level, int name, const void *val, unsigned len);
long uk_getsockopt(int fd, int level, int name, void *val, unsigned *len);
long uk_sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
               unsigned addr_len);
long uk_recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
                 unsigned *addr_len);
long uk_sendmsg(int fd, const struct msghdr *msg, int flags);
long uk_recvmsg(int fd, struct msghdr *msg, int flags);
long uk_sendmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags);
long uk_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags, struct timespec *timeout);

/* sockpair.c */
long uk_socketpair(int domain, int type, int protocol, int fds[2]);

/* path.c, stat.c, dir.c: names and what is behind them */
long uk_open(const char *path, int flags, mode_t mode);
long uk_openat(int dirfd, const char *path, int flags, mode_t mode);
long uk_creat(const char *path, mode_t mode);
long uk_mkdir(const char *path, mode_t mode);
long uk_mkdirat(int dirfd, const char *path, mode_t mode);
long uk_mknod(const char *path, mode_t mode, dev_t dev);
long uk_mknodat(int dirfd, const char *path, mode_t mode, dev_t dev);
long uk_rmdir(const char *path);
long uk_unlink(const char *path);
long uk_unlinkat(int dirfd, const char *path, int flags);
long uk_link(const char *from, const char *to);
long uk_linkat(int from_dirfd, const char *from, int to_dirfd, const char *to, int flags);
long uk_symlink(const char *target, const char *path);
long uk_symlinkat(const char *target, int dirfd, const char *path);
long uk_readlink(const char *path, char *buf, int size);
long uk_readlinkat(int dirfd, const char *path, char *buf, int size);
long uk_rename(const char *from, const char *to);
long uk_renameat(int from_dirfd, const char *from, int to_dirfd, const char *to);
long uk_renameat2(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned flags);
long uk_stat(const char *path, struct stat *st);
long uk_lstat(const char *path, struct stat *st);
long uk_fstat(int fd, struct stat *st);
long uk_newfstatat(int dirfd, const char *path, struct stat *st, int flags); /* fstatat */
long uk_statx(int dirfd, const char *path, int flags, unsigned mask, void *statx);
long uk_statfs(const char *path, struct statfs *sf);
long uk_fstatfs(int fd, struct statfs *sf);
long uk_access(const char *path, int mode);
long uk_faccessat(int dirfd, const char *path, int mode);
long uk_faccessat2(int dirfd, const char *path, int mode, int flags);
long uk_chmod(const char *path, mode_t mode);
long uk_fchmod(int fd, mode_t mode);
long uk_fchmodat(int dirfd, const char *path, mode_t mode);
long uk_chown(const char *path, uid_t uid, gid_t gid);
long uk_lchown(const char *path, uid_t uid, gid_t gid);
long uk_fchown(int fd, uid_t uid, gid_t gid);
long uk_fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags);
long uk_utimensat(int dirfd, const char *path, const struct timespec times[2], int flags);
long uk_truncate(const char *path, off_t len);
long uk_ftruncate(int fd, off_t len);
long uk_fallocate(int fd, int mode, off_t off, off_t len);
long uk_getdents64(int fd, void *buf, unsigned len); /* getdents */
long uk_chdir(const char *path);
long uk_fchdir(int fd);
long uk_getcwd(char *buf, size_t size);
long uk_umask(mode_t mask);

/* identity.c: who the process is: always root, always process 1 */
long uk_getpid(void);
long uk_getppid(void);
long uk_wait4(pid_t pid, int *status, int options, void *usage);
long uk_waitid(int type, pid_t pid, void *info, int options, void *usage);
long uk_getuid(void);
long uk_geteuid(void);
long uk_getgid(void);
long uk_getegid(void);
long uk_getresuid(uid_t *real, uid_t *effective, uid_t *saved);
long uk_getresgid(gid_t *real, gid_t *effective, gid_t *saved);
long uk_setuid(uid_t id);
long uk_setgid(gid_t id);
long uk_setreuid(uid_t real, uid_t effective);
long uk_setregid(gid_t real, gid_t effective);
long uk_setresuid(uid_t real, uid_t effective, uid_t saved);
long uk_setresgid(gid_t real, gid_t effective, gid_t saved);
long uk_setfsuid(uid_t id);
long uk_setfsgid(gid_t id);
long uk_getgroups(int size, gid_t *list);
long uk_setgroups(size_t size, const gid_t *list);
long uk_getpgrp(void);
long uk_getpgid(pid_t pid);
long uk_setpgid(pid_t pid, pid_t pgid);
long uk_getsid(pid_t pid);
long uk_setsid(void);

/* info.c: about the machine */
long uk_uname(struct utsname *u);
long uk_sethostname(const char *name, size_t len);
long uk_sysinfo(struct sysinfo *si);
long uk_getrusage(int who, struct rusage *ru);
long uk_times(struct tms *t);
long uk_getcpu(unsigned *cpu, unsigned *node, void *unused);
long uk_reboot(int magic1, int magic2, int cmd, void *arg);

/* limit.c: limits, priorities, attributes of the process */
long uk_getrlimit(int resource, struct rlimit *old);
long uk_setrlimit(int resource, const struct rlimit *to);
long uk_prlimit64(pid_t pid, int resource, const struct rlimit *to, struct rlimit *old);
long uk_prctl(int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
long uk_personality(unsigned long persona);
long uk_capget(void *header, void *data);
long uk_capset(void *header, const void *data);
long uk_getpriority(int which, int who);
long uk_setpriority(int which, int who, int prio);
long uk_ioprio_get(int which, int who);
long uk_ioprio_set(int which, int who, int prio);
long uk_membarrier(int cmd, unsigned flags, int cpu);

/* schedule.c: the scheduler's view: one CPU, one policy */
long uk_sched_yield(void);
long uk_sched_getaffinity(pid_t tid, size_t len, void *mask);
long uk_sched_setaffinity(pid_t tid, size_t len, const void *mask);
long uk_sched_getscheduler(pid_t tid);
long uk_sched_setscheduler(pid_t tid, int policy, const void *param);
long uk_sched_getparam(pid_t tid, void *param);
long uk_sched_setparam(pid_t tid, const void *param);
long uk_sched_get_priority_max(int policy);
long uk_sched_get_priority_min(int policy);
long uk_sched_rr_get_interval(pid_t tid, struct timespec *interval);

/* vm.c: memory of the service */
long uk_mmap(void *hint, size_t len, int prot, int flags, int fd, off_t off);
long uk_munmap(void *addr, size_t len);
long uk_mprotect(void *addr, size_t len, int prot);
long uk_mremap(void *addr, size_t old_len, size_t new_len, int flags, void *new_addr);
long uk_madvise(void *addr, size_t len, int advice);
long uk_brk(u64 to);
long uk_mlock(const void *addr, size_t len);
long uk_munlock(const void *addr, size_t len);
long uk_mlockall(int flags);
long uk_munlockall(void);
long uk_msync(void *addr, size_t len, int flags);
long uk_mincore(void *addr, size_t len, unsigned char *vec);

/* exit.c, futex.c: threads ending, and waiting for each other (thread.c: clone, from libc directly)
 */
long uk_exit_group(int code) __attribute__((noreturn));
long uk_exit(int code) __attribute__((noreturn));
long uk_set_tid_address(int *clear_tid);
long uk_gettid(void);
long uk_set_thread_area(u64 tls);
long uk_set_robust_list(void *head, size_t len);
long uk_get_robust_list(int tid, void **head, size_t *len);
long uk_futex(u32 *word, int op, u32 val, const struct timespec *timeout, u32 *word2, u32 val3);

/* time.c, random.c */
long uk_clock_gettime(int clock, struct timespec *ts);
long uk_clock_getres(int clock, struct timespec *ts);
long uk_clock_settime(int clock, const struct timespec *ts);
long uk_gettimeofday(struct timeval *tv, void *zone);
long uk_time(time_t *t);
long uk_clock_nanosleep(int clock, int flags, const struct timespec *want, struct timespec *left);
long uk_nanosleep(const struct timespec *want, struct timespec *left);
long uk_getrandom(void *buf, size_t len, unsigned flags);

/* sigcalls.c, sigmask.c: signals */
struct sigaction_kernel;
long uk_rt_sigaction(int sig, const struct sigaction_kernel *to, struct sigaction_kernel *old,
                     size_t mask_bytes);
long uk_rt_sigprocmask(int how, const u64 *set, u64 *old, size_t mask_bytes);
long uk_rt_sigpending(u64 *set, size_t mask_bytes);
long uk_rt_sigsuspend(const u64 *mask, size_t mask_bytes);
long uk_rt_sigtimedwait(const u64 *set, siginfo_t *info, const struct timespec *timeout,
                        size_t mask_bytes);
long uk_rt_sigqueueinfo(int pid, int sig, const siginfo_t *info);
long uk_sigaltstack(const stack_t *to, stack_t *old);
long uk_pause(void);
long uk_kill(int pid, int sig);
long uk_tkill(int tid, int sig);
long uk_tgkill(int tgid, int tid, int sig);

/* itimer.c: signals at a time */
struct sigevent_kernel;
long uk_alarm(unsigned seconds);
long uk_getitimer(int which, struct itimerval *now);
long uk_setitimer(int which, const struct itimerval *to, struct itimerval *old);
long uk_timer_create(int clock, const struct sigevent_kernel *ev, int *id);
long uk_timer_gettime(int id, struct itimerspec *now);
long uk_timer_settime(int id, int flags, const struct itimerspec *to, struct itimerspec *old);
long uk_timer_getoverrun(int id);
long uk_timer_delete(int id);
