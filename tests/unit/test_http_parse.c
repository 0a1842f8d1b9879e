/* The pure part of the HTTP server: heads, targets, chunked bodies, from bytes without sockets. */
#include "test_help.h"

#include "http/parse.h"

struct parsed {
    struct ag_arena arena;
    struct ag_request req;
    struct ag_framing framing;
    size_t head_bytes;
};

/* Feeds `text` in pieces of `step` bytes from a buffer that moves each time. */
static enum ag_err parse_in_steps(struct ag_str text, size_t step, struct parsed *out)
{
    struct ag_head head;
    llhttp_t llhttp;
    ag_head_init(&head, &llhttp);
    ag_arena_init(&out->arena);
    out->req = (struct ag_request){.arena = &out->arena};
    size_t len = 0;
    while (!head.complete) {
        if (len == text.len) return AG_E_CLOSED;
        len = AG_MIN(text.len, len + step);
        /* Exactly as long as what has arrived, so that reading on is found. */
        char *moved = malloc(len);
        memcpy(moved, text.data, len);
        enum ag_err err = ag_head_parse(&head, &llhttp, moved, len);
        if (!err && head.complete)
            err = ag_request_judge(&head, &llhttp, moved, &out->req, &out->framing);
        memset(moved, 'x', len);
        free(moved);
        AG_TRY(err);
    }
    out->head_bytes = head.parsed;
    return AG_OK;
}

static enum ag_err parse(const char *text, struct parsed *out)
{
    return parse_in_steps(ag_str(text), strlen(text), out);
}

#define GET(target)  "GET " target " HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST(fields) "POST / HTTP/1.1\r\nHost: a\r\n" fields "\r\n"

/* ---- what is taken ---- */

static void a_request_is_read(void **state)
{
    const char *text = "POST /v1/agents?limit=3&q=x HTTP/1.1\r\nHost: localhost:5000\r\n"
                       "Content-Length: 12\r\nX-Empty:\r\nX-Padded: \t v w \t\r\n"
                       "X-Request-Id: abc-1\r\n\r\nbody";
    for (size_t step = 1; step <= strlen(text); step++) {
        struct parsed p;
        assert_ok(parse_in_steps(ag_str(text), step, &p));
        assert_int_equal(p.req.method, AG_POST);
        assert_str(p.req.method_text, "POST");
        assert_str(p.req.target, "/v1/agents?limit=3&q=x");
        assert_str(p.req.path, "/v1/agents");
        assert_str(p.req.query, "limit=3&q=x");
        assert_int_equal(p.req.header_count, 5);
        assert_str(ag_request_header(&p.req, AG_STR("host")), "localhost:5000");
        assert_str(ag_request_header(&p.req, AG_STR("X-Empty")), "");
        assert_str(ag_request_header(&p.req, AG_STR("x-padded")), "v w");
        assert_null(ag_request_header(&p.req, AG_STR("x-none")).data);
        assert_str(p.req.request_id, "abc-1");
        assert_int_equal(p.req.minor, 1);
        assert_int_equal(p.framing.content_length, 12);
        assert_true(p.framing.keep_alive);
        assert_false(p.framing.chunked);
        assert_int_equal(p.head_bytes, strlen(text) - 4);
        ag_arena_done(&p.arena);
    }
}

static void keep_alive_follows_the_version(void **state)
{
    static const struct {
        const char *text;
        bool keep_alive;
    } cases[] = {
        {GET("/"), true},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", true},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", true},
    };
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        struct parsed p;
        assert_ok(parse(cases[i].text, &p));
        assert_int_equal(p.framing.keep_alive, cases[i].keep_alive);
        ag_arena_done(&p.arena);
    }
}

static void methods_are_known_or_other(void **state)
{
    static const struct {
        const char *name;
        enum ag_method method;
    } cases[] = {
        {"GET", AG_GET},
        {"HEAD", AG_HEAD},
        {"POST", AG_POST},
        {"PUT", AG_PUT},
        {"PATCH", AG_PATCH},
        {"DELETE", AG_DELETE},
        {"OPTIONS", AG_OPTIONS},
        {"PROPFIND", AG_METHOD_OTHER},
        {"TRACE", AG_METHOD_OTHER},
    };
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        char text[64];
        snprintf(text, sizeof(text), "%s / HTTP/1.1\r\nHost: a\r\n\r\n", cases[i].name);
        struct parsed p;
        assert_ok(parse(text, &p));
        assert_int_equal(p.req.method, cases[i].method);
        assert_str(p.req.method_text, cases[i].name);
        if (cases[i].method != AG_METHOD_OTHER)
            assert_string_equal(ag_method_name(cases[i].method), cases[i].name);
        ag_arena_done(&p.arena);
    }
}

