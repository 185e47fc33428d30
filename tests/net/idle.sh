#!/bin/bash
# An idle VM costs nothing and wakes at once: less than 1 % of a core while nobody asks (proc(5),
# /proc/PID/stat), and of sparse requests at random moments none waits for a timer. IDLE_SECONDS of
# each (8). A lost wake-up shows as a retransmission of the asking host, 200 ms or more, and comes again;
# one alone may be this host's own pause. 20 ms is what an idle host should stay below, and is only
# reported, because this one may not be idle.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
need jq
cd "$(scratch net/idle)" || exit 1
seconds=${IDLE_SECONDS:-8}
net_start
dns_start
vm_http
load=$(host_tool tests/net/load.c) || fail "tests/net/load.c does not build"

# Clock ticks of a process and its children that still run.
ticks() {
    local pid
    for pid in "$1" $(pgrep -P "$1"); do
        sed 's/.*) //' "/proc/$pid/stat"
    done | awk '{ sum += $12 + $13 } END { print sum }'
}

pgrep -P "$VM_PID" -f qemu-system > /dev/null || grep -q qemu-system "/proc/$VM_PID/cmdline" ||
    fail "process $VM_PID is not QEMU, nor its parent"
sleep 2 # what starting up and the last requests leave behind
before=$(ticks "$VM_PID")
sleep "$seconds"
used=$(($(ticks "$VM_PID") - before))
echo "idle: $used ticks of $(getconf CLK_TCK) a second in $seconds s, QEMU's own part included"
# The tick is a coarse measure: one more than a hundredth.
[ $((used - 1)) -le $((seconds * $(getconf CLK_TCK) / 100)) ] || fail "more than 1 % of a core"

RANDOM=4711
n=0 slow=0 lost=0 worst=0 end=$((SECONDS + seconds))
while [ $SECONDS -lt $end ]; do
    sleep "0.$((RANDOM % 900 + 100))"
    in_ns "$load" -c 1 -n 1 -t 5 $GUEST 80 / > one || fail "request $n is lost"
    us=$(jq .max_us one)
    n=$((n + 1))
    [ "$us" -le $worst ] || worst=$us
    [ "$us" -le 20000 ] || slow=$((slow + 1))
    [ "$us" -lt 200000 ] || lost=$((lost + 1))
done
echo "sparse: $n requests, the slowest $worst us, $slow above 20 ms"
[ $lost -le 1 ] || fail "$lost of $n requests took 200 ms or more: lost wake-ups"
