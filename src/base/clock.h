/* Clocks. Wall time counts milliseconds since 1970 (`_at`), monotonic time counts nanoseconds or
 * microseconds since some start (`_ns`, `_us`) and is the only one deadlines are made of. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/* Wall clock, milliseconds since 1970-01-01T00:00:00Z. */
int64_t ag_wall_ms(void);
/* Monotonic clock, nanoseconds; microseconds. */
int64_t ag_mono_ns(void);
int64_t ag_mono_us(void);
/* Monotonic milliseconds: the unit of deadlines. */
int64_t ag_mono_ms(void);

/* A moment of the monotonic clock in milliseconds; AG_NEVER means no deadline. */
typedef int64_t ag_deadline_ms;
#define AG_NEVER INT64_MAX
static inline ag_deadline_ms ag_deadline_in(int64_t ms)
{
    return ms == AG_NEVER ? AG_NEVER : ag_mono_ms() + ms;
}

enum { AG_TIME_TEXT_BYTES = 25 }; /* "2026-11-22T09:40:27.123Z" and NUL */
/* RFC 3339 UTC with milliseconds into `out`; years 0000..9999. Returns the 24 characters. */
struct ag_str ag_time_format(int64_t wall_ms, char out[AG_TIME_TEXT_BYTES]);
/* RFC 3339 date-time (any offset, 0..9 fraction digits) to wall milliseconds. AG_E_INVALID. */
enum ag_err ag_time_parse(struct ag_str text, int64_t *ret_wall_ms) AG_MUST_USE;
/* IMF-fixdate (RFC 9110 5.6.7), as Date: and Retry-After: carry it; `out` takes 30 bytes. */
struct ag_str ag_time_http(int64_t wall_ms, char out[30]);
/* The same, or one of the two older forms that recipients have to take. AG_E_INVALID. */
enum ag_err ag_time_parse_http(struct ag_str text, int64_t *ret_wall_ms) AG_MUST_USE;
