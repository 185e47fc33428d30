/* C11 §7.1.3: a program may call its own functions and objects what is not reserved. */
#include "net.h"

#include <stdarg.h>

/* All of these are names in the runtime as well, of what this service reaches there. */
#define OWN(name)                                                                                  \
    int name(void);                                                                                \
    int name(void)                                                                                 \
    {                                                                                              \
        return ++n_calls;                                                                          \
    }
static int n_calls;
OWN(tcp_input)
OWN(tcp_sock_new)
OWN(ip_input)
OWN(pkt_alloc)
OWN(unix_create)
OWN(net_poll)
OWN(net_start)
OWN(heap_new)
OWN(page_alloc)
OWN(fd_get)
OWN(file_put)
OWN(sched_sleep)
OWN(thread_new)
OWN(timer_set)
OWN(log_line)
OWN(panic)
OWN(fmt_write)
OWN(fmt_vsnprintf)
OWN(uk_read)
OWN(uk_socket)
OWN(uk_enosys)
OWN(sc_read)
OWN(sc_write)
OWN(sc_common)
OWN(scp_read)
OWN(upcall)
OWN(keel_start)
OWN(boot_main)
OWN(process_main)
OWN(pvh_entry)
OWN(vm_map)
char console[8], percpu[8], vm_area[8];

int main(void)
{
    int (*const own[])(void) = {
        tcp_input,    tcp_sock_new, ip_input,  pkt_alloc,     unix_create, net_poll,   net_start,
        heap_new,     page_alloc,   fd_get,    file_put,      sched_sleep, thread_new, timer_set,
        log_line,     panic,        fmt_write, fmt_vsnprintf, uk_read,     uk_socket,  uk_enosys,
        sc_read,      sc_write,     sc_common, scp_read,      upcall,      keel_start, boot_main,
        process_main, pvh_entry,    vm_map,
    };
    int end[2], n = sizeof own / sizeof *own;
    char byte = 0;

    memset(console, 1, sizeof console);
    memset(percpu, 1, sizeof percpu);
    memset(vm_area, 1, sizeof vm_area);
    tcp_pair(end);
    CHECK_EQ(write(end[0], "x", 1), 1);
    CHECK_EQ(read(end[1], &byte, 1), 1);
    CHECK_EQ(byte, 'x');
    CHECK_EQ(printf("%d names\n", n), 9);
    CHECK_EQ(n_calls, 0); /* nobody but us calls them */
    for (int i = 0; i < n; i++)
        CHECK_EQ(own[i](), i + 1);
    return 0;
}
