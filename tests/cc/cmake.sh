#!/bin/bash
# A CMake project, unmodified: its checks of the compiler pass, its own checks run what they compile.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need cmake
dir=$(scratch cc/cmake) && cd "$dir" || exit 1

CC="$SKIFF cc" cmake -S "$ROOT/tests/cc/cmake" -B . -DCMAKE_BUILD_TYPE=Release > log 2>&1 ||
    { cat log; fail "cmake"; }
cmake --build . >> log 2>&1 || { cat log; fail "build"; }
out=$(./greeter) || fail "status $?"
[ "$out" = "ahoy from 1.2" ] || { cat log; fail "printed: $out"; }
"$SKIFF" inspect --json greeter | jq -e '.built_by_skiff and .bytes.libwords > 0' > /dev/null ||
    fail "not an image"
