#!/bin/bash
# RFC 4987 §2: while SYNs with forged addresses flood the listener, real clients are served, every
# one; and afterwards nothing of it is left in the way.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/flood)" || exit 1
net_start
dns_start
vm_http
load=$(host_tool tests/net/load.c) || fail "tests/net/load.c does not build"
flood=$(host_tool tests/net/flood.c) || fail "tests/net/flood.c does not build"
background flood.log "$flood" $GUEST 80 5000 8
flooder=$BG_PID
sleep 0.5
in_ns "$load" -c 4 -n 10000 -t 60 -x $GUEST 80 / || fail "closing connections, in the flood"
in_ns "$load" -c 10 -n 50000 -t 60 $GUEST 80 / || fail "kept connections, in the flood"
kill -0 "$flooder" || fail "the flood was over before the clients were"
wait "$flooder"
cat flood.log
[ "$(sed -n 's/^flood: \([0-9]*\) sent/\1/p' flood.log)" -gt 5000 ] || fail "that was no flood"
in_ns "$load" -c 10 -n 1000 -t 60 -x $GUEST 80 / || fail "after the flood"
