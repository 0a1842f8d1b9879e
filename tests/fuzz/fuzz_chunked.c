/* Chunked bodies: decoded as a second, plain decoder does, or refused; in whatever pieces. The
 * first byte says how the rest is cut, the second how much may come out. */
#include "fuzz.h"
#include "http/parse.h"

struct outcome {
    enum ag_err err;
    bool done;
    size_t used;
    struct ag_buf out;
};

static void feed(const uint8_t *data, size_t size, size_t step, size_t max, struct outcome *out)
{
    static const char text[] = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    struct ag_head head;
    llhttp_t llhttp;
    ag_head_init(&head, &llhttp);
    FUZZ_CHECK(ag_head_parse(&head, &llhttp, text, sizeof(text) - 1) == AG_OK && head.complete);
    *out = (struct outcome){.err = AG_OK};
    ag_buf_init(&out->out, NULL, max);
    struct ag_chunked chunked;
    ag_chunked_init(&chunked, &llhttp, &out->out);
    while (!chunked.done && out->used < size && !out->err) {
        size_t len = step < size - out->used ? step : size - out->used, used;
        char *copy = malloc(len);
        FUZZ_CHECK(copy);
        memcpy(copy, data + out->used, len);
        out->err = ag_chunked_parse(&chunked, &llhttp, copy, len, &used);
        free(copy);
        if (out->err) break;
        FUZZ_CHECK(used == len || chunked.done);
        out->used += used;
    }
    out->done = chunked.done;
    FUZZ_CHECK(out->out.len <= max && chunked.data_bytes >= out->out.len);
}

static size_t hex_run(const uint8_t *data, size_t size, size_t *ret_value)
{
    size_t n = 0, value = 0;
    for (; n < size; n++) {
        int digit;
        uint8_t c = data[n];
        if (c >= '0' && c <= '9')
            digit = c - '0';
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (c | 0x20) - 'a' + 10;
        else
            break;
        if (value > SIZE_MAX >> 5) return 0;
        value = value << 4 | (size_t)digit;
    }
    *ret_value = value;
    return n;
}

/* The end of a line of the body: its CR. */
static size_t line_end(const uint8_t *data, size_t size)
{
    size_t n = 0;
    while (n + 1 < size && !(data[n] == '\r' && data[n + 1] == '\n'))
        n++;
    return n;
}

/* What a body that was taken must have said: sizes, data, line ends, and nothing else. */
static void check_against_plain(const uint8_t *data, const struct outcome *outcome)
{
    size_t at = 0, got = 0, size = outcome->used;
    for (;;) {
        size_t length, digits = hex_run(data + at, size - at, &length);
        FUZZ_CHECK(digits > 0);
        at += digits;
        FUZZ_CHECK(data[at] == '\r' || data[at] == ';');
        at += line_end(data + at, size - at) + 2;
        FUZZ_CHECK(at <= size);
        if (length == 0) break;
        FUZZ_CHECK(length <= outcome->out.len - got && length <= size - at);
        FUZZ_CHECK(memcmp(outcome->out.data + got, data + at, length) == 0);
        got += length;
        at += length;
        FUZZ_CHECK(at + 2 <= size && data[at] == '\r' && data[at + 1] == '\n');
        at += 2;
    }
    FUZZ_CHECK(got == outcome->out.len);
    FUZZ_CHECK(size - at >= 2 && data[size - 2] == '\r' && data[size - 1] == '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3) return 0;
    size_t step = data[0] ? data[0] : 1, max = (size_t)data[1] * 16;
    data += 2;
    size -= 2;
    struct outcome whole, pieces;
    feed(data, size, size, max, &whole);
    feed(data, size, step, max, &pieces);
    if (whole.done && !whole.err) check_against_plain(data, &whole);
    bool taken = whole.done && !whole.err;
    FUZZ_CHECK(taken == (pieces.done && !pieces.err));
    if (taken) FUZZ_CHECK(ag_str_eq(ag_buf_str(&whole.out), ag_buf_str(&pieces.out)));
    ag_buf_done(&whole.out);
    ag_buf_done(&pieces.out);
    return 0;
}
