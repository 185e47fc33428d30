/* iconv(3), locale(7), wchar.h: UTF-8 in, other encodings out, and wrong input is told. */
#define _GNU_SOURCE
#include "check.h"

#include <iconv.h>
#include <langinfo.h>
#include <locale.h>
#include <wchar.h>
#include <wctype.h>

static void convert(const char *to, const char *from, char *in, size_t in_len)
{
    char out[64], *p = out;
    size_t left = sizeof out;
    iconv_t cd = iconv_open(to, from);
    CHECK(cd != (iconv_t)-1);
    size_t n = iconv(cd, &in, &in_len, &p, &left);
    printf("%s to %s: %s:", from, to, n == (size_t)-1 ? strerror(errno) : "whole");
    for (char *q = out; q < p; q++)
        printf(" %02x", (unsigned char)*q);
    printf("\n");
    iconv_close(cd);
}

int main(void)
{
    convert("UTF-16BE", "UTF-8", "h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10);
    convert("ISO-8859-1", "UTF-8", "gr\xc3\xbc\xc3\x9f", 6);
    convert("UTF-8", "ISO-8859-1", "\xfc\xdf", 2);
    convert("UTF-8", "UTF-16LE", "a\0\xac\x20", 4);
    convert("UTF-8", "UTF-8", "\xff", 1);
    CHECK(iconv_open("UTF-8", "no-such-code") == (iconv_t)-1);

    CHECK(setlocale(LC_ALL, "C.UTF-8"));
    CHECK(strcmp(nl_langinfo(CODESET), "UTF-8") == 0);
    wchar_t wide[16];
    CHECK_EQ(mbstowcs(wide, "\xe2\x82\xac\xc3\xa4", 16), 2);
    CHECK(wide[0] == 0x20ac && towupper((wint_t)wide[1]) == 0xc4);
    printf("%ls %d\n", wide, wcwidth(wide[0]));
    CHECK_EQ(mbstowcs(wide, "\xff", 16), (size_t)-1);
    CHECK(strcmp(localeconv()->decimal_point, ".") == 0);
    printf("%s\n", strerror(ENOENT));
    return 0;
}
