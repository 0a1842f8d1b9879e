#include "llm/wire.h"

#include "base/id.h"

/*
 * A stream is a small state machine that ag_llm_next() drives: the caller's deadline may pass in
 * any of its states, for instance to send a heartbeat, and the next call goes on where it stood.
 *
 * As long as nothing was returned, an attempt that failed for a passing reason is repeated. So that
 * this stays true for as long as possible, what is not text (the usage that opens Anthropic's
 * streams, say) is held back until something that counts comes.
 */

enum {
    ERROR_BODY_BYTES = 64 * 1024, /* read of an error's body */
    ERROR_BODY_MS = 2000,         /* and how long that may take */
    BACKOFF_FIRST_MS = 250,       /* doubled by each attempt, then anything from 1 ms up to it */
    BACKOFF_MAX_MS = 4000,
    PIECE_BYTES = 64, /* longest piece of an offline answer */
};

enum phase {
    CALL,       /* the next attempt is to be started */
    BACKOFF,    /* waiting for it */
    HEAD,       /* waiting for a status */
    ERROR_BODY, /* reading what a refusal says */
    WHOLE,      /* reading a reply that is one JSON document */
    EVENTS,     /* reading a stream */
    OFFLINE,    /* cutting an answer into pieces */
    DONE,
    FAILED,
};

struct ag_llm_stream {
    struct ag_http_client *client;
    const struct ag_provider *provider;
    struct ag_llm_limits limits;
    struct ag_llm_http http;
    struct ag_str api_key; /* to keep it out of messages */
    enum ag_egress_trust trust;
    bool streamed; /* a stream was asked for */

    enum phase phase;
    int attempts;
    ag_deadline_ms total_at, retry_at, error_body_at;
    struct ag_call *call;
    int status;
    int64_t retry_after_s;

    bool returned;             /* the caller has had something: no more attempts */
    bool ended;                /* the reply's body is at its end */
    bool finished;             /* a finish reason was seen */
    struct ag_llm_usage usage; /* held back */
    struct ag_sse_decoder decoder;
    struct ag_buf body;         /* of a whole reply that came in several pieces */
    struct ag_buf text;         /* of the event returned last */
    struct ag_llm_event answer; /* OFFLINE: what is left of it */

    enum ag_err err; /* FAILED */
    const char *why;
    struct ag_arena *arena;
};

static const struct ag_llm_event empty_event = {.usage = {-1, -1}};

/* ---- attempts ---- */

static void drop_call(struct ag_llm_stream *stream)
{
    ag_call_free(AG_TAKE(stream->call));
}

static enum ag_err start_call(struct ag_llm_stream *stream)
{
    int64_t left = stream->total_at == AG_NEVER ? AG_NEVER : stream->total_at - ag_mono_ms();
    const struct ag_call_request request = {
        .method = "POST",
        .url = stream->http.url,
        .headers = stream->http.headers,
        .body = stream->http.body,
        .trust = stream->trust,
        .stream = stream->streamed,
        .connect_timeout_ms = stream->limits.connect_timeout_ms,
        .first_byte_timeout_ms = stream->limits.first_byte_timeout_ms,
        .idle_timeout_ms = stream->limits.idle_timeout_ms,
        .total_timeout_ms = AG_MAX(left, 0),
        .max_body_bytes = AG_LLM_MAX_RESPONSE_BYTES,
    };
    stream->attempts++;
    stream->status = 0;
    stream->retry_after_s = -1;
    stream->ended = stream->finished = false;
    stream->usage = empty_event.usage;
    ag_buf_clear(&stream->body);
    ag_buf_clear(&stream->text);
    ag_sse_decoder_done(&stream->decoder);
    ag_sse_decoder_init(&stream->decoder);
    AG_TRY(ag_call_start(stream->client, &request, &stream->call));
    stream->phase = HEAD;
    return AG_OK;
}

