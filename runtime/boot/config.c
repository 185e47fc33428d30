#include "boot/config.h"

#include <string.h>

#include "abi/bootcfg.h"
#include "base/setting.h"

#define VIRTIO_MMIO  "virtio_mmio.device"
#define DEFAULT_NAME "service"

size_t config_room(const char *line)
{
    return strlen(line) + sizeof(DEFAULT_NAME) + 1; /* decoding never lengthens */
}

/* Decode every KEY=VALUE of @line, and with @takes_rest what follows "--". Returns how many. */
static u32 read_all(const char *line, const char *key, bool takes_rest, char **room)
{
    bool is_rest = false;
    struct text token, value;
    u32 n = 0;

    while (token_next(&line, &token)) {
        if (!is_rest && text_is(&token, "--")) {
            is_rest = true;
            continue;
        }
        if (is_rest ? !takes_rest || token_value(&token, VIRTIO_MMIO, &value)
                    : !token_value(&token, key, &value))
            continue;
        *room = text_decode(*room, is_rest ? token : value);
        n++;
    }
    return n;
}

void config_read(const char *line, char *room, struct service_config *cfg)
{
    struct text name = {DEFAULT_NAME, sizeof(DEFAULT_NAME) - 1};

    setting_find(line, BOOTCFG_NAME, &name);
    cfg->strings = room;
    room = text_decode(room, name);
    cfg->n_args = 1 + read_all(line, BOOTCFG_ARG, true, &room);
    cfg->n_env = read_all(line, BOOTCFG_ENV, false, &room);
}
