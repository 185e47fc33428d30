/* The guest says anything on the control channel: bounded facts, never a crash (abi/ctl.h). */
/* sources: builder/ctlread.c builder/text.c */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ctlread.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_line(void *arg, const char *key, const char *rest)
{
    (void)arg;
    /* What goes to a terminal holds no control characters. */
    for (const char *p = rest; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            __builtin_trap();
    if (!*key)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ctl_reader ctl;
    struct text words = {0};

    memset(&ctl, 0, sizeof(ctl));
    ctl.on_line = on_line;
    /* In two pieces: lines break anywhere. */
    ctl_feed(&ctl, (const char *)data, size / 2);
    ctl_feed(&ctl, (const char *)data + size / 2, size - size / 2);
    if (ctl.exit_status < 0 || ctl.exit_status > 255 || ctl.n_frames > CTL_MAX_FRAMES)
        __builtin_trap();
    ctl_describe_fault(&ctl, &words);
    text_fini(&words);
    return 0;
}
