#!/bin/bash
# STYLE: .clang-format decides. `make format` puts it right.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need clang-format
cd "$ROOT" || exit 1
find runtime builder tests examples templates -name '*.[ch]' -print0 | sort -z |
    xargs -0 clang-format --dry-run -Werror
