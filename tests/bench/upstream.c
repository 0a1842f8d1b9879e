/* A scripted model server for measurements: it answers at once, or after a fixed delay, with the
 * wire format of OpenAI (POST /v1/chat/completions) and Anthropic (POST /v1/messages), whole or
 * streamed, so that what is measured is the server in front of it. One thread, epoll, one write per
 * step.
 *
 *   GET /health  200 {"status":"OK"}
 *   GET /stats   counters since the start: whoever measures checks that each request truly came
 * here
 *
 * Prints "listening port=N" on stdout and ends on SIGTERM or SIGINT. */
#include "heap.h"
#include "script.h"
#include "tool.h"

#include <errno.h>
#include <getopt.h>
#include <llhttp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX     256
#define READ_BYTES     (64 * 1024)
#define BODY_MAX_BYTES (1024 * 1024)
#define URL_MAX_BYTES  128
/* A reader this far behind stops its stream until it has caught up. */
#define STREAM_BUFFER_BYTES (64 * 1024)
#define OUT_MAX_BYTES       (16 * 1024 * 1024)
/* Deadlines this close are served together: a wake-up costs more than being this early. */
#define TIMER_SLACK_NS (100 * AG_NS_PER_US)

enum task {
    TASK_NONE,   /* reading a request */
    TASK_DELAY,  /* the answer waits for its delay */
    TASK_STREAM, /* pieces follow at their times */
};

struct conn {
    int fd; /* -1 when closed and waiting to be freed */
    llhttp_t parser;
    struct ag_deadline due;
    struct conn *prev, *next; /* among the open ones; next alone among the closed */
    char url[URL_MAX_BYTES];
    size_t url_len;
    struct ag_bytes body;
    struct ag_bytes out;
    size_t out_sent;
    bool wants_write;
    bool keep_alive;
    bool body_too_large;
    enum task task;
    enum ag_script_api api;
    bool stream;
    bool usage;
    bool stalled; /* the next piece waits for the reader, not for its time */
    unsigned seq;
    uint64_t started_ns;
};

struct options {
    uint16_t port;
    int cpu;
    unsigned chunks;
    uint64_t interval_ns;
    uint64_t delay_ns;
};

static struct options options = {
    .cpu = -1, .chunks = 64, .interval_ns = 20 * AG_NS_PER_MS, .delay_ns = 0};
static struct {
    uint64_t connections, requests, streams, pieces, aborted, refused, open;
} stats;
static int epoll_fd;
static struct ag_heap timers;
static struct conn *opened;
static struct conn *closed;
static llhttp_settings_t settings;
static volatile sig_atomic_t stop;
static sigset_t signals_while_waiting;

static void conn_close(struct conn *c)
{
    if (c->fd < 0) return;
    if (c->task != TASK_NONE) stats.aborted++;
    stats.open--;
    close(c->fd);
    c->fd = -1;
    ag_heap_drop(&timers, &c->due);
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        opened = c->next;
    if (c->next != NULL) c->next->prev = c->prev;
    /* Later events of this round may still point here: freed at its end. */
    c->next = closed;
    closed = c;
}

static void free_closed(void)
{
    while (closed != NULL) {
        struct conn *c = closed;
        closed = c->next;
        ag_bytes_done(&c->body);
        ag_bytes_done(&c->out);
        free(c);
    }
}

static void conn_watch(struct conn *c, bool write)
{
    struct epoll_event ev = {.events = EPOLLIN | (write ? (uint32_t)EPOLLOUT : 0), .data.ptr = c};

    if (c->wants_write == write) return;
    c->wants_write = write;
    (void)epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
}

/* Sends what waits; closes on error, or once the last reply of a closing connection is out. */
static void conn_flush(struct conn *c)
{
    while (c->out_sent < c->out.len) {
        ssize_t n = send(c->fd, c->out.data + c->out_sent, c->out.len - c->out_sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            conn_watch(c, true);
            return;
        }
        if (n < 0) {
            conn_close(c);
            return;
        }
        c->out_sent += (size_t)n;
    }
    c->out.len = c->out_sent = 0;
    conn_watch(c, false);
    if (c->task == TASK_NONE && !c->keep_alive) conn_close(c);
}

