# int __set_thread_area(void *tp): the thread pointer of this thread. Both doors.
.text
.global __set_thread_area
.hidden __set_thread_area
.type __set_thread_area,@function
__set_thread_area:
	cmpb $0, skiff_on_linux(%rip)
	je uk_set_thread_area
	mov %rdi, %rsi
	mov $0x1002, %edi       # ARCH_SET_FS
	mov $158, %eax          # arch_prctl
	syscall
	ret
