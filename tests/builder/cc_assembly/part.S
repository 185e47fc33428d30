#define NINE 9
    .globl part
part:
    mov $NINE, %eax
    ret
    .section .note.GNU-stack, "", @progbits
