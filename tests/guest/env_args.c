/* DESIGN §1: arguments reach main() byte for byte: spaces, quotes, %, UTF-8, empty, newline. */
/* args: one 'two words' "" $'new\nline' "it's" 'say "hi"' '100%' '%41%zz' $'\xff\x01\x7f' */
/* args: 'gr\u00fc\u00df' grüße -- --flag a=b '$HOME' \\ */
#include "check.h"

int main(int argc, char **argv)
{
    CHECK(argv[argc] == NULL);
    CHECK(argc > 0 && argv[0] && argv[0][0]);
    for (int i = 1; i < argc; i++) {
        printf("%d [", i);
        for (unsigned char *p = (unsigned char *)argv[i]; *p; p++)
            printf(*p > ' ' && *p < 0x7f ? "%c" : "<%02x>", *p);
        printf("]\n");
    }
    return 0;
}
