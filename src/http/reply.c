#include "http/conn.h"

/* ---- the head ---- */

static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

static const char *phrase_of(int status)
{
    for (size_t i = 0; i < AG_COUNT(phrases); i++)
        if (phrases[i].status == status) return phrases[i].phrase;
    return "Unknown";
}

/* Writes into a reply head. Every part has a bound of its own, and together they leave room. */
struct head_writer {
    char *at;
};

static void put(struct head_writer *w, const char *data, size_t n)
{
    memcpy(w->at, data, n);
    w->at += n;
}
#define PUT(w, literal) put(w, "" literal, sizeof(literal) - 1)

static void put_str(struct head_writer *w, struct ag_str s)
{
    put(w, s.data, s.len);
}

static void put_number(struct head_writer *w, int64_t value)
{
    char digits[20];
    size_t n = 0;
    do {
        digits[sizeof(digits) - ++n] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    put(w, digits + sizeof(digits) - n, n);
}

/* What every reply says about how a browser may use it, unless the handler said so itself. */
static void put_policies(struct head_writer *w, unsigned set)
{
    PUT(w, "X-Content-Type-Options: nosniff\r\n");
    if (!(set & AG_SET_CACHE_CONTROL)) PUT(w, "Cache-Control: no-store\r\n");
    if (!(set & AG_SET_REFERRER_POLICY)) PUT(w, "Referrer-Policy: no-referrer\r\n");
    if (!(set & AG_SET_CORP)) PUT(w, "Cross-Origin-Resource-Policy: same-origin\r\n");
    if (!(set & AG_SET_CSP))
        PUT(w, "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n");
}

/* Whether this reply is the connection's last. */
static bool settle_close(struct ag_conn *conn)
{
    if (!conn->framing.keep_alive || conn->home->draining || conn->home->canceled)
        conn->close = true;
    /* A fiber that was cancelled answers nothing more. */
    if (ag_fiber_canceled()) conn->close = true;
    /* What is left of a body nobody read would be taken for the next request. */
    if (!ag_body_skip_buffered(conn)) conn->close = true;
    return conn->close;
}

size_t ag_reply_head(struct ag_request *req, int status, const char *content_type, int64_t length,
                     const char *more, char head[AG_REPLY_HEAD_BYTES])
{
    struct ag_conn *conn = req->conn;
    AG_ASSERT(!conn->reply_started && status >= 200 && status <= 599);
    conn->reply_started = true;
    conn->status = status;

    struct head_writer w = {head};
    if (status == 200) {
        PUT(&w, "HTTP/1.1 200 OK\r\nDate: ");
    } else {
        PUT(&w, "HTTP/1.1 ");
        put_number(&w, status);
        PUT(&w, " ");
        put_str(&w, ag_str(phrase_of(status)));
        PUT(&w, "\r\nDate: ");
    }
    put_str(&w, ag_home_date(conn->home));
    if (content_type) {
        struct ag_str type = ag_str(content_type);
        AG_ASSERT(type.len <= AG_CONTENT_TYPE_BYTES);
        PUT(&w, "\r\nContent-Type: ");
        put_str(&w, type);
    }
    if (length >= 0) {
        PUT(&w, "\r\nContent-Length: ");
        put_number(&w, length);
    }
    PUT(&w, "\r\nX-Request-Id: ");
    put_str(&w, req->request_id);
    PUT(&w, "\r\n");
    put_policies(&w, conn->set);
    if (more) {
        struct ag_str lines = ag_str(more);
        AG_ASSERT(lines.len <= AG_REPLY_MORE_BYTES);
        put_str(&w, lines);
    }
    if (settle_close(conn))
        PUT(&w, "Connection: close\r\n");
    else if (req->minor == 0)
        PUT(&w, "Connection: keep-alive\r\n");
    return (size_t)(w.at - head);
}

/* ---- header fields of the handler ---- */

/* Fields the server writes itself when the handler does not. */
static const struct {
    struct ag_str name;
    unsigned bit;
} replaceable[] = {
    {{"Cache-Control", 13}, AG_SET_CACHE_CONTROL},
    {{"Content-Security-Policy", 23}, AG_SET_CSP},
    {{"Cross-Origin-Resource-Policy", 28}, AG_SET_CORP},
    {{"Retry-After", 11}, AG_SET_RETRY_AFTER},
    {{"WWW-Authenticate", 16}, AG_SET_AUTHENTICATE},
    {{"Referrer-Policy", 15}, AG_SET_REFERRER_POLICY},
};

/* Fields that frame the message: only the server may write them. */
static bool is_framing_field(struct ag_str name)
{
    static const struct ag_str names[] = {
        {"Content-Length", 14}, {"Transfer-Encoding", 17}, {"Connection", 10}, {"Date", 4},
        {"X-Request-Id", 12},   {"Content-Type", 12},
    };
    for (size_t i = 0; i < AG_COUNT(names); i++)
        if (ag_str_eq_nocase(name, names[i])) return true;
    return false;
}

static bool splits_line(struct ag_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] == '\r' || s.data[i] == '\n' || s.data[i] == '\0') return true;
    return false;
}

