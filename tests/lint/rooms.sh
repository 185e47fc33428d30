#!/bin/bash
# DESIGN §3: a room of runtime/ includes only rooms above it in the list; net never includes fs, and
# the builder includes nothing of the runtime but abi. Headers begin with #pragma once and compile
# alone; a .c includes its own header first.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1
ROOMS="abi base arch mem sched dev file fs net sys libc boot"
bad=0

complain() {
    echo "$*"
    bad=1
}

rank() { # ROOM: its place, empty if there is none
    local room i=0
    for room in $ROOMS; do
        [ "$room" = "$1" ] && echo $i && return
        i=$((i + 1))
    done
}

for dir in runtime/*/; do
    room=$(basename "$dir")
    [ -n "$(rank "$room")" ] || complain "$dir: no such room in DESIGN §3"
done

# ---- who includes whom: FILE:LINE:#include "PATH"
while IFS=: read -r file line text; do
    room=${file#runtime/}
    room=${room%%/*}
    path=$(sed -n 's/.*"\(.*\)".*/\1/p' <<< "$text")
    what=${path%%/*}
    if [ "$what" = "$path" ] || [ -e "$(dirname "$file")/$path" ]; then
        continue # beside the file
    fi
    [ "$what" != .. ] || [[ $file != runtime/libc/overlay/* ]] || continue # musl's, beside it there
    if [ -z "$(rank "$what")" ]; then
        [ -e "runtime/$path" ] || [ -e "build/$path" ] ||
            complain "$file:$line: \"$path\" is in no room"
        continue
    fi
    [ "$room" = boot ] && continue
    [ "$(rank "$what")" -le "$(rank "$room")" ] ||
        complain "$file:$line: $room includes \"$path\": $what is a higher room"
    [ "$room/$what" != net/fs ] || complain "$file:$line: net never includes fs"
done < <(grep -rn --include='*.[chS]' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' runtime)

while IFS=: read -r file line text; do
    path=$(sed -n 's/.*"\(.*\)".*/\1/p' <<< "$text")
    case $path in
    abi/*) ;;
    */*) complain "$file:$line: the builder includes \"$path\"; of the runtime only abi/ is shared" ;;
    *) [ -e "builder/$path" ] || complain "$file:$line: no builder/$path" ;;
    esac
done < <(grep -rn --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' builder)

# ---- headers
include=$BUILD/lib/skiff/include
while read -r header; do
    grep -v '^ *\(/\*\|\*\|//\|$\)' "$header" | head -1 | grep -q '^#pragma once$' ||
        complain "$header: does not begin with #pragma once"
    case $header in
    runtime/libc/overlay/*) continue ;; # musl's own, compiled in its tree
    runtime/*)
        [ -d "$include" ] || continue
        flags=(-ffreestanding -nostdinc -isystem "$include" -isystem "$(gcc -print-file-name=include)"
            -Iruntime)
        ;;
    *) flags=(-Iruntime -Ibuilder -Itests/unit) ;;
    esac
    gcc -std=gnu11 -D_GNU_SOURCE= -fsyntax-only -Wall -Wextra -x c "${flags[@]}" \
        -include "$header" /dev/null > "$BUILD/tests/header.log" 2>&1 || {
        complain "$header: does not compile alone:"
        head -5 "$BUILD/tests/header.log"
    }
done < <(find runtime builder examples tests -name '*.h' -not -path '*/overlay/*' | sort)

# ---- a .c with a header of its own name in the same folder includes it first
while read -r source; do
    header=${source%.c}.h
    [ -e "$header" ] || continue
    first=$(grep -m1 '^#include' "$source" | sed 's/.*[<"]\(.*\)[>"].*/\1/')
    # A room's inner header may stand first if it begins with the public one.
    [ "$(basename "$first")" = "$(basename "$header")" ] ||
        grep -qs "^#include \"${header#runtime/}\"" "runtime/$first" ||
        complain "$source: its first include is $first, not its own header"
done < <(find runtime builder examples -name '*.c' -not -path '*/overlay/*' | sort)
exit $bad
