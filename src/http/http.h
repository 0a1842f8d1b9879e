/*
 * The HTTP/1.1 server: what a request is and how it is answered.
 *
 * A connection is a fiber: it reads a request (conn.c), calls the server's handler, writes the
 * reply (reply.c, stream.c, sse.c) and goes on with the next. A handler runs on that fiber and
 * answers exactly once. Everything it gets lives in the request's arena. Framing that RFC 9112
 * calls malformed is refused with 400 and the connection closed, never repaired.
 */
#pragma once

#include "base/address.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/fields.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum ag_method {
    AG_GET = 1,
    AG_HEAD,
    AG_POST,
    AG_PUT,
    AG_PATCH,
    AG_DELETE,
    AG_OPTIONS,
    AG_METHOD_OTHER,
};
const char *ag_method_name(enum ag_method method);

struct ag_header {
    struct ag_str name;  /* as sent; compare with ag_str_eq_nocase */
    struct ag_str value; /* without surrounding white space */
};

enum {
    AG_HTTP_MAX_HEADERS = 64,
    AG_HTTP_MAX_HEADER_BYTES = 32 * 1024, /* request line and header section together */
    AG_HTTP_MAX_URI_BYTES = 8 * 1024,
    AG_HTTP_MAX_BODY_BYTES = 1024 * 1024, /* unless the route says otherwise */
    AG_HTTP_MAX_REQUEST_ID = 128,
};

struct ag_conn;
struct ag_server;

struct ag_request {
    enum ag_method method;
    struct ag_str method_text;
    struct ag_str target;            /* as sent */
    struct ag_str path;              /* percent-decoded, starts with '/', no dot segments, no NUL */
    struct ag_str query;             /* after '?', as sent */
    const struct ag_header *headers; /* in the order they came */
    size_t header_count;             /* 0..AG_HTTP_MAX_HEADERS */
    int minor;                       /* HTTP/1.minor */
    struct ag_str request_id;        /* the client's X-Request-Id, or one made here */
    struct ag_arena *arena;
    struct ag_conn *conn;
    int64_t started_us; /* monotonic, when its first byte was read */
    const char *route;  /* for metrics and logs: the operation id, or NULL */
    void *user;         /* the handler's own */
};

/* The value of the first header called `name`; data NULL when there is none. */
struct ag_str ag_request_header(const struct ag_request *req, struct ag_str name);
/* The value of the cookie `name` (RFC 6265 5.4), data NULL when there is none. */
struct ag_str ag_request_cookie(const struct ag_request *req, struct ag_str name);
/* Splits and decodes the query; at most `max` pairs. AG_E_BAD_REQUEST on bad escapes or too many.
 */
enum ag_err ag_request_query(const struct ag_request *req, struct ag_pair *pairs, size_t max,
                             size_t *ret_count) AG_MUST_USE;
/* Address of the peer, `bits` 0 when it cannot be told; and as text, e.g. "127.0.0.1". */
struct ag_address ag_request_peer_address(const struct ag_request *req);
struct ag_str ag_request_peer(const struct ag_request *req);
/* Whether the peer is on this machine. */
bool ag_request_from_loopback(const struct ag_request *req);
/* Whether a body follows the header section. */
bool ag_request_has_body(const struct ag_request *req);

/* Reads the whole body (sending 100 Continue first when asked for); NUL follows it. A second call
 * gives the same. A body that is never read is dropped when all of it has arrived by the time of
 * the reply, and makes the connection close after it otherwise. AG_E_TOO_LARGE,
 * AG_E_REQUEST_TIMEOUT (slower than the least rate), AG_E_BAD_REQUEST (bad chunks), AG_E_CLOSED,
 * AG_E_CANCELED, AG_E_NO_MEMORY. */
enum ag_err ag_request_body(struct ag_request *req, size_t max,
                            struct ag_str *ret_body) AG_MUST_USE AG_SUSPENDS;

/* From here to the handler's end the fiber is cancelled as soon as the client leaves, which is also
 * when it closes its sending side. Without this a client may do that and still get its reply. */
void ag_request_cancel_on_hangup(struct ag_request *req);
/* Whether the server is shutting down: long work should come to an honest end. */
bool ag_request_draining(const struct ag_request *req);

/* ---- replies: one per request ---- */

/* Adds a header to the reply. Name and value are copied; CR, LF and NUL are an AG_ASSERT: what
 * comes from outside is checked before. So are fields that frame the message (Content-Length,
 * Transfer-Encoding, Connection), Content-Type, Date and X-Request-Id, which the server writes. It
 * also writes Cache-Control: no-store, Content-Security-Policy, Cross-Origin-Resource-Policy and
 * Referrer-Policy where they were not set here. Without effect once the reply has begun. */
void ag_reply_header(struct ag_request *req, const char *name, struct ag_str value);
/* Sends a whole reply: one writev of head and body. HEAD and 204/304 send no body. `content_type`
 * NULL when there is no body. The body must live until it returns. Errors are only for logs:
 * AG_E_CLOSED, AG_E_TIMEOUT, AG_E_CANCELED, and AG_E_INTERNAL when a reply has begun already; the
 * connection ends then. */
enum ag_err ag_reply(struct ag_request *req, int status, const char *content_type,
                     struct ag_str body) AG_SUSPENDS;
/* An RFC 9457 problem document for `err` with the diagnostic's text as `detail`; errors with status
 * 500 and those of memory, storage and internal waits show their title instead. 401 gets
 * WWW-Authenticate, 429 and 503 Retry-After: 1, unless they were set. `errors` may be NULL. */
