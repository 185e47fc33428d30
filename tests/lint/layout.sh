#!/bin/bash
# DESIGN §3: the top level holds builder runtime templates examples tests Makefile README.md, dot
# files and LICENSE, nothing else. Files stay below 800 lines, or say in their first comment why not.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1
bad=0
list=$(git ls-files 2> /dev/null) || skip "not a git tree"
while read -r top; do
    case $top in
    builder | runtime | templates | examples | tests | Makefile | README.md | LICENSE | .*) ;;
    *)
        echo "$top: does not belong to the top level"
        bad=1
        ;;
    esac
done < <(cut -d/ -f1 <<< "$list" | sort -u)
while read -r file; do
    [ -f "$file" ] || continue
    lines=$(wc -l < "$file")
    if [ "$lines" -gt 800 ] && ! head -20 "$file" | grep -qi 'one thing'; then
        echo "$file: $lines lines; its first comment does not say why it is still one thing"
        bad=1
    fi
done < <(grep '\.[chS]$' <<< "$list")
while read -r file; do
    if [ -f "$file" ] && ! sed -n 1p "$file" | grep -q '^/\* .*: .* \*/$'; then
        echo "$file:1: the first line is not the fact the test holds, with its source"
        bad=1
    fi
done < <(grep '^tests/guest/.*\.c$' <<< "$list")
exit $bad
