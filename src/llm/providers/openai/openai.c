/*
 * OpenAI's chat completions, and the many servers that speak the same: Ollama, llama.cpp, vLLM,
 * Groq, Mistral, OpenRouter and others, each behind its own base URL.
 */
#include "llm/providers/providers.h"
#include "llm/wire.h"

/* ---- the request ---- */

static void append_message(struct ag_buf *out, const char *role, struct ag_str text, bool first)
{
    if (!first) ag_buf_append_char(out, ',');
    ag_buf_printf(out, "{\"role\":\"%s\",\"content\":", role);
    ag_buf_json_string(out, text);
    ag_buf_append_char(out, '}');
}

static void append_messages(struct ag_buf *out, const struct ag_llm_request *request)
{
    static const char *const roles[] = {
        [AG_ROLE_SYSTEM] = "system", [AG_ROLE_USER] = "user", [AG_ROLE_ASSISTANT] = "assistant"};
    bool first = true;
    ag_buf_append_lit(out, ",\"messages\":[");
    if (request->system.len > 0) {
        append_message(out, "system", request->system, true);
        first = false;
    }
    for (size_t i = 0; i < request->message_count; i++, first = false)
        append_message(out, roles[request->messages[i].role], request->messages[i].text, first);
    ag_buf_append_char(out, ']');
}

static bool host_is(struct ag_str base_url, struct ag_str host)
{
    ptrdiff_t mark = ag_str_find(base_url, AG_STR("://"));
    struct ag_str rest = ag_str_sub(base_url, mark < 0 ? 0 : (size_t)mark + 3, SIZE_MAX);
    size_t end = 0;
    while (end < rest.len && rest.data[end] != '/' && rest.data[end] != ':')
        end++;
    return ag_str_eq_nocase(ag_str_sub(rest, 0, end), host);
}

/* OpenAI refuses `max_tokens` for its newer models and takes `max_completion_tokens` for all;
 * servers that are merely compatible know the old name, and some refuse or ignore the new one. */
static const char *max_tokens_name(struct ag_str base_url)
{
    return host_is(base_url, AG_STR("api.openai.com")) ? "max_completion_tokens" : "max_tokens";
}

static void append_parameters(struct ag_buf *out, const struct ag_llm_request *request,
                              struct ag_str base_url)
{
    if (request->has_max_tokens)
        ag_buf_printf(out, ",\"%s\":%lld", max_tokens_name(base_url),
                      (long long)request->max_tokens);
    if (request->has_temperature) {
        ag_buf_append_lit(out, ",\"temperature\":");
        ag_buf_json_double(out, request->temperature);
    }
    if (request->has_top_p) {
        ag_buf_append_lit(out, ",\"top_p\":");
        ag_buf_json_double(out, request->top_p);
    }
    for (size_t i = 0; i < request->stop_count; i++) {
        ag_buf_append_str(out, i == 0 ? AG_STR(",\"stop\":[") : AG_STR(","));
        ag_buf_json_string(out, request->stop[i]);
    }
    if (request->stop_count > 0) ag_buf_append_char(out, ']');
    if (request->format == AG_FORMAT_JSON_SCHEMA) {
        /* Without "strict", which would refuse schemas that leave any property optional. */
        ag_buf_append_lit(out, ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
                               "{\"name\":\"response\",\"schema\":");
        ag_buf_append_str(out, request->json_schema);
        ag_buf_append_lit(out, "}}");
    }
    if (request->stream)
        ag_buf_append_lit(out, ",\"stream\":true,\"stream_options\":{\"include_usage\":true}");
}

