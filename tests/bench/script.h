/* The replies of the scripted upstream: OpenAI chat completions and Anthropic messages, whole and
 * streamed. Pure: text in, text out, no socket and no clock.
 *
 * Every streamed piece of text carries a mark, `~SSSSS:TTTTTTTTTTTTTTTTTTTT ` (sequence number from
 * 0 and nanoseconds of CLOCK_MONOTONIC when it was made, both zero-padded decimal), so that whoever
 * reads the stream at the far end of a proxy can tell order, loss and delay. */
#pragma once

#include "tool.h"

#define AG_MARK_CHAR        '~'
#define AG_MARK_SEQ_DIGITS  5
#define AG_MARK_TIME_DIGITS 20
/* '~', digits, ':', digits, ' ' */
#define AG_MARK_BYTES   (1 + AG_MARK_SEQ_DIGITS + 1 + AG_MARK_TIME_DIGITS + 1)
#define AG_MARK_MAX_SEQ 99999u

enum ag_script_api {
    AG_SCRIPT_OPENAI,
    AG_SCRIPT_ANTHROPIC,
};

/* Upper bound of what one ag_script_* call appends. */
#define AG_SCRIPT_STEP_MAX_BYTES 2048

/* A complete HTTP response with a JSON body, static storage; ret_len is its length in bytes. */
const char *ag_script_whole(enum ag_script_api api, size_t *ret_len);

/* Append one part of a chunked text/event-stream response: head and opening events; one piece of
 * text; closing events, the end marker of the API and the last chunk. `usage` adds the OpenAI usage
 * chunk, which that API sends only when asked. False when out would pass max_bytes. */
bool ag_script_open(struct ag_bytes *out, enum ag_script_api api, size_t max_bytes);
bool ag_script_piece(struct ag_bytes *out, enum ag_script_api api, unsigned seq, uint64_t now_ns,
                     size_t max_bytes);
bool ag_script_close(struct ag_bytes *out, enum ag_script_api api, unsigned pieces, bool usage,
                     size_t max_bytes);

/* Whether a JSON request body holds `"name": true` as a member. Text inside JSON strings cannot
 * match, because its quotes are escaped there. */
bool ag_script_asks(const char *body, size_t len, const char *name);
