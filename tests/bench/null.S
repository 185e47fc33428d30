/*
 * The null guest: writes one byte to COM1 and ends QEMU. What it takes is QEMU's own; everything
 * else is measured against it. A PVH image of its own, linked by `run`:
 *
 *      gcc -nostdlib -static -no-pie -Wl,-Ttext=0x100000,--build-id=none null.S -o null.elf
 */
        .section .note.Xen, "a", @note
        .balign 4
        .long 4, 4, 18                  # name and value of 4 bytes; XEN_ELFNOTE_PHYS32_ENTRY
        .asciz "Xen"
        .long _start

        .text
        .code32
        .globl _start
_start: mov $0x3f8, %dx
        mov $'.', %al
        out %al, %dx
        mov $0xf4, %dx
        xor %eax, %eax
        out %eax, %dx
1:      hlt
        jmp 1b
        .section .note.GNU-stack, "", @progbits
