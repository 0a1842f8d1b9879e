#include "llm/llm.h"

/*
 * WHATWG HTML 9.2.6, "Interpreting an event stream": lines end in CR, LF or both; a blank line
 * ends an event; comments, `id` and `retry` mean nothing to a client that never reconnects.
 *
 * Pieces nearly always end where an event ends, so events are returned as slices of the piece they
 * came in, and a stream that waits holds no buffer at all.
 */

void ag_sse_decoder_init(struct ag_sse_decoder *decoder)
{
    *decoder = (struct ag_sse_decoder){0};
    ag_buf_init(&decoder->rest, NULL, AG_LLM_MAX_LINE_BYTES);
    ag_buf_init(&decoder->own, NULL, AG_LLM_MAX_LINE_BYTES);
}

void ag_sse_decoder_done(struct ag_sse_decoder *decoder)
{
    ag_buf_done(&decoder->rest);
    ag_buf_done(&decoder->own);
}

static enum ag_err too_large(const char *what)
{
    return ag_fail(AG_E_UPSTREAM_TOO_LARGE, "%s of the stream passes %d bytes", what,
                   AG_LLM_MAX_LINE_BYTES);
}

/* Appends to `buf`, naming the limit when it is reached; remembers a failure. */
static bool append(struct ag_sse_decoder *decoder, struct ag_buf *buf, struct ag_str bytes,
                   const char *what)
{
    enum ag_err err = ag_buf_append_str(buf, bytes);
    if (err == AG_E_TOO_LARGE) err = too_large(what);
    decoder->err = err;
    return err == AG_OK;
}

/* Where the first CR or LF is, or the length. */
static size_t line_end(struct ag_str s)
{
    if (s.len == 0) return 0;
    const char *lf = memchr(s.data, '\n', s.len);
    size_t len = lf ? (size_t)(lf - s.data) : s.len;
    const char *cr = memchr(s.data, '\r', len);
    return cr ? (size_t)(cr - s.data) : len;
}

/* Drops the first `end` bytes and the CR or LF behind them. */
static void skip_line(struct ag_sse_decoder *decoder, size_t end)
{
    decoder->skip_lf = decoder->input.data[end] == '\r';
    decoder->input = ag_str_sub(decoder->input, end + 1, SIZE_MAX);
}

/* The LF of a CRLF whose CR has already ended the line. */
static void skip_lf(struct ag_sse_decoder *decoder)
{
    if (!decoder->skip_lf || decoder->input.len == 0) return;
    decoder->skip_lf = false;
    if (decoder->input.data[0] == '\n') decoder->input = ag_str_sub(decoder->input, 1, SIZE_MAX);
}

enum ag_err ag_sse_decoder_feed(struct ag_sse_decoder *decoder, struct ag_str bytes)
{
    if (decoder->err) return decoder->err;
    AG_ASSERT(decoder->input.len == 0 && !decoder->rest_whole);
    decoder->input = bytes;
    skip_lf(decoder);
    if (decoder->rest.len == 0) return AG_OK;
    size_t end = line_end(decoder->input);
    if (!append(decoder, &decoder->rest, ag_str_sub(decoder->input, 0, end), "a line"))
        return decoder->err;
    decoder->rest_whole = end < decoder->input.len;
    if (decoder->rest_whole)
        skip_line(decoder, end);
    else
        decoder->input.len = 0;
    return AG_OK;
}

/* Cuts the next whole line off the undecoded bytes. */
static bool next_line(struct ag_sse_decoder *decoder, struct ag_str *ret_line)
{
    if (decoder->rest_whole) {
        decoder->rest_whole = false;
        decoder->rest_taken = true;
        *ret_line = ag_buf_str(&decoder->rest);
        return true;
    }
    skip_lf(decoder);
    size_t end = line_end(decoder->input);
    if (end == decoder->input.len) return false;
    *ret_line = ag_str_sub(decoder->input, 0, end);
    skip_line(decoder, end);
    if (end > AG_LLM_MAX_LINE_BYTES) decoder->err = too_large("a line");
    return decoder->err == AG_OK;
}

/* Moves the data of the event at hand to a place of its own. */
static bool own_data(struct ag_sse_decoder *decoder)
{
    if (!decoder->has_data || decoder->own.len > 0 || decoder->data.len == 0) return true;
    if (!append(decoder, &decoder->own, decoder->data, "an event")) return false;
    decoder->data = ag_buf_str(&decoder->own);
    return true;
}

static void take_data(struct ag_sse_decoder *decoder, struct ag_str value)
{
    if (!decoder->has_data) {
        decoder->has_data = true;
        decoder->data = value;
        return;
    }
    if (own_data(decoder) && append(decoder, &decoder->own, AG_STR("\n"), "an event"))
        append(decoder, &decoder->own, value, "an event");
    decoder->data = ag_buf_str(&decoder->own);
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
    ag_buf_done(&decoder->own);
    decoder->data = (struct ag_str){NULL, 0};
    decoder->has_data = decoder->delivered = false;
    decoder->event_len = 0;
}

/* The piece is at its end: what has no end yet is kept beyond it. */
static void keep_rest(struct ag_sse_decoder *decoder)
{
    if (!own_data(decoder)) return;
    if (decoder->rest_taken) ag_buf_done(&decoder->rest);
    decoder->rest_taken = false;
    if (decoder->input.len > 0) append(decoder, &decoder->rest, decoder->input, "a line");
    decoder->input.len = 0;
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
        *ret_data = decoder->data;
        return true;
    }
    if (!decoder->err) keep_rest(decoder);
    return false;
}

static bool is_data(struct ag_str line)
{
    return line.len >= 4 && memcmp(line.data, "data", 4) == 0;
}

bool ag_sse_decoder_ready(const struct ag_sse_decoder *decoder)
{
    if (decoder->err) return true;
    struct ag_str rest = decoder->input;
    bool has_data = decoder->has_data && !decoder->delivered, lf_to_skip = decoder->skip_lf;
    if (decoder->rest_whole) has_data |= is_data(ag_buf_str(&decoder->rest));
    for (;;) {
        if (lf_to_skip && rest.len > 0 && rest.data[0] == '\n')
            rest = ag_str_sub(rest, 1, SIZE_MAX);
        size_t end = line_end(rest);
        if (end == rest.len) return false;
        if (end == 0 && has_data) return true;
        has_data |= is_data(ag_str_sub(rest, 0, end));
        lf_to_skip = rest.data[end] == '\r';
        rest = ag_str_sub(rest, end + 1, SIZE_MAX);
    }
}
