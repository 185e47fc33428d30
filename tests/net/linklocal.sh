#!/bin/bash
# RFC 3927: without a DHCP server the VM takes an address of 169.254/16 and is served there; a server that
# comes later gives it a better one.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/linklocal)" || exit 1
net_start
in_ns ip addr add 169.254.0.5/16 dev tap0
in_ns sysctl -qw net.ipv4.conf.tap0.arp_accept=1 # it learns the address from the announcement
image=$(example_image http) || fail "examples/http does not build"
vm console --net tap=tap0 --accel "$TEST_ACCEL" -m 16M "$image"
wait_for console "listening on" 30 "$VM_PID" || fail "it does not listen"
for ((i = 0; i < 200; i++)); do
    LL=$(in_ns ip -4 neigh show dev tap0 | sed -n 's/^\(169\.254\.[0-9.]*\) .*lladdr.*/\1/p')
    [ -n "$LL" ] && break
    sleep 0.1
done
[ -n "$LL" ] || fail "no announcement of an address"
in_ns curl -sS -m 10 "http://$LL/" | grep -q '<title>skiff' || fail "no page from $LL"
dns_start
for ((i = 0; i < 400; i++)); do
    in_ns curl -s -o /dev/null -m 1 "http://$GUEST/" && exit 0
    sleep 0.1
done
tail -5 dnsmasq.log
fail "no answer from $GUEST"
