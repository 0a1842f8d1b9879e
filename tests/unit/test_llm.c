/* The providers' pure parts: requests compared byte by byte, replies as they go over the wire, cut
 * at every byte, and everything that is not a reply. */
#include "test_help.h"

#include "llm/llm.h"

static const struct ag_provider *openai, *anthropic, *sandbox;

static int setup(void **state)
{
    (void)state;
    openai = ag_provider_find(AG_STR("openai"));
    anthropic = ag_provider_find(AG_STR("anthropic"));
    sandbox = ag_provider_find(AG_STR("sandbox"));
    return openai && anthropic && sandbox ? 0 : -1;
}

static void providers_are_found(void **state)
{
    (void)state;
    assert_null(ag_provider_find(AG_STR("openai2")));
    assert_null(ag_provider_find(AG_STR("")));
    for (size_t i = 0; ag_providers[i]; i++) {
        const struct ag_provider *p = ag_providers[i];
        assert_ptr_equal(ag_provider_find(ag_str(p->name)), p);
        assert_string_equal(p->models[0], p->default_model);
        assert_true(p->offline ? p->answer != NULL : p->build && p->parse_error);
    }
    assert_string_equal(ag_finish_name(AG_FINISH_NONE), "");
    assert_string_equal(ag_finish_name(AG_FINISH_STOP), "stop");
    assert_string_equal(ag_finish_name(AG_FINISH_LENGTH), "length");
    assert_string_equal(ag_finish_name(AG_FINISH_FILTER), "content_filter");
    assert_string_equal(ag_finish_name(AG_FINISH_TOOL_CALLS), "tool_calls");
}

/* ---- requests ---- */

static const struct ag_llm_message one_message[] = {{AG_ROLE_USER, {"Hi \"you\"\n", 9}}};
static const struct ag_llm_message turns[] = {
    {AG_ROLE_ASSISTANT, {"Welcome", 7}}, {AG_ROLE_USER, {"one", 3}},
    {AG_ROLE_USER, {"two", 3}},          {AG_ROLE_ASSISTANT, {"", 0}},
    {AG_ROLE_SYSTEM, {"Be brief.", 9}},  {AG_ROLE_USER, {"three", 5}},
    {AG_ROLE_ASSISTANT, {"four", 4}},    {AG_ROLE_USER, {"five", 4}},
};
static const struct ag_str stops[] = {{"END", 3}, {"\n\n", 2}};

static struct ag_llm_request simple_request(void)
{
    return (struct ag_llm_request){
        .model = AG_STR("m-1"), .messages = one_message, .message_count = 1};
}

static struct ag_llm_request full_request(void)
{
    return (struct ag_llm_request){
        .model = AG_STR("m-1"),
        .system = AG_STR("You are a pirate."),
        .messages = turns,
        .message_count = AG_COUNT(turns),
        .has_temperature = true,
        .temperature = 1.5,
        .has_top_p = true,
        .top_p = 0.9,
        .has_max_tokens = true,
        .max_tokens = 100,
        .stop = stops,
        .stop_count = 2,
        .format = AG_FORMAT_JSON_SCHEMA,
        .json_schema = AG_STR("{\"type\":\"object\"}"),
        .stream = true,
    };
}

static void check_build(const struct ag_provider *provider, const char *base, const char *key,
                        const struct ag_llm_request *request, const char *url,
                        const char *const *headers, const char *body)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_llm_endpoint endpoint = {.base_url = ag_str(base), .api_key = ag_str(key)};
    struct ag_llm_http http;
    assert_ok(provider->build(&endpoint, request, &arena, &http));
    assert_string_equal(http.url, url);
    assert_str(http.body, body);
    size_t i = 0;
    for (; headers[i]; i++)
        assert_string_equal(http.headers[i], headers[i]);
    assert_null(http.headers[i]);
    ag_arena_done(&arena);
}

