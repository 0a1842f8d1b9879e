/* Server-sent events and static files over a real server. */
#include "test_help.h"

#include "http/conn.h"
#include "http/static.h"
#include "http_help.h"

#include <zlib.h>

#define HOST "Host: a\r\n"

static atomic_int streams;
static _Atomic int64_t flooded_bytes;
static atomic_int flood_end; /* the error that ended it */

static void three_events(struct ag_request *req)
{
    assert_ok(ag_sse_begin(req));
    assert_true(ag_reply_started(req));
    assert_int_equal(ag_reply_status(req), 200);
    assert_ok(ag_sse_event(req, 0, "run.started", AG_STR("{\"a\":1}")));
    assert_ok(ag_sse_event(req, -1, NULL, AG_STR("{\"b\":2}")));
    (void)!ag_sse_flush(req);
    (void)!ag_sse_flush(req); /* nothing queued: nothing written */
    assert_ok(ag_sse_event(req, 12345, "run.completed", AG_STR("one\ntwo\r\nthree\rfour\n")));
    assert_ok(ag_sse_event(req, AG_SSE_ID_END, "last", AG_STR("{}")));
    (void)!ag_sse_end(req);
}

static void large_event(struct ag_request *req)
{
    size_t len = 1000000;
    char *data = ag_arena_alloc(req->arena, len);
    memset(data, 'x', len);
    (void)!ag_sse_begin(req);
    assert_ok(ag_sse_event(req, 1, "large", ag_str_n(data, len)));
    /* The queue is more than full now. */
    assert_int_equal(ag_sse_event(req, 2, "small", AG_STR("{}")), AG_E_NO_MEMORY);
    (void)!ag_sse_flush(req);
    assert_ok(ag_sse_event(req, 3, "small", AG_STR("{}")));
    (void)!ag_sse_end(req);
}

static void heartbeats(struct ag_request *req)
{
    ag_deadline_ms first = ag_mono_ms();
    (void)!ag_sse_begin(req);
    assert_in_range(ag_sse_heartbeat_at(req) - first, 50, 150);
    for (int i = 0; i < 2; i++) {
        assert_ok(ag_fiber_sleep(AG_MAX(1, ag_sse_heartbeat_at(req) - ag_mono_ms())));
        assert_ok(ag_sse_heartbeat(req));
    }
    (void)!ag_sse_end(req);
}

/* Sends until the client stops it. */
static void flood(struct ag_request *req)
{
    static char data[32 * 1024];
    memset(data, 'x', sizeof(data));
    ag_request_cancel_on_hangup(req);
    enum ag_err err = ag_sse_begin(req);
    atomic_fetch_add(&streams, 1);
    while (!err) {
        err = ag_sse_event(req, -1, NULL, ag_str_n(data, sizeof(data)));
        if (!err) err = ag_sse_flush(req);
        if (!err) atomic_fetch_add(&flooded_bytes, (int64_t)sizeof(data));
    }
    atomic_store(&flood_end, (int)err);
    atomic_fetch_sub(&streams, 1);
}

/* A document of many small pieces and one large; its length is LIST_BYTES. */
enum { LIST_LINES = 20000, LIST_BYTES = LIST_LINES * 8 + 1000000 };

static enum ag_err write_list(struct ag_request *req)
{
    char *data = ag_arena_alloc(req->arena, 1000000);
    memset(data, 'y', 1000000);
    AG_TRY(ag_stream_begin(req, "text/csv; charset=utf-8"));
    for (int i = 0; i < LIST_LINES; i++) {
        char line[16];
        snprintf(line, sizeof(line), "%06d\r\n", i);
        AG_TRY(ag_stream_write(req, ag_str_n(line, 8)));
        assert_true(req->conn->out.cap <= 256 * 1024);
    }
    AG_TRY(ag_stream_write(req, ag_str_n(data, 1000000)));
    assert_true(req->conn->out.cap <= 256 * 1024);
    return AG_OK;
}

