/* What `skiff run DIR` asks of `skiff build`. */
#pragma once

#include <stdbool.h>

/**
 * Bring a project's image up to date, as `skiff build DIR` would with no other flags.
 *
 * @image  where the image lies, the caller's to free
 * Returns 0, or the exit status of the failure, which has been reported
 */
int build_dir(const char *dir, char **image);
