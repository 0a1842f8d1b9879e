/* What the two files of the sandbox share. */
#pragma once

#include "base/buf.h"

/* Appends a JSON value that conforms to the common parts of the JSON Schema `schema`: type, enum,
 * const, default, properties, items, anyOf, oneOf, local $ref and the smallest lengths and numbers.
 * AG_E_INVALID when it is not an object, AG_E_NO_MEMORY. */
enum ag_err ag_sandbox_sample(struct ag_str schema, struct ag_buf *out) AG_MUST_USE;
