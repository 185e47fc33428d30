# int __clone(fn, stack, flags, arg, ptid, tls, ctid): System V arguments, ctid on the stack.
# In the VM uk_clone(fn, stack, flags, arg, ptid, tls, ctid) has the same shape.
.text
.global __clone
.hidden __clone
.type __clone,@function
__clone:
	cmpb $0, skiff_on_linux(%rip)
	je uk_clone
	mov %rdi, %r11          # fn, kept over the call
	mov %edx, %edi          # flags
	mov %r8, %rdx           # parent's tid word
	mov 8(%rsp), %r10       # child's tid word
	mov %r9, %r8            # thread pointer
	and $-16, %rsi
	sub $16, %rsi
	mov %rcx, (%rsi)        # arg waits on the new stack
	mov %r11, 8(%rsi)       # and so does fn: the kernel clobbers r11
	mov $56, %eax           # clone
	syscall
	test %eax, %eax
	jnz 1f
	xor %ebp, %ebp
	pop %rdi
	pop %rax
	call *%rax
	mov %eax, %edi
	mov $60, %eax           # exit
	syscall
	hlt
1:	ret
