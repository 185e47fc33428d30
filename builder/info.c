#include "info.h"

#include <string.h>

bool info_parse(struct info *info, const char *data, size_t len_bytes)
{
    *info = (struct info){0};
    for (size_t at = 0; at < len_bytes;) {
        const char *line = data + at;
        const char *end = memchr(line, '\n', len_bytes - at);
        size_t len = end ? (size_t)(end - line) : len_bytes - at;
        bool is_good = end && memchr(line, '=', len) && line[0] != '=';
        for (size_t i = 0; i < len; i++)
            if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
                is_good = false;
        if (!is_good) {
            info_fini(info);
            return false;
        }
        strvec_take(&info->lines, str_dup_n(line, len));
        at += len + 1;
    }
    return true;
}

void info_fini(struct info *info)
{
    strvec_fini(&info->lines);
}

const char *info_next(const struct info *info, const char *key, size_t *i)
{
    size_t len = strlen(key);
    while (*i < info->lines.n) {
        const char *line = info->lines.items[(*i)++];
        if (strncmp(line, key, len) == 0 && line[len] == '=')
            return line + len + 1;
    }
    return NULL;
}

const char *info_get(const struct info *info, const char *key)
{
    size_t i = 0;
    return info_next(info, key, &i);
}

void info_add(struct info *info, const char *key, const char *value)
{
    char *line = str_fmt("%s=%s", key, value);
    /* A control character in a value (a source's name may hold one) would end the line early. */
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    strvec_take(&info->lines, line);
}

void info_write(const struct info *info, struct text *out)
{
    for (size_t i = 0; i < info->lines.n; i++) {
        text_add(out, info->lines.items[i]);
        text_add(out, "\n");
    }
}
