/* Identifiers: UUID version 7 (RFC 9562), so that keys made later sort later and a database
 * appends. */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct ag_uuid {
    uint8_t bytes[16]; /* network order */
};

enum { AG_UUID_TEXT_BYTES = 37 }; /* 36 characters and NUL */

/* A new id: milliseconds, a counter within the millisecond, 62 random bits. Strictly increasing
 * within a thread. Never fails. Thread-safe. */
struct ag_uuid ag_uuid_new(void);
/* The smallest id of a moment; for paging and tests. */
struct ag_uuid ag_uuid_at(int64_t wall_ms);
/* Milliseconds since 1970 kept in a version 7 id. */
int64_t ag_uuid_time_ms(struct ag_uuid id);
/* Canonical lower-case text into `out`; returns the 36 characters. */
struct ag_str ag_uuid_format(struct ag_uuid id, char out[AG_UUID_TEXT_BYTES]);
/* Canonical form of either case and any version. AG_E_INVALID. */
enum ag_err ag_uuid_parse(struct ag_str text, struct ag_uuid *ret_id) AG_MUST_USE;
bool ag_uuid_eq(struct ag_uuid a, struct ag_uuid b);
bool ag_uuid_is_nil(struct ag_uuid id);

/* `n` random bytes from the system (libsodium). */
void ag_random_bytes(void *out, size_t n);
/* A number below `bound` (> 0) without modulo bias, for jitter and the like. */
uint32_t ag_random_below(uint32_t bound);
