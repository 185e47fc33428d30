#!/bin/bash
# The interrupts of the UART, edges, take none from the network, whose line is a level (Intel SDM vol. 3A
# §11.8.4: an EOI reaches the I/O APIC if the vector's last interrupt was a level): while a VM reads its
# input pings come, and behind it they are answered as soon as ever. A lost interrupt shows as
# an answer that waits for a timer.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/input)" || exit 1
net_start
IMAGE=$(image input) || { cat build.log; fail "tests/net/input.c does not build"; }
mkfifo input
in_ns "$SKIFF" run --net "tap=tap0,ip=$GUEST/24" --accel "$TEST_ACCEL" -m 16M "$IMAGE" \
    < input > console 2> console.err &
VM_PID=$!
exec 9> input
wait_for console ready 30 "$VM_PID" || { cat console.err; fail "it does not start"; }
in_ns ping -q -c 1000 -i 0.002 -W 1 $GUEST > ping.log &
ping=$!
n=0
while kill -0 $ping 2> /dev/null; do
    printf '0123456789abcdef' >&9
    n=$((n + 16))
    read -rt 0.001 < /dev/zero
done
wait $ping
exec 9>&-
wait_for console "bytes of input" 30 "$VM_PID" || fail "its input does not end"
grep -qx "$n bytes of input" console || { cat console; fail "$n bytes were written"; }
in_ns ping -q -c 20 -i 0.2 -W 1 $GUEST > behind.log || { cat behind.log; fail "no answer behind the input"; }
cat behind.log
grep -q ' 0% packet loss' behind.log || fail "pings are lost behind the input"
avg=$(sed -n 's,^rtt.*= [^/]*/\([0-9]*\).*,\1,p' behind.log)
[ "$avg" -lt 300 ] || fail "an answer takes $avg ms"
