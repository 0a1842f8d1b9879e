/* What a provider sends: an event stream or a whole reply or an error, in pieces of any size. The
 * outcome does not depend on where the pieces are cut; text is UTF-8 without NUL; counts stay in
 * range; failures are of the declared kinds. Input: provider and kind, size of the pieces, bytes.
 */
#include "fuzz.h"
#include "llm/llm.h"

struct outcome {
    struct ag_buf text;
    enum ag_err err;
    unsigned events, finishes, done;
    int64_t input_tokens, output_tokens;
};

static void check_event(const struct ag_llm_event *event)
{
    FUZZ_CHECK(ag_utf8_valid(event->text));
    FUZZ_CHECK(event->text.len == 0 || !memchr(event->text.data, 0, event->text.len));
    FUZZ_CHECK(event->usage.input_tokens >= -1 && event->usage.input_tokens <= AG_LLM_MAX_TOKENS);
    FUZZ_CHECK(event->usage.output_tokens >= -1 && event->usage.output_tokens <= AG_LLM_MAX_TOKENS);
    FUZZ_CHECK((unsigned)event->finish <= AG_FINISH_TOOL_CALLS);
}

static bool declared(enum ag_err err)
{
    return err >= AG_E_UPSTREAM_UNREACHABLE && err <= AG_E_UPSTREAM_TOO_LARGE;
}

static void take(struct outcome *out, const struct ag_llm_event *event)
{
    check_event(event);
    out->events++;
    out->finishes += event->finish != AG_FINISH_NONE;
    out->done += event->done;
    if (event->usage.input_tokens >= 0) out->input_tokens = event->usage.input_tokens;
    if (event->usage.output_tokens >= 0) out->output_tokens = event->usage.output_tokens;
    FUZZ_CHECK(ag_buf_append_str(&out->text, event->text) == AG_OK);
}

static struct outcome decode(const struct ag_provider *provider, struct ag_str wire, size_t piece)
{
    struct outcome out = {0};
    struct ag_sse_decoder decoder;
    struct ag_buf text;
    ag_buf_init(&out.text, NULL, AG_LLM_MAX_RESPONSE_BYTES);
    ag_buf_init(&text, NULL, AG_LLM_MAX_RESPONSE_BYTES);
    ag_sse_decoder_init(&decoder);
    for (size_t at = 0; at < wire.len && !out.err; at += piece) {
        out.err = ag_sse_decoder_feed(&decoder, ag_str_sub(wire, at, piece));
        struct ag_str name, data;
        struct ag_llm_event event;
        while (!out.err && ag_sse_decoder_next(&decoder, &name, &data)) {
            FUZZ_CHECK(name.len <= sizeof(decoder.event));
            ag_buf_clear(&text);
            out.err = provider->parse_event(name, data, &text, &event);
            if (!out.err) take(&out, &event);
        }
        if (!out.err) out.err = decoder.err;
    }
    FUZZ_CHECK(out.err == AG_OK || declared(out.err));
    ag_sse_decoder_done(&decoder);
    ag_buf_done(&text);
    return out;
}

static void check_stream(const struct ag_provider *provider, struct ag_str wire, size_t piece)
{
    struct outcome a = decode(provider, wire, AG_CALL_BUFFER_BYTES);
    struct outcome b = decode(provider, wire, piece);
    FUZZ_CHECK(a.err == b.err && a.events == b.events && a.done == b.done);
    FUZZ_CHECK(a.finishes == b.finishes && ag_str_eq(ag_buf_str(&a.text), ag_buf_str(&b.text)));
    FUZZ_CHECK(a.input_tokens == b.input_tokens && a.output_tokens == b.output_tokens);
    ag_buf_done(&a.text);
    ag_buf_done(&b.text);
}

static void check_reply(const struct ag_provider *provider, struct ag_str body)
{
    struct ag_buf text;
    struct ag_llm_event event;
    ag_buf_init(&text, NULL, AG_LLM_MAX_RESPONSE_BYTES);
    enum ag_err err = provider->parse_reply(body, &text, &event);
    FUZZ_CHECK(err == AG_OK || declared(err));
    if (err == AG_OK) {
        check_event(&event);
        FUZZ_CHECK(event.done && event.finish != AG_FINISH_NONE);
    }
    ag_buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return -1;
    const struct ag_provider *provider = ag_provider_find(data[0] & 1 ? AG_STR("anthropic")
                                                                      : AG_STR("openai"));
    struct ag_str wire = ag_str_n((const char *)data + 2, size - 2);
    if (data[0] & 2) {
        check_reply(provider, wire);
        enum ag_err err = provider->parse_error(400 + data[1], wire);
        FUZZ_CHECK(declared(err) && ag_utf8_valid(ag_str(ag_diag_text(err))));
    } else {
        check_stream(provider, wire, 1 + data[1] % 64);
    }
    return 0;
}