/* RFC 9110 10.2.3: seconds or a date; whatever else it says is as if it said nothing. */
static int64_t parse_retry_after(struct ag_str value)
{
    int64_t at_ms = 0, seconds = -1;
    bool digits = value.len > 0;
    for (size_t i = 0; i < value.len; i++)
        digits &= value.data[i] >= '0' && value.data[i] <= '9';
    if (digits) {
        if (ag_str_to_int64(value, &seconds) != AG_OK) seconds = INT64_MAX; /* too many of them */
    } else if (ag_time_parse_http(value, &at_ms) == AG_OK) {
        int64_t now_ms = ag_wall_ms();
        seconds = at_ms <= now_ms ? 0 : (at_ms - now_ms + 999) / 1000;
    }
    return AG_MIN(seconds, (int64_t)AG_LLM_MAX_RETRY_AFTER_S);
}

/* Failures that may be gone a moment later. A limit that has passed is not tried again: whoever
 * waited that long is to know. */
static bool may_pass(enum ag_err err, int status)
{
    switch (err) {
    case AG_E_UPSTREAM_UNREACHABLE:
    case AG_E_UPSTREAM_INCOMPLETE:
    case AG_E_UPSTREAM_RATE_LIMITED:
    case AG_E_UPSTREAM_OVERLOADED:
    case AG_E_UPSTREAM_ERROR:
        return true;
    default:
        return status == 408 || status >= 500;
    }
}

static int64_t backoff_ms(const struct ag_llm_stream *stream)
{
    int doublings = AG_MIN(stream->attempts - 1, 4);
    int64_t most = AG_MIN((int64_t)BACKOFF_FIRST_MS << doublings, (int64_t)BACKOFF_MAX_MS);
    int64_t wait = 1 + ag_random_below((uint32_t)most);
    return AG_MAX(stream->retry_after_s, 0) * 1000 + wait;
}

/* The attempt has failed with `err`: AG_OK when another one is due, else the final error. */
static enum ag_err attempt_failed(struct ag_llm_stream *stream, enum ag_err err)
{
    drop_call(stream);
    ag_wire_hide_key(stream->api_key);
    int64_t wait = backoff_ms(stream);
    bool again = !stream->returned && stream->attempts <= stream->limits.retries &&
                 stream->retry_after_s <= AG_LLM_RETRY_WAIT_S && may_pass(err, stream->status) &&
                 (stream->total_at == AG_NEVER || ag_mono_ms() + wait < stream->total_at);
    if (again) {
        stream->retry_at = ag_deadline_in(wait);
        stream->phase = BACKOFF;
        return AG_OK;
    }
    stream->err = err;
    const char *text = ag_diag_text(err);
    stream->why = ag_arena_cstr(stream->arena, ag_str(text));
    if (!stream->why) stream->why = ag_err_info(err)->title;
    stream->phase = FAILED;
    return err;
}

static enum ag_err back_off(struct ag_llm_stream *stream, ag_deadline_ms deadline)
{
    for (;;) {
        int64_t now = ag_mono_ms();
        if (now >= stream->retry_at) break;
        if (now >= deadline) return AG_E_TIMEOUT;
        enum ag_err err = ag_fiber_sleep(AG_MIN(deadline, stream->retry_at) - now);
        if (err == AG_E_TIMEOUT)
            err = ag_fail(AG_E_UPSTREAM_TIMEOUT, "the time for this request is over");
        if (err) return err;
    }
    stream->phase = CALL;
    return AG_OK;
}

/* ---- the head ---- */

static bool media_type_is(struct ag_str type, const char *wanted)
{
    struct ag_str rest = type, first = {0};
    ag_str_split(&rest, ';', &first);
    return ag_str_eq_nocase(ag_str_trim(first), ag_str(wanted));
}

