/*
 * Between net/ and the file system, which do not know each other: the files whose text net/ makes.
 * In an image only where sockets and open(2) are: see net/net.c, fs/open.c.
 */
#include "fs/generator.h"
#include "net/net.h"
#include "net/proc.h"

#pragma weak net_resolv_conf

FS_FILES const struct fs_generator net_files[] = {
    {"/etc/resolv.conf", net_resolv_conf},     {"/proc/net/arp", proc_net_arp},
    {"/proc/net/dev", proc_net_dev},           {"/proc/net/if_inet6", proc_net_if_inet6},
    {"/proc/net/netstat", proc_net_netstat},   {"/proc/net/route", proc_net_route},
    {"/proc/net/snmp", proc_net_snmp},         {"/proc/net/snmp6", proc_net_snmp6},
    {"/proc/net/sockstat", proc_net_sockstat}, {"/proc/net/sockstat6", proc_net_sockstat6},
    {"/proc/net/tcp", proc_net_tcp},           {"/proc/net/tcp6", proc_net_tcp6},
    {"/proc/net/udp", proc_net_udp},           {"/proc/net/udp6", proc_net_udp6},
    {"/proc/net/unix", proc_net_unix},
};
