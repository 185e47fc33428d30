#include "base/fmt.h"

#include <limits.h>
#include <string.h>

#define FLAG(c) (1u << ((c) - ' ')) /* all five are within 32 of the space */
#define FLAGS   (FLAG('-') | FLAG('+') | FLAG(' ') | FLAG('#') | FLAG('0'))

/* @len bytes: those at @s or, if that is NULL, each of them @c. */
static void put(struct fmt_out *o, const char *s, char c, size_t len)
{
    o->total += len;
    while (len) {
        size_t n = MIN(len, o->size - o->used);

        if (n && s) {
            memcpy(o->buf + o->used, s, n);
            s += n;
        } else if (n) {
            memset(o->buf + o->used, c, n);
        } else if (o->flush) {
            o->flush(o);
        } else {
            return;
        }
        o->used += n;
        len -= n;
    }
}

/* A width or a precision: digits, or '*' for an argument. Beyond INT_MAX it is too much. */
static s64 number(const char **fmt, va_list *ap)
{
    s64 n = 0;

    if (**fmt == '*') {
        ++*fmt;
        return va_arg(*ap, int);
    }
    for (; (u8)(**fmt - '0') < 10; ++*fmt)
        n = n > INT_MAX ? n : n * 10 + **fmt - '0';
    return n;
}

/* One conversion, of which fmt is behind the '%'. Returns what is behind it; NULL: too much text.
 */
static const char *convert(struct fmt_out *o, const char *fmt, va_list *ap)
{
    char digits[24], *s = digits + sizeof(digits); /* 22 are needed, in octal */
    const char *start = fmt, *prefix = "";
    s64 width, precision = -1, n_zeros = 0;
    u32 flags = 0, shift = 32, radix;
    size_t len, n_prefix;
    char c;
    u64 v;

    for (; (u8)(*fmt - ' ') < 32 && (FLAGS & FLAG(*fmt)); fmt++)
        flags |= FLAG(*fmt);
    width = number(&fmt, ap);
    if (width < 0) {
        flags |= FLAG('-');
        width = -width;
    }
    if (*fmt == '.') {
        fmt++;
        precision = number(&fmt, ap);
    }
    for (; *fmt == 'h'; fmt++)
        shift = shift == 32 ? 48 : 56;
    for (; *fmt == 'l' || *fmt == 'z' || *fmt == 'j' || *fmt == 't'; fmt++)
        shift = 0;
    c = *fmt++;
    if (c == '%') {
        put(o, NULL, '%', 1);
        return fmt;
    }
    /* Every argument is eight bytes; a modifier says how many of them count. */
    v = va_arg(*ap, u64);
    if (c == 'c' || c == 's') {
        *--s = (char)v;
        len = 1;
        if (c == 's') {
            s = v ? (char *)v : (char *)"(null)";
            len = strnlen(s, precision < 0 ? (size_t)INT_MAX + 1 : (size_t)precision);
        }
        flags &= ~FLAG('0');
    } else {
        if (c == 'p') { /* as musl has it */
            c = 'x';
            flags |= FLAG('#');
            shift = 0;
            if (precision >= 0)
                precision = MAX(precision, 16);
        }
        radix = c == 'o' ? 8 : (c | 32) == 'x' ? 16 : 10;
        if (c == 'd' || c == 'i') {
            s64 x = (s64)(v << shift) >> shift;

            prefix = x < 0 ? "-" : flags & FLAG('+') ? "+" : flags & FLAG(' ') ? " " : prefix;
            v = x < 0 ? -(u64)x : (u64)x;
        } else if (c == 'u' || radix != 10) {
            v = v << shift >> shift;
            if ((flags & FLAG('#')) && radix == 16 && v)
                prefix = c == 'x' ? "0x" : "0X";
        } else { /* not ours */
            put(o, NULL, '%', 1);
            return start;
        }
        for (; v; v /= radix)
            *--s = (char)("0123456789ABCDEF"[v % radix] | (c & 32)); /* digits have that bit set */
        len = (size_t)(digits + sizeof(digits) - s);
        if (precision >= 0)
            flags &= ~FLAG('0');
        n_zeros = (precision < 0 ? 1 : precision) - (s64)len;
        if (radix == 8 && (flags & FLAG('#')) && n_zeros <= 0)
            n_zeros = 1;
        n_zeros = MAX(n_zeros, 0);
    }
    n_prefix = strlen(prefix);
    width = MAX(width - n_zeros - (s64)(n_prefix + len), 0);
    if (o->total + n_prefix + len + (u64)(n_zeros + width) > INT_MAX)
        return NULL;
    if (flags & FLAG('-'))
        flags &= ~FLAG('0');
    else if (flags & FLAG('0'))
        n_zeros += width;
    else
        put(o, NULL, ' ', (size_t)width);
    put(o, prefix, 0, n_prefix);
    put(o, NULL, '0', (size_t)n_zeros);
    put(o, s, 0, len);
    if (flags & FLAG('-'))
        put(o, NULL, ' ', (size_t)width);
    return fmt;
}

int fmt_write(struct fmt_out *o, const char *fmt, va_list ap)
{
    va_list args;

    va_copy(args, ap);
    while (*fmt) {
        const char *start = fmt;

        while (*fmt && *fmt != '%')
            fmt++;
        put(o, start, 0, (size_t)(fmt - start));
        if (*fmt)
            fmt = convert(o, fmt + 1, &args);
        if (!fmt || o->total > INT_MAX)
            break;
    }
    va_end(args);
    return fmt && o->total <= INT_MAX ? (int)o->total : -1;
}

int fmt_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
    struct fmt_out o = {.buf = buf, .size = size ? size - 1 : 0};
    int n = fmt_write(&o, fmt, ap);

    if (size)
        buf[o.used] = '\0';
    return n;
}

int fmt_snprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = fmt_vsnprintf(buf, size, fmt, ap);
    va_end(ap);
    return n;
}

int fmt_put(struct fmt_out *o, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = fmt_write(o, fmt, ap);
    va_end(ap);
    return n;
}