static enum ag_err take_head(struct ag_llm_stream *stream, ag_deadline_ms deadline)
{
    AG_TRY(ag_call_head(stream->call, deadline, &stream->status));
    if (stream->status != 200) {
        stream->retry_after_s = parse_retry_after(ag_call_header(stream->call, "Retry-After"));
        stream->error_body_at = ag_deadline_in(ERROR_BODY_MS);
        stream->phase = ERROR_BODY;
        return AG_OK;
    }
    /* Some compatible servers answer a request for a stream with a whole reply. */
    struct ag_str type = ag_call_header(stream->call, "Content-Type");
    bool json = media_type_is(type, "application/json");
    if (!stream->streamed || json) {
        if (type.data && !json && media_type_is(type, "text/html"))
            return ag_fail(AG_E_UPSTREAM_INVALID, "the provider answers with a web page");
        stream->phase = WHOLE;
        return AG_OK;
    }
    if (type.data && !media_type_is(type, "text/event-stream") &&
        !media_type_is(type, "text/plain") && !media_type_is(type, "application/octet-stream"))
        return ag_fail(AG_E_UPSTREAM_INVALID, "the provider answers with %.*s, not with a stream",
                       AG_STR_ARG(ag_str_sub(type, 0, 64)));
    stream->phase = EVENTS;
    return AG_OK;
}

/* ---- bodies ---- */

/* Reads the body to its end: in place when it came in one piece, else gathered in stream->body. */
static enum ag_err read_all(struct ag_llm_stream *stream, ag_deadline_ms deadline, size_t max,
                            struct ag_str *ret_body)
{
    for (;;) {
        struct ag_str piece;
        AG_TRY(ag_call_read(stream->call, deadline, &piece));
        if (stream->body.len == 0 && ag_call_ended(stream->call)) {
            struct ag_str none;
            enum ag_err end = ag_call_read(stream->call, deadline, &none);
            if (end != AG_E_CLOSED) return end;
            *ret_body = piece; /* still valid */
            return AG_OK;
        }
        AG_TRY(ag_buf_append_str(&stream->body, ag_str_sub(piece, 0, max - stream->body.len)));
        if (stream->body.len == max) return AG_E_CLOSED;
    }
}

static enum ag_err take_error(struct ag_llm_stream *stream, ag_deadline_ms deadline)
{
    struct ag_str body = {0};
    enum ag_err err = read_all(stream, AG_MIN(deadline, stream->error_body_at), ERROR_BODY_BYTES,
                               &body);
    if (err == AG_E_CANCELED) return err;
    if (err == AG_E_TIMEOUT && ag_mono_ms() < stream->error_body_at) return err;
    /* Whatever became of the body, the status has said what kind it is. */
    if (err) body = ag_buf_str(&stream->body);
    return stream->provider->parse_error(stream->status, body);
}

static enum ag_err take_whole(struct ag_llm_stream *stream, ag_deadline_ms deadline,
                              struct ag_llm_event *ret_event)
{
    struct ag_str body = {0};
    enum ag_err err = read_all(stream, deadline, AG_LLM_MAX_RESPONSE_BYTES, &body);
    if (err == AG_E_CLOSED)
        body = ag_buf_str(&stream->body);
    else if (err)
        return err;
    if (body.len >= AG_LLM_MAX_RESPONSE_BYTES)
        return ag_fail(AG_E_UPSTREAM_TOO_LARGE, "the answer is larger than %d MiB",
                       AG_LLM_MAX_RESPONSE_BYTES >> 20);
    ag_buf_clear(&stream->text);
    AG_TRY(stream->provider->parse_reply(body, &stream->text, ret_event));
    stream->phase = DONE;
    return AG_OK;
}

/* ---- events ---- */

static void hold_usage(struct ag_llm_stream *stream, struct ag_llm_usage usage)
{
    if (usage.input_tokens >= 0) stream->usage.input_tokens = usage.input_tokens;
    if (usage.output_tokens >= 0) stream->usage.output_tokens = usage.output_tokens;
}

/* Decodes events until one is worth returning; false when more bytes are needed. */
static enum ag_err decode_events(struct ag_llm_stream *stream, struct ag_llm_event *ret_event,
                                 bool *ret_found)
{
    *ret_found = false;
    struct ag_str name, data;
    while (ag_sse_decoder_next(&stream->decoder, &name, &data)) {
        struct ag_llm_event event;
        ag_buf_clear(&stream->text);
        AG_TRY(stream->provider->parse_event(name, data, &stream->text, &event));
        hold_usage(stream, event.usage);
        if (event.finish) stream->finished = true;
        if (event.text.len == 0 && !event.finish && !event.done) continue;
        event.usage = stream->usage;
        stream->usage = empty_event.usage;
        if (event.done) stream->phase = DONE;
        *ret_event = event;
        *ret_found = true;
        return AG_OK;
    }
    return stream->decoder.err;
}

