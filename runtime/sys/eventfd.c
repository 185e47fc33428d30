#include "sys/sys.h"

#include <errno.h>
#include <sys/eventfd.h>

#include "file/eventfd.h"
#include "sys/install.h"

long uk_eventfd2(unsigned initial, int flags)
{
    struct file *f;
    int err;

    if (flags & ~(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
        return -EINVAL;
    err = eventfd_new(initial, (u32)flags & EFD_NONBLOCK, flags & EFD_SEMAPHORE, &f);
    return err ? err : install(f, flags & EFD_CLOEXEC);
}

long uk_eventfd(unsigned initial)
{
    return uk_eventfd2(initial, 0);
}
