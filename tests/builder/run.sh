#!/bin/bash
# Tests of the tool: what it prints and how it exits, compared exactly.
#
# usage: run.sh [NAME…]        NAME: a directory here; all of them without
#
# A test is a directory: the smallest input that breaks (or shows) one rule.
#   cmd          bash, run in a fresh copy of the directory; its first line is a comment: the rule.
#                `skiff` is the tool; $PUPPET an image that does what its arguments say (puppet.S);
#                $TESTS this directory. Ending with 77 skips: the last line of stderr is the reason.
#   want.out     its standard output; not compared if absent
#   want.err     its standard error; must be empty if absent
#   want.status  its exit status; 0 if absent
# In what is compared, the test's own directory reads @DIR@ and the runtime's @SYSROOT@.
set -u

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
skiff=${SKIFF:-$root/build/bin/skiff}
work=$(mktemp -d "${TMPDIR:-/tmp}/skiff-test-XXXXXX")
trap 'rm -rf "$work"' EXIT
[ -x "$skiff" ] || { echo "FAIL run.sh no $skiff"; exit 1; }
sysroot=${SKIFF_HOME:-$(dirname "$(dirname "$skiff")")/lib/skiff}

mkdir "$work/bin"
ln -s "$skiff" "$work/bin/skiff"
if gcc -c "$here/puppet.S" -o "$work/puppet.o" &&
    ld -z max-page-size=4096 -z noexecstack --build-id=none -Ttext-segment=0x100000 \
        -o "$work/puppet.elf" "$work/puppet.o"; then
    strip "$work/puppet.elf"
fi

# One test in a directory of its own; prints its line. Returns 1 if it failed.
run_one() {
    local name=$1 dir=$here/$1 box=$work/$1 status want failed=
    cp -r "$dir" "$box"
    rm -f "$box/cmd" "$box"/want.*
    (
        cd "$box" || exit 99
        unset "${!SKIFF_@}"
        export PATH="$work/bin:$PATH" PUPPET=$work/puppet.elf TESTS=$here HOME=$work NO_COLOR=1
        export SKIFF_HOME=$sysroot LC_ALL=C
        timeout 120 bash "$dir/cmd"
    ) > "$work/out" 2> "$work/err" < /dev/null
    status=$?
    if [ "$status" = 77 ]; then
        echo "skip $name ($(tail -n 1 "$work/err"))"
        return 0
    fi
    sed -i "s|$box|@DIR@|g; s|$sysroot|@SYSROOT@|g; s|$work|@WORK@|g" "$work/out" "$work/err"
    want=0
    [ ! -f "$dir/want.status" ] || want=$(cat "$dir/want.status")
    if [ "$status" != "$want" ]; then
        failed=1
        echo "  status $status, wanted $want"
    fi > "$work/why"
    if [ -f "$dir/want.out" ]; then
        diff -u --label wanted "$dir/want.out" --label out "$work/out" >> "$work/why" || failed=1
    fi
    if [ -f "$dir/want.err" ]; then
        diff -u --label wanted "$dir/want.err" --label err "$work/err" >> "$work/why" || failed=1
    elif [ -s "$work/err" ]; then
        failed=1
        sed 's/^/  stderr: /' "$work/err" >> "$work/why"
    fi
    rm -rf "$box"
    if [ -n "$failed" ]; then
        echo "FAIL $name"
        sed 's/^/    /' "$work/why"
        return 1
    fi
    echo "ok $name"
}

if [ $# = 0 ]; then
    for cmd in "$here"/*/cmd; do
        set -- "$@" "$(basename "$(dirname "$cmd")")"
    done
fi
failures=0
for name; do
    run_one "$name" || failures=$((failures + 1))
done
[ "$failures" = 0 ]