static void list(struct ag_request *req, bool whole)
{
    ag_reply_header(req, "Content-Disposition", AG_STR("attachment; filename=\"list.csv\""));
    enum ag_err err = write_list(req);
    if (!err && whole) (void)!ag_stream_end(req);
}

static void endless(struct ag_request *req)
{
    static char data[10000];
    memset(data, 'z', sizeof(data));
    atomic_fetch_add(&streams, 1);
    enum ag_err err = ag_stream_begin(req, "text/plain");
    while (!err)
        err = ag_stream_write(req, ag_str_n(data, sizeof(data)));
    atomic_store(&flood_end, (int)err);
    atomic_fetch_sub(&streams, 1);
}

/* Is cancelled while its client takes everything at once. */
static void overtaken(struct ag_request *req)
{
    static char data[AG_STREAM_CHUNK_BYTES * 2];
    memset(data, 'z', sizeof(data));
    enum ag_err err = ag_stream_begin(req, "text/plain");
    ag_fiber_cancel(ag_fiber_self());
    if (!err) err = ag_stream_write(req, ag_str_n(data, sizeof(data)));
    atomic_store(&flood_end, (int)err);
}

/* Says one thing and waits for the end of the run that never comes. */
static void quiet(struct ag_request *req)
{
    ag_request_cancel_on_hangup(req);
    (void)!ag_sse_begin(req);
    (void)!ag_sse_event(req, 1, "hello", AG_STR("{}"));
    (void)!ag_sse_flush(req);
    atomic_fetch_add(&streams, 1);
    enum ag_err err = ag_fiber_sleep(60000);
    assert_int_equal(err, AG_E_CANCELED);
    /* There is still a last word when the server, not the client, ends it. */
    (void)!ag_sse_event(req, 2, "run.failed", AG_STR("{}"));
    (void)!ag_sse_end(req);
    atomic_fetch_sub(&streams, 1);
}

/* ---- files ---- */

static const char PLAIN[] = "body { color: red } body { color: red } body { color: red }";
static uint8_t packed[256], big_packed[65536], big_plain[100000];
static struct ag_asset assets[] = {
    {.path = "/absent.html",
     .content_type = "text/html; charset=utf-8",
     .etag = "\"v5\"",
     .csp = "default-src 'none'",
     .plain = (const uint8_t *)PLAIN,
     .plain_bytes = sizeof(PLAIN) - 1},
    {.path = "/app.css",
     .content_type = "text/css",
     .etag = "\"v1\"",
     .immutable = true,
     .br = (const uint8_t *)"brotli",
     .br_bytes = 6,
     .gzip = packed,
     .plain_bytes = sizeof(PLAIN) - 1},
    {.path = "/big.js",
     .content_type = "text/javascript",
     .etag = "\"v2\"",
     .gzip = big_packed,
     .plain_bytes = sizeof(big_plain)},
    {.path = "/broken",
     .content_type = "text/plain",
     .etag = "\"v3\"",
     .gzip = (const uint8_t *)"no gzip",
     .gzip_bytes = 7,
     .plain_bytes = 10},
    {.path = "/index.html",
     .content_type = "text/html; charset=utf-8",
     .etag = "\"v4\"",
     .csp = "default-src 'self'",
     .gzip = packed,
     .plain_bytes = sizeof(PLAIN) - 1},
};
static const struct ag_asset_table table = {assets, AG_COUNT(assets)};

static size_t pack(const void *data, size_t len, uint8_t *out, size_t size)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)data,
                       .avail_in = (uInt)len,
                       .next_out = out,
                       .avail_out = (uInt)size};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return stream.total_out;
}

static int pack_assets(void **state)
{
    for (size_t i = 0; i < sizeof(big_plain); i++)
        big_plain[i] = (uint8_t)("0123456789abcdef"[i / 7 % 16]);
    assets[1].gzip_bytes = assets[4].gzip_bytes = pack(PLAIN, sizeof(PLAIN) - 1, packed,
                                                       sizeof(packed));
    assets[2].gzip_bytes = pack(big_plain, sizeof(big_plain), big_packed, sizeof(big_packed));
    return 0;
}

