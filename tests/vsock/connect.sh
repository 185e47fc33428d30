#!/bin/bash
# vsock(7): a service connects to the host: echo of megabytes, errors of those it cannot reach, its own
# address; and what it sends last arrives, though it ends at once.
# shellcheck source=tests/vsock/lib.sh
. "$(dirname "$0")/lib.sh"
vsock_start connect
vsock_run gone "-m 8M" fetch 3000000
vsock_run gone "-m 8M" errors
vsock_run gone "-m 8M" own $CID
vsock_run "got=500000 gone" "-m 8M" last 500000
vsock_run "late=10000 gone" "-m 8M" last 10000
