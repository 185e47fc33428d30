#!/bin/bash
# cppcheck finds nothing. What is suppressed says why:
#   missingIncludeSystem   it does not read the system's headers
#   normalCheckLevelMaxBranches, unmatchedSuppression   about itself
#   preprocessorErrorDirective   #error lines are meant for other machines
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need cppcheck
cd "$ROOT" || exit 1
cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability --inline-suppr \
    --suppress=missingIncludeSystem --suppress=unmatchedSuppression \
    --suppress=preprocessorErrorDirective --template='{file}:{line}: {severity}: {message} [{id}]' \
    -D__x86_64__ -D_GNU_SOURCE -D__GNUC__=12 -Iruntime -Ibuilder -j2 -i runtime/libc/overlay \
    builder runtime examples templates tests/net
