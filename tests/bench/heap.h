/* A binary min-heap of deadlines, embedded in the things that wait: adding, moving and removing one
 * of a thousand costs some ten comparisons, and timers need no system call of their own. */
#pragma once

#include "tool.h"

#define AG_HEAP_NONE SIZE_MAX

/* Embed one per thing that may wait; `at_ns` is CLOCK_MONOTONIC. Set `slot` to AG_HEAP_NONE first.
 */
struct ag_deadline {
    uint64_t at_ns;
    size_t slot;
};

struct ag_heap {
    struct ag_deadline **items;
    size_t len;
    size_t cap;
};

/* Adds the deadline, or moves it when it is in the heap already. */
void ag_heap_set(struct ag_heap *h, struct ag_deadline *d, uint64_t at_ns);
/* Takes it out; nothing happens when it is not inside. */
void ag_heap_drop(struct ag_heap *h, struct ag_deadline *d);
/* The earliest one, still inside, or NULL. */
struct ag_deadline *ag_heap_first(const struct ag_heap *h);
void ag_heap_done(struct ag_heap *h);
