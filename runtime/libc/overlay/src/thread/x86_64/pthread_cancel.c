/*
 * Thread cancellation for both doors. As a Linux process the race-free window of syscall_cp.s does the
 * work, as in stock musl. In the VM a cancelled thread is woken by a signal that interrupts what it
 * waits for; nothing can slip in between the check and the wait there (runtime code is not preempted).
 */
#define _GNU_SOURCE
#include <string.h>
#include "pthread_impl.h"
#include "syscall.h"

typedef long call6(long, long, long, long, long, long);

extern hidden const char __cp_begin[1], __cp_end[1], __cp_cancel[1];
extern unsigned char skiff_on_linux;
hidden long __syscall_cp_asm(volatile void *, long, long, long, long, long, long, long);
hidden long skiff_linux_call(long, long, long, long, long, long, long);
hidden long skiff_vm_call(call6 *, long, long, long, long, long, long);

hidden long __cancel(void)
{
	pthread_t self = __pthread_self();

	if (self->canceldisable == PTHREAD_CANCEL_ENABLE || self->cancelasync)
		pthread_exit(PTHREAD_CANCELED);
	self->canceldisable = PTHREAD_CANCEL_DISABLE;
	return -ECANCELED;
}

/* Every scp_NAME comes here when this file is linked, with gate_cancel.S: @fn and @nr name the call. */
__asm__(".reloc ., R_X86_64_NONE, __skiff_cancel_gate");

long __skiff_cancel_point(call6 *fn, long nr, long a, long b, long c, long d, long e, long f)
{
	pthread_t self = __pthread_self();
	int st = self->canceldisable;
	int is_masked = st && (st == PTHREAD_CANCEL_DISABLE || nr == SYS_close);
	long r;

	if (skiff_on_linux) {
		if (is_masked)
			return skiff_linux_call(nr, a, b, c, d, e, f);
		r = __syscall_cp_asm(&self->cancel, nr, a, b, c, d, e, f);
	} else {
		if (!is_masked && self->cancel)
			return __cancel();
		r = skiff_vm_call(fn, a, b, c, d, e, f);
		if (is_masked)
			return r;
	}
	if (r == -EINTR && nr != SYS_close && self->cancel &&
	    self->canceldisable != PTHREAD_CANCEL_DISABLE)
		r = __cancel();
	return r;
}

static void on_cancel_signal(int sig, siginfo_t *si, void *ctx)
{
	pthread_t self = __pthread_self();
	ucontext_t *uc = ctx;
	uintptr_t pc = uc->uc_mcontext.MC_PC;

	a_barrier();
	if (!self->cancel || self->canceldisable == PTHREAD_CANCEL_DISABLE)
		return;
	if (!skiff_on_linux) {
		if (self->cancelasync)
			pthread_exit(PTHREAD_CANCELED);
		return;
	}
	uc->uc_sigmask.__bits[(SIGCANCEL - 1) / (8 * sizeof(long))] |=
		1UL << ((SIGCANCEL - 1) % (8 * sizeof(long)));
	if (self->cancelasync || (pc >= (uintptr_t)__cp_begin && pc < (uintptr_t)__cp_end)) {
		uc->uc_mcontext.MC_PC = (uintptr_t)__cp_cancel;
		return;
	}
	__syscall(SYS_tkill, self->tid, SIGCANCEL);
}

void __testcancel(void)
{
	pthread_t self = __pthread_self();

	if (self->cancel && !self->canceldisable)
		__cancel();
}

int pthread_cancel(pthread_t t)
{
	static int is_installed;

	if (!is_installed) {
		struct sigaction sa = {
			.sa_flags = SA_SIGINFO | SA_RESTART,
			.sa_sigaction = on_cancel_signal,
		};
		memset(&sa.sa_mask, -1, _NSIG / 8);
		__libc_sigaction(SIGCANCEL, &sa, 0);
		is_installed = 1;
	}
	a_store(&t->cancel, 1);
	if (t == pthread_self()) {
		if (t->canceldisable == PTHREAD_CANCEL_ENABLE && t->cancelasync)
			pthread_exit(PTHREAD_CANCELED);
		return 0;
	}
	return pthread_kill(t, SIGCANCEL);
}
