#!/bin/bash
# A configure script, unmodified, runs what it compiles and finds what musl has, not what the host has.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
dir=$(scratch cc/configure) && cd "$dir" || exit 1
cp -r "$ROOT"/tests/cc/configure/. .

CC="$SKIFF cc" ./configure > answers 2>&1 || { cat answers config.log; fail "configure"; }
for want in "compiler works... yes" "windows.h... no" "zlib.h... no" "-lpthread... yes" \
    "-lelf... no" "size of long... 8" "strlcpy... yes" "nosuchfunction... no" "takes -fPIE... yes"; do
    grep -q -e "$want" answers || { cat answers; fail "not found: $want"; }
done
make > log 2>&1 || { cat log; fail "make"; }
out=$(./facts) || fail "status $?"
[ "$out" = "long 8, epoll, strlcpy" ] || fail "printed: $out"
"$SKIFF" inspect --json facts | jq -e .built_by_skiff > /dev/null || fail "not an image"
