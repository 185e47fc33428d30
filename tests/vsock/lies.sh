#!/bin/bash
# virtio 1.2 §5.10.6.4: packets no honest host sends are dropped or end their connection, nothing else;
# a device that claims the impossible is switched off, and the service goes on without.
# shellcheck source=tests/vsock/lib.sh
. "$(dirname "$0")/lib.sh"
vsock_start lies
vsock_run "up lies bulk=2,100000,4096 lies lies bulk=2,100000,4096 quit gone" "-m 8M" serve
grep -q 'guest: virtio-vsock: .* announced' vm.err || fail "no word about a packet that is cut"
vsock_run "lose gone" "-m 8M" broken
grep -q 'guest: virtio: queue 0: device gave used.idx' vm.err || fail "no word about the device"
