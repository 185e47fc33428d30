/*
 * A guest on strings, for tests of `skiff run` that must not depend on the runtime: a PVH image of
 * one page, 32-bit, that does what the arg= tokens of its command line say, in order:
 *
 *      arg=cTEXT   write TEXT and a newline to the control channel (I/O port 0xe9)
 *      arg=sTEXT   write TEXT and a newline to the console (COM1)
 *      arg=p       print the command line to the console
 *      arg=e       echo the console's input until 0x04
 *      arg=x       end QEMU through isa-debug-exit
 *      arg=t       triple fault
 *      arg=h       halt for ever
 *
 * Percent-encoding is decoded. After the last token it halts.
 *      gcc -c puppet.S && ld -z noexecstack -Ttext-segment=0x100000 -o puppet.elf puppet.o
 */
        .section .note.pvh, "a", @note
        .long 4, 4, 18                  /* XEN_ELFNOTE_PHYS32_ENTRY */
        .asciz "Xen"
        .long _start

        .text
        .code32
        .globl _start
_start: movl $stack_end, %esp
        movl 0x18(%ebx), %esi           /* struct hvm_start_info: cmdline_paddr */
        movl %esi, %ebp
next:   /* %esi: at the start of a token */
        cmpb $0, (%esi)
        je halt
        cmpl $0x3d677261, (%esi)        /* "arg=" */
        jne skip
        movb 4(%esi), %al
        addl $5, %esi
        cmpb $'c', %al
        je ctl
        cmpb $'s', %al
        je say
        cmpb $'p', %al
        je print
        cmpb $'e', %al
        je echo
        cmpb $'x', %al
        je leave_vm
        cmpb $'t', %al
        je triple
        cmpb $'h', %al
        je halt
skip:   movb (%esi), %al
        testb %al, %al
        je halt
        incl %esi
        cmpb $' ', %al
        jne skip
        jmp next

ctl:    movw $0xe9, %dx
        jmp write
say:    movw $0x3f8, %dx
write:  movb (%esi), %al
        cmpb $' ', %al
        jbe written
        incl %esi
        cmpb $'%', %al
        jne put
        movb (%esi), %al
        call hex
        movb %al, %ah
        shlb $4, %ah
        movb 1(%esi), %al
        call hex
        orb %ah, %al
        addl $2, %esi
put:    outb %al, %dx
        jmp write
written:
        movb $'\n', %al
        outb %al, %dx
        jmp skip

hex:    subb $'0', %al
        cmpb $9, %al
        jbe 1f
        subb $7, %al                    /* 'A' - '0' - 10 */
1:      ret

print:  movl %ebp, %edi
        movw $0x3f8, %dx
1:      movb (%edi), %al
        testb %al, %al
        je 2f
        outb %al, %dx
        incl %edi
        jmp 1b
2:      movb $'\n', %al
        outb %al, %dx
        jmp skip

echo:   movw $0x3fd, %dx                /* line status: bit 0 says a byte is there */
        inb %dx, %al
        testb $1, %al
        je echo
        movw $0x3f8, %dx
        inb %dx, %al
        cmpb $4, %al
        je skip
        outb %al, %dx
        jmp echo

leave_vm:
        movw $0xf4, %dx
        movl $0, %eax
        outl %eax, %dx
halt:   cli
        hlt
        jmp halt

triple: lidt no_idt
        ud2
no_idt: .word 0
        .long 0

        .bss
        .align 16
        .skip 256
stack_end:
        .section .note.GNU-stack, "", @progbits
