/* Anthropic's messages API, version 2023-06-01. */
#include "llm/providers/providers.h"
#include "llm/wire.h"

enum { DEFAULT_MAX_TOKENS = 4096 }; /* the API wants a number and every model takes this one */

/* ---- the request ---- */

static void append_part(struct ag_buf *out, struct ag_str text, bool *started)
{
    if (text.len == 0) return;
    ag_buf_append_str(out, *started ? AG_STR("\n\n") : AG_STR(""));
    ag_buf_append_str(out, text);
    *started = true;
}

/* The instructions: the API has no system turns, so those join the text, and so does a schema,
 * because not every model has a parameter for one. */
static enum ag_err append_system(struct ag_buf *out, const struct ag_llm_request *request,
                                 struct ag_arena *arena)
{
    struct ag_buf text;
    ag_buf_init(&text, arena, AG_LLM_MAX_REQUEST_BYTES);
    bool started = false;
    append_part(&text, request->system, &started);
    for (size_t i = 0; i < request->message_count; i++)
        if (request->messages[i].role == AG_ROLE_SYSTEM)
            append_part(&text, request->messages[i].text, &started);
    if (request->format == AG_FORMAT_JSON_SCHEMA) {
        append_part(&text,
                    AG_STR("Answer with nothing but one JSON object that conforms to this JSON "
                           "Schema:"),
                    &started);
        append_part(&text, request->json_schema, &started);
    }
    struct ag_str system;
    AG_TRY(ag_wire_body(&text, &system));
    if (system.len == 0) return AG_OK;
    ag_buf_append_lit(out, ",\"system\":");
    ag_buf_json_string(out, system);
    return AG_OK;
}

/* The next turn that is sent at or after `i`: empty ones are refused by the API, and the first must
 * be the user's. */
static size_t next_turn(const struct ag_llm_request *request, size_t i, bool first)
{
    for (; i < request->message_count; i++) {
        const struct ag_llm_message *message = &request->messages[i];
        if (message->role == AG_ROLE_SYSTEM || message->text.len == 0) continue;
        if (first && message->role != AG_ROLE_USER) continue;
        break;
    }
    return i;
}

/* The run of turns that begins at `i`, a text block each; returns where the next run begins. */
static size_t append_blocks(struct ag_buf *out, const struct ag_llm_request *request, size_t i)
{
    enum ag_llm_role role = request->messages[i].role;
    const char *separator = "[";
    for (; i < request->message_count && request->messages[i].role == role;
         i = next_turn(request, i + 1, false)) {
        ag_buf_printf(out, "%s{\"type\":\"text\",\"text\":", separator);
        ag_buf_json_string(out, request->messages[i].text);
        ag_buf_append_char(out, '}');
        separator = ",";
    }
    ag_buf_append_char(out, ']');
    return i;
}

/* Turns must alternate, so those of one role that follow each other become one. */
static enum ag_err append_messages(struct ag_buf *out, const struct ag_llm_request *request)
{
    size_t i = next_turn(request, 0, true);
    if (i == request->message_count) return ag_fail(AG_E_INVALID, "a message is needed");
    const char *separator = ",\"messages\":[";
    while (i < request->message_count) {
        const struct ag_llm_message *message = &request->messages[i];
        ag_buf_printf(out, "%s{\"role\":\"%s\",\"content\":", separator,
                      message->role == AG_ROLE_USER ? "user" : "assistant");
        separator = ",";
        size_t next = next_turn(request, i + 1, false);
        if (next < request->message_count && request->messages[next].role == message->role)
            next = append_blocks(out, request, i);
        else
            ag_buf_json_string(out, message->text);
        ag_buf_append_char(out, '}');
        i = next;
    }
    ag_buf_append_char(out, ']');
    return AG_OK;
}

