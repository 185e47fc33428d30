/* crt1.o: the one object that names main(). Both doors end here, on a stack as exec() leaves it. */
int main(int, char **, char **);
__attribute__((weak)) void _init(void);
__attribute__((weak)) void _fini(void);
int __libc_start_main(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
                      void (*)(void));
void process_main(long *sp);

/* @sp  argc, argv[], NULL, envp[], NULL, auxv[] */
void process_main(long *sp)
{
    __libc_start_main(main, (int)sp[0], (char **)(sp + 1), _init, _fini, 0);
}
