#!/bin/sh
# Headers that link a part of the runtime. What a service can do with socket(2) depends on numbers
# that no linker sees, so whoever includes one of these headers says which part it needs: in a
# section that the linker reads for its symbols and leaves out of the image. libc itself needs less:
# its sockets of AF_UNIX reach servers (nscd, syslogd) that only a service with such sockets can be.
# A program built without these headers asks by hand: -Wl,-u,skiff.SYMBOL.
# Usage: needs.sh INCLUDE_DIR
set -eu

needs() { # HEADER SYMBOL... [-- SYMBOL...]: behind the dashes, what libc does not need
    header=$1/$2
    guard=_SKIFF_NEEDS_$(printf '%s' "$2" | tr 'a-z/.' 'A-Z__')
    shift 2
    text=$(cat "$header")
    rm -f "$header" # it may be a link to the pristine one
    {
        printf '%s\n\n#ifndef %s\n#define %s\n' "$text" "$guard" "$guard"
        end=
        for symbol in "$@"; do
            if [ "$symbol" = -- ]; then
                printf '#ifndef __SKIFF_INSIDE\n'
                end='#endif'
                continue
            fi
            printf '__asm__(".pushsection .skiff.needs,\\"e\\",@progbits\\n\\t.quad skiff.%s\\n\\t.popsection");\n' \
                "$symbol"
        done
        printf '%s\n#endif\n' "$end"
    } > "$header"
}

needs "$1" sys/un.h -- unix_create unix_paths
needs "$1" net/if.h netif_ioctl -- unix_create
needs "$1" ifaddrs.h netlink_create
needs "$1" linux/vm_sockets.h -- vsock_create
needs "$1" netinet/udp.h udp_segment_send
