/* A model's answer over a real connection: retries, limits, every fault of an upstream, and what
 * the caller has kept when one strikes. */
#include "client_help.h"

#include "llm/llm.h"

static const struct ag_llm_message question[] = {{AG_ROLE_USER, {"Hi", 2}}};
static char secret[] = "sk-very-secret-key";

struct answer {
    char text[512];
    size_t len;
    enum ag_finish finish;
    struct ag_llm_usage usage;
    int events, done, attempts, timeouts;
    int64_t retry_after_s, took_ms;
    enum ag_err err;
    char why[AG_DIAG_TEXT_BYTES];
};

static struct ag_llm_limits limits_of(int retries)
{
    return (struct ag_llm_limits){.connect_timeout_ms = 1000,
                                  .first_byte_timeout_ms = 300,
                                  .idle_timeout_ms = 300,
                                  .total_timeout_ms = 5000,
                                  .retries = retries};
}

struct question {
    const struct ag_provider *provider;
    bool stream;
    struct ag_llm_limits limits;
    int64_t beat_ms; /* the caller's own deadline of each wait; 0 for none */
};

static void take(struct answer *a, const struct ag_llm_event *event)
{
    a->events++;
    assert_true(a->len + event->text.len < sizeof(a->text));
    if (event->text.len > 0) memcpy(a->text + a->len, event->text.data, event->text.len);
    a->len += event->text.len;
    if (event->finish) a->finish = event->finish;
    if (event->usage.input_tokens >= 0) a->usage.input_tokens = event->usage.input_tokens;
    if (event->usage.output_tokens >= 0) a->usage.output_tokens = event->usage.output_tokens;
    a->done += event->done;
}

static struct answer ask_as(const struct question *q, const char *url)
{
    struct answer a = {.usage = {-1, -1}};
    struct ag_arena arena;
    ag_arena_init(&arena);
    const struct ag_llm_endpoint endpoint = {
        .base_url = ag_str(url), .api_key = ag_str(secret), .trust = AG_EGRESS_OPERATOR};
    const struct ag_llm_request request = {
        .model = AG_STR("m"), .messages = question, .message_count = 1, .stream = q->stream};
    int64_t start_ms = ag_mono_ms();
    struct ag_llm_stream *stream;
    assert_ok(ag_llm_open(client, q->provider, &endpoint, &request, &q->limits, &arena, &stream));
    for (;;) {
        struct ag_llm_event event;
        a.err = ag_llm_next(stream, q->beat_ms ? ag_deadline_in(q->beat_ms) : AG_NEVER, &event);
        if (a.err == AG_E_TIMEOUT) {
            a.timeouts++;
            continue;
        }
        if (a.err) break;
        take(&a, &event);
    }
    snprintf(a.why, sizeof(a.why), "%s", ag_diag_text(a.err));
    assert_null(strstr(a.why, secret));
    if (a.err != AG_E_CLOSED) {
        struct ag_llm_event event; /* it says the same again */
        assert_int_equal(ag_llm_next(stream, AG_NEVER, &event), a.err);
        assert_string_equal(ag_diag_text(a.err), a.why);
    }
    assert_true(ag_llm_ready(stream));
    a.attempts = ag_llm_attempts(stream);
    a.retry_after_s = ag_llm_retry_after_s(stream);
    a.took_ms = ag_mono_ms() - start_ms;
    ag_llm_close(stream);
    ag_arena_done(&arena);
    return a;
}

static struct answer ask(struct upstream *up, const char *provider, bool stream, int retries)
{
    struct question q = {.provider = ag_provider_find(ag_str(provider)),
                         .stream = stream,
                         .limits = limits_of(retries)};
    return ask_as(&q, up->url);
}

#define DELTA(text)  "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"}}]}\n\n"
#define FINISH(word) "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"" word "\"}]}\n\n"
#define USAGE        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":5}}\n\n"
#define OPENAI_DONE  "data: [DONE]\n\n"
#define WHOLE(text)                                                                                \
    "{\"choices\":[{\"message\":{\"content\":\"" text "\"},\"finish_reason\":\"stop\"}],"          \
    "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":5}}"
#define JSON_TYPE "Content-Type: application/json\r\n"

/* ---- as it should be ---- */

static bool wants_stream(const struct upstream_call *call)
{
    return ag_str_find(call->body, AG_STR("\"stream\":true")) >= 0;
}

