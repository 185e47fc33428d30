/* Device discovery's share of the command line. */
#include "base/setting.h"
#include "boot/config.h"
#include "dev/dev.h"

void config_virtio_mmio(const char *line)
{
    struct text token, value;

    while (token_next(&line, &token)) {
        if (!token_value(&token, "virtio_mmio.device", &value))
            continue;
        text_number(&value); /* size, perhaps with a suffix */
        while (value.len && !text_skip(&value, '@'))
            value.at++, value.len--;
        u64 base = text_number(&value);
        if (text_skip(&value, ':'))
            virtio_mmio_add(base, (u32)text_number(&value));
    }
}
