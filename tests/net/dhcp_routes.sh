#!/bin/bash
# RFC 3442, RFC 2132 §5.1: a lease of one address with its router off the link, routes by option 121 (a
# router of option 3 that is not there is ignored), and an MTU: the VM answers beyond its network.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/dhcp_routes)" || exit 1
net_start
background dnsmasq.log dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= --port=0 \
    --no-ping --log-facility=- --log-dhcp --user=root --interface=tap0 --bind-interfaces \
    --except-interface=lo --dhcp-range=$GUEST,$GUEST,255.255.255.0,1h --dhcp-leasefile="$PWD/leases" \
    --dhcp-option-force=option:netmask,255.255.255.255 --dhcp-option=option:router,10.77.0.66 \
    --dhcp-option=121,$PEER/32,0.0.0.0,0.0.0.0/0,$PEER --dhcp-option=option:mtu,900
wait_for dnsmasq.log "DHCP, IP range" 10 "$BG_PID" || fail "dnsmasq does not start"
vm_http
in_ns ip addr add 10.99.0.1/32 dev lo
in_ns curl -sS -m 10 --interface 10.99.0.1 "http://$GUEST/" | grep -q '<title>skiff' ||
    fail "no page for 10.99.0.1"
# The MSS that the VM told is that of 900 bytes: 860, less 12 for timestamps.
in_ns bash -c "exec 3<> /dev/tcp/$GUEST/80; ss -tin dst $GUEST > ss.log"
grep -q ' mss:848 ' ss.log || { cat ss.log; fail "the MTU of option 26 does not hold"; }
