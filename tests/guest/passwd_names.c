/* getpwnam(3), getgrnam(3): root and nobody are known, by name and by number; others are not. */
#include <grp.h>
#include <pwd.h>

#include "check.h"

int main(void)
{
    struct passwd *pw = getpwnam("root");
    CHECK(pw && pw->pw_uid == 0 && pw->pw_gid == 0);
    CHECK(strcmp(pw->pw_dir, "/root") == 0);
    pw = getpwnam("nobody");
    CHECK(pw && pw->pw_uid == 65534 && pw->pw_gid == 65534);
    pw = getpwuid(65534);
    CHECK(pw && strcmp(pw->pw_name, "nobody") == 0);
    CHECK(getpwnam("nobody-else") == NULL);
    CHECK(getpwuid(64999) == NULL);
    struct group *gr = getgrgid(0);
    CHECK(gr && strcmp(gr->gr_name, "root") == 0);
    gr = getgrnam("nogroup");
    CHECK(gr && gr->gr_gid == 65534);
    CHECK(getgrnam("nogroup-at-all") == NULL);
    return 0;
}