static bool serve_well(struct upstream_call *call)
{
    if (!wants_stream(call)) return up_reply(call, 200, JSON_TYPE, WHOLE("Hello there"));
    up_stream(call);
    up_chunk(call,
             "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n");
    up_chunk(call, DELTA("Hello"));
    up_sleep(20);
    up_chunk(call, DELTA(" there") FINISH("stop"));
    up_chunk(call, USAGE);
    up_chunk(call, OPENAI_DONE);
    up_sleep(20); /* the end comes after the terminator */
    return up_stream_end(call);
}

static void goes_well(struct upstream *up)
{
    for (int i = 0; i < 6; i++) {
        struct answer a = ask(up, "openai", i % 2 == 0, 0);
        assert_int_equal(a.err, AG_E_CLOSED);
        assert_str(ag_str_n(a.text, a.len), "Hello there");
        assert_int_equal(a.finish, AG_FINISH_STOP);
        assert_int_equal(a.usage.input_tokens, 3);
        assert_int_equal(a.usage.output_tokens, 5);
        assert_int_equal(a.done, 1);
        assert_int_equal(a.events, i % 2 == 0 ? 4 : 1);
        assert_int_equal(a.attempts, 1);
        assert_int_equal(a.retry_after_s, -1);
        assert_ok(ag_fiber_sleep(60));
    }
    assert_int_equal(atomic_load(&up->connections), 1); /* also after streams */
}

static void answers_arrive(void **state)
{
    (void)state;
    with(goes_well, serve_well);
}

static bool serve_anthropic(struct upstream_call *call)
{
    up_stream(call);
    up_chunk(call, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":"
                   "{\"usage\":{\"input_tokens\":11,\"output_tokens\":1}}}\n\n");
    up_sleep(20);
    up_chunk(call, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
                   "\"delta\":{\"type\":\"text_delta\",\"text\":\"Ahoy\"}}\n\n");
    up_chunk(call, "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":"
                   "{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":4}}\n\n");
    up_chunk(call, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    return up_stream_end(call);
}

static void anthropic_goes_well(struct upstream *up)
{
    struct answer a = ask(up, "anthropic", true, 0);
    assert_int_equal(a.err, AG_E_CLOSED);
    assert_str(ag_str_n(a.text, a.len), "Ahoy");
    assert_int_equal(a.usage.input_tokens, 11); /* held back until the text came */
    assert_int_equal(a.usage.output_tokens, 4);
    assert_int_equal(a.events, 3);
}

static void usage_waits_for_text(void **state)
{
    (void)state;
    with(anthropic_goes_well, serve_anthropic);
}

/* Servers that are compatible in their own ways. */
static bool serve_oddly(struct upstream_call *call)
{
    switch (call->number) {
    case 1: /* a whole reply to a request for a stream */
        return up_reply(call, 200, "Content-Type: Application/JSON ; charset=utf-8\r\n",
                        WHOLE("odd"));
    case 2: /* no terminator, but a finish reason and a proper end */
        up_stream(call);
        up_chunk(call, DELTA("odd") FINISH("stop") USAGE);
        return up_stream_end(call);
    case 3: /* no blank line at the end; no type; delimited by the end of the connection */
        up_text(call, "HTTP/1.1 200 OK\r\n\r\n" DELTA("odd") FINISH("stop") USAGE "data: [DONE]");
        return false;
    default: { /* every byte in a segment of its own */
        up_stream(call);
        const char *wire = ": hello\r\n\r\n" DELTA("o\xc3\xa9") DELTA("dd") FINISH("stop")
            USAGE OPENAI_DONE;
        for (; *wire; wire++)
            if (!up_chunk_n(call, wire, 1)) return false;
        return up_stream_end(call);
    }
    }
}

static void odd_servers(struct upstream *up)
{
    for (int i = 1; i <= 4; i++) {
        struct answer a = ask(up, "openai", true, 0);
        if (a.err != AG_E_CLOSED) fail_msg("%d: %s", i, a.why);
        assert_str(ag_str_n(a.text, a.len), i < 4 ? "odd"
                                                  : "o\xc3\xa9"
                                                    "dd");
        assert_int_equal(a.finish, AG_FINISH_STOP);
        assert_int_equal(a.usage.output_tokens, 5);
        assert_int_equal(a.done, 1);
    }
}

static void compatible_in_their_own_ways(void **state)
{
    (void)state;
    with(odd_servers, serve_oddly);
}

/* ---- retries ---- */

static const char *refusal_headers;
static int refusal_status, refusals;