static void openai_requests(void **state)
{
    (void)state;
    static const char *const plain[] = {"Content-Type: application/json",
                                        "Accept: application/json", NULL};
    static const char *const streamed[] = {"Content-Type: application/json",
                                           "Accept: text/event-stream, application/json",
                                           "Authorization: Bearer sk-1", NULL};
    struct ag_llm_request request = simple_request();
    check_build(openai, "http://127.0.0.1:11434/v1/", "", &request,
                "http://127.0.0.1:11434/v1/chat/completions", plain,
                "{\"model\":\"m-1\",\"messages\":[{\"role\":\"user\",\"content\":"
                "\"Hi \\\"you\\\"\\n\"}]}");
    request = full_request();
#define FULL(max_tokens)                                                                           \
    "{\"model\":\"m-1\",\"messages\":["                                                            \
    "{\"role\":\"system\",\"content\":\"You are a pirate.\"},"                                     \
    "{\"role\":\"assistant\",\"content\":\"Welcome\"},"                                            \
    "{\"role\":\"user\",\"content\":\"one\"},{\"role\":\"user\",\"content\":\"two\"},"             \
    "{\"role\":\"assistant\",\"content\":\"\"},"                                                   \
    "{\"role\":\"system\",\"content\":\"Be brief.\"},"                                             \
    "{\"role\":\"user\",\"content\":\"three\"},{\"role\":\"assistant\",\"content\":\"four\"},"     \
    "{\"role\":\"user\",\"content\":\"five\"}],\"" max_tokens "\":100,\"temperature\":1.5,"        \
    "\"top_p\":0.9,\"stop\":[\"END\",\"\\n\\n\"],"                                                 \
    "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"response\","        \
    "\"schema\":{\"type\":\"object\"}}},\"stream\":true,\"stream_options\":"                       \
    "{\"include_usage\":true}}"
    check_build(openai, "https://models.example/v1", "sk-1", &request,
                "https://models.example/v1/chat/completions", streamed, FULL("max_tokens"));
    check_build(openai, "https://API.openai.com:443/v1", "sk-1", &request,
                "https://API.openai.com:443/v1/chat/completions", streamed,
                FULL("max_completion_tokens"));
    check_build(openai, "https://api.openai.com.example/v1", "sk-1", &request,
                "https://api.openai.com.example/v1/chat/completions", streamed, FULL("max_tokens"));
#undef FULL
}

static void anthropic_requests(void **state)
{
    (void)state;
    static const char *const plain[] = {"Content-Type: application/json",
                                        "Accept: application/json", "anthropic-version: 2023-06-01",
                                        "x-api-key: k", NULL};
    static const char *const streamed[] = {"Content-Type: application/json",
                                           "Accept: text/event-stream, application/json",
                                           "anthropic-version: 2023-06-01", "x-api-key: k", NULL};
    struct ag_llm_request request = simple_request();
    check_build(anthropic, "https://api.anthropic.com", "k", &request,
                "https://api.anthropic.com/v1/messages", plain,
                "{\"model\":\"m-1\",\"max_tokens\":4096,\"messages\":[{\"role\":\"user\","
                "\"content\":\"Hi \\\"you\\\"\\n\"}]}");
    request = full_request();
    check_build(
        anthropic, "https://api.anthropic.com", "k", &request,
        "https://api.anthropic.com/v1/messages", streamed,
        "{\"model\":\"m-1\",\"max_tokens\":100,\"system\":\"You are a pirate.\\n\\nBe brief.\\n\\n"
        "Answer with nothing but one JSON object that conforms to this JSON Schema:\\n\\n"
        "{\\\"type\\\":\\\"object\\\"}\",\"messages\":[{\"role\":\"user\",\"content\":["
        "{\"type\":\"text\",\"text\":\"one\"},{\"type\":\"text\",\"text\":\"two\"},"
        "{\"type\":\"text\",\"text\":\"three\"}]},{\"role\":\"assistant\",\"content\":\"four\"},"
        "{\"role\":\"user\",\"content\":\"five\"}],\"temperature\":1,"
        "\"stop_sequences\":[\"END\",\"\\n\\n\"],\"stream\":true}");
    request = simple_request();
    request.has_top_p = true;
    request.top_p = 0.25;
    check_build(anthropic, "https://api.anthropic.com", "k", &request,
                "https://api.anthropic.com/v1/messages", plain,
                "{\"model\":\"m-1\",\"max_tokens\":4096,\"messages\":[{\"role\":\"user\","
                "\"content\":\"Hi \\\"you\\\"\\n\"}],\"top_p\":0.25}");
}

static enum ag_err try_build(const struct ag_provider *provider,
                             const struct ag_llm_request *request, const char *key)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_llm_endpoint endpoint = {.base_url = AG_STR("https://x.example"),
                                       .api_key = ag_str(key)};
    struct ag_llm_http http;
    enum ag_err err = provider->build(&endpoint, request, &arena, &http);
    ag_arena_done(&arena);
    return err;
}

