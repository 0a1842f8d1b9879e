/* Connections of the HTTP server from their ends: clients that leave, drain, addresses, loops. */
#include "test_help.h"

#include "http_help.h"

#define HOST "Host: a\r\n"

static atomic_int parked;
static _Atomic int64_t left_at_ms;

static void sleep_parked(struct ag_request *req)
{
    atomic_fetch_add(&parked, 1);
    enum ag_err err = ag_fiber_sleep(20000);
    atomic_store(&left_at_ms, ag_mono_ms());
    atomic_fetch_sub(&parked, 1);
    if (!err) (void)!ag_reply(req, 200, "text/plain", AG_STR("slept"));
}

static void park(struct ag_request *req)
{
    ag_request_cancel_on_hangup(req);
    sleep_parked(req);
}

/* Asks to be told before it reads the body. */
static void park_early(struct ag_request *req)
{
    struct ag_str body;
    ag_request_cancel_on_hangup(req);
    enum ag_err err = ag_request_body(req, 100, &body);
    assert_ok(err);
    assert_int_equal(body.len, 4);
    sleep_parked(req);
}

static void nap(struct ag_request *req)
{
    atomic_fetch_add(&parked, 1);
    enum ag_err err = ag_fiber_sleep(300);
    atomic_fetch_sub(&parked, 1);
    (void)!ag_reply(req, 200, "text/plain", err ? AG_STR("woken") : AG_STR("slept"));
}

static void who(struct ag_request *req)
{
    struct ag_str text = ag_arena_printf(
        req->arena, "%.*s %d %.*s %d %d", AG_STR_ARG(ag_request_peer(req)),
        ag_request_from_loopback(req), AG_STR_ARG(req->path), ag_request_has_body(req), req->minor);
    ag_reply_header(req, "Cache-Control", AG_STR("max-age=1"));
    (void)!ag_reply(req, 200, "text/plain", text);
}

static void handle(struct ag_request *req, void *arg)
{
    req->route = "test";
    if (ag_str_eq(req->path, AG_STR("/park")))
        park(req);
    else if (ag_str_eq(req->path, AG_STR("/park-early")))
        park_early(req);
    else if (ag_str_eq(req->path, AG_STR("/nap")))
        nap(req);
    else
        who(req);
}

/* ---- clients that leave ---- */

static int64_t thread_cpu_us(const struct fixture *f)
{
    clockid_t clock;
    struct timespec time;
    pthread_getcpuclockid(f->loop[0].thread, &clock);
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void a_client_that_leaves_is_noticed(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    for (int way = 0; way < 4; way++) {
        int fd = dial(&f);
        say(fd, "GET /park HTTP/1.1\r\n" HOST "\r\n");
        wait_until(atomic_load(&parked) == 1);
        /* Bytes of a next request in between neither hide it nor keep the loop busy. */
        if (way == 1) {
            int64_t before = thread_cpu_us(&f);
            say(fd, "GET /health HTTP/1.1\r\n" HOST "\r\n");
            sleep_ms(200);
            assert_true(thread_cpu_us(&f) - before < 50000);
        }
        int64_t now = ag_mono_ms();
        struct linger reset = {1, 0};
        if (way == 2) shutdown(fd, SHUT_WR);
        if (way == 3) setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        if (way != 2) close(fd);
        wait_until(atomic_load(&parked) == 0);
        assert_true(atomic_load(&left_at_ms) - now <= 100);
        if (way == 2) close(fd);
    }
    wait_until(stats_of(&f).open == 0);
    assert_int_equal(stats_of(&f).hangups, 4);
    fixture_stop(&f);
}

static void leaving_with_the_last_byte_is_noticed(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    for (int i = 0; i < 20; i++) {
        int fd = dial(&f);
        say(fd, "POST /park-early HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\n");
        if (i % 2) sleep_ms(2);
        say(fd, "last");
        close(fd);
        wait_until(stats_of(&f).accepted == (uint64_t)i + 1 && stats_of(&f).open == 0);
    }
    assert_int_equal(stats_of(&f).hangups, 20);
    fixture_stop(&f);
}

static void closing_one_side_is_not_leaving(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    struct heard h;
    int fd = dial(&f);
    say(fd, "GET /nap HTTP/1.1\r\n" HOST "\r\n");
    shutdown(fd, SHUT_WR);
    hear_all(fd, &h);
    assert_true(h.closed);
    assert_status(&h, 200);
    assert_string_equal(body_of(&h), "slept");
    close(fd);
    fixture_stop(&f);
}

/* ---- shutting down ---- */

static void draining_finishes_what_has_begun(void **state)
{
    struct fixture f = {0};
    fixture_start(&f, handle);
    struct heard h;
    int idle = dial(&f), fresh = dial(&f), busy = dial(&f), half = dial(&f), lasting = dial(&f);
    ask(idle, "GET /health HTTP/1.1\r\n" HOST "\r\n", &h);
    say(half, "GET /health HTTP/1.1\r\n");
    say(lasting, "GET /park HTTP/1.1\r\n" HOST "\r\n");
    say(busy, "GET /nap HTTP/1.1\r\n" HOST "\r\n");
    wait_until(atomic_load(&parked) == 2 && stats_of(&f).open == 5);
    assert_false(ag_server_draining(f.server));
    int64_t began = ag_mono_ms();
    fixture_call(&f, call_drain);
    assert_true(ag_server_draining(f.server));
    hear_all(idle, &h);
    assert_true(h.closed && h.len == 0);
    hear_all(fresh, &h);
    assert_true(h.closed && h.len == 0);
    assert_true(ag_mono_ms() - began < 200);
    say(half, HOST "\r\n");
    hear_all(half, &h);
    assert_status(&h, 200);
    assert_has(&h, "Connection: close\r\n");
    hear_all(busy, &h);
    assert_string_equal(body_of(&h), "slept");
    assert_has(&h, "Connection: close\r\n");
    /* Nobody is let in any more. */
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)ag_server_port(f.server)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int late = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(late, (struct sockaddr *)(void *)&to, sizeof(to)), -1);
    close(late);
    assert_int_equal(atomic_load(&parked), 1);
    fixture_call(&f, call_cancel);
    hear_all(lasting, &h);
    wait_until(stats_of(&f).open == 0);
    close(idle);
    close(fresh);
    close(busy);
    close(half);
    close(lasting);
    fixture_join(&f);
}

