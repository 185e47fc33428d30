#!/bin/bash
# runtime/abi/bootcfg.h: with ip= and gw= the VM needs no DHCP server, and reaches beyond its net.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/static)" || exit 1
net_start
VM_NET="tap=tap0,ip=$GUEST/24,gw=$PEER"
vm_http
in_ns ping -c 3 -i 0.2 -W 2 $GUEST > ping.log || { cat ping.log; fail "ping"; }
# A client of another network: the answer goes by the gateway.
in_ns ip addr add 10.99.0.1/32 dev lo
in_ns curl -sS -m 10 --interface 10.99.0.1 "http://$GUEST/" | grep -q '<title>skiff' ||
    fail "no page for 10.99.0.1"
