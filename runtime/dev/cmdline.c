/* Device discovery's share of the boot command line: virtio_mmio.device=SIZE@BASE:GSI. */
#include "dev/dev.h"

#include "base/setting.h"

void dev_cmdline(const char *line)
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
