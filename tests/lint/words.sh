#!/bin/bash
# The tree speaks of Skiff only: no paths of one machine, no address of a package server, no
# unfinished marks, nothing but text where text belongs.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1
bad=0
# Written so that this file does not find itself.
words=('/wo''rk/' 'helper ag''ent' 'language mo''del' 'dev''eloper session' 'deb.debian''.org'
    'registry.npmjs''.org' 'TO''DO' 'FIX''ME' 'XX''X:' '/tmp/''w/' 'CONTRACT''.md')
list=$(git ls-files 2> /dev/null || find . -path ./build -prune -o -type f -print)
for word in "${words[@]}"; do
    # shellcheck disable=SC2086
    if grep -nIF -- "$word" $list; then
        echo "^ \"$word\" has no place here"
        bad=1
    fi
done
# Pictographs: U+2600-27BF, U+1F000-1FAFF
# shellcheck disable=SC2086
if grep -nIP '[\x{2600}-\x{27BF}\x{1F000}-\x{1FAFF}]' $list; then
    echo "^ a pictograph"
    bad=1
fi
exit $bad
