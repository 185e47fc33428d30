#include "base/fmt.h"

struct out {
    char *buf;
    size_t size, len;
};

static void put(struct out *o, char c)
{
    if (o->len + 1 < o->size)
        o->buf[o->len] = c;
    o->len++;
}

static void put_padded(struct out *o, const char *s, size_t len, int width, char pad, bool is_left)
{
    int fill = width > (int)len ? width - (int)len : 0;

    for (; !is_left && fill; fill--)
        put(o, pad);
    for (; len; len--)
        put(o, *s++);
    for (; fill; fill--)
        put(o, ' ');
}

int fmt_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
    struct out o = {buf, size, 0};

    for (; *fmt; fmt++) {
        char digits[24], *d = digits + sizeof(digits);
        const char *start = fmt, *s;
        bool is_left = false, is_alt = false, is_long = false, is_negative = false;
        char pad = ' ';
        int width = 0, precision = -1;
        u32 radix = 10;
        u64 v;

        if (*fmt != '%') {
            put(&o, *fmt);
            continue;
        }
        for (fmt++; *fmt == '0' || *fmt == '-' || *fmt == '#'; fmt++) {
            if (*fmt == '0')
                pad = '0';
            else if (*fmt == '-')
                is_left = true;
            else
                is_alt = true;
        }
        for (; *fmt >= '0' && *fmt <= '9'; fmt++)
            width = width * 10 + *fmt - '0';
        if (*fmt == '.' && fmt[1] == '*') {
            precision = va_arg(ap, int);
            fmt += 2;
        }
        for (; *fmt == 'l' || *fmt == 'z'; fmt++)
            is_long = true;
        switch (*fmt) {
        case '%':
            put(&o, '%');
            continue;
        case 'c':
            digits[0] = (char)va_arg(ap, int);
            put_padded(&o, digits, 1, width, ' ', is_left);
            continue;
        case 's': {
            size_t n = 0;

            s = va_arg(ap, const char *);
            if (!s)
                s = "(null)";
            while ((precision < 0 || n < (size_t)precision) && s[n])
                n++;
            put_padded(&o, s, n, width, ' ', is_left);
            continue;
        }
        case 'd':
        case 'i': {
            s64 x = is_long ? va_arg(ap, long) : va_arg(ap, int);

            is_negative = x < 0;
            v = is_negative ? -(u64)x : (u64)x;
            break;
        }
        case 'p':
            is_alt = is_long = true; /* fallthrough */
            __attribute__((fallthrough));
        case 'x':
            radix = 16;
            __attribute__((fallthrough));
        case 'u':
            v = is_long ? va_arg(ap, unsigned long) : va_arg(ap, unsigned);
            break;
        default: /* not ours: show it as it stands */
            put(&o, '%');
            fmt = start;
            continue;
        }
        do
            *--d = "0123456789abcdef"[v % radix];
        while ((v /= radix));
        if (is_alt && radix == 16) {
            *--d = 'x';
            *--d = '0';
        }
        if (is_negative) {
            if (pad == '0') {
                put(&o, '-');
                width--;
            } else {
                *--d = '-';
            }
        }
        put_padded(&o, d, (size_t)(digits + sizeof(digits) - d), width, is_left ? ' ' : pad,
                   is_left);
    }
    if (size)
        buf[o.len < size ? o.len : size - 1] = '\0';
    return (int)o.len;
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
