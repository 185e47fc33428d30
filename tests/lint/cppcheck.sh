#!/bin/bash
# cppcheck finds nothing. What is suppressed says why:
#   missingIncludeSystem          it does not read the system's headers
#   preprocessorErrorDirective    #error lines are meant for other machines
#   unmatchedSuppression          about itself
#   varFuncNullUB                 NULL is (void *)0 with every compiler we take
#   comparePointers               the linker's marks around one array look like two objects
#   arrayIndexThenCheck           a string's NUL may be looked for before the limit
#   uninitvar in proc.c           only its address is taken; it is filled by what is called
#   syntaxError in thread.h       a function pointer that does not return
#   returnDangling… in tcp_in.c   a function pointer that returns something else than its argument
#   nullPointer… in inode.h       callers that check for NULL do so before, not after
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need cppcheck
cd "$ROOT" || exit 1
cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability --inline-suppr \
    --suppress=missingIncludeSystem --suppress=unmatchedSuppression \
    --suppress=preprocessorErrorDirective --suppress=varFuncNullUB --suppress=comparePointers \
    --suppress=arrayIndexThenCheck --suppress=uninitvar:builder/proc.c \
    --suppress=syntaxError:runtime/sched/thread.h \
    --suppress=returnDanglingLifetime:runtime/net/tcp_in.c \
    --suppress=nullPointerRedundantCheck:runtime/fs/inode.h --template='{file}:{line}: {severity}: {message} [{id}]' \
    -D__x86_64__ -D_GNU_SOURCE -D__GNUC__=12 -Iruntime -Ibuilder -j2 -i runtime/libc/overlay \
    builder runtime examples templates tests/net tests/vsock
