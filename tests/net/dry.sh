#!/bin/bash
# A VM with 4 MiB and 400 connections, whose answers are more packets than there are: what acknowledges
# them is heard all the same, so that every request gets its answer, and all is well afterwards.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/dry)" || exit 1
net_start
VM_NET="tap=tap0,ip=$GUEST/24" VM_MEMORY=4M vm_http
load=$(host_tool tests/net/load.c) || fail "tests/net/load.c does not build"
for round in 1 2 3; do
    in_ns "$load" -c 400 -n 20000 -t 60 $GUEST 80 / > answered 2>&1 || fail "round $round: $(cat answered)"
done
in_ns curl -s -m 10 "http://$GUEST/stats" > stats || fail "no answer afterwards"
