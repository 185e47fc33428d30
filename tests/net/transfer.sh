#!/bin/bash
# RFC 9293: 20 MB in both directions, the VM as server and as client, compared by hash.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/transfer)" || exit 1
net_start
dns_start
elf=$(image peer) || exit 1
peer=$(host_tool tests/net/peer.c) || fail "tests/net/peer.c does not build"
vm console --net tap=tap0 --accel "$TEST_ACCEL" -m 16M "$elf" -- serve 9
wait_for console "listening on" 30 "$VM_PID" || fail "$(cat console.err)"
for ((i = 0; i < 100; i++)); do
    in_ns ping -c 1 -W 1 $GUEST > /dev/null && break
done
in_ns timeout 60 "$peer" push $GUEST 9 20000000 1 || fail "to the VM"
in_ns timeout 60 "$peer" pull $GUEST 9 20000000 2 || fail "from the VM"
# Several at once, both ways
pids=()
for ((i = 0; i < 8; i++)); do
    [ $((i % 2)) = 0 ] && what=push || what=pull
    in_ns timeout 60 "$peer" "$what" $GUEST 9 3000000 "$i" > "many.$i" 2>&1 &
    pids+=($!)
done
for pid in "${pids[@]}"; do
    wait "$pid" || fail "eight at once: $(cat many.*)"
done
vm_stop
background peer.log "$peer" serve 9
wait_for peer.log "listening on" 10 "$BG_PID" || fail "the peer does not listen"
for what in push pull; do
    VM_PREFIX="ip netns exec $NS" vm_start client.$what --net tap=tap0 --accel "$TEST_ACCEL" -m 16M \
        --timeout 60 "$elf" -- $what $PEER 9 20000000 3
    wait "$VM_PID" || fail "the VM's $what: $(cat client.$what client.$what.err)"
    VM_PID=
done