static void impossible_requests(void **state)
{
    (void)state;
    static const struct ag_llm_message silent[] = {{AG_ROLE_ASSISTANT, {"hi", 2}},
                                                   {AG_ROLE_USER, {"", 0}}};
    struct ag_llm_request request = simple_request();
    assert_ok(try_build(openai, &request, "k"));
    assert_int_equal(try_build(openai, &request, "k\r\nX: y"), AG_E_INVALID);
    assert_int_equal(try_build(anthropic, &request, "k y"), AG_E_INVALID);
    assert_int_equal(try_build(anthropic, &request, "k\xc3\xa9"), AG_E_INVALID);
    request.model = AG_STR("");
    assert_int_equal(try_build(openai, &request, "k"), AG_E_INVALID);
    assert_int_equal(try_build(anthropic, &request, "k"), AG_E_INVALID);
    request = simple_request();
    request.message_count = 0;
    assert_int_equal(try_build(openai, &request, "k"), AG_E_INVALID);
    assert_int_equal(try_build(anthropic, &request, "k"), AG_E_INVALID);
    request.messages = silent;
    request.message_count = 2;
    assert_int_equal(try_build(anthropic, &request, "k"), AG_E_INVALID);
}

static enum ag_err build_full(void *arg)
{
    struct ag_llm_request request = full_request();
    return try_build(arg, &request, "some-key");
}

static void requests_without_memory(void **state)
{
    (void)state;
    torture(build_full, (void *)(uintptr_t)openai);
    torture(build_full, (void *)(uintptr_t)anthropic);
}

static enum ag_err build_too_large(const struct ag_provider *provider)
{
    size_t size = 300 * 1024;
    char *text = malloc(size);
    memset(text, 'x', size);
    struct ag_llm_message messages[100];
    for (size_t i = 0; i < AG_COUNT(messages); i++)
        messages[i] = (struct ag_llm_message){AG_ROLE_USER, {text, size}};
    struct ag_llm_request request = simple_request();
    request.messages = messages;
    request.message_count = AG_COUNT(messages);
    enum ag_err err = try_build(provider, &request, "k");
    free(text);
    return err;
}

static void requests_have_a_ceiling(void **state)
{
    (void)state;
    assert_int_equal(build_too_large(openai), AG_E_INVALID);
    assert_int_equal(build_too_large(anthropic), AG_E_INVALID);
}

/* ---- whole replies ---- */

struct reply_case {
    const char *body;
    enum ag_err err;
    const char *text;
    enum ag_finish finish;
    int64_t input, output;
};

static void check_replies(const struct ag_provider *provider, const struct reply_case *cases,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct reply_case *c = &cases[i];
        struct ag_buf text;
        ag_buf_init(&text, NULL, AG_LLM_MAX_RESPONSE_BYTES);
        struct ag_llm_event event = {0};
        ag_diag_clear();
        enum ag_err err = provider->parse_reply(ag_str(c->body), &text, &event);
        if (err != c->err) fail_msg("%s: %s", c->body, ag_err_info(err)->code);
        if (err) {
            assert_int_equal(ag_diag()->count, 1);
        } else {
            assert_str(event.text, c->text);
            assert_int_equal(event.finish, c->finish);
            assert_int_equal(event.usage.input_tokens, c->input);
            assert_int_equal(event.usage.output_tokens, c->output);
            assert_true(event.done);
        }
        ag_buf_done(&text);
    }
}

