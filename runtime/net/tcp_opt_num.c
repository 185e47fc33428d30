/* tcp(7): the options that are a number kept in the connection. */
#include "net/tcp.h"

static const struct tcp_num_opt num_opts[] = {
#define BOOL_OPT(name, field)                                                                      \
    {                                                                                              \
        name, true, offsetof(struct tcp_sock, field), 0, 0                                         \
    }
#define WORD_OPT(name, field, min, max)                                                            \
    {                                                                                              \
        name, false, offsetof(struct tcp_sock, field), min, max                                    \
    }
    BOOL_OPT(TCP_NODELAY, nodelay),
    BOOL_OPT(TCP_CORK, cork),
    BOOL_OPT(TCP_QUICKACK, quickack),
    WORD_OPT(TCP_MAXSEG, user_mss, 0, 32767),
    WORD_OPT(TCP_KEEPIDLE, keep_idle_s, 1, 32767),
    WORD_OPT(TCP_KEEPINTVL, keep_intvl_s, 1, 32767),
    WORD_OPT(TCP_KEEPCNT, keep_cnt, 1, 127),
    WORD_OPT(TCP_SYNCNT, syn_retries, 1, 127),
    WORD_OPT(TCP_USER_TIMEOUT, user_timeout_ms, 0, 0),
    WORD_OPT(TCP_NOTSENT_LOWAT, notsent_lowat, 0, 0),
    WORD_OPT(TCP_LINGER2, linger2_s, 0, 0),
    WORD_OPT(TCP_DEFER_ACCEPT, defer_tries, 0, 0),
    WORD_OPT(TCP_WINDOW_CLAMP, window_clamp, 0, 0),
    WORD_OPT(TCP_FASTOPEN, fastopen, 0, 0), /* kept: no peer ever gets a cookie of ours to use it */
};
_Static_assert(sizeof(struct tcp_sock) <= 0xffff, "offsets fit");

const struct tcp_num_opt *tcp_num_opt(int name)
{
    for (u32 i = 0; i < ARRAY_SIZE(num_opts); i++) {
        if (num_opts[i].name == name)
            return &num_opts[i];
    }
    return NULL;
}
