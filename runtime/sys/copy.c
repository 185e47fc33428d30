#define _GNU_SOURCE 1
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/uio.h>

#include "file/fdtable.h"
#include "mem/page.h"
#include "sys/deliver.h"

#define N_BUF_PAGES 4
#define BUF_BYTES   (N_BUF_PAGES * PAGE_SIZE)

/* One side of a copy. off is NULL for "the file's own position, and move it". */
struct side {
    struct file *file;
    off_t *off;
};

static ssize_t side_move(const struct side *s, void *buf, size_t len, bool is_out)
{
    struct iovec iov = {buf, len};
    s64 off = s->off ? *s->off : -1;
    ssize_t n = is_out ? s->file->ops->write(s->file, &iov, 1, off)
                       : s->file->ops->read(s->file, &iov, 1, off);

    if (n > 0 && s->off)
        *s->off += n;
    return n;
}

/* What was read and not written goes back: both positions are where the copy ended. */
static void side_unread(const struct side *in, size_t len)
{
    if (in->off)
        *in->off -= (off_t)len;
    else
        in->file->ops->seek(in->file, -(s64)len, SEEK_CUR);
}

static long copy(const struct side *in, const struct side *out, size_t len)
{
    u8 *buf = page_alloc(N_BUF_PAGES);
    size_t done = 0;
    ssize_t got = 0, put = 0;

    if (!buf)
        return -ENOMEM;
    while (done < len) {
        got = side_move(in, buf, MIN(len - done, BUF_BYTES), false);
        if (got <= 0)
            break;
        put = side_move(out, buf, (size_t)got, true);
        if (put < got) {
            side_unread(in, (size_t)(got - MAX(put, 0)));
            done += (size_t)MAX(put, 0);
            break;
        }
        done += (size_t)put;
    }
    page_free(buf, N_BUF_PAGES);
    if (done)
        return (long)done;
    return got < 0 ? got : put < 0 ? put : 0;
}

/* Both files of a copy, if it is allowed at all. @no_offsets: the error of an input that has none.
 */
static long copy_begin(int in_fd, int out_fd, off_t *in_off, off_t *out_off, int no_offsets,
                       struct side *in, struct side *out)
{
    long r = -EBADF;

    *in = (struct side){fd_get_io(in_fd), in_off};
    *out = (struct side){fd_get_io(out_fd), out_off};
    if (!in->file || !out->file)
        goto put;
    if ((in->file->flags & O_ACCMODE) == O_WRONLY || (out->file->flags & O_ACCMODE) == O_RDONLY)
        goto put;
    r = no_offsets;
    if (!in->file->ops->seek)
        goto put;
    r = -EINVAL;
    if (!in->file->ops->read || !out->file->ops->write)
        goto put;
    if ((in_off && *in_off < 0) || (out_off && *out_off < 0))
        goto put;
    return 0;
put:
    if (in->file)
        file_put(in->file);
    if (out->file)
        file_put(out->file);
    return r;
}

static void copy_end(const struct side *in, const struct side *out)
{
    file_put(in->file);
    file_put(out->file);
}

long uk_sendfile(int out_fd, int in_fd, off_t *off, size_t len)
{
    struct side in, out;
    long r = copy_begin(in_fd, out_fd, off, NULL, off ? -ESPIPE : -EINVAL, &in, &out);

    if (r)
        return r;
    r = out.file->flags & O_APPEND ? -EINVAL : copy(&in, &out, len);
    copy_end(&in, &out);
    return deliver_sigpipe(r);
}

long uk_copy_file_range(int in_fd, off_t *in_off, int out_fd, off_t *out_off, size_t len,
                        unsigned flags)
{
    struct side in, out;
    long r;

    if (flags)
        return -EINVAL;
    r = copy_begin(in_fd, out_fd, in_off, out_off, -EINVAL, &in, &out);
    if (r)
        return r;
    if (out.file->flags & O_APPEND)
        r = -EBADF;
    else
        r = out.file->ops->seek ? copy(&in, &out, len) : -EINVAL;
    copy_end(&in, &out);
    return r;
}
