/* Reading the JSON that identity providers send. Internal to auth/. */
#pragma once

#include "auth/oidc.h"
#include "base/fields.h"

#include <yyjson.h>

/* Parses `json`, at most `max` bytes of it; the caller frees. yyjson does not recurse, so depth
 * costs no stack. AG_E_UPSTREAM_INVALID, AG_E_UPSTREAM_TOO_LARGE, AG_E_NO_MEMORY. */
enum ag_err ag_claims_parse(struct ag_str json, size_t max, yyjson_doc **ret_doc) AG_MUST_USE;
static inline AG_UNUSED void ag_claims_free(yyjson_doc **doc)
{
    yyjson_doc_free(*doc);
}

/* The member `name` of `object`, NULL when there is none or `object` is no object. A name that
 * stands there twice means one thing to us and another to somebody else: AG_E_UPSTREAM_INVALID. */
enum ag_err ag_claim(yyjson_val *object, const char *name, yyjson_val **ret_value) AG_MUST_USE;
/* The same of a string, copied into the arena; empty when there is none or it is null. One that is
 * longer than `max` bytes, empty, holds a control character, or is none: AG_E_UPSTREAM_INVALID. */
enum ag_err ag_claim_text(yyjson_val *object, const char *name, size_t max, struct ag_arena *arena,
                          struct ag_str *ret_text) AG_MUST_USE;
/* The same where there must be one. */
enum ag_err ag_claim_needed(yyjson_val *object, const char *name, size_t max,
                            struct ag_arena *arena, struct ag_str *ret_text) AG_MUST_USE;
/* Whole seconds since 1970; AG_E_UPSTREAM_INVALID when it is no number from 0 to the year 9999.
 * `ret_there` false: there is none. */
enum ag_err ag_claim_time(yyjson_val *object, const char *name, int64_t *ret_seconds,
                          bool *ret_there) AG_MUST_USE;
/* `email`, `email_verified` and `name`. What is no address or no name counts as none: people sign
 * in by their subject, and what they lack is asked for otherwise. */
enum ag_err ag_claims_profile(yyjson_val *object, struct ag_arena *arena,
                              struct ag_oidc_identity *identity) AG_MUST_USE;
/* The part of `text` that can be shown as a name, in the arena; empty when there is none. */
enum ag_err ag_claims_name(struct ag_str text, struct ag_arena *arena,
                           struct ag_str *ret_name) AG_MUST_USE;
/* The string `value`, or an empty one. */
struct ag_str ag_claim_str(yyjson_val *value);
