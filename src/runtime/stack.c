#include "runtime/stack.h"

#include "runtime/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AG_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define AG_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define AG_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define AG_TSAN 1
#endif

#ifdef AG_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#ifdef AG_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if defined(AG_DEBUG) && __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define AG_VALGRIND 1
#endif

enum ag_err ag_stack_map(struct ag_stack *ret_stack)
{
    size_t guard = (size_t)sysconf(_SC_PAGESIZE);
    char *map = mmap(NULL, guard + AG_FIBER_STACK_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (map == MAP_FAILED) return ag_fail(AG_E_NO_MEMORY, "no memory for another fiber stack");
    if (mprotect(map, guard, PROT_NONE) != 0) {
        munmap(map, guard + AG_FIBER_STACK_BYTES);
        return ag_fail(AG_E_NO_MEMORY,
                       "no mapping left for a guard page: raise the sysctl vm.max_map_count");
    }
    struct ag_stack stack = {.base = map + guard, .size = AG_FIBER_STACK_BYTES};
#ifdef AG_VALGRIND
    stack.valgrind_id = VALGRIND_STACK_REGISTER(stack.base, stack.base + stack.size);
#endif
#ifdef AG_ASAN
    /* Pointers that only a parked fiber holds are not leaks. */
    __lsan_register_root_region(stack.base, stack.size);
#endif
#ifdef AG_TSAN
    stack.tsan_fiber = __tsan_create_fiber(0);
#endif
    *ret_stack = stack;
    return AG_OK;
}

void ag_stack_unmap(struct ag_stack *stack)
{
    size_t guard = (size_t)sysconf(_SC_PAGESIZE);
#ifdef AG_VALGRIND
    VALGRIND_STACK_DEREGISTER(stack->valgrind_id);
#endif
#ifdef AG_ASAN
    /* The next mapping at this place must not inherit the redzones. */
    ASAN_UNPOISON_MEMORY_REGION(stack->base, stack->size);
    __lsan_unregister_root_region(stack->base, stack->size);
#endif
#ifdef AG_TSAN
    __tsan_destroy_fiber(stack->tsan_fiber);
#endif
    munmap(stack->base - guard, guard + stack->size);
    *stack = (struct ag_stack){0};
}

void ag_stack_prepare(struct ag_stack *stack)
{
    (void)stack;
#ifdef AG_ASAN
    /* The last fiber here never returned from its outermost frames: their redzones still stand. */
    ASAN_UNPOISON_MEMORY_REGION(stack->base, stack->size);
#endif
}

void ag_context_switch(struct ag_context *from, struct ag_context *to, bool last)
{
#ifdef AG_ASAN
    __sanitizer_start_switch_fiber(last ? NULL : &from->fake_stack, to->stack_base, to->stack_size);
#endif
#ifdef AG_TSAN
    __tsan_switch_to_fiber(to->tsan_fiber, 0);
#endif
    (void)last;
    struct ag_transfer transfer = jump_fcontext(to->ctx, from);
    /* Back again: whoever jumped here is remembered at the place it can be resumed from. */
    struct ag_context *peer = transfer.data;
    peer->ctx = transfer.from;
#ifdef AG_ASAN
    __sanitizer_finish_switch_fiber(from->fake_stack, NULL, NULL);
#endif
}

void ag_context_entered(struct ag_context *self, struct ag_context *from,
                        struct ag_transfer transfer)
{
    from->ctx = transfer.from;
    (void)self;
#ifdef AG_ASAN
    const void *base;
    size_t size;
    __sanitizer_finish_switch_fiber(NULL, &base, &size);
    /* The loop's own stack is learnt from the first switch away from it. */
    from->stack_base = base;
    from->stack_size = size;
#endif
}

void ag_context_of_thread(struct ag_context *ret_context)
{
    *ret_context = (struct ag_context){0};
#ifdef AG_TSAN
    ret_context->tsan_fiber = __tsan_get_current_fiber();
#endif
}
