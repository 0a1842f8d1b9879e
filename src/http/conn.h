/*
 * Connections, from the inside. Internal to http/.
 *
 * server.c accepts and owns the lists, conn.c reads requests on the connection's fiber, body.c the
 * bodies, reply.c, problem.c, stream.c and sse.c write. A connection that waits for its next
 * request holds no buffer and no arena block; both come from pools of its loop when the first byte
 * is there.
 */
#pragma once

#include "http/http.h"
#include "http/parse.h"
#include "runtime/io.h"
#include "runtime/loop.h"

#include <stdatomic.h>

enum {
    AG_BLOCK_BYTES = 4096,  /* a pooled buffer */
    AG_POOLED_BLOCKS = 256, /* kept per loop */
    AG_POOLED_CONNS = 1024, /* kept per loop */
    AG_SERVER_MAX_LOOPS = 256,
    AG_SERVER_MAX_ADDRESSES = 4,
    AG_SERVER_BACKLOG = 1024,
    AG_ACCEPT_BATCH = 64,     /* connections taken before other fibers get their turn */
    AG_ACCEPT_PAUSE_MS = 100, /* after running out of descriptors or memory */
    AG_REFUSALS_MAX = 64,     /* connections above the limit that get a polite answer, per loop */
    AG_LINGER_BYTES = 2 * 1024 * 1024, /* read and dropped so that the client sees the reply */
    AG_LINGER_MS = 2000,
    AG_BODY_GRACE_MS = 5000,         /* before the least rate counts */
    AG_BODY_FIRST_BYTES = 64 * 1024, /* reserved at once for a body; more as it arrives */
    AG_REPLY_HEAD_BYTES = 1024,
    AG_REPLY_MORE_BYTES = 128,        /* lines of the server's own beside the usual ones */
    AG_REPLY_EXTRA_BYTES = 32 * 1024, /* header fields added by the handler */
    AG_CONTENT_TYPE_BYTES = 128,
    AG_OUT_FRONT_BYTES = 10,         /* room for "ffffffff\r\n" before what is queued */
    AG_OUT_QUEUE_BYTES = 256 * 1024, /* of events */
    AG_SSE_EVENT_BYTES = 16 * 1024 * 1024,
    AG_STREAM_CHUNK_BYTES = 64 * 1024, /* queued before it is written */
};

/* Counters of one loop: written by its thread, read by any. */
struct ag_http_counters {
    _Atomic uint64_t accepted, refused, requests, malformed, timeouts, hangups;
    _Atomic uint64_t bytes_in, bytes_out;
    _Atomic int64_t open;
};

/* There is one writer, so no locked instruction is needed. */
static inline void ag_count(_Atomic uint64_t *counter, uint64_t n)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + n, memory_order_relaxed);
}

struct ag_listener {
    struct ag_home *home;
    struct ag_io *io;
    struct ag_fiber *fiber; /* NULL before it runs and after it ended */
};

/* A server's part on one loop. */
struct ag_home {
    struct ag_server *server;
    struct ag_listener listeners[AG_SERVER_MAX_ADDRESSES];
    size_t listener_count;
    struct ag_conn *conns; /* open ones */
    unsigned conn_count, refusals;
    bool draining, canceled;

    char *blocks; /* free buffers, linked through their first bytes */
    unsigned block_count;
    struct ag_conn *spare; /* free connections */
    unsigned spare_count;

    int64_t date_s; /* the second `date` was made for */
    char date[30];
    struct ag_http_counters counters;
};

struct ag_server {
    struct ag_server_options options;
    union ag_sockaddr {
        struct sockaddr sa;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } addresses[AG_SERVER_MAX_ADDRESSES];
    int reserved[AG_SERVER_MAX_ADDRESSES]; /* bound, never listening: they keep the port ours */
    size_t address_count;
    int port;
    char host[256], url[300];
    atomic_bool draining;
    atomic_uint open; /* connections of all loops */
    _Atomic(struct ag_home *) homes[AG_SERVER_MAX_LOOPS];
};

enum ag_conn_state {
    AG_CONN_IDLE,    /* waits for a request and has seen nothing of it */
    AG_CONN_HEAD,    /* reads one */
    AG_CONN_HANDLER, /* answers it */
    AG_CONN_CLOSING, /* reads and drops */
};

/* Header fields the server adds unless the handler has set them. */
enum {
    AG_SET_CACHE_CONTROL = 1,
    AG_SET_CSP = 2,
    AG_SET_CORP = 4,
    AG_SET_RETRY_AFTER = 8,
    AG_SET_AUTHENTICATE = 16,
    AG_SET_REFERRER_POLICY = 32,
};

