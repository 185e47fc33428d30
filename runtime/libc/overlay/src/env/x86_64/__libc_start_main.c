/*
 * From the entry to main(). Stock musl also repairs the standard descriptors of a set-user-ID
 * program, which would link poll() and open() into every image; an image is never installed so.
 */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include "syscall.h"
#include "atomic.h"
#include "libc.h"

static void no_init(void)
{
}
weak_alias(no_init, _init);

static void no_ssp(void *entropy)
{
	(void)entropy;
}
weak_alias(no_ssp, __init_ssp);

extern weak hidden void (*const __init_array_start)(void), (*const __init_array_end)(void);

__attribute__((__noinline__))
void __init_libc(char **envp, char *name)
{
	size_t aux[AT_SYSINFO_EHDR + 1] = {0}, *auxv;
	char **p = envp;

	__environ = envp;
	while (*p++)
		;
	libc.auxv = auxv = (void *)p;
	for (; auxv[0]; auxv += 2)
		if (auxv[0] <= AT_SYSINFO_EHDR)
			aux[auxv[0]] = auxv[1];
	__hwcap = aux[AT_HWCAP];
	__sysinfo = aux[AT_SYSINFO];
	libc.page_size = aux[AT_PAGESZ];
	libc.secure = aux[AT_SECURE] || aux[AT_UID] != aux[AT_EUID] || aux[AT_GID] != aux[AT_EGID];
	if (!name)
		name = aux[AT_EXECFN] ? (char *)aux[AT_EXECFN] : "";
	__progname_full = __progname = name;
	for (; *name; name++)
		if (*name == '/')
			__progname = name + 1;
	__init_tls(aux);
	__init_ssp((void *)aux[AT_RANDOM]);
}

static void run_constructors(void)
{
	uintptr_t at;

	_init();
	for (at = (uintptr_t)&__init_array_start; at < (uintptr_t)&__init_array_end;
	     at += sizeof(void (*)(void)))
		(*(void (**)(void))at)();
}
weak_alias(run_constructors, __libc_start_init);

/* Not inlined: nothing that needs the canary or TLS may move before __init_libc(). */
__attribute__((__noinline__, __noreturn__))
static void run(int (*main)(int, char **, char **), int argc, char **argv)
{
	__libc_start_init();
	exit(main(argc, argv, argv + argc + 1));
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void), void (*ldso)(void))
{
	void (*go)(int (*)(int, char **, char **), int, char **) = run;

	(void)init, (void)fini, (void)ldso;
	__init_libc(argv + argc + 1, argv[0]);
	__asm__("" : "+r"(go) : : "memory");
	go(main, argc, argv);
	return 0;
}
