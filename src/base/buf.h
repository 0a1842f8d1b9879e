/*
 * Growing byte buffer with a named ceiling.
 *
 * Every append is checked; after the first failure the buffer remembers it and further appends do
 * nothing, so a writer may append a whole document and check `ag_buf_err()` once.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct ag_buf {
    char *data;
    size_t len;             /* bytes written */
    size_t cap;             /* bytes allocated */
    size_t max;             /* ceiling, in bytes */
    struct ag_arena *arena; /* where it lives, or NULL for the heap */
    enum ag_err err;        /* first failure: AG_E_NO_MEMORY, or AG_E_TOO_LARGE at the ceiling */
};

/* An empty buffer of at most `max` bytes. With an arena it is freed with it; without one the
 * caller calls ag_buf_done(). Allocates nothing until the first append. */
void ag_buf_init(struct ag_buf *buf, struct ag_arena *arena, size_t max);
void ag_buf_done(struct ag_buf *buf);
/* Empties it, keeping the memory and forgetting a failure. */
void ag_buf_clear(struct ag_buf *buf);

static inline enum ag_err ag_buf_err(const struct ag_buf *buf)
{
    return buf->err;
}
static inline struct ag_str ag_buf_str(const struct ag_buf *buf)
{
    return (struct ag_str){buf->data, buf->len};
}

/* Room for `n` more bytes at `data + len`; the caller adds what it wrote to `len`. */
enum ag_err ag_buf_reserve(struct ag_buf *buf, size_t n);
enum ag_err ag_buf_append(struct ag_buf *buf, const void *data, size_t n);
enum ag_err ag_buf_append_str(struct ag_buf *buf, struct ag_str s);
enum ag_err ag_buf_append_char(struct ag_buf *buf, char c);
enum ag_err ag_buf_append_int(struct ag_buf *buf, int64_t value);
enum ag_err ag_buf_printf(struct ag_buf *buf, const char *format, ...) AG_PRINTF(2, 3);
/* `s` as a part of a URL or of a form: everything but letters, digits and "-._~" percent-encoded
 * (RFC 3986 2.3). */
enum ag_err ag_buf_append_escaped(struct ag_buf *buf, struct ag_str s);
/* "name=value", escaped like that, with '&' before it unless the buffer is empty or ends in '?'. */
enum ag_err ag_buf_append_pair(struct ag_buf *buf, const char *name, struct ag_str value);
#define ag_buf_append_lit(buf, literal) ag_buf_append(buf, "" literal, sizeof(literal) - 1)
/* Drops `n` bytes at the front. */
void ag_buf_consume(struct ag_buf *buf, size_t n);

/* JSON output. Strings are escaped per RFC 8259; bytes that are not UTF-8 become U+FFFD. */
enum ag_err ag_buf_json_string(struct ag_buf *buf, struct ag_str s);
/* A finite double in its shortest form that reads back the same; others become null. */
enum ag_err ag_buf_json_double(struct ag_buf *buf, double value);
