#include "base/setting.h"

#include <string.h>

#include "base/log.h"

bool token_next(const char **line, struct text *token)
{
    const char *p = *line;

    while (*p == ' ' || *p == '\t' || *p == '\n')
        p++;
    token->at = p;
    while (*p && *p != ' ' && *p != '\t' && *p != '\n')
        p++;
    token->len = (size_t)(p - token->at);
    *line = p;
    return token->len > 0;
}

bool token_value(const struct text *token, const char *key, struct text *value)
{
    size_t n = strlen(key);

    if (token->len <= n || memcmp(token->at, key, n) || token->at[n] != '=')
        return false;
    value->at = token->at + n + 1;
    value->len = token->len - n - 1;
    return true;
}

bool text_is(const struct text *t, const char *word)
{
    return strlen(word) == t->len && !memcmp(t->at, word, t->len);
}

bool setting_find(const char *line, const char *key, struct text *value)
{
    struct text token;
    bool found = false;

    while (token_next(&line, &token) && !text_is(&token, "--"))
        found |= token_value(&token, key, value);
    return found;
}

bool text_skip(struct text *t, char c)
{
    if (!t->len || *t->at != c)
        return false;
    t->at++;
    t->len--;
    return true;
}

static u32 hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (u32)(c - '0');
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? (u32)(c - 'a') + 10 : 99;
}

u64 text_number(struct text *t)
{
    u32 radix = 10;
    u64 v = 0;

    if (t->len > 2 && t->at[0] == '0' && t->at[1] == 'x') {
        radix = 16;
        t->at += 2;
        t->len -= 2;
    }
    while (t->len && hex_digit(*t->at) < radix) {
        v = v * radix + hex_digit(*t->at);
        t->at++;
        t->len--;
    }
    return v;
}

u64 setting_number(const char *line, const char *key, u64 max)
{
    struct text value;
    u64 v;

    if (!setting_find(line, key, &value))
        return 0;
    v = text_number(&value);
    if (!value.len && v <= max)
        return v;
    log_err("boot", "%s= is not a number up to %lu", key, max);
    return 0;
}

char *text_decode(char *to, struct text t)
{
    while (t.len) {
        if (*t.at == '%' && t.len > 2 && hex_digit(t.at[1]) < 16 && hex_digit(t.at[2]) < 16) {
            *to++ = (char)(hex_digit(t.at[1]) << 4 | hex_digit(t.at[2]));
            t.at += 3;
            t.len -= 3;
        } else {
            *to++ = *t.at++;
            t.len--;
        }
    }
    *to++ = '\0';
    return to;
}
