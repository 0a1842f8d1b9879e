#include "http/conn.h"

#include "base/log.h"

#include <sys/socket.h>

/* ---- buffer ---- */

void ag_conn_release_buffer(struct ag_conn *conn)
{
    if (!conn->in || ag_conn_buffered(conn) > 0) return;
    if (conn->in_cap == AG_BLOCK_BYTES)
        ag_block_put(conn->home, conn->in);
    else
        free(conn->in);
    conn->in = NULL;
    conn->in_cap = conn->in_start = conn->in_end = 0;
}

void ag_conn_consume(struct ag_conn *conn, size_t n)
{
    AG_ASSERT(n <= ag_conn_buffered(conn));
    conn->in_start += (uint32_t)n;
    if (conn->in_start == conn->in_end) conn->in_start = conn->in_end = 0;
}

/* Room for at least one more byte. */
static enum ag_err make_room(struct ag_conn *conn)
{
    if (!conn->in) {
        conn->in = ag_block_get(conn->home);
        if (!conn->in) return ag_fail(AG_E_NO_MEMORY, "no memory to read a request");
        conn->in_cap = AG_BLOCK_BYTES;
        conn->in_start = conn->in_end = 0;
        return AG_OK;
    }
    if (conn->in_end < conn->in_cap) return AG_OK;
    size_t used = ag_conn_buffered(conn);
    if (conn->in_start > 0) {
        memmove(conn->in, conn->in + conn->in_start, used);
    } else {
        if (conn->in_cap >= AG_HTTP_MAX_HEADER_BYTES)
            return ag_fail(AG_E_HEADERS_TOO_LARGE, "the header fields have more than %d bytes",
                           AG_HTTP_MAX_HEADER_BYTES);
        char *bigger = malloc((size_t)conn->in_cap * 2);
        if (!bigger) return ag_fail(AG_E_NO_MEMORY, "no memory to read a request");
        memcpy(bigger, conn->in, used);
        if (conn->in_cap == AG_BLOCK_BYTES)
            ag_block_put(conn->home, conn->in);
        else
            free(conn->in);
        conn->in = bigger;
        conn->in_cap *= 2;
    }
    conn->in_start = 0;
    conn->in_end = (uint32_t)used;
    return AG_OK;
}

enum ag_err ag_conn_fill(struct ag_conn *conn, ag_deadline_ms deadline)
{
    if (conn->drained) {
        ag_conn_release_buffer(conn);
        AG_TRY(ag_io_wait_readable(conn->io, deadline));
    }
    AG_TRY(make_room(conn));
    size_t room = conn->in_cap - conn->in_end, n;
    AG_TRY(ag_io_read(conn->io, conn->in + conn->in_end, room, deadline, &n));
    conn->drained = n < room;
    conn->in_end += (uint32_t)n;
    ag_count(&conn->home->counters.bytes_in, n);
    return AG_OK;
}

enum ag_err ag_conn_write(struct ag_conn *conn, struct iovec *iov, int count)
{
    size_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += iov[i].iov_len;
    enum ag_err err = ag_io_writev(conn->io, iov, count,
                                   conn->home->server->options.write_timeout_ms);
    if (err == AG_E_TIMEOUT) ag_count(&conn->home->counters.timeouts, 1);
    if (err) {
        conn->broken = true;
        return err;
    }
    conn->reply_bytes += bytes;
    ag_count(&conn->home->counters.bytes_out, bytes);
    return AG_OK;
}

void ag_conn_on_hangup(void *arg)
{
    struct ag_conn *conn = arg;
    if (!conn->left) ag_count(&conn->home->counters.hangups, 1);
    conn->left = true;
    ag_fiber_cancel(conn->fiber);
}

/* ---- reading a request ---- */

/* Makes the connection ready for its next request. */
static void begin_request(struct ag_conn *conn)
{
    conn->req = (struct ag_request){.arena = &conn->arena, .conn = conn};
    conn->framing = (struct ag_framing){.keep_alive = false};
    conn->body_done = true;
    conn->body_failed = false;
    conn->body_left = 0;
    conn->body = (struct ag_str){NULL, 0};
    conn->reply_started = conn->reply_ended = conn->sse = false;
    conn->set = 0;
    conn->status = 0;
    conn->reply_bytes = 0;
    conn->capture = NULL;
    ag_buf_init(&conn->extra, &conn->arena, AG_REPLY_EXTRA_BYTES);
}

