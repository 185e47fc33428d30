#!/bin/bash
# virtio 1.2 §5.10.6: the host connects to a service: bulk both ways on many connections, little
# credit, halves, RST in the middle, refusals, a device that takes nothing for a while, more
# connections than there is room for; at the end all are told.
# shellcheck source=tests/vsock/lib.sh
. "$(dirname "$0")/lib.sh"
vsock_start serve
vsock_run "up bulk=1,1000000,65536 bulk=10,50000,4096 bulk=4,20000,100 bulk=1,300,1 half reset refused stall storm
    crowd bulk=8,300000,65536 quit gone" "-m 8M" serve
# And with as little memory as it goes.
vsock_run "up bulk=2,100000,65536 reset stall storm crowd bulk=1,500000,65536 quit gone" "-m 2M" serve
