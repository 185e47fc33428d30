/* abi/bootcfg.h: what ip=, gw=, dns=, ip6=, gw6=, dns6= and mtu= of a boot line mean, and what is
 * said of those that mean nothing. */
/* sources: runtime/net runtime/base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "net/config.h"
#include "net/wire.h"

static struct net_config cfg;
static char said[1000];

static void sink(const char *line, size_t len)
{
    strncat(said, line, len);
}

static void reading(const char *line)
{
    said[0] = 0;
    memset(&cfg, 0xff, sizeof(cfg));
    net_config_read(line, &cfg);
}

static void is_v6(const struct ip_addr *a, const char *text)
{
    struct in6_addr want;

    assert_int_equal(inet_pton(AF_INET6, text, &want), 1);
    assert_memory_equal(a, &want, 16);
}

static void nothing_said(void **state)
{
    (void)state;
    reading("skiff=1 name=x -- ip=1.2.3.4/5");
    assert_false(cfg.is_static || cfg.no_ip6);
    assert_true(ip_addr_is_any(&cfg.addr6) && !cfg.addr && !cfg.mtu_bytes);
    assert_string_equal(said, "");
}

static void both_families(void **state)
{
    (void)state;
    reading("ip=10.0.0.2/24 gw=10.0.0.1 dns=10.0.0.3,10.0.0.4 mtu=1400 ip6=fd00::2/64 gw6=fe80::1 "
            "dns6=fd00::53,fd00:0:0:1::");
    assert_true(cfg.is_static);
    assert_int_equal(cfg.addr, be32(0x0a000002));
    assert_int_equal(cfg.mask, be32(0xffffff00));
    assert_int_equal(cfg.gateway, be32(0x0a000001));
    assert_int_equal(cfg.dns[1], be32(0x0a000004));
    assert_int_equal(cfg.mtu_bytes, 1400);
    is_v6(&cfg.addr6, "fd00::2");
    assert_int_equal(cfg.prefix6_len, 64);
    is_v6(&cfg.gateway6, "fe80::1");
    is_v6(&cfg.dns6[0], "fd00::53");
    is_v6(&cfg.dns6[1], "fd00:0:0:1::");
    assert_string_equal(said, "");
    reading("ip=none");
    assert_true(cfg.is_static && !cfg.addr);
    reading("ip=dhcp ip6=none");
    assert_true(!cfg.is_static && cfg.no_ip6);
    reading("ip6=auto");
    assert_true(!cfg.no_ip6 && ip_addr_is_any(&cfg.addr6));
}

/* RFC 4291 §2.2: every form but the one with a dotted end, as inet_pton(3) reads it */
static void forms_of_ipv6(void **state)
{
    static const char *const good[] = {
        "1:2:3:4:5:6:7:8", "fd00::",          "fd00::1:2:3:4:5:6",        "::1:2",
        "1:2:3:4:5:6:7::", "abcd:EF01::0099", "2001:db8::8:800:200c:417a"};
    static const char *const bad[] = {"1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "1::2::3",
                                      ":1::2",
                                      "1:",
                                      "12345::",
                                      "::",
                                      "::1",
                                      "ff02::1",
                                      "1:2:3:4:5:6:7:8::",
                                      ":::1",
                                      "",
                                      "::ffff:10.0.0.1",
                                      "g::",
                                      "1::2:",
                                      "1:2",
                                      "::1:2:3:4:5:6:7:8"};
    char line[100];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        snprintf(line, sizeof(line), "ip6=%s/64", good[i]);
        reading(line);
        assert_string_equal(said, "");
        is_v6(&cfg.addr6, good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        snprintf(line, sizeof(line), "ip6=%s/64", bad[i]);
        reading(line);
        assert_true(ip_addr_is_any(&cfg.addr6));
        assert_non_null(strstr(said, line));
    }
}

static void complaints(void **state)
{
    static const struct {
        const char *line, *want;
    } cases[] = {
        {"ip=10.0.0.2",
         "skiff: net: boot line: ip=10.0.0.2 is not ADDR/LEN, dhcp or none: ignored\n"},
        {"ip=10.0.0.256/8",
         "skiff: net: boot line: ip=10.0.0.256/8 is not ADDR/LEN, dhcp or none: ignored\n"},
        {"ip=10.0.0.2/33",
         "skiff: net: boot line: ip=10.0.0.2/33 is not ADDR/LEN, dhcp or none: ignored\n"},
        {"gw=10.0.0", "skiff: net: boot line: gw=10.0.0 is not an IPv4 address: ignored\n"},
        {"dns=1.1.1.1,", "skiff: net: boot line: dns=1.1.1.1, is not one to three IPv4 addresses: "
                         "ignored\n"},
        {"ip6=fd00::2",
         "skiff: net: boot line: ip6=fd00::2 is not ADDR/LEN, auto or none: ignored\n"},
        {"ip6=fd00::2/129",
         "skiff: net: boot line: ip6=fd00::2/129 is not ADDR/LEN, auto or none: ignored\n"},
        {"gw6=10.0.0.1", "skiff: net: boot line: gw6=10.0.0.1 is not an IPv6 address: ignored\n"},
        {"dns6=fd00::1,fd00::2,fd00::3",
         "skiff: net: boot line: dns6=fd00::1,fd00::2,fd00::3 is not one or two IPv6 addresses: "
         "ignored\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        reading(cases[i].line);
        assert_string_equal(said, cases[i].want);
        assert_false(cfg.is_static);
        assert_true(!cfg.gateway && !cfg.dns[0]);
        assert_true(ip_addr_is_any(&cfg.addr6) && ip_addr_is_any(&cfg.gateway6) &&
                    ip_addr_is_any(&cfg.dns6[0]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said),
        cmocka_unit_test(both_families),
        cmocka_unit_test(forms_of_ipv6),
        cmocka_unit_test(complaints),
    };

    ip6_config_read("", &cfg); /* links it */
    log_set_sink(sink);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
