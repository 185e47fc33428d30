#define _GNU_SOURCE
#include "http.h"

#include <string.h>
#include <strings.h>

struct http_answer http_answers[HTTP_PAGES][2];

static const struct {
    const char *status, *type, *body; /* a field may follow the status */
} pages[HTTP_PAGES] = {
    [PAGE_INDEX] = {"200 OK", "text/html",
                    "<!doctype html>\n<title>skiff</title>\n"
                    "<p>One service, one virtual machine, nothing else.\n"},
    [PAGE_BAD_REQUEST] = {"400 Bad Request", "text/plain", "bad request\n"},
    [PAGE_NOT_FOUND] = {"404 Not Found", "text/plain", "not found\n"},
    [PAGE_BAD_METHOD] = {"405 Method Not Allowed\r\nAllow: GET, HEAD", "text/plain",
                         "only GET and HEAD\n"},
    [PAGE_TOO_LARGE] = {"431 Request Header Fields Too Large", "text/plain", "request too large\n"},
    [PAGE_BAD_VERSION] = {"505 HTTP Version Not Supported", "text/plain", "only HTTP/1.x\n"},
};

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

static size_t put_head(char *to, const char *status, const char *type, uint64_t body_len, bool keep)
{
    char *p = stpcpy(stpcpy(stpcpy(to, "HTTP/1.1 "), status), "\r\nContent-Type: ");
    p = stpcpy(p, type);
    p = stpcpy(p, keep ? "\r\nContent-Length: " : "\r\nConnection: close\r\nContent-Length: ");
    p += http_put_number(p, body_len);
    return (size_t)(stpcpy(p, "\r\n\r\n") - to);
}

size_t http_head(char *to, const char *type, uint64_t body_len, bool keep_alive)
{
    return put_head(to, "200 OK", type, body_len, keep_alive);
}

void http_init(void)
{
    static char texts[HTTP_PAGES][2][HTTP_ANSWER_BYTES];
    for (int page = 0; page < HTTP_PAGES; page++) {
        for (int keep = 0; keep < 2; keep++) {
            char *text = texts[page][keep];
            size_t body_len = strlen(pages[page].body);
            size_t head_len = put_head(text, pages[page].status, pages[page].type, body_len, keep);
            memcpy(text + head_len, pages[page].body, body_len);
            http_answers[page][keep] = (struct http_answer){text, head_len, head_len + body_len};
        }
    }
}

/*
 * The parser goes over the bytes once. Every step takes the place it begins at and returns the one
 * behind what it took, or NULL: then req->status is 0 when more bytes are needed, else the negative
 * of the page to answer with. Short fixed words are compared as numbers: a call would cost more.
 */
static bool is_word4(const char *p, const char word[4])
{
    uint32_t a, b;
    memcpy(&a, p, 4);
    memcpy(&b, word, 4);
    return a == b;
}

static bool is_word8(const char *p, const char word[8])
{
    uint64_t a, b;
    memcpy(&a, p, 8);
    memcpy(&b, word, 8);
    return a == b;
}

/* The first line feed, or limit; eight bytes at a time, the last ones perhaps behind limit. */
static const char *find_newline(const char *p, const char *limit)
{
    const uint64_t ones = 0x0101010101010101u;
    for (; p < limit; p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        word ^= ones * '\n';
        /* The lowest byte with its top bit set is the first that was zero. */
        word = (word - ones) & ~word & ones << 7;
        if (word) {
            p += __builtin_ctzll(word) / 8;
            break;
        }
    }
    return p < limit ? p : limit;
}

/* The bytes a method or a field name may have (RFC 9110 §5.6.2, "token"). */
static const bool is_token_byte[256] = {
    ['!'] = 1,         ['#' ... '\''] = 1, ['*'] = 1,         ['+'] = 1, ['-'] = 1, ['.'] = 1,
    ['0' ... '9'] = 1, ['A' ... 'Z'] = 1,  ['^' ... 'z'] = 1, ['|'] = 1, ['~'] = 1,
};

/* A token that ends at the byte `end`, which is skipped. */
static const char *skip_token(const char *p, const char *limit, char end, struct http_request *req)
{
    const char *start = p;
    while (p < limit && is_token_byte[(unsigned char)*p])
        p++;
    req->status = p == limit ? 0 : -PAGE_BAD_REQUEST;
    return p < limit && p > start && *p == end ? p + 1 : NULL;
}

/* A client that thinks we are a proxy (RFC 9112 §3.2.2): the path follows the host. */
static void strip_authority(struct http_request *req)
{
    if (req->path_len <= 7 || strncasecmp(req->path, "http://", 7) != 0)
        return;
    const char *end = req->path + req->path_len;
    const char *slash = memchr(req->path + 7, '/', req->path_len - 7);
    req->path = slash ? slash : end;
    req->path_len = (size_t)(end - req->path);
}

