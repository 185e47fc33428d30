/* lwIP's idea of compiler and platform: this host. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

uint32_t lwip_random(void);
#define LWIP_RAND()           lwip_random()
#define LWIP_PLATFORM_DIAG(x) ((void)0)
#define LWIP_PLATFORM_ASSERT(x)                                                                    \
    do {                                                                                           \
        fprintf(stderr, "lwIP: %s (%s:%d)\n", x, __FILE__, __LINE__);                              \
        abort();                                                                                   \
    } while (0)
