#include "http/conn.h"

#define PUT(conn, literal) ag_out_put(conn, "" literal, sizeof(literal) - 1)

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
    AG_TRY(ag_out_begin(req, "text/event-stream"));
    conn->sse = true;
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
        ag_out_put(conn, data.data, n);
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
    if (conn->out.len > 0 && conn->out.len + need > AG_OUT_QUEUE_BYTES)
        return ag_fail(AG_E_NO_MEMORY, "more than %d bytes of events are queued",
                       AG_OUT_QUEUE_BYTES);
    if (need > AG_SSE_EVENT_BYTES)
        return ag_fail(AG_E_NO_MEMORY, "an event has more than %d bytes", AG_SSE_EVENT_BYTES);
    AG_TRY(ag_out_reserve(conn, need));
    if (id >= 0) {
        char text[24];
        int n = snprintf(text, sizeof(text), "%lld", (long long)id);
        PUT(conn, "id: ");
        ag_out_put(conn, text, (size_t)n);
        PUT(conn, "\n");
    } else if (id == AG_SSE_ID_END) {
        PUT(conn, "id: end\n");
    }
    if (event) {
        PUT(conn, "event: ");
        ag_out_put(conn, name.data, name.len);
        PUT(conn, "\n");
    }
    put_data(conn, data);
    PUT(conn, "\n");
    return AG_OK;
}

static enum ag_err flush(struct ag_conn *conn, bool last)
{
    size_t queued = conn->out.len;
    enum ag_err err = ag_out_flush(conn, last);
    if (queued > 0 || last) touch(conn);
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
        AG_TRY(ag_out_reserve(conn, 16));
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
