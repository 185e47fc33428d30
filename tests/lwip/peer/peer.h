/*
 * lwIP as a peer of the stack under test, in one process and in virtual time: frames by function
 * calls, the clock told by the test. It is built twice (tests/lwip/peer/lwipopts.h): `lwip_full`
 * has every option, `lwip_tiny` is what a small device has. Both stacks have functions of the same
 * names, so lwIP's are local to an object of its own; nothing but this header is shared.
 *
 * A process starts each of them at most once. Errors come back negative, in Linux numbers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lwip_conn;

struct lwip_stats {
    unsigned long sent, received; /* segments */
    unsigned long bad; /* segments it could not accept as they were: sums, lengths, options */
};

struct lwip_peer {
    /* Its interface: @addr4 with a /24; IPv6: the link-local address, and @addr6 if not NULL.
     * @send is called for each frame it sends. */
    void (*start)(const char *addr4, const char *addr6, const uint8_t mac[6], unsigned mtu_bytes,
                  void (*send)(const void *frame, size_t len));
    void (*input)(const void *frame, size_t len);
    /* It is @now_ms: fires timers. Returns the milliseconds to the next. */
    uint32_t (*run)(uint32_t now_ms);

    int (*listen)(uint16_t port);
    struct lwip_conn *(*accept)(void); /* NULL: nobody has connected */
    struct lwip_conn *(*connect)(const char *addr, uint16_t port, uint16_t from_port);
    /* Let the window be no bigger than @bytes, before anything has arrived. */
    void (*set_window)(struct lwip_conn *c, uint32_t bytes);
    /* Returns bytes taken, -EAGAIN, or the error that ended it. */
    ssize_t (*send)(struct lwip_conn *c, const void *data, size_t len);
    /* Returns bytes, 0 at the end of the stream, -EAGAIN, or the error that ended it. */
    ssize_t (*recv)(struct lwip_conn *c, void *buf, size_t len);
    int (*shutdown)(struct lwip_conn *c); /* no more is sent; -EAGAIN: too early */
    void (*close)(struct lwip_conn *c);   /* both ways; @c is gone */
    void (*abort)(struct lwip_conn *c);   /* with a reset; @c is gone */
    bool (*is_connected)(const struct lwip_conn *c);
    unsigned (*n_conns)(void); /* in any state but LISTEN, TIME-WAIT included */

    /* Datagrams: one socket, on @port; what comes is answered with the same bytes. */
    int (*udp_echo)(uint16_t port);
    int (*udp_send)(const char *addr, uint16_t port, const void *data, size_t len);
    /* The answer to the last udp_send(). Returns its length; -EAGAIN. */
    ssize_t (*udp_recv)(void *buf, size_t len);
    /* An echo request; ping_answers() counts the right answers. */
    int (*ping)(const char *addr, size_t data_len);
    unsigned (*ping_answers)(void);

    struct lwip_stats (*stats)(void);
};

extern const struct lwip_peer lwip_full, lwip_tiny;
