#define _GNU_SOURCE
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct http_answer http_answers[HTTP_PAGES][2];

static const struct {
    const char *status, *fields, *type, *body;
} pages[HTTP_PAGES] = {
    [PAGE_INDEX] = {"200 OK", "", "text/html",
                    "<!doctype html>\n<title>skiff</title>\n"
                    "<p>One service, one virtual machine, nothing else.\n"},
    [PAGE_BAD_REQUEST] = {"400 Bad Request", "", "text/plain", "bad request\n"},
    [PAGE_NOT_FOUND] = {"404 Not Found", "", "text/plain", "not found\n"},
    [PAGE_BAD_METHOD] = {"405 Method Not Allowed", "Allow: GET, HEAD\r\n", "text/plain",
                         "only GET and HEAD\n"},
    [PAGE_TOO_LARGE] = {"431 Request Header Fields Too Large", "", "text/plain",
                        "request too large\n"},
    [PAGE_BAD_VERSION] = {"505 HTTP Version Not Supported", "", "text/plain", "only HTTP/1.x\n"},
};

static bool make_answer(enum http_page page, bool keep)
{
    char *text = NULL;
    int n =
        asprintf(&text, "HTTP/1.1 %s\r\nContent-Type: %s\r\n%s%sContent-Length: %zu\r\n\r\n%s",
                 pages[page].status, pages[page].type, pages[page].fields,
                 keep ? "" : "Connection: close\r\n", strlen(pages[page].body), pages[page].body);
    if (n < 0)
        return false;
    size_t body_len = strlen(pages[page].body);
    http_answers[page][keep] = (struct http_answer){text, (size_t)n - body_len, (size_t)n};
    return true;
}

bool http_init(void)
{
    for (int page = 0; page < HTTP_PAGES; page++)
        if (!make_answer(page, false) || !make_answer(page, true))
            return false;
    return true;
}

/* The bytes a method or a field name may have (RFC 9110 §5.6.2, "token"). */
static bool is_token_byte(unsigned char c)
{
    static const uint32_t map[8] = {0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff};
    return map[c / 32] >> (c % 32) & 1;
}

/* Is the list element `want` (lower case) in a field value such as "keep-alive, Upgrade"? */
static bool has_element(const char *value, const char *end, const char *want)
{
    size_t want_len = strlen(want);
    while (value < end) {
        while (value < end && (*value == ' ' || *value == '\t' || *value == ','))
            value++;
        const char *start = value;
        while (value < end && *value != ',')
            value++;
        size_t len = (size_t)(value - start);
        while (len > 0 && (start[len - 1] == ' ' || start[len - 1] == '\t'))
            len--;
        if (len == want_len && strncasecmp(start, want, len) == 0)
            return true;
    }
    return false;
}

static bool is_name(const char *name, size_t len, const char *want, size_t want_len)
{
    return len == want_len && strncasecmp(name, want, len) == 0;
}
#define IS_NAME(name, len, want) is_name(name, len, want, sizeof(want) - 1)

/* "GET /path?query HTTP/1.1" between p and end. Returns 0 or the negative page to answer with. */
static int parse_request_line(const char *p, const char *end, struct http_request *req)
{
    const char *start = p;
    while (p < end && is_token_byte((unsigned char)*p))
        p++;
    if (p == start || p == end || *p != ' ')
        return -PAGE_BAD_REQUEST;
    size_t len = (size_t)(p - start);
    if (len == 3 && memcmp(start, "GET", 3) == 0)
        req->method = HTTP_GET;
    else if (len == 4 && memcmp(start, "HEAD", 4) == 0)
        req->method = HTTP_HEAD;
    else
        req->method = HTTP_OTHER;

    const char *target = ++p;
    const char *query = NULL;
    while (p < end && (unsigned char)*p > ' ' && *p != 0x7f) {
        if (*p == '?' && !query)
            query = p;
        p++;
    }
    if (p == target || end - p < 9 || memcmp(p, " HTTP/", 6) != 0)
        return -PAGE_BAD_REQUEST;
    const char *version = p + 6;
    if (end - version != 3 || version[1] != '.' || version[2] < '0' || version[2] > '9')
        return -PAGE_BAD_REQUEST;
    if (version[0] != '1')
        return -PAGE_BAD_VERSION;
    req->keep_alive = version[2] != '0'; /* HTTP/1.0: always closed, which it allows */

    const char *path_end = query ? query : p;
    if (*target != '/' && path_end - target > 7 && strncasecmp(target, "http://", 7) == 0) {
        /* A client that thinks we are a proxy (RFC 9112 §3.2.2): the path follows the host. */
        target = memchr(target + 7, '/', (size_t)(path_end - target - 7));
        if (!target)
            target = path_end;
    }
    req->path = target;
    req->path_len = (size_t)(path_end - target);
    return 0;
}

