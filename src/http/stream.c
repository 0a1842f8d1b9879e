#include "http/conn.h"

/*
 * Bodies whose length nobody knows when they begin.
 *
 * The queue of a stream is one buffer: room for the chunk's size line, what is queued, and behind
 * it the line that ends the chunk. A flush is then one piece to write. It is taken from the loop's
 * pool when there is something to say and given back once said, so a silent stream holds none.
 */

enum { TAIL_BYTES = 8 }; /* "\r\n" and the last chunk "0\r\n\r\n" */

void ag_out_release(struct ag_conn *conn)
{
    if (!conn->out.data) return;
    if (conn->out.cap == AG_BLOCK_BYTES)
        ag_block_put(conn->home, conn->out.data);
    else
        free(conn->out.data);
    conn->out.data = NULL;
    conn->out.len = conn->out.cap = 0;
}

enum ag_err ag_out_reserve(struct ag_conn *conn, size_t n)
{
    size_t need = AG_OUT_FRONT_BYTES + conn->out.len + n + TAIL_BYTES;
    if (need <= conn->out.cap) return AG_OK;
    if (!conn->out.data && need <= AG_BLOCK_BYTES) {
        conn->out.data = ag_block_get(conn->home);
        if (!conn->out.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a stream");
        conn->out.cap = AG_BLOCK_BYTES;
        return AG_OK;
    }
    size_t cap = AG_MAX(conn->out.cap * 2, (size_t)AG_BLOCK_BYTES * 2);
    while (cap < need)
        cap *= 2;
    char *bigger = malloc(cap);
    if (!bigger) return ag_fail(AG_E_NO_MEMORY, "no memory for a stream");
    size_t len = conn->out.len;
    if (len > 0) memcpy(bigger, conn->out.data, AG_OUT_FRONT_BYTES + len);
    ag_out_release(conn);
    conn->out.data = bigger;
    conn->out.len = len;
    conn->out.cap = cap;
    return AG_OK;
}

void ag_out_put(struct ag_conn *conn, const char *data, size_t n)
{
    memcpy(conn->out.data + AG_OUT_FRONT_BYTES + conn->out.len, data, n);
    conn->out.len += n;
}

enum ag_err ag_out_begin(struct ag_request *req, const char *content_type)
{
    struct ag_conn *conn = req->conn;
    if (ag_buf_err(&conn->extra)) return AG_E_NO_MEMORY;
    /* HTTP/1.0 knows no chunks: the end of the connection ends the stream. */
    bool chunked = req->minor > 0;
    if (!chunked) conn->close = true;
    char head[AG_REPLY_HEAD_BYTES];
    size_t n = ag_reply_head(req, 200, content_type, -1,
                             chunked ? "X-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n"
                                     : "X-Accel-Buffering: no\r\n",
                             head);
    struct iovec iov[] = {
        {head, n}, {conn->extra.data, conn->extra.len}, {(void *)(uintptr_t) "\r\n", 2}};
    AG_TRY(ag_conn_write(conn, iov, 3));
    ag_conn_release_buffer(conn);
    return AG_OK;
}

enum ag_err ag_out_flush(struct ag_conn *conn, bool last)
{
    if (conn->broken) return ag_fail(AG_E_CLOSED, "the connection has failed");
    if (conn->req.method == AG_HEAD) conn->out.len = 0;
    bool chunked = conn->req.minor > 0 && conn->req.method != AG_HEAD;
    if (conn->out.len == 0 && !(last && chunked)) {
        ag_out_release(conn);
        return AG_OK;
    }
    AG_TRY(ag_out_reserve(conn, 0));
    char *from = conn->out.data + AG_OUT_FRONT_BYTES, *end = from + conn->out.len;
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
    ag_out_release(conn);
    return err;
}

/* ---- bodies that are no events ---- */

enum ag_err ag_stream_begin(struct ag_request *req, const char *content_type)
{
    AG_TRY(ag_reply_check(req));
    return ag_out_begin(req, content_type);
}

enum ag_err ag_stream_write(struct ag_request *req, struct ag_str data)
{
    struct ag_conn *conn = req->conn;
    AG_ASSERT(conn->reply_started && !conn->sse && !conn->reply_ended);
    while (data.len > 0) {
        size_t n = AG_MIN(data.len, (size_t)AG_STREAM_CHUNK_BYTES - conn->out.len);
        AG_TRY(ag_out_reserve(conn, n));
        ag_out_put(conn, data.data, n);
        data = ag_str_sub(data, n, data.len);
        if (conn->out.len < AG_STREAM_CHUNK_BYTES) continue;
        /* While the client takes everything at once, a write does not wait: nobody else would have
         * a turn, and nothing would look whether to go on. */
        ag_fiber_yield();
        if (ag_fiber_canceled()) return ag_fail(AG_E_CANCELED, "cancelled");
        AG_TRY(ag_out_flush(conn, false));
    }
    return AG_OK;
}

enum ag_err ag_stream_end(struct ag_request *req)
{
    AG_TRY(ag_out_flush(req->conn, true));
    req->conn->reply_ended = true;
    return AG_OK;
}