/* The reply is at its end without a terminator. Some compatible servers never send one: where a
 * finish reason came and the body ended in good order, nothing is missing. */
static enum ag_err end_of_events(struct ag_llm_stream *stream, struct ag_llm_event *ret_event)
{
    if (!stream->finished)
        return ag_fail(AG_E_UPSTREAM_INCOMPLETE, "the stream ended before the answer did");
    *ret_event = (struct ag_llm_event){.usage = stream->usage, .done = true};
    stream->phase = DONE;
    return AG_OK;
}

static enum ag_err take_event(struct ag_llm_stream *stream, ag_deadline_ms deadline,
                              struct ag_llm_event *ret_event)
{
    for (;;) {
        bool found;
        enum ag_err err = decode_events(stream, ret_event, &found);
        /* A last event that was cut short is not a lie, only not the whole truth. */
        if (err == AG_E_UPSTREAM_INVALID && stream->ended)
            return ag_fail(AG_E_UPSTREAM_INCOMPLETE, "the stream ended inside an event");
        if (err || found) return err;
        if (stream->ended) return end_of_events(stream, ret_event);

        ag_buf_done(&stream->text); /* many streams wait at the same time */
        struct ag_str piece;
        err = ag_call_read(stream->call, deadline, &piece);
        if (err == AG_E_CLOSED) {
            stream->ended = true;
            piece = AG_STR("\n\n"); /* for a last event without its blank line */
        } else if (err) {
            return err;
        }
        AG_TRY(ag_sse_decoder_feed(&stream->decoder, piece));
    }
}

/* ---- offline ---- */

/* The next word with the space behind it, so that the pieces read like a model's. */
static enum ag_err take_piece(struct ag_llm_stream *stream, struct ag_llm_event *ret_event)
{
    struct ag_str *rest = &stream->answer.text;
    size_t end = 0;
    while (end < rest->len && rest->data[end] != ' ' && rest->data[end] != '\n')
        end++;
    while (end < rest->len && (rest->data[end] == ' ' || rest->data[end] == '\n'))
        end++;
    if (!stream->streamed) end = rest->len;
    struct ag_str piece = ag_str_sub(*rest, 0, end);
    if (stream->streamed && piece.len > PIECE_BYTES)
        piece.len = ag_utf8_complete(ag_str_sub(piece, 0, PIECE_BYTES));
    *rest = ag_str_sub(*rest, piece.len, SIZE_MAX);
    if (rest->len > 0) {
        *ret_event = (struct ag_llm_event){.text = piece, .usage = empty_event.usage};
        return AG_OK;
    }
    *ret_event = stream->answer; /* the finish, the usage and the end */
    ret_event->text = piece;
    stream->phase = DONE;
    return AG_OK;
}

/* ---- the door ---- */

static enum ag_err open_offline(struct ag_llm_stream *stream, const struct ag_llm_request *request,
                                struct ag_arena *arena)
{
    AG_TRY(stream->provider->answer(request, arena, &stream->answer));
    stream->attempts = 1;
    stream->phase = OFFLINE;
    return AG_OK;
}

static enum ag_err open_call(struct ag_llm_stream *stream, const struct ag_llm_endpoint *endpoint,
                             const struct ag_llm_request *request, struct ag_arena *arena)
{
    AG_TRY(stream->provider->build(endpoint, request, arena, &stream->http));
    stream->api_key = endpoint->api_key;
    stream->trust = endpoint->trust;
    stream->total_at = ag_deadline_in(stream->limits.total_timeout_ms);
    stream->phase = CALL;
    /* The provider works while the caller still prepares; ag_llm_next() tells of a failure. */
    enum ag_err err = start_call(stream);
    if (err != AG_OK) err = attempt_failed(stream, err);
    return stream->phase == FAILED ? AG_OK : err;
}