static void openai_replies(void **state)
{
    (void)state;
#define CHOICE(message) "{\"choices\":[{\"index\":0,\"message\":" message
    static const struct reply_case cases[] = {
        {"{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1700000000,"
         "\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
         "\"content\":\"Hello \\u00e9\\ud83d\\ude00!\",\"refusal\":null},\"logprobs\":null,"
         "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12,"
         "\"total_tokens\":21},\"system_fingerprint\":\"fp\"}",
         AG_OK, "Hello é😀!", AG_FINISH_STOP, 9, 12},
        {CHOICE("{\"content\":\"cut\"},\"finish_reason\":\"length\"}]}"), AG_OK, "cut",
         AG_FINISH_LENGTH, -1, -1},
        {CHOICE("{\"content\":null,\"refusal\":\"I will not.\"},\"finish_reason\":"
                "\"content_filter\"}],\"usage\":null}"),
         AG_OK, "I will not.", AG_FINISH_FILTER, -1, -1},
        {CHOICE("{\"content\":null,\"tool_calls\":[{}]},\"finish_reason\":\"tool_calls\"}]}"),
         AG_OK, "", AG_FINISH_TOOL_CALLS, -1, -1},
        {CHOICE("{\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"thinking\"},"
                "{\"type\":\"text\",\"text\":\"b\"}]},\"finish_reason\":\"eos\"}]}"),
         AG_OK, "ab", AG_FINISH_STOP, -1, -1},
        {CHOICE("{\"content\":\"a\\u0000b\\u0000\"}}],\"usage\":{\"prompt_tokens\":-5,"
                "\"completion_tokens\":1e300}}"),
         AG_OK,
         "a\xEF\xBF\xBD"
         "b\xEF\xBF\xBD",
         AG_FINISH_STOP, 0, AG_LLM_MAX_TOKENS},
        {CHOICE("{\"content\":\"x\"}}],\"usage\":{\"prompt_tokens\":99999999999999999999,"
                "\"completion_tokens\":\"7\"}}"),
         AG_OK, "x", AG_FINISH_STOP, AG_LLM_MAX_TOKENS, -1},
        {"{\"choices\":[{\"index\":1,\"message\":{\"content\":\"no\"}},"
         "{\"message\":{\"content\":\"yes\"}}]}",
         AG_OK, "yes", AG_FINISH_STOP, -1, -1},
        {"", AG_E_UPSTREAM_INVALID},
        {"<!doctype html><html></html>", AG_E_UPSTREAM_INVALID},
        {"{\"choices\":[{\"message\":{\"content\":\"trunca", AG_E_UPSTREAM_INVALID},
        {"[1,2,3]", AG_E_UPSTREAM_INVALID},
        {"{}", AG_E_UPSTREAM_INVALID},
        {"{\"choices\":[]}", AG_E_UPSTREAM_INVALID},
        {"{\"choices\":[7]}", AG_E_UPSTREAM_INVALID},
        {"{\"object\":\"surprise\",\"choices\":{\"0\":[]}}", AG_E_UPSTREAM_INVALID},
        {CHOICE("{\"content\":7}}]}"), AG_E_UPSTREAM_INVALID},
        {CHOICE("{\"content\":\"\xff\xfe\"}}]}"), AG_E_UPSTREAM_INVALID},
        {CHOICE("{\"content\":\"\xed\xa0\x80\"}}]}"), AG_E_UPSTREAM_INVALID},
        {CHOICE("{\"content\":\"\\ud800\"}}]}"), AG_E_UPSTREAM_INVALID},
        {"{\"error\":{\"message\":\"The server had an error.\",\"type\":\"server_error\"}}",
         AG_E_UPSTREAM_ERROR},
        {"{\"error\":\"model 'x' not found\"}", AG_E_UPSTREAM_ERROR},
    };
#undef CHOICE
    check_replies(openai, cases, AG_COUNT(cases));
}

static void anthropic_replies(void **state)
{
    (void)state;
    static const struct reply_case cases[] = {
        {"{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude\","
         "\"content\":[{\"type\":\"text\",\"text\":\"Hello\"},{\"type\":\"tool_use\",\"id\":\"t\"},"
         "{\"type\":\"text\",\"text\":\" there\"}],\"stop_reason\":\"end_turn\","
         "\"stop_sequence\":null,\"usage\":{\"input_tokens\":10,"
         "\"cache_creation_input_tokens\":5,\"cache_read_input_tokens\":3,\"output_tokens\":7}}",
         AG_OK, "Hello there", AG_FINISH_STOP, 18, 7},
        {"{\"content\":[],\"stop_reason\":\"max_tokens\"}", AG_OK, "", AG_FINISH_LENGTH, -1, -1},
        {"{\"content\":[],\"stop_reason\":\"model_context_window_exceeded\"}", AG_OK, "",
         AG_FINISH_LENGTH, -1, -1},
        {"{\"content\":[],\"stop_reason\":\"tool_use\"}", AG_OK, "", AG_FINISH_TOOL_CALLS, -1, -1},
        {"{\"content\":[],\"stop_reason\":\"refusal\"}", AG_OK, "", AG_FINISH_FILTER, -1, -1},
        {"{\"content\":[],\"stop_reason\":\"stop_sequence\"}", AG_OK, "", AG_FINISH_STOP, -1, -1},
        {"{\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":-1,"
         "\"cache_read_input_tokens\":4e9,\"output_tokens\":-1}}",
         AG_OK, "", AG_FINISH_STOP, AG_LLM_MAX_TOKENS, 0},
        {"{\"content\":\"text\"}", AG_E_UPSTREAM_INVALID},
        {"{}", AG_E_UPSTREAM_INVALID},
        {"nope", AG_E_UPSTREAM_INVALID},
        {"{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Busy\"}}",
         AG_E_UPSTREAM_OVERLOADED},
    };
    check_replies(anthropic, cases, AG_COUNT(cases));
}