/* Some clients send an empty line after a body (RFC 9112 2.2); one is forgiven. */
static bool skip_empty_line(struct ag_conn *conn)
{
    if (ag_conn_buffered(conn) < 2 || memcmp(conn->in + conn->in_start, "\r\n", 2) != 0)
        return false;
    ag_conn_consume(conn, 2);
    return true;
}

/* Until the first byte of a request is there. Costs no memory while nothing comes. */
static enum ag_err wait_for_request(struct ag_conn *conn)
{
    const struct ag_server_options *options = &conn->home->server->options;
    ag_deadline_ms deadline = AG_NEVER;
    bool skipped = false;
    for (;;) {
        if (!skipped) skipped = skip_empty_line(conn);
        if (ag_conn_buffered(conn) > 0) return AG_OK;
        if (conn->home->canceled) return AG_E_CANCELED;
        if (deadline == AG_NEVER) deadline = ag_deadline_in(options->idle_timeout_ms);
        conn->state = AG_CONN_IDLE;
        /* While draining only what has arrived by now is still answered. */
        AG_TRY(ag_conn_fill(conn, conn->home->draining ? 0 : deadline));
        conn->state = AG_CONN_HEAD;
    }
}

static enum ag_err read_head(struct ag_conn *conn)
{
    struct ag_head head;
    ag_head_init(&head, &conn->llhttp);
    ag_deadline_ms deadline = AG_NEVER;
    for (;;) {
        AG_TRY(
            ag_head_parse(&head, &conn->llhttp, conn->in + conn->in_start, ag_conn_buffered(conn)));
        if (head.complete) break;
        if (deadline == AG_NEVER)
            deadline = ag_deadline_in(conn->home->server->options.header_timeout_ms);
        enum ag_err err = ag_conn_fill(conn, deadline);
        if (err == AG_E_TIMEOUT)
            return ag_fail(AG_E_REQUEST_TIMEOUT, "the header fields took too long to arrive");
        AG_TRY(err);
    }
    AG_TRY(ag_request_judge(&head, &conn->llhttp, conn->in + conn->in_start, &conn->req,
                            &conn->framing));
    ag_conn_consume(conn, head.parsed);
    conn->body_left = conn->framing.content_length;
    conn->body_done = !ag_request_has_body(&conn->req);
    return AG_OK;
}

/* ---- answering ---- */

static void log_access(const struct ag_conn *conn)
{
    const struct ag_request *req = &conn->req;
    if (!conn->home->server->options.access_log) return;
    struct ag_str none = AG_STR("-");
    ag_log(AG_LOG_INFO, "request", AG_LS("method", req->method_text.len ? req->method_text : none),
           AG_LS("path", req->path.len ? req->path : none), AG_LI("status", conn->status),
           AG_LI("bytes", conn->reply_bytes), AG_LI("duration_us", ag_mono_us() - req->started_us),
           AG_LS("request_id", req->request_id), AG_LC("route", req->route ? req->route : "-"));
}

/* A request that never became one: says why and closes. */
static void refuse(struct ag_conn *conn, enum ag_err err)
{
    struct ag_http_counters *counters = &conn->home->counters;
    conn->close = true;
    switch (err) {
    case AG_E_CLOSED:
    case AG_E_CANCELED:
    case AG_E_IO:
    case AG_E_TIMEOUT:
        return;
    case AG_E_REQUEST_TIMEOUT:
        ag_count(&counters->timeouts, 1);
        break;
    case AG_E_NO_MEMORY:
    case AG_E_OVERLOADED:
        break;
    default:
        ag_count(&counters->malformed, 1);
    }
    conn->linger = true;
    enum ag_err ignored = ag_reply_problem(&conn->req, err, NULL);
    (void)ignored; /* the connection ends either way */
    log_access(conn);
}

