#include "script.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ID      "chatcmpl-AbCdEfGhIjKlMnOpQrStUvWx"
#define CREATED "1735689600"

/* The size of a short answer as OpenAI sends it, so that parsing it costs what it does in service.
 */
#define WHOLE_BYTES 579

#define OPENAI_WHOLE                                                                               \
    "{\"id\":\"" ID "\",\"object\":\"chat.completion\",\"created\":" CREATED                       \
    ",\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","    \
    "\"content\":\"The order left the warehouse this morning and arrives on Friday; the tracking " \
    "number is in your mailbox. Have a good day!\",\"refusal\":null},\"logprobs\":null,"           \
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":42,\"completion_tokens\":27,"       \
    "\"total_tokens\":69,\"prompt_tokens_details\":{\"cached_tokens\":0},"                         \
    "\"completion_tokens_details\":{\"reasoning_tokens\":0}},"                                     \
    "\"service_tier\":\"default\",\"system_fingerprint\":\"fp_0123456\"}"

#define ANTHROPIC_WHOLE                                                                            \
    "{\"id\":\"msg_01AbCdEfGhIjKlMnOpQrStUv\",\"type\":\"message\",\"role\":\"assistant\","        \
    "\"model\":\"claude-sonnet-4-5\",\"content\":[{\"type\":\"text\",\"text\":\"The order left "   \
    "the warehouse this morning and arrives on Friday; the tracking number is in your mailbox. "   \
    "Have a good day!\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"                    \
    "\"usage\":{\"input_tokens\":42,\"cache_creation_input_tokens\":0,"                            \
    "\"cache_read_input_tokens\":0,\"output_tokens\":27,\"service_tier\":\"standard\"}}"

#define STRINGIFY_VALUE(x) #x
#define STRINGIFY(x)       STRINGIFY_VALUE(x)
#define JSON_HEAD(length)                                                                          \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " STRINGIFY(             \
        length) "\r\nx-request-id: req_0123456789\r\n\r\n"
#define ANTHROPIC_WHOLE_BYTES 439

_Static_assert(sizeof(OPENAI_WHOLE) - 1 == WHOLE_BYTES, "the declared length is the real one");
_Static_assert(sizeof(ANTHROPIC_WHOLE) - 1 == ANTHROPIC_WHOLE_BYTES,
               "the declared length is the real one");

static const char openai_whole[] = JSON_HEAD(WHOLE_BYTES) OPENAI_WHOLE;
static const char anthropic_whole[] = JSON_HEAD(ANTHROPIC_WHOLE_BYTES) ANTHROPIC_WHOLE;

#define STREAM_HEAD                                                                                \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"                        \
    "Cache-Control: no-cache\r\nX-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n\r\n"

#define OPENAI_CHUNK_OPEN                                                                          \
    "data: {\"id\":\"" ID "\",\"object\":\"chat.completion.chunk\",\"created\":" CREATED           \
    ",\"model\":\"gpt-4o-mini\",\"system_fingerprint\":\"fp_0123456789\",\"choices\":["
#define OPENAI_CHOICE(delta, finish)                                                               \
    "{\"index\":0,\"delta\":{" delta "},\"logprobs\":null,\"finish_reason\":" finish "}]}\n\n"

#define OPENAI_START                                                                               \
    OPENAI_CHUNK_OPEN OPENAI_CHOICE("\"role\":\"assistant\",\"content\":\"\"", "null")
#define OPENAI_PIECE OPENAI_CHUNK_OPEN OPENAI_CHOICE("\"content\":\"%s\"", "null")
#define OPENAI_STOP  OPENAI_CHUNK_OPEN OPENAI_CHOICE("", "\"stop\"")
#define OPENAI_USAGE                                                                               \
    OPENAI_CHUNK_OPEN "],\"usage\":{\"prompt_tokens\":42,\"completion_tokens\":%u,"                \
                      "\"total_tokens\":%u}}\n\n"
#define OPENAI_DONE "data: [DONE]\n\n"

