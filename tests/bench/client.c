#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX        256
#define READ_BYTES        (64 * 1024)
#define REQUEST_MAX_BYTES (4 * 1024 * 1024)

/* llhttp's callbacks know only the connection; the client of the round is here. One thread. */
static struct ag_client *current;

static int on_headers_complete(llhttp_t *parser)
{
    struct ag_conn *conn = parser->data;

    conn->answered = true;
    /* 1 says that no body follows, which the reply to HEAD does not show by itself. */
    return current->options->head ? 1 : 0;
}

static int on_message_complete(llhttp_t *parser)
{
    struct ag_conn *conn = parser->data;

    conn->reusable = llhttp_should_keep_alive(parser);
    return HPE_PAUSED;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    if (current->calls->on_body != NULL) current->calls->on_body(current, parser->data, at, len);
    return 0;
}

void ag_client_init(struct ag_client *client, const struct ag_load_options *options,
                    const struct ag_client_calls *calls, void *state, size_t count)
{
    *client = (struct ag_client){
        .options = options, .calls = calls, .state = state, .conns_len = count};
    llhttp_settings_init(&client->settings);
    client->settings.on_headers_complete = on_headers_complete;
    client->settings.on_body = on_body;
    client->settings.on_message_complete = on_message_complete;
    client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (client->epoll_fd < 0) ag_tool_fail("no epoll: %s", strerror(errno));
    client->conns = ag_tool_alloc(count, sizeof(*client->conns));
    for (size_t i = 0; i < count; i++) {
        client->conns[i].fd = -1;
        client->conns[i].index = i;
    }
    client->now_ns = ag_tool_now_ns();
}

static void conn_close(struct ag_conn *conn)
{
    if (conn->fd >= 0) close(conn->fd);
    conn->fd = -1;
    conn->wants_write = false;
}

void ag_client_done(struct ag_client *client)
{
    for (size_t i = 0; i < client->conns_len; i++) {
        conn_close(&client->conns[i]);
        ag_bytes_done(&client->conns[i].request);
    }
    free(client->conns);
    close(client->epoll_fd);
}

static void conn_broken(struct ag_client *client, struct ag_conn *conn, const char *why)
{
    conn_close(conn);
    client->calls->on_broken(client, conn, why);
}

static bool conn_open(struct ag_client *client, struct ag_conn *conn)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = conn};

    conn->fd = ag_tool_connect(client->options->port);
    if (conn->fd < 0) return false;
    if (epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, conn->fd, &ev) < 0)
        ag_tool_fail("cannot watch a connection: %s", strerror(errno));
    client->connects++;
    llhttp_init(&conn->parser, HTTP_RESPONSE, &client->settings);
    conn->parser.data = conn;
    return true;
}

static void conn_watch(struct ag_client *client, struct ag_conn *conn, bool write)
{
    struct epoll_event ev = {.events = EPOLLIN | (write ? (uint32_t)EPOLLOUT : 0),
                             .data.ptr = conn};

    if (conn->wants_write == write) return;
    conn->wants_write = write;
    (void)epoll_ctl(client->epoll_fd, EPOLL_CTL_MOD, conn->fd, &ev);
}

/* Sends what is left of the request. An error is left to the next round: the socket reports it. */
static void conn_send(struct ag_client *client, struct ag_conn *conn)
{
    while (conn->sent < conn->request.len) {
        ssize_t n = send(conn->fd, conn->request.data + conn->sent, conn->request.len - conn->sent,
                         MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            conn_watch(client, conn, errno == EAGAIN);
            return;
        }
        conn->sent += (size_t)n;
    }
    conn_watch(client, conn, false);
}

/* Copies the request with its own number in place of AG_LOAD_SEQ; the width is fixed, so the
 * Content-Length made for the first one holds for all. */
