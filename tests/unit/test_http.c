/* The HTTP server as its clients meet it: requests, bodies, refusals, deadlines, limits. */
#include "test_help.h"

#include "http_help.h"

#define HOST "Host: a\r\n"

static void echo(struct ag_request *req)
{
    struct ag_str body, again;
    enum ag_err err = ag_request_body(req, 1000000, &body);
    if (err) {
        (void)!ag_reply_problem(req, err, NULL);
        return;
    }
    assert_ok(ag_request_body(req, 1, &again));
    assert_ptr_equal(again.data, body.data);
    assert_true(body.len == 0 || body.data[body.len] == '\0');
    char text[32];
    int n = snprintf(text, sizeof(text), "%zu", body.len);
    ag_reply_header(req, "X-Length", ag_str_n(text, (size_t)n));
    if (body.len > 10000) body.len = 10;
    (void)!ag_reply(req, 200, "text/plain", body);
}

static void who(struct ag_request *req)
{
    struct ag_str text = ag_arena_printf(
        req->arena, "%.*s %d %.*s %d %d", AG_STR_ARG(ag_request_peer(req)),
        ag_request_from_loopback(req), AG_STR_ARG(req->path), ag_request_has_body(req), req->minor);
    ag_reply_header(req, "Cache-Control", AG_STR("max-age=1"));
    (void)!ag_reply(req, 200, "text/plain", text);
}

static void invalid(struct ag_request *req)
{
    struct ag_field_error items[] = {
        {AG_STR("config.stop[2]"), "too_long", AG_STR("at most \"4\"")},
        {AG_STR("name"), "required", AG_STR("is missing")},
    };
    const struct ag_field_errors errors = {.items = items, .count = AG_COUNT(items)};
    (void)!ag_reply_problem(req, ag_fail(AG_E_INVALID, "two fields"), &errors);
}

static void twice(struct ag_request *req)
{
    assert_ok(ag_reply(req, 200, "text/plain", AG_STR("first")));
    ag_reply_header(req, "X-Late", AG_STR("1"));
    assert_int_equal(ag_reply(req, 200, "text/plain", AG_STR("second")), AG_E_INTERNAL);
    assert_int_equal(ag_reply_problem(req, AG_E_NOT_FOUND, NULL), AG_E_INTERNAL);
    assert_int_equal(ag_sse_begin(req), AG_E_INTERNAL);
}

static void handle(struct ag_request *req, void *arg)
{
    struct ag_str path = req->path;
    req->route = "test";
    if (ag_str_eq(path, AG_STR("/health")))
        (void)!ag_reply(req, 200, "application/json", AG_STR("{\"status\":\"OK\"}"));
    else if (ag_str_eq(path, AG_STR("/echo")))
        echo(req);
    else if (ag_str_eq(path, AG_STR("/who")))
        who(req);
    else if (ag_str_eq(path, AG_STR("/secret")))
        (void)!ag_reply_problem(req, AG_E_UNAUTHENTICATED, NULL);
    else if (ag_str_eq(path, AG_STR("/invalid")))
        invalid(req);
    else if (ag_str_eq(path, AG_STR("/broken")))
        (void)!ag_reply_problem(req, ag_fail(AG_E_INTERNAL, "the secret cause"), NULL);
    else if (ag_str_eq(path, AG_STR("/twice")))
        twice(req);
    else if (ag_str_eq(path, AG_STR("/empty")))
        (void)!ag_reply(req, 204, NULL, (struct ag_str){NULL, 0});
    else if (!ag_str_eq(path, AG_STR("/nothing")))
        (void)!ag_reply_problem(req, AG_E_NOT_FOUND, NULL);
}

/* ---- replies ---- */

