#include <unistd.h>

static int start_worker(void)
{
    return fork();
}

int main(void)
{
    return start_worker() < 0;
}
