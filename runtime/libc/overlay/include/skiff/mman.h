/*
 * The end of <sys/mman.h>: where flags are constants and say memory, or a copy of a file, mmap()
 * links nothing of what maps files shared. Whoever calls mmap() itself (by a pointer, at -O0) does.
 */
#ifndef _SKIFF_MMAN_H
#define _SKIFF_MMAN_H
#if defined(__GNUC__) && defined(__OPTIMIZE__) && !defined(__SKIFF_NO_ENTRIES) && !defined(mmap)
#ifdef __cplusplus
extern "C" {
#endif
void *__mmap(void *, size_t, int, int, int, off_t);
void *__skiff_mmap_any(void *, size_t, int, int, int, off_t);
extern __inline __attribute__((__gnu_inline__, __always_inline__)) void *
mmap(void *__start, size_t __len, int __prot, int __flags, int __fd, off_t __off)
{
    if (__builtin_constant_p(__flags) &&
        (__flags & MAP_ANONYMOUS || (__flags & MAP_TYPE) == MAP_PRIVATE))
        return __mmap(__start, __len, __prot, __flags, __fd, __off);
    return __skiff_mmap_any(__start, __len, __prot, __flags, __fd, __off);
}
#ifdef __cplusplus
}
#endif
#endif
#endif
