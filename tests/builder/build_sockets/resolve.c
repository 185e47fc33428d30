#include <netdb.h>
#include <sys/socket.h>

int main(void)
{
    struct addrinfo *ai, hints = {.ai_family = AF_INET, .ai_flags = AI_ADDRCONFIG};

    return getaddrinfo("skiff.test", "80", &hints, &ai) || socket(AF_INET, SOCK_STREAM, 0) < 0;
}
