#!/bin/bash
# What gcc compiles, clang reads without a warning too.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need clang
cd "$ROOT" || exit 1
include=$BUILD/lib/skiff/include
bad=0

check() { # FILES… -- FLAGS…
    local files=()
    while [ "$1" != -- ]; do
        files+=("$1")
        shift
    done
    shift
    [ ${#files[@]} = 0 ] ||
        clang -std=gnu11 -fsyntax-only -Wall -Wextra -Werror "$@" "${files[@]}" || bad=1
}

shopt -s nullglob
check builder/*.c -- -Iruntime -Ibuilder
check tests/net/*.c tests/vsock/*.c tests/bench/*.c --
check examples/*/*.c templates/*/*.c tests/guest/*.c --
if [ -d "$include" ]; then
    runtime=()
    for file in runtime/{base,arch/x86_64,mem,sched,dev,dev/virtio,file,fs,net,sys,boot}/*.c; do
        runtime+=("$file")
    done
    # musl's CMSG_NXTHDR compares signed with unsigned; gcc does not look into system headers.
    check "${runtime[@]}" -- -D_GNU_SOURCE= -Wno-macro-redefined -Wno-sign-compare -ffreestanding -mgeneral-regs-only -nostdinc -isystem "$include" \
        -isystem "$(clang -print-resource-dir)/include" -Iruntime
fi
exit $bad