static void handle(struct ag_request *req, void *arg)
{
    struct ag_str path = req->path;
    const struct ag_asset *asset = ag_asset_find(&table, path);
    if (asset)
        (void)!ag_reply_asset(req, asset, asset == &assets[0] ? 404 : 200);
    else if (ag_str_eq(path, AG_STR("/three")))
        three_events(req);
    else if (ag_str_eq(path, AG_STR("/large")))
        large_event(req);
    else if (ag_str_eq(path, AG_STR("/heartbeats")))
        heartbeats(req);
    else if (ag_str_eq(path, AG_STR("/flood")))
        flood(req);
    else if (ag_str_eq(path, AG_STR("/quiet")))
        quiet(req);
    else if (ag_str_eq(path, AG_STR("/list")))
        list(req, true);
    else if (ag_str_eq(path, AG_STR("/half")))
        list(req, false);
    else if (ag_str_eq(path, AG_STR("/endless")))
        endless(req);
    else if (ag_str_eq(path, AG_STR("/overtaken")))
        overtaken(req);
    else if (ag_str_eq(path, AG_STR("/cut")))
        (void)!ag_sse_begin(req);
    else
        (void)!ag_reply_problem(req, AG_E_NOT_FOUND, NULL);
}

/* ---- streams ---- */

#define FIRST_EVENTS "id: 0\nevent: run.started\ndata: {\"a\":1}\n\ndata: {\"b\":2}\n\n"
#define LAST_EVENT                                                                                 \
    "id: 12345\nevent: run.completed\ndata: one\ndata: two\ndata: three\ndata: four\ndata: \n\n"   \
    "id: end\nevent: last\ndata: {}\n\n"

