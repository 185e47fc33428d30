#!/bin/bash
# STYLE: .clang-format decides. `make format` puts it right.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need clang-format
cd "$ROOT" || exit 1
# tests/builder holds inputs of the tool, broken ones among them; the overlay is in musl's style.
find runtime builder tests examples templates -name '*.[ch]' -not -path 'tests/builder/*' \
    -not -path '*/overlay/*' -print0 | sort -z |
    xargs -0 clang-format --dry-run -Werror
