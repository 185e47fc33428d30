/*
 * A boot loader for tests: a PVH image whose first module is an image to be entered by the Linux 64-bit
 * boot protocol instead of its own PVH door. QEMU, given an ELF with a PVH note, takes no other.
 *
 *      qemu … -kernel linux64.elf -initrd IMAGE -append "command line of the image"
 */
        .section .note.Xen, "a", @note
        .balign 4
        .long 4, 4, 18                  # XEN_ELFNOTE_PHYS32_ENTRY
        .asciz "Xen"
        .long start32

        .text
        .code32
start32:
        cld
        mov $stack_top, %esp
        mov $pdpt + 3, %eax
        mov %eax, pml4
        mov $pd + 3, %eax
        mov %eax, pdpt
        mov $pd, %edi
        mov $0x83, %eax
        mov $512, %ecx
1:      mov %eax, (%edi)                # 1 GiB, one to one
        add $8, %edi
        add $0x200000, %eax
        loop 1b
        mov %cr4, %eax
        or $0x20, %eax
        mov %eax, %cr4
        mov $pml4, %eax
        mov %eax, %cr3
        mov $0xc0000080, %ecx
        rdmsr
        or $0x100, %eax
        wrmsr
        mov %cr0, %eax
        or $0x80000001, %eax
        mov %eax, %cr0
        lgdt gdtr
        ljmp $0x10, $start64
        .code64
start64:
        mov $0x18, %eax                 # the protocol's selectors: 0x10 code, 0x18 data
        mov %eax, %ds
        mov %eax, %es
        mov %eax, %ss
        mov %ebx, %edi
        call load                       # rax = entry, rdx = boot_params
        mov %rdx, %rsi
        jmp *%rax

        .section .rodata
        .balign 8
gdt:    .quad 0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff
gdtr:   .word 31
        .quad gdt

        .bss
        .balign 4096
pml4:   .skip 4096
pdpt:   .skip 4096
pd:     .skip 4096
        .skip 4096
stack_top:
        .section .note.GNU-stack, "", @progbits
