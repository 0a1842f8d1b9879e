/* String slices: a pointer and a length, not necessarily followed by NUL, never owning. */
#pragma once

#include "base/err.h"

#include <string.h>

struct ag_str {
    const char *data; /* may be NULL when len is 0 */
    size_t len;       /* bytes */
};

/* A slice of a string literal. */
#define AG_STR(literal) ((struct ag_str){"" literal, sizeof(literal) - 1})
/* For printf: printf("%.*s", AG_STR_ARG(s)). */
#define AG_STR_ARG(s) (int)(s).len, (s).data ? (s).data : ""

static inline struct ag_str ag_str(const char *cstr)
{
    return (struct ag_str){cstr, cstr ? strlen(cstr) : 0};
}

static inline struct ag_str ag_str_n(const char *data, size_t len)
{
    return (struct ag_str){data, len};
}

static inline bool ag_str_eq(struct ag_str a, struct ag_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* 0..15, or -1 for what is no hexadecimal digit. */
static inline int ag_hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The part of `s` from `start` (clamped) with at most `len` bytes. */
struct ag_str ag_str_sub(struct ag_str s, size_t start, size_t len);
/* ASCII case-insensitive equality, as HTTP header names need (RFC 9110 5.1). */
bool ag_str_eq_nocase(struct ag_str a, struct ag_str b);
bool ag_str_starts_with(struct ag_str s, struct ag_str prefix);
bool ag_str_ends_with(struct ag_str s, struct ag_str suffix);
/* Without leading and trailing spaces and tabs. */
struct ag_str ag_str_trim(struct ag_str s);
/* Offset of the first `needle`, or -1. */
ptrdiff_t ag_str_find(struct ag_str s, struct ag_str needle);
ptrdiff_t ag_str_find_char(struct ag_str s, char c);
/* Cuts the part before the next `separator` off `*rest` into `*ret_part`; false when `*rest` is
 * spent. `for (struct ag_str rest = s, part; ag_str_split(&rest, ',', &part);)` walks a list. */
bool ag_str_split(struct ag_str *rest, char separator, struct ag_str *ret_part);

/* Decodes %XX, and of a `form` '+' as a space, into `out`, which gets a NUL at its end.
 * AG_E_INVALID: a bad escape, a NUL, or more than `size` bytes. */
enum ag_err ag_str_unescape(struct ag_str s, bool form, char *out, size_t size,
                            size_t *ret_len) AG_MUST_USE;

/* The whole of `s` as a decimal integer, optional leading '-'; no spaces, no '+'.
 * AG_E_INVALID when it is not one or does not fit. */
enum ag_err ag_str_to_int64(struct ag_str s, int64_t *ret_value) AG_MUST_USE;
/* The whole of `s` as a finite decimal number. AG_E_INVALID otherwise. */
enum ag_err ag_str_to_double(struct ag_str s, double *ret_value) AG_MUST_USE;

/* Bytes of the well-formed UTF-8 character at the start of `s`; 0 when it is malformed or cut off,
 * or `s` is empty. */
size_t ag_utf8_char(struct ag_str s);
/* Whether `s` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, <= U+10FFFF). */
bool ag_utf8_valid(struct ag_str s);
/* Length in bytes of the longest prefix of `s` that is complete, well-formed UTF-8. A multibyte
 * character cut off at the end is not counted, so that a stream can hold it back. */
size_t ag_utf8_complete(struct ag_str s);
/* Where the character begins that byte `at` belongs to; `at` itself at the end and behind it. */
size_t ag_utf8_floor(struct ag_str s, size_t at);
/* Characters (code points) in well-formed `s`. */
size_t ag_utf8_length(struct ag_str s);

/* Compares without leaking the place of the first difference; lengths may leak. */
bool ag_str_eq_secret(struct ag_str a, struct ag_str b);

/* A 64-bit hash under a key made at start-up (SipHash-2-4 by libsodium), for tables that hold
 * what clients choose. */
uint64_t ag_str_hash(struct ag_str s);
