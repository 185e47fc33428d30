/*
 * Our stack and lwIP on one bad wire, in virtual time. Ours is 10.0.0.1 (fd00::1 and its link-local
 * address), lwIP with every option 10.0.0.2 (fd00::2), the small one 10.0.0.3.
 */
#pragma once

#include "net_relay.h"
#include "peer/peer.h"

#define PORT 80

extern struct net net;
extern struct relay relay;
extern const struct lwip_peer *peer; /* the one this test is about */
extern const char *peer_addr;        /* its address, of the family in use */
extern bool with_ip6;                /* set before setup(): TCP over IPv6, lwip_full only */
extern bool with_offloads;           /* … our device segments, and joins what it receives */

/* Run these against lwip_full, then against lwip_tiny. Each starts with a clean wire of 1 ms. */
#define RUN_BOTH(tests)                                                                            \
    (cmocka_run_group_tests_name("lwip_full", tests, use_full, NULL) +                             \
     cmocka_run_group_tests_name("lwip_tiny", tests, use_tiny, NULL))
#define PAIR_TEST(f) cmocka_unit_test_setup_teardown(f, pair_setup, pair_teardown)

int use_full(void **state);
int use_tiny(void **state);
int pair_setup(void **state);
/* Nothing is left: no connection of either side, no memory of ours. */
int pair_teardown(void **state);

/* Let the world go on until something may have changed, at most 20 ms. */
void turn(void);
void turn_for(u64 ns);

/* One end of a connection, ours (file) or lwIP's (conn). */
struct end {
    struct file *file;
    struct lwip_conn *conn;
    u64 total, sent, received; /* bytes of the streams; total is what this end sends */
    u32 salt;                  /* its stream is a function of this and the position */
    u64 pause_ns, next_ns;     /* a slow reader waits so long … */
    u32 piece;                 /* … after so many bytes; 0 = reads all there is */
    bool is_shut, at_end;
};

ssize_t end_send(struct end *e, const void *data, size_t len); /* -errno, -EAGAIN */
ssize_t end_recv(struct end *e, void *buf, size_t len);
void end_shutdown(struct end *e);
void end_close(struct end *e);

struct file *our_socket(void);
struct file *our_listener(void); /* on PORT */
void peer_listen(void);          /* so does lwIP */
void our_connect(struct file *f, u16 port);
const char *our_addr(void); /* as text */

/* A connection that @by_us opens to PORT of the other; @window bounds lwIP's one if not 0, @rcvbuf
 * ours. Both ends are open when it returns. @ours first, then lwIP's. */
void pair_connect(struct end ends[2], bool by_us, u32 rcvbuf, u32 window);
/* Send and receive on both until both streams have ended; every byte is compared. */
void pair_transfer(struct end ends[2], u64 from_us, u64 to_us);
void pair_close(struct end ends[2]);