static void request_ids_are_taken_or_not(void **state)
{
    static const struct {
        const char *value;
        bool taken;
    } cases[] = {
        {"a", true},     {"trace/1:2.3_4~5", true}, {"", false},
        {"a b", false},  {"a\"b", false},           {"a'b", false},
        {"a\\b", false}, {"\xC3\xA9", false},
    };
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        char text[128];
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: %s\r\n\r\n",
                 cases[i].value);
        struct parsed p;
        assert_ok(parse(text, &p));
        assert_str(p.req.request_id, cases[i].taken ? cases[i].value : "");
        ag_arena_done(&p.arena);
    }
    for (int len = AG_HTTP_MAX_REQUEST_ID; len <= AG_HTTP_MAX_REQUEST_ID + 1; len++) {
        char text[256];
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: %0*d\r\n\r\n", len,
                 7);
        struct parsed p;
        assert_ok(parse(text, &p));
        assert_int_equal(p.req.request_id.len, len <= AG_HTTP_MAX_REQUEST_ID ? len : 0);
        ag_arena_done(&p.arena);
    }
}

/* ---- what is refused ---- */

static const struct {
    const char *text;
    enum ag_err err;
} refusals[] = {
    /* two lengths */
    {POST("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), AG_E_BAD_REQUEST},
    {POST("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), AG_E_BAD_REQUEST},
    {POST("Content-Length: 3\r\nContent-Length: 4\r\n"), AG_E_BAD_REQUEST},
    {POST("Content-Length: 3\r\nContent-Length: 3\r\n"), AG_E_BAD_REQUEST},
    {POST("Content-Length: 3, 3\r\n"), AG_E_BAD_REQUEST},
    {POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), AG_E_BAD_REQUEST},
    /* lengths that are none */
    {POST("Content-Length:\r\n"), AG_E_BAD_REQUEST},
    {POST("Content-Length: +3\r\n"), AG_E_BAD_REQUEST},
    {POST("Content-Length: -3\r\n"), AG_E_BAD_REQUEST},
    {POST("Content-Length: 0x3\r\n"), AG_E_BAD_REQUEST},
    {POST("Content-Length: 3 3\r\n"), AG_E_BAD_REQUEST},
    {POST("Content-Length: 99999999999999999999\r\n"), AG_E_BAD_REQUEST},
    {POST("Content-Length: 18446744073709551615\r\n"), AG_E_BAD_REQUEST},
    /* codings that are not chunked */
    {POST("Transfer-Encoding: gzip\r\n"), AG_E_BAD_REQUEST},
    {POST("Transfer-Encoding: gzip, chunked\r\n"), AG_E_BAD_REQUEST},
    {POST("Transfer-Encoding: chunked, identity\r\n"), AG_E_BAD_REQUEST},
    {POST("Transfer-Encoding: xchunked\r\n"), AG_E_BAD_REQUEST},
    {POST("Transfer-Encoding: chunked;a=b\r\n"), AG_E_BAD_REQUEST},
    {POST("Transfer-Encoding: \"chunked\"\r\n"), AG_E_BAD_REQUEST},
    {POST("Transfer-Encoding:\r\n"), AG_E_BAD_REQUEST},
    {POST("Transfer-Encoding: \x0b"
          "chunked\r\n"),
     AG_E_BAD_REQUEST},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", AG_E_BAD_REQUEST},
    /* hosts */
    {"GET / HTTP/1.1\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: :80\r\n\r\n", AG_E_BAD_REQUEST},
    /* field lines */
    {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\t2\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a\r\nX(: 1\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r2\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: 1\n2\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: 1\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\nHost: a\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: 1\x01\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: 1\x7f\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1\r\nHost: a\r\n\n", AG_E_BAD_REQUEST},
    /* request lines */
    {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", AG_E_BAD_REQUEST},
    {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET /\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / http/1.1\r\nHost: a\r\n\r\n", AG_E_BAD_REQUEST},
    {"OPTIONS / RTSP/1.0\r\nHost: a\r\n\r\n", AG_E_BAD_REQUEST},
    {"\x16\x03\x01\x02", AG_E_BAD_REQUEST},
    /* versions */
    {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", AG_E_HTTP_VERSION},
    {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", AG_E_HTTP_VERSION},
    {"GET / HTTP/0.9\r\nHost: a\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", AG_E_BAD_REQUEST},
    {"GET / HTTP/11\r\nHost: a\r\n\r\n", AG_E_BAD_REQUEST},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", AG_E_HTTP_VERSION},
    /* methods */
    {"FOO / HTTP/1.1\r\nHost: a\r\n\r\n", AG_E_NOT_IMPLEMENTED},
    {"get / HTTP/1.1\r\nHost: a\r\n\r\n", AG_E_NOT_IMPLEMENTED},
    {"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", AG_E_NOT_IMPLEMENTED},
    {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", AG_E_BAD_REQUEST},
    /* targets */
    {GET("/%"), AG_E_BAD_REQUEST},
    {GET("/%4"), AG_E_BAD_REQUEST},
    {GET("/%zz"), AG_E_BAD_REQUEST},
    {GET("/a%00b"), AG_E_BAD_REQUEST},
    {GET("/a%0d%0ab"), AG_E_BAD_REQUEST},
    {GET("/a%2fb"), AG_E_BAD_REQUEST},
    {GET("/a%2Fb"), AG_E_BAD_REQUEST},
    {GET("/%ff"), AG_E_BAD_REQUEST},
    {GET("/a#b"), AG_E_BAD_REQUEST},
    {GET("/\x80"), AG_E_BAD_REQUEST},
    {GET("/\x7f"), AG_E_BAD_REQUEST},
    {GET("a"), AG_E_BAD_REQUEST},
    {GET("*"), AG_E_BAD_REQUEST},
    {GET("http://b/"), AG_E_BAD_REQUEST},
    {GET("http://a:80/"), AG_E_BAD_REQUEST},
    {GET("http://u@a/"), AG_E_BAD_REQUEST},
    {GET("http:///"), AG_E_BAD_REQUEST},
    {GET("ftp://a/"), AG_E_BAD_REQUEST},
    /* expectations */
    {POST("Content-Length: 1\r\nExpect: 200-ok\r\n"), AG_E_EXPECTATION},
    {POST("Content-Length: 1\r\nExpect: 100-continue, x\r\n"), AG_E_EXPECTATION},
    {POST("Content-Length: 1\r\nExpect:\r\n"), AG_E_EXPECTATION},
};

static void malformed_requests_are_refused(void **state)
{
    for (size_t i = 0; i < AG_COUNT(refusals); i++) {
        const char *text = refusals[i].text;
        for (size_t step = 1; step <= strlen(text); step++) {
            struct parsed p;
            enum ag_err err = parse_in_steps(ag_str(text), step, &p);
            /* An unknown method shows before its end, a stream of bytes may look like one. */
            bool fine = err == refusals[i].err ||
                        (step < 16 && refusals[i].err == AG_E_BAD_REQUEST &&
                         err == AG_E_NOT_IMPLEMENTED);
            if (!fine)
                fail_msg("step %zu: %s instead of %s for: %s", step, ag_err_info(err)->name,
                         ag_err_info(refusals[i].err)->name, text);
            assert_true(ag_diag()->count > 0);
            ag_arena_done(&p.arena);
        }
    }
}

static void a_nul_is_refused_everywhere(void **state)
{
    static const char text[] = "GET /a?b HTTP/1.1\r\nHost: a\r\nX: yz\r\n\r\n";
    for (size_t i = 0; i + 1 < sizeof(text); i++) {
        char with_nul[sizeof(text)];
        memcpy(with_nul, text, sizeof(text));
        with_nul[i] = '\0';
        struct parsed p;
        assert_int_not_equal(parse_in_steps(ag_str_n(with_nul, sizeof(text) - 1), 1000, &p), AG_OK);
        ag_arena_done(&p.arena);
    }
}

static enum ag_err parse_with_fields(int count, int value_bytes)
{
    struct ag_buf text;
    ag_buf_init(&text, NULL, 1 << 20);
    ag_buf_append_lit(&text, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 1; i < count; i++)
        ag_buf_printf(&text, "X-%d: %0*d\r\n", i, value_bytes, 1);
    ag_buf_append_lit(&text, "\r\n");
    struct parsed p;
    enum ag_err err = parse_in_steps(ag_buf_str(&text), 1000, &p);
    if (!err) assert_int_equal(p.req.header_count, count);
    ag_arena_done(&p.arena);
    ag_buf_done(&text);
    return err;
}

static void heads_have_limits(void **state)
{
    assert_ok(parse_with_fields(AG_HTTP_MAX_HEADERS, 1));
    assert_int_equal(parse_with_fields(AG_HTTP_MAX_HEADERS + 1, 1), AG_E_HEADERS_TOO_LARGE);
    assert_ok(parse_with_fields(2, AG_HTTP_MAX_HEADER_BYTES - 100));
    assert_int_equal(parse_with_fields(2, AG_HTTP_MAX_HEADER_BYTES), AG_E_HEADERS_TOO_LARGE);
    assert_int_equal(parse_with_fields(40, 1000), AG_E_HEADERS_TOO_LARGE);
    for (int len = AG_HTTP_MAX_URI_BYTES; len <= AG_HTTP_MAX_URI_BYTES + 1; len++) {
        char *text = malloc((size_t)len + 64);
        int n = snprintf(text, (size_t)len + 64, "GET /%0*d HTTP/1.1\r\nHost: a\r\n\r\n", len - 1,
                         0);
        struct parsed p;
        assert_int_equal(parse_in_steps(ag_str_n(text, (size_t)n), 777, &p),
                         len > AG_HTTP_MAX_URI_BYTES ? AG_E_URI_TOO_LONG : AG_OK);
        ag_arena_done(&p.arena);
        free(text);
    }
}

/* ---- targets ---- */

static void paths_are_normalized(void **state)
{
    static const struct {
        const char *target, *path, *query;
    } cases[] = {
        {"/", "/", ""},
        {"/?", "/", ""},
        {"/?a=%2F", "/", "a=%2F"},
        {"/a/b", "/a/b", ""},
        {"/a%20b%C3%A9", "/a b\xC3\xA9", ""},
        {"/%61", "/a", ""},
        {"/a/./b", "/a/b", ""},
        {"/a/../b", "/b", ""},
        {"/a/b/..", "/a/", ""},
        {"/a/b/.", "/a/b/", ""},
        {"/..", "/", ""},
        {"/../../etc", "/etc", ""},
        {"/%2e%2E/etc", "/etc", ""},
        {"/a/%2e/b/.%2e/c", "/a/c", ""},
        {"/...", "/...", ""},
        {"/.a/..b/c..", "/.a/..b/c..", ""},
        {"//a//b", "//a//b", ""},
        {"/a+b", "/a+b", ""},
        {"/a?b?c", "/a", "b?c"},
        {"/a?../b", "/a", "../b"},
        {"http://a", "/", ""},
        {"HTTP://A/x?y", "/x", "y"},
        {"https://a?y", "/", "y"},
    };
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        char text[256];
        snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", cases[i].target);
        struct parsed p;
        assert_ok(parse(text, &p));
        assert_str(p.req.path, cases[i].path);
        assert_str(p.req.query, cases[i].query);
        ag_arena_done(&p.arena);
    }
}

static void hosts_may_be_names_and_addresses(void **state)
{
    static const char *const hosts[] = {
        "a", "a.b-c_d~1", "a:80", "a:", "127.0.0.1:5000", "[::1]", "[::1]:5000", "[2001:db8::1]:1"};
    for (size_t i = 0; i < AG_COUNT(hosts); i++) {
        char text[128];
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", hosts[i]);
        struct parsed p;
        assert_ok(parse(text, &p));
        ag_arena_done(&p.arena);
    }
}

static void options_may_ask_about_the_server(void **state)
{
    struct parsed p;
    assert_ok(parse("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", &p));
    assert_true(p.framing.asterisk);
    ag_arena_done(&p.arena);
}

static void expect_counts_with_a_body_only(void **state)
{
    struct parsed p;
    assert_ok(parse(POST("Content-Length: 1\r\nExpect: 100-Continue\r\n"), &p));
    assert_true(p.framing.expect_continue);
    ag_arena_done(&p.arena);
    assert_ok(parse(POST("Content-Length: 0\r\nExpect: 100-continue\r\n"), &p));
    assert_false(p.framing.expect_continue);
    ag_arena_done(&p.arena);
    assert_ok(parse("POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: x\r\n\r\n", &p));
    assert_false(p.framing.expect_continue);
    ag_arena_done(&p.arena);
}

static void queries_are_split_and_decoded(void **state)
{
    struct parsed p;
    assert_ok(parse(GET("/?a=1&b=x+y%26z&&c&=d&e==%0A"), &p));
    struct ag_pair pairs[5];
    size_t count;
    assert_ok(ag_request_query(&p.req, pairs, 5, &count));
    assert_int_equal(count, 5);
    assert_str(pairs[0].name, "a");
    assert_str(pairs[0].value, "1");
    assert_str(pairs[1].value, "x y&z");
    assert_str(pairs[2].name, "c");
    assert_str(pairs[2].value, "");
    assert_str(pairs[3].name, "");
    assert_str(pairs[3].value, "d");
    assert_str(pairs[4].value, "=\n");
    assert_int_equal(ag_request_query(&p.req, pairs, 4, &count), AG_E_BAD_REQUEST);
    ag_arena_done(&p.arena);
    static const char *const bad[] = {GET("/?a=%"), GET("/?a=%g1"), GET("/?%00"), GET("/?a=%ff")};
    for (size_t i = 0; i < AG_COUNT(bad); i++) {
        assert_ok(parse(bad[i], &p));
        assert_int_equal(ag_request_query(&p.req, pairs, 5, &count), AG_E_BAD_REQUEST);
        ag_arena_done(&p.arena);
    }
}

static void cookies_are_found(void **state)
{
    struct parsed p;
    assert_ok(parse("GET / HTTP/1.1\r\nHost: a\r\nCookie: ab=0; a=1 ;b=; c\r\nCookie: d=\"x=y\"\r\n"
                    "\r\n",
                    &p));
    assert_str(ag_request_cookie(&p.req, AG_STR("a")), "1");
    assert_str(ag_request_cookie(&p.req, AG_STR("ab")), "0");
    assert_str(ag_request_cookie(&p.req, AG_STR("b")), "");
    assert_str(ag_request_cookie(&p.req, AG_STR("d")), "\"x=y\"");
    assert_null(ag_request_cookie(&p.req, AG_STR("c")).data);
    assert_null(ag_request_cookie(&p.req, AG_STR("e")).data);
    ag_arena_done(&p.arena);
}

/* ---- chunked bodies ---- */

/* Decodes `body` in pieces; what is left behind it goes to `ret_left`. */
static enum ag_err decode(const char *body, size_t step, size_t max, struct ag_arena *arena,
                          struct ag_buf *out, size_t *ret_left)
{
    static const char head_text[] = POST("Transfer-Encoding: chunked\r\n");
    struct ag_head head;
    llhttp_t llhttp;
    ag_head_init(&head, &llhttp);
    AG_TRY(ag_head_parse(&head, &llhttp, head_text, sizeof(head_text) - 1));
    assert_true(head.complete);
    ag_buf_init(out, arena, max);
    struct ag_chunked chunked;
    ag_chunked_init(&chunked, &llhttp, out);
    size_t at = 0, len = strlen(body);
    while (!chunked.done) {
        if (at == len) return AG_E_CLOSED;
        size_t used, n = AG_MIN(step, len - at);
        char *piece = malloc(n);
        memcpy(piece, body + at, n);
        enum ag_err err = ag_chunked_parse(&chunked, &llhttp, piece, n, &used);
        free(piece);
        AG_TRY(err);
        at += used;
    }
    *ret_left = len - at;
    return AG_OK;
}

static void chunked_bodies_are_decoded(void **state)
{
    static const struct {
        const char *body, *data;
        size_t left;
    } cases[] = {
        {"0\r\n\r\n", "", 0},
        {"5\r\nhello\r\n0\r\n\r\n", "hello", 0},
        {"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\nGET", "hello", 3},
        {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789", 0},
        {"000a\r\n0123456789\r\n0\r\n\r\n", "0123456789", 0},
        {"5;ext=1;b=\"c\"\r\nhello\r\n0\r\n\r\n", "hello", 0},
        {"5\r\n\r\n0\r\n\r\n0\r\n\r\n", "\r\n0\r\n", 0},
        {"5\r\nhello\r\n0\r\nTrailer: x\r\nHost: evil\r\n\r\nG", "hello", 1},
    };
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        for (size_t step = 1; step <= strlen(cases[i].body); step++) {
            struct ag_arena arena;
            ag_arena_init(&arena);
            struct ag_buf out;
            size_t left;
            assert_ok(decode(cases[i].body, step, 100, &arena, &out, &left));
            assert_str(ag_buf_str(&out), cases[i].data);
            if (step == strlen(cases[i].body)) assert_int_equal(left, cases[i].left);
            ag_arena_done(&arena);
        }
    }
}

static void malformed_chunks_are_refused(void **state)
{
    static const char *const cases[] = {
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhelloX0\r\n\r\n",
        "5\r\nhelloX\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\r\n0\r\nX\r\n\r\n",
        "5\r\nhello\r\n0\r\n X: y\r\n\r\n",
        "5\r\nhello\r\n0\r\nX : y\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    };
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        for (size_t step = 1; step <= strlen(cases[i]); step++) {
            struct ag_arena arena;
            ag_arena_init(&arena);
            struct ag_buf out;
            size_t left;
            enum ag_err err = decode(cases[i], step, 100, &arena, &out, &left);
            if (err != AG_E_BAD_REQUEST)
                fail_msg("step %zu: %s for: %s", step, ag_err_info(err)->name, cases[i]);
            ag_arena_done(&arena);
        }
    }
}

static void chunked_bodies_have_limits(void **state)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_buf out;
    size_t left;
    assert_int_equal(decode("7\r\n", 1, 6, &arena, &out, &left), AG_E_TOO_LARGE);
    assert_int_equal(decode("6\r\n123456\r\n1\r\n", 3, 6, &arena, &out, &left), AG_E_TOO_LARGE);
    assert_int_equal(decode("ffffffffffffffff\r\n", 1, 6, &arena, &out, &left), AG_E_TOO_LARGE);
    assert_ok(decode("6\r\n123456\r\n0\r\n\r\n", 3, 6, &arena, &out, &left));

    /* Extensions and trailers without end. */
    struct ag_buf text;
    ag_buf_init(&text, NULL, 1 << 20);
    ag_buf_printf(&text, "5;x=%0*d\r\nhello\r\n0\r\n\r\n", AG_HTTP_CHUNK_OVERHEAD_BYTES + 64, 1);
    assert_int_equal(decode(text.data, 1000, 100, &arena, &out, &left), AG_E_BAD_REQUEST);
    ag_buf_clear(&text);
    ag_buf_printf(&text, "0\r\nX: %0*d\r\n\r\n", AG_HTTP_CHUNK_OVERHEAD_BYTES + 16, 1);
    assert_int_equal(decode(text.data, 1000, 100, &arena, &out, &left), AG_E_BAD_REQUEST);
    ag_buf_clear(&text);
    /* Chunks of one byte are wasteful and fine. */
    for (int i = 0; i < 10000; i++)
        ag_buf_append_lit(&text, "1\r\nx\r\n");
    ag_buf_append_lit(&text, "0\r\n\r\n");
    ag_buf_append_char(&text, '\0');
    assert_ok(decode(text.data, 1000, 10000, &arena, &out, &left));
    assert_int_equal(out.len, 10000);
    ag_buf_done(&text);
    ag_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read),
        cmocka_unit_test(keep_alive_follows_the_version),
        cmocka_unit_test(methods_are_known_or_other),
        cmocka_unit_test(request_ids_are_taken_or_not),
        cmocka_unit_test(malformed_requests_are_refused),
        cmocka_unit_test(a_nul_is_refused_everywhere),
        cmocka_unit_test(heads_have_limits),
        cmocka_unit_test(paths_are_normalized),
        cmocka_unit_test(hosts_may_be_names_and_addresses),
        cmocka_unit_test(options_may_ask_about_the_server),
        cmocka_unit_test(expect_counts_with_a_body_only),
        cmocka_unit_test(queries_are_split_and_decoded),
        cmocka_unit_test(cookies_are_found),
        cmocka_unit_test(chunked_bodies_are_decoded),
        cmocka_unit_test(malformed_chunks_are_refused),
        cmocka_unit_test(chunked_bodies_have_limits),
    };
    return cmocka_run_group_tests_name("http_parse", tests, NULL, NULL);
}