/* "GET /path?query HTTP/1.1" and the end of its line. */
static const char *parse_request_line(const char *p, const char *limit, struct http_request *req)
{
    req->method = HTTP_GET;
    if (limit - p >= 4 && is_word4(p, "GET ")) {
        p += 4;
    } else {
        const char *method = p;
        p = skip_token(p, limit, ' ', req);
        if (!p)
            return NULL;
        req->method = p - method == 5 && is_word4(method, "HEAD") ? HTTP_HEAD : HTTP_OTHER;
    }

    const char *target = p, *query = NULL;
    for (; p < limit && (unsigned char)*p > ' ' && *p != 0x7f; p++)
        if (*p == '?' && !query)
            query = p;
    req->status = p < limit && *p != ' ' ? -PAGE_BAD_REQUEST : 0;
    if (req->status != 0 || limit - p < 11)
        return NULL; /* more is to come; what is here is looked at again then */
    req->path = target;
    req->path_len = (size_t)((query ? query : p) - target);
    if (!is_word8(p, " HTTP/1.")) {
        req->status =
            memcmp(p, " HTTP/", 6) == 0 && p[7] == '.' ? -PAGE_BAD_VERSION : -PAGE_BAD_REQUEST;
        return NULL;
    }
    const char *end = p + 10;
    req->status = -PAGE_BAD_REQUEST;
    if (!is_word4(p + 7, ".1\r\n")) {
        end = p[9] == '\r' ? p + 10 : p + 9;
        if (*end != '\n' || p[8] < '0' || p[8] > '9')
            return NULL;
    }
    req->is_http_1_0 = p[8] == '0';
    req->keep_alive = p[8] != '0'; /* HTTP/1.0 may close always, and does */
    if (*target != '/') {
        if (req->path_len == 0)
            return NULL;
        strip_authority(req);
    }
    return end + 1;
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
        while (len > 0 && (unsigned char)start[len - 1] <= ' ')
            len--;
        if (len == want_len && strncasecmp(start, want, len) == 0)
            return true;
    }
    return false;
}

/* What a field with a name of this length and first letter may mean to us. */
static void take_field(const char *name, size_t len, const char *value, const char *end,
                       struct http_request *req)
{
    switch (len) {
    case 10:
        if (strncasecmp(name, "connection", len) == 0 && has_element(value, end, "close"))
            req->keep_alive = false;
        break;
    case 14:
        if (strncasecmp(name, "content-length", len) == 0 && !has_element(value, end, "0"))
            req->has_body = true;
        break;
    case 17:
        if (strncasecmp(name, "transfer-encoding", len) == 0)
            req->has_body = true;
        break;
    }
}

/* "Host:", the one field that every request has: not worth a look at each byte. */
static bool is_host(const char *p)
{
    uint32_t name, host;
    memcpy(&name, p, 4);
    memcpy(&host, "host", 4);
    return (name | 0x20202020) == host && p[4] == ':';
}

/* All field lines and the empty line behind them. */
static const char *parse_fields(const char *p, const char *limit, struct http_request *req)
{
    unsigned n_hosts = 0;
    req->status = 0;
    while (p < limit) {
        const char *name = p;
        if (is_host(p)) {
            n_hosts++;
            p += 5;
        } else if (*p == '\n' || *p == '\r') {
            p += *p == '\r';
            if (p == limit)
                return NULL;
            req->status = -PAGE_BAD_REQUEST;
            if (*p != '\n' || (n_hosts != 1 && !(n_hosts == 0 && req->is_http_1_0)))
                return NULL; /* RFC 9112 §3.2 */
            return p + 1;
        } else { /* folded lines and "Name :" end here too (RFC 9112 §5.1, §5.2) */
            p = skip_token(p, limit, ':', req);
            if (!p)
                return NULL;
            req->status = 0;
        }
        const char *value = p;
        p = find_newline(p, limit);
        if (p == limit)
            return NULL;
        if (value - name > 10)
            take_field(name, (size_t)(value - name) - 1, value, p, req);
        p++;
    }
    return NULL;
}

int http_parse(const char *buf, size_t len, struct http_request *req)
{
    const char *p = buf, *limit = buf + len;

    req->has_body = false;
    req->status = 0;
    /* Empty lines before a request are skipped (RFC 9112 §2.2). */
    while (p < limit && (*p == '\r' || *p == '\n'))
        p++;
    p = parse_request_line(p, limit, req);
    if (p)
        p = parse_fields(p, limit, req);
    if (!p)
        return req->status == 0 && len >= HTTP_MAX_REQUEST ? -PAGE_TOO_LARGE : req->status;
    size_t used = (size_t)(p - buf);
    return used > HTTP_MAX_REQUEST ? -PAGE_TOO_LARGE : (int)used;
}
