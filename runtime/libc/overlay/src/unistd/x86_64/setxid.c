/*
 * setuid() and its family. musl passes the call number in a struct, which would link the dispatcher
 * of every call; here the seven numbers are named. A VM has one user, 0: sc_set* answer there.
 */
#include <unistd.h>
#include <signal.h>
#include "syscall.h"
#include "libc.h"

struct setxid {
	int nr, id, eid, sid;
	int ret;
};

static long setxid_call(const struct setxid *x)
{
	switch (x->nr) {
	case SYS_setuid: return __syscall(SYS_setuid, x->id);
	case SYS_setgid: return __syscall(SYS_setgid, x->id);
	case SYS_setreuid: return __syscall(SYS_setreuid, x->id, x->eid);
	case SYS_setregid: return __syscall(SYS_setregid, x->id, x->eid);
	case SYS_setresuid: return __syscall(SYS_setresuid, x->id, x->eid, x->sid);
	case SYS_setresgid: return __syscall(SYS_setresgid, x->id, x->eid, x->sid);
	}
	return -ENOSYS;
}

static void setxid_each(void *p)
{
	struct setxid *x = p;
	long ret;

	if (x->ret < 0)
		return;
	ret = setxid_call(x);
	if (ret && !x->ret) {
		/* Some threads have new ids and this one cannot follow: nothing safe is left. */
		__block_all_sigs(0);
		__syscall(SYS_kill, __syscall(SYS_getpid), SIGKILL);
	}
	x->ret = ret;
}

int __setxid(int nr, int id, int eid, int sid)
{
	struct setxid x = {.nr = nr, .id = id, .eid = eid, .sid = sid, .ret = 1};

	__synccall(setxid_each, &x);
	return __syscall_ret(x.ret);
}
