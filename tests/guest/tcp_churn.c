/* close(2): 2,000 short connections one after another leave nothing behind that stops the next. */
/* timeout: 60 */
#include "net.h"

int main(void)
{
    int lis = listener(8);
    uint16_t port = local_port(lis);
    for (int i = 0; i < 2000; i++) {
        int a = connected(SOCK_STREAM, port), b = accept(lis, NULL, NULL);
        char c;
        CHECK(b >= 0);
        send_all(a, "q", 1);
        recv_all(b, &c, 1);
        send_all(b, "a", 1);
        close(b); /* the server's side closes first and keeps the TIME_WAIT */
        recv_all(a, &c, 1);
        CHECK_EQ(recv(a, &c, 1, 0), 0);
        close(a);
    }
    return 0;
}
