/* An image holds anything: a judgement with a reason, or an image; never a crash or a leak. */
/* sources: builder/image.c builder/info.c builder/sha256.c builder/text.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "image.h"
#include "msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Said by image_open() only, which is not called here. */
void msg_error_at(const struct place *at, const char *fmt, ...)
{
    (void)at;
    (void)fmt;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image image;
    struct text why = {0};
    char sum[IMAGE_SUM_CHARS + 1];
    bool is_good = image_parse(&image, data, size, &why);

    if (is_good != (why.len == 0)) /* refused without a reason, or with one and accepted */
        __builtin_trap();
    if (is_good &&
        (image.n_segments == 0 || image.end_pa == 0 || !image_sum(data, size, "", 0, sum)))
        __builtin_trap();
    image_close(&image);
    text_fini(&why);
    return 0;
}