/* One field line. Returns 0 or the negative page to answer with. */
static int parse_field(const char *p, const char *end, bool *has_host, struct http_request *req)
{
    const char *name = p;
    while (p < end && is_token_byte((unsigned char)*p))
        p++;
    size_t len = (size_t)(p - name);
    if (len == 0 || p == end || *p != ':')
        return -PAGE_BAD_REQUEST; /* also folded lines and "Name :" (RFC 9112 §5.1, §5.2) */
    p++;

    switch (*name | 0x20) {
    case 'h':
        if (IS_NAME(name, len, "host")) {
            if (*has_host)
                return -PAGE_BAD_REQUEST;
            *has_host = true;
        }
        break;
    case 'c':
        if (IS_NAME(name, len, "connection")) {
            if (has_element(p, end, "close"))
                req->keep_alive = false;
        } else if (IS_NAME(name, len, "content-length")) {
            if (!has_element(p, end, "0"))
                req->has_body = true;
        }
        break;
    case 't':
        if (IS_NAME(name, len, "transfer-encoding"))
            req->has_body = true;
        break;
    }
    return 0;
}

int http_parse(const char *buf, size_t len, struct http_request *req)
{
    const char *p = buf, *limit = buf + len;
    bool has_host = false, is_first = true, is_http_1_0 = false;

    req->has_body = false;
    for (;;) {
        const char *nl = memchr(p, '\n', (size_t)(limit - p));
        if (!nl)
            return len >= HTTP_MAX_REQUEST ? -PAGE_TOO_LARGE : 0;
        const char *end = nl > p && nl[-1] == '\r' ? nl - 1 : nl;
        int err = 0;
        if (is_first && end == p) {
            ; /* empty lines before a request are skipped (RFC 9112 §2.2) */
        } else if (is_first) {
            is_first = false;
            err = parse_request_line(p, end, req);
            is_http_1_0 = !req->keep_alive;
        } else if (end == p) {
            p = nl + 1;
            break;
        } else {
            err = parse_field(p, end, &has_host, req);
        }
        if (err)
            return err;
        p = nl + 1;
    }
    if (!has_host && !is_http_1_0)
        return -PAGE_BAD_REQUEST; /* RFC 9112 §3.2 */
    if ((size_t)(p - buf) > HTTP_MAX_REQUEST)
        return -PAGE_TOO_LARGE;
    return (int)(p - buf);
}

size_t http_put_number(char *to, uint64_t n)
{
    char digits[20];
    size_t len = 0;
    do
        digits[sizeof digits - ++len] = (char)('0' + n % 10);
    while (n /= 10);
    memcpy(to, digits + sizeof digits - len, len);
    return len;
}

static char *put(char *to, const char *text)
{
    size_t len = strlen(text);
    return (char *)memcpy(to, text, len) + len;
}

size_t http_head(char *to, const char *type, uint64_t body_len, bool keep_alive)
{
    char *p = put(to, "HTTP/1.1 200 OK\r\nContent-Type: ");
    p = put(p, type);
    p = put(p, keep_alive ? "\r\nContent-Length: " : "\r\nConnection: close\r\nContent-Length: ");
    p += http_put_number(p, body_len);
    p = put(p, "\r\n\r\n");
    return (size_t)(p - to);
}
