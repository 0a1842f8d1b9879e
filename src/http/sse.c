#include "http/conn.h"

/*
 * The queue of a stream is one buffer: room for the chunk's size line, the events, and behind them
 * the line that ends the chunk. A flush is then one piece to write. It is taken from the loop's
 * pool when there is something to say and given back once said, so a silent stream holds none.
 */

enum { TAIL_BYTES = 8 }; /* "\r\n" and the last chunk "0\r\n\r\n" */

void ag_sse_release(struct ag_conn *conn)
{
    if (!conn->out.data) return;
    if (conn->out.cap == AG_BLOCK_BYTES)
        ag_block_put(conn->home, conn->out.data);
    else
        free(conn->out.data);
    conn->out.data = NULL;
    conn->out.len = conn->out.cap = 0;
}

static enum ag_err reserve(struct ag_conn *conn, size_t n)
{
    size_t need = AG_SSE_FRONT_BYTES + conn->out.len + n + TAIL_BYTES;
    if (need <= conn->out.cap) return AG_OK;
    if (!conn->out.data && need <= AG_BLOCK_BYTES) {
        conn->out.data = ag_block_get(conn->home);
        if (!conn->out.data) return ag_fail(AG_E_NO_MEMORY, "no memory for an event");
        conn->out.cap = AG_BLOCK_BYTES;
        return AG_OK;
    }
    size_t cap = AG_MAX(conn->out.cap * 2, (size_t)AG_BLOCK_BYTES * 2);
    while (cap < need)
        cap *= 2;
    char *bigger = malloc(cap);
    if (!bigger) return ag_fail(AG_E_NO_MEMORY, "no memory for an event");
    size_t len = conn->out.len;
    if (len > 0) memcpy(bigger, conn->out.data, AG_SSE_FRONT_BYTES + len);
    ag_sse_release(conn);
    conn->out.data = bigger;
    conn->out.len = len;
    conn->out.cap = cap;
    return AG_OK;
}

static void put(struct ag_conn *conn, const char *data, size_t n)
{
    memcpy(conn->out.data + AG_SSE_FRONT_BYTES + conn->out.len, data, n);
    conn->out.len += n;
}
#define PUT(conn, literal) put(conn, "" literal, sizeof(literal) - 1)

static void touch(struct ag_conn *conn)
{
    conn->out.heartbeat_at = ag_deadline_in(conn->home->server->options.heartbeat_ms);
}

enum ag_err ag_sse_begin(struct ag_request *req)
{
    struct ag_conn *conn = req->conn;
    AG_TRY(ag_reply_check(req));
    if (!(conn->set & AG_SET_CACHE_CONTROL))
        ag_reply_header(req, "Cache-Control", AG_STR("no-cache, no-transform"));
    if (ag_buf_err(&conn->extra)) return AG_E_NO_MEMORY;
    /* HTTP/1.0 knows no chunks: the end of the connection ends the stream. */
    bool chunked = req->minor > 0;
    if (!chunked) conn->close = true;
    conn->sse = true;
    char head[AG_REPLY_HEAD_BYTES];
    size_t n = ag_reply_head(req, 200, "text/event-stream", -1,
                             chunked ? "X-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n"
                                     : "X-Accel-Buffering: no\r\n",
                             head);
    struct iovec iov[] = {
        {head, n}, {conn->extra.data, conn->extra.len}, {(void *)(uintptr_t) "\r\n", 2}};
    AG_TRY(ag_conn_write(conn, iov, 3));
    ag_conn_release_buffer(conn);
    touch(conn);
    return AG_OK;
}

/* Bytes of `data` up to the next line end, and behind it. A line end inside of an event's data
 * would end its field, so the data is cut there into several (WHATWG HTML 9.2.6). */
static size_t line_length(struct ag_str data, size_t *ret_next)
{
    size_t n = 0;
    while (n < data.len && data.data[n] != '\n' && data.data[n] != '\r')
        n++;
    *ret_next = n + 1;
    if (n + 1 < data.len && data.data[n] == '\r' && data.data[n + 1] == '\n') *ret_next = n + 2;
    return n;
}

