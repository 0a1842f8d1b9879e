#include "llm/llm.h"

/*
 * WHATWG HTML 9.2.6, "Interpreting an event stream": lines end in CR, LF or both; a blank line
 * ends an event; comments, `id` and `retry` mean nothing to a client that never reconnects.
 */

void ag_sse_decoder_init(struct ag_sse_decoder *decoder)
{
    *decoder = (struct ag_sse_decoder){0};
    ag_buf_init(&decoder->buf, NULL, AG_LLM_MAX_LINE_BYTES + AG_CALL_BUFFER_BYTES);
    ag_buf_init(&decoder->data, NULL, AG_LLM_MAX_LINE_BYTES);
}

void ag_sse_decoder_done(struct ag_sse_decoder *decoder)
{
    ag_buf_done(&decoder->buf);
    ag_buf_done(&decoder->data);
}

enum ag_err ag_sse_decoder_feed(struct ag_sse_decoder *decoder, struct ag_str bytes)
{
    if (decoder->err) return decoder->err;
    ag_buf_consume(&decoder->buf, decoder->consumed);
    decoder->scanned -= decoder->consumed;
    decoder->consumed = 0;
    enum ag_err err = ag_buf_append_str(&decoder->buf, bytes);
    if (err == AG_E_TOO_LARGE)
        err = ag_fail(AG_E_UPSTREAM_TOO_LARGE, "a line of the stream passes %d bytes",
                      AG_LLM_MAX_LINE_BYTES);
    decoder->err = err;
    return err;
}

/* The first CR or LF at or after `at`, or the end. */
static size_t line_end(const struct ag_buf *buf, size_t at)
{
    if (at >= buf->len) return buf->len;
    const char *from = buf->data + at;
    const char *lf = memchr(from, '\n', buf->len - at);
    size_t len = lf ? (size_t)(lf - from) : buf->len - at;
    const char *cr = memchr(from, '\r', len);
    return at + (cr ? (size_t)(cr - from) : len);
}

/* Cuts the next whole line off the undecoded bytes. */
static bool next_line(struct ag_sse_decoder *decoder, struct ag_str *ret_line)
{
    struct ag_buf *buf = &decoder->buf;
    if (decoder->skip_lf && decoder->consumed < buf->len) {
        decoder->skip_lf = false;
        if (buf->data[decoder->consumed] == '\n') decoder->consumed++;
    }
    size_t end = line_end(buf, AG_MAX(decoder->scanned, decoder->consumed));
    if (end - decoder->consumed > AG_LLM_MAX_LINE_BYTES) {
        decoder->err = ag_fail(AG_E_UPSTREAM_TOO_LARGE, "a line of the stream passes %d bytes",
                               AG_LLM_MAX_LINE_BYTES);
        return false;
    }
    decoder->scanned = end;
    if (end == buf->len) return false;
    *ret_line = (struct ag_str){buf->data + decoder->consumed, end - decoder->consumed};
    decoder->skip_lf = buf->data[end] == '\r';
    decoder->consumed = decoder->scanned = end + 1;
    return true;
}

static void take_data(struct ag_sse_decoder *decoder, struct ag_str value)
{
    enum ag_err err = AG_OK;
    if (decoder->has_data) err = ag_buf_append_char(&decoder->data, '\n');
    if (!err) err = ag_buf_append_str(&decoder->data, value);
    decoder->has_data = true;
    if (err == AG_E_TOO_LARGE)
        err = ag_fail(AG_E_UPSTREAM_TOO_LARGE, "an event of the stream passes %d bytes",
                      AG_LLM_MAX_LINE_BYTES);
    decoder->err = err;
}

static void take_field(struct ag_sse_decoder *decoder, struct ag_str line)
{
    ptrdiff_t colon = ag_str_find_char(line, ':');
    if (colon == 0) return; /* a comment */
    struct ag_str name = line, value = {line.data, 0};
    if (colon > 0) {
        name.len = (size_t)colon;
        value = ag_str_sub(line, (size_t)colon + 1, SIZE_MAX);
        if (value.len > 0 && value.data[0] == ' ') value = ag_str_sub(value, 1, SIZE_MAX);
    }
    if (ag_str_eq(name, AG_STR("data"))) {
        take_data(decoder, value);
    } else if (ag_str_eq(name, AG_STR("event"))) {
        decoder->event_len = AG_MIN(value.len, sizeof(decoder->event));
        memcpy(decoder->event, value.data, decoder->event_len);
    }
}

static void start_event(struct ag_sse_decoder *decoder)
{
    ag_buf_clear(&decoder->data);
    decoder->has_data = decoder->delivered = false;
    decoder->event_len = 0;
}

bool ag_sse_decoder_next(struct ag_sse_decoder *decoder, struct ag_str *ret_event,
                         struct ag_str *ret_data)
{
    if (decoder->delivered) start_event(decoder);
    for (struct ag_str line; !decoder->err && next_line(decoder, &line);) {
        if (!decoder->started) {
            decoder->started = true;
            if (ag_str_starts_with(line, AG_STR("\xEF\xBB\xBF")))
                line = ag_str_sub(line, 3, SIZE_MAX);
        }
        if (line.len > 0) {
            take_field(decoder, line);
            continue;
        }
        if (!decoder->has_data) {
            start_event(decoder);
            continue;
        }
        decoder->delivered = true;
        *ret_event = (struct ag_str){decoder->event, decoder->event_len};
        *ret_data = ag_buf_str(&decoder->data);
        return true;
    }
    return false;
}

bool ag_sse_decoder_ready(const struct ag_sse_decoder *decoder)
{
    if (decoder->err) return true;
    const struct ag_buf *buf = &decoder->buf;
    bool has_data = decoder->has_data && !decoder->delivered, skip_lf = decoder->skip_lf;
    size_t at = decoder->consumed;
    for (;;) {
        if (skip_lf && at < buf->len && buf->data[at] == '\n') at++;
        size_t end = line_end(buf, at);
        if (end >= buf->len) return false;
        if (end == at && has_data) return true;
        has_data |= end - at >= 4 && memcmp(buf->data + at, "data", 4) == 0;
        skip_lf = buf->data[end] == '\r';
        at = end + 1;
    }
}
