/*
 * The control channel: what the guest tells the program that started its VMM, as lines of text
 * written byte by byte to the I/O port named ctl= (QEMU: -device isa-debugcon). The console stays
 * the service's own. It exists because isa-debug-exit loses the top bit of an exit status.
 *
 *      listen 80/tcp           the service listens on a port (once per port)
 *      addr 10.0.2.15/24       the interface has its address
 *      input                   the service asks for console input, for the first time: what was
 *                              sent to it before may be lost, because setting the UART up drops it
 *      exit 17                 main() returned 17, or exit(17)
 *      signal 11               killed by a signal; a fault block comes first if there was a fault
 *      fault what=write addr=0x10 rip=0x101234 error=0x6
 *      frame 0x101234          one per return address, innermost first
 *      reg rax=0x0 rbx=0x1 …
 *      stack 0x7fe0 HEX        bytes of the stack from rsp upwards, up to 64 in a line, addresses
 *                              ascending without a gap: the reader unwinds by them, and frame lines
 *                              are for who cannot
 *      log TEXT                a line of the runtime's log (only where the console is the
 * service's)
 */
#pragma once

#define CTL_LISTEN        "listen"
#define CTL_ADDR          "addr"
#define CTL_INPUT         "input"
#define CTL_EXIT          "exit"
#define CTL_SIGNAL        "signal"
#define CTL_FAULT         "fault"
#define CTL_FRAME         "frame"
#define CTL_REG           "reg"
#define CTL_LOG           "log"
#define CTL_STACK         "stack"

/* isa-debug-exit value the guest writes when it ends; QEMU then ends with status (v << 1) | 1. */
#define EXIT_PORT_DEFAULT 0xf4
#define CTL_PORT_DEFAULT  0xe9
