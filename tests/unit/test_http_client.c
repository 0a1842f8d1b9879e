/* The HTTP client against a server in this process: what it sends, what it makes of every kind of
 * reply, which connections it keeps, and how it holds back a server that is faster. */
#include "client_help.h"

/* ---- what is sent ---- */

static bool echo_request(struct upstream_call *call)
{
    char text[8192];
    snprintf(text, sizeof(text), "%.*s|%.*s", AG_STR_ARG(call->head), AG_STR_ARG(call->body));
    return up_reply(call, 201, "X-Kind:  echo \r\n", text);
}

static void sends_exactly(struct upstream *up)
{
    char url[128], want[512];
    snprintf(url, sizeof(url), "%s/v1/things?x=1", up->url);
    const char *const headers[] = {"Content-Type: application/json", "X-Key: secret", NULL};
    struct ag_call_request request = request_to(url);
    request.method = "POST";
    request.headers = headers;
    request.body = AG_STR("{\"a\":1}");
    int status;
    struct ag_str body = {0};
    assert_ok(fetch(&request, &status, &body));
    assert_int_equal(status, 201);
    snprintf(want, sizeof(want),
             "POST /v1/things?x=1 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: agentgen\r\n"
             "Accept: */*\r\nContent-Type: application/json\r\nX-Key: secret\r\n"
             "Content-Length: 7\r\n|{\"a\":1}",
             up->port);
    assert_str(body, want);

    /* The same record is used again, with another method and nothing of the last call's. */
    request = request_to(url);
    assert_ok(fetch(&request, &status, &body));
    snprintf(want, sizeof(want),
             "GET /v1/things?x=1 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: agentgen\r\n"
             "Accept: */*\r\n|",
             up->port);
    assert_str(body, want);
    request.method = "DELETE";
    assert_ok(fetch(&request, &status, &body));
    assert_true(ag_str_starts_with(body, AG_STR("DELETE /v1/things?x=1 ")));
    request.method = "POST";
    assert_ok(fetch(&request, &status, &body));
    assert_true(ag_str_starts_with(body, AG_STR("POST /v1/things?x=1 ")));
    assert_int_equal(atomic_load(&up->connections), 1);
}

static void request_is_sent_as_asked(void **state)
{
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:9", 1); /* must not matter */
    with(sends_exactly, echo_request);
    unsetenv("http_proxy");
}

static bool count_body(struct upstream_call *call)
{
    char text[64];
    size_t x = 0;
    for (size_t i = 0; i < call->body.len; i++)
        x += call->body.data[i] == 'x';
    snprintf(text, sizeof(text), "%zu %s", x,
             ag_str_find(call->head, AG_STR("xpect")) >= 0 ? "expects" : "plain");
    return up_reply(call, 200, "", text);
}

static void sends_large(struct upstream *up)
{
    size_t size = 900 * 1024;
    char *text = malloc(size);
    memset(text, 'x', size);
    struct ag_call_request request = request_to(up->url);
    request.method = "POST";
    request.body = (struct ag_str){text, size};
    for (int i = 0; i < 2; i++) {
        int status;
        struct ag_str body = {0};
        assert_ok(fetch(&request, &status, &body));
        assert_str(body, "921600 plain");
    }
    free(text);
}

static void large_request_needs_no_permission(void **state)
{
    (void)state;
    with(sends_large, count_body);
}

static void refuses_headers(struct upstream *up)
{
    const char *const bad[] = {"X: a\r\nY: b", NULL};
    const char *many[AG_CALL_MAX_HEADERS + 2];
    for (size_t i = 0; i < AG_COUNT(many); i++)
        many[i] = i < AG_COUNT(many) - 1 ? "X: y" : NULL;
    struct ag_call_request request = request_to(up->url);
    struct ag_call *call;
    request.headers = bad;
    assert_int_equal(ag_call_start(client, &request, &call), AG_E_INVALID);
    request.headers = many;
    assert_int_equal(ag_call_start(client, &request, &call), AG_E_INVALID);
    request.headers = many + 1;
    assert_ok(fetch_err(&request));
    assert_int_equal(atomic_load(&up->requests), 1);
}

