#!/bin/bash
# RFC 2131 §3.1 (5), RFC 5227: another machine answers for the address that was leased: the VM declines it,
# and works with the next one.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/dhcp_decline)" || exit 1
net_start
in_ns ip addr add 10.77.0.20/32 dev lo # this machine answers ARP for it
background dnsmasq.log dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= --port=0 \
    --no-ping --log-facility=- --log-dhcp --user=root --interface=tap0 --bind-interfaces \
    --except-interface=lo --dhcp-range=10.77.0.20,10.77.0.21,255.255.255.0,1h --dhcp-sequential-ip \
    --dhcp-leasefile="$PWD/leases"
wait_for dnsmasq.log "DHCP, IP range" 10 "$BG_PID" || fail "dnsmasq does not start"
GUEST=10.77.0.21
image=$(example_image http) || fail "examples/http does not build"
vm console --net tap=tap0 --accel "$TEST_ACCEL" -m 16M "$image"
wait_for console "listening on" 30 "$VM_PID" || fail "it does not listen"
wait_for dnsmasq.log "DHCPDECLINE(tap0) 10.77.0.20" 10 "$VM_PID" || fail "no DHCPDECLINE"
for ((i = 0; i < 200; i++)); do
    in_ns curl -s -o /dev/null -m 1 "http://$GUEST/" && exit 0
    sleep 0.1
done
tail -5 dnsmasq.log
fail "no answer from $GUEST"
