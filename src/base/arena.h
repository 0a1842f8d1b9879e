/*
 * Arena: memory that is freed all at once, one per request.
 *
 * What a request needs lives here and is gone when the reply is written, so a handler that frees
 * nothing cannot free twice. What outlives the request is copied or ref-counted. Not thread-safe:
 * an arena belongs to whoever runs at the moment (a fiber, or the writer thread while it waits).
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdarg.h>

enum {
    AG_ARENA_BLOCK_BYTES = 4096 - 64,      /* ordinary block */
    AG_ARENA_MAX_BYTES = 64 * 1024 * 1024, /* ceiling of one arena */
};

struct ag_arena_block;

struct ag_arena {
    struct ag_arena_block *blocks; /* newest first */
    size_t used_bytes;             /* handed out, all blocks */
    size_t reserved_bytes;         /* size of all blocks */
    size_t max_bytes;              /* AG_ARENA_MAX_BYTES unless set lower */
};

void ag_arena_init(struct ag_arena *arena);
/* Frees everything; the arena can be used again. Ordinary blocks go back to a per-thread pool. */
void ag_arena_done(struct ag_arena *arena);
/* Frees everything but keeps one block, for the next request on the same connection. */
void ag_arena_reset(struct ag_arena *arena);
/* Gives this thread's pooled blocks back to the system (called when a loop ends). */
void ag_arena_pool_done(void);

/* `size` bytes aligned for any type, not zeroed; NULL when memory or the ceiling is reached. The
 * caller returns AG_E_NO_MEMORY then. */
void *ag_arena_alloc(struct ag_arena *arena, size_t size) AG_MUST_USE;
void *ag_arena_zalloc(struct ag_arena *arena, size_t size) AG_MUST_USE;
/* Grows the newest allocation in place where possible, else copies. */
void *ag_arena_realloc(struct ag_arena *arena, void *p, size_t old_size, size_t size) AG_MUST_USE;
#define AG_ARENA_NEW(arena, type) ((type *)ag_arena_zalloc(arena, sizeof(type)))
#define AG_ARENA_ARRAY(arena, type, n)                                                             \
    ((type *)ag_arena_zalloc(arena, ag_array_bytes(sizeof(type), (size_t)(n))))

/* `n` items of `size` bytes; SIZE_MAX, which no arena gives, where that overflows. */
static inline size_t ag_array_bytes(size_t size, size_t n)
{
    size_t bytes;
    return __builtin_mul_overflow(size, n, &bytes) ? SIZE_MAX : bytes;
}

/* A copy followed by NUL; data is NULL when out of memory. */
struct ag_str ag_arena_copy(struct ag_arena *arena, struct ag_str s) AG_MUST_USE;
/* The same as a C string, or NULL. */
char *ag_arena_cstr(struct ag_arena *arena, struct ag_str s) AG_MUST_USE;
/* Formatted text followed by NUL; data is NULL when out of memory. */
struct ag_str ag_arena_printf(struct ag_arena *arena, const char *format, ...)
    AG_PRINTF(2, 3) AG_MUST_USE;
