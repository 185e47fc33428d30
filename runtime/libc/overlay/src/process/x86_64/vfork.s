# pid_t vfork(void): one VM is one process; as a Linux process the real thing.
.text
.global vfork
.type vfork,@function
vfork:
	cmpb $0, skiff_on_linux(%rip)
	je 1f
	pop %rdx                # the child runs on our stack: keep the return address out of it
	mov $58, %eax           # vfork
	syscall
	push %rdx
	mov %rax, %rdi
	jmp 2f
1:	sub $8, %rsp
	call sc_vfork
	add $8, %rsp
	mov %rax, %rdi
2:	.hidden __syscall_ret
	jmp __syscall_ret
