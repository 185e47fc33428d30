/* Stock musl's, but for one word: what it maps is a stack, which is touched little by little. Linux
 * ignores it; the runtime promises no memory for all of it. */
#include <sys/mman.h>

#undef MAP_ANON
#define MAP_ANON (0x20 | MAP_STACK)

#include "../pthread_create.c"
