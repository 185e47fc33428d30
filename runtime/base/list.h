/* Intrusive doubly linked circular list. The head is a struct list too; an unlinked node points at
 * itself, so list_remove() is harmless on it. No lock: the owner of the list orders its users. */
#pragma once

#include "base/types.h"

struct list {
    struct list *next, *prev;
};

#define LIST_INIT(name)                                                                            \
    {                                                                                              \
        &(name), &(name)                                                                           \
    }

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_insert_after(struct list *at, struct list *node)
{
    node->next = at->next;
    node->prev = at;
    at->next->prev = node;
    at->next = node;
}

static inline void list_push_front(struct list *head, struct list *node)
{
    list_insert_after(head, node);
}

static inline void list_push_back_inline(struct list *head, struct list *node)
{
    list_insert_after(head->prev, node);
}

/* Unlink @node and make it point at itself. */
static inline void list_remove_inline(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* The same, once for all who are not in a hurry: in line each is some 30 bytes. */
#ifdef SKIFF_HOST_TEST /* which may be without list.c */
#define list_push_back list_push_back_inline
#define list_remove    list_remove_inline
#else
void list_push_back(struct list *head, struct list *node);
void list_remove(struct list *node);
#endif

#define list_entry(node, type, member) CONTAINER_OF(node, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)

/* Walk the list; the body may remove @it (but not its successor). */
#define list_for_each(it, head)                                                                    \
    for (struct list *it = (head)->next, *it##_next = it->next; it != (head);                      \
         it = it##_next, it##_next = it->next)