static void append_parameters(struct ag_buf *out, const struct ag_llm_request *request)
{
    if (request->has_temperature) {
        ag_buf_append_lit(out, ",\"temperature\":");
        ag_buf_json_double(out, AG_MIN(request->temperature, 1.0)); /* 0..1 here, not 0..2 */
    } else if (request->has_top_p) {
        /* Newer models refuse the two together; the temperature says more. */
        ag_buf_append_lit(out, ",\"top_p\":");
        ag_buf_json_double(out, request->top_p);
    }
    for (size_t i = 0; i < request->stop_count; i++) {
        ag_buf_append_str(out, i == 0 ? AG_STR(",\"stop_sequences\":[") : AG_STR(","));
        ag_buf_json_string(out, request->stop[i]);
    }
    if (request->stop_count > 0) ag_buf_append_char(out, ']');
    if (request->stream) ag_buf_append_lit(out, ",\"stream\":true");
}

static enum ag_err build(const struct ag_llm_endpoint *endpoint,
                         const struct ag_llm_request *request, struct ag_arena *arena,
                         struct ag_llm_http *ret_http)
{
    if (request->model.len == 0) return ag_fail(AG_E_INVALID, "a model is needed");
    struct ag_buf out;
    ag_buf_init(&out, arena, AG_LLM_MAX_REQUEST_BYTES);
    ag_buf_append_lit(&out, "{\"model\":");
    ag_buf_json_string(&out, request->model);
    ag_buf_printf(&out, ",\"max_tokens\":%lld",
                  (long long)(request->has_max_tokens ? request->max_tokens : DEFAULT_MAX_TOKENS));
    AG_TRY(append_system(&out, request, arena));
    AG_TRY(append_messages(&out, request));
    append_parameters(&out, request);
    ag_buf_append_char(&out, '}');

    struct ag_llm_http http = {0};
    AG_TRY(ag_wire_body(&out, &http.body));
    AG_TRY(ag_wire_url(arena, endpoint->base_url, "/v1/messages", &http.url));
    size_t count = 0;
    http.headers[count++] = "Content-Type: application/json";
    http.headers[count++] = request->stream ? "Accept: text/event-stream, application/json"
                                            : "Accept: application/json";
    http.headers[count++] = "anthropic-version: 2023-06-01";
    if (endpoint->api_key.len > 0)
        AG_TRY(ag_wire_header(arena, "x-api-key: ", endpoint->api_key, &http.headers[count++]));
    *ret_http = http;
    return AG_OK;
}

/* ---- the reply ---- */

static enum ag_finish finish_of(struct ag_str reason)
{
    if (reason.len == 0) return AG_FINISH_NONE;
    if (ag_str_eq(reason, AG_STR("max_tokens")) ||
        ag_str_eq(reason, AG_STR("model_context_window_exceeded")))
        return AG_FINISH_LENGTH;
    if (ag_str_eq(reason, AG_STR("tool_use"))) return AG_FINISH_TOOL_CALLS;
    if (ag_str_eq(reason, AG_STR("refusal"))) return AG_FINISH_FILTER;
    return AG_FINISH_STOP; /* end_turn, stop_sequence, pause_turn, and what is to come */
}

/* What was read from or written to the provider's cache is input, too. */
static struct ag_llm_usage usage_of(yyjson_val *usage)
{
    static const char *const inputs[] = {"input_tokens", "cache_creation_input_tokens",
                                         "cache_read_input_tokens"};
    struct ag_llm_usage sum = {-1, -1};
    for (size_t i = 0; i < AG_COUNT(inputs); i++) {
        int64_t count = ag_wire_count(yyjson_obj_get(usage, inputs[i]));
        if (count >= 0) sum.input_tokens = AG_MAX(sum.input_tokens, 0) + count;
    }
    sum.input_tokens = AG_MIN(sum.input_tokens, AG_LLM_MAX_TOKENS);
    sum.output_tokens = ag_wire_count(yyjson_obj_get(usage, "output_tokens"));
    return sum;
}

static bool type_is(yyjson_val *object, const char *type)
{
    return ag_str_eq(ag_wire_str(yyjson_obj_get(object, "type")), ag_str(type));
}

