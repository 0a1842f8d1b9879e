/* Request heads: whatever arrives, in whatever pieces, is refused or is one request that cannot be
 * read in two ways. The first byte says how the rest is cut. */
#include "fuzz.h"
#include "http/parse.h"

struct outcome {
    enum ag_err err;
    bool incomplete;
    size_t parsed;
    struct ag_arena arena;
    struct ag_request req;
    struct ag_framing framing;
};

/* Feeds the bytes `step` at a time, each time from memory of exactly the length so far. */
static void feed(const uint8_t *data, size_t size, size_t step, struct outcome *out)
{
    struct ag_head head;
    llhttp_t llhttp;
    *out = (struct outcome){.err = AG_OK};
    ag_arena_init(&out->arena);
    out->req.arena = &out->arena;
    ag_head_init(&head, &llhttp);
    for (size_t len = 0; !head.complete && !out->err;) {
        if (len == size) {
            out->incomplete = true;
            return;
        }
        len = size - len < step ? size : len + step;
        char *copy = malloc(len);
        FUZZ_CHECK(copy);
        memcpy(copy, data, len);
        out->err = ag_head_parse(&head, &llhttp, copy, len);
        if (!out->err && head.complete) {
            FUZZ_CHECK(head.parsed <= len && head.parsed <= AG_HTTP_MAX_HEADER_BYTES);
            out->err = ag_request_judge(&head, &llhttp, copy, &out->req, &out->framing);
        }
        free(copy);
    }
    out->parsed = head.parsed;
}

static bool has_line_break(struct ag_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] == '\r' || s.data[i] == '\n' || s.data[i] == '\0') return true;
    return false;
}

static size_t count_fields(const struct ag_request *req, struct ag_str name)
{
    size_t count = 0;
    for (size_t i = 0; i < req->header_count; i++)
        count += ag_str_eq_nocase(req->headers[i].name, name);
    return count;
}

static void check_fields(const struct ag_request *req)
{
    FUZZ_CHECK(req->header_count <= AG_HTTP_MAX_HEADERS);
    for (size_t i = 0; i < req->header_count; i++) {
        struct ag_str name = req->headers[i].name, value = req->headers[i].value;
        FUZZ_CHECK(name.len > 0 && !has_line_break(name) && !has_line_break(value));
        FUZZ_CHECK(ag_str_find_char(name, ' ') < 0 && ag_str_find_char(name, '\t') < 0 &&
                   ag_str_find_char(name, ':') < 0);
        FUZZ_CHECK(ag_str_trim(value).len == value.len);
    }
}

static void check_framing(const struct outcome *out)
{
    const struct ag_request *req = &out->req;
    size_t lengths = count_fields(req, AG_STR("Content-Length"));
    size_t codings = count_fields(req, AG_STR("Transfer-Encoding"));
    size_t hosts = count_fields(req, AG_STR("Host"));
    FUZZ_CHECK(lengths + codings <= 1);
    FUZZ_CHECK(out->framing.chunked == (codings == 1));
    FUZZ_CHECK(out->framing.content_length <= INT64_MAX);
    FUZZ_CHECK(lengths == 1 || out->framing.content_length == 0);
    FUZZ_CHECK(hosts == 1 || (hosts == 0 && req->minor == 0));
    FUZZ_CHECK(req->minor == 0 || req->minor == 1);
}

static void check_target(const struct ag_request *req)
{
    FUZZ_CHECK(req->target.len > 0 && req->target.len <= AG_HTTP_MAX_URI_BYTES);
    FUZZ_CHECK(req->path.len > 0 && req->path.data[0] == '/');
    FUZZ_CHECK(ag_utf8_valid(req->path) && !has_line_break(req->path));
    struct ag_str rest = req->path, element;
    while (ag_str_split(&rest, '/', &element))
        FUZZ_CHECK(!ag_str_eq(element, AG_STR(".")) && !ag_str_eq(element, AG_STR("..")));
}

static void use(const struct ag_request *req)
{
    struct ag_pair pairs[8];
    size_t count;
    if (ag_request_query(req, pairs, AG_COUNT(pairs), &count) == AG_OK)
        for (size_t i = 0; i < count; i++)
            FUZZ_CHECK(ag_utf8_valid(pairs[i].name) && ag_utf8_valid(pairs[i].value));
    (void)ag_request_cookie(req, AG_STR("a"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    size_t step = data[0] ? data[0] : 1;
    data++;
    size--;
    struct outcome whole, pieces;
    feed(data, size, size, &whole);
    feed(data, size, step, &pieces);
    if (whole.err == AG_OK && !whole.incomplete) {
        check_fields(&whole.req);
        check_framing(&whole);
        check_target(&whole.req);
        use(&whole.req);
    }
    /* How it was cut makes no difference to what is taken. */
    bool taken = whole.err == AG_OK && !whole.incomplete;
    FUZZ_CHECK(taken == (pieces.err == AG_OK && !pieces.incomplete));
    if (taken) {
        FUZZ_CHECK(whole.parsed == pieces.parsed);
        FUZZ_CHECK(whole.req.header_count == pieces.req.header_count);
        FUZZ_CHECK(ag_str_eq(whole.req.path, pieces.req.path));
        FUZZ_CHECK(whole.framing.content_length == pieces.framing.content_length);
        FUZZ_CHECK(whole.framing.chunked == pieces.framing.chunked);
        FUZZ_CHECK(whole.framing.keep_alive == pieces.framing.keep_alive);
        for (size_t i = 0; i < whole.req.header_count; i++)
            FUZZ_CHECK(ag_str_eq(whole.req.headers[i].value, pieces.req.headers[i].value));
    }
    ag_arena_done(&whole.arena);
    ag_arena_done(&pieces.arena);
    return 0;
}
