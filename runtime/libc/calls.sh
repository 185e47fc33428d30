#!/bin/sh
# List every system call of the target as "NUMBER NAME", from musl's own table.
# Usage: calls.sh MUSL_SOURCE_DIR
set -eu
sed -n 's/^#define[[:space:]]*__NR_\([a-z0-9_]*\)[[:space:]]*\([0-9][0-9]*\)$/\2 \1/p' \
    "$1/arch/x86_64/bits/syscall.h.in" | sort -n
