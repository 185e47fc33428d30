# A VM with AF_VSOCK, and tests/vsock/peer.c at the other end of its device: no vhost in the kernel is
# needed. Sourced.
# shellcheck shell=bash
# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

CID=42

# The backend and the service, built in the test's own folder, which it goes to.
vsock_start() { # NAME
    local qemu=${SKIFF_QEMU:-qemu-system-x86_64}
    need "$qemu" gcc
    "$qemu" -device help 2> /dev/null | grep -q '"vhost-user-vsock-pci"' ||
        skip "this QEMU has no vhost-user-vsock"
    cd "$(scratch "vsock/$1")" || exit 1
    gcc -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined -o peer \
        "$ROOT/tests/vsock/peer.c" "$ROOT/tests/vsock/vhost.c" || fail "the peer did not build"
    "$SKIFF" build -o service.elf "$ROOT/tests/vsock/guest.c" || fail "the service did not build"
}

# vsock_run "STEPS" "FLAGS OF skiff run" SERVICE-ARGUMENT…: peer and service both end well.
vsock_run() {
    local steps=$1 flags=$2 pid status
    shift 2
    # In /tmp, because a socket's path may be 107 bytes at most.
    SOCKET_DIR=$(mktemp -d) || exit 1
    trap 'rm -rf "$SOCKET_DIR"' EXIT
    rm -f peer.out # of an earlier run: it says "ready", too
    # shellcheck disable=SC2086 # words
    ./peer "$SOCKET_DIR/s" $CID $steps > peer.out 2>&1 &
    pid=$!
    wait_for peer.out ready 10 $pid 2> /dev/null || fail "the peer does not start"
    # shellcheck disable=SC2086
    "$SKIFF" run --net none --accel "$TEST_ACCEL" --timeout 100 --vsock "unix=$SOCKET_DIR/s" $flags \
        service.elf -- "$@" > vm.out 2> vm.err < /dev/null
    status=$?
    if [ $status != 0 ]; then
        cat vm.out vm.err
        sleep 1 # for what the peer has to say, if it has ever seen the VM
        kill $pid 2> /dev/null
    fi
    wait $pid || { cat peer.out; fail "the peer saw something wrong"; }
    rm -rf "$SOCKET_DIR"
    [ $status = 0 ] || fail "the service ended with $status"
}
