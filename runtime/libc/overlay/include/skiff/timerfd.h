/*
 * The end of <sys/timerfd.h>: a timer of a clock that the compiler sees not to be CLOCK_REALTIME does not
 * link wall time.
 */
#ifndef _SKIFF_TIMERFD_H
#define _SKIFF_TIMERFD_H
#if defined(__GNUC__) && defined(__OPTIMIZE__) && !defined(__SKIFF_NO_ENTRIES) && \
    !defined(timerfd_create)
#ifdef __cplusplus
extern "C" {
#endif
int __skiff_timerfd_create_any(int, int);
int __skiff_timerfd_create_mono(int, int);
extern __inline __attribute__((__gnu_inline__, __always_inline__)) int timerfd_create(int __clock,
                                                                                      int __flags)
{
    return __builtin_constant_p(__clock) && __clock != CLOCK_REALTIME
               ? __skiff_timerfd_create_mono(__clock, __flags)
               : __skiff_timerfd_create_any(__clock, __flags);
}
#ifdef __cplusplus
}
#endif
#endif
#endif
