/* PCI configuration space through the ports 0xcf8 and 0xcfc, as q35 and pc have it. */
#pragma once

#include "dev/reg.h"

/* Address of a function: bus << 8 | device << 3 | function. @off is a multiple of 4. */
u32 pci_read(u16 bdf, unsigned off);
void pci_write(u16 bdf, unsigned off, u32 v);

#define PCI_ID         0x00 /* vendor, device << 16 */
#define PCI_COMMAND    0x04
#define PCI_SUBSYSTEM  0x2c /* vendor, id << 16 */
#define PCI_INTERRUPT  0x3c /* line in the low byte */

#define PCI_CMD_IO     0x001u /* masks of PCI_COMMAND */
#define PCI_CMD_MEM    0x002u
#define PCI_CMD_MASTER 0x004u

#define PCI_CAP_VENDOR 0x09
#define PCI_CAP_MSIX   0x11

/**
 * Call @found for every function on bus 0 and on the buses that bridges lead to.
 *
 * @id      PCI_ID of the function
 * Returns  false if the machine has no PCI (by these ports)
 * LIMIT:   bridges the firmware has not numbered are skipped; lift when a machine needs it
 */
bool pci_scan(void (*found)(u16 bdf, u32 id));

/* Offset of the next capability @id behind the one at @after (0: the first). 0 if there is none. */
unsigned pci_cap(u16 bdf, u8 id, unsigned after);

/* A region of the device, behind one of its base address registers. */
struct pci_bar {
    u64 addr; /* physical, or port */
    u64 size_bytes;
    bool is_port;
};

/**
 * Read and measure BAR @n; one that the firmware left unassigned gets an address.
 *
 * Context  decoding is switched off: PCI_CMD_IO and PCI_CMD_MEM clear
 * Returns  0; -EIO there is no such BAR, or it is nonsense; -ENOSPC no address left
 */
int pci_bar(u16 bdf, unsigned n, struct pci_bar *bar);