void ag_reply_header(struct ag_request *req, const char *name, struct ag_str value)
{
    struct ag_conn *conn = req->conn;
    struct ag_str field = ag_str(name);
    AG_ASSERT(field.len > 0);
    if (conn->reply_started) return;
    AG_ASSERT(!splits_line(field) && !splits_line(value) && !is_framing_field(field));
    for (size_t i = 0; i < AG_COUNT(replaceable); i++)
        if (ag_str_eq_nocase(field, replaceable[i].name)) conn->set |= replaceable[i].bit;
    /* A failure stays in the buffer and is looked at once, by the reply. */
    ag_buf_append_str(&conn->extra, field);
    ag_buf_append_lit(&conn->extra, ": ");
    ag_buf_append_str(&conn->extra, value);
    ag_buf_append_lit(&conn->extra, "\r\n");
}

/* ---- whole replies ---- */

bool ag_reply_started(const struct ag_request *req)
{
    return req->conn->reply_started;
}

int ag_reply_status(const struct ag_request *req)
{
    return req->conn->status;
}

void ag_reply_capture(struct ag_request *req, struct ag_str *ret_body)
{
    req->conn->capture = ret_body;
}

static void capture(struct ag_conn *conn, struct ag_str body)
{
    if (!conn->capture) return;
    struct ag_str copy = ag_arena_copy(&conn->arena, body);
    if (copy.data) *conn->capture = copy;
}

enum ag_err ag_reply_check(struct ag_request *req)
{
    struct ag_conn *conn = req->conn;
    if (!conn->reply_started) return AG_OK;
    if (conn->broken) return ag_fail(AG_E_CLOSED, "the connection has failed");
    /* Two replies to one request would shift all that follow. */
    conn->close = true;
    return ag_fail(AG_E_INTERNAL, "the reply has begun already");
}

enum ag_err ag_reply(struct ag_request *req, int status, const char *content_type,
                     struct ag_str body)
{
    struct ag_conn *conn = req->conn;
    AG_TRY(ag_reply_check(req));
    if (ag_buf_err(&conn->extra)) return ag_reply_no_memory(req);
    capture(conn, body);

    bool bodiless = status == 204 || status == 304;
    char head[AG_REPLY_HEAD_BYTES];
    struct iovec iov[4];
    int count = 0;
    size_t n = ag_reply_head(req, status, bodiless ? NULL : content_type,
                             bodiless ? -1 : (int64_t)body.len, NULL, head);
    bool has_extra = conn->extra.len > 0;
    if (!has_extra) {
        memcpy(head + n, "\r\n", 2);
        n += 2;
    }
    iov[count++] = (struct iovec){head, n};
    if (has_extra) {
        iov[count++] = (struct iovec){conn->extra.data, conn->extra.len};
        iov[count++] = (struct iovec){(void *)(uintptr_t) "\r\n", 2};
    }
    if (!bodiless && req->method != AG_HEAD && body.len > 0)
        iov[count++] = (struct iovec){(void *)(uintptr_t)body.data, body.len};
    AG_TRY(ag_conn_write(conn, iov, count));
    conn->reply_ended = true;
    return AG_OK;
}

enum ag_err ag_reply_no_memory(struct ag_request *req)
{
    struct ag_conn *conn = req->conn;
    const struct ag_err_info *info = ag_err_info(AG_E_NO_MEMORY);
    char body[512];
    int len = snprintf(body, sizeof(body),
                       "{\"type\":\"urn:agentgen:problem:%s\",\"title\":\"%s\",\"status\":%d,"
                       "\"detail\":\"%s\",\"code\":\"%s\",\"request_id\":\"%.*s\"}",
                       info->code, info->title, info->status, info->title, info->code,
                       AG_STR_ARG(req->request_id));
    AG_ASSERT(len > 0 && (size_t)len < sizeof(body));
    conn->set = 0;
    conn->close = true;
    char head[AG_REPLY_HEAD_BYTES];
    size_t n = ag_reply_head(req, info->status, "application/problem+json", len,
                             "Retry-After: 1\r\n", head);
    memcpy(head + n, "\r\n", 2);
    struct iovec iov[] = {{head, n + 2}, {body, (size_t)len}};
    AG_TRY(ag_conn_write(conn, iov, req->method == AG_HEAD ? 1 : 2));
    conn->reply_ended = true;
    return AG_OK;
}
