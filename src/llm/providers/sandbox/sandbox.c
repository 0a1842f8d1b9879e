/*
 * The Sandbox: a built-in stand-in for a model, so that the wizard, the preview, the API and the
 * tests work without a key and without a network. It is not an AI model and says so in its answer.
 * The answer is made of nothing but the request: what was written, the instructions that a model
 * would have been given, the settings. The same request has the same answer.
 */
#include "llm/providers/sandbox/sandbox.h"

#include "llm/providers/providers.h"

enum {
    QUOTE_BYTES = 600,         /* shown of what the user wrote */
    INSTRUCTIONS_BYTES = 1500, /* and of the instructions */
    ANSWER_MAX_BYTES = 128 * 1024,
    BYTES_PER_TOKEN = 4, /* usage: bytes / 4, rounded up; the usual rule of thumb */
};

static int64_t tokens_of(size_t bytes)
{
    return (int64_t)((bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN);
}

/* Begins every line with "> ", and ends with an ellipsis where the text was cut. */
static void append_quote(struct ag_buf *out, struct ag_str text, size_t max)
{
    struct ag_str shown = ag_str_sub(text, 0, max);
    if (shown.len < text.len) shown.len = ag_utf8_complete(shown);
    for (struct ag_str rest = shown, line; ag_str_split(&rest, '\n', &line);) {
        ag_buf_append_lit(out, "> ");
        ag_buf_append_str(out, line);
        if (!rest.data && shown.len < text.len) ag_buf_append_lit(out, " …");
        ag_buf_append_char(out, '\n');
    }
}

static void append_settings(struct ag_buf *out, const struct ag_llm_request *request)
{
    ag_buf_append_lit(out, "\nSettings: ");
    if (request->has_temperature) {
        ag_buf_append_lit(out, "temperature ");
        ag_buf_json_double(out, request->temperature);
        ag_buf_append_lit(out, ", ");
    }
    if (request->has_max_tokens)
        ag_buf_printf(out, "at most %lld tokens, ", (long long)request->max_tokens);
    size_t earlier = request->message_count > 0 ? request->message_count - 1 : 0;
    ag_buf_printf(out, "%zu earlier message%s.\n", earlier, earlier == 1 ? "" : "s");
}

static void append_answer(struct ag_buf *out, const struct ag_llm_request *request)
{
    struct ag_str last = {0};
    for (size_t i = 0; i < request->message_count; i++)
        if (request->messages[i].role == AG_ROLE_USER) last = request->messages[i].text;
    ag_buf_append_lit(out, "This is the built-in Sandbox, not an AI model. It repeats what a model "
                           "would be given, so that you can try your agent.\n");
    ag_buf_append_lit(out, "\nYou wrote:\n");
    append_quote(out, last, QUOTE_BYTES);
    if (request->system.len > 0) {
        ag_buf_append_lit(out, "\nYour agent's instructions:\n");
        append_quote(out, request->system, INSTRUCTIONS_BYTES);
    } else {
        ag_buf_append_lit(out, "\nYour agent has no instructions yet.\n");
    }
    append_settings(out, request);
    ag_buf_append_lit(out, "\nConnect a provider to get real answers.");
}

/* Where the first of the stop texts begins, or the end. */
static size_t stop_at(struct ag_str text, const struct ag_llm_request *request)
{
    size_t end = text.len;
    for (size_t i = 0; i < request->stop_count; i++) {
        if (request->stop[i].len == 0) continue;
        ptrdiff_t at = ag_str_find(ag_str_sub(text, 0, end), request->stop[i]);
        if (at >= 0) end = (size_t)at;
    }
    return end;
}

static enum ag_err answer(const struct ag_llm_request *request, struct ag_arena *arena,
                          struct ag_llm_event *ret_event)
{
    struct ag_buf out;
    ag_buf_init(&out, arena, ANSWER_MAX_BYTES);
    if (request->format == AG_FORMAT_JSON_SCHEMA)
        AG_TRY(ag_sandbox_sample(request->json_schema, &out));
    else
        append_answer(&out, request);
    AG_TRY(ag_buf_err(&out));

    struct ag_llm_event event = {.text = ag_buf_str(&out), .finish = AG_FINISH_STOP, .done = true};
    event.text.len = stop_at(event.text, request);
    if (request->has_max_tokens && request->max_tokens < tokens_of(event.text.len)) {
        event.text.len = (size_t)AG_MAX(request->max_tokens, 0) * BYTES_PER_TOKEN;
        event.text.len = ag_utf8_complete(event.text);
        event.finish = AG_FINISH_LENGTH;
    }
    size_t input = request->system.len;
    for (size_t i = 0; i < request->message_count; i++)
        input += request->messages[i].text.len;
    event.usage.input_tokens = tokens_of(input);
    event.usage.output_tokens = tokens_of(event.text.len);
    *ret_event = event;
    return AG_OK;
}

static const char *const models[] = {"sandbox", NULL};

const struct ag_provider ag_provider_sandbox = {
    .name = "sandbox",
    .title = "Sandbox (built in, not an AI model)",
    .default_model = "sandbox",
    .models = models,
    .offline = true,
    .answer = answer,
};
