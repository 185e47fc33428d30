#!/bin/bash
# _exit(2): "any open file descriptors belonging to the process are closed": peers get what was written and
# then the end, or a reset where something was not read, however the service ends. As on Linux, which is
# asked first. Who does not answer holds the VM up for 3 s and no longer.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/finish)" || exit 1
net_start
image finish > image.path
FINISH=$(cat image.path)
for way in data idle unread thread fault backlog; do
    want=0
    [ $way != idle ] || want=7
    [ $way != fault ] || want=139
    rm -f linux.log console
    in_ns "$FINISH" serve $way 90 > linux.log 2>&1 &
    peer=$!
    PIDS+=("$peer")
    wait_for linux.log "listening on" 10 $peer || fail "$way: it does not listen on Linux"
    in_ns "$FINISH" look $way 127.0.0.1 90 2> look.log || { cat look.log; fail "$way: Linux"; }
    wait $peer
    [ $? = $want ] || fail "$way: status on Linux"
    vm console --net "tap=tap0,ip=$GUEST/24" --accel "$TEST_ACCEL" -m 16M "$FINISH" -- serve $way 90
    wait_for console "listening on" 30 "$VM_PID" || { cat console.err; fail "$way: it does not listen"; }
    in_ns "$FINISH" look $way $GUEST 90 2> look.log || { cat look.log; fail "$way"; }
    wait "$VM_PID"
    [ $? = $want ] || { cat console.err; fail "$way: status"; }
done
# A datagram sent by the last call, to a neighbour whose MAC address is not known yet.
background heard.log timeout 30 "$FINISH" hear 91
wait_for heard.log "listening" 10 "$BG_PID" || fail "nobody listens for the datagram"
in_ns ip neigh flush dev tap0
in_ns "$SKIFF" run --net "tap=tap0,ip=$GUEST/24" --accel "$TEST_ACCEL" -m 16M --timeout 60 "$FINISH" -- \
    serve udp 91 $PEER > udp.log 2>&1 < /dev/null || { cat udp.log; fail "udp: status"; }
wait_for heard.log "the end" 5 "$BG_PID" || fail "the datagram was lost"
# Nobody is there any more: the cable is out when the service ends.
rm -f console
vm console --net "tap=tap0,ip=$GUEST/24" --accel "$TEST_ACCEL" -m 16M "$FINISH" -- serve gone 90
wait_for console "listening on" 30 "$VM_PID" || fail "gone: it does not listen"
in_ns "$FINISH" look gone $GUEST 90 2> look.log || { cat look.log; fail "gone"; }
in_ns ip link set tap0 down
wait "$VM_PID"
[ $? = 7 ] || { cat console.err; fail "gone: status"; }
