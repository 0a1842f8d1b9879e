/*
 * Language models: one request and one stream of events for every provider.
 *
 * A provider is a folder with a pure part: it builds the HTTP request for a conversation and parses
 * the provider's replies and events, without touching the network; the door to it is the list in
 * providers.c. stream.c does the waiting: it calls, retries before the first byte, applies the
 * limits and turns every upstream fault into one typed error.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/fields.h"
#include "net/http_client.h"

enum {
    AG_LLM_MAX_MESSAGES = 256,
    AG_LLM_MAX_STOP = 4,
    AG_LLM_MAX_REQUEST_BYTES = 24 * 1024 * 1024, /* the body sent to a provider */
    AG_LLM_MAX_LINE_BYTES = 1024 * 1024,         /* one line or event of a provider's stream */
    AG_LLM_MAX_RESPONSE_BYTES = 8 * 1024 * 1024, /* a whole reply, framing included */
    AG_LLM_MAX_TOKENS = 1000 * 1000 * 1000,      /* a count beyond this is cut to it */
    AG_LLM_MAX_RETRY_AFTER_S = 24 * 60 * 60,     /* likewise */
    AG_LLM_MAX_MODELS = 1000,                    /* of one provider's list; the rest is left out */
    AG_LLM_MAX_MODEL_BYTES = 200,                /* of a model's name; a longer one is left out */
    AG_LLM_RETRY_WAIT_S = 10, /* a provider that asks for a longer pause is not asked again */
};

enum ag_llm_role { AG_ROLE_SYSTEM, AG_ROLE_USER, AG_ROLE_ASSISTANT };
struct ag_llm_message {
    enum ag_llm_role role;
    struct ag_str text;
};

enum ag_response_format { AG_FORMAT_TEXT, AG_FORMAT_MARKDOWN, AG_FORMAT_JSON_SCHEMA };

/* What to ask a model. Strings are UTF-8 and live in the caller's arena. */
struct ag_llm_request {
    struct ag_str model;                   /* the provider's own name for it */
    struct ag_str system;                  /* may be empty */
    const struct ag_llm_message *messages; /* user and assistant turns; the last is the user's */
    size_t message_count;
    bool has_temperature, has_top_p, has_max_tokens;
    double temperature, top_p;
    int64_t max_tokens;
    const struct ag_str *stop;
    size_t stop_count;
    enum ag_response_format format;
    struct ag_str json_schema; /* for AG_FORMAT_JSON_SCHEMA: an object */
    bool stream;
};

/* Why the model stopped, in the words of the OpenAI API: stop, length, content_filter, tool_calls.
 */
enum ag_finish {
    AG_FINISH_NONE,
    AG_FINISH_STOP,
    AG_FINISH_LENGTH,
    AG_FINISH_FILTER,
    AG_FINISH_TOOL_CALLS
};
const char *ag_finish_name(enum ag_finish finish);

struct ag_llm_usage {
    int64_t input_tokens, output_tokens; /* -1 while unknown */
};

/* One parsed piece of a provider's answer; several may be set at once. */
struct ag_llm_event {
    struct ag_str text; /* a piece of the answer; empty for none */
    enum ag_finish finish;
    struct ag_llm_usage usage; /* -1 where this event says nothing */
    bool done;                 /* the provider's terminator: nothing follows */
};

/* Where and how a provider is reached. */
struct ag_llm_endpoint {
    struct ag_str base_url; /* without trailing slash */
    struct ag_str api_key;  /* secret; may be empty for local servers */
    enum ag_egress_trust trust;
};

/* An HTTP request to make, built in the arena. */
struct ag_llm_http {
    const char *url;
    const char *headers[8]; /* "Name: value", NULL at the end */
    struct ag_str body;
};

struct ag_provider {
    const char *name;  /* "openai" */
    const char *title; /* "OpenAI" */
    const char *default_model;
    const char *const *models; /* names offered when the provider is configured, NULL at the end */
    const char *setting;       /* the operator's setting that holds the key; NULL: needs none */
    bool offline;              /* answers by `answer`, needs no endpoint */

    /* Pure: the request for a conversation. AG_E_INVALID, AG_E_NO_MEMORY. */
    enum ag_err (*build)(const struct ag_llm_endpoint *endpoint,
                         const struct ag_llm_request *request, struct ag_arena *arena,
                         struct ag_llm_http *ret_http);
    /* Pure: a whole reply with status 200, or one server-sent event. Its text is appended to
     * `text` and valid until that changes; it is UTF-8 without NUL (U+FFFD stands for it). An
     * event of an unknown kind gives an empty result, an error gives its typed error.
     * AG_E_UPSTREAM_INVALID, AG_E_NO_MEMORY. */
    enum ag_err (*parse_reply)(struct ag_str body, struct ag_buf *text,
                               struct ag_llm_event *ret_event);
    enum ag_err (*parse_event)(struct ag_str event, struct ag_str data, struct ag_buf *text,
                               struct ag_llm_event *ret_event);
    /* Pure: the error of a reply whose status is not 200, its text recorded as diagnostic. Never
     * AG_OK. */
    enum ag_err (*parse_error)(int status, struct ag_str body);
    /* Pure: the request, without a body, for the list of models, and the names in a reply with
     * status 200, as struct ag_str in the arena: those that can hold a conversation, in the order
     * given. AG_E_UPSTREAM_INVALID, AG_E_INVALID, AG_E_NO_MEMORY. */
    enum ag_err (*build_models)(const struct ag_llm_endpoint *endpoint, struct ag_arena *arena,
                                struct ag_llm_http *ret_http);
    enum ag_err (*parse_models)(const struct ag_llm_endpoint *endpoint, struct ag_str body,
                                struct ag_arena *arena, struct ag_list *ret_names);
    /* Offline providers: the whole answer, deterministic. AG_E_NO_MEMORY. */
    enum ag_err (*answer)(const struct ag_llm_request *request, struct ag_arena *arena,
                          struct ag_llm_event *ret_event);
};

