# A network namespace of the test's own, with a tap for the VM and this kernel as its peer:
#
#       VM --- tap0 (10.77.0.1/24, dnsmasq: DHCP and DNS) --- test programs
#
# Everything in it ends with the script. Sourced.
# shellcheck shell=bash
# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# shellcheck disable=SC2034 # for those who source this
PEER=10.77.0.1 GUEST=10.77.0.20

net_need() {
    [ "$(id -u)" = 0 ] || skip "needs root: a tap in a network namespace"
    [ -c /dev/net/tun ] || skip "no /dev/net/tun"
    need ip curl ping dnsmasq
    NS=skiff-$$
    ip netns add "$NS" 2> /dev/null || skip "network namespaces cannot be made"
    PIDS=()
    trap net_end EXIT
    trap 'exit 143' INT TERM
}

net_end() {
    local pid
    for pid in "${PIDS[@]}" "${VM_PID:-}"; do
        [ -z "$pid" ] || kill "$pid" 2> /dev/null
    done
    wait 2> /dev/null
    ip netns del "$NS" 2> /dev/null
}

in_ns() {
    ip netns exec "$NS" "$@"
}

# background LOG COMMAND…: in the namespace; ended with the script. BG_PID is its process.
background() {
    local log=$1
    shift
    ip netns exec "$NS" "$@" > "$log" 2>&1 < /dev/null &
    BG_PID=$!
    PIDS+=("$BG_PID")
}

# The namespace, its tap, and a DHCP and DNS server on it that always gives the VM $GUEST.
net_start() {
    net_need
    in_ns ip link set lo up
    in_ns ip tuntap add dev tap0 mode tap || skip "no tap can be made"
    in_ns ip addr add $PEER/24 dev tap0
    in_ns ip link set tap0 up
}

dns_start() {
    local big=() i
    # 100 addresses do not fit into 512 bytes: the answer by UDP is cut.
    for ((i = 1; i <= 100; i++)); do
        big+=(--host-record="big.test,10.78.0.$i")
    done
    background dnsmasq.log dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= \
        --no-ping --log-facility=- --log-dhcp --log-queries --no-resolv --no-hosts --user=root \
        --interface=tap0 --bind-interfaces --except-interface=lo \
        --dhcp-range=$GUEST,$GUEST,255.255.255.0,1h --dhcp-leasefile="$PWD/leases" \
        --dhcp-option=option:router,$PEER --dhcp-option=option:dns-server,$PEER \
        --local=/test/ --domain=test --host-record=peer.test,$PEER --host-record=other.test,10.78.1.1 \
        --cname=alias.test,peer.test "${big[@]}"
    wait_for dnsmasq.log "DHCP, IP range" 10 "$BG_PID" || fail "dnsmasq does not start"
}

# vm LOG ARGUMENTS…: a VM on the tap.
vm() {
    VM_PREFIX="ip netns exec $NS" vm_start "$@"
}

# The HTTP example on the tap, until it listens and answers. VM_NET: its --net.
vm_http() {
    local image i
    image=$(example_image http) || fail "examples/http does not build"
    vm console --net "${VM_NET:-tap=tap0}" --accel "$TEST_ACCEL" -m "${VM_MEMORY:-16M}" "$image"
    wait_for console "listening on" 30 "$VM_PID" || {
        cat console.err
        fail "it does not listen"
    }
    for ((i = 0; i < 100; i++)); do
        in_ns curl -s -o /dev/null -m 2 "http://$GUEST/" && return
        sleep 0.1
    done
    tail -n 5 dnsmasq.log console console.err 2> /dev/null
    fail "no answer from $GUEST"
}

# A program of this folder as image: image peer → path.
image() {
    "$SKIFF" build -o "$1.elf" "$ROOT/tests/net/$1.c" > build.log 2>&1 || {
        cat build.log
        fail "tests/net/$1.c does not build"
    }
    echo "$PWD/$1.elf"
}
