/* The machine's name: what uname(2), /etc/hostname and /etc/hosts say. */
#pragma once

#include "base/types.h"

#define HOSTNAME_MAX 64 /* uname(2) */

const char *hostname_get(void);

/* Cut at HOSTNAME_MAX bytes. Boot sets it; sethostname(2) may change it. */
void hostname_set(const char *name, size_t len);