/* All providers, NULL at the end; the one called `name`, or NULL. */
extern const struct ag_provider *const ag_providers[];
const struct ag_provider *ag_provider_find(struct ag_str name);

/* Asks a provider that is not offline for its models, once and within `timeout_ms`; the names as
 * struct ag_str in the arena. The AG_E_UPSTREAM_* codes, AG_E_EGRESS_DENIED, AG_E_CANCELED,
 * AG_E_INVALID, AG_E_NO_MEMORY. */
enum ag_err ag_llm_models(struct ag_http_client *client, const struct ag_provider *provider,
                          const struct ag_llm_endpoint *endpoint, int64_t timeout_ms,
                          struct ag_arena *arena,
                          struct ag_list *ret_names) AG_MUST_USE AG_SUSPENDS;

/* ---- the stream ---- */

struct ag_llm_limits {
    int64_t connect_timeout_ms, first_byte_timeout_ms, idle_timeout_ms, total_timeout_ms;
    int retries; /* before the first relayed byte, on 408, 429, 5xx and failed connections */
};

struct ag_llm_stream;

/* Starts asking: the call is on its way when this returns. Retries happen inside ag_llm_next() as
 * long as nothing was returned. Everything lives in the arena but what ag_llm_close() frees;
 * `request` and `endpoint` need not outlive this call, except for the endpoint's key. For an
 * offline provider `client` and `endpoint` may be NULL. AG_E_NO_MEMORY, AG_E_INVALID; what else
 * goes wrong, ag_llm_next() tells. */
enum ag_err ag_llm_open(struct ag_http_client *client, const struct ag_provider *provider,
                        const struct ag_llm_endpoint *endpoint,
                        const struct ag_llm_request *request, const struct ag_llm_limits *limits,
                        struct ag_arena *arena, struct ag_llm_stream **ret_stream) AG_MUST_USE;
/* Waits until `deadline` for the next event; its text is valid until the next call. The last event
 * has `done` set, also when the provider's terminator was implied by the end of its reply.
 * AG_E_CLOSED after that; AG_E_TIMEOUT when only `deadline` has passed (call again);
 * the AG_E_UPSTREAM_* codes, AG_E_EGRESS_DENIED, AG_E_CANCELED, AG_E_NO_MEMORY: final, what was
 * returned before stays good. */
enum ag_err ag_llm_next(struct ag_llm_stream *stream, ag_deadline_ms deadline,
                        struct ag_llm_event *ret_event) AG_MUST_USE AG_SUSPENDS;
/* Whether a whole event, or the end, is here, so that ag_llm_next() returns without waiting. */
bool ag_llm_ready(const struct ag_llm_stream *stream);
/* Seconds the provider asked to wait (Retry-After of the last refusal), at most
 * AG_LLM_MAX_RETRY_AFTER_S, or -1. */
int64_t ag_llm_retry_after_s(const struct ag_llm_stream *stream);
/* How many attempts were made. */
int ag_llm_attempts(const struct ag_llm_stream *stream);
/* Ends it, cutting the call when it is unfinished. NULL is fine. */
void ag_llm_close(struct ag_llm_stream *stream);

/* ---- server-sent events from a provider: an incremental decoder, pure ---- */

/* It works on the bytes where they are; only what is cut by the end of a piece is copied. */
struct ag_sse_decoder {
    struct ag_str input; /* fed last, not yet decoded */
    struct ag_buf rest;  /* a line whose end had not come, at most AG_LLM_MAX_LINE_BYTES */
    bool rest_whole;     /* now it has */
    bool rest_taken;     /* and that line was looked at */
    struct ag_str data;  /* of the event being put together: in the input, in `rest` or in `own` */
    struct ag_buf own;   /* the data of an event that was cut or has several lines */
    char event[64];      /* its name; a longer one is cut */
    size_t event_len;
    bool has_data, skip_lf, started;
    bool delivered;  /* the event was returned: the next one starts afresh */
    enum ag_err err; /* why there will be no more */
};
void ag_sse_decoder_init(struct ag_sse_decoder *decoder);
void ag_sse_decoder_done(struct ag_sse_decoder *decoder);
/* Hands over bytes, which must stay where they are until ag_sse_decoder_next() has returned false;
 * only then may more be fed. AG_E_UPSTREAM_TOO_LARGE when a line passes the limit, AG_E_NO_MEMORY.
 */
enum ag_err ag_sse_decoder_feed(struct ag_sse_decoder *decoder, struct ag_str bytes) AG_MUST_USE;
/* The next whole event; false when more bytes are needed, or when decoder->err says what is wrong
 * (AG_E_UPSTREAM_TOO_LARGE, AG_E_NO_MEMORY). Both slices are valid until the next call. */
bool ag_sse_decoder_next(struct ag_sse_decoder *decoder, struct ag_str *ret_event,
                         struct ag_str *ret_data);
/* Whether undecoded bytes hold the end of an event with data. */
bool ag_sse_decoder_ready(const struct ag_sse_decoder *decoder);
