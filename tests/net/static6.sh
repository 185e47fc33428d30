#!/bin/bash
# runtime/abi/bootcfg.h: with ip6= and gw6= the VM needs no router's advertisement, and reaches beyond its
# net; one that comes all the same changes nothing.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/static6)" || exit 1
net_start
in_ns ip link set tap0 addrgenmode none
in_ns ip -6 addr add fe80::1/64 dev tap0 nodad
in_ns ip -6 addr add fd77::1/64 dev tap0 nodad
in_ns ip -6 addr add fd99::1/128 dev lo nodad
background radv.log dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= --port=0 \
    --log-facility=- --user=root --interface=tap0 --bind-interfaces --except-interface=lo \
    --dhcp-range=fd77::,ra-only,64,600 --enable-ra
image dual > image.path
vm console --net "tap=tap0,ip=$GUEST/24,ip6=fd77::20/64,gw6=fd77::1" --accel "$TEST_ACCEL" -m 16M \
    "$(cat image.path)"
wait_for console "listening on" 30 "$VM_PID" || fail "it does not listen"
for from in fd77::1 fd99::1; do
    n=$(in_ns curl -gsS -m 20 --interface $from "http://[fd77::20]/" | wc -c)
    [ "$n" = 99800 ] || fail "from $from: $n bytes"
done
n=$(in_ns curl -gsS -m 20 "http://$GUEST/" | wc -c)
[ "$n" = 99800 ] || fail "IPv4: $n bytes"
MAC=$(in_ns ip neigh show fd77::20 dev tap0 | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p')
IFS=: read -r a b c d e f <<< "$MAC"
ID=$(printf '%x:%xff:fe%s:%x' $((0x$a$b ^ 0x200)) 0x$c "$d" 0x$e$f)
in_ns ping -6 -c 1 -W 2 "fe80::$ID%tap0" > ping.log || { cat ping.log; fail "link-local"; }
in_ns ping -6 -c 2 -W 1 "fd77::$ID" > ping.log && fail "an address by advertisement, too"
exit 0