/* Queues static or formatted text; the buffer is far larger than any reply, so this cannot fail. */
static void conn_put(struct conn *c, const char *data, size_t len)
{
    if (!ag_bytes_add(&c->out, data, len, OUT_MAX_BYTES))
        ag_tool_fail("a reply grew past its limit");
}

static void reply_json(struct conn *c, const char *status, const char *json)
{
    char head[256];
    int len = snprintf(
        head, sizeof(head),
        "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", status,
        strlen(json));

    conn_put(c, head, (size_t)len);
    conn_put(c, json, strlen(json));
}

static void reply_stats(struct conn *c)
{
    char json[512];

    (void)snprintf(json, sizeof(json),
                   "{\"connections\":%llu,\"requests\":%llu,\"streams\":%llu,\"pieces\":%llu,"
                   "\"aborted\":%llu,\"refused\":%llu,\"open\":%llu}",
                   (unsigned long long)stats.connections, (unsigned long long)stats.requests,
                   (unsigned long long)stats.streams, (unsigned long long)stats.pieces,
                   (unsigned long long)stats.aborted, (unsigned long long)stats.refused,
                   (unsigned long long)stats.open);
    reply_json(c, "200 OK", json);
}

static void reply_whole(struct conn *c)
{
    size_t len;
    const char *text = ag_script_whole(c->api, &len);

    c->task = TASK_NONE;
    conn_put(c, text, len);
}

/* Appends what follows next in the stream; false when the stream has ended with it. */
static bool stream_step(struct conn *c, uint64_t now_ns)
{
    bool ok;

    if (c->seq < options.chunks) {
        ok = ag_script_piece(&c->out, c->api, c->seq++, now_ns, OUT_MAX_BYTES);
        stats.pieces++;
    } else {
        ok = ag_script_close(&c->out, c->api, options.chunks, c->usage, OUT_MAX_BYTES);
        c->task = TASK_NONE;
    }
    if (!ok) ag_tool_fail("a reply grew past its limit");
    return c->task == TASK_STREAM;
}

/* Makes every piece whose time has come and sets the time of the next. The schedule is absolute, so
 * a late wake-up does not stretch the stream. */
static void stream_run(struct conn *c, uint64_t now_ns)
{
    for (;;) {
        uint64_t due_ns = c->started_ns + (c->seq + 1) * options.interval_ns;
        if (due_ns > now_ns + TIMER_SLACK_NS) {
            ag_heap_set(&timers, &c->due, due_ns);
            break;
        }
        if (c->out.len - c->out_sent > STREAM_BUFFER_BYTES) {
            c->stalled = true;
            break;
        }
        if (!stream_step(c, now_ns)) break;
    }
}

static void stream_start(struct conn *c, uint64_t now_ns)
{
    stats.streams++;
    c->task = TASK_STREAM;
    c->seq = 0;
    c->started_ns = now_ns;
    if (!ag_script_open(&c->out, c->api, OUT_MAX_BYTES))
        ag_tool_fail("a reply grew past its limit");
    stream_run(c, now_ns);
}

static bool request_is(const struct conn *c, int method, const char *path)
{
    size_t len = strlen(path);

    return llhttp_get_method((llhttp_t *)&c->parser) == method && c->url_len == len &&
           memcmp(c->url, path, len) == 0;
}

static void model_answer(struct conn *c, uint64_t now_ns)
{
    if (c->stream)
        stream_start(c, now_ns);
    else
        reply_whole(c);
}

static void model_request(struct conn *c, enum ag_script_api api)
{
    uint64_t now_ns = ag_tool_now_ns();

    stats.requests++;
    c->api = api;
    c->stream = ag_script_asks(c->body.data, c->body.len, "stream");
    c->usage = ag_script_asks(c->body.data, c->body.len, "include_usage");
    if (options.delay_ns == 0) {
        model_answer(c, now_ns);
        return;
    }
    c->task = TASK_DELAY;
    ag_heap_set(&timers, &c->due, now_ns + options.delay_ns);
}

