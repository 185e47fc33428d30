/*
 * What of HTTP/1.1 this service speaks (RFC 9110, RFC 9112): taking one request out of a buffer,
 * and answers that are made once, at the start. Knows no socket.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest request line and header fields together, in bytes. */
#define HTTP_MAX_REQUEST 8192

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_OTHER };

struct http_request {
    enum http_method method;
    bool keep_alive; /* the client wants the connection kept */
    bool is_http_1_0;
    bool has_body;    /* a body follows, which nobody here wants */
    const char *path; /* points into the parsed buffer, without the query; not terminated */
    size_t path_len;
    int status; /* the parser's own: what http_parse() returns instead of a length */
};

/* One complete answer: head and body in one piece, so that HEAD sends a prefix of what GET does. */
struct http_answer {
    const char *bytes;
    size_t head_len;
    size_t len;
};

enum http_page {
    PAGE_INDEX,
    PAGE_BAD_REQUEST,
    PAGE_NOT_FOUND,
    PAGE_BAD_METHOD,
    PAGE_TOO_LARGE,
    PAGE_BAD_VERSION,
    HTTP_PAGES
};

/* [page][0] closes the connection, [page][1] keeps it. Filled by http_init(). */
extern struct http_answer http_answers[HTTP_PAGES][2];

/* Room for the longest answer, in bytes. */
#define HTTP_ANSWER_BYTES 256

/** Makes the answers. */
void http_init(void);

/* Bytes behind a buffer that the parser may read, whatever they are. */
#define HTTP_SLACK 8

/**
 * Takes the first request out of a buffer, behind whose len bytes HTTP_SLACK more can be read.
 *
 * Returns  bytes it took; 0 when the request is not complete yet; the negative of an enum
 *          http_page when it cannot be understood (the connection cannot go on then)
 */
int http_parse(const char *buf, size_t len, struct http_request *req);

/* Room that http_head() needs at most, in bytes. */
#define HTTP_HEAD_BYTES 160

/** Writes the head of a 200 answer whose body has body_len bytes; returns the head's length. */
size_t http_head(char *to, const char *type, uint64_t body_len, bool keep_alive);

/** Decimal digits, no terminator; returns how many (at most 20). */
size_t http_put_number(char *to, uint64_t n);
