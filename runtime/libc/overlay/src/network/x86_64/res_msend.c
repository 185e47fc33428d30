/*
 * The exchange with name servers: every query to every server by UDP, again each timeout/attempts
 * seconds; what comes back cut is asked for again by TCP (RFC 7766 §5), which musl 1.2.3 cannot.
 *
 * musl's getaddrinfo() gives 512 bytes for an answer. A longer one is put together anew for it: the
 * addresses and the last alias, owners by a pointer to the question, as many as fit.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <resolv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "../lookup.h"

#define HEADER  12      /* RFC 1035 §4.1.1 */
#define TC      2       /* in byte 2 */
#define RR_A    1
#define RR_CNAME 5
#define RR_AAAA 28
#define PORT    53

union server {
	struct sockaddr sa;
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
};

struct servers {
	int family, n;
	socklen_t len;
	union server at[MAXNS];
};

static int64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static unsigned get16(const unsigned char *p)
{
	return p[0] << 8 | p[1];
}

static void put16(unsigned char *p, unsigned v)
{
	p[0] = v >> 8;
	p[1] = v;
}

/* One family for one socket: with an IPv6 server among them, IPv4 ones go by mapped addresses. */
static void servers_init(struct servers *s, const struct resolvconf *conf, int family)
{
	memset(s, 0, sizeof *s);
	s->family = family;
	s->len = family == AF_INET6 ? sizeof s->at->sin6 : sizeof s->at->sin;
	for (unsigned i = 0; i < conf->nns; i++) {
		const struct address *ns = conf->ns + i;
		union server *to = s->at + s->n;
		if (family == AF_INET6) {
			to->sin6.sin6_family = AF_INET6;
			to->sin6.sin6_port = htons(PORT);
			to->sin6.sin6_scope_id = ns->scopeid;
			if (ns->family == AF_INET6) {
				memcpy(&to->sin6.sin6_addr, ns->addr, 16);
			} else {
				memset(to->sin6.sin6_addr.s6_addr + 10, 0xff, 2);
				memcpy(to->sin6.sin6_addr.s6_addr + 12, ns->addr, 4);
			}
		} else if (ns->family == AF_INET) {
			to->sin.sin_family = AF_INET;
			to->sin.sin_port = htons(PORT);
			memcpy(&to->sin.sin_addr, ns->addr, 4);
		} else {
			continue;
		}
		s->n++;
	}
}

static int open_socket(int family, int type)
{
	int off = 0, fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	return fd;
}

static int open_udp(struct servers *s, const struct resolvconf *conf)
{
	int fd = -1, family = AF_INET;
	for (unsigned i = 0; i < conf->nns; i++)
		if (conf->ns[i].family == AF_INET6) family = AF_INET6;
	servers_init(s, conf, family);
	if ((fd = open_socket(family, SOCK_DGRAM)) < 0 && family == AF_INET6) {
		servers_init(s, conf, AF_INET);
		fd = open_socket(AF_INET, SOCK_DGRAM);
	}
	return fd;
}

static int wait_until(int fd, int events, int64_t end_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left = end_ms - now_ms();
	return left > 0 && poll(&p, 1, left) > 0;
}

/* All of @len bytes, either way. */
static int tcp_move(int fd, unsigned char *p, size_t len, int is_write, int64_t end_ms)
{
	while (len) {
		ssize_t n = is_write ? send(fd, p, len, MSG_NOSIGNAL) : recv(fd, p, len, 0);
		if (n > 0) {
			p += n;
			len -= n;
		} else if (!n || (errno != EAGAIN && errno != EINTR)
			|| !wait_until(fd, is_write ? POLLOUT : POLLIN, end_ms)) {
			return -1;
		}
	}
	return 0;
}

/* Behind the name at @at; 0 if it does not end within the message. */
static int skip_name(const unsigned char *msg, int len, int at)
{
	while (at < len) {
		if (msg[at] >= 0xc0) return at + 2 <= len ? at + 2 : 0;
		if (!msg[at]) return at + 1;
		at += msg[at] + 1;
	}
	return 0;
}

/* Write @name as labels; returns how many bytes, 0 when it does not fit or has an empty label. */
static int put_name(unsigned char *to, int room, const char *name)
{
	int used = 0;
	while (*name) {
		int n = strcspn(name, ".");
		if (!n || n > 63 || used + n + 2 > room) return 0;
		to[used++] = n;
		memcpy(to + used, name, n);
		used += n;
		name += n + (name[n] == '.');
	}
	if (used >= room) return 0;
	to[used++] = 0;
	return used;
}

/* The essence of @msg in @size bytes. TC stays set if addresses had to stay behind. */
static int condense(unsigned char *to, int size, const unsigned char *msg, int len)
{
	int at = skip_name(msg, len, HEADER) + 4, n = 0, used, alias = 0;
	char name[256];

	if (at <= 4 || at > len || at > size
		|| (get16(msg + at - 4) != RR_A && get16(msg + at - 4) != RR_AAAA)) {
		memcpy(to, msg, size);
		to[2] |= TC;
		return size;
	}
	memcpy(to, msg, at);
	put16(to + 6, 0);
	put16(to + 8, 0);
	put16(to + 10, 0);
	/* First the aliases, of which the last one counts, then the addresses. */
	used = at;
	for (int pass = 0; pass < 2; pass++) {
		for (int i = get16(msg + 6), rr = at; i; i--) {
			int owner_end = skip_name(msg, len, rr), rd = owner_end + 10, rd_len, type;
			if (!owner_end || rd > len || rd + (rd_len = get16(msg + rd - 2)) > len) break;
			type = get16(msg + owner_end);
			rr = rd + rd_len;
			if (!pass) {
				if (type == RR_CNAME) alias = rd;
				continue;
			}
			if (type != RR_A && type != RR_AAAA) continue;
			if (used + 12 + rd_len > size) {
				to[2] |= TC;
				break;
			}
			memcpy(to + used, "\xc0\x0c", 2);
			memcpy(to + used + 2, msg + owner_end, 10 + rd_len);
			used += 12 + rd_len;
			n++;
		}
		if (!pass && alias && dn_expand(msg, msg + len, msg + alias, name, sizeof name) > 0
			&& used + 12 < size) {
			int k = put_name(to + used + 12, size - used - 12, name);
			if (!k) continue;
			memcpy(to + used, "\xc0\x0c\0\5\0\1\0\0\0\0", 10);
			put16(to + used + 10, k);
			used += 12 + k;
			n++;
		}
	}
	put16(to + 6, n);
	return used;
}