static void streams_are_chunked(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    struct heard h;
    int fd = dial(&f);
    for (int i = 0; i < 2; i++) {
        say(fd, "POST /three HTTP/1.1\r\n" HOST "\r\n");
        hear_text(fd, &h, "\r\n\r\n", 1);
        assert_status(&h, 200);
        assert_has(&h, "Content-Type: text/event-stream\r\n");
        assert_has(&h, "Transfer-Encoding: chunked\r\n");
        assert_has(&h, "Cache-Control: no-cache, no-transform\r\n");
        assert_has(&h, "X-Accel-Buffering: no\r\n");
        assert_has_not(&h, "Content-Length");
        assert_has_not(&h, "no-store");
        hear_text(fd, &h, "\r\n0\r\n\r\n", 1);
        char want[512];
        snprintf(want, sizeof(want), "%zx\r\n%s\r\n%zx\r\n%s\r\n0\r\n\r\n", strlen(FIRST_EVENTS),
                 FIRST_EVENTS, strlen(LAST_EVENT), LAST_EVENT);
        assert_string_equal(h.text, want);
    }
    /* The old way: the end of the connection is the end of the stream. */
    say(fd, "GET /three HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    hear_all(fd, &h);
    assert_true(h.closed);
    assert_has_not(&h, "Transfer-Encoding");
    assert_has(&h, "Connection: close\r\n");
    assert_string_equal(body_of(&h), FIRST_EVENTS LAST_EVENT);
    close(fd);
    fd = dial(&f);
    say(fd, "HEAD /three HTTP/1.1\r\n" HOST "\r\nGET /absent HTTP/1.1\r\n" HOST "\r\n");
    hear_text(fd, &h, "\r\n\r\n", 1);
    assert_status(&h, 200);
    hear_reply(fd, &h, true);
    assert_status(&h, 404);
    /* A stream that its handler leaves open is cut, not ended. */
    say(fd, "GET /cut HTTP/1.1\r\n" HOST "\r\n");
    hear_all(fd, &h);
    assert_status(&h, 200);
    assert_string_equal(body_of(&h), "");
    close(fd);
    fixture_stop(&f);
}

static void one_event_may_be_larger_than_the_queue(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    struct heard h;
    int fd = dial(&f);
    say(fd, "GET /large HTTP/1.1\r\n" HOST "\r\n");
    hear_text(fd, &h, "event: large\ndata: ", 1);
    assert_has(&h, "\r\nf425b\r\nid: 1\n");
    char *data = malloc(1000000);
    for (size_t got = 0; got < 1000000;) {
        ssize_t n = recv(fd, data + got, 1000000 - got, 0);
        assert_true(n > 0);
        got += (size_t)n;
    }
    assert_int_equal(data[999999], 'x');
    free(data);
    hear_text(fd, &h, "0\r\n\r\n", 1);
    assert_string_equal(h.text, "\n\n\r\n1d\r\nid: 3\nevent: small\ndata: {}\n\n\r\n0\r\n\r\n");
    close(fd);
    fixture_stop(&f);
}

static void silence_is_filled_with_heartbeats(void **state)
{
    struct fixture f = {.options = {.heartbeat_ms = 100}};
    fixture_start(&f, handle);
    struct heard h;
    int fd = dial(&f);
    say(fd, "GET /heartbeats HTTP/1.1\r\n" HOST "\r\n");
    hear_text(fd, &h, "0\r\n\r\n", 1);
    assert_string_equal(body_of(&h), "d\r\n: heartbeat\n\n\r\nd\r\n: heartbeat\n\n\r\n0\r\n\r\n");
    close(fd);
    fixture_stop(&f);
}

/* Reads a chunked body to its end, a piece at a time; its length, or -1 when it was cut. */
static int64_t hear_chunks(int fd, int pause_every)
{
    static char buf[4096];
    int64_t total = 0, left = 0; /* of the chunk at hand, its line end included */
    char line[32];
    size_t line_len = 0;
    for (int reads = 1;; reads++) {
        if (pause_every && reads % pause_every == 0) sleep_ms(5);
        ssize_t n = recv(fd, buf, sizeof(buf), 0);
        if (n <= 0) return -1;
        for (ssize_t i = 0; i < n;) {
            if (left > 0) {
                int64_t take = AG_MIN(left, (int64_t)(n - i));
                left -= take;
                i += take;
                continue;
            }
            line[line_len++] = buf[i++];
            assert_true(line_len < sizeof(line));
            if (line[line_len - 1] != '\n') continue;
            line[line_len] = '\0';
            line_len = 0;
            long size = strtol(line, NULL, 16);
            if (size == 0) return total;
            total += size;
            left = size + 2;
        }
    }
}

static void a_long_document_is_streamed(void **state)
{
    struct fixture f = {.options = {.write_timeout_ms = 300}};
    fixture_start(&f, handle);
    struct heard h;
    int fd = dial(&f);
    for (int slow = 0; slow < 2; slow++) {
        say(fd, "GET /list HTTP/1.1\r\n" HOST "\r\n");
        hear_text(fd, &h, "\r\n\r\n", 1);
        assert_has(&h, "Content-Type: text/csv; charset=utf-8\r\n");
        assert_has(&h, "Content-Disposition: attachment; filename=\"list.csv\"\r\n");
        assert_has(&h, "Transfer-Encoding: chunked\r\n");
        assert_has(&h, "Cache-Control: no-store\r\n");
        assert_int_equal(hear_chunks(fd, slow ? 20 : 0), LIST_BYTES);
    }
    /* No body for HEAD, and the connection goes on. */
    say(fd, "HEAD /list HTTP/1.1\r\n" HOST "\r\nGET /absent HTTP/1.1\r\n" HOST "\r\n");
    hear_text(fd, &h, "\r\n\r\n", 1);
    assert_status(&h, 200);
    hear_reply(fd, &h, true);
    assert_status(&h, 404);
    /* What was not finished does not end like what was. */
    say(fd, "GET /half HTTP/1.1\r\n" HOST "\r\n");
    hear_text(fd, &h, "\r\n\r\n", 1);
    assert_int_equal(hear_chunks(fd, 0), -1);
    close(fd);
    /* Whoever does not read is given up. */
    fd = dial(&f);
    say(fd, "GET /endless HTTP/1.1\r\n" HOST "\r\n");
    wait_until(atomic_load(&streams) == 1);
    wait_until(atomic_load(&streams) == 0);
    assert_int_equal(atomic_load(&flood_end), AG_E_TIMEOUT);
    close(fd);
    fixture_stop(&f);
}

/* Reads to the end of the connection: 0 when it came in order, else the error. */
static int hear_end(int fd)
{
    static char sink[1 << 16];
    ssize_t n;
    do
        n = recv(fd, sink, sizeof(sink), 0);
    while (n > 0);
    return n == 0 ? 0 : errno;
}

static void without_chunks_a_reset_tells_that_the_end_is_missing(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        int end;
    } cases[] = {
        {"GET /list HTTP/1.0\r\n\r\n", 0},
        {"HEAD /list HTTP/1.0\r\n\r\n", 0},
        {"GET /half HTTP/1.0\r\n\r\n", ECONNRESET},
        {"GET /overtaken HTTP/1.0\r\n\r\n", ECONNRESET},
    };
    struct fixture f = {0};
    fixture_start(&f, handle);
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        int fd = dial(&f);
        say(fd, cases[i].request);
        assert_int_equal(hear_end(fd), cases[i].end);
        close(fd);
    }
    assert_int_equal(atomic_load(&flood_end), AG_E_CANCELED);
    fixture_stop(&f);
}

