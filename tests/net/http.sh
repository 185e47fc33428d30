#!/bin/bash
# 30 clients at once: 3,000 bodies of 100 kB, 30,000 kept requests, 3,000 connections that close;
# every answer whole and right. A /bytes body of 20 MB too.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/http)" || exit 1
net_start
dns_start
vm_http
load=$(host_tool tests/net/load.c) || fail "tests/net/load.c does not build"
in_ns "$load" -c 30 -n 3000 -t 60 $GUEST 80 /bytes/100000 || fail "100 kB bodies"
in_ns "$load" -c 30 -n 30000 -t 30 $GUEST 80 / || fail "kept connections"
in_ns "$load" -c 30 -n 3000 -t 60 -x $GUEST 80 / || fail "closing connections"
in_ns "$load" -c 30 -n 300 -t 30 -x $GUEST 80 /bytes/100000 || fail "closing after 100 kB"
[ "$(in_ns curl -sS -m 40 "http://$GUEST/bytes/20000000" | wc -c)" = 20000000 ] || fail "20 MB"
