#include "linkmap.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAP_BEGIN "\nLinker script and memory map\n"

static void piece_add(struct linkmap *map, struct linkmap_piece piece)
{
    if (map->n == map->cap) {
        map->cap = map->cap ? 2 * map->cap : 256;
        map->pieces = mem_grow(map->pieces, map->cap * sizeof(*map->pieces));
    }
    map->pieces[map->n++] = piece;
}

static int by_address(const void *a, const void *b)
{
    const struct linkmap_piece *x = a, *y = b;
    return x->va < y->va ? -1 : x->va > y->va;
}

/* "runtime/net" for net_tcp.o: members of libskiff.a are named ROOM_file.o. */
static char *room_of(const char *member)
{
    size_t len = strcspn(member, "_.)");
    char *room = str_dup_n(member, len);
    /* sc_read.o and its like are runtime/libc's trampolines. */
    char *origin = str_fmt("runtime/%s", strcmp(room, "sc") == 0 ? "libc" : room);
    free(room);
    return origin;
}

static void piece_name(struct linkmap_piece *piece, const char *path, const char *sysroot,
                       const char *temp_dir)
{
    const char *paren = str_ends(path, ")") ? strrchr(path, '(') : NULL;
    size_t root_len = strlen(sysroot);
    bool is_ours = strncmp(path, sysroot, root_len) == 0 && path[root_len] == '/';
    const char *base = path_base(path);

    if (paren) { /* the slash of path_base() may lie inside the parentheses: look before them */
        for (base = paren; base > path && base[-1] != '/';)
            base--;
        char *archive = str_dup_n(base, (size_t)(paren - base));
        if (is_ours && strcmp(archive, "libskiff.a") == 0)
            piece->origin = room_of(paren + 1);
        else if (str_ends(archive, ".a"))
            piece->origin = str_dup_n(archive, strlen(archive) - 2);
        else
            piece->origin = str_dup(archive);
        piece->object = str_dup(base);
        free(archive);
        return;
    }
    piece->origin = str_dup(is_ours ? "libc" : "service");
    size_t temp_len = temp_dir ? strlen(temp_dir) : 0;
    if (temp_dir && strncmp(path, temp_dir, temp_len) == 0 && path[temp_len] == '/' &&
        strchr(base, '-') && str_ends(base, ".o")) {
        base = strchr(base, '-') + 1;
        piece->object = str_dup_n(base, strlen(base) - 2);
    } else {
        piece->object = str_dup(base);
    }
}

/* "0xADDR 0xSIZE PATH" at p. */
static bool placement_parse(const char *p, uint64_t *va, uint64_t *len_bytes, const char **path)
{
    char *end;
    p += strspn(p, " ");
    if (p[0] != '0' || p[1] != 'x')
        return false;
    *va = strtoull(p, &end, 16);
    p = end + strspn(end, " ");
    if (end == p || p[0] != '0' || p[1] != 'x')
        return false;
    *len_bytes = strtoull(p, &end, 16);
    p = end + strspn(end, " ");
    if (end == p || !*p)
        return false;
    *path = p;
    return true;
}

void linkmap_read(struct linkmap *map, const char *text, size_t len_bytes, const char *sysroot,
                  const char *temp_dir)
{
    char *copy = str_dup_n(text, len_bytes);
    char *line = strstr(copy, MAP_BEGIN), *rest = NULL;
    bool is_named = false; /* the line before was an input section's name alone */
    bool is_tbss = false;  /* takes addresses, but no memory: overlaps what follows */

    *map = (struct linkmap){0};
    if (line)
        for (line = strtok_r(line + strlen(MAP_BEGIN), "\n", &rest); line;
             line = strtok_r(NULL, "\n", &rest)) {
            struct linkmap_piece piece;
            const char *path, *at = line;
            if (line[0] != ' ' && line[0])
                is_tbss = str_starts(line, ".tbss");
            bool is_input = line[0] == ' ' && line[1] != ' ' && line[1] != '*';
            if (is_input) {
                at = line + 1 + strcspn(line + 1, " ");
                is_named = !*at;
                if (is_named)
                    continue;
            } else if (!is_named || line[0] != ' ') {
                is_named = false;
                continue;
            }
            is_named = false;
            if (!placement_parse(at, &piece.va, &piece.len_bytes, &path) || piece.va == 0 ||
                piece.len_bytes == 0 || is_tbss)
                continue;
            piece_name(&piece, path, sysroot, temp_dir);
            piece_add(map, piece);
        }
    free(copy);
    if (map->n)
        qsort(map->pieces, map->n, sizeof(*map->pieces), by_address);
}

void linkmap_write(const struct linkmap *map, struct text *out)
{
    for (size_t i = 0; i < map->n; i++) {
        const struct linkmap_piece *p = &map->pieces[i];
        text_addf(out, "%" PRIx64 " %" PRIx64 " %s %s\n", p->va, p->len_bytes, p->origin,
                  p->object);
    }
}

void linkmap_parse(struct linkmap *map, const char *text, size_t len_bytes)
{
    char *copy = str_dup_n(text, len_bytes), *rest = NULL;

    *map = (struct linkmap){0};
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        struct linkmap_piece piece;
        char *end;
        piece.va = strtoull(line, &end, 16);
        if (end == line || *end != ' ')
            continue;
        line = end + 1;
        piece.len_bytes = strtoull(line, &end, 16);
        char *object = end == line || *end != ' ' ? NULL : strchr(end + 1, ' ');
        if (!object)
            continue;
        piece.origin = str_dup_n(end + 1, (size_t)(object - end - 1));
        piece.object = str_dup(object + 1);
        piece_add(map, piece);
    }
    free(copy);
    if (map->n)
        qsort(map->pieces, map->n, sizeof(*map->pieces), by_address);
}

const struct linkmap_piece *linkmap_find(const struct linkmap *map, uint64_t va)
{
    size_t lo = 0, hi = map->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (map->pieces[mid].va <= va)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == 0)
        return NULL;
    const struct linkmap_piece *p = &map->pieces[lo - 1];
    return va - p->va < p->len_bytes ? p : NULL;
}

void linkmap_fini(struct linkmap *map)
{
    for (size_t i = 0; i < map->n; i++) {
        free(map->pieces[i].origin);
        free(map->pieces[i].object);
    }
    free(map->pieces);
    *map = (struct linkmap){0};
}

bool origin_is_users(const char *origin)
{
    return strcmp(origin, "libc") != 0 && strcmp(origin, "libgcc") != 0 &&
           !str_starts(origin, "runtime/");
}