/* ---- streams ---- */

struct heard {
    char text[256];
    size_t len;
    enum ag_finish finish;
    struct ag_llm_usage usage;
    int events, done;
    enum ag_err err;
};

static void hear_bytes(const struct ag_provider *provider, struct ag_sse_decoder *decoder,
                       struct ag_buf *text, struct ag_str bytes, struct heard *heard)
{
    assert_ok(ag_sse_decoder_feed(decoder, bytes));
    struct ag_str name, data;
    for (;;) {
        bool ready = ag_sse_decoder_ready(decoder);
        bool more = ag_sse_decoder_next(decoder, &name, &data);
        assert_true(!more || ready); /* what comes was announced */
        if (!more || heard->err) return;
        struct ag_llm_event event;
        ag_buf_clear(text);
        heard->err = provider->parse_event(name, data, text, &event);
        if (heard->err) return;
        heard->events++;
        assert_true(heard->len + event.text.len < sizeof(heard->text));
        if (event.text.len > 0) memcpy(heard->text + heard->len, event.text.data, event.text.len);
        heard->len += event.text.len;
        if (event.finish) heard->finish = event.finish;
        if (event.usage.input_tokens >= 0) heard->usage.input_tokens = event.usage.input_tokens;
        if (event.usage.output_tokens >= 0) heard->usage.output_tokens = event.usage.output_tokens;
        heard->done += event.done;
    }
}

/* The stream in pieces of `first`, `step`, `step`, ... bytes. */
static struct heard hear(const struct ag_provider *provider, struct ag_str wire, size_t first,
                         size_t step)
{
    struct heard heard = {.usage = {-1, -1}};
    struct ag_sse_decoder decoder;
    struct ag_buf text;
    ag_sse_decoder_init(&decoder);
    ag_buf_init(&text, NULL, AG_LLM_MAX_RESPONSE_BYTES);
    for (size_t at = 0, size = first; at < wire.len && !heard.err; at += size, size = step)
        hear_bytes(provider, &decoder, &text, ag_str_sub(wire, at, size), &heard);
    ag_buf_done(&text);
    ag_sse_decoder_done(&decoder);
    return heard;
}

static void replace_newlines(const char *wire, const char *with, char *out, size_t size)
{
    size_t len = 0;
    for (; *wire; wire++)
        len += (size_t)snprintf(out + len, size - len, "%.*s", *wire == '\n' ? 2 : 1,
                                *wire == '\n' ? with : wire);
    assert_true(len < size);
}

static void check_stream(const struct ag_provider *provider, const char *wire,
                         const struct heard *want)
{
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    for (size_t e = 0; e < AG_COUNT(ends); e++) {
        char bytes[4096];
        replace_newlines(wire, ends[e], bytes, sizeof(bytes));
        struct ag_str all = ag_str(bytes);
        for (size_t cut = 0; cut <= all.len; cut++) {
            /* Cut once at every byte; the first lap goes byte by byte. */
            struct heard heard = hear(provider, all, cut == 0 ? 1 : cut, cut == 0 ? 1 : all.len);
            assert_str(ag_str_n(heard.text, heard.len), want->text);
            assert_int_equal(heard.err, want->err);
            assert_int_equal(heard.finish, want->finish);
            assert_int_equal(heard.usage.input_tokens, want->usage.input_tokens);
            assert_int_equal(heard.usage.output_tokens, want->usage.output_tokens);
            assert_int_equal(heard.done, want->done);
            if (want->events) assert_int_equal(heard.events, want->events);
        }
    }
}

