/*
 * Addresses and options of AF_VSOCK, see vsock(7); the kernel's header of that name has the same and
 * more. Whoever includes it has such sockets (libc/needs.sh).
 */
#ifndef _LINUX_VM_SOCKETS_H
#define _LINUX_VM_SOCKETS_H

#include <sys/socket.h>

#define VMADDR_CID_ANY		(-1U)
#define VMADDR_CID_HYPERVISOR	0
#define VMADDR_CID_LOCAL	1
#define VMADDR_CID_HOST		2

#define VMADDR_PORT_ANY		(-1U)

#define VMADDR_FLAG_TO_HOST	0x01

#define SO_VM_SOCKETS_BUFFER_SIZE		0
#define SO_VM_SOCKETS_BUFFER_MIN_SIZE		1
#define SO_VM_SOCKETS_BUFFER_MAX_SIZE		2
#define SO_VM_SOCKETS_PEER_HOST_VM_ID		3
#define SO_VM_SOCKETS_TRUSTED			5
#define SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD	6
#define SO_VM_SOCKETS_NONBLOCK_TXRX		7
#define SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW	8
#define SO_VM_SOCKETS_CONNECT_TIMEOUT		SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD

#define IOCTL_VM_SOCKETS_GET_LOCAL_CID	0x7b9

struct sockaddr_vm {
	sa_family_t svm_family;
	unsigned short svm_reserved1;
	unsigned int svm_port;
	unsigned int svm_cid;
	unsigned char svm_flags;
	unsigned char svm_zero[3];
};

#endif
