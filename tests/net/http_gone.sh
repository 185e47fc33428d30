#!/bin/bash
# examples/http: a client that goes away in the middle of its answer leaves nothing of it to the next one.
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(scratch net/http_gone)" || exit 1
net_start
VM_NET="tap=tap0,ip=$GUEST/24" vm_http
in_ns curl -s -m 5 "http://$GUEST/" > before || fail "no answer"
for round in 1 2 3; do
    # It closes with unread bytes, which resets the connection.
    in_ns curl -s -o /dev/null -m 0.3 --limit-rate 1k "http://$GUEST/bytes/900000000"
    [ $? = 28 ] || fail "round $round: all of it came"
    for i in 1 2 3; do
        in_ns curl -s -m 5 "http://$GUEST/" > after || fail "round $round: no answer"
        cmp before after || fail "round $round, answer $i: bytes of another's"
    done
done
