#include "fs/hostname.h"

#include <string.h>

static const char *hostname = "skiff";

const char *hostname_get(void)
{
    return hostname;
}

void hostname_set(const char *name, size_t len)
{
    static char room[HOSTNAME_MAX + 1];

    len = MIN(len, (size_t)HOSTNAME_MAX);
    memset(room, 0, sizeof(room));
    memcpy(room, name, len);
    hostname = room;
}

void fs_start(const char *name)
{
    hostname_set(name, strlen(name));
}
