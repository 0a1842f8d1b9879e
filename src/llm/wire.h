/*
 * What the providers' pure parts share: reading hostile JSON and naming failures. Internal to llm/.
 */
#pragma once

#include "llm/llm.h"

#include <yyjson.h>

/* Parses `json`; the document uses memory of this thread that the next parse overwrites, so it must
 * be freed before that and before the fiber waits. AG_E_UPSTREAM_INVALID (also: not an object),
 * AG_E_NO_MEMORY. */
enum ag_err ag_wire_parse(struct ag_str json, yyjson_doc **ret_doc) AG_MUST_USE;
static inline AG_UNUSED void ag_wire_free(yyjson_doc **doc)
{
    yyjson_doc_free(*doc);
}

/* Appends what `value` says as text: a string, a list of {"type": "text", "text": ...} parts, or
 * null (nothing); NUL becomes U+FFFD. AG_E_UPSTREAM_INVALID for anything else, AG_E_NO_MEMORY. */
enum ag_err ag_wire_text(struct ag_buf *text, yyjson_val *value) AG_MUST_USE;
/* A count of tokens, 0..AG_LLM_MAX_TOKENS; -1 when `value` is not a number. */
int64_t ag_wire_count(yyjson_val *value);
/* The string `value`, or an empty one. */
struct ag_str ag_wire_str(yyjson_val *value);

/* The kind of failure that a status says; never AG_OK. */
enum ag_err ag_wire_status_err(int status);
/* The kind that the words of an error body say, AG_E_COUNT when they say none. */
enum ag_err ag_wire_word_err(struct ag_str word);
/* Records `err` with the provider's message, made safe to show; returns `err`. A message about a
 * refused key is left out, because it may quote the key. */
enum ag_err ag_wire_fail(enum ag_err err, int status, struct ag_str message);
/* The failure described by an error object {"type": ..., "code": ..., "message": ...} or string;
 * `status` is below 400 where the reply had no status of its own, as inside a stream. */
enum ag_err ag_wire_error(int status, yyjson_val *error);
/* The failure of a reply with `status`, whose body has or has not an "error" like that. */
enum ag_err ag_wire_error_body(int status, struct ag_str body);

/* Overwrites the key wherever the recorded texts repeat it. */
void ag_wire_hide_key(struct ag_str key);

/* The names in {"data": [{"id": ...}]}, those that `wanted` takes (NULL: all), as struct ag_str in
 * the arena. AG_E_UPSTREAM_INVALID, AG_E_NO_MEMORY. */
enum ag_err ag_wire_models(struct ag_str body, bool (*wanted)(struct ag_str name),
                           struct ag_arena *arena, struct ag_list *ret_names) AG_MUST_USE;

/* The finished body of a request in `out`. AG_E_NO_MEMORY, AG_E_INVALID (too large). */
enum ag_err ag_wire_body(struct ag_buf *out, struct ag_str *ret_body) AG_MUST_USE;
/* `name` ("X-Api-Key: ") and the secret after it, in the arena. AG_E_INVALID when it cannot stand
 * in a header. */
enum ag_err ag_wire_header(struct ag_arena *arena, const char *name, struct ag_str value,
                           const char **ret_header) AG_MUST_USE;
/* base + path in the arena, without a doubled slash. AG_E_NO_MEMORY. */
enum ag_err ag_wire_url(struct ag_arena *arena, struct ag_str base, const char *path,
                        const char **ret_url) AG_MUST_USE;