/* Ask one server by TCP. Returns the length of the answer, or -1 and leaves @answer alone. */
static int tcp_ask(const struct servers *s, const union server *to, const unsigned char *query,
	int qlen, unsigned char *answer, int asize, int64_t end_ms)
{
	unsigned char head[2], *msg = 0;
	int err = 0, len = -1, fd = open_socket(s->family, SOCK_STREAM);
	socklen_t err_len = sizeof err;

	if (fd < 0) return -1;
	if (!(msg = malloc(qlen + 2))) goto out;
	put16(msg, qlen);
	memcpy(msg + 2, query, qlen);
	if (connect(fd, &to->sa, s->len) < 0 && (errno != EINPROGRESS
		|| !wait_until(fd, POLLOUT, end_ms)
		|| getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &err_len) < 0 || err))
		goto out;
	if (tcp_move(fd, msg, qlen + 2, 1, end_ms) < 0 || tcp_move(fd, head, 2, 0, end_ms) < 0)
		goto out;
	free(msg);
	int n = get16(head);
	if (!(msg = malloc(n + 1)) || tcp_move(fd, msg, n, 0, end_ms) < 0) goto out;
	if (n < HEADER || memcmp(msg, query, 2) || !(msg[2] & 0x80)) goto out;
	if (n <= asize)
		memcpy(answer, msg, len = n);
	else
		len = condense(answer, asize, msg, n);
out:
	free(msg);
	close(fd);
	return len;
}

static int is_server(const struct servers *s, const union server *from)
{
	for (int i = 0; i < s->n; i++) {
		const union server *at = s->at + i;
		if (s->family == AF_INET
			? at->sin.sin_addr.s_addr == from->sin.sin_addr.s_addr
				&& from->sin.sin_port == htons(PORT)
			: !memcmp(&at->sin6.sin6_addr, &from->sin6.sin6_addr, 16)
				&& from->sin6.sin6_port == htons(PORT))
			return 1;
	}
	return 0;
}

int __res_msend_rc(int nqueries, const unsigned char *const *queries, const int *qlens,
	unsigned char *const *answers, int *alens, int asize, const struct resolvconf *conf)
{
	int64_t timeout_ms = conf->timeout * 1000LL, end_ms, send_ms;
	int64_t interval_ms = timeout_ms / (conf->attempts ? conf->attempts : 1);
	int cs, fd, left = nqueries, again = 2 * nqueries;
	struct servers s;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cs);
	fd = open_udp(&s, conf);
	if (fd < 0) {
		pthread_setcancelstate(cs, 0);
		return -1;
	}
	memset(alens, 0, sizeof *alens * nqueries);
	send_ms = now_ms();
	end_ms = send_ms + timeout_ms;
	while (left && now_ms() < end_ms) {
		if (now_ms() >= send_ms) {
			for (int i = 0; i < nqueries; i++)
				for (int j = 0; !alens[i] && j < s.n; j++)
					sendto(fd, queries[i], qlens[i], MSG_NOSIGNAL, &s.at[j].sa, s.len);
			send_ms = now_ms() + interval_ms;
		}
		if (!wait_until(fd, POLLIN, send_ms < end_ms ? send_ms : end_ms)) continue;
		for (;;) {
			union server from = { 0 };
			socklen_t from_len = sizeof from;
			unsigned char msg[512];
			ssize_t len = recvfrom(fd, msg, sizeof msg, 0, &from.sa, &from_len);
			int i;
			if (len < 0) break;
			if (len < HEADER || !(msg[2] & 0x80) || !is_server(&s, &from)) continue;
			for (i = 0; i < nqueries; i++)
				if (!alens[i] && !memcmp(msg, queries[i], 2)) break;
			if (i == nqueries) continue;
			int rcode = msg[3] & 15;
			if (rcode == 2 && again && again--) { /* SERVFAIL: it may know in a moment */
				sendto(fd, queries[i], qlens[i], MSG_NOSIGNAL, &from.sa, s.len);
				continue;
			}
			if (rcode != 0 && rcode != 3) continue;
			/* An answer of no use to anybody leaves the one by UDP, whose beginning is. */
			if (msg[2] & TC) {
				int n = tcp_ask(&s, &from, queries[i], qlens[i], answers[i], asize,
					now_ms() + timeout_ms);
				if (n > 0) {
					alens[i] = n;
					left--;
					continue;
				}
			}
			alens[i] = len < asize ? len : asize;
			memcpy(answers[i], msg, alens[i]);
			left--;
		}
	}
	close(fd);
	pthread_setcancelstate(cs, 0);
	return 0;
}

int __res_msend(int nqueries, const unsigned char *const *queries, const int *qlens,
	unsigned char *const *answers, int *alens, int asize)
{
	struct resolvconf conf;
	if (__get_resolv_conf(&conf, 0, 0) < 0) return -1;
	return __res_msend_rc(nqueries, queries, qlens, answers, alens, asize, &conf);
}