enum ag_err ag_reply_problem(struct ag_request *req, enum ag_err err,
                             const struct ag_field_errors *errors) AG_SUSPENDS;
/* Whether the reply has begun; its status, 0 before. */
bool ag_reply_started(const struct ag_request *req);
int ag_reply_status(const struct ag_request *req);
/* Keeps a copy of the body that ag_reply() sends, for stored replies; in the arena. */
void ag_reply_capture(struct ag_request *req, struct ag_str *ret_body);

/* ---- replies of unknown length ---- */

/* Sends the head: 200 and, but to HTTP/1.0, Transfer-Encoding: chunked (RFC 9112 7.1). Errors are
 * for logs, as those of ag_reply(). A handler that returns without ag_stream_end(), because
 * something failed on the way, has the connection cut before the last chunk, so that no client
 * takes half a document for a whole one. */
enum ag_err ag_stream_begin(struct ag_request *req,
                            const char *content_type) AG_MUST_USE AG_SUSPENDS;
/* Adds to the body. 64 KiB are queued, then written; waits while the client is slow, which is both
 * the bound on memory and the back-pressure. A client that does not read for write_timeout_ms is
 * given up: AG_E_TIMEOUT. AG_E_CLOSED, AG_E_CANCELED, AG_E_NO_MEMORY. */
enum ag_err ag_stream_write(struct ag_request *req, struct ag_str data) AG_MUST_USE AG_SUSPENDS;
/* Writes what is queued and ends the body. */
enum ag_err ag_stream_end(struct ag_request *req) AG_MUST_USE AG_SUSPENDS;

/* ---- server-sent events (WHATWG HTML 9.2) ---- */

/* Sends the head: 200, text/event-stream, no-cache, no-transform, X-Accel-Buffering: no. */
enum ag_err ag_sse_begin(struct ag_request *req) AG_MUST_USE AG_SUSPENDS;
/* Ids of events beside numbers: none, and the word `end`, behind which nothing comes. */
enum { AG_SSE_NO_ID = -1, AG_SSE_ID_END = -2 };
/* Queues one event; `data` is one line of JSON. `id` is a number or one of the above, `event` NULL
 * for none. 256 KiB
 * may be queued, or one event of up to 16 MiB alone: AG_E_NO_MEMORY beyond that, flush before.
 * AG_E_CLOSED when writing has failed. */
enum ag_err ag_sse_event(struct ag_request *req, int64_t id, const char *event,
                         struct ag_str data) AG_MUST_USE;
/* Writes what is queued; waits while the client is slow: that is the back-pressure. */
enum ag_err ag_sse_flush(struct ag_request *req) AG_MUST_USE AG_SUSPENDS;
/* When the next heartbeat is due (heartbeat_ms after the last write); then call
 * ag_sse_heartbeat(). */
ag_deadline_ms ag_sse_heartbeat_at(const struct ag_request *req);
enum ag_err ag_sse_heartbeat(struct ag_request *req) AG_MUST_USE AG_SUSPENDS;
/* Flushes and ends the body. */
enum ag_err ag_sse_end(struct ag_request *req) AG_MUST_USE AG_SUSPENDS;

/* ---- the server ---- */

struct ag_server_options {
    struct ag_str host;
    int port;                  /* 0: any free one */
    unsigned max_connections;  /* per process; more are answered 503 and closed */
    int64_t header_timeout_ms; /* for a whole header section, from its first byte */
    int64_t idle_timeout_ms;   /* keep-alive */
    int64_t write_timeout_ms;  /* every wait for room */
    int64_t body_min_rate;     /* bytes per second, after a grace of 5 s */
    int64_t heartbeat_ms;      /* SSE */
    bool access_log;
    /* Answers one request. */
    void (*handler)(struct ag_request *req, void *arg) AG_SUSPENDS;
    void *arg;
};

/* Process-wide part: resolves and binds the address (port 0 becomes a real one). `host` is an
 * address or a name; `localhost` is 127.0.0.1 and, where there is one, ::1. AG_E_CONFIG (no such
 * address), AG_E_IO (in use). Blocks. Call once, before the loops. */
enum ag_err ag_server_new(const struct ag_server_options *options,
                          struct ag_server **ret_server) AG_MUST_USE;
/* "http://127.0.0.1:5000" */
struct ag_str ag_server_url(const struct ag_server *server);
int ag_server_port(const struct ag_server *server);
/* Starts accepting on this thread's loop (SO_REUSEPORT). */
enum ag_err ag_server_listen(struct ag_server *server) AG_MUST_USE;
/* On this thread's loop: stops accepting, closes idle connections, lets the others finish. After
 * `ag_server_cancel()` the rest is cancelled. */
void ag_server_drain(struct ag_server *server);
void ag_server_cancel(struct ag_server *server);
/* Connections of this thread's loop. */
unsigned ag_server_connections(const struct ag_server *server);
/* Whether any loop has begun to drain; any thread. */
bool ag_server_draining(const struct ag_server *server);
void ag_server_free(struct ag_server *server);

/* Counters since start, all loops; any thread. */
struct ag_server_stats {
    uint64_t accepted, refused, requests, malformed, timeouts, hangups;
    uint64_t bytes_in, bytes_out;
    int64_t open;
};
void ag_server_stats(const struct ag_server *server, struct ag_server_stats *ret_stats);
