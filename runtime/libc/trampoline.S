/* sc_NAME, and scp_NAME for cancellation points: assembled once per call with NAME and NUMBER. */
#define PASTE_(a, b) a##b
#define PASTE(a, b)  PASTE_(a, b)

        .section .text.sc, "ax", @progbits
        .globl PASTE(sc_, NAME)
        .type PASTE(sc_, NAME), @function
PASTE(sc_, NAME):
        mov $NUMBER, %eax
        mov $PASTE(uk_, NAME), %r11d
        jmp sc_common

        .section .text.scp, "ax", @progbits
        .globl PASTE(scp_, NAME)
        .type PASTE(scp_, NAME), @function
PASTE(scp_, NAME):
        mov $NUMBER, %eax
        mov $PASTE(uk_, NAME), %r11d
        jmp scp_common