static bool refuse_then_serve(struct upstream_call *call)
{
    if (call->number > refusals) return serve_well(call);
    if (refusal_status == 0) return up_reset(call);
    if (refusal_status == 1) { /* begins, and breaks off before any text */
        up_stream(call);
        up_chunk(call, "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n");
        return false;
    }
    if (refusal_status == 2) { /* the refusal is inside a stream */
        up_stream(call);
        up_chunk(call, "data: {\"error\":{\"type\":\"server_error\",\"message\":\"no\"}}\n\n");
        return up_stream_end(call);
    }
    return up_reply(call, refusal_status, refusal_headers,
                    "{\"error\":{\"message\":\"not now, sk-very-secret-key\"}}");
}

static struct answer refused(int status, const char *headers, int times, int retries)
{
    refusal_status = status;
    refusal_headers = headers;
    refusals = times;
    struct upstream up;
    up_start(&up, refuse_then_serve);
    struct answer a = ask(&up, "openai", true, retries);
    assert_int_equal(atomic_load(&up.requests), a.attempts);
    up_stop(&up);
    return a;
}

static void retries_pay(struct upstream *up)
{
    (void)up;
    static const int passing[] = {0, 1, 2, 408, 429, 500, 502, 503, 504, 529};
    for (size_t i = 0; i < AG_COUNT(passing); i++) {
        struct answer a = refused(passing[i], "", 2, 2);
        if (a.err != AG_E_CLOSED) fail_msg("%d: %s", passing[i], a.why);
        assert_int_equal(a.attempts, 3);
        assert_str(ag_str_n(a.text, a.len), "Hello there");
        assert_true(a.took_ms < 1500);
    }
    static const int lasting[] = {400, 401, 403, 404, 413, 422};
    for (size_t i = 0; i < AG_COUNT(lasting); i++) {
        struct answer a = refused(lasting[i], "", 2, 2);
        assert_true(a.err != AG_E_CLOSED);
        assert_int_equal(a.attempts, 1);
        assert_int_equal(a.events, 0);
    }
    struct answer a = refused(503, "", 9, 2);
    assert_int_equal(a.err, AG_E_UPSTREAM_OVERLOADED);
    assert_int_equal(a.attempts, 3);
    assert_string_equal(a.why, "the provider says (status 503): not now, ******************");
    a = refused(503, "", 9, 0);
    assert_int_equal(a.attempts, 1);
}

static void passing_faults_are_tried_again(void **state)
{
    (void)state;
    with(retries_pay, serve_well);
}

static void retry_after(struct upstream *up)
{
    (void)up;
    char date[30], header[64];
    struct answer a = refused(429, "Retry-After: 1\r\n", 1, 2);
    assert_int_equal(a.err, AG_E_CLOSED);
    assert_int_equal(a.attempts, 2);
    assert_in_range(a.took_ms, 1000, 1900);

    a = refused(429, "Retry-After: 11\r\n", 1, 2); /* too long to wait for */
    assert_int_equal(a.err, AG_E_UPSTREAM_RATE_LIMITED);
    assert_int_equal(a.attempts, 1);
    assert_int_equal(a.retry_after_s, 11);
    a = refused(503, "retry-after: 99999999999999999999999\r\n", 1, 2);
    assert_int_equal(a.retry_after_s, AG_LLM_MAX_RETRY_AFTER_S);
    assert_int_equal(a.attempts, 1);

    struct ag_str text = ag_time_http(ag_wall_ms() + 60 * 1000, date);
    snprintf(header, sizeof(header), "Retry-After: %.*s\r\n", AG_STR_ARG(text));
    a = refused(429, header, 1, 2);
    assert_int_equal(a.attempts, 1);
    assert_in_range(a.retry_after_s, 55, 61);

    static const char *const useless[] = {"Retry-After: soon\r\n", "Retry-After: -5\r\n",
                                          "Retry-After:\r\n", "Retry-After: 1.5\r\n",
                                          "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"};
    for (size_t i = 0; i < AG_COUNT(useless); i++) {
        a = refused(429, useless[i], 1, 2);
        assert_int_equal(a.err, AG_E_CLOSED);
        assert_int_equal(a.attempts, 2);
        assert_true(a.took_ms < 900);
    }
}

static void retry_after_of_every_shape(void **state)
{
    (void)state;
    with(retry_after, serve_well);
}

