#!/bin/bash
# Peers that reset in the middle of a request, and peers that are gone without a word, cost the
# service nothing: it goes on answering the others, every one of them.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/vanish)" || exit 1
net_start
dns_start
vm_http
load=$(host_tool tests/net/load.c) || fail "tests/net/load.c does not build"
peer=$(host_tool tests/net/peer.c) || fail "tests/net/peer.c does not build"
for ((i = 0; i < 5; i++)); do
    in_ns timeout 30 "$peer" reset $GUEST 80 200 x > /dev/null || fail "connections to reset"
    in_ns "$load" -c 10 -n 500 -t 20 -q $GUEST 80 / || fail "after resets"
done
# Half-open: 100 connections whose end loses its address before it could say anything.
in_ns ip addr add 10.77.0.99/24 dev tap0
background idle.log "$peer" idle $GUEST 80 100 10.77.0.99
wait_for idle.log "idle: 100" 20 "$BG_PID" || fail "100 idle connections"
# A body that nobody takes away any more: the VM has to go on sending it, in vain.
for ((i = 0; i < 5; i++)); do
    in_ns curl -s --interface 10.77.0.99 --limit-rate 10k -m 60 -o /dev/null \
        "http://$GUEST/bytes/5000000" &
    PIDS+=($!)
done
sleep 1
in_ns ip addr del 10.77.0.99/24 dev tap0
kill "${PIDS[@]: -5}" "$BG_PID" 2> /dev/null
in_ns "$load" -c 30 -n 5000 -t 30 $GUEST 80 / || fail "beside vanished peers"
in_ns "$load" -c 30 -n 1000 -t 30 -x $GUEST 80 / || fail "closing, beside vanished peers"
# The cable is pulled for 3 s under load; everything in flight must still arrive.
in_ns "$load" -c 10 -n 100000 -t 90 $GUEST 80 /bytes/3000 > load.log 2>&1 &
loader=$!
sleep 0.5
in_ns ip link set tap0 down
sleep 3
in_ns ip link set tap0 up
wait $loader || { cat load.log; fail "after the cable was out"; }