#define CHUNK(delta, finish)                                                                       \
    "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"    \
    "\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"delta\":" delta                         \
    ",\"logprobs\":null,\"finish_reason\":" finish "}],\"usage\":null}\n\n"

static void openai_streams(void **state)
{
    (void)state;
    check_stream(
        openai,
        CHUNK("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}", "null")
            CHUNK("{\"content\":\"Grüße\"}", "null") CHUNK("{\"content\":\" 😀\"}", "null")
                CHUNK("{}", "\"stop\"") "data: {\"choices\":[],\"usage\":{"
                                        "\"prompt_tokens\":8,\"completion_tokens\":2}}\n\n"
                                        "data: [DONE]\n\n",
        &(struct heard){
            .text = "Grüße 😀", .finish = AG_FINISH_STOP, .usage = {8, 2}, .events = 6, .done = 1});
    /* What a reader must step over, a server that spares spaces, and a refusal. */
    check_stream(openai,
                 "data: {\"choices\":[{\"delta\":\ndata: {\"content\":\"two lines\"},\n"
                 "data: \"finish_reason\":\"length\"}]}\n\ndata: [DONE] \n\n",
                 &(struct heard){.text = "two lines",
                                 .finish = AG_FINISH_LENGTH,
                                 .usage = {-1, -1},
                                 .events = 2,
                                 .done = 1});
}

#define EVENT(name, rest) "event: " name "\ndata: {\"type\":\"" name "\"" rest "}\n\n"

static void anthropic_streams(void **state)
{
    (void)state;
    check_stream(
        anthropic,
        EVENT("message_start", ",\"message\":{\"id\":\"msg_1\",\"content\":[],\"stop_reason\":null,"
                               "\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}")
            EVENT("content_block_start",
                  ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"A\"}") EVENT("ping",
                                                                                             "")
                EVENT("content_block_delta",
                      ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hoy 😀\"}")
                    EVENT("content_block_delta",
                          ",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"x\"}")
                        EVENT("brand_new", ",\"n\":1") EVENT("content_block_stop", ",\"index\":0")
                            EVENT("message_delta", ",\"delta\":{\"stop_reason\":\"end_turn\","
                                                   "\"stop_sequence\":null},\"usage\":"
                                                   "{\"output_tokens\":15}")
                                EVENT("message_stop", ""),
        &(struct heard){
            .text = "Ahoy 😀", .finish = AG_FINISH_STOP, .usage = {25, 15}, .events = 9, .done = 1});
    check_stream(anthropic,
                 EVENT("content_block_delta", ",\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}")
                     EVENT("error", ",\"error\":{\"type\":\"overloaded_error\","
                                    "\"message\":\"Overloaded\"}"),
                 &(struct heard){.text = "a", .err = AG_E_UPSTREAM_OVERLOADED, .usage = {-1, -1}});
}

static void broken_streams(void **state)
{
    (void)state;
    static const struct {
        const char *wire;
        enum ag_err err;
    } cases[] = {
        {"data: [1,2,3]\n\n", AG_E_UPSTREAM_INVALID},
        {"data: {\"choices\":{\"0\":[]}}\n\n", AG_E_UPSTREAM_INVALID},
        {"data: {\"choices\":[{\"delta\":{\"content\":\"b\xff\"}}]}\n\n", AG_E_UPSTREAM_INVALID},
        {"data: {\"choices\":[{\"delta\":{\"content\":\n\n", AG_E_UPSTREAM_INVALID},
        {"data: {\"error\":{\"message\":\"x\",\"code\":502}}\n\n", AG_E_UPSTREAM_ERROR},
        {"data: {\"error\":{\"code\":\"rate_limit_exceeded\"}}\n\n", AG_E_UPSTREAM_RATE_LIMITED},
        {"data: {\"error\":{\"type\":\"insufficient_quota\"}}\n\n", AG_E_UPSTREAM_REJECTED},
        {"data: {\"error\":\"out of cheese\"}\n\n", AG_E_UPSTREAM_ERROR},
    };
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        char wire[512];
        snprintf(wire, sizeof(wire), "%s%s", CHUNK("{\"content\":\"kept\"}", "null"),
                 cases[i].wire);
        check_stream(openai, wire,
                     &(struct heard){.text = "kept", .err = cases[i].err, .usage = {-1, -1}});
    }
    enum { depth = 100 * 1000 };
    static char deep[depth + 16];
    memcpy(deep, "data: ", 6);
    memset(deep + 6, '[', depth);
    memcpy(deep + 6 + depth, "\n\n", 3);
    struct heard heard = hear(openai, ag_str(deep), depth, depth);
    assert_int_equal(heard.err, AG_E_UPSTREAM_INVALID);
}