static void no_time_left(struct upstream *up)
{
    (void)up;
    refusal_status = 429;
    refusal_headers = "Retry-After: 2\r\n";
    refusals = 9;
    struct upstream refusing;
    up_start(&refusing, refuse_then_serve);
    struct question q = {
        .provider = ag_provider_find(AG_STR("openai")), .stream = true, .limits = limits_of(2)};
    q.limits.total_timeout_ms = 1000;
    struct answer a = ask_as(&q, refusing.url);
    assert_int_equal(a.err, AG_E_UPSTREAM_RATE_LIMITED);
    assert_int_equal(a.attempts, 1);
    assert_true(a.took_ms < 900);
    q.limits.total_timeout_ms = 5000;
    q.limits.retries = 1;
    q.beat_ms = 100; /* heartbeats while it waits */
    a = ask_as(&q, refusing.url);
    assert_int_equal(a.attempts, 2);
    assert_true(a.timeouts >= 10);
    up_stop(&refusing);
    a = ask_as(&q, refusing.url); /* nobody listens any more */
    assert_int_equal(a.err, AG_E_UPSTREAM_UNREACHABLE);
    assert_int_equal(a.attempts, 2);
}

static void retries_fit_the_time(void **state)
{
    (void)state;
    with(no_time_left, serve_well);
}

/* ---- faults ---- */

enum fault {
    SILENT,
    SILENT_AFTER_HEAD,
    SILENT_MIDSTREAM,
    SLOW_DRIP,
    RESET_MIDSTREAM,
    NO_TERMINATOR,
    CUT_EVENT,
    SHORT_BODY,
    HTML,
    TRUNCATED_JSON,
    INVALID_UTF8,
    HUGE_LINE,
    ENDLESS,
    ENDLESS_COMMENTS,
    ERROR_EVENT,
    REDIRECT,
    WRONG_SHAPE,
    FAULTS
};

static _Atomic(enum fault) fault_now; /* the server reads it on threads of its own */

static bool serve_endless(struct upstream_call *call, const char *block)
{
    char many[64 * 1024];
    size_t len = strlen(block), used = 0;
    while (used + len <= sizeof(many)) {
        memcpy(many + used, block, len);
        used += len;
    }
    while (up_chunk_n(call, many, used)) {}
    atomic_fetch_add(&call->up->closed_by_client, 1);
    return false;
}

/* What follows the beginning of an answer, in a stream and in a whole reply, and how it ends. */
static const struct tail {
    const char *stream, *whole;
    enum { END, CLOSE, RESET, WAIT, FOR_EVER, SLOWLY } then;
} tails[FAULTS] = {
    [SILENT_AFTER_HEAD] = {"", "", WAIT},
    [SILENT_MIDSTREAM] = {"", "", WAIT},
    [SLOW_DRIP] = {": wait\n", " ", SLOWLY},
    [RESET_MIDSTREAM] = {"", "", RESET},
    [NO_TERMINATOR] = {"", "", END},
    [CUT_EVENT] = {"data: {\"choices\":[{\"delta\":{\"con", "", END},
    [SHORT_BODY] = {"", "", CLOSE},
    [TRUNCATED_JSON] = {"data: {\"choices\":[{\"delta\n\n", "", END},
    [INVALID_UTF8] = {DELTA("bad \xff\xfe\xc0\x80"), "bad \xff\"}}]}", END},
    [HUGE_LINE] = {"xxxxxxxxxxxxxxxx", "xxxxxxxxxxxxxxxx", FOR_EVER},
    [ENDLESS] = {"data: {\"choices\":[]}\n\n", "        ", FOR_EVER},
    [ENDLESS_COMMENTS] = {": nothing\n", "        ", FOR_EVER},
    [ERROR_EVENT] = {"data: {\"error\":{\"message\":\"Failed\"}}\n\n", "\"", END},
    [WRONG_SHAPE] = {"data: [1]\n\n", "\"}}],\"choices\":7}[", END},
};

static bool serve_tail(struct upstream_call *call, const struct tail *tail, const char *text)
{
    switch (tail->then) {
    case WAIT:
        up_wait_closed(call, 5000);
        return false;
    case RESET:
        up_sleep(50);
        return up_reset(call);
    case FOR_EVER:
        return serve_endless(call, text);
    case SLOWLY:
        while (up_chunk(call, text))
            up_sleep(20);
        return false;
    case CLOSE:
        return false;
    case END:
        break;
    }
    if (text[0]) up_chunk(call, text); /* an empty chunk would be the end */
    return up_stream_end(call);
}