static enum ag_err build(const struct ag_llm_endpoint *endpoint,
                         const struct ag_llm_request *request, struct ag_arena *arena,
                         struct ag_llm_http *ret_http)
{
    if (request->message_count == 0 || request->model.len == 0)
        return ag_fail(AG_E_INVALID, "a model and a message are needed");
    struct ag_buf out;
    ag_buf_init(&out, arena, AG_LLM_MAX_REQUEST_BYTES);
    ag_buf_append_lit(&out, "{\"model\":");
    ag_buf_json_string(&out, request->model);
    append_messages(&out, request);
    append_parameters(&out, request, endpoint->base_url);
    ag_buf_append_char(&out, '}');

    struct ag_llm_http http = {0};
    AG_TRY(ag_wire_body(&out, &http.body));
    AG_TRY(ag_wire_url(arena, endpoint->base_url, "/chat/completions", &http.url));
    size_t count = 0;
    http.headers[count++] = "Content-Type: application/json";
    http.headers[count++] = request->stream ? "Accept: text/event-stream, application/json"
                                            : "Accept: application/json";
    if (endpoint->api_key.len > 0)
        AG_TRY(ag_wire_header(arena, "Authorization: Bearer ", endpoint->api_key,
                              &http.headers[count++]));
    *ret_http = http;
    return AG_OK;
}

/* ---- the reply ---- */

static enum ag_finish finish_of(struct ag_str reason)
{
    if (reason.len == 0) return AG_FINISH_NONE;
    if (ag_str_eq(reason, AG_STR("length")) || ag_str_eq(reason, AG_STR("max_tokens")))
        return AG_FINISH_LENGTH;
    if (ag_str_eq(reason, AG_STR("content_filter"))) return AG_FINISH_FILTER;
    if (ag_str_eq(reason, AG_STR("tool_calls")) || ag_str_eq(reason, AG_STR("function_call")))
        return AG_FINISH_TOOL_CALLS;
    return AG_FINISH_STOP; /* "stop", and words of other servers' own such as "eos" */
}

static void read_usage(yyjson_val *usage, struct ag_llm_usage *ret)
{
    ret->input_tokens = ag_wire_count(yyjson_obj_get(usage, "prompt_tokens"));
    ret->output_tokens = ag_wire_count(yyjson_obj_get(usage, "completion_tokens"));
}

/* `part` is "message" in a whole reply and "delta" in a piece of a stream. A refusal is what the
 * model says to its user, so it is text like the rest. */
static enum ag_err read_choice(yyjson_val *choice, const char *part, struct ag_buf *text,
                               struct ag_llm_event *event)
{
    yyjson_val *message = yyjson_obj_get(choice, part);
    AG_TRY(ag_wire_text(text, yyjson_obj_get(message, "content")));
    AG_TRY(ag_wire_text(text, yyjson_obj_get(message, "refusal")));
    event->finish = finish_of(ag_wire_str(yyjson_obj_get(choice, "finish_reason")));
    return AG_OK;
}

static enum ag_err read_object(yyjson_val *root, const char *part, struct ag_buf *text,
                               struct ag_llm_event *ret_event)
{
    yyjson_val *error = yyjson_obj_get(root, "error");
    if (error && !yyjson_is_null(error)) return ag_wire_error(0, error);
    struct ag_llm_event event = {.usage = {-1, -1}};
    yyjson_val *choices = yyjson_obj_get(root, "choices");
    bool missing = !choices || yyjson_is_null(choices);
    if (!missing && !yyjson_is_arr(choices))
        return ag_fail(AG_E_UPSTREAM_INVALID, "the reply's choices are not a list");
    size_t start = text->len, i, count;
    yyjson_val *choice;
    yyjson_arr_foreach(choices, i, count, choice)
    {
        if (!yyjson_is_obj(choice))
            return ag_fail(AG_E_UPSTREAM_INVALID, "a choice of the reply is not an object");
        if (yyjson_get_uint(yyjson_obj_get(choice, "index")) != 0) continue; /* one was asked for */
        AG_TRY(read_choice(choice, part, text, &event));
        break;
    }
    yyjson_val *usage = yyjson_obj_get(root, "usage");
    if (yyjson_is_obj(usage)) read_usage(usage, &event.usage);
    event.text = ag_str_sub(ag_buf_str(text), start, SIZE_MAX);
    *ret_event = event;
    return AG_OK;
}

