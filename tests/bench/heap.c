#include "heap.h"

#include <stdlib.h>

static void place(struct ag_heap *h, struct ag_deadline *d, size_t slot)
{
    h->items[slot] = d;
    d->slot = slot;
}

static void sift_up(struct ag_heap *h, struct ag_deadline *d, size_t slot)
{
    while (slot > 0) {
        size_t parent = (slot - 1) / 2;
        if (h->items[parent]->at_ns <= d->at_ns) break;
        place(h, h->items[parent], slot);
        slot = parent;
    }
    place(h, d, slot);
}

static void sift_down(struct ag_heap *h, struct ag_deadline *d, size_t slot)
{
    for (;;) {
        size_t child = 2 * slot + 1;
        if (child >= h->len) break;
        if (child + 1 < h->len && h->items[child + 1]->at_ns < h->items[child]->at_ns) child++;
        if (d->at_ns <= h->items[child]->at_ns) break;
        place(h, h->items[child], slot);
        slot = child;
    }
    place(h, d, slot);
}

void ag_heap_set(struct ag_heap *h, struct ag_deadline *d, uint64_t at_ns)
{
    ag_heap_drop(h, d);
    if (h->len == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 64;
        h->items = ag_tool_resize(h->items, h->cap, sizeof(struct ag_deadline *));
    }
    d->at_ns = at_ns;
    sift_up(h, d, h->len++);
}

void ag_heap_drop(struct ag_heap *h, struct ag_deadline *d)
{
    size_t slot = d->slot;

    if (slot == AG_HEAP_NONE) return;
    d->slot = AG_HEAP_NONE;
    struct ag_deadline *last = h->items[--h->len];
    if (last == d) return;
    sift_up(h, last, slot);
    sift_down(h, last, last->slot);
}

struct ag_deadline *ag_heap_first(const struct ag_heap *h)
{
    return h->len > 0 ? h->items[0] : NULL;
}

void ag_heap_done(struct ag_heap *h)
{
    free(h->items);
    *h = (struct ag_heap){0};
}