static bool serve_fault(struct upstream_call *call)
{
    bool stream = wants_stream(call);
    enum fault fault = fault_now;
    if (fault == SILENT) return up_wait_closed(call, 5000) && false;
    if (fault == HTML)
        return up_reply(call, 200, "Content-Type: text/html\r\n", "<!doctype html><h1>It works!");
    if (fault == REDIRECT) return up_reply(call, 302, "Location: http://127.0.0.1:9/\r\n", "");
    up_text(call, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n");
    up_text(call, stream ? "Content-Type: text/event-stream\r\n\r\n" : JSON_TYPE "\r\n");
    if (fault != SILENT_AFTER_HEAD)
        up_chunk(call,
                 stream ? DELTA("so far") : "{\"choices\":[{\"message\":{\"content\":\"so far");
    if (fault == HUGE_LINE && stream) up_chunk(call, "data: ");
    return serve_tail(call, &tails[fault], stream ? tails[fault].stream : tails[fault].whole);
}

static const struct {
    enum ag_err stream, whole;
    const char *partial;
} expected[FAULTS] = {
    [SILENT] = {AG_E_UPSTREAM_TIMEOUT, AG_E_UPSTREAM_TIMEOUT, ""},
    [SILENT_AFTER_HEAD] = {AG_E_UPSTREAM_TIMEOUT, AG_E_UPSTREAM_TIMEOUT, ""},
    [SILENT_MIDSTREAM] = {AG_E_UPSTREAM_TIMEOUT, AG_E_UPSTREAM_TIMEOUT, "so far"},
    [SLOW_DRIP] = {AG_E_UPSTREAM_TIMEOUT, AG_E_UPSTREAM_TIMEOUT, "so far"},
    [RESET_MIDSTREAM] = {AG_E_UPSTREAM_INCOMPLETE, AG_E_UPSTREAM_INCOMPLETE, "so far"},
    [NO_TERMINATOR] = {AG_E_UPSTREAM_INCOMPLETE, AG_E_UPSTREAM_INVALID, "so far"},
    [CUT_EVENT] = {AG_E_UPSTREAM_INCOMPLETE, AG_E_UPSTREAM_INVALID, "so far"},
    [SHORT_BODY] = {AG_E_UPSTREAM_INCOMPLETE, AG_E_UPSTREAM_INCOMPLETE, "so far"},
    [HTML] = {AG_E_UPSTREAM_INVALID, AG_E_UPSTREAM_INVALID, ""},
    [TRUNCATED_JSON] = {AG_E_UPSTREAM_INVALID, AG_E_UPSTREAM_INVALID, "so far"},
    [INVALID_UTF8] = {AG_E_UPSTREAM_INVALID, AG_E_UPSTREAM_INVALID, "so far"},
    [HUGE_LINE] = {AG_E_UPSTREAM_TOO_LARGE, AG_E_UPSTREAM_TOO_LARGE, "so far"},
    [ENDLESS] = {AG_E_UPSTREAM_TOO_LARGE, AG_E_UPSTREAM_TOO_LARGE, "so far"},
    [ENDLESS_COMMENTS] = {AG_E_UPSTREAM_TOO_LARGE, AG_E_UPSTREAM_TOO_LARGE, "so far"},
    [ERROR_EVENT] = {AG_E_UPSTREAM_ERROR, AG_E_UPSTREAM_INVALID, "so far"},
    [REDIRECT] = {AG_E_UPSTREAM_INVALID, AG_E_UPSTREAM_INVALID, ""},
    [WRONG_SHAPE] = {AG_E_UPSTREAM_INVALID, AG_E_UPSTREAM_INVALID, "so far"},
};

static void all_faults(struct upstream *up)
{
    struct question q = {.provider = ag_provider_find(AG_STR("openai")), .limits = limits_of(0)};
    q.limits.total_timeout_ms = 900;
    for (int i = 0; i < FAULTS; i++) {
        fault_now = (enum fault)i;
        for (int stream = 0; stream < 2; stream++) {
            q.stream = stream == 1;
            q.beat_ms = i % 2 ? 40 : 0;
            struct answer a = ask_as(&q, up->url);
            enum ag_err want = stream ? expected[i].stream : expected[i].whole;
            if (a.err != want)
                fail_msg("fault %d stream %d: %s (%s)", i, stream, ag_err_info(a.err)->code, a.why);
            assert_str(ag_str_n(a.text, a.len), stream ? expected[i].partial : "");
            assert_int_equal(a.done, 0);
            assert_true(a.took_ms < 1900);
        }
    }
}

static void every_fault_is_typed_and_keeps_the_text(void **state)
{
    (void)state;
    with(all_faults, serve_fault);
}

/* ---- leaving ---- */

static enum ag_err left_err;

static void read_for_ever(void *arg)
{
    struct upstream *up = arg;
    struct ag_arena arena;
    ag_arena_init(&arena);
    const struct ag_llm_endpoint endpoint = {.base_url = ag_str(up->url),
                                             .trust = AG_EGRESS_OPERATOR};
    const struct ag_llm_request request = {
        .model = AG_STR("m"), .messages = question, .message_count = 1, .stream = true};
    struct ag_llm_limits limits = limits_of(2);
    limits.idle_timeout_ms = 60000;
    struct ag_llm_stream *stream;
    assert_ok(ag_llm_open(client, ag_provider_find(AG_STR("openai")), &endpoint, &request, &limits,
                          &arena, &stream));
    struct ag_llm_event event;
    while ((left_err = ag_llm_next(stream, AG_NEVER, &event)) == AG_OK) {}
    ag_llm_close(stream);
    ag_llm_close(NULL);
    ag_arena_done(&arena);
}

static void leaves(struct upstream *up)
{
    fault_now = SILENT_MIDSTREAM;
    struct ag_fiber *fiber;
    assert_ok(ag_fiber_spawn_joinable("reader", read_for_ever, up, &fiber));
    while (atomic_load(&up->requests) == 0)
        assert_ok(ag_fiber_sleep(5));
    assert_ok(ag_fiber_sleep(30));
    int64_t start_ms = ag_mono_ms();
    ag_fiber_cancel(fiber);
    ag_fiber_join(fiber);
    assert_int_equal(left_err, AG_E_CANCELED);
    while (atomic_load(&up->closed_by_client) == 0)
        assert_ok(ag_fiber_sleep(5));
    assert_true(ag_mono_ms() - start_ms < 1000);
    assert_int_equal(atomic_load(&up->requests), 1);
}

static void cancelled_stream_cuts_the_provider_off(void **state)
{
    (void)state;
    with(leaves, serve_fault);
}

static void refused_by_the_judge(struct upstream *up)
{
    struct question q = {.provider = ag_provider_find(AG_STR("openai")), .limits = limits_of(2)};
    struct answer a = ask_as(&q, "http://user@127.0.0.1/v1");
    assert_int_equal(a.err, AG_E_EGRESS_DENIED);
    a = ask_as(&q, "http://169.254.169.254/v1");
    assert_int_equal(a.err, AG_E_EGRESS_DENIED);
    assert_int_equal(a.attempts, 1);
    assert_int_equal(atomic_load(&up->requests), 0);
}

static void judged_addresses(void **state)
{
    (void)state;
    with(refused_by_the_judge, serve_well);
}

/* ---- offline ---- */

static void sandbox_answers(struct upstream *up)
{
    (void)up;
    struct question q = {.provider = ag_provider_find(AG_STR("sandbox")), .limits = limits_of(0)};
    for (int stream = 0; stream < 2; stream++) {
        q.stream = stream == 1;
        struct answer a = ask_as(&q, "");
        assert_int_equal(a.err, AG_E_CLOSED);
        assert_true(ag_str_starts_with(ag_str_n(a.text, a.len), AG_STR("This is the built-in")));
        assert_int_equal(a.finish, AG_FINISH_STOP);
        assert_int_equal(a.done, 1);
        assert_int_equal(a.attempts, 1);
        assert_true(stream ? a.events > 20 : a.events == 1);
        assert_int_equal(a.usage.input_tokens, 1);
    }
}

static void sandbox_needs_no_network(void **state)
{
    (void)state;
    with(sandbox_answers, serve_well);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_arrive),
        cmocka_unit_test(usage_waits_for_text),
        cmocka_unit_test(compatible_in_their_own_ways),
        cmocka_unit_test(passing_faults_are_tried_again),
        cmocka_unit_test(retry_after_of_every_shape),
        cmocka_unit_test(retries_fit_the_time),
        cmocka_unit_test(every_fault_is_typed_and_keeps_the_text),
        cmocka_unit_test(cancelled_stream_cuts_the_provider_off),
        cmocka_unit_test(judged_addresses),
        cmocka_unit_test(sandbox_needs_no_network),
    };
    return cmocka_run_group_tests_name("llm_stream", tests, NULL, NULL);
}
