#include "dev/uart.h"

#include "arch/io.h"

#define COM1            0x3f8
#define RBR             (COM1 + 0) /* read: received byte; write: byte to send */
#define IER             (COM1 + 1)
#define FCR             (COM1 + 2)
#define LCR             (COM1 + 3)
#define MCR             (COM1 + 4)
#define LSR             (COM1 + 5)
#define GSI             4 /* on pc, q35 and microvm alike */

#define IER_RX          0x01
#define FCR_FIFO_CLEAR  0x07 /* FIFOs on and emptied, interrupt at the first byte */
#define LCR_8N1         0x03
#define MCR_DTR_RTS_IRQ 0x0b /* OUT2 gates the interrupt line on a PC */
#define LSR_DATA        0x01
#define LSR_THRE        0x20 /* with FIFOs on: all FIFO_BYTES are free */
#define LSR_ABSENT      0xff /* nobody drives the bus */

#define FIFO_BYTES      16
#define N_SPINS         100000 /* a port read is 0.5 to 50 us, and the clock may not run yet */

/* At the first use, so that the log works from the first line on. */
static void switch_on(void)
{
    static bool is_on;

    if (is_on)
        return;
    is_on = true;
    port_out8(IER, 0);
    port_out8(LCR, LCR_8N1);
    port_out8(FCR, FCR_FIFO_CLEAR);
    port_out8(MCR, MCR_DTR_RTS_IRQ);
}

void uart_write(const void *buf, size_t len)
{
    const u8 *p = buf, *end = p + len;

    switch_on();
    while (p < end) {
        unsigned spins = N_SPINS;
        u8 lsr;

        while (!((lsr = port_in8(LSR)) & LSR_THRE))
            if (!--spins)
                return;
        if (lsr == LSR_ABSENT)
            return;
        for (unsigned i = 0; i < FIFO_BYTES && p < end; i++)
            port_out8(RBR, *p++);
    }
}

static bool has_input(void)
{
    u8 lsr = port_in8(LSR);

    return lsr != LSR_ABSENT && (lsr & LSR_DATA);
}

size_t uart_read(void *buf, size_t len)
{
    u8 *p = buf;
    size_t done = 0;

    switch_on();
    while (done < len && has_input())
        p[done++] = port_in8(RBR);
    return done;
}

bool uart_arm(bool on)
{
    static bool is_routed;

    switch_on();
    if (!is_routed) {
        is_routed = true;
        irq_route_gsi(GSI, false);
    }
    port_out8(IER, on ? IER_RX : 0);
    return on && has_input();
}
