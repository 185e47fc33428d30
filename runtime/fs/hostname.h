/* The machine's name: what uname(2), /etc/hostname and /etc/hosts say. */
#pragma once

#include "base/types.h"

#define HOSTNAME_MAX 64 /* uname(2) */

const char *hostname_get(void);

/* Cut at HOSTNAME_MAX bytes: sethostname(2). */
void hostname_set(const char *name, size_t len);

/* Boot: what the boot configuration says, if the service links anything that asks. */
void fs_start(const char *name);
