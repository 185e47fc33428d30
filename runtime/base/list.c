#include "base/list.h"

#ifndef SKIFF_HOST_TEST
void list_push_back(struct list *head, struct list *node)
{
    list_push_back_inline(head, node);
}

void list_remove(struct list *node)
{
    list_remove_inline(node);
}
#endif
