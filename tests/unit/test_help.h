/* What the unit tests share. Include it before other headers of the project. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants these first */
#include <cmocka.h>

#define assert_ok(expr)         assert_int_equal(expr, AG_OK)
#define assert_str(s, expected) assert_str_is(s, expected, __FILE__, __LINE__)

static inline AG_UNUSED void assert_str_is(struct ag_str s, const char *expected, const char *file,
                                           int line)
{
    if (ag_str_eq(s, ag_str(expected))) return;
    print_error("have: %.*s\nwant: %s\n", AG_STR_ARG(s), expected);
    _fail(file, line);
}

/*
 * Runs `fn(arg)` with its 1st, 2nd, 3rd ... allocation failing until it needs no more, and expects
 * AG_E_NO_MEMORY each time before. Returns how many allocations it makes. Builds without faults
 * run it once.
 */
static inline AG_UNUSED int torture(enum ag_err (*fn)(void *arg), void *arg)
{
#ifdef AG_DEBUG
    for (int n = 1; n < 100000; n++) {
        char fault[32];
        snprintf(fault, sizeof(fault), "alloc=1@%d", n);
        assert_ok(ag_fault_arm(ag_str(fault)));
        enum ag_err err = fn(arg);
        assert_ok(ag_fault_arm(AG_STR("alloc=0")));
        if (err == AG_OK) return n - 1;
        assert_int_equal(err, AG_E_NO_MEMORY);
    }
    fail_msg("it never ends");
#endif
    assert_ok(fn(arg));
    return 0;
}