static void put_data(struct ag_conn *conn, struct ag_str data)
{
    for (;;) {
        size_t next, n = line_length(data, &next);
        PUT(conn, "data: ");
        put(conn, data.data, n);
        PUT(conn, "\n");
        if (n == data.len) return;
        data = ag_str_sub(data, next, data.len);
    }
}

static size_t count_line_ends(struct ag_str data)
{
    size_t count = 0;
    for (size_t i = 0; i < data.len; i++)
        count += data.data[i] == '\n' || data.data[i] == '\r';
    return count;
}

enum ag_err ag_sse_event(struct ag_request *req, int64_t id, const char *event, struct ag_str data)
{
    struct ag_conn *conn = req->conn;
    AG_ASSERT(conn->sse && !conn->reply_ended);
    if (conn->broken) return ag_fail(AG_E_CLOSED, "the connection has failed");
    struct ag_str name = ag_str(event);
    /* "id: ", 20 digits, "event: ", "data: " for each line, and their ends. */
    size_t need = 64 + name.len + data.len + 7 * count_line_ends(data);
    if (conn->out.len > 0 && conn->out.len + need > AG_SSE_QUEUE_BYTES)
        return ag_fail(AG_E_NO_MEMORY, "more than %d bytes of events are queued",
                       AG_SSE_QUEUE_BYTES);
    if (need > AG_SSE_EVENT_BYTES)
        return ag_fail(AG_E_NO_MEMORY, "an event has more than %d bytes", AG_SSE_EVENT_BYTES);
    AG_TRY(reserve(conn, need));
    if (id >= 0) {
        char text[24];
        int n = snprintf(text, sizeof(text), "%lld", (long long)id);
        PUT(conn, "id: ");
        put(conn, text, (size_t)n);
        PUT(conn, "\n");
    } else if (id == AG_SSE_ID_END) {
        PUT(conn, "id: end\n");
    }
    if (event) {
        PUT(conn, "event: ");
        put(conn, name.data, name.len);
        PUT(conn, "\n");
    }
    put_data(conn, data);
    PUT(conn, "\n");
    return AG_OK;
}

/* Writes the queue, and with `last` the end of the body. */
static enum ag_err flush(struct ag_conn *conn, bool last)
{
    if (conn->broken) return ag_fail(AG_E_CLOSED, "the connection has failed");
    if (conn->req.method == AG_HEAD) conn->out.len = 0;
    bool chunked = conn->req.minor > 0 && conn->req.method != AG_HEAD;
    if (conn->out.len == 0 && !(last && chunked)) {
        ag_sse_release(conn);
        return AG_OK;
    }
    AG_TRY(reserve(conn, 0));
    char *from = conn->out.data + AG_SSE_FRONT_BYTES, *end = from + conn->out.len;
    if (chunked && conn->out.len > 0) {
        static const char hex[] = "0123456789abcdef";
        *--from = '\n';
        *--from = '\r';
        for (size_t rest = conn->out.len; rest > 0; rest >>= 4)
            *--from = hex[rest & 15];
        memcpy(end, "\r\n", 2);
        end += 2;
    }
    if (chunked && last) {
        memcpy(end, "0\r\n\r\n", 5);
        end += 5;
    }
    struct iovec iov = {from, (size_t)(end - from)};
    enum ag_err err = ag_conn_write(conn, &iov, 1);
    ag_sse_release(conn);
    touch(conn);
    return err;
}

enum ag_err ag_sse_flush(struct ag_request *req)
{
    return flush(req->conn, false);
}

ag_deadline_ms ag_sse_heartbeat_at(const struct ag_request *req)
{
    return req->conn->out.heartbeat_at;
}

enum ag_err ag_sse_heartbeat(struct ag_request *req)
{
    struct ag_conn *conn = req->conn;
    if (conn->out.len == 0) {
        AG_TRY(reserve(conn, 16));
        PUT(conn, ": heartbeat\n\n");
    }
    return flush(conn, false);
}

enum ag_err ag_sse_end(struct ag_request *req)
{
    struct ag_conn *conn = req->conn;
    AG_TRY(flush(conn, true));
    conn->reply_ended = true;
    return AG_OK;
}