static void a_slow_reader_slows_the_stream(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    int fd = dial(&f);
    say(fd, "GET /flood HTTP/1.1\r\n" HOST "\r\n");
    wait_until(atomic_load(&flooded_bytes) > 0);
    /* Nothing is read: once the kernel's buffers are full, nothing more is made. */
    int64_t before;
    int turns = 0;
    do {
        before = atomic_load(&flooded_bytes);
        sleep_ms(100);
    } while (atomic_load(&flooded_bytes) != before && ++turns < 50);
    assert_int_equal(atomic_load(&flooded_bytes), before);
    /* It goes on when the reader does. */
    static char sink[1 << 20];
    for (int i = 0; i < 20; i++)
        assert_true(recv(fd, sink, sizeof(sink), 0) > 0);
    wait_until(atomic_load(&flooded_bytes) > before);
    close(fd);
    wait_until(atomic_load(&streams) == 0);
    int end = atomic_load(&flood_end);
    assert_true(end == AG_E_CLOSED || end == AG_E_CANCELED);
    fixture_stop(&f);
}

static void a_reader_that_stops_is_given_up(void **state)
{
    struct fixture f = {.options = {.write_timeout_ms = 200}};
    fixture_start(&f, handle);
    int fd = dial(&f);
    say(fd, "GET /flood HTTP/1.1\r\n" HOST "\r\n");
    wait_until(atomic_load(&streams) == 1);
    wait_until(atomic_load(&streams) == 0);
    assert_int_equal(atomic_load(&flood_end), AG_E_TIMEOUT);
    wait_until(stats_of(&f).open == 0);
    assert_int_equal(stats_of(&f).timeouts, 1);
    close(fd);
    fixture_stop(&f);
}

static void a_reader_that_leaves_ends_the_stream(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    struct heard h;
    int fd = dial(&f);
    say(fd, "GET /quiet HTTP/1.1\r\n" HOST "\r\n");
    hear_text(fd, &h, "event: hello\ndata: {}\n\n\r\n", 1);
    wait_until(atomic_load(&streams) == 1);
    int64_t began = ag_mono_ms();
    close(fd);
    wait_until(atomic_load(&streams) == 0);
    assert_true(ag_mono_ms() - began <= 100);
    assert_int_equal(stats_of(&f).hangups, 1);
    /* When the server ends it the client gets the last event. */
    fd = dial(&f);
    say(fd, "GET /quiet HTTP/1.1\r\n" HOST "\r\n");
    hear_text(fd, &h, "event: hello\ndata: {}\n\n\r\n", 1);
    wait_until(atomic_load(&streams) == 1);
    fixture_call(&f, call_drain);
    sleep_ms(50);
    assert_int_equal(atomic_load(&streams), 1);
    fixture_call(&f, call_cancel);
    hear_all(fd, &h);
    assert_true(h.closed);
    assert_string_equal(h.text, "22\r\nid: 2\nevent: run.failed\ndata: {}\n\n\r\n0\r\n\r\n");
    close(fd);
    fixture_join(&f);
}