static enum ag_err read_event(yyjson_val *root, struct ag_buf *text, struct ag_llm_event *event)
{
    if (type_is(root, "error")) return ag_wire_error(0, yyjson_obj_get(root, "error"));
    if (type_is(root, "content_block_delta")) {
        yyjson_val *delta = yyjson_obj_get(root, "delta");
        if (!type_is(delta, "text_delta")) return AG_OK; /* thinking, tool input, citations */
        return ag_wire_text(text, yyjson_obj_get(delta, "text"));
    }
    if (type_is(root, "content_block_start")) {
        yyjson_val *block = yyjson_obj_get(root, "content_block");
        if (!type_is(block, "text")) return AG_OK;
        return ag_wire_text(text, yyjson_obj_get(block, "text"));
    }
    if (type_is(root, "message_start")) {
        event->usage = usage_of(yyjson_obj_get(yyjson_obj_get(root, "message"), "usage"));
    } else if (type_is(root, "message_delta")) {
        yyjson_val *delta = yyjson_obj_get(root, "delta");
        event->finish = finish_of(ag_wire_str(yyjson_obj_get(delta, "stop_reason")));
        event->usage = usage_of(yyjson_obj_get(root, "usage"));
    } else if (type_is(root, "message_stop")) {
        event->done = true;
    }
    return AG_OK; /* "ping", and what is to come */
}

static enum ag_err parse_event(struct ag_str name, struct ag_str data, struct ag_buf *text,
                               struct ag_llm_event *ret_event)
{
    (void)name; /* repeats the type inside */
    AG_CLEANUP(ag_wire_free) yyjson_doc *doc = NULL;
    AG_TRY(ag_wire_parse(data, &doc));
    struct ag_llm_event event = {.usage = {-1, -1}};
    size_t start = text->len;
    AG_TRY(read_event(yyjson_doc_get_root(doc), text, &event));
    event.text = ag_str_sub(ag_buf_str(text), start, SIZE_MAX);
    *ret_event = event;
    return AG_OK;
}

static enum ag_err parse_reply(struct ag_str body, struct ag_buf *text,
                               struct ag_llm_event *ret_event)
{
    AG_CLEANUP(ag_wire_free) yyjson_doc *doc = NULL;
    AG_TRY(ag_wire_parse(body, &doc));
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (type_is(root, "error")) return ag_wire_error(0, yyjson_obj_get(root, "error"));
    yyjson_val *content = yyjson_obj_get(root, "content");
    if (!yyjson_is_arr(content))
        return ag_fail(AG_E_UPSTREAM_INVALID, "the reply has no list of content");
    size_t start = text->len;
    AG_TRY(ag_wire_text(text, content));
    struct ag_llm_event event = {
        .text = ag_str_sub(ag_buf_str(text), start, SIZE_MAX),
        .finish = finish_of(ag_wire_str(yyjson_obj_get(root, "stop_reason"))),
        .usage = usage_of(yyjson_obj_get(root, "usage")),
        .done = true,
    };
    if (event.finish == AG_FINISH_NONE) event.finish = AG_FINISH_STOP;
    *ret_event = event;
    return AG_OK;
}

/* ---- the list of models ---- */

static enum ag_err build_models(const struct ag_llm_endpoint *endpoint, struct ag_arena *arena,
                                struct ag_llm_http *ret_http)
{
    struct ag_llm_http http = {0};
    size_t count = 0;
    AG_TRY(ag_wire_url(arena, endpoint->base_url, "/v1/models?limit=1000", &http.url));
    http.headers[count++] = "Accept: application/json";
    http.headers[count++] = "anthropic-version: 2023-06-01";
    if (endpoint->api_key.len > 0)
        AG_TRY(ag_wire_header(arena, "x-api-key: ", endpoint->api_key, &http.headers[count++]));
    *ret_http = http;
    return AG_OK;
}

static enum ag_err parse_models(const struct ag_llm_endpoint *endpoint, struct ag_str body,
                                struct ag_arena *arena, struct ag_list *ret_names)
{
    (void)endpoint; /* all of its models converse */
    return ag_wire_models(body, NULL, arena, ret_names);
}

static const char *const models[] = {
    "claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-1", "claude-3-5-haiku-latest", NULL,
};

const struct ag_provider ag_provider_anthropic = {
    .name = "anthropic",
    .title = "Anthropic",
    .default_model = "claude-sonnet-4-5",
    .models = models,
    .setting = "ANTHROPIC_API_KEY",
    .build = build,
    .parse_reply = parse_reply,
    .parse_event = parse_event,
    .parse_error = ag_wire_error_body,
    .build_models = build_models,
    .parse_models = parse_models,
};