struct ag_conn {
    struct ag_io *io;
    struct ag_fiber *fiber; /* NULL until it runs */
    struct ag_home *home;
    struct ag_conn *prev, *next; /* in home->conns; `next` also links spare ones */
    union ag_sockaddr peer;

    char *in; /* what was read and not yet used: in[in_start .. in_end) */
    uint32_t in_cap, in_start, in_end;

    enum ag_conn_state state;
    bool drained; /* the last read took all there was: wait before the next */
    bool refusal; /* above the limit: 503 and close */
    bool close;   /* no request after this one */
    bool linger;  /* the client may still be sending: do not reset what it has to read */
    bool broken;  /* writing failed */
    bool left;    /* the client is gone */

    /* the request in progress */
    struct ag_arena arena;
    struct ag_request req;
    llhttp_t llhttp;
    struct ag_framing framing;
    char id_text[AG_UUID_TEXT_BYTES];
    bool body_done, body_failed;
    uint64_t body_left; /* of a body with Content-Length: bytes not yet taken */
    struct ag_str body;

    /* its reply */
    bool reply_started, reply_ended, sse;
    unsigned set; /* AG_SET_* */
    int status;
    uint64_t reply_bytes; /* written, head included */
    struct ag_buf extra;  /* header fields the handler added */
    struct ag_str *capture;
    struct {
        char *data; /* AG_OUT_FRONT_BYTES, then what is queued; NULL when that is nothing */
        size_t len, cap;
        ag_deadline_ms heartbeat_at;
    } out;
};

/* server.c */
char *ag_block_get(struct ag_home *home);
void ag_block_put(struct ag_home *home, char *block);
/* Takes the connection out of its list, closes and recycles it. */
void ag_conn_close(struct ag_conn *conn);
/* The text of the Date field, made once a second. */
struct ag_str ag_home_date(struct ag_home *home);

/* conn.c */
/* The fiber of a connection. */
void ag_conn_main(void *arg) AG_SUSPENDS;
/* Reads more behind what is buffered; waits without a buffer where it can. AG_E_CLOSED, AG_E_IO,
 * AG_E_TIMEOUT, AG_E_CANCELED, AG_E_NO_MEMORY, AG_E_HEADERS_TOO_LARGE when 32 KiB are unused. */
enum ag_err ag_conn_fill(struct ag_conn *conn, ag_deadline_ms deadline) AG_MUST_USE AG_SUSPENDS;
static inline size_t ag_conn_buffered(const struct ag_conn *conn)
{
    return conn->in_end - conn->in_start;
}
void ag_conn_consume(struct ag_conn *conn, size_t n);
/* Gives the read buffer back when nothing is in it. */
void ag_conn_release_buffer(struct ag_conn *conn);
/* Writes and counts; what fails marks the connection broken. */
enum ag_err ag_conn_write(struct ag_conn *conn, struct iovec *iov,
                          int count) AG_MUST_USE AG_SUSPENDS;
/* The client has left while its handler is busy elsewhere. */
void ag_conn_on_hangup(void *arg);

/* body.c */
/* Drops a body nobody asked for if all of it is here; false when some is still to come. */
bool ag_body_skip_buffered(struct ag_conn *conn);

/* reply.c */
/* Begins the reply: decides whether the connection ends with it and writes the status line and the
 * server's own fields into `head`; returns their length. What the handler added and the empty line
 * follow. `length` < 0: no Content-Length. `more`: further whole lines, or NULL. */
size_t ag_reply_head(struct ag_request *req, int status, const char *content_type, int64_t length,
                     const char *more, char head[AG_REPLY_HEAD_BYTES]);
/* AG_OK while nothing was sent, else why no reply can begin any more. */
enum ag_err ag_reply_check(struct ag_request *req) AG_MUST_USE;
/* A reply for when nothing can be allocated. */
enum ag_err ag_reply_no_memory(struct ag_request *req) AG_SUSPENDS;

/* stream.c: the queue of a body that is streamed */
/* Sends the head: 200, chunked. */
enum ag_err ag_out_begin(struct ag_request *req, const char *content_type) AG_MUST_USE AG_SUSPENDS;
/* Room for `n` more bytes; ag_out_put() takes it. AG_E_NO_MEMORY. */
enum ag_err ag_out_reserve(struct ag_conn *conn, size_t n) AG_MUST_USE;
void ag_out_put(struct ag_conn *conn, const char *data, size_t n);
/* Writes the queue as one chunk, and with `last` the end of the body. */
enum ag_err ag_out_flush(struct ag_conn *conn, bool last) AG_MUST_USE AG_SUSPENDS;
void ag_out_release(struct ag_conn *conn);
