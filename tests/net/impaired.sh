#!/bin/bash
# RFC 9293, RFC 6298: over a wire that loses, doubles, reorders, delays and damages frames, data
# arrives whole in both directions. Each line is a wire; the generator's seed is fixed.
#
#       VM --- tap0, router, wire0 === relay === wire1 --- peer (10.88.0.2, a namespace of its own)
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/impaired)" || exit 1
net_start
far=$NS-far
ip netns add "$far" || fail "no second namespace"
trap 'net_end; ip netns del $far 2> /dev/null' EXIT
relay=$(host_tool tests/net/relay.c) || fail "tests/net/relay.c does not build"
peer=$(host_tool tests/net/peer.c) || fail "tests/net/peer.c does not build"
in_ns sysctl -qw net.ipv4.ip_forward=1
elf=$(image peer) || exit 1
vm console --net "tap=tap0,ip=$GUEST/24,gw=$PEER" --accel "$TEST_ACCEL" -m 16M "$elf" -- serve 9
wait_for console "listening on" 30 "$VM_PID" || fail "$(cat console.err)"

wire() { # SEED LOSS DUPLICATE REORDER CORRUPT DELAY_MS BYTES [BURST [KBIT_S]]
    local bytes=$7 pid i
    background relay.log "$relay" wire0 wire1 "${@:1:6}" "${@:8}"
    pid=$BG_PID
    wait_for relay.log ready 10 "$pid" || fail "the relay does not start"
    in_ns ip link set wire1 netns "$far"
    in_ns ip addr add 10.88.0.1/24 dev wire0
    in_ns ip link set wire0 up
    ip netns exec "$far" ip link set lo up
    ip netns exec "$far" ip addr add 10.88.0.2/24 dev wire1
    ip netns exec "$far" ip link set wire1 up
    ip netns exec "$far" ip route add default via 10.88.0.1
    for ((i = 0; i < 3; i++)); do
        if ! ip netns exec "$far" timeout 50 "$peer" push $GUEST 9 "$bytes" $((i + 1)) ||
            ! ip netns exec "$far" timeout 50 "$peer" pull $GUEST 9 "$bytes" $((i + 100)); then
            kill "$pid"
            sleep 0.2
            cat relay.log console.err
            fail "wire $*"
        fi
    done
    kill "$pid"
    wait "$pid"
    echo "wire $*: $(tail -1 relay.log)"
}

#    seed loss double late damage delay bytes   burst kbit/s
wire 1    0    0      0    0      0     3000000
wire 2    20   0      0    0      1     1000000
wire 3    0    50     200  0      1     1000000
wire 4    0    0      0    20     1     1000000
wire 5    30   30     100  10     2     500000
wire 6    100  0      0    0      0     100000
wire 7    3    0      0    0      5     300000  8
wire 8    0    0      0    0      20    300000  0     8000
wire 9    0    0      0    0      100   100000