static void number_request(struct ag_client *client, struct ag_conn *conn)
{
    const struct ag_bytes *from = &client->options->request;
    const char *at = from->data, *end = from->data + from->len, *hit;
    char digits[AG_LOAD_SEQ_DIGITS + 1];
    bool ok = true;

    (void)snprintf(digits, sizeof(digits), "%0*llu", AG_LOAD_SEQ_DIGITS,
                   (unsigned long long)(client->requests_begun % 1000000000000ull));
    conn->request.len = 0;
    while ((hit = memmem(at, (size_t)(end - at), AG_LOAD_SEQ, strlen(AG_LOAD_SEQ))) != NULL) {
        ok = ok && ag_bytes_add(&conn->request, at, (size_t)(hit - at), REQUEST_MAX_BYTES) &&
             ag_bytes_add(&conn->request, digits, AG_LOAD_SEQ_DIGITS, REQUEST_MAX_BYTES);
        at = hit + strlen(AG_LOAD_SEQ);
    }
    if (!ok || !ag_bytes_add(&conn->request, at, (size_t)(end - at), REQUEST_MAX_BYTES))
        ag_tool_fail("the request is too large");
}

void ag_client_request(struct ag_client *client, struct ag_conn *conn)
{
    number_request(client, conn);
    client->requests_begun++;
    conn->busy = true;
    conn->answered = false;
    conn->sent = 0;
    conn->sent_at_ns = ag_tool_now_ns();
    if (conn->fd < 0 && !conn_open(client, conn))
        ag_tool_fail("cannot connect to port %u: %s", client->options->port, strerror(errno));
    conn_send(client, conn);
}

static void conn_done(struct ag_client *client, struct ag_conn *conn)
{
    unsigned status = (unsigned)llhttp_get_status_code(&conn->parser);

    llhttp_resume(&conn->parser);
    conn->busy = false;
    if (!conn->reusable) conn_close(conn);
    client->calls->on_done(client, conn, status);
}

static void conn_readable(struct ag_client *client, struct ag_conn *conn)
{
    static char buffer[READ_BYTES];
    ssize_t n = recv(conn->fd, buffer, sizeof(buffer), 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) {
        conn_broken(client, conn,
                    errno == ECONNREFUSED ? "connection refused" : "connection reset");
        return;
    }
    if (n == 0) {
        /* A body without a length ends with the connection. */
        if (conn->busy && llhttp_finish(&conn->parser) == HPE_PAUSED)
            conn_done(client, conn);
        else
            conn_broken(client, conn, conn->answered ? "closed inside a reply" : "closed");
        return;
    }
    client->bytes_read += (uint64_t)n;
    if (!conn->busy) {
        conn_broken(client, conn, "bytes after the reply");
        return;
    }
    llhttp_errno_t rc = llhttp_execute(&conn->parser, buffer, (size_t)n);
    if (rc == HPE_OK) return;
    if (rc != HPE_PAUSED)
        conn_broken(client, conn, "the reply is not HTTP");
    else if (llhttp_get_error_pos(&conn->parser) != buffer + n)
        conn_broken(client, conn, "bytes after the reply");
    else
        conn_done(client, conn);
}

void ag_client_poll(struct ag_client *client, uint64_t until_ns)
{
    struct epoll_event events[EVENTS_MAX];
    uint64_t now_ns = ag_tool_now_ns();
    uint64_t wait_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    struct timespec timeout = {.tv_sec = (time_t)(wait_ns / AG_NS_PER_S),
                               .tv_nsec = (long)(wait_ns % AG_NS_PER_S)};
    int n = epoll_pwait2(client->epoll_fd, events, EVENTS_MAX, &timeout, NULL);

    current = client;
    client->now_ns = ag_tool_now_ns();
    for (int i = 0; i < n; i++) {
        struct ag_conn *conn = events[i].data.ptr;
        if (conn->fd >= 0 && (events[i].events & EPOLLOUT)) conn_send(client, conn);
        if (conn->fd >= 0 && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
            conn_readable(client, conn);
    }
}
