#!/bin/bash
# A plain Makefile with a static library of its own, unmodified, builds with CC="skiff cc".
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
dir=$(scratch cc/make) && cd "$dir" || exit 1
cp -r "$ROOT"/tests/cc/make/. .

make CC="$SKIFF cc" > log 2>&1 || { cat log; fail "make"; }
out=$(./tally 1 2.25 3)
[ $? = 3 ] || fail "status as a Linux process"
[ "$out" = "6.25, rounded 6" ] || fail "printed: $out"
"$SKIFF" inspect --json tally | jq -e '.built_by_skiff and .bytes.libsum > 0' > facts ||
    fail "no image: $(cat facts)"
