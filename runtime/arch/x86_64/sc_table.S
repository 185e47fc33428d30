/* long sc_dispatch(nr, a, b, c, d, e, f): a system call whose number is not known at compile time:
 * syscall() of unistd.h. In the VM it finds only calls that the image contains for another reason, and
 * not clone(), whose arguments are a thread's here. */
        .section .text.sc_dispatch, "ax", @progbits
        .globl sc_dispatch
        .type sc_dispatch, @function
sc_dispatch:
        cmpb $0, skiff_on_linux(%rip)
        jne skiff_linux_call
        cmp $(sc_table_end - sc_table) / 4, %rdi
        mov $uk_enosys, %r11d
        jae 1f
        mov sc_table(, %rdi, 4), %edi
        test %edi, %edi
        cmovz %r11d, %edi
        jmp skiff_vm_call
1:      mov %r11d, %edi
        jmp skiff_vm_call

        .section .rodata.sc_table, "a", @progbits
        .balign 4
sc_table:
        .macro call_entry number, name
        .weak uk_\name
        .org sc_table + 4 * \number
        .long uk_\name
        .endm
#include "sc_table.h"
sc_table_end:
