/* getrandom(2). */
#include <errno.h>
#include <sys/random.h>

#include "base/random.h"
#include "sys/sys.h"

long uk_getrandom(void *buf, size_t len, unsigned flags)
{
    if (flags & ~(unsigned)(GRND_NONBLOCK | GRND_RANDOM))
        return -EINVAL;
    random_bytes(buf, len);
    return (long)len;
}