/* ---- the decoder's limits ---- */

static enum ag_err feed_all(struct ag_sse_decoder *decoder, const char *piece, size_t len,
                            size_t times)
{
    struct ag_str name, data;
    for (size_t i = 0; i < times; i++) {
        enum ag_err err = ag_sse_decoder_feed(decoder, (struct ag_str){piece, len});
        if (err) return err;
        while (ag_sse_decoder_next(decoder, &name, &data)) {}
        if (decoder->err) return decoder->err;
    }
    return AG_OK;
}

static void decoder_has_ceilings(void **state)
{
    (void)state;
    size_t size = 64 * 1024;
    char *piece = malloc(size);
    memset(piece, 'x', size);
    struct ag_sse_decoder decoder;
    ag_sse_decoder_init(&decoder); /* a line without an end */
    assert_int_equal(feed_all(&decoder, piece, size, 160), AG_E_UPSTREAM_TOO_LARGE);
    assert_int_equal(feed_all(&decoder, "\n\n", 2, 1), AG_E_UPSTREAM_TOO_LARGE);
    assert_true(decoder.rest.cap <= AG_LLM_MAX_LINE_BYTES);
    ag_sse_decoder_done(&decoder);

    ag_sse_decoder_init(&decoder); /* an event without an end */
    memcpy(piece, "data: ", 6);
    piece[size - 1] = '\n';
    assert_int_equal(feed_all(&decoder, piece, size, 160), AG_E_UPSTREAM_TOO_LARGE);
    ag_sse_decoder_done(&decoder);

    ag_sse_decoder_init(&decoder); /* comments for ever are nothing but slow */
    piece[0] = ':';
    assert_ok(feed_all(&decoder, piece, size, 160));
    assert_int_equal(decoder.rest.cap + decoder.own.cap, 0);
    ag_sse_decoder_done(&decoder);
    free(piece);

    char line[200] = "event: ";
    memset(line + 7, 'n', 100);
    memcpy(line + 107, "\ndata:  x\n\n", 12);
    ag_sse_decoder_init(&decoder);
    struct ag_str name, data;
    assert_ok(ag_sse_decoder_feed(&decoder, ag_str(line)));
    assert_true(ag_sse_decoder_next(&decoder, &name, &data));
    assert_int_equal(name.len, sizeof(decoder.event));
    assert_str(data, " x"); /* one space belongs to the format, the other to the data */
    assert_false(ag_sse_decoder_next(&decoder, &name, &data));
    assert_false(ag_sse_decoder_ready(&decoder));
    ag_sse_decoder_done(&decoder);
}

/* ---- failures ---- */

