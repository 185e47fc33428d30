#!/bin/bash
# RFC 791 §3.2, RFC 8200 §4.5: datagrams larger than a frame pass between a VM and Linux, in fragments, both
# ways and in both families; so do pings.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/datagram)" || exit 1
net_start
in_ns ip link set tap0 addrgenmode none
in_ns ip -6 addr add fe80::1/64 dev tap0 nodad
image datagram > image.path
DATAGRAM=$(cat image.path)
vm console --net "tap=tap0,ip=$GUEST/24" --accel "$TEST_ACCEL" -m 16M "$DATAGRAM" -- echo 7
wait_for console "listening on" 30 "$VM_PID" || { cat console.err; fail "it does not listen"; }
in_ns "$DATAGRAM" ask $GUEST 7 2> ask4.log || { cat ask4.log; fail "IPv4"; }
IFS=: read -r a b c d e f < <(in_ns ip neigh show dev tap0 | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p' | head -1)
LL=$(printf 'fe80::%x:%xff:fe%s:%x%%tap0' $((0x$a$b ^ 0x200)) 0x$c "$d" 0x$e$f)
in_ns "$DATAGRAM" ask "$LL" 7 2> ask6.log || { cat ask6.log; fail "IPv6"; }
for to in $GUEST "$LL"; do
    in_ns ping -c 3 -i 0.2 -W 2 -s 20000 "$to" > ping.log || { cat ping.log; fail "ping -s 20000 $to"; }
done
vm_stop
# The other end: the VM asks, Linux answers.
background echo.log "$DATAGRAM" echo 9
wait_for echo.log "listening on" 10 "$BG_PID" || fail "no echo on Linux"
for to in $PEER fe80::1%2; do
    in_ns "$SKIFF" run --net "tap=tap0,ip=$GUEST/24" --accel "$TEST_ACCEL" -m 16M --timeout 60 \
        "$DATAGRAM" -- ask "$to" 9 > asked.log 2>&1 < /dev/null || { cat asked.log; fail "the VM asks $to"; }
done
