/*
 * Warrants: what requests that are answered long were authorised by.
 *
 * Such a request was let in at its beginning, by a session or a key. While it is answered, one
 * fiber of its loop, the warden, looks after all warrants: when the session or key has ended, or
 * lost the permission, it cancels the request's fiber, as if the client had left.
 */
#pragma once

#include "core/core.h"
#include "runtime/fiber.h"

/* Of one request; all zero: none. */
struct ag_warrant {
    struct ag_warrant *prev, *next; /* in the loop's list */
    struct ag_core *core;           /* NULL: not in it */
    struct ag_fiber *fiber;
    struct ag_principal who;
    enum ag_permission permission;
    int64_t looked_ms; /* monotonic */
    enum ag_err ended; /* why it holds no more */
};

/* From now on the running fiber is cancelled when the principal loses `permission`. Nothing for
 * who came without credentials. As ag_principal_renew(); AG_E_NO_MEMORY. Ends before the fiber. */
enum ag_err ag_warrant_begin(struct ag_warrant *warrant, struct ag_scope *scope,
                             enum ag_permission permission) AG_MUST_USE AG_SUSPENDS;
/* Until now. Returns ag_warrant_why(). */
enum ag_err ag_warrant_end(struct ag_warrant *warrant, enum ag_err err) AG_MUST_USE;
/* What `err`, of something that failed, comes from: AG_E_UNAUTHENTICATED, AG_E_TOKEN_EXPIRED or
 * AG_E_FORBIDDEN where that was the warden's doing, else `err`. */
enum ag_err ag_warrant_why(const struct ag_warrant *warrant, enum ag_err err) AG_MUST_USE;

/* Ends the warden of this thread's loop, where no warrant is left. */
void ag_warrants_end(struct ag_core *core) AG_SUSPENDS;
