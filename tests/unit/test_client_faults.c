/* Every way in which a server can fail its client, each with its typed error in time; who may dial
 * what; and calls that are left early. */
#include "client_help.h"

#include <sys/resource.h>

/* ---- faults ---- */

#define STREAM_HEAD "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define SOME        "4\r\nsome\r\n"

static const struct script {
    const char *path, *text;
    enum { CLOSE, RESET, WAIT } end; /* WAIT: says no more until the client leaves */
} scripts[] = {
    {"silent", "", WAIT},
    {"silent-after-head", STREAM_HEAD, WAIT},
    {"silent-midstream", STREAM_HEAD SOME, WAIT},
    {"close", "", CLOSE},
    {"reset", "", RESET},
    {"reset-after-head", STREAM_HEAD, RESET},
    {"reset-midstream", STREAM_HEAD SOME, RESET},
    {"short", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome", CLOSE},
    {"short-chunked", STREAM_HEAD SOME, CLOSE},
    {"bad-chunk", STREAM_HEAD SOME "zz\r\nnonsense", CLOSE},
    {"not-http", "220 mail.example ESMTP ready\r\n", CLOSE},
    {"bad-status", "HTTP/1.1 ok fine\r\n\r\n", CLOSE},
    {"bad-length", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nab", CLOSE},
    {"cut-head", "HTTP/1.1 200 OK\r\nContent-Le", CLOSE},
};

/* A head that goes on for as long as it is read: many lines, or one. */
static bool serve_endless_head(struct upstream_call *call, bool lines)
{
    char filler[2048];
    memset(filler, 'y', sizeof(filler));
    memcpy(filler, "X-Filler: ", 10);
    if (lines) memcpy(filler + sizeof(filler) - 2, "\r\n", 2);
    up_text(call, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 1000 && up_send(call, filler, sizeof(filler)); i++) {}
    return false;
}

static bool fault_server(struct upstream_call *call)
{
    struct ag_str path = ag_str_sub(call->head, 5, SIZE_MAX);
    path.len = (size_t)ag_str_find_char(path, ' ');
    if (ag_str_eq(path, AG_STR("many-headers"))) return serve_endless_head(call, true);
    if (ag_str_eq(path, AG_STR("long-header"))) return serve_endless_head(call, false);
    if (ag_str_eq(path, AG_STR("drip"))) {
        up_stream(call);
        for (int i = 0; i < 200 && up_chunk(call, "."); i++)
            up_sleep(20);
        return false;
    }
    for (size_t i = 0; i < AG_COUNT(scripts); i++) {
        const struct script *script = &scripts[i];
        if (!ag_str_eq(path, ag_str(script->path))) continue;
        up_text(call, script->text);
        if (script->end == WAIT) up_wait_closed(call, 5000);
        if (script->end == RESET) up_sleep(30); /* for what was sent to arrive */
        if (script->end == RESET) up_reset(call);
        return false;
    }
    return up_reply(call, 200, "", "fine");
}

struct expected_fault {
    const char *path;
    enum ag_err err;
    const char *partial; /* what is read before the failure; NULL: the head fails */
};

static const struct expected_fault faults[] = {
    {"silent", AG_E_UPSTREAM_TIMEOUT, NULL},
    {"silent-after-head", AG_E_UPSTREAM_TIMEOUT, ""},
    {"silent-midstream", AG_E_UPSTREAM_TIMEOUT, "some"},
    {"close", AG_E_UPSTREAM_INCOMPLETE, NULL},
    {"reset", AG_E_UPSTREAM_INCOMPLETE, NULL},
    {"reset-after-head", AG_E_UPSTREAM_INCOMPLETE, ""},
    {"reset-midstream", AG_E_UPSTREAM_INCOMPLETE, "some"},
    {"short", AG_E_UPSTREAM_INCOMPLETE, "some"},
    {"short-chunked", AG_E_UPSTREAM_INCOMPLETE, "some"},
    {"bad-chunk", AG_E_UPSTREAM_INVALID, "some"},
    {"not-http", AG_E_UPSTREAM_INVALID, NULL},
    {"bad-status", AG_E_UPSTREAM_INVALID, NULL},
    {"bad-length", AG_E_UPSTREAM_INVALID, NULL},
    {"many-headers", AG_E_UPSTREAM_INVALID, NULL},
    {"long-header", AG_E_UPSTREAM_INVALID, NULL},
    {"cut-head", AG_E_UPSTREAM_INCOMPLETE, NULL},
};

static void check_fault(struct upstream *up, const struct expected_fault *fault, bool stream)
{
    char url[128], got[64];
    snprintf(url, sizeof(url), "%s/%s", up->url, fault->path);
    struct ag_call_request request = request_to(url);
    request.stream = stream;
    request.first_byte_timeout_ms = request.idle_timeout_ms = 150;
    int64_t start_ms = ag_mono_ms();
    struct ag_call *call = start(&request);
    int status;
    size_t len = 0;
    enum ag_err err = ag_call_head(call, AG_NEVER, &status);
    bool head = err == AG_OK;
    while (err == AG_OK) {
        struct ag_str piece;
        err = ag_call_read(call, AG_NEVER, &piece);
        if (err) break;
        assert_true(len + piece.len < sizeof(got));
        memcpy(got + len, piece.data, piece.len);
        len += piece.len;
    }
    if (err != fault->err || head != (fault->partial != NULL))
        fail_msg("%s: %s (%s)", fault->path, ag_err_info(err)->code, ag_diag_text(err));
    if (fault->partial) assert_str(ag_str_n(got, len), fault->partial);
    assert_true(ag_diag()->count > 0);
    assert_true(ag_mono_ms() - start_ms < 1150);
    ag_call_free(call);
}

static void check_faults(struct upstream *up)
{
    for (size_t i = 0; i < AG_COUNT(faults); i++) {
        check_fault(up, &faults[i], false);
        check_fault(up, &faults[i], true);
    }
    char url[128];
    snprintf(url, sizeof(url), "%s/fine", up->url);
    struct ag_call_request request = request_to(url);
    assert_ok(fetch_err(&request));
    assert_int_equal(ag_http_client_connections(client), 1); /* none of the others was kept */
}

static void every_fault_is_typed(void **state)
{
    (void)state;
    with(check_faults, fault_server);
}

static void drips(struct upstream *up)
{
    char url[128];
    snprintf(url, sizeof(url), "%s/drip", up->url);
    struct ag_call_request request = request_to(url);
    request.total_timeout_ms = 300;
    for (int i = 0; i < 2; i++) {
        request.stream = i == 1;
        int64_t start_ms = ag_mono_ms();
        assert_int_equal(fetch_err(&request), AG_E_UPSTREAM_TIMEOUT);
        assert_in_range(ag_mono_ms() - start_ms, 290, 900);
    }
}

static void total_time_is_limited(void **state)
{
    (void)state;
    with(drips, fault_server);
}

static void own_deadline(struct upstream *up)
{
    char url[128];
    snprintf(url, sizeof(url), "%s/silent", up->url);
    struct ag_call_request request = request_to(url);
    struct ag_call *call = start(&request);
    int status;
    assert_int_equal(ag_call_head(call, ag_deadline_in(30), &status), AG_E_TIMEOUT);
    assert_int_equal(ag_call_head(call, ag_deadline_in(-5), &status), AG_E_TIMEOUT);
    ag_deadline_ms before = ag_fiber_set_deadline(ag_deadline_in(30));
    assert_int_equal(ag_call_head(call, AG_NEVER, &status), AG_E_UPSTREAM_TIMEOUT);
    ag_fiber_set_deadline(before);
    ag_call_free(call);
}

static void deadlines_of_the_caller(void **state)
{
    (void)state;
    with(own_deadline, fault_server);
}

/* ---- reaching a server at all ---- */

/* A port that answers no connection attempt: its queue is full. */
static int full_listener(int *ret_port, int fds[8])
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    for (int i = 0; i < 8; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(fds[i], (struct sockaddr *)&addr, len);
    }
    *ret_port = ntohs(addr.sin_port);
    return fd;
}

static void unreachable(struct upstream *up)
{
    (void)up;
    struct ag_call_request request = request_to("http://127.0.0.1:1/");
    assert_int_equal(fetch_err(&request), AG_E_UPSTREAM_UNREACHABLE);
    assert_string_equal(ag_diag_text(AG_OK), "the connection was refused");
    /* No name server is asked for a label of 64 characters. */
    request.url = "http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test/";
    assert_int_equal(fetch_err(&request), AG_E_UPSTREAM_UNREACHABLE);
    request.url = "ftp://127.0.0.1/";
    struct ag_call *call;
    assert_int_equal(ag_call_start(client, &request, &call), AG_E_EGRESS_DENIED);

    int port, fds[8], listener = full_listener(&port, fds);
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
    request.url = url;
    request.connect_timeout_ms = 200;
    int64_t start_ms = ag_mono_ms();
    assert_int_equal(fetch_err(&request), AG_E_UPSTREAM_TIMEOUT);
    assert_in_range(ag_mono_ms() - start_ms, 190, 1000);
    close(listener);
    for (int i = 0; i < 8; i++)
        close(fds[i]);
}

static void unreachable_servers(void **state)
{
    (void)state;
    with(unreachable, fault_server);
}

static void judged(struct upstream *up)
{
    char by_name[64];
    snprintf(by_name, sizeof(by_name), "http://localhost:%d/", up->port);
    struct ag_call_request request = request_to(up->url);
    request.trust = AG_EGRESS_USER;
    assert_int_equal(fetch_err(&request), AG_E_EGRESS_DENIED);
    assert_null(strstr(ag_diag_text(AG_OK), "127.0.0.1"));
    request.trust = AG_EGRESS_OPERATOR;
    assert_ok(fetch_err(&request));
    assert_ok(fetch_err(&request));
    /* The operator's connection is not the user's. */
    request.trust = AG_EGRESS_USER;
    assert_int_equal(fetch_err(&request), AG_E_EGRESS_DENIED);
    request.url = by_name;
    assert_int_equal(fetch_err(&request), AG_E_EGRESS_DENIED);
    request.trust = AG_EGRESS_OPERATOR;
    assert_ok(fetch_err(&request));
    char odd[64];
    snprintf(odd, sizeof(odd), "http://2130706433:%d/", up->port);
    request.url = odd;
    request.trust = AG_EGRESS_USER;
    assert_int_equal(fetch_err(&request), AG_E_EGRESS_DENIED);
    assert_int_equal(atomic_load(&up->requests), 3);
}

static void user_may(struct upstream *up)
{
    struct ag_call_request request = request_to(up->url);
    request.trust = AG_EGRESS_USER;
    assert_ok(fetch_err(&request));
}

static void judge_sits_at_the_socket(void **state)
{
    (void)state;
    with(judged, fault_server);
    with_allow("127.0.0.0/8", user_may, fault_server);
}

static void out_of_things(struct upstream *up)
{
    struct ag_call_request request = request_to(up->url);
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(fetch_err(&request), AG_E_UPSTREAM_UNREACHABLE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_string_equal(ag_diag_text(AG_OK), "this server is out of descriptors");
#ifdef AG_DEBUG
    assert_ok(ag_fault_arm(AG_STR("upstream_connect=1")));
    assert_int_equal(fetch_err(&request), AG_E_UPSTREAM_UNREACHABLE);
    assert_string_equal(ag_diag_text(AG_OK), "the connection was refused");
    assert_ok(ag_fault_arm(AG_STR("alloc=-1")));
    assert_int_equal(fetch_err(&request), AG_E_NO_MEMORY);
    assert_ok(ag_fault_arm(AG_STR("alloc=0")));
#endif
    assert_ok(fetch_err(&request));
}

static void own_shortages(void **state)
{
    (void)state;
    with(out_of_things, fault_server);
}

/* ---- leaving early ---- */

static enum ag_err canceled_err;

static void wait_for_head(void *arg)
{
    struct upstream *up = arg;
    char url[128];
    snprintf(url, sizeof(url), "%s/silent", up->url);
    struct ag_call_request request = request_to(url);
    struct ag_call *call = start(&request);
    int status;
    canceled_err = ag_call_head(call, AG_NEVER, &status);
    ag_call_free(call);
}

static void cancels(struct upstream *up)
{
    struct ag_fiber *fiber;
    assert_ok(ag_fiber_spawn_joinable("call", wait_for_head, up, &fiber));
    while (atomic_load(&up->requests) == 0)
        assert_ok(ag_fiber_sleep(5));
    ag_fiber_cancel(fiber);
    ag_fiber_join(fiber);
    assert_int_equal(canceled_err, AG_E_CANCELED);
    int64_t start_ms = ag_mono_ms();
    while (atomic_load(&up->closed_by_client) == 0)
        assert_ok(ag_fiber_sleep(5));
    assert_true(ag_mono_ms() - start_ms < 1000);

    /* In the middle of a reply, and before anything has happened. */
    char url[128];
    snprintf(url, sizeof(url), "%s/silent-midstream", up->url);
    struct ag_call_request request = request_to(url);
    struct ag_call *call = start(&request);
    int status;
    assert_ok(ag_call_head(call, AG_NEVER, &status));
    ag_call_free(call);
    while (atomic_load(&up->closed_by_client) < 2)
        assert_ok(ag_fiber_sleep(5));
    ag_call_free(start(&request));
    request.url = "http://localhost:1/"; /* while its name is being looked up */
    call = start(&request);
    ag_fiber_yield();
    ag_call_free(call);
    assert_int_equal(ag_http_client_connections(client), 0);
}

static void cancelled_call_closes_its_connection(void **state)
{
    (void)state;
    with(cancels, fault_server);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_is_typed),
        cmocka_unit_test(total_time_is_limited),
        cmocka_unit_test(deadlines_of_the_caller),
        cmocka_unit_test(unreachable_servers),
        cmocka_unit_test(judge_sits_at_the_socket),
        cmocka_unit_test(own_shortages),
        cmocka_unit_test(cancelled_call_closes_its_connection),
    };
    return cmocka_run_group_tests_name("client_faults", tests, NULL, NULL);
}