/* ---- files ---- */

static void get_asset(int fd, const char *method, const char *path, const char *fields,
                      struct heard *h)
{
    char text[512];
    snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\n" HOST "%s\r\n", method, path, fields);
    say(fd, text);
    hear_reply(fd, h, strcmp(method, "HEAD") != 0 && !strstr(fields, "None-Match"));
}

static void the_best_coding_is_chosen(void **state)
{
    static const struct {
        const char *accept, *coding, *etag;
    } cases[] = {
        {"", NULL, "\"v1\""},
        {"br", "br", "\"v1-br\""},
        {"gzip", "gzip", "\"v1-gzip\""},
        {"x-gzip", "gzip", "\"v1-gzip\""},
        {"gzip, deflate, br", "br", "\"v1-br\""},
        {"GZIP;q=0.5, BR;Q=0.4", "gzip", "\"v1-gzip\""},
        {"gzip;q=1.0, br;q=1", "br", "\"v1-br\""},
        {"br;q=0, gzip;q=0.001", "gzip", "\"v1-gzip\""},
        {"br;q=0.2, identity", NULL, "\"v1\""},
        {"identity;q=0.5, gzip;q=0.5", "gzip", "\"v1-gzip\""},
        {"*", "br", "\"v1-br\""},
        {"*;q=0", NULL, "\"v1\""},
        {"br;q=0, *", "gzip", "\"v1-gzip\""},
        {"deflate, zstd", NULL, "\"v1\""},
        {"br;q=2, gzip;q=x, identity;q=", NULL, "\"v1\""},
        {"brotli", NULL, "\"v1\""},
        {",, gzip ;q=1 ,", "gzip", "\"v1-gzip\""},
    };
    struct fixture f = {0};
    fixture_start(&f, handle);
    int fd = dial(&f);
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        struct heard h;
        char fields[128], want[64];
        snprintf(fields, sizeof(fields), "Accept-Encoding: %s\r\n", cases[i].accept);
        get_asset(fd, "GET", "/app.css", fields, &h);
        assert_status(&h, 200);
        snprintf(want, sizeof(want), "\r\nETag: %s\r\n", cases[i].etag);
        assert_has(&h, want);
        assert_has(&h, "\r\nVary: Accept-Encoding\r\n");
        assert_has(&h, "\r\nCache-Control: public, max-age=31536000, immutable\r\n");
        assert_has(&h, "\r\nContent-Type: text/css\r\n");
        if (cases[i].coding) {
            snprintf(want, sizeof(want), "\r\nContent-Encoding: %s\r\n", cases[i].coding);
            assert_has(&h, want);
        } else {
            assert_has_not(&h, "Content-Encoding");
            assert_string_equal(body_of(&h), PLAIN);
        }
    }
    close(fd);
    fixture_stop(&f);
}

static void files_are_sent_whole(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    struct heard h;
    int fd = dial(&f);
    say(fd, "GET /big.js HTTP/1.1\r\n" HOST "\r\n");
    hear_text(fd, &h, "\r\n\r\n", 1);
    assert_has(&h, "Content-Length: 100000\r\n");
    assert_has(&h, "Cache-Control: no-cache\r\n");
    char *got = malloc(sizeof(big_plain));
    for (size_t n = 0; n < sizeof(big_plain);) {
        ssize_t more = recv(fd, got + n, sizeof(big_plain) - n, 0);
        assert_true(more > 0);
        n += (size_t)more;
    }
    assert_memory_equal(got, big_plain, sizeof(big_plain));
    free(got);
    get_asset(fd, "HEAD", "/big.js", "", &h);
    assert_has(&h, "Content-Length: 100000\r\n");
    get_asset(fd, "HEAD", "/app.css", "Accept-Encoding: br\r\n", &h);
    assert_has(&h, "Content-Length: 6\r\n");
    get_asset(fd, "GET", "/index.html", "", &h);
    assert_has(&h, "Content-Security-Policy: default-src 'self'\r\n");
    assert_has_not(&h, "frame-ancestors");
    get_asset(fd, "GET", "/broken", "", &h);
    assert_status(&h, 500);
    get_asset(fd, "GET", "/app.cs", "", &h);
    assert_status(&h, 404);
    get_asset(fd, "GET", "/app.css2", "", &h);
    assert_status(&h, 404);
    close(fd);
    fixture_stop(&f);
    assert_null(ag_asset_find(&(struct ag_asset_table){NULL, 0}, AG_STR("/a")));
}

