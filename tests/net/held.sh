#!/bin/bash
# Connections that are open and say nothing are only memory: HELD of them (1,000; `make check-net-long`
# more) stay open beside others that are served, and when they go nothing of them is left.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/held)" || exit 1
held=${HELD:-1000}
ulimit -n $((held + 100)) 2> /dev/null || skip "no more than $(ulimit -n) open files here"
net_start
dns_start
VM_MEMORY=${HELD_MEMORY:-64M} vm_http
load=$(host_tool tests/net/load.c) || fail "tests/net/load.c does not build"
peer=$(host_tool tests/net/peer.c) || fail "tests/net/peer.c does not build"
in_ns sysctl -qw net.ipv4.ip_local_port_range="10000 60000"
for round in 1 2; do
    background idle.log "$peer" idle $GUEST 80 "$held" $PEER
    holder=$BG_PID
    wait_for idle.log "idle: $held" 60 "$holder" || fail "round $round: not all are held"
    in_ns "$load" -c 10 -n 5000 -t 60 $GUEST 80 / || fail "round $round: kept ones beside them"
    in_ns "$load" -c 10 -n 500 -t 60 -x $GUEST 80 / || fail "round $round: closing ones beside them"
    ended=$(grep ended idle.log) && fail "round $round: $ended" # /proc/net/tcp misses some when read
    kill "$holder" || fail "round $round: who held them is gone"
    wait "$holder" 2> /dev/null
done
echo "held: $held, twice"