enum ag_err ag_llm_open(struct ag_http_client *client, const struct ag_provider *provider,
                        const struct ag_llm_endpoint *endpoint,
                        const struct ag_llm_request *request, const struct ag_llm_limits *limits,
                        struct ag_arena *arena, struct ag_llm_stream **ret_stream)
{
    struct ag_llm_stream *stream = AG_ARENA_NEW(arena, struct ag_llm_stream);
    if (!stream) return ag_fail(AG_E_NO_MEMORY, "no memory for a model's answer");
    stream->arena = arena;
    stream->client = client;
    stream->provider = provider;
    stream->limits = *limits;
    stream->streamed = request->stream;
    stream->retry_after_s = -1;
    stream->usage = empty_event.usage;
    ag_sse_decoder_init(&stream->decoder);
    ag_buf_init(&stream->body, NULL, AG_LLM_MAX_RESPONSE_BYTES);
    ag_buf_init(&stream->text, NULL, AG_LLM_MAX_RESPONSE_BYTES);
    if (provider->offline)
        AG_TRY(open_offline(stream, request, arena));
    else
        AG_TRY(open_call(stream, endpoint, request, arena));
    *ret_stream = stream;
    return AG_OK;
}

/* One step; AG_OK with `ret_found` false: take another one. */
static enum ag_err step(struct ag_llm_stream *stream, ag_deadline_ms deadline,
                        struct ag_llm_event *ret_event, bool *ret_found)
{
    *ret_found = true;
    switch (stream->phase) {
    case WHOLE:
        return take_whole(stream, deadline, ret_event);
    case EVENTS:
        return take_event(stream, deadline, ret_event);
    case OFFLINE:
        return take_piece(stream, ret_event);
    case DONE:
        return AG_E_CLOSED;
    case FAILED:
        return ag_fail(stream->err, "%s", stream->why);
    case ERROR_BODY:
        return take_error(stream, deadline);
    case CALL:
    case BACKOFF:
    case HEAD:
        break;
    }
    *ret_found = false;
    if (stream->phase == CALL) return start_call(stream);
    if (stream->phase == HEAD) return take_head(stream, deadline);
    return back_off(stream, deadline);
}

enum ag_err ag_llm_next(struct ag_llm_stream *stream, ag_deadline_ms deadline,
                        struct ag_llm_event *ret_event)
{
    for (;;) {
        bool found;
        struct ag_llm_event event;
        bool over = stream->phase == DONE || stream->phase == FAILED;
        enum ag_err err = step(stream, deadline, &event, &found);
        if (err == AG_OK && !found) continue;
        if (err == AG_OK) {
            stream->returned = true;
            *ret_event = event;
            return AG_OK;
        }
        if (over || err == AG_E_TIMEOUT || err == AG_E_CANCELED) return err;
        AG_TRY(attempt_failed(stream, err));
    }
}

bool ag_llm_ready(const struct ag_llm_stream *stream)
{
    switch (stream->phase) {
    case OFFLINE:
    case DONE:
    case FAILED:
        return true;
    case WHOLE:
        return ag_call_ended(stream->call);
    case EVENTS:
        return ag_sse_decoder_ready(&stream->decoder) || ag_call_ended(stream->call);
    default:
        return false;
    }
}

int64_t ag_llm_retry_after_s(const struct ag_llm_stream *stream)
{
    return stream->retry_after_s;
}

int ag_llm_attempts(const struct ag_llm_stream *stream)
{
    return stream->attempts;
}

void ag_llm_close(struct ag_llm_stream *stream)
{
    if (!stream) return;
    if (stream->phase == DONE)
        ag_call_release(AG_TAKE(stream->call));
    else
        drop_call(stream);
    ag_sse_decoder_done(&stream->decoder);
    ag_buf_done(&stream->body);
    ag_buf_done(&stream->text);
}