static void the_page_of_an_error_is_not_kept(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    struct heard h;
    int fd = dial(&f);
    get_asset(fd, "GET", "/absent.html", "If-Match: *\r\nAccept-Encoding: br, gzip\r\n", &h);
    assert_status(&h, 404);
    assert_has(&h, "\r\nCache-Control: no-store\r\n");
    assert_has(&h, "\r\nContent-Security-Policy: default-src 'none'\r\n");
    assert_has_not(&h, "ETag");
    assert_has_not(&h, "Content-Encoding");
    assert_string_equal(body_of(&h), PLAIN);
    say(fd, "GET /absent.html HTTP/1.1\r\n" HOST "If-None-Match: *\r\n\r\n");
    hear_reply(fd, &h, true);
    assert_status(&h, 404);
    assert_string_equal(body_of(&h), PLAIN);
    close(fd);
    fixture_stop(&f);
}

static void unchanged_files_are_not_sent_again(void **state)
{
    static const struct {
        const char *fields;
        int status;
    } cases[] = {
        {"If-None-Match: \"v1\"\r\n", 304},
        {"If-None-Match: W/\"v1\"\r\n", 304},
        {"If-None-Match: \"v0\", \"v1\"\r\n", 304},
        {"If-None-Match: \"v0\",W/\"v1\" , \"v2\"\r\n", 304},
        {"If-None-Match: *\r\n", 304},
        {"If-None-Match: \"v0\"\r\nIf-None-Match: \"v1\"\r\n", 304},
        {"If-None-Match: \"v1-br\"\r\nAccept-Encoding: br\r\n", 304},
        {"If-None-Match: \"v1\"\r\nAccept-Encoding: br\r\n", 200},
        {"If-None-Match: \"v1-br\"\r\n", 200},
        {"If-None-Match: v1\r\n", 200},
        {"If-None-Match: \"v2\"\r\n", 200},
        {"If-None-Match:\r\n", 200},
    };
    struct fixture f = {0};
    fixture_start(&f, handle);
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        struct heard h;
        char text[512];
        int fd = dial(&f);
        snprintf(text, sizeof(text), "GET /app.css HTTP/1.1\r\n" HOST "Connection: close\r\n%s\r\n",
                 cases[i].fields);
        say(fd, text);
        hear_all(fd, &h);
        assert_true(h.closed);
        assert_status(&h, cases[i].status);
        assert_has(&h, "\r\nETag: \"v1");
        if (cases[i].status == 304) {
            assert_string_equal(body_of(&h), "");
            assert_has(&h, "Vary: Accept-Encoding\r\n");
            assert_has(&h, "Cache-Control: public");
        }
        close(fd);
    }
    fixture_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_are_chunked),
        cmocka_unit_test(one_event_may_be_larger_than_the_queue),
        cmocka_unit_test(silence_is_filled_with_heartbeats),
        cmocka_unit_test(a_long_document_is_streamed),
        cmocka_unit_test(without_chunks_a_reset_tells_that_the_end_is_missing),
        cmocka_unit_test(a_slow_reader_slows_the_stream),
        cmocka_unit_test(a_reader_that_stops_is_given_up),
        cmocka_unit_test(a_reader_that_leaves_ends_the_stream),
        cmocka_unit_test(the_best_coding_is_chosen),
        cmocka_unit_test(files_are_sent_whole),
        cmocka_unit_test(the_page_of_an_error_is_not_kept),
        cmocka_unit_test(unchanged_files_are_not_sent_again),
    };
    return cmocka_run_group_tests_name("http_stream", tests, pack_assets, NULL);
}
