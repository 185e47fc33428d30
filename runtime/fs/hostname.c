#include "fs/hostname.h"

#include <string.h>

static char hostname[HOSTNAME_MAX + 1] = "skiff";

const char *hostname_get(void)
{
    return hostname;
}

void hostname_set(const char *name, size_t len)
{
    len = MIN(len, (size_t)HOSTNAME_MAX);
    memset(hostname, 0, sizeof(hostname));
    memcpy(hostname, name, len);
}

void fs_start(const char *name)
{
    hostname_set(name, strlen(name));
}
