/* RFC 768, RFC 791 §3.2, RFC 792: datagrams and echo requests of every size, whole or in fragments,
 * both ways with lwIP; what comes back is what was sent. */
/* sources: tests/lwip/pair.c tests/unit/net_relay.c tests/unit/net_host.c */
/* sources: runtime/net/ip_frag.c runtime/net/ip6.c runtime/net */
#include "pair.h"

static const u32 sizes[] = {0, 1, 7, 100, 1400, 1471, 1472, 1473, 2000, 2960, 4000, 8000};
static u8 data[8000], back[9000];

static void fill(u32 len, u32 salt)
{
    for (u32 i = 0; i < len; i++)
        data[i] = (u8)(i * 31 + salt + (i >> 8));
}

static struct file *udp_socket(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = be16(7)};
    struct file *f;

    assert_int_equal(sock_create(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0, &f), 0);
    assert_int_equal(sock_bind(f, (struct sockaddr *)&a, sizeof(a)), 0);
    return f;
}

/* We ask, lwIP echoes. */
static void from_us(void **state)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = be16(7)};
    struct file *f = udp_socket();

    (void)state;
    to.sin_addr.s_addr = peer == &lwip_full ? be32(0x0a000002) : be32(0x0a000003);
    assert_int_equal(peer->udp_echo(7), 0);
    assert_int_equal(sock_connect(f, (struct sockaddr *)&to, sizeof(to)), 0);
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        fill(sizes[i], i);
        assert_int_equal(sock_send(f, data, sizes[i], 0), sizes[i]);
        turn_for(50 * NSEC_PER_MSEC);
        assert_int_equal(sock_recv(f, back, sizeof(back), 0), sizes[i]);
        assert_memory_equal(back, data, sizes[i]);
    }
    file_put(f);
}

/* lwIP asks, we echo: in order, out of order and twice. */
static void to_us(void **state)
{
    struct file *f = udp_socket();

    (void)state;
    for (unsigned i = 0; i < 4 * ARRAY_SIZE(sizes); i++) {
        u32 len = sizes[i % ARRAY_SIZE(sizes)];
        struct sockaddr_in from;
        struct iovec iov = {back, sizeof(back)};
        struct msghdr m = {
            .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
        relay.jitter_ns = i < ARRAY_SIZE(sizes) ? 0 : 3 * NSEC_PER_MSEC;
        relay.dup = i < ARRAY_SIZE(sizes) ? 0 : 100;
        fill(len, i);
        assert_int_equal(peer->udp_send("10.0.0.1", 7, data, len), 0);
        turn_for(50 * NSEC_PER_MSEC);
        assert_int_equal(sock_recvmsg(f, &m, 0), len);
        assert_memory_equal(back, data, len);
        iov.iov_len = len;
        assert_int_equal(sock_sendmsg(f, &m, 0), len);
        while (sock_recv(f, back, sizeof(back), 0) >= 0)
            ; /* doubled on the way */
        turn_for(50 * NSEC_PER_MSEC);
        assert_int_equal(peer->udp_recv(back, sizeof(back)), len);
        assert_memory_equal(back, data, len);
        while (sock_recv(f, back, sizeof(back), 0) >= 0)
            ;
    }
    file_put(f);
}

/* RFC 792: an echo request comes back as it is. */
static void echo(void **state)
{
    unsigned n = peer->ping_answers();

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(sizes) && sizes[i] <= 1472; i++) {
        assert_int_equal(peer->ping("10.0.0.1", sizes[i]), 0);
        turn_for(50 * NSEC_PER_MSEC);
        assert_int_equal(peer->ping_answers(), ++n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {PAIR_TEST(from_us), PAIR_TEST(to_us), PAIR_TEST(echo)};

    return RUN_BOTH(tests);
}
