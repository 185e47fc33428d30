/*
 * What services read about the network under /proc/net, in Linux' formats (proc_net(5)): each
 * writes one file's text. Linked where a service opens files as well as sockets: sys/net_files.c
 * names them all. So nothing in here may refer strongly to what only some services have (IPv6,
 * UDP…).
 */
#pragma once

#include "base/fmt.h"
#include "net/stack.h"

/* --- proc_table.c: one line for each --- */

void proc_net_tcp(struct fmt_out *o);
void proc_net_tcp6(struct fmt_out *o);
void proc_net_udp(struct fmt_out *o);
void proc_net_udp6(struct fmt_out *o);
void proc_net_unix(struct fmt_out *o);
void proc_net_dev(struct fmt_out *o);
void proc_net_route(struct fmt_out *o);
void proc_net_arp(struct fmt_out *o);
void proc_net_if_inet6(struct fmt_out *o);

/* --- proc_stat.c: counters --- */

void proc_net_snmp(struct fmt_out *o);
void proc_net_snmp6(struct fmt_out *o);
void proc_net_netstat(struct fmt_out *o);
void proc_net_sockstat(struct fmt_out *o);
void proc_net_sockstat6(struct fmt_out *o);

/* The socket behind @fd, unless a lower descriptor has it too; NULL. Valid until the next sleep. */
struct sock *proc_sock_at(u32 fd);