#define ANTHROPIC_START                                                                            \
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":"                 \
    "\"msg_01AbCdEfGhIjKlMnOpQrStUv\",\"type\":\"message\",\"role\":\"assistant\","                \
    "\"model\":\"claude-sonnet-4-5\",\"content\":[],\"stop_reason\":null,"                         \
    "\"stop_sequence\":null,\"usage\":{\"input_tokens\":42,\"output_tokens\":1}}}\n\n"             \
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"             \
    "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"                                     \
    "event: ping\ndata: {\"type\":\"ping\"}\n\n"
#define ANTHROPIC_PIECE                                                                            \
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"             \
    "\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}}\n\n"
#define ANTHROPIC_STOP                                                                             \
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"           \
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"          \
    "\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":%u}}\n\n"                   \
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

#define LAST_CHUNK "0\r\n\r\n"

const char *ag_script_whole(enum ag_script_api api, size_t *ret_len)
{
    if (api == AG_SCRIPT_ANTHROPIC) {
        *ret_len = sizeof(anthropic_whole) - 1;
        return anthropic_whole;
    }
    *ret_len = sizeof(openai_whole) - 1;
    return openai_whole;
}

/* Formats one chunk of the chunked encoding: its size line, the text, CRLF. */
__attribute__((format(printf, 3, 4))) static bool add_chunk(struct ag_bytes *out, size_t max_bytes,
                                                            const char *fmt, ...)
{
    char text[AG_SCRIPT_STEP_MAX_BYTES];
    char size[16];
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(text)) return false;
    int size_len = snprintf(size, sizeof(size), "%x\r\n", (unsigned)len);
    return ag_bytes_add(out, size, (size_t)size_len, max_bytes) &&
           ag_bytes_add(out, text, (size_t)len, max_bytes) &&
           ag_bytes_add(out, "\r\n", 2, max_bytes);
}

bool ag_script_open(struct ag_bytes *out, enum ag_script_api api, size_t max_bytes)
{
    const char *start = api == AG_SCRIPT_ANTHROPIC ? ANTHROPIC_START : OPENAI_START;

    return ag_bytes_add(out, STREAM_HEAD, sizeof(STREAM_HEAD) - 1, max_bytes) &&
           add_chunk(out, max_bytes, "%s", start);
}

bool ag_script_piece(struct ag_bytes *out, enum ag_script_api api, unsigned seq, uint64_t now_ns,
                     size_t max_bytes)
{
    char mark[AG_MARK_BYTES + 1];

    (void)snprintf(mark, sizeof(mark), "%c%0*u:%0*llu ", AG_MARK_CHAR, AG_MARK_SEQ_DIGITS,
                   seq % (AG_MARK_MAX_SEQ + 1), AG_MARK_TIME_DIGITS, (unsigned long long)now_ns);
    if (api == AG_SCRIPT_ANTHROPIC) return add_chunk(out, max_bytes, ANTHROPIC_PIECE, mark);
    return add_chunk(out, max_bytes, OPENAI_PIECE, mark);
}

bool ag_script_close(struct ag_bytes *out, enum ag_script_api api, unsigned pieces, bool usage,
                     size_t max_bytes)
{
    if (api == AG_SCRIPT_ANTHROPIC)
        return add_chunk(out, max_bytes, ANTHROPIC_STOP, pieces) &&
               ag_bytes_add(out, LAST_CHUNK, sizeof(LAST_CHUNK) - 1, max_bytes);
    return add_chunk(out, max_bytes, "%s", OPENAI_STOP) &&
           (!usage || add_chunk(out, max_bytes, OPENAI_USAGE, pieces, pieces + 42)) &&
           add_chunk(out, max_bytes, "%s", OPENAI_DONE) &&
           ag_bytes_add(out, LAST_CHUNK, sizeof(LAST_CHUNK) - 1, max_bytes);
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at;
}

bool ag_script_asks(const char *body, size_t len, const char *name)
{
    char quoted[64];
    int quoted_len = snprintf(quoted, sizeof(quoted), "\"%s\"", name);

    if (len == 0) return false;
    const char *end = body + len;
    const char *at = body;
    while ((at = memmem(at, (size_t)(end - at), quoted, (size_t)quoted_len)) != NULL) {
        at = skip_space(at + quoted_len, end);
        if (at == end || *at != ':') continue;
        at = skip_space(at + 1, end);
        if (end - at >= 4 && memcmp(at, "true", 4) == 0) return true;
    }
    return false;
}
