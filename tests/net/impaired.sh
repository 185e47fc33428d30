#!/bin/bash
# RFC 9293, RFC 6298, RFC 8985: over a wire that loses, doubles, reorders, delays and damages frames, or is
# narrow, or marks them (RFC 3168), data arrives whole in both directions. The generators' seeds are fixed.
#
#       VM --- tap0, router, a$n === relay === b$n --- peer (10.88.$n.2, a namespace of its own)
#
# Each line below is a wire, four at a time; ROUNDS (1; `make check-net-long` 3) transfers each way over it,
# and with more than one those marked "long" as well.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/impaired)" || exit 1
rounds=${ROUNDS:-1}
net_start
end() {
    local far
    # shellcheck disable=SC2046 # a word each
    kill $(jobs -rp) 2> /dev/null
    net_end
    for far in far-*; do
        ip netns del "$NS-$far" 2> /dev/null
    done
}
trap end EXIT
relay=$(host_tool tests/net/relay.c) || fail "tests/net/relay.c does not build"
peer=$(host_tool tests/net/peer.c) || fail "tests/net/peer.c does not build"
in_ns sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
in_ns ip addr add fd77::1/64 dev tap0 nodad
elf=$(image peer) || exit 1
vm console --net "tap=tap0,ip=$GUEST/24,gw=$PEER,ip6=fd77::20/64,gw6=fd77::1" --accel "$TEST_ACCEL" \
    -m 24M "$elf" -- serve 9
wait_for console "listening on" 30 "$VM_PID" || fail "$(cat console.err)"

# The wire of line $n, until it is taken down again by its relay's end.
wire_up() { # N WIRE-ARGUMENTS…: sets $relay_pid
    local n=$1
    touch "far-$n" # its name, for the end
    ip netns add "$NS-far-$n" || return 1
    far=(ip netns exec "$NS-far-$n")
    ip netns exec "$NS" "$relay" "a$n" "b$n" "${@:2}" > "relay-$n.log" 2>&1 < /dev/null &
    relay_pid=$!
    wait_for "relay-$n.log" ready 10 "$relay_pid" || return 1
    in_ns ip link set "b$n" netns "$NS-far-$n"
    in_ns ip addr add "10.88.$n.1/24" dev "a$n"
    in_ns ip addr add "fd88:$n::1/64" dev "a$n" nodad
    "${far[@]}" ip link set lo up
    "${far[@]}" ip addr add "10.88.$n.2/24" dev "b$n"
    "${far[@]}" ip addr add "fd88:$n::2/64" dev "b$n" nodad
    # Ours is the narrow end: the VM is told by the router. 9,000 is for both.
    in_ns ip link set "a$n" mtu "${mtu:-1500}" up
    [ "${mtu:-0}" -lt 1500 ] || "${far[@]}" ip link set "b$n" mtu "$mtu"
    "${far[@]}" ip link set "b$n" up
    "${far[@]}" ip route add default via "10.88.$n.1"
    "${far[@]}" ip route add default via "fd88:$n::1"
    "${far[@]}" sysctl -qw net.ipv4.tcp_ecn=1
}

# wire SEED LOSS DUPLICATE REORDER CORRUPT DELAY_MS BYTES [BURST [KBIT_S [HOLE [MARK]]]]
# $mtu: of the router's end; $v6: by IPv6; $small: the receiver's buffer; $want: in the relay's last line
wire() {
    local n=$1 bytes=$7 i to=$GUEST port=9 far
    wire_up "$n" "${@:1:6}" "${@:8}" || return 1
    [ -z "${v6:-}" ] || to=fd77::20 port=10
    for ((i = 0; i < rounds; i++)); do
        "${far[@]}" timeout 100 "$peer" push "$to" $((port + (${small:+1}+0) * 2)) "$bytes" $((i + 1)) &&
            "${far[@]}" timeout 100 "$peer" pull "$to" "$port" "$bytes" $((i + 100)) ${small:+"$small"} ||
            return 1
    done > "wire-$n.log" 2>&1
    kill "$relay_pid"
    wait "$relay_pid"
    relay_pid=
    grep -q "${want:-relay:}" "relay-$n.log"
}

run() { # as wire, in the background
    while [ "$(jobs -rp | wc -l)" -gt 4 ]; do # the VM is one of them
        wait -n
    done
    (
        relay_pid=
        trap '[ -z "$relay_pid" ] || kill "$relay_pid"' EXIT
        if wire "$@"; then
            echo "wire $* ${mtu:+mtu=$mtu }${v6:+v6 }${small:+small=$small }$SECONDS s: $(tail -1 "relay-$1.log")"
        else
            echo "FAILED: wire $* ${mtu:+mtu=$mtu }${v6:+v6 }${small:+small=$small}"
            cat "relay-$1.log" "wire-$1.log"
            echo "$1" >> failed
        fi
    ) &
}

long() {
    [ "$rounds" -eq 1 ] || run "$@"
}

#   seed loss double late damage delay bytes   burst kbit/s hole mark
rm -f failed
run 1    0    0      0    0      0     3000000
run 2    20   0      0    0      1     1000000
run 3    0    50     200  0      1     1000000
run 4    0    0      0    20     1     1000000
run 5    30   30     100  10     2     500000
run 6    100  0      0    0      0     100000
run 7    3    0      0    0      5     300000  8
run 8    0    0      0    0      20    300000  0     8000
run 9    0    0      0    0      100   300000
run 10   10   0      0    0      200   30000
mtu=576 run 11  10   0      0    0      1     300000
mtu=1280 run 12 0    10     50   0      5     500000
mtu=9000 run 13 10   0      0    0      1     1000000
want=' [1-9][0-9]* swallowed' run 14 0  0  0  0  2  300000  0  0  1300
want=' [1-9][0-9]*+[1-9][0-9]* marked' run 15 0  0  0  0  5  1000000  0  0  0  30
small=2048 run 16 5  0      0    0      1     100000
small=4096 run 17 0  0      100  0      5     100000
v6=1 run 18     20   20     50   10     2     500000
v6=1 mtu=1280 run 19 0 0    0    0      2     500000
long 20  100  50     200  20     50    200000
long 21  50   0      0    0      200   200000
long 22  20   0      0    0      20    1000000 4     2000
mtu=1280 want=' [1-9][0-9]* swallowed' long 23 0 0 0 0 2 300000 0 0 600
mtu=576 long 24 50   20     50   5      50    200000
want=' [1-9][0-9]* swallowed' long 25 10 0 0 0 20 300000 0 0 600
small=3000 long 26 50 20    50   5      20    100000
v6=1 long 27    50   20     50   5      100   200000
while [ "$(jobs -rp | wc -l)" -gt 1 ]; do
    wait -n
done
[ ! -e failed ] || fail "$(wc -l < failed) wires: $(tr '\n' ' ' < failed)$(tail -3 console.err)"
echo "all: $SECONDS s"
