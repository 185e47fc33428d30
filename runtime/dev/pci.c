#include "dev/pci.h"

#include <errno.h>

#include "arch/io.h"

#define CONFIG_ADDRESS   0xcf8
#define CONFIG_DATA      0xcfc
#define CONFIG_ENABLE    0x80000000u

#define CLASS            0x08 /* class << 24 | subclass << 16 | … */
#define CLASS_PCI_BRIDGE 0x0604
#define HEADER           0x0c /* type in bits 16 to 22, multi-function in bit 23 */
#define BAR0             0x10
#define BRIDGE_BUSES     0x18 /* secondary bus in bits 8 to 15 */
#define CAP_POINTER      0x34
#define STATUS_HAS_CAPS  BIT(20) /* in PCI_COMMAND's upper half */

#define N_BARS           6
#define BAR_PORT         0x1u
#define BAR_TYPE         0x6u
#define BAR_64           0x4u
#define BAR_PORT_FLAGS   0x3u
#define BAR_MEM_FLAGS    0xfu

#define CAPS_START       0x40
#define MAX_CAPS         48 /* (256 - 64) / 4: more is a loop */

/* Where no machine we know has anything else: for BARs the firmware (qboot) left alone. */
#define HOLE_MEM         0xfe000000u
#define HOLE_MEM_END     0xfe800000u
#define HOLE_PORT        0xc000u
#define HOLE_PORT_END    0x10000u

u32 pci_read(u16 bdf, unsigned off)
{
    port_out32(CONFIG_ADDRESS, CONFIG_ENABLE | (u32)bdf << 8 | off);
    return port_in32(CONFIG_DATA);
}

void pci_write(u16 bdf, unsigned off, u32 v)
{
    port_out32(CONFIG_ADDRESS, CONFIG_ENABLE | (u32)bdf << 8 | off);
    port_out32(CONFIG_DATA, v);
}

bool pci_scan(void (*found)(u16 bdf, u32 id))
{
    u64 buses[256 / 64] = {1}; /* to scan; we only go up, so a loop of bridges ends */

    port_out32(CONFIG_ADDRESS, CONFIG_ENABLE);
    if (port_in32(CONFIG_ADDRESS) != CONFIG_ENABLE)
        return false;
    for (unsigned bus = 0; bus < 256; bus++) {
        if (!(buses[bus / 64] & BIT(bus % 64)))
            continue;
        for (unsigned at = 0; at < 256; at++) {
            u16 bdf = (u16)(bus << 8 | at);
            u32 id = pci_read(bdf, PCI_ID), header;

            if ((u16)id == 0xffff) { /* none; without function 0 there are no others */
                at |= at & 7 ? 0 : 7;
                continue;
            }
            header = pci_read(bdf, HEADER);
            if (pci_read(bdf, CLASS) >> 16 == CLASS_PCI_BRIDGE) {
                unsigned next = pci_read(bdf, BRIDGE_BUSES) >> 8 & 0xff;

                buses[next / 64] |= BIT(next % 64);
            } else {
                found(bdf, id);
            }
            if (!(at & 7) && !(header & BIT(23)))
                at |= 7;
        }
    }
    return true;
}

unsigned pci_cap(u16 bdf, u8 id, unsigned after)
{
    unsigned at;

    if (!(pci_read(bdf, PCI_COMMAND) & STATUS_HAS_CAPS))
        return 0;
    at = after ? pci_read(bdf, after) >> 8 : pci_read(bdf, CAP_POINTER);
    for (unsigned n = 0; n < MAX_CAPS; n++) {
        u32 cap;

        at &= 0xfc;
        if (at < CAPS_START)
            return 0;
        cap = pci_read(bdf, at);
        if ((u8)cap == id)
            return at;
        at = cap >> 8;
    }
    return 0;
}

int pci_bar(u16 bdf, unsigned n, struct pci_bar *bar)
{
    static u32 next_mem = HOLE_MEM, next_port = HOLE_PORT;
    unsigned off = BAR0 + 4 * n;
    u32 low, flags;
    u64 addr, mask;
    bool is_64;
    int err = -EIO;

    if (n >= N_BARS)
        return -EIO;
    low = pci_read(bdf, off);
    bar->is_port = low & BAR_PORT;
    is_64 = !bar->is_port && (low & BAR_TYPE) == BAR_64;
    if (is_64 && n == N_BARS - 1)
        return -EIO;
    flags = bar->is_port ? BAR_PORT_FLAGS : BAR_MEM_FLAGS;
    addr = low & ~flags;
    pci_write(bdf, off, UINT32_MAX);
    mask = pci_read(bdf, off) & ~flags;
    if (!mask)
        goto restore;
    mask |= (u64)UINT32_MAX << 32;
    if (bar->is_port)
        mask |= 0xffff0000;
    if (is_64) {
        u32 high = pci_read(bdf, off + 4);

        addr |= (u64)high << 32;
        pci_write(bdf, off + 4, UINT32_MAX);
        mask = (mask & UINT32_MAX) | (u64)pci_read(bdf, off + 4) << 32;
        pci_write(bdf, off + 4, high);
    }
    bar->size_bytes = -mask;
    if (!bar->size_bytes || (bar->size_bytes & (bar->size_bytes - 1)))
        goto restore;
    if (!addr) {
        u32 *next = bar->is_port ? &next_port : &next_mem;
        u64 end = bar->is_port ? HOLE_PORT_END : HOLE_MEM_END;

        addr = ALIGN_UP((u64)*next, bar->size_bytes);
        if (addr + bar->size_bytes > end || addr + bar->size_bytes < addr) {
            err = -ENOSPC;
            goto restore;
        }
        *next = (u32)(addr + bar->size_bytes);
        if (is_64)
            pci_write(bdf, off + 4, 0);
        low = (u32)addr;
    }
    pci_write(bdf, off, low);
    bar->addr = addr;
    return 0;
restore:
    pci_write(bdf, off, low);
    return err;
}
