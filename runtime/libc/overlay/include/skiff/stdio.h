/*
 * The end of <stdio.h>: printf() with a format that is a constant, and has neither conversions of
 * floating point nor wide characters, %m, %n or numbered arguments, goes to a formatter that knows
 * the rest (runtime/base/fmt.h) and says the same; musl's, 9 kB, stays out of the image unless another
 * call needs it. What the compiler cannot see to be so goes to musl's. Beyond eight conversions it
 * does not look. clang cannot pass variable arguments on, so there it is all musl's. The price: gcc
 * checks the format of such calls (-Wformat), but not the room of sprintf() (-Wformat-overflow).
 */
#ifndef _SKIFF_STDIO_H
#define _SKIFF_STDIO_H
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#ifdef __cplusplus
extern "C" {
#endif
#define __SKIFF_ENTRY extern __inline __attribute__((__gnu_inline__, __always_inline__))

int __skiff_printf(const char *__restrict, ...);
int __skiff_fprintf(FILE *__restrict, const char *__restrict, ...);
int __skiff_dprintf_any(int, const char *__restrict, ...);
int __skiff_dprintf(int, const char *__restrict, ...);
int __skiff_sprintf(char *__restrict, const char *__restrict, ...);
int __skiff_snprintf(char *__restrict, size_t, const char *__restrict, ...);

/* Up to the next conversion and behind it. All of it folds, or none. */
#define __SKIFF_STEP \
	if (!__bad) { \
		__i += __builtin_strcspn(__f + __i, "%"); \
		if (__f[__i]) { \
			__i += 1 + __builtin_strspn(__f + __i + 1, "-+ #0123456789.*hjltz"); \
			__c = __f[__i]; \
			__bad = !(__c == 'd' || __c == 'i' || __c == 'u' || __c == 'x' || __c == 'X' \
				|| __c == 'o' || __c == 'p' || __c == '%' \
				|| ((__c == 's' || __c == 'c') && __f[__i - 1] != 'l')); \
			__i++; \
		} \
	}
__SKIFF_ENTRY int __skiff_is_plain(const char *__f)
{
	unsigned long __i = 0;
	int __bad = 0;
	char __c;

	__SKIFF_STEP __SKIFF_STEP __SKIFF_STEP __SKIFF_STEP
	__SKIFF_STEP __SKIFF_STEP __SKIFF_STEP __SKIFF_STEP
	return !__bad && !__f[__i + __builtin_strcspn(__f + __i, "%")];
}
#undef __SKIFF_STEP
#define __SKIFF_IF_PLAIN(f) \
	int __plain = __builtin_constant_p(*(f)) && __skiff_is_plain(f); \
	if (__builtin_constant_p(__plain) && __plain)
/* Text without any conversion is only to be written. */
#define __SKIFF_IF_TEXT(f) \
	unsigned long __len = __builtin_constant_p(*(f)) ? __builtin_strcspn(f, "%") : 0; \
	if (__builtin_constant_p(__len) && __len && !(f)[__len])

#ifndef printf
__SKIFF_ENTRY int printf(const char *__restrict __f, ...)
{
	__SKIFF_IF_TEXT(__f)
		return fwrite(__f, 1, __len, stdout) == __len ? (int)__len : -1;
	__SKIFF_IF_PLAIN(__f)
		return __skiff_printf(__f, __builtin_va_arg_pack());
	return __builtin_printf(__f, __builtin_va_arg_pack());
}
#endif
#ifndef fprintf
__SKIFF_ENTRY int fprintf(FILE *__restrict __to, const char *__restrict __f, ...)
{
	__SKIFF_IF_TEXT(__f)
		return fwrite(__f, 1, __len, __to) == __len ? (int)__len : -1;
	__SKIFF_IF_PLAIN(__f)
		return __skiff_fprintf(__to, __f, __builtin_va_arg_pack());
	return __builtin_fprintf(__to, __f, __builtin_va_arg_pack());
}
#endif
#if !defined(dprintf) && (defined(_POSIX_SOURCE) || defined(_POSIX_C_SOURCE) \
	|| defined(_XOPEN_SOURCE) || defined(_GNU_SOURCE) || defined(_BSD_SOURCE))
__SKIFF_ENTRY int dprintf(int __to, const char *__restrict __f, ...)
{
	__SKIFF_IF_PLAIN(__f)
		return __skiff_dprintf(__to, __f, __builtin_va_arg_pack());
	return __skiff_dprintf_any(__to, __f, __builtin_va_arg_pack());
}
#endif
#ifndef sprintf
__SKIFF_ENTRY int sprintf(char *__restrict __to, const char *__restrict __f, ...)
{
	__SKIFF_IF_PLAIN(__f)
		return __skiff_sprintf(__to, __f, __builtin_va_arg_pack());
	return __builtin_sprintf(__to, __f, __builtin_va_arg_pack());
}
#endif
#ifndef snprintf
__SKIFF_ENTRY int snprintf(char *__restrict __to, size_t __size, const char *__restrict __f, ...)
{
	__SKIFF_IF_PLAIN(__f)
		return __skiff_snprintf(__to, __size, __f, __builtin_va_arg_pack());
	return __builtin_snprintf(__to, __size, __f, __builtin_va_arg_pack());
}
#endif
#undef __SKIFF_IF_PLAIN
#undef __SKIFF_IF_TEXT
#undef __SKIFF_ENTRY
#ifdef __cplusplus
}
#endif
#endif
#endif
