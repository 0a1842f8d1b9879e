/*
 * Outgoing HTTP/1.1 on fibers (libcurl multi, one per loop).
 *
 * A call is started, its head awaited and its body read piece by piece; at most
 * AG_CALL_BUFFER_BYTES are held, then the peer is slowed down. Redirects are not followed, the
 * environment's proxy settings are not used, every connection passes the egress judge.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "net/egress.h"
#include "runtime/fiber.h"

enum {
    AG_CALL_BUFFER_BYTES = 256 * 1024,
    AG_CALL_MAX_BODY_BYTES = 8 * 1024 * 1024, /* default of max_body_bytes */
    AG_CALL_MAX_HEAD_BYTES = 64 * 1024,
    AG_CALL_MAX_HEADERS = 16, /* of a request */
};

struct ag_http_client; /* one per loop */
struct ag_call;

/* For this thread's loop; `egress` outlives it. Certificates are checked against the system's, or
 * those of the file that SSL_CERT_FILE names. AG_E_NO_MEMORY. */
enum ag_err ag_http_client_new(const struct ag_egress *egress,
                               struct ag_http_client **ret_client) AG_MUST_USE;
/* No call may be left. Its memory goes at the loop's next turn. NULL is fine. */
void ag_http_client_free(struct ag_http_client *client);

struct ag_call_request {
    const char *method; /* "POST", "GET" */
    const char *url;
    const char *const *headers; /* "Name: value", NULL at the end; at most AG_CALL_MAX_HEADERS */
    struct ag_str body;         /* sent when method is POST */
    enum ag_egress_trust trust;
    bool stream; /* small pieces as they come; else the body is taken in bulk */
    int64_t connect_timeout_ms;
    int64_t first_byte_timeout_ms; /* from the start to the status line */
    int64_t idle_timeout_ms;       /* between two pieces */
    int64_t total_timeout_ms;
    size_t max_body_bytes; /* 0: AG_CALL_MAX_BODY_BYTES */
};

/* Starts the call. AG_E_EGRESS_DENIED (bad url), AG_E_INVALID (a header with a control character,
 * or too many), AG_E_NO_MEMORY. The request's strings must live as long as the call; the struct
 * need not. */
enum ag_err ag_call_start(struct ag_http_client *client, const struct ag_call_request *request,
                          struct ag_call **ret_call) AG_MUST_USE;
/* Waits until `deadline` for the final status and header section. AG_E_UPSTREAM_UNREACHABLE,
 * AG_E_UPSTREAM_TIMEOUT (one of the call's limits, or the fiber's own deadline),
 * AG_E_EGRESS_DENIED, AG_E_UPSTREAM_INVALID (not HTTP, or a head that is too large),
 * AG_E_UPSTREAM_INCOMPLETE (closed or reset), AG_E_TIMEOUT when only `deadline` has passed (call
 * again), AG_E_CANCELED. */
enum ag_err ag_call_head(struct ag_call *call, ag_deadline_ms deadline,
                         int *ret_status) AG_MUST_USE AG_SUSPENDS;
/* A header of the reply, case-insensitive; data NULL when there is none. Valid until ag_call_free.
 */
struct ag_str ag_call_header(const struct ag_call *call, const char *name);
/* Waits until `deadline` for more of the body, after the head; `ret_piece` is valid until the next
 * call of this, or beyond one that returns AG_E_CLOSED.
 * AG_E_CLOSED at its proper end, AG_E_TIMEOUT when only `deadline` has passed (call again),
 * AG_E_UPSTREAM_TIMEOUT (idle or total limit, or the fiber's own deadline),
 * AG_E_UPSTREAM_INCOMPLETE, AG_E_UPSTREAM_INVALID (bad framing), AG_E_UPSTREAM_TOO_LARGE,
 * AG_E_CANCELED. Returns what has arrived without waiting when there is something. */
enum ag_err ag_call_read(struct ag_call *call, ag_deadline_ms deadline,
                         struct ag_str *ret_piece) AG_MUST_USE AG_SUSPENDS;
/* Whether ag_call_read() would return without waiting. */
bool ag_call_ready(const struct ag_call *call);
/* Whether ag_call_read() would return something other than a piece: the end, or a failure. */
bool ag_call_ended(const struct ag_call *call);
/* Reads the body to its end into the arena, at most `max` bytes (AG_E_UPSTREAM_TOO_LARGE). */
enum ag_err ag_call_body(struct ag_call *call, struct ag_arena *arena, size_t max,
                         struct ag_str *ret_body) AG_MUST_USE AG_SUSPENDS;
/* Ends the call, cutting the connection when it is not finished. NULL is fine. */
void ag_call_free(struct ag_call *call);
/* The same when the caller knows that nothing of interest follows: what is left of the reply, a
 * few KiB within a second, is read and dropped so that the connection can be kept. NULL is fine. */
void ag_call_release(struct ag_call *call);

/* Calls in flight, and connections open (in use or kept) of this client. */
unsigned ag_http_client_calls(const struct ag_http_client *client);
unsigned ag_http_client_connections(const struct ag_http_client *client);