static const struct {
    const struct ag_provider *const *provider;
    int status;
    const char *body;
    enum ag_err err;
    const char *text; /* of the diagnostic, or NULL */
} refused[] = {
    {&openai, 400, "{\"error\":{\"message\":\"Bad\\nthing\",\"type\":\"invalid_request_error\"}}",
     AG_E_UPSTREAM_REJECTED, "the provider says (status 400): Bad thing"},
    {&openai, 401, "{\"error\":{\"message\":\"Incorrect API key provided: sk-abc.\"}}",
     AG_E_UPSTREAM_AUTH, "The provider refused the API key (status 401)"},
    {&openai, 403, "", AG_E_UPSTREAM_AUTH, NULL},
    {&openai, 404, "{\"error\":{\"code\":\"model_not_found\",\"message\":\"No such model\"}}",
     AG_E_UPSTREAM_NOT_FOUND, "the provider says (status 404): No such model"},
    {&openai, 400, "{\"error\":{\"code\":\"model_not_found\"}}", AG_E_UPSTREAM_NOT_FOUND, NULL},
    {&openai, 408, "{}", AG_E_UPSTREAM_TIMEOUT, NULL},
    {&openai, 413, "<html>", AG_E_UPSTREAM_REJECTED, NULL},
    {&openai, 422, "{\"detail\":[1]}", AG_E_UPSTREAM_REJECTED, NULL},
    {&openai, 429, "{\"error\":{\"type\":\"requests\",\"code\":\"rate_limit_exceeded\"}}",
     AG_E_UPSTREAM_RATE_LIMITED, NULL},
    {&openai, 429, "{\"error\":{\"code\":\"insufficient_quota\"}}", AG_E_UPSTREAM_REJECTED, NULL},
    {&openai, 500, "{\"error\":{\"type\":\"invalid_request_error\"}}", AG_E_UPSTREAM_ERROR, NULL},
    {&openai, 502, "<html>Bad gateway</html>", AG_E_UPSTREAM_ERROR,
     "The provider failed (status 502)"},
    {&openai, 503, "{\"error\":\"loading model\"}", AG_E_UPSTREAM_OVERLOADED,
     "the provider says (status 503): loading model"},
    {&openai, 504, "", AG_E_UPSTREAM_TIMEOUT, NULL},
    {&openai, 302, "", AG_E_UPSTREAM_INVALID, "the provider redirects (status 302)"},
    {&openai, 204, "", AG_E_UPSTREAM_INVALID, NULL},
    {&openai, 999, "", AG_E_UPSTREAM_ERROR, NULL},
    {&anthropic, 400,
     "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"no\"}}",
     AG_E_UPSTREAM_REJECTED, "the provider says (status 400): no"},
    {&anthropic, 401, "{\"error\":{\"type\":\"authentication_error\"}}", AG_E_UPSTREAM_AUTH, NULL},
    {&anthropic, 402, "{\"error\":{\"type\":\"billing_error\"}}", AG_E_UPSTREAM_REJECTED, NULL},
    {&anthropic, 404, "{\"error\":{\"type\":\"not_found_error\"}}", AG_E_UPSTREAM_NOT_FOUND, NULL},
    {&anthropic, 413, "{\"error\":{\"type\":\"request_too_large\"}}", AG_E_UPSTREAM_REJECTED, NULL},
    {&anthropic, 429, "{\"error\":{\"type\":\"rate_limit_error\"}}", AG_E_UPSTREAM_RATE_LIMITED,
     NULL},
    {&anthropic, 500, "{\"error\":{\"type\":\"api_error\"}}", AG_E_UPSTREAM_ERROR, NULL},
    {&anthropic, 529, "{\"error\":{\"type\":\"overloaded_error\"}}", AG_E_UPSTREAM_OVERLOADED,
     NULL},
    {&anthropic, 529, "\xff\xff", AG_E_UPSTREAM_OVERLOADED, NULL},
};

static void refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < AG_COUNT(refused); i++) {
        enum ag_err err =
            (*refused[i].provider)->parse_error(refused[i].status, ag_str(refused[i].body));
        if (err != refused[i].err)
            fail_msg("%d %s: %s", refused[i].status, refused[i].body, ag_err_info(err)->code);
        if (refused[i].text) assert_string_equal(ag_diag_text(err), refused[i].text);
        assert_true(ag_utf8_valid(ag_str(ag_diag_text(err))));
    }
}

static void long_refusal_is_cut_between_characters(void **state)
{
    (void)state;
    char body[2048] = "{\"error\":{\"message\":\"";
    for (int i = 0; i < 400; i++)
        memcpy(body + strlen(body), "é", 3);
    memcpy(body + strlen(body), "\"}}", 4);
    assert_int_equal(openai->parse_error(400, ag_str(body)), AG_E_UPSTREAM_REJECTED);
    struct ag_str text = ag_str(ag_diag_text(AG_OK));
    assert_true(ag_utf8_valid(text));
    assert_true(text.len > 150 && text.len < AG_DIAG_TEXT_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(providers_are_found),
        cmocka_unit_test(openai_requests),
        cmocka_unit_test(anthropic_requests),
        cmocka_unit_test(impossible_requests),
        cmocka_unit_test(requests_without_memory),
        cmocka_unit_test(requests_have_a_ceiling),
        cmocka_unit_test(openai_replies),
        cmocka_unit_test(anthropic_replies),
        cmocka_unit_test(openai_streams),
        cmocka_unit_test(anthropic_streams),
        cmocka_unit_test(broken_streams),
        cmocka_unit_test(decoder_has_ceilings),
        cmocka_unit_test(refusals),
        cmocka_unit_test(long_refusal_is_cut_between_characters),
    };
    return cmocka_run_group_tests_name("llm", tests, setup, NULL);
}
