#!/bin/bash
# getaddrinfo(3): names are resolved by the DHCP server's name server, also first thing in main();
# a name that does not exist says so; of an answer too long for 512 bytes the beginning is used.
# LIMIT: libc gives 512 bytes for an answer, so of 100 addresses 28 to 30 come; see resolve_tcp.sh.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/resolve)" || exit 1
net_start
dns_start
elf=$(image resolve) || exit 1
vm out --net tap=tap0 --accel "$TEST_ACCEL" -m 16M --timeout 60 "$elf" -- \
    peer.test other.test alias.test none.test big.test
wait "$VM_PID"
status=$?
VM_PID=
[ $status = 0 ] || { cat out out.err; tail -20 dnsmasq.log; fail "status $status"; }
cat > want << 'END'
peer.test: 10.77.0.1
other.test: 10.78.1.1
alias.test: 10.77.0.1
none.test: not known
END
diff want <(grep -v big.test out) || fail "other answers"
n=$(sed -n 's/^big.test: \([0-9]*\) addresses$/\1/p' out)
[ "${n:-0}" -ge 28 ] || { grep big.test dnsmasq.log | tail -3; fail "big.test: ${n:-no} addresses"; }
