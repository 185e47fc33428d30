/* What the command line (abi/bootcfg.h) says to the service itself: its arguments and environment.
 */
#pragma once

#include "base/types.h"

struct service_config {
    char *strings; /* argv[0], arguments, environment: each NUL-terminated */
    u32 n_args, n_env;
};

/* How many bytes the decoded strings of @line may need. */
size_t config_room(const char *line);

/* Read @line; the strings go to @room, config_room(line) bytes, and stay there. */
void config_read(const char *line, char *room, struct service_config *cfg);