/* ---- addresses and loops ---- */

static void ask_at(const char *host, int port, int family, struct heard *h)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &v4.sin_addr);
    inet_pton(AF_INET6, host, &v6.sin6_addr);
    int fd = socket(family, SOCK_STREAM, 0);
    struct sockaddr *to = family == AF_INET ? (void *)&v4 : (void *)&v6;
    assert_int_equal(connect(fd, to, family == AF_INET ? sizeof(v4) : sizeof(v6)), 0);
    ask(fd, "GET /who HTTP/1.1\r\n" HOST "\r\n", h);
    close(fd);
}

static bool machine_has_ipv6(void)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool works = fd >= 0 && bind(fd, (struct sockaddr *)(void *)&any, sizeof(any)) == 0;
    close(fd);
    return works;
}

static void every_kind_of_address_works(void **state)
{
    struct heard h;
    bool ipv6 = machine_has_ipv6();
    struct fixture f = {.options = {.host = AG_STR("localhost")}};
    fixture_start(&f, handle);
    int port = ag_server_port(f.server);
    char url[64];
    snprintf(url, sizeof(url), "http://localhost:%d", port);
    assert_str(ag_server_url(f.server), url);
    ask_at("127.0.0.1", port, AF_INET, &h);
    assert_string_equal(body_of(&h), "127.0.0.1 1 /who 0 1");
    if (ipv6) {
        ask_at("::1", port, AF_INET6, &h);
        assert_string_equal(body_of(&h), "::1 1 /who 0 1");
    }
    /* A port that somebody listens on, even one that shares it, is not ours. */
    struct ag_server_options taken = f.options;
    taken.port = port;
    struct ag_server *second;
    assert_int_equal(ag_server_new(&taken, &second), AG_E_IO);
    fixture_stop(&f);

    if (ipv6) {
        struct fixture six = {.options = {.host = AG_STR("[::1]")}};
        fixture_start(&six, handle);
        assert_true(ag_str_starts_with(ag_server_url(six.server), AG_STR("http://[::1]:")));
        ask_at("::1", ag_server_port(six.server), AF_INET6, &h);
        assert_status(&h, 200);
        fixture_stop(&six);

        struct fixture any = {.options = {.host = AG_STR("::")}};
        fixture_start(&any, handle);
        ask_at("::1", ag_server_port(any.server), AF_INET6, &h);
        assert_string_equal(body_of(&h), "::1 1 /who 0 1");
        ask_at("127.0.0.1", ag_server_port(any.server), AF_INET, &h);
        assert_string_equal(body_of(&h), "127.0.0.1 1 /who 0 1");
        fixture_stop(&any);
    }
    struct ag_server_options wrong = f.options;
    wrong.host = AG_STR("192.0.2.1");
    assert_int_equal(ag_server_new(&wrong, &second), AG_E_CONFIG);
    wrong.host = AG_STR("no such host");
    assert_int_equal(ag_server_new(&wrong, &second), AG_E_CONFIG);
    wrong.host = AG_STR("");
    assert_int_equal(ag_server_new(&wrong, &second), AG_E_CONFIG);
    ag_server_free(NULL);
}

static void loops_share_the_port(void **state)
{
    struct fixture f = {.loops = 2, .options = {.host = AG_STR("0.0.0.0")}};
    fixture_start(&f, handle);
    struct heard h;
    for (int i = 0; i < 60; i++) {
        int fd = dial(&f);
        ask(fd, "GET /health HTTP/1.1\r\n" HOST "\r\n", &h);
        assert_status(&h, 200);
        close(fd);
    }
    assert_int_equal(stats_of(&f).accepted, 60);
    assert_int_equal(stats_of(&f).requests, 60);
    fixture_stop(&f);
}

static void requests_are_logged(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int before = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    struct fixture f = {.options = {.access_log = true}};
    fixture_start(&f, handle);
    struct heard h;
    int fd = dial(&f);
    ask(fd, "GET /who?secret=1 HTTP/1.1\r\n" HOST "X-Request-Id: r7\r\n\r\n", &h);
    close(fd);
    fixture_stop(&f);
    dup2(before, STDERR_FILENO);
    close(before);
    close(ends[1]);
    ssize_t n = read(ends[0], h.text, sizeof(h.text) - 1);
    close(ends[0]);
    assert_true(n > 0);
    h.text[n] = '\0';
    assert_has(&h, " info request method=GET path=/who status=200 bytes=");
    assert_has(&h, " duration_us=");
    assert_has(&h, " request_id=r7 route=test\n");
    assert_has_not(&h, "secret");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_that_leaves_is_noticed),
        cmocka_unit_test(leaving_with_the_last_byte_is_noticed),
        cmocka_unit_test(closing_one_side_is_not_leaving),
        cmocka_unit_test(draining_finishes_what_has_begun),
        cmocka_unit_test(every_kind_of_address_works),
        cmocka_unit_test(loops_share_the_port),
        cmocka_unit_test(requests_are_logged),
    };
    return cmocka_run_group_tests_name("http_life", tests, NULL, NULL);
}
