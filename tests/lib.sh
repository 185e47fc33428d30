# What the test scripts share. Sourced by tests/run and by every script that it starts.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${SKIFF_BUILD:-$ROOT/build}
SKIFF=${SKIFF:-$BUILD/bin/skiff}
# Guest tests are compared on one accelerator; the boot matrix goes through all that are usable.
TEST_ACCEL=${TEST_ACCEL:-tcg}
export ROOT BUILD SKIFF TEST_ACCEL

# A test ends with 0, with 77 when it cannot run here, or with anything else.
skip() {
    echo "$*"
    exit 77
}

fail() {
    echo "$*" >&2
    exit 1
}

# need COMMAND…: skips the test if one is missing.
need() {
    local tool
    for tool in "$@"; do
        command -v "$tool" > /dev/null || skip "$tool is not installed"
    done
}

need_skiff() {
    [ -x "$SKIFF" ] || fail "$SKIFF has not been built"
}

# A folder of the test's own under build/, empty. Left behind, to be looked at.
scratch() {
    local dir=$BUILD/tests/scratch/$1
    rm -rf "$dir"
    mkdir -p "$dir"
    echo "$dir"
}

# A port of 127.0.0.1 that nobody listens on.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null || break
    done
    echo $port
}

# wait_for FILE TEXT SECONDS PID: until the text is in the file; fails when the process has ended.
wait_for() {
    local i
    for ((i = 0; i < $3 * 50; i++)); do
        grep -qsaF -- "$2" "$1" && return 0
        kill -0 "$4" 2> /dev/null || break
        sleep 0.02
    done
    grep -qsaF -- "$2" "$1" && return 0
    echo "no \"$2\" in:"
    tail -20 "$1"
    return 1
}

# vm_start LOG ARGUMENTS…: `skiff run ARGUMENTS`, in the background. Its console goes to LOG, what
# skiff itself says to LOG.err; VM_PID is its process. $VM_PREFIX goes before (ip netns exec …).
vm_start() {
    local log=$1
    shift
    ${VM_PREFIX:-} "$SKIFF" run "$@" < /dev/null > "$log" 2> "$log.err" &
    VM_PID=$!
}

vm_stop() {
    [ -n "${VM_PID:-}" ] || return 0
    kill "$VM_PID" 2> /dev/null
    wait "$VM_PID" 2> /dev/null
    VM_PID=
}

# The image of an example or template, built once for all tests: prints its path.
example_image() {
    local out=$BUILD/tests/$1.elf
    (
        flock 9
        if [ ! -e "$out" ] || [ -n "$(find "$BUILD/lib/skiff" "$SKIFF" "$ROOT/examples/$1" \
            -newer "$out" -type f 2> /dev/null | head -1)" ]; then
            "$SKIFF" build -o "$out.new" "$ROOT/examples/$1"/*.c >&2 &&
                mv "$out.new" "$out" &&
                { [ ! -e "$out.new.debug" ] || mv "$out.new.debug" "$out.debug"; }
        fi
    ) 9> "$out.lock" || return 1
    echo "$out"
}

# A test's own C program for this machine, built once: host_tool tests/net/load.c → path.
host_tool() {
    local src=$ROOT/$1 out
    out=$BUILD/tests/$(basename "$1" .c)
    mkdir -p "$BUILD/tests"
    (
        flock 9
        [ "$out" -nt "$src" ] || { gcc -O2 -g -Wall -Wextra -Werror -o "$out.new" "$src" -lpthread &&
            mv "$out.new" "$out"; }
    ) 9> "$out.lock" || return 1
    echo "$out"
}
