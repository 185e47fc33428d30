#include "fs/generator.h"

#include "base/panic.h"

struct fs_generator fs_generators[N_GENERATORS_MAX];

void fs_set_generator(const char *path, fs_generator_fn *fn)
{
    for (unsigned i = 0; i < N_GENERATORS_MAX; i++) {
        if (fs_generators[i].path)
            continue;
        fs_generators[i] = (struct fs_generator){path, fn};
        return;
    }
    panic("fs: more than %d generators", N_GENERATORS_MAX);
}
