#!/bin/sh
# Headers that link a part of the runtime. What a service can do with socket(2) depends on numbers
# that no linker sees, so whoever includes one of these headers, libc itself too, says which
# part it needs: in a section that the linker reads for its symbols and leaves out of the image.
# A program built without them asks by hand: -Wl,-u,SYMBOL.
# Usage: needs.sh INCLUDE_DIR
set -eu

needs() { # HEADER SYMBOL...
    header=$1/$2
    guard=_SKIFF_NEEDS_$(printf '%s' "$2" | tr 'a-z/.' 'A-Z__')
    shift 2
    text=$(cat "$header")
    rm -f "$header" # it may be a link to the pristine one
    {
        printf '%s\n\n#ifndef %s\n#define %s\n' "$text" "$guard" "$guard"
        for symbol in "$@"; do
            printf '__asm__(".pushsection .skiff.needs,\\"e\\",@progbits\\n\\t.quad %s\\n\\t.popsection");\n' \
                "$symbol"
        done
        printf '#endif\n'
    } > "$header"
}

needs "$1" sys/un.h unix_create unix_paths
needs "$1" net/if.h netif_ioctl unix_create
needs "$1" ifaddrs.h netlink_create
