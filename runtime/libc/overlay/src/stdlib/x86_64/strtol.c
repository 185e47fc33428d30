/* strtol(3) and its family on plain strings: stock musl's go through the scanner of FILE streams. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

static int digit_of(int c)
{
	int letter = (c | 32) - 'a';

	return c >= '0' && c <= '9' ? c - '0' : letter >= 0 && letter < 26 ? letter + 10 : 36;
}

/* @limit: what is the first to be too large, of positive numbers; 0: too many bits alone are. */
static unsigned long long scan(const char *text, char **end, int base, unsigned long long limit)
{
	const unsigned char *p = (const void *)text, *first;
	unsigned long long y = 0;
	int is_negative = 0, is_over = 0;

	while (isspace(*p))
		p++;
	if (*p == '+' || *p == '-')
		is_negative = *p++ == '-';
	if ((base == 0 || base == 16) && *p == '0' && (p[1] | 32) == 'x' && digit_of(p[2]) < 16) {
		p += 2;
		base = 16;
	} else if (base == 0) {
		base = *p == '0' ? 8 : 10;
	}
	first = p;
	if (base > 1 && base <= 36)
		for (int d; (d = digit_of(*p)) < base; p++) {
			is_over |= __builtin_mul_overflow(y, base, &y);
			is_over |= __builtin_add_overflow(y, d, &y);
		}
	if (end)
		*end = p > first ? (char *)p : (char *)text;
	if (p == first)
		errno = EINVAL;
	if (is_over || (limit && y >= limit + is_negative)) {
		errno = ERANGE;
		return limit ? limit - !is_negative : ULLONG_MAX;
	}
	return is_negative ? -y : y;
}

unsigned long strtoul(const char *restrict text, char **restrict end, int base)
{
	return scan(text, end, base, 0);
}

long strtol(const char *restrict text, char **restrict end, int base)
{
	return scan(text, end, base, 1ull << 63);
}

/* long, long long and intmax_t are one size. */
#define SAME_AS(name, type, other) \
	type name(const char *restrict, char **restrict, int) __attribute__((__alias__(#other)))
#define WEAK_AS(name, type, other) \
	type name(const char *restrict, char **restrict, int) __attribute__((__weak__, __alias__(#other)))

SAME_AS(strtoll, long long, strtol);
SAME_AS(strtoimax, intmax_t, strtol);
SAME_AS(strtoull, unsigned long long, strtoul);
SAME_AS(strtoumax, uintmax_t, strtoul);
WEAK_AS(__strtol_internal, long, strtol);
WEAK_AS(__strtoll_internal, long long, strtol);
WEAK_AS(__strtoimax_internal, intmax_t, strtol);
WEAK_AS(__strtoul_internal, unsigned long, strtoul);
WEAK_AS(__strtoull_internal, unsigned long long, strtoul);
WEAK_AS(__strtoumax_internal, uintmax_t, strtoul);
