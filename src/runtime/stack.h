/* Fiber stacks and the switch between them, with what the sanitizers and Valgrind must be told.
 * Internal to runtime/. */
#pragma once

#include "base/err.h"

/* Boost.Context's C interface (boost/context/detail/fcontext.hpp), linked statically. */
typedef void *fcontext_t;
struct ag_transfer {
    fcontext_t from; /* the context that jumped here */
    void *data;
};
struct ag_transfer jump_fcontext(fcontext_t to, void *data);
fcontext_t make_fcontext(void *top, size_t size, void (*entry)(struct ag_transfer transfer));

/* One stack: a mapping of AG_FIBER_STACK_BYTES with an inaccessible page below. */
struct ag_stack {
    char *base; /* lowest usable byte */
    size_t size;
    unsigned valgrind_id;
    void *tsan_fiber;
};

/* AG_E_NO_MEMORY when the kernel gives no mapping. */
enum ag_err ag_stack_map(struct ag_stack *ret_stack) AG_MUST_USE;
void ag_stack_unmap(struct ag_stack *stack);
/* Makes a stack that was used before ready for a new fiber. */
void ag_stack_prepare(struct ag_stack *stack);

/* What a switch has to hand over; one per side that can be left. */
struct ag_context {
    fcontext_t ctx;
    const void *stack_base; /* for AddressSanitizer: where the side runs */
    size_t stack_size;
    void *fake_stack;
    void *tsan_fiber;
};

/* Leaves `from` for `to`; returns when somebody switches back. `last` says that `from` will never
 * run again. */
void ag_context_switch(struct ag_context *from, struct ag_context *to, bool last);
/* Must be the first call on a new context, with what its entry function got. */
void ag_context_entered(struct ag_context *self, struct ag_context *from,
                        struct ag_transfer transfer);
/* Describes the calling thread's own stack as a context to come back to. */
void ag_context_of_thread(struct ag_context *ret_context);
