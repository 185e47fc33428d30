#!/bin/bash
# RFC 4861, RFC 4862: a VM finds its IPv6 addresses and its router by itself, and serves both families.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/ipv6)" || exit 1
net_start
in_ns ip link set tap0 addrgenmode none # its own address shall not wait for its detection
in_ns ip -6 addr flush dev tap0
in_ns ip -6 addr add fe80::1/64 dev tap0 nodad
in_ns ip -6 addr add fd77::1/64 dev tap0 nodad
in_ns ip -6 addr add fd99::1/128 dev lo nodad
background radv.log dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= --port=0 \
    --log-facility=- --user=root --interface=tap0 --bind-interfaces --except-interface=lo \
    --dhcp-range=$GUEST,$GUEST,255.255.255.0,1h --dhcp-leasefile="$PWD/leases" \
    --dhcp-range=fd77::,ra-only,64,600 --enable-ra --no-ping
image dual > image.path
vm console --net tap=tap0 --accel "$TEST_ACCEL" -m 16M "$(cat image.path)"
wait_for console "listening on" 30 "$VM_PID" || fail "it does not listen"

MAC=$(for ((i = 0; i < 100; i++)); do
    in_ns ip neigh show dev tap0 | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p' | head -1 | grep . && break
    in_ns ping -c 1 -W 1 $GUEST > ping4.log
done)
[ -n "$MAC" ] || fail "no neighbour seen"
IFS=: read -r a b c d e f <<< "$MAC"
ID=$(printf '%x:%xff:fe%s:%x' $((0x$a$b ^ 0x200)) 0x$c "$d" 0x$e$f)

in_ns ping -6 -c 3 -i 0.2 -W 2 "fe80::$ID%tap0" > ping-ll.log || { cat ping-ll.log; fail "link-local"; }
for ((i = 0; i < 50; i++)); do
    in_ns ping -6 -c 1 -W 1 "fd77::$ID" > ping.log && break
    sleep 0.1
done
in_ns ping -6 -c 3 -i 0.2 -W 2 -s 1400 "fd77::$ID" > ping.log || { cat ping.log radv.log; fail "no address by SLAAC"; }
for url in "http://[fd77::$ID]/" "http://[fe80::$ID%25tap0]/" "http://$GUEST/"; do
    n=$(in_ns curl -gsS -m 20 "$url" | wc -c)
    [ "$n" = 99800 ] || fail "$url: $n bytes"
done
# From another network: the answer goes by the router the advertisement named.
n=$(in_ns curl -gsS -m 20 --interface fd99::1 "http://[fd77::$ID]/" | wc -c)
[ "$n" = 99800 ] || fail "off the link: $n bytes"
# Nobody listens: a reset, not silence.
in_ns curl -gsS -m 5 "http://[fd77::$ID]:81/" 2> refused.log && fail "port 81 answers"
grep -q -i "refused\|failed to connect" refused.log || { cat refused.log; fail "port 81 is not refused"; }
