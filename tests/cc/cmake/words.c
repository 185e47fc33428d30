#include "config.h"

const char *greeting(void);

const char *greeting(void)
{
#if defined(HAVE_EPOLL) && defined(HAVE_STRLCPY) && defined(RUNS_64BIT)
    return "ahoy from " GREETER_VERSION;
#else
    return "something was not found";
#endif
}
