#!/bin/sh
# Lay out the source tree that libc.a is built from: symlinks to pristine musl, our overlay files on
# top, and the generated header that turns system calls into plain calls.
# Usage: farm.sh MUSL_SOURCE_DIR FARM_DIR
set -eu

here=$(cd "$(dirname "$0")" && pwd)
musl=$(cd "$1" && pwd)
farm=$2

rm -rf "$farm"
mkdir -p "$farm"
cp -rs "$musl/." "$farm/"
rm -f "$farm/config.mak"

# musl prefers src/*/x86_64/NAME over src/*/NAME, so replacing a file means adding one. The
# assembly files that stand there already give way to ours.
(cd "$here/overlay" && find . -type f) | while read -r f; do
    rm -f "$farm/$f" "$farm/${f%.*}.s" "$farm/${f%.*}.c"
    mkdir -p "$farm/$(dirname "$f")"
    cp "$here/overlay/$f" "$farm/$f"
done

mkdir -p "$farm/src/internal/base"
cp "$here/../base/fmt.h" "$here/../base/types.h" "$farm/src/internal/base/"

sh "$here/calls.sh" "$musl" | sh "$here/syscall_inline.sh" > "$farm/include/skiff/unistd.h"

# What include/skiff adds to a header of the same name goes behind it.
for header in stdio.h unistd.h sys/mman.h sys/socket.h sys/timerfd.h; do
    text=$(cat "$farm/include/$header")
    rm -f "$farm/include/$header" # a link to the pristine one
    printf '%s\n\n#include <skiff/%s>\n' "$text" "${header##*/}" > "$farm/include/$header"
done
sh "$here/needs.sh" "$farm/include"
sh "$here/sockets.sh" "$farm"

sh "$here/calls.sh" "$musl" | sh "$here/syscall_arch.sh" > "$farm/arch/x86_64/syscall_arch.h.new"
rm -f "$farm/arch/x86_64/syscall_arch.h"
mv "$farm/arch/x86_64/syscall_arch.h.new" "$farm/arch/x86_64/syscall_arch.h"
