#!/bin/bash
# RFC 2131: the VM takes the lease it is offered, and then answers ping and HTTP at that address.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/dhcp)" || exit 1
net_start
dns_start
vm_http
for word in DHCPDISCOVER DHCPOFFER DHCPREQUEST DHCPACK; do
    grep -q "$word" dnsmasq.log || fail "no $word in dnsmasq's log"
done
grep -q " $GUEST " leases || fail "no lease"
in_ns ping -c 5 -i 0.2 -W 2 $GUEST > ping.log || { cat ping.log; fail "ping"; }
in_ns ping -c 3 -i 0.2 -W 2 -s 1472 $GUEST > ping.log || { cat ping.log; fail "ping -s 1472"; }
in_ns curl -sS -m 10 "http://$GUEST/" | grep -q '<title>skiff' || fail "no page"
[ "$(in_ns curl -sS -m 20 "http://$GUEST/bytes/100000" | sha256sum)" = \
    "03e2123e0bb166e36e89b39041ee5602314613fb45899ef73f3191eb112cc5e6  -" ] || fail "other bytes"
in_ns curl -s -m 5 "http://$GUEST:81/"
[ $? = 7 ] || fail "port 81, where nobody listens, does not refuse"
