/* mmap(2) of a file, shared. Linked by mmap() itself (libc/overlay/src/mman/mmap_any.c). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "fs/inode.h"
#include "fs/vfs.h"
#include "mem/heap.h"
#include "mem/page.h"
#include "mem/vm.h"
#include "sys/mmap.h"

#pragma weak fs_inode_of /* a service that opens nothing has no files */

struct mapped_file {
    struct vm_object object;
    struct inode *inode; /* a reference */
};

static struct mapped_file *mapped_of(struct vm_object *o)
{
    return CONTAINER_OF(o, struct mapped_file, object);
}

/* LIMIT: a touch beyond the end of the file is SIGSEGV, Linux has SIGBUS. */
static void *mapped_page(struct vm_object *o, u64 i)
{
    struct inode *inode = mapped_of(o)->inode;

    return i < ALIGN_UP(inode->size, PAGE_SIZE) / PAGE_SIZE ? inode->ops->page(inode, i) : NULL;
}

static void mapped_release(struct vm_object *o)
{
    inode_put(mapped_of(o)->inode);
    heap_free(mapped_of(o));
}

long mmap_shared(u64 at, size_t len, int prot, u32 how, struct file *f, off_t off)
{
    struct inode *inode = fs_inode_of ? fs_inode_of(f) : NULL;
    bool is_writable = (f->flags & O_ACCMODE) == O_RDWR;
    struct mapped_file *m;
    s64 addr;

    if (prot & PROT_WRITE && !is_writable)
        return -EACCES;
    if (!inode || !S_ISREG(inode->mode) || !inode->ops->page)
        return -ENODEV;
    if (off < 0)
        return -EOVERFLOW;
    m = heap_new(sizeof(*m));
    if (!m)
        return -ENOMEM;
    m->object = (struct vm_object){.owner = inode, .page = mapped_page, .release = mapped_release};
    m->inode = inode_get(inode);
    addr = vm_map_shared(at, len, (u32)prot, how | (is_writable ? 0 : VM_READ_ONLY), &m->object,
                         (u64)off / PAGE_SIZE);
    if (addr < 0)
        mapped_release(&m->object);
    return addr;
}