static void replies_carry_their_fields(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    struct heard h;
    int fd = dial(&f);
    for (int i = 0; i < 3; i++) {
        ask(fd, "GET /health HTTP/1.1\r\n" HOST "\r\n", &h);
        assert_status(&h, 200);
        assert_has(&h, "HTTP/1.1 200 OK\r\nDate: ");
        assert_has(&h, " GMT\r\n");
        assert_has(&h, "\r\nContent-Type: application/json\r\n");
        assert_has(&h, "\r\nContent-Length: 15\r\n");
        assert_has(&h, "\r\nX-Content-Type-Options: nosniff\r\n");
        assert_has(&h, "\r\nReferrer-Policy: no-referrer\r\n");
        assert_has(&h, "\r\nCross-Origin-Resource-Policy: same-origin\r\n");
        assert_has(&h, "\r\nContent-Security-Policy: default-src 'none'");
        assert_has(&h, "\r\nCache-Control: no-store\r\n");
        assert_has_not(&h, "Connection:");
        assert_string_equal(body_of(&h), "{\"status\":\"OK\"}");
        const char *id = strstr(h.text, "X-Request-Id: ");
        assert_non_null(id);
        assert_int_equal(strcspn(id + 14, "\r"), 36);
        assert_int_equal(id[28], '7'); /* UUID version */
    }
    ask(fd, "GET /health HTTP/1.1\r\n" HOST "X-Request-Id: abc-123\r\n\r\n", &h);
    assert_has(&h, "\r\nX-Request-Id: abc-123\r\n");
    ask(fd, "HEAD /health HTTP/1.1\r\n" HOST "\r\n", &h);
    assert_status(&h, 200);
    assert_has(&h, "\r\nContent-Length: 15\r\n");
    ask(fd, "GET /empty HTTP/1.1\r\n" HOST "\r\n", &h);
    assert_status(&h, 204);
    assert_has_not(&h, "Content-Length");
    ask(fd, "GET /who HTTP/1.1\r\n" HOST "\r\n", &h);
    assert_string_equal(body_of(&h), "127.0.0.1 1 /who 0 1");
    assert_has(&h, "Cache-Control: max-age=1\r\n");
    assert_has_not(&h, "no-store");
    ask(fd, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", &h);
    assert_status(&h, 204);
    assert_has(&h, "Allow: GET");
    struct ag_server_stats stats = stats_of(&f);
    assert_int_equal(stats.accepted, 1);
    assert_int_equal(stats.requests, 8);
    assert_int_equal(stats.open, 1);
    assert_true(stats.bytes_out > 8 * 200 && stats.bytes_in > 8 * 20);
    close(fd);
    fixture_stop(&f);
}

static void problems_say_what_is_wrong(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    struct heard h;
    int fd = dial(&f);
    ask(fd, "GET /absent HTTP/1.1\r\n" HOST "X-Request-Id: x1\r\n\r\n", &h);
    assert_status(&h, 404);
    assert_has(&h, "Content-Type: application/problem+json\r\n");
    assert_string_equal(body_of(&h), "{\"type\":\"urn:agentgen:problem:not_found\","
                                     "\"title\":\"There is nothing here\",\"status\":404,"
                                     "\"detail\":\"There is nothing here\",\"code\":\"not_found\","
                                     "\"request_id\":\"x1\"}");
    ask(fd, "GET /invalid HTTP/1.1\r\n" HOST "\r\n", &h);
    assert_status(&h, 422);
    assert_has(&h, "\"detail\":\"two fields\"");
    assert_has(&h, ",\"errors\":[{\"field\":\"config.stop[2]\",\"code\":\"too_long\",\"message\":"
                   "\"at most \\\"4\\\"\"},{\"field\":\"name\",\"code\":\"required\","
                   "\"message\":\"is missing\"}]}");
    ask(fd, "GET /secret HTTP/1.1\r\n" HOST "\r\n", &h);
    assert_status(&h, 401);
    assert_has(&h, "\r\nWWW-Authenticate: Bearer realm=\"agentgen\"\r\n");
    ask(fd, "GET /broken HTTP/1.1\r\n" HOST "\r\n", &h);
    assert_status(&h, 500);
    assert_has_not(&h, "secret cause");
    ask(fd, "GET /nothing HTTP/1.1\r\n" HOST "\r\n", &h);
    assert_status(&h, 500);
    assert_has(&h, "\"code\":\"internal_error\"");
    say(fd, "GET /twice HTTP/1.1\r\n" HOST "\r\n");
    hear_all(fd, &h);
    assert_true(h.closed);
    assert_string_equal(body_of(&h), "first");
    close(fd);
    fixture_stop(&f);
}

static void old_clients_get_one_reply(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    struct heard h;
    int fd = dial(&f);
    say(fd, "GET /who HTTP/1.0\r\n\r\nGET /who HTTP/1.0\r\n\r\n");
    hear_all(fd, &h);
    assert_true(h.closed);
    assert_status(&h, 200);
    assert_has(&h, "Connection: close\r\n");
    assert_string_equal(body_of(&h), "127.0.0.1 1 /who 0 0");
    close(fd);
    fd = dial(&f);
    for (int i = 0; i < 2; i++) {
        ask(fd, "GET /who HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", &h);
        assert_has(&h, "Connection: keep-alive\r\n");
    }
    say(fd, "GET /who HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    hear_all(fd, &h);
    assert_true(h.closed);
    assert_has(&h, "Connection: close\r\n");
    close(fd);
    fixture_stop(&f);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    struct ag_buf text;
    ag_buf_init(&text, NULL, 1 << 20);
    for (int i = 0; i < 300; i++)
        ag_buf_printf(&text,
                      "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\nX-Fill: %050d\r\n\r\n"
                      "%04d\r\n",
                      0, i);
    ag_buf_append_char(&text, '\0');
    int fd = dial(&f);
    say(fd, text.data);
    for (int i = 0; i < 300; i++) {
        struct heard h;
        char want[16];
        snprintf(want, sizeof(want), "%04d", i);
        hear_reply(fd, &h, true);
        assert_string_equal(body_of(&h), want);
    }
    ag_buf_done(&text);
    close(fd);
    fixture_stop(&f);
}

/* ---- bodies ---- */

static void bodies_are_read(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    struct heard h;
    int fd = dial(&f);
    ask(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", &h);
    assert_string_equal(body_of(&h), "hello");
    ask(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", &h);
    assert_string_equal(body_of(&h), "");
    ask(fd, "POST /echo HTTP/1.1\r\n" HOST "\r\n", &h);
    assert_string_equal(body_of(&h), "");
    ask(fd,
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n"
        "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: 1\r\n\r\n",
        &h);
    assert_string_equal(body_of(&h), "hello");
    /* in single bytes */
    static const char *const slow[] = {
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"};
    for (size_t i = 0; i < AG_COUNT(slow); i++) {
        for (const char *p = slow[i]; *p; p++) {
            say_n(fd, p, 1);
            sleep_ms(1);
        }
        hear_reply(fd, &h, true);
        assert_string_equal(body_of(&h), "hello");
    }
    /* large ones, twice, so that what follows them is seen to be in its place */
    enum { LARGE = 900000 };
    char *large = malloc(LARGE);
    memset(large, 'x', LARGE);
    for (int i = 0; i < 2; i++) {
        say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 900000\r\n\r\n");
        say_n(fd, large, LARGE);
        hear_reply(fd, &h, true);
        assert_has(&h, "X-Length: 900000\r\n");
        say(fd, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nDBBA0\r\n");
        say_n(fd, large, LARGE);
        say(fd, "\r\n0\r\n\r\n");
        hear_reply(fd, &h, true);
        assert_has(&h, "X-Length: 900000\r\n");
    }
    free(large);
    close(fd);
    fixture_stop(&f);
}

static void bodies_too_large_are_refused(void **state)
{
    static const char *const requests[] = {
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1000001\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 9223372036854775807\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1000001\r\nExpect: 100-continue\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nF4241\r\n",
    };
    struct fixture f = {0};
    fixture_start(&f, handle);
    char *large = malloc(1000001);
    memset(large, 'x', 1000001);
    for (size_t i = 0; i < AG_COUNT(requests); i++) {
        struct heard h;
        int fd = dial(&f);
        say(fd, requests[i]);
        /* The client sends on regardless and must still find the reply. */
        say_n(fd, large, 1000001);
        hear_all(fd, &h);
        assert_true(h.closed);
        assert_status(&h, 413);
        assert_has(&h, "Connection: close\r\n");
        assert_has(&h, "\"code\":\"payload_too_large\"");
        assert_has_not(&h, "100 Continue");
        close(fd);
    }
    free(large);
    fixture_stop(&f);
}

static void clients_may_wait_for_continue(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    struct heard h;
    int fd = dial(&f);
    for (int i = 0; i < 2; i++) {
        say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        hear_text(fd, &h, "HTTP/1.1 100 Continue\r\n\r\n", 1);
        say(fd, "hello");
        hear_reply(fd, &h, true);
        assert_status(&h, 200);
        assert_string_equal(body_of(&h), "hello");
    }
    /* Who does not wait is not told to go on. */
    ask(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
        &h);
    assert_status(&h, 200);
    /* A handler that wants no body does not ask for one. */
    say(fd, "POST /secret HTTP/1.1\r\n" HOST "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    hear_all(fd, &h);
    assert_status(&h, 401);
    assert_has(&h, "Connection: close\r\n");
    close(fd);
    fd = dial(&f);
    say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\nExpect: tea\r\n\r\n");
    hear_all(fd, &h);
    assert_status(&h, 417);
    close(fd);
    fixture_stop(&f);
}

static void bodies_nobody_reads_do_no_harm(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    struct heard h;
    int fd = dial(&f);
    /* All of it is here already: dropped. */
    ask(fd, "POST /secret HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", &h);
    assert_status(&h, 401);
    assert_has_not(&h, "Connection: close");
    ask(fd,
        "POST /secret HTTP/1.1\r\n" HOST
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        &h);
    assert_status(&h, 401);
    assert_has_not(&h, "Connection: close");
    ask(fd, "GET /health HTTP/1.1\r\n" HOST "\r\n", &h);
    assert_status(&h, 200);
    /* The rest is still to come: it must not be taken for a request. */
    say(fd, "POST /secret HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\n");
    hear_reply(fd, &h, true);
    assert_status(&h, 401);
    assert_has(&h, "Connection: close\r\n");
    say(fd, "GET /health HTTP/1.1\r\n" HOST "\r\n");
    hear_all(fd, &h);
    assert_int_equal(h.len, 0);
    assert_true(h.closed);
    close(fd);
    fd = dial(&f);
    say(fd, "POST /secret HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nbad\n");
    hear_all(fd, &h);
    assert_status(&h, 401);
    assert_has(&h, "Connection: close\r\n");
    close(fd);
    fixture_stop(&f);
}

/* ---- refusals ---- */

static void malformed_requests_are_answered_and_closed(void **state)
{
    static const struct {
        const char *request;
        int status;
        const char *code;
    } cases[] = {
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
         400, "bad_request"},
        {"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400,
         "bad_request"},
        {"POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nx\r\n", 400,
         "bad_request"},
        {"GET /health HTTP/1.1\r\n\r\n", 400, "bad_request"},
        {"GET /health HTTP/1.1\r\n" HOST HOST "\r\n", 400, "bad_request"},
        {"GET /health HTTP/1.1\r\nHost : a\r\n\r\n", 400, "bad_request"},
        {"GET /health HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400, "bad_request"},
        {"GET /%00 HTTP/1.1\r\n" HOST "\r\n", 400, "bad_request"},
        {"FOO / HTTP/1.1\r\n" HOST "\r\n", 501, "not_implemented"},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http_version_not_supported"},
        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "bad_request"},
    };
    struct fixture f = {0};
    fixture_start(&f, handle);
    static char more[100000];
    memset(more, 'A', sizeof(more));
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        struct heard h;
        int fd = dial(&f);
        say(fd, cases[i].request);
        say_n(fd, more, sizeof(more));
        hear_all(fd, &h);
        assert_true(h.closed);
        assert_status(&h, cases[i].status);
        assert_has(&h, "Connection: close\r\n");
        assert_has(&h, "Content-Type: application/problem+json\r\n");
        assert_has(&h, cases[i].code);
        assert_has(&h, "X-Request-Id: ");
        close(fd);
    }
    /* One of them had a sound head, so its handler told. */
    assert_int_equal(stats_of(&f).malformed, AG_COUNT(cases) - 1);
    fixture_stop(&f);
}

static void large_heads_are_refused(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    struct heard h;
    struct ag_buf text;
    ag_buf_init(&text, NULL, 1 << 20);
    ag_buf_printf(&text, "GET /health HTTP/1.1\r\n" HOST "X: %030000d\r\n\r\n", 0);
    int fd = dial(&f);
    ask(fd, text.data, &h);
    assert_status(&h, 200);
    ag_buf_clear(&text);
    ag_buf_printf(&text, "GET /health HTTP/1.1\r\n" HOST "X: %033000d\r\n\r\n", 0);
    say(fd, text.data);
    hear_all(fd, &h);
    assert_status(&h, 431);
    close(fd);
    ag_buf_clear(&text);
    ag_buf_printf(&text, "GET /health?%09000d HTTP/1.1\r\n" HOST "\r\n", 0);
    fd = dial(&f);
    say(fd, text.data);
    hear_all(fd, &h);
    assert_status(&h, 414);
    close(fd);
    ag_buf_clear(&text);
    ag_buf_append_lit(&text, "GET /health HTTP/1.1\r\n" HOST);
    for (int i = 0; i < 64; i++)
        ag_buf_printf(&text, "X-%d: 1\r\n", i);
    ag_buf_append(&text, "\r\n", 3);
    fd = dial(&f);
    say(fd, text.data);
    hear_all(fd, &h);
    assert_status(&h, 431);
    assert_true(h.closed);
    close(fd);
    ag_buf_done(&text);
    fixture_stop(&f);
}

/* ---- deadlines and limits ---- */

static void slow_clients_are_given_up(void **state)
{
    struct fixture f = {.options = {.header_timeout_ms = 150, .idle_timeout_ms = 300}};
    fixture_start(&f, handle);
    struct heard h;
    int64_t began = ag_mono_ms();
    int fd = dial(&f);
    /* The whole head has one deadline, however steadily it drips. */
    for (int i = 0; i < 10; i++) {
        say(fd, i == 0 ? "GET / HTTP/1.1\r\n" : "X: 1\r\n");
        sleep_ms(30);
    }
    hear_all(fd, &h);
    assert_status(&h, 408);
    assert_true(h.closed);
    assert_true(ag_mono_ms() - began < 2000);
    close(fd);
    /* An idle connection is closed without a word, a new one and a used one. */
    began = ag_mono_ms();
    fd = dial(&f);
    hear_all(fd, &h);
    assert_true(h.closed && h.len == 0);
    assert_in_range(ag_mono_ms() - began, 250, 2000);
    close(fd);
    fd = dial(&f);
    ask(fd, "GET /health HTTP/1.1\r\n" HOST "\r\n", &h);
    hear_all(fd, &h);
    assert_true(h.closed && h.len == 0);
    close(fd);
    assert_int_equal(stats_of(&f).timeouts, 1);
    fixture_stop(&f);
}

static void slow_bodies_are_given_up(void **state)
{
    struct fixture f = {.options = {.body_min_rate = 1000000}};
    fixture_start(&f, handle);
    struct heard h;
    int sized = dial(&f), chunked = dial(&f);
    int64_t began = ag_mono_ms();
    say(sized, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 500\r\n\r\nabc");
    say(chunked, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nff\r\nabc");
    hear_all(sized, &h);
    assert_status(&h, 408);
    assert_true(h.closed);
    hear_all(chunked, &h);
    assert_status(&h, 408);
    assert_in_range(ag_mono_ms() - began, 4900, 9000);
    close(sized);
    close(chunked);
    assert_int_equal(stats_of(&f).timeouts, 2);
    fixture_stop(&f);
}

static void connections_have_a_limit(void **state)
{
    struct fixture f = {.options = {.max_connections = 2}};
    fixture_start(&f, handle);
    struct heard h;
    int one = dial(&f), two = dial(&f);
    ask(one, "GET /health HTTP/1.1\r\n" HOST "\r\n", &h);
    ask(two, "GET /health HTTP/1.1\r\n" HOST "\r\n", &h);
    int three = dial(&f);
    say(three, "GET /health HTTP/1.1\r\n" HOST "\r\n");
    hear_all(three, &h);
    assert_true(h.closed);
    assert_status(&h, 503);
    assert_has(&h, "Retry-After: 1\r\n");
    assert_has(&h, "\"code\":\"overloaded\"");
    close(three);
    assert_int_equal(stats_of(&f).refused, 1);
    /* The others go on, and a place that is free again is given away. */
    ask(one, "GET /health HTTP/1.1\r\n" HOST "\r\n", &h);
    assert_status(&h, 200);
    close(one);
    wait_until(stats_of(&f).open == 1);
    one = dial(&f);
    ask(one, "GET /health HTTP/1.1\r\n" HOST "\r\n", &h);
    assert_status(&h, 200);
    close(one);
    close(two);
    fixture_stop(&f);
}

#ifdef AG_DEBUG
static void faults_cost_one_connection_at_most(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    struct heard h;
    int old = dial(&f);
    ask(old, "GET /health HTTP/1.1\r\n" HOST "\r\n", &h);
    /* Out of descriptors: who is new waits, who is old does not notice. */
    assert_ok(ag_fault_arm(AG_STR("accept=2")));
    int64_t began = ag_mono_ms();
    int fd = dial(&f);
    ask(old, "GET /health HTTP/1.1\r\n" HOST "\r\n", &h);
    assert_true(ag_mono_ms() - began < 100);
    ask(fd, "GET /health HTTP/1.1\r\n" HOST "\r\n", &h);
    assert_status(&h, 200);
    assert_true(ag_mono_ms() - began >= 190);
    close(fd);
    /* No fiber: closed at once. */
    assert_ok(ag_fault_arm(AG_STR("spawn=1")));
    fd = dial(&f);
    hear_all(fd, &h);
    assert_int_equal(h.len, 0);
    close(fd);
    /* No memory: the n-th allocation of a request fails. */
    int fine = 0;
    for (int n = 1; n < 12; n++) {
        char fault[32];
        snprintf(fault, sizeof(fault), "alloc=1@%d", n);
        assert_ok(ag_fault_arm(ag_str(fault)));
        fd = dial(&f);
        say(fd,
            "POST /echo HTTP/1.1\r\n" HOST "Connection: close\r\nContent-Length: 5\r\n\r\nhello");
        hear_all(fd, &h);
        assert_true(h.len == 0 || status_of(&h) == 503 || status_of(&h) == 200);
        if (status_of(&h) == 503) assert_has(&h, "\"code\":\"out_of_memory\"");
        fine += status_of(&h) == 200;
        close(fd);
    }
    assert_ok(ag_fault_arm(AG_STR("alloc=0")));
    assert_in_range(fine, 1, 10);
    ask(old, "GET /health HTTP/1.1\r\n" HOST "\r\n", &h);
    assert_status(&h, 200);
    close(old);
    fixture_stop(&f);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_carry_their_fields),
        cmocka_unit_test(problems_say_what_is_wrong),
        cmocka_unit_test(old_clients_get_one_reply),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(bodies_are_read),
        cmocka_unit_test(bodies_too_large_are_refused),
        cmocka_unit_test(clients_may_wait_for_continue),
        cmocka_unit_test(bodies_nobody_reads_do_no_harm),
        cmocka_unit_test(malformed_requests_are_answered_and_closed),
        cmocka_unit_test(large_heads_are_refused),
        cmocka_unit_test(slow_clients_are_given_up),
        cmocka_unit_test(slow_bodies_are_given_up),
        cmocka_unit_test(connections_have_a_limit),
#ifdef AG_DEBUG
        cmocka_unit_test(faults_cost_one_connection_at_most),
#endif
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
