/* Small language helpers shared by every module. Nothing here allocates or suspends. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AG_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define AG_MIN(a, b)    ((a) < (b) ? (a) : (b))
#define AG_MAX(a, b)    ((a) > (b) ? (a) : (b))

#define AG_LIKELY(x)   __builtin_expect(!!(x), 1)
#define AG_UNLIKELY(x) __builtin_expect(!!(x), 0)

#define AG_MUST_USE        __attribute__((warn_unused_result))
#define AG_PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))
#define AG_UNUSED          __attribute__((unused))

/* Marks a function that may park the calling fiber. It must be called on a fiber; what it read
 * from shared state before the call is stale after it; no lock may be held across it. */
#define AG_SUSPENDS

/* Runs `fn(&variable)` when the variable leaves its scope. */
#define AG_CLEANUP(fn) __attribute__((cleanup(fn)))

/* Defines `fn_p`, the form of a destructor that AG_CLEANUP takes. */
#define AG_DEFINE_CLEANUP(type, fn)                                                                \
    static inline AG_UNUSED void fn##_p(type *p)                                                   \
    {                                                                                              \
        fn(*p);                                                                                    \
    }

#define AG_CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Moves ownership of a pointer out of a variable, leaving NULL behind. */
#define AG_TAKE(p)                                                                                 \
    ({                                                                                             \
        __typeof__(p) _taken = (p);                                                                \
        (p) = NULL;                                                                                \
        _taken;                                                                                    \
    })

/* Stops the process on an impossible state, in every build: continuing would risk people's data. */
#define AG_ASSERT(cond)                                                                            \
    do {                                                                                           \
        if (AG_UNLIKELY(!(cond))) ag_assert_failed(#cond, __FILE__, __LINE__);                     \
    } while (0)

_Noreturn void ag_assert_failed(const char *cond, const char *file, int line);