static void handle_request(struct conn *c)
{
    if (c->body_too_large)
        reply_json(c, "413 Content Too Large", "{\"error\":{\"message\":\"body too large\"}}");
    else if (request_is(c, HTTP_POST, "/v1/chat/completions"))
        model_request(c, AG_SCRIPT_OPENAI);
    else if (request_is(c, HTTP_POST, "/v1/messages"))
        model_request(c, AG_SCRIPT_ANTHROPIC);
    else if (request_is(c, HTTP_GET, "/health"))
        reply_json(c, "200 OK", "{\"status\":\"OK\"}");
    else if (request_is(c, HTTP_GET, "/stats"))
        reply_stats(c);
    else
        reply_json(c, "404 Not Found", "{\"error\":{\"message\":\"no such path\"}}");
}

static int on_message_begin(llhttp_t *parser)
{
    struct conn *c = parser->data;

    c->url_len = 0;
    c->body.len = 0;
    c->body_too_large = false;
    return 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    struct conn *c = parser->data;

    if (c->url_len + len > sizeof(c->url)) return HPE_USER;
    memcpy(c->url + c->url_len, at, len);
    c->url_len += len;
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct conn *c = parser->data;

    if (!ag_bytes_add(&c->body, at, len, BODY_MAX_BYTES)) c->body_too_large = true;
    return 0;
}

static int on_message_complete(llhttp_t *parser)
{
    struct conn *c = parser->data;

    c->keep_alive = llhttp_should_keep_alive(parser) && !c->body_too_large;
    return HPE_PAUSED;
}

/* Feeds bytes to the parser and serves each complete request. A client that sends its next request
 * before the answer to a delayed or streamed one is refused: no client measured here does that. */
static void conn_feed(struct conn *c, const char *data, size_t len)
{
    while (len > 0) {
        if (c->task != TASK_NONE) {
            stats.refused++;
            conn_close(c);
            return;
        }
        llhttp_errno_t rc = llhttp_execute(&c->parser, data, len);
        if (rc == HPE_OK) return;
        if (rc != HPE_PAUSED) {
            stats.refused++;
            conn_close(c);
            return;
        }
        const char *stopped_at = llhttp_get_error_pos(&c->parser);
        llhttp_resume(&c->parser);
        handle_request(c);
        conn_flush(c);
        if (c->fd < 0) return;
        len -= (size_t)(stopped_at - data);
        data = stopped_at;
    }
}

static void conn_readable(struct conn *c)
{
    static char buffer[READ_BYTES];
    ssize_t n = recv(c->fd, buffer, sizeof(buffer), 0);

    if (n > 0)
        conn_feed(c, buffer, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        conn_close(c);
}

static void conn_event(struct conn *c, uint32_t events)
{
    if (c->fd >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) conn_readable(c);
    if (c->fd >= 0 && (events & EPOLLOUT)) conn_flush(c);
    if (c->fd >= 0 && c->stalled && c->out.len == 0) {
        c->stalled = false;
        stream_run(c, ag_tool_now_ns());
        conn_flush(c);
    }
}

static void accept_all(int listen_fd)
{
    for (;;) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        struct conn *c = ag_tool_alloc(1, sizeof(*c));
        c->fd = fd;
        c->due.slot = AG_HEAP_NONE;
        llhttp_init(&c->parser, HTTP_REQUEST, &settings);
        c->parser.data = c;
        c->next = opened;
        if (opened != NULL) opened->prev = c;
        opened = c;
        ag_tool_nodelay(fd);
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
            ag_tool_fail("cannot watch a connection: %s", strerror(errno));
        stats.connections++;
        stats.open++;
    }
}

static void run_timers(uint64_t now_ns)
{
    struct ag_deadline *d;

    while ((d = ag_heap_first(&timers)) != NULL && d->at_ns <= now_ns + TIMER_SLACK_NS) {
        struct conn *c = (void *)((char *)d - offsetof(struct conn, due));
        ag_heap_drop(&timers, d);
        if (c->task == TASK_DELAY) {
            model_answer(c, now_ns);
        } else if (c->task == TASK_STREAM) {
            stream_run(c, now_ns);
        }
        conn_flush(c);
    }
}

/* Waits for events until the first deadline; the nanosecond form, because the millisecond one
 * rounds a 50 µs delay to 0 or 1 ms. */
