#!/bin/bash
# RFC 9293 §3.6.1: connection per request for STEADY_SECONDS (6; `make check-net-long` 300): TIME-WAIT and
# ports of the past never stand in the way. None is lost, and no batch takes ten times what others do.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
need jq
cd "$(scratch net/steady)" || exit 1
net_start
dns_start
vm_http
load=$(host_tool tests/net/load.c) || fail "tests/net/load.c does not build"
# More connections than there are ports, in a long run: each port comes again while the VM has it in TIME-WAIT.
in_ns sysctl -qw net.ipv4.ip_local_port_range="10000 13000" net.ipv4.tcp_tw_reuse=1
end=$((SECONDS + ${STEADY_SECONDS:-6}))
while [ $SECONDS -lt $end ]; do
    in_ns "$load" -c 10 -n 2000 -t 60 -x $GUEST 80 / > one || fail "batch $(wc -l < batches): $(cat one)"
    jq -r '"\(.seconds) \(.max_us)"' one >> batches
done
sort -n batches | awk '{ s[NR] = $1; if ($2 > us) us = $2; n += 2000; sum += $1 }
    END { m = s[int((NR + 1) / 2)]
        printf "steady: %d connections, %d/s; the slowest batch %.1f x the median; the slowest request %d us\n",
            n, n / sum, s[NR] / m, us
        exit s[NR] > 10 * m + 5 }' || fail "$(sort -n batches | tail -3)"
