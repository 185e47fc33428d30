#include "file/console.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "file/console_input.h"
#include "file/fdtable.h"

/* Input is linked only into a service that reads (sys/read.c names it). */
#pragma weak console_read
#pragma weak console_poll
#pragma weak console_pending

const struct console_dev *console_device;

struct file console_files[3];

static ssize_t console_write(struct file *f, const struct iovec *iov, int n_iov, s64 off)
{
    (void)f;
    (void)off;
    for (int i = 0; i < n_iov && console_device; i++)
        console_device->write(iov[i].iov_base, iov[i].iov_len);
    return (ssize_t)iov_len(iov, n_iov);
}

static long console_ioctl(struct file *f, unsigned cmd, void *arg)
{
    if (cmd == FIONREAD && f == &console_files[0] && console_pending) {
        *(int *)arg = console_pending();
        return 0;
    }
    /* With an answer, stdio sends each line at once; a size of 0 by 0 means unknown. Standard input
     * is no terminal: nobody is asked for anything. */
    if (cmd == TIOCGWINSZ && f != &console_files[0]) {
        memset(arg, 0, sizeof(struct winsize));
        return 0;
    }
    return -ENOTTY;
}

static int console_stat(struct file *f, struct stat *st)
{
    (void)f;
    st->st_mode = S_IFCHR | 0620;
    st->st_nlink = 1;
    st->st_rdev = makedev(5, 1);
    st->st_blksize = 1024;
    return 0;
}

static void console_release(struct file *f)
{
    (void)f;
}

static const struct file_ops console_ops = {
    .read = console_read,
    .write = console_write,
    .poll = console_poll,
    .ioctl = console_ioctl,
    .stat = console_stat,
    .release = console_release,
};

void console_set_device(const struct console_dev *dev)
{
    console_device = dev;
}

void console_open(void)
{
    for (int i = 0; i < 3; i++)
        file_init(&console_files[i], &console_ops, O_RDWR);
    fd_start(console_files, 3);
}

struct file *console_file(void)
{
    return file_get(&console_files[1]);
}