static int wait_events(struct epoll_event *events)
{
    const struct ag_deadline *d = ag_heap_first(&timers);
    struct timespec timeout = {0};

    if (d == NULL) return epoll_pwait2(epoll_fd, events, EVENTS_MAX, NULL, &signals_while_waiting);
    uint64_t now_ns = ag_tool_now_ns();
    if (d->at_ns > now_ns) {
        timeout.tv_sec = (time_t)((d->at_ns - now_ns) / AG_NS_PER_S);
        timeout.tv_nsec = (long)((d->at_ns - now_ns) % AG_NS_PER_S);
    }
    return epoll_pwait2(epoll_fd, events, EVENTS_MAX, &timeout, &signals_while_waiting);
}

static void serve(int listen_fd)
{
    struct epoll_event events[EVENTS_MAX];
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL};

    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listen_fd, &ev) < 0)
        ag_tool_fail("cannot watch the listening socket: %s", strerror(errno));
    while (!stop) {
        int n = wait_events(events);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL)
                accept_all(listen_fd);
            else
                conn_event(events[i].data.ptr, events[i].events);
        }
        if (ag_heap_first(&timers) != NULL) run_timers(ag_tool_now_ns());
        free_closed();
    }
}

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

/* The signals are open only inside the wait, so one that comes just before it is not missed. */
static void catch_signals(void)
{
    struct sigaction quit = {.sa_handler = on_signal};
    sigset_t blocked;

    sigaction(SIGTERM, &quit, NULL);
    sigaction(SIGINT, &quit, NULL);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, &signals_while_waiting);
}

static const char usage[] =
    "usage: bench-upstream [--port N] [--chunks N] [--interval-ms N] [--delay-us N] [--cpu N]\n"
    "  --port N         port on 127.0.0.1; 0 (default) picks a free one\n"
    "  --chunks N       pieces of text in a streamed answer (64)\n"
    "  --interval-ms N  time between two pieces (20); 0 sends all at once\n"
    "  --delay-us N     wait before an answer begins (0)\n"
    "  --cpu N          run on this cpu only\n";

static void parse_options(int argc, char **argv)
{
    static const struct option known[] = {{"port", required_argument, NULL, 'p'},
                                          {"chunks", required_argument, NULL, 'n'},
                                          {"interval-ms", required_argument, NULL, 'i'},
                                          {"delay-us", required_argument, NULL, 'd'},
                                          {"cpu", required_argument, NULL, 'c'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int opt;

    while ((opt = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (opt == 'p')
            options.port = (uint16_t)ag_tool_number("port", optarg, 0, UINT16_MAX);
        else if (opt == 'n')
            options.chunks = (unsigned)ag_tool_number("chunks", optarg, 0, AG_MARK_MAX_SEQ);
        else if (opt == 'i')
            options.interval_ns = ag_tool_number("interval-ms", optarg, 0, 60000) * AG_NS_PER_MS;
        else if (opt == 'd')
            options.delay_ns = ag_tool_number("delay-us", optarg, 0, 60000000) * AG_NS_PER_US;
        else if (opt == 'c')
            options.cpu = (int)ag_tool_number("cpu", optarg, 0, 1023);
        else {
            fputs(usage, opt == 'h' ? stdout : stderr);
            exit(opt == 'h' ? 0 : 2);
        }
    }
    if (optind != argc) ag_tool_fail("unexpected argument \"%s\"", argv[optind]);
}

int main(int argc, char **argv)
{
    parse_options(argc, argv);
    ag_tool_end_with_parent();
    ag_tool_raise_nofile();
    ag_tool_pin(options.cpu);
    catch_signals();
    llhttp_settings_init(&settings);
    settings.on_message_begin = on_message_begin;
    settings.on_url = on_url;
    settings.on_body = on_body;
    settings.on_message_complete = on_message_complete;
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    int listen_fd = ag_tool_listen(options.port, &options.port);
    printf("listening port=%u\n", options.port);
    fflush(stdout);
    serve(listen_fd);
    while (opened != NULL)
        conn_close(opened);
    free_closed();
    close(listen_fd);
    close(epoll_fd);
    ag_heap_done(&timers);
    return 0;
}
