/*
 * The three doors of an image (DESIGN D9), and what all of them need.
 *
 *   pvh_entry   32-bit, from a VMM that knows the PVH boot ABI; ebx = hvm_start_info
 *   _start      64-bit. At CPL 0: the Linux 64-bit boot protocol, rsi = boot_params.
 *                       At CPL 3: a Linux process, rsp = argc, argv, envp, auxv
 *
 * Both VM doors end in keel_start(kind, info), which builds the real tables and drops to CPL 3.
 */
#include "layout.h"

        /* The PVH ELF note: XEN_ELFNOTE_PHYS32_ENTRY (18), owner "Xen". */
        .section .note.pvh, "a", @note
        .balign 4
        .long 4, 8, 18
        .asciz "Xen"
        .quad pvh_entry

        .section .keel.text, "ax", @progbits
        .code32
        .globl pvh_entry
pvh_entry:
        cld
        mov $keel_stack_top, %esp
        mov %ebx, %esi
        /* Temporary one-to-one map with 2 MiB pages: PML4 -> PDPT -> PD. All of it is in .bss, zero. */
        mov $boot_pdpt + 3, %eax
        mov %eax, boot_pml4
        mov $boot_pd + 3, %eax
        mov %eax, boot_pdpt
        mov $boot_pd, %edi
        mov $0x83, %eax
1:      mov %eax, (%edi)
        add $8, %edi
        add $0x200000, %eax
        cmp $boot_map_end, %eax         /* the image, and at least 16 MiB */
        jb 1b

        mov %cr4, %eax
        or $0x20, %eax                  /* PAE */
        mov %eax, %cr4
        mov $boot_pml4, %eax
        mov %eax, %cr3
        mov $MSR_EFER, %ecx
        rdmsr
        or $0x900, %eax                 /* LME, NXE */
        wrmsr
        mov %cr0, %eax
        or $0x80000001, %eax            /* PG, PE */
        mov %eax, %cr0
        lgdt boot_gdtr
        ljmp $SEL_KEEL_CODE, $1f
        .code64
1:      xor %edi, %edi                  /* kind 0: PVH; rsi = start_info */
        mov %esi, %esi
        jmp keel_entry

        /* Linux 64-bit boot protocol: long mode, one-to-one map, interrupts off. */
linux64_entry:
        cld
        mov $keel_stack_top, %esp
        mov $MSR_EFER, %ecx
        rdmsr
        or $0x800, %eax                 /* NXE */
        wrmsr
        lgdt boot_gdtr
        push $SEL_KEEL_CODE
        push $1f
        lretq
1:      mov $1, %edi                    /* kind 1: boot_params */
keel_entry:
        mov $SEL_KEEL_DATA, %eax
        mov %eax, %ds
        mov %eax, %es
        mov %eax, %ss
        xor %eax, %eax
        mov %eax, %fs
        mov %eax, %gs
        call keel_start                 /* builds the tables; returns CR3, still on the old map */
        mov %rax, %cr3
        lgdt gdtr
        lidt idtr
        mov $SEL_TSS, %eax
        ltr %ax                         /* writes the busy bit: before CR0.WP */
        mov %cr0, %rax
        and $~0x0c, %eax                /* EM and TS off … */
        or $0x10022, %eax               /* … WP, NE, MP on */
        mov %rax, %cr0
        mov keel_cr4_bits(%rip), %rbx
        mov %cr4, %rax
        or %rbx, %rax
        bt $18, %rax                    /* OSXSAVE: enable what the CPU has, up to AVX-512 */
        mov %rax, %cr4
        jnc 1f
        xor %ecx, %ecx
        mov keel_xcr0(%rip), %eax
        xor %edx, %edx
        xsetbv
1:      fninit
        /* Down to CPL 3, interrupts off, on the boot stack. */
        mov $SEL_USER_DATA, %eax
        mov %eax, %ds
        mov %eax, %es
        push $SEL_USER_DATA
        push $boot_stack_top - 8
        push $2
        push $SEL_USER_CODE
        push $boot_main
        xor %ebp, %ebp
        mov $bootinfo, %edi
        iretq

        /* What keel_start() copies into keel_gdt, to put the TSS behind it. */
        .balign 8
        .globl boot_gdt
boot_gdt:
        .quad 0
        .quad 0x00af9b000000ffff        /* 64-bit code, CPL 0 */
        .quad 0x00cf93000000ffff        /* data, CPL 0 */
        .quad 0x00cff3000000ffff        /* data, CPL 3 */
        .quad 0x00affb000000ffff        /* 64-bit code, CPL 3 */
boot_gdtr:
        .word SEL_TSS - 1
        .long boot_gdt
        .long 0
gdtr:   .word SEL_TSS + 15
        .long keel_gdt
        .long 0
idtr:   .word N_VECTORS * 16 - 1
        .long keel_idt
        .long 0

        .section .text._start, "ax", @progbits
        .globl _start
        .type _start, @function
_start:
        mov %cs, %eax
        test $3, %al
        jz linux64_entry
        xor %ebp, %ebp
        movb $1, skiff_on_linux(%rip)
        mov %rsp, %rdi
        and $-16, %rsp
        call process_main
        ud2

        .section .keel.bss, "aw", @nobits
        .balign 4096
boot_pml4:      .skip 4096
boot_pdpt:      .skip 4096
boot_pd:        .skip 4096
        .balign 16
        .skip KEEL_STACK_BYTES
        .globl keel_stack_top
keel_stack_top:

        /* Each stack above an unmapped page: the linker script aligns, keel_start() unmaps. */
        .section .skiff.stacks, "aw", @nobits
        .balign 4096
        .globl boot_stack_guard, fault_stack_guard, fault_stack_top
boot_stack_guard:
        .skip 4096
        .skip BOOT_STACK_BYTES
boot_stack_top:
fault_stack_guard:
        .skip 4096
        .skip FAULT_STACK_BYTES
fault_stack_top:

        .section .data.skiff_on_linux, "aw", @progbits
        .globl skiff_on_linux
skiff_on_linux: .byte 0