static void headers_are_checked(void **state)
{
    (void)state;
    with(refuses_headers, echo_request);
}

/* ---- what is read ---- */

static void reads_headers(struct upstream *up)
{
    struct ag_call_request request = request_to(up->url);
    struct ag_call *call = start(&request);
    int status;
    assert_ok(ag_call_head(call, AG_NEVER, &status));
    assert_ok(ag_call_head(call, AG_NEVER, &status));
    assert_str(ag_call_header(call, "x-kind"), "echo");
    assert_str(ag_call_header(call, "X-KIND"), "echo");
    assert_null(ag_call_header(call, "x-kin").data);
    assert_null(ag_call_header(call, "x-kind2").data);
    ag_call_free(call);
    ag_call_free(NULL);
    ag_call_release(NULL);
}

static void header_lookup(void **state)
{
    (void)state;
    with(reads_headers, echo_request);
}

static bool reply_variants(struct upstream_call *call)
{
    switch (call->number) {
    case 1: /* interim answers come first */
        return up_text(call, "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
                             "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
                             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Late: 1\r\n\r\nab");
    case 2: /* the end of the connection ends the body */
        up_text(call, "HTTP/1.0 200 OK\r\n\r\nuntil the end");
        return false;
    case 3: /* chunks, an extension, a trailer */
        return up_text(call, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n");
    case 4:
        return up_text(call, "HTTP/1.1 204 No Content\r\n\r\n");
    case 5:
        return up_text(call, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\n"
                             "Content-Length: 4\r\n\r\ngone");
    case 6: /* not asked for, so not undone */
        return up_text(call, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                             "Content-Length: 3\r\n\r\nxyz");
    default:
        return up_text(call, "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n");
    }
}

static void reads_variants(struct upstream *up)
{
    static const struct {
        int status;
        const char *body;
    } want[] = {{200, "ab"},   {200, "until the end"}, {200, "abcde"}, {204, ""},
                {302, "gone"}, {200, "xyz"},           {200, ""},      {200, ""}};
    struct ag_call_request request = request_to(up->url);
    for (size_t i = 0; i < AG_COUNT(want); i++) {
        int status;
        struct ag_str body = {0};
        assert_ok(fetch(&request, &status, &body));
        assert_int_equal(status, want[i].status);
        assert_str(body, want[i].body);
    }
    assert_int_equal(atomic_load(&up->requests), AG_COUNT(want));
}

static void every_kind_of_reply(void **state)
{
    (void)state;
    with(reads_variants, reply_variants);
}

static bool stream_slowly(struct upstream_call *call)
{
    if (!up_stream(call)) return false;
    for (int i = 0; i < 5; i++) {
        char text[32];
        snprintf(text, sizeof(text), "piece %d.", i);
        up_sleep(20);
        if (!up_chunk(call, text)) return false;
    }
    return up_stream_end(call);
}

static void reads_pieces(struct upstream *up)
{
    struct ag_call_request request = request_to(up->url);
    request.stream = true;
    struct ag_call *call = start(&request);
    int status, late = 0;
    assert_false(ag_call_ready(call));
    assert_ok(ag_call_head(call, AG_NEVER, &status));
    char all[128] = "";
    size_t len = 0;
    for (;;) {
        struct ag_str piece;
        enum ag_err err = ag_call_read(call, ag_deadline_in(5), &piece);
        if (err == AG_E_CLOSED) break;
        if (err == AG_E_TIMEOUT) {
            late++;
            continue;
        }
        assert_ok(err);
        assert_true(len + piece.len < sizeof(all));
        memcpy(all + len, piece.data, piece.len);
        len += piece.len;
    }
    assert_str(ag_str_n(all, len), "piece 0.piece 1.piece 2.piece 3.piece 4.");
    assert_true(late >= 5);
    assert_true(ag_call_ready(call) && ag_call_ended(call));
    ag_call_free(call);
}

static void pieces_come_as_they_are_sent(void **state)
{
    (void)state;
    with(reads_pieces, stream_slowly);
}

/* ---- connections ---- */

static struct ag_cond all_done;
static int running;

static void fetch_some(void *arg)
{
    struct upstream *up = arg;
    struct ag_call_request request = request_to(up->url);
    for (int i = 0; i < 20; i++)
        assert_ok(fetch_err(&request));
    if (--running == 0) ag_cond_signal(&all_done);
}

static void many_at_once(struct upstream *up)
{
    running = 64;
    for (int i = 0; i < 64; i++)
        assert_ok(ag_fiber_spawn("fetch", fetch_some, up));
    assert_ok(ag_cond_wait(&all_done, AG_NEVER));
    assert_int_equal(atomic_load(&up->requests), 64 * 20);
    assert_true(atomic_load(&up->connections) <= 64);
    assert_int_equal(ag_http_client_connections(client), atomic_load(&up->connections));
}

static void connections_are_reused(void **state)
{
    (void)state;
    with(many_at_once, echo_request);
}

static bool answer_then_close(struct upstream_call *call)
{
    up_reply(call, 200, "", "ok");
    return false; /* without having said so */
}

static void survives_stale(struct upstream *up)
{
    struct ag_call_request request = request_to(up->url);
    for (int i = 0; i < 3; i++) {
        assert_ok(fetch_err(&request));
        assert_ok(ag_fiber_sleep(30)); /* the end of the kept connection is noticed here */
    }
    assert_int_equal(atomic_load(&up->requests), 3);
    assert_int_equal(atomic_load(&up->connections), 3);
}

static void kept_connection_that_died(void **state)
{
    (void)state;
    with(survives_stale, answer_then_close);
}

static bool end_late(struct upstream_call *call)
{
    if (!up_stream(call) || !up_chunk(call, "all there is")) return false;
    if (call->number == 3) return !up_wait_closed(call, 5000);
    up_sleep(50);
    return up_stream_end(call);
}

/* Reads the one piece and gives the call back before its end has come. */
static void read_and_release(struct upstream *up)
{
    struct ag_call_request request = request_to(up->url);
    request.method = "POST";
    request.body = AG_STR("{}");
    request.stream = true;
    struct ag_call *call = start(&request);
    int status;
    struct ag_str piece;
    assert_ok(ag_call_head(call, AG_NEVER, &status));
    assert_ok(ag_call_read(call, AG_NEVER, &piece));
    assert_str(piece, "all there is");
    ag_call_release(call);
    assert_int_equal(ag_http_client_calls(client), 0);
}

static void releases(struct upstream *up)
{
    read_and_release(up);
    assert_ok(ag_fiber_sleep(150));
    read_and_release(up); /* on the same connection */
    assert_ok(ag_fiber_sleep(150));
    assert_int_equal(atomic_load(&up->connections), 1);
    read_and_release(up); /* takes too long and is cut */
    assert_int_equal(ag_http_client_connections(client), 1);
    assert_ok(ag_fiber_sleep(1300));
    assert_int_equal(ag_http_client_connections(client), 0);
    read_and_release(up); /* left lingering when the client goes */
}

static void released_call_keeps_its_connection(void **state)
{
    (void)state;
    with(releases, end_late);
}

/* ---- back-pressure ---- */

enum { FLOOD_BYTES = 6 * 1024 * 1024, FLOOD_PIECE = 64 * 1024 };
static atomic_size_t flooded;

static bool flood(struct upstream_call *call)
{
    char piece[FLOOD_PIECE]; /* two connections can be flooded at once */
    for (size_t i = 0; i < sizeof(piece); i++)
        piece[i] = (char)('a' + i % 26);
    flooded = 0;
    if (!up_stream(call)) return false;
    for (size_t i = 0; i < FLOOD_BYTES; i += sizeof(piece)) {
        if (!up_chunk_n(call, piece, sizeof(piece))) return false;
        flooded += sizeof(piece);
    }
    return up_stream_end(call);
}

static void read_flood(struct upstream *up, bool stream)
{
    struct ag_call_request request = request_to(up->url);
    request.stream = stream;
    struct ag_call *call = start(&request);
    int status;
    assert_ok(ag_call_head(call, AG_NEVER, &status));
    assert_ok(ag_fiber_sleep(200));
    size_t before = flooded;
    assert_ok(ag_fiber_sleep(200));
    assert_int_equal(flooded, before); /* the server was made to wait */
    assert_true(before < FLOOD_BYTES);
    size_t len = 0;
    for (;;) {
        struct ag_str piece;
        enum ag_err err = ag_call_read(call, AG_NEVER, &piece);
        if (err == AG_E_CLOSED) break;
        assert_ok(err);
        assert_true(piece.len <= AG_CALL_BUFFER_BYTES / 2);
        for (size_t i = 0; i < piece.len; i++)
            if (piece.data[i] != (char)('a' + (len + i) % FLOOD_PIECE % 26)) fail();
        len += piece.len;
    }
    assert_int_equal(len, FLOOD_BYTES);
    ag_call_free(call);
}

static void slow_reader(struct upstream *up)
{
    read_flood(up, true);
    read_flood(up, false);
    assert_int_equal(atomic_load(&up->connections), 1);
}

static void slow_reader_slows_the_server(void **state)
{
    (void)state;
    with(slow_reader, flood);
}

static void too_large(struct upstream *up)
{
    struct ag_call_request request = request_to(up->url);
    request.max_body_bytes = 200 * 1024;
    for (int i = 0; i < 2; i++) {
        request.stream = i == 1;
        struct ag_call *call = start(&request);
        int status;
        assert_ok(ag_call_head(call, AG_NEVER, &status));
        size_t len = 0;
        struct ag_str piece;
        enum ag_err err;
        while ((err = ag_call_read(call, AG_NEVER, &piece)) == AG_OK)
            len += piece.len;
        assert_int_equal(err, AG_E_UPSTREAM_TOO_LARGE);
        assert_true(len <= 200 * 1024);
        ag_call_free(call);
    }
    /* The same with a limit of ag_call_body(). */
    request.max_body_bytes = 0;
    assert_int_equal(fetch_err(&request), AG_E_UPSTREAM_TOO_LARGE);
}

static void body_has_a_ceiling(void **state)
{
    (void)state;
    with(too_large, flood);
}

/* ---- the stack of a fiber ---- */

static void measure_stack(struct upstream *up)
{
    struct ag_call_request request = request_to(up->url);
    request.stream = true;
    size_t most = 0;
    for (int i = 0; i < 4; i++) {
        /* With the reply read to its end, cut off in the middle, and resumed after a pause. */
        paint();
        struct ag_call *call = start(&request);
        most = AG_MAX(most, painted_over());
        int status;
        assert_ok(ag_call_head(call, AG_NEVER, &status));
        assert_ok(ag_fiber_sleep(50));
        paint();
        struct ag_str piece;
        for (int reads = 0; reads < 4; reads++)
            assert_ok(ag_call_read(call, AG_NEVER, &piece));
        most = AG_MAX(most, painted_over());
        paint();
        ag_call_free(call);
        most = AG_MAX(most, painted_over());
    }
    print_message("             stack used on a fiber: %zu bytes\n", most);
    assert_true(most < 16 * 1024);
}

static void calls_are_easy_on_the_stack(void **state)
{
    (void)state;
    if (FRAMES_ARE_OTHER) return;
    with(measure_stack, flood);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_is_sent_as_asked),
        cmocka_unit_test(large_request_needs_no_permission),
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(header_lookup),
        cmocka_unit_test(every_kind_of_reply),
        cmocka_unit_test(pieces_come_as_they_are_sent),
        cmocka_unit_test(connections_are_reused),
        cmocka_unit_test(kept_connection_that_died),
        cmocka_unit_test(released_call_keeps_its_connection),
        cmocka_unit_test(slow_reader_slows_the_server),
        cmocka_unit_test(body_has_a_ceiling),
        cmocka_unit_test(calls_are_easy_on_the_stack),
    };
    return cmocka_run_group_tests_name("http_client", tests, NULL, NULL);
}
