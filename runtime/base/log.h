/*
 * The runtime's own log: one line per event, "skiff: room: text", to whatever sink is registered
 * (the console in a VM, stderr in host tests). Cheap when silent; never allocates.
 */
#pragma once

#include "base/types.h"

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Lines above this level are dropped. Default LOG_WARN; the boot configuration may raise it. */
extern enum log_level log_threshold;

/**
 * Register where finished lines go.
 *
 * @sink    called with one line of @len bytes, newline included; must not log itself
 * Context  once at start-up
 */
void log_set_sink(void (*sink)(const char *line, size_t len));

/* Format and emit one line. @room is the speaker ("net", "virtio-net"); no newline in @fmt. */
void log_line(enum log_level level, const char *room, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* At most 10 lines per place, then every 1,024th with the count of those dropped: what a hostile
 * peer or device can trigger must not drown the console. */
struct log_limit {
    u32 seen;
};
bool log_limit_pass(struct log_limit *l);

#define log_err(room, ...)   log_line(LOG_ERR, room, __VA_ARGS__)
#define log_warn(room, ...)  log_line(LOG_WARN, room, __VA_ARGS__)
#define log_info(room, ...)  log_line(LOG_INFO, room, __VA_ARGS__)
#define log_debug(room, ...) log_line(LOG_DEBUG, room, __VA_ARGS__)
#define log_warn_limited(room, ...)                                                                \
    do {                                                                                           \
        static struct log_limit limit_;                                                            \
        if (log_limit_pass(&limit_))                                                               \
            log_line(LOG_WARN, room, __VA_ARGS__);                                                 \
    } while (0)
