#!/bin/bash
# Shell scripts are clean under shellcheck.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need shellcheck
cd "$ROOT" || exit 1
mapfile -t scripts < <(git ls-files 2> /dev/null || find . -path ./build -prune -o -type f -print)
files=()
for file in "${scripts[@]}"; do
    [ -f "$file" ] || continue
    case $file in
    *.sh) files+=("$file") ;;
    *.c | *.h | *.md | *.S) ;;
    *) head -c 30 "$file" | grep -aqE '^#!/bin/(ba)?sh' && files+=("$file") ;;
    esac
done
[ ${#files[@]} -gt 0 ] || fail "no scripts found"
exec shellcheck -x -S warning "${files[@]}"
