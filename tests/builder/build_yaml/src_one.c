#include "part.h"

int main(void)
{
    return ANSWER + part();
}