static enum ag_err parse_event(struct ag_str name, struct ag_str data, struct ag_buf *text,
                               struct ag_llm_event *ret_event)
{
    (void)name; /* OpenAI's events have none; a server that names them says the same inside */
    struct ag_str word = ag_str_trim(data);
    bool done = ag_str_eq(word, AG_STR("[DONE]"));
    if (done || word.len == 0) { /* an empty one keeps the connection warm */
        *ret_event = (struct ag_llm_event){.usage = {-1, -1}, .done = done};
        return AG_OK;
    }
    AG_CLEANUP(ag_wire_free) yyjson_doc *doc = NULL;
    AG_TRY(ag_wire_parse(data, &doc));
    return read_object(yyjson_doc_get_root(doc), "delta", text, ret_event);
}

static enum ag_err parse_reply(struct ag_str body, struct ag_buf *text,
                               struct ag_llm_event *ret_event)
{
    AG_CLEANUP(ag_wire_free) yyjson_doc *doc = NULL;
    AG_TRY(ag_wire_parse(body, &doc));
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct ag_llm_event event;
    AG_TRY(read_object(root, "message", text, &event));
    if (yyjson_arr_size(yyjson_obj_get(root, "choices")) == 0)
        return ag_fail(AG_E_UPSTREAM_INVALID, "the reply has no choices");
    if (event.finish == AG_FINISH_NONE) event.finish = AG_FINISH_STOP;
    event.done = true;
    *ret_event = event;
    return AG_OK;
}

/* ---- the list of models ---- */

static enum ag_err build_models(const struct ag_llm_endpoint *endpoint, struct ag_arena *arena,
                                struct ag_llm_http *ret_http)
{
    struct ag_llm_http http = {0};
    size_t count = 0;
    AG_TRY(ag_wire_url(arena, endpoint->base_url, "/models", &http.url));
    http.headers[count++] = "Accept: application/json";
    if (endpoint->api_key.len > 0)
        AG_TRY(ag_wire_header(arena, "Authorization: Bearer ", endpoint->api_key,
                              &http.headers[count++]));
    *ret_http = http;
    return AG_OK;
}

/* OpenAI lists everything it has under one roof and does not say what is what. */
static bool converses(struct ag_str name)
{
    static const char *const others[] = {
        "embedding", "whisper", "tts",           "dall-e",       "moderation", "image",
        "audio",     "sora",    "transcribe",    "babbage",      "davinci",    "instruct",
        "realtime",  "codex",   "deep-research", "computer-use", "-pro",
    };
    for (size_t i = 0; i < AG_COUNT(others); i++)
        if (ag_str_find(name, ag_str(others[i])) >= 0) return false;
    return true;
}

static enum ag_err parse_models(const struct ag_llm_endpoint *endpoint, struct ag_str body,
                                struct ag_arena *arena, struct ag_list *ret_names)
{
    bool everything = host_is(endpoint->base_url, AG_STR("api.openai.com"));
    return ag_wire_models(body, everything ? converses : NULL, arena, ret_names);
}

static const char *const models[] = {
    "gpt-4o-mini", "gpt-4o",     "gpt-4.1",    "gpt-4.1-mini", "gpt-4.1-nano",
    "gpt-5",       "gpt-5-mini", "gpt-5-nano", "o4-mini",      NULL,
};

const struct ag_provider ag_provider_openai = {
    .name = "openai",
    .title = "OpenAI",
    .default_model = "gpt-4o-mini",
    .models = models,
    .setting = "OPENAI_API_KEY",
    .build = build,
    .parse_reply = parse_reply,
    .parse_event = parse_event,
    .parse_error = ag_wire_error_body,
    .build_models = build_models,
    .parse_models = parse_models,
};
