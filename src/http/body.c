#include "http/conn.h"

/* The moment by which the next byte must be there so that the body keeps the least rate. */
static ag_deadline_ms rate_deadline(const struct ag_conn *conn, int64_t began_ms, uint64_t received)
{
    int64_t rate = conn->home->server->options.body_min_rate;
    if (rate <= 0) return AG_NEVER;
    return began_ms + AG_BODY_GRACE_MS + (int64_t)(received * 1000 / (uint64_t)rate);
}

static enum ag_err too_slow(struct ag_conn *conn, enum ag_err err)
{
    if (err != AG_E_TIMEOUT) return err;
    ag_count(&conn->home->counters.timeouts, 1);
    return ag_fail(AG_E_REQUEST_TIMEOUT, "the body took too long to arrive");
}

/* Room for `need` bytes, NUL included, of a body whose announced length is not yet believed. */
static enum ag_err grow(struct ag_conn *conn, char **data, size_t *cap, size_t need)
{
    if (need <= *cap) return AG_OK;
    size_t total = (size_t)conn->framing.content_length + 1;
    size_t bigger = AG_MIN(total, AG_MAX(*cap * 2, (size_t)AG_BODY_FIRST_BYTES));
    bigger = AG_MAX(bigger, need);
    char *p = ag_arena_realloc(&conn->arena, *data, *cap, bigger);
    if (!p) return ag_fail(AG_E_NO_MEMORY, "no memory for a body of %zu bytes", bigger);
    *data = p;
    *cap = bigger;
    return AG_OK;
}

static enum ag_err read_sized(struct ag_conn *conn, struct ag_str *ret_body)
{
    char *data = NULL;
    size_t cap = 0, len = 0, total = (size_t)conn->framing.content_length;
    int64_t began_ms = 0;
    for (;;) {
        size_t here = AG_MIN(ag_conn_buffered(conn), total - len);
        if (here > 0) {
            AG_TRY(grow(conn, &data, &cap, len + here + 1));
            memcpy(data + len, conn->in + conn->in_start, here);
            ag_conn_consume(conn, here);
            len += here;
        }
        conn->body_left = total - len;
        if (len == total) break;

        /* The rest goes straight to its place. */
        if (began_ms == 0) began_ms = ag_mono_ms();
        ag_deadline_ms deadline = rate_deadline(conn, began_ms, len);
        ag_conn_release_buffer(conn);
        if (conn->drained) AG_TRY(too_slow(conn, ag_io_wait_readable(conn->io, deadline)));
        AG_TRY(grow(conn, &data, &cap, AG_MIN(total, len + AG_BLOCK_BYTES) + 1));
        size_t room = AG_MIN(cap - 1, total) - len, n;
        AG_TRY(too_slow(conn, ag_io_read(conn->io, data + len, room, deadline, &n)));
        conn->drained = n < room;
        len += n;
        ag_count(&conn->home->counters.bytes_in, n);
    }
    AG_ASSERT(data); /* a request without a body does not come here */
    data[len] = '\0';
    *ret_body = (struct ag_str){data, len};
    return AG_OK;
}

static enum ag_err read_chunked(struct ag_conn *conn, size_t max, struct ag_str *ret_body)
{
    struct ag_buf body;
    ag_buf_init(&body, &conn->arena, max);
    struct ag_chunked chunked;
    ag_chunked_init(&chunked, &conn->llhttp, &body);
    int64_t began_ms = 0;
    for (;;) {
        size_t used = 0;
        if (ag_conn_buffered(conn) > 0)
            AG_TRY(ag_chunked_parse(&chunked, &conn->llhttp, conn->in + conn->in_start,
                                    ag_conn_buffered(conn), &used));
        ag_conn_consume(conn, used);
        if (chunked.done) break;
        if (began_ms == 0) began_ms = ag_mono_ms();
        AG_TRY(
            too_slow(conn, ag_conn_fill(conn, rate_deadline(conn, began_ms, chunked.data_bytes))));
    }
    /* A body is followed by NUL, like everything in the arena. */
    body.max++;
    AG_TRY(ag_buf_append_char(&body, '\0'));
    *ret_body = (struct ag_str){body.data, body.len - 1};
    return AG_OK;
}

static enum ag_err read_body(struct ag_conn *conn, size_t max, struct ag_str *ret_body)
{
    const struct ag_framing *framing = &conn->framing;
    if (!framing->chunked && framing->content_length > max)
        return ag_fail(AG_E_TOO_LARGE, "the body has more than %zu bytes", max);
    if (framing->expect_continue && ag_conn_buffered(conn) == 0) {
        static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
        struct iovec iov = {(void *)(uintptr_t)text, sizeof(text) - 1};
        AG_TRY(ag_conn_write(conn, &iov, 1));
    }
    conn->framing.expect_continue = false;
    if (framing->chunked) return read_chunked(conn, max, ret_body);
    return read_sized(conn, ret_body);
}

enum ag_err ag_request_body(struct ag_request *req, size_t max, struct ag_str *ret_body)
{
    struct ag_conn *conn = req->conn;
    if (conn->body_failed || (conn->reply_started && !conn->body_done))
        return ag_fail(AG_E_CLOSED, "the body cannot be read any more");
    if (!conn->body_done) {
        struct ag_str body;
        enum ag_err err = read_body(conn, max, &body);
        if (err) {
            conn->body_failed = true;
            return err;
        }
        conn->body = body;
        conn->body_done = true;
    }
    *ret_body = conn->body;
    return AG_OK;
}

bool ag_body_skip_buffered(struct ag_conn *conn)
{
    if (conn->body_done) return true;
    if (conn->body_failed || conn->framing.expect_continue) return false;
    size_t here = ag_conn_buffered(conn), used = 0;
    if (conn->framing.chunked) {
        if (here == 0) return false;
        struct ag_chunked chunked;
        ag_chunked_init(&chunked, &conn->llhttp, NULL);
        enum ag_err err = ag_chunked_parse(&chunked, &conn->llhttp, conn->in + conn->in_start, here,
                                           &used);
        conn->body_failed = true; /* from here on nobody else can decode it */
        if (err || !chunked.done) return false;
    } else {
        if (here < conn->body_left) return false;
        used = conn->body_left;
    }
    ag_conn_consume(conn, used);
    conn->body_failed = false;
    conn->body_done = true;
    return true;
}