/* OPTIONS *: what the server as a whole can do (RFC 9110 9.3.7). */
static void answer_asterisk(struct ag_request *req)
{
    ag_reply_header(req, "Allow", AG_STR("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    enum ag_err ignored = ag_reply(req, 204, NULL, (struct ag_str){NULL, 0});
    (void)ignored;
}

static void answer(struct ag_conn *conn)
{
    struct ag_request *req = &conn->req;
    const struct ag_server_options *options = &conn->home->server->options;
    conn->state = AG_CONN_HANDLER;
    ag_count(&conn->home->counters.requests, 1);
    /* The handler may take long; nothing of the request is in the buffer any more. */
    ag_conn_release_buffer(conn);
    if (conn->framing.asterisk)
        answer_asterisk(req);
    else
        options->handler(req, options->arg);
    ag_io_watch_hangup(conn->io, NULL, NULL);
    ag_fiber_set_deadline(AG_NEVER);
    if (!conn->reply_started && !conn->broken && !ag_fiber_canceled()) {
        ag_log(AG_LOG_ERROR, "no_reply", AG_LS("path", req->path),
               AG_LS("request_id", req->request_id));
        enum ag_err ignored = ag_reply_problem(req, ag_fail(AG_E_INTERNAL, "no reply was made"),
                                               NULL);
        (void)ignored;
    }
    log_access(conn);
}

/* A body that only the connection's end ends (HTTP/1.0) must not look whole when it is not: the
 * client gets a reset. An event stream tells its end by itself. */
static void cut_unframed(struct ag_conn *conn)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (!conn->reply_started || conn->reply_ended || conn->sse || conn->req.minor > 0) return;
    conn->broken = true;
    setsockopt(ag_io_fd(conn->io), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

/* Whether the connection can carry another request. */
static bool end_request(struct ag_conn *conn)
{
    cut_unframed(conn);
    ag_out_release(conn);
    bool keep = conn->reply_ended && !conn->close && !conn->broken && !ag_fiber_canceled();
    if (keep) AG_ASSERT(conn->body_done);
    /* Unread bytes are about: the client may be writing still. */
    if (!keep && (!conn->body_done || ag_conn_buffered(conn) > 0)) conn->linger = true;
    ag_arena_done(&conn->arena);
    return keep;
}

static bool serve_one(struct ag_conn *conn)
{
    begin_request(conn);
    if (wait_for_request(conn) != AG_OK) return false;
    conn->state = AG_CONN_HEAD;
    ag_diag_clear();
    conn->req.started_us = ag_mono_us();
    enum ag_err err = read_head(conn);
    if (conn->req.request_id.len == 0)
        conn->req.request_id = ag_uuid_format(ag_uuid_new(), conn->id_text);
    if (err)
        refuse(conn, err);
    else
        answer(conn);
    return end_request(conn);
}

/* ---- closing ---- */

/* Closing a socket with unread bytes resets the connection, and a reset may overtake the reply. So
 * our side is closed first, and what still comes is dropped for a bounded while. */
static void linger(struct ag_conn *conn)
{
    conn->state = AG_CONN_CLOSING;
    if (shutdown(ag_io_fd(conn->io), SHUT_WR) != 0) return;
    ag_deadline_ms deadline = ag_deadline_in(AG_LINGER_MS);
    size_t dropped = 0;
    do {
        dropped += ag_conn_buffered(conn);
        conn->in_start = conn->in_end = 0;
        if (ag_mono_ms() >= deadline) return;
    } while (dropped < AG_LINGER_BYTES && ag_conn_fill(conn, deadline) == AG_OK);
}

void ag_conn_main(void *arg)
{
    struct ag_conn *conn = arg;
    conn->fiber = ag_fiber_self();
    if (conn->refusal) {
        begin_request(conn);
        conn->req.request_id = ag_uuid_format(ag_uuid_new(), conn->id_text);
        conn->req.started_us = ag_mono_us();
        refuse(conn, ag_fail(AG_E_OVERLOADED, "there are too many connections"));
        end_request(conn);
    } else {
        while (serve_one(conn)) {}
    }
    if (conn->linger && !conn->broken && !ag_fiber_canceled()) linger(conn);
    ag_conn_close(conn);
}
