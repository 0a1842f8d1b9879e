/* One text for one JSON value: the JSON Canonicalization Scheme (RFC 8785), for what is hashed. */
#pragma once

#include "base/buf.h"

enum { AG_CANONICAL_DEPTH = 16 };

/*
 * Appends `json` in its canonical form: no white space, names of objects in the order of RFC 8785
 * 3.2.3, strings escaped as in 3.2.2.2. Numbers are integers of at most 2^53 - 1; PostgreSQL's
 * jsonb and every double keep those as they are. `1e2` and `100` are the same one.
 *
 * AG_E_INVALID: no JSON, another number, a name twice, or more than AG_CANONICAL_DEPTH levels.
 * AG_E_NO_MEMORY. `arena` is for the work; what fails may have left a part in `out`.
 */
enum ag_err ag_json_canonical(struct ag_arena *arena, struct ag_str json,
                              struct ag_buf *out) AG_MUST_USE;
