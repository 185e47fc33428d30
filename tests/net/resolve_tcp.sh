#!/bin/bash
# getaddrinfo(3), RFC 7766 §5: an answer that came cut by UDP is asked for again by TCP; without one
# the beginning counts; of one that is too long for libc, as many addresses as fit.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/resolve_tcp)" || exit 1
net_start
elf=$(image resolve) || exit 1
server=$(host_tool tests/net/dnscut.c) || fail "tests/net/dnscut.c does not build"
background server.log "$server" $PEER
wait_for server.log "listening on" 10 "$BG_PID" || fail "$(cat server.log)"
cat > want << 'END'
few.test: 10.99.0.1 10.99.0.2 10.99.0.3
many.test: 28 addresses
shut.test: 10.99.0.1 10.99.0.2
lying.test: 10.99.0.1 10.99.0.2 10.99.0.3
END
vm out --net "tap=tap0,ip=$GUEST/24,dns=$PEER" --accel "$TEST_ACCEL" -m 16M --timeout 60 "$elf" -- \
    few.test many.test shut.test lying.test
wait "$VM_PID"
status=$?
VM_PID=
[ $status = 0 ] || { cat out out.err; fail "status $status"; }
diff want out || fail "other answers"
# The same file as a Linux process, whose resolver is the same code.
mkdir -p etc
echo "nameserver $PEER" > etc/resolv.conf
in_ns unshare -m sh -c "mount --bind etc/resolv.conf /etc/resolv.conf && exec $elf few.test many.test shut.test lying.test" > process ||
    fail "as a process: $(cat process)"
diff want process || fail "other answers as a process"
