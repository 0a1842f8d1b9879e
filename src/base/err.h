/*
 * Errors: one table of kinds, and a diagnostic that says what happened.
 *
 * A function that can fail returns `enum ag_err`; its results go to `ret_*` parameters, which stay
 * untouched on failure. The code says what kind of failure it is; the diagnostic, a short chain of
 * causes kept per fiber (per thread outside fibers), says what happened and where. Only the reply
 * writer, the command line and a fiber's root turn it into JSON or a log line.
 */
#pragma once

#include "base/macros.h"

/*
 * The error table: X(NAME, "code", HTTP status, retryable, "title").
 *
 * `code` is the stable word of the API (`problem.code`); `retryable` tells a client that the same
 * request may succeed later without being changed. AG_OK is the only value that is zero.
 */
#define AG_ERR_TABLE(X)                                                                            \
    /* the request itself */                                                                       \
    X(BAD_REQUEST, "bad_request", 400, false, "The request is malformed")                          \
    X(BAD_JSON, "bad_json", 400, false, "The body is not valid JSON")                              \
    X(UNAUTHENTICATED, "unauthenticated", 401, false, "Valid credentials are required")            \
    X(BAD_CREDENTIALS, "bad_credentials", 401, false, "The e-mail or password is wrong")           \
    X(TOKEN_EXPIRED, "token_expired", 401, false, "The token has expired")                         \
    X(FORBIDDEN, "forbidden", 403, false, "You are not allowed to do this")                        \
    X(REAUTH, "reauthentication_required", 403, false, "Prove who you are once more")              \
    X(BAD_ORIGIN, "bad_origin", 403, false, "The request comes from another site")                 \
    X(NOT_FOUND, "not_found", 404, false, "There is nothing here")                                 \
    X(METHOD_NOT_ALLOWED, "method_not_allowed", 405, false, "This path has other methods")         \
    X(REQUEST_TIMEOUT, "request_timeout", 408, true, "The request took too long to arrive")        \
    X(CONFLICT, "conflict", 409, false, "The request conflicts with the current state")            \
    X(AGENT_NOT_PUBLISHED, "agent_not_published", 409, false, "The agent was never published")     \
    X(EMAIL_TAKEN, "email_taken", 409, false, "An account with this e-mail exists")                \
    X(IDEMPOTENCY_BUSY, "idempotency_in_progress", 409, true,                                      \
      "A request with this Idempotency-Key is still running")                                      \
    X(STALE, "precondition_failed", 412, false, "The resource has changed since you read it")      \
    X(TOO_LARGE, "payload_too_large", 413, false, "The body is too large")                         \
    X(URI_TOO_LONG, "uri_too_long", 414, false, "The address is too long")                         \
    X(MEDIA_TYPE, "unsupported_media_type", 415, false, "The body must be application/json")       \
    X(EXPECTATION, "expectation_failed", 417, false, "Only Expect: 100-continue is understood")    \
    X(INVALID, "validation_failed", 422, false, "Some fields are not valid")                       \
    X(IDEMPOTENCY_MISMATCH, "idempotency_key_reused", 422, false,                                  \
      "This Idempotency-Key was used for another request")                                         \
    X(MODEL_UNAVAILABLE, "model_unavailable", 422, false, "This model is not configured here")     \
    X(RATE_LIMITED, "rate_limited", 429, true, "Too many requests in a short time")                \
    X(HEADERS_TOO_LARGE, "headers_too_large", 431, false, "The header fields are too large")       \
    /* this server */                                                                              \
    X(INTERNAL, "internal_error", 500, false, "Something went wrong on our side")                  \
    X(NOT_IMPLEMENTED, "not_implemented", 501, false, "This method is not one the server knows")   \
    X(HTTP_VERSION, "http_version_not_supported", 505, false, "Only HTTP/1.0 and 1.1 are spoken")  \
    X(NO_MEMORY, "out_of_memory", 503, true, "The server is out of memory")                        \
    X(OVERLOADED, "overloaded", 503, true, "The server is busy")                                   \
    X(DRAINING, "draining", 503, true, "The server is shutting down")                              \
    X(STORAGE, "storage_unavailable", 503, true, "The database cannot be reached")                 \
    X(STORAGE_FULL, "storage_full", 503, true, "The disk is full")                                 \
    X(AGENT_UNAVAILABLE, "agent_unavailable", 503, true, "This agent cannot answer now")           \
    /* the model's provider */                                                                     \
    X(EGRESS_DENIED, "egress_denied", 502, false, "The address is not one this server may dial")   \
    X(UPSTREAM_UNREACHABLE, "upstream_unreachable", 502, true, "The provider cannot be reached")   \
    X(UPSTREAM_TIMEOUT, "upstream_timeout", 504, true, "The provider did not answer in time")      \
    X(UPSTREAM_AUTH, "upstream_auth_failed", 502, false, "The provider refused the API key")       \
    X(UPSTREAM_REJECTED, "upstream_rejected", 502, false, "The provider refused the request")      \
    X(UPSTREAM_NOT_FOUND, "upstream_not_found", 502, false, "The provider has no such model")      \
    X(UPSTREAM_RATE_LIMITED, "upstream_rate_limited", 503, true, "The provider limits the rate")   \
    X(UPSTREAM_OVERLOADED, "upstream_overloaded", 503, true, "The provider is overloaded")         \
    X(UPSTREAM_ERROR, "upstream_error", 502, true, "The provider failed")                          \
    X(UPSTREAM_INVALID, "upstream_invalid_response", 502, true,                                    \
      "The provider's answer is not what its API promises")                                        \
    X(UPSTREAM_INCOMPLETE, "upstream_incomplete", 502, true, "The provider's answer broke off")    \
    X(UPSTREAM_TOO_LARGE, "upstream_too_large", 502, false, "The provider's answer is too large")  \
    /* inside the process; a client meets them as 500 or 503 if one ever escapes */                \
    X(TIMEOUT, "timeout", 503, true, "The operation took too long")                                \
    X(CANCELED, "canceled", 503, true, "The operation was cancelled")                              \
    X(INTERRUPTED, "interrupted", 503, true, "The server stopped while this was running")          \
    X(CLOSED, "closed", 500, false, "The other side closed the connection")                        \
    X(IO, "io_error", 500, false, "Input or output failed")                                        \
    X(EXISTS, "exists", 409, false, "It exists already")                                           \
    X(CONFIG, "config", 500, false, "The configuration is not usable")

enum ag_err {
    AG_OK = 0,
#define AG_ERR_ENUM(name, code, status, retryable, title) AG_E_##name,
    AG_ERR_TABLE(AG_ERR_ENUM)
#undef AG_ERR_ENUM
        AG_E_COUNT
};

/* One row of the error table. All strings are static. */
struct ag_err_info {
    const char *name; /* "NOT_FOUND" */
    const char *code; /* "not_found" */
    int status;       /* HTTP status */
    bool retryable;
    const char *title; /* a sentence for people */
};

/* The row of `err`; AG_OK has one too (status 200). Never NULL. */
const struct ag_err_info *ag_err_info(enum ag_err err);
/* The row whose `code` is `code`, or AG_E_COUNT when there is none. */
enum ag_err ag_err_from_code(const char *code);

/* ---- the diagnostic ---- */

enum { AG_DIAG_DEPTH = 4, AG_DIAG_TEXT_BYTES = 192 };

/* What happened: the newest cause last. Fixed size, so recording never fails. */
struct ag_diag {
    int count;
    struct ag_diag_entry {
        enum ag_err err;
        int line;
        const char *file;
        char text[AG_DIAG_TEXT_BYTES];
    } entries[AG_DIAG_DEPTH];
};

/* Makes `diag` the place where this thread records from now on; returns the one before. The fiber
 * switch calls it; `NULL` brings back the thread's own. */
struct ag_diag *ag_diag_swap(struct ag_diag *diag);
/* The diagnostic in force. Never NULL. */
struct ag_diag *ag_diag(void);
void ag_diag_clear(void);
/* Appends the entries of `from` (e.g. of a job that ran on another thread) to the one in force. */
void ag_diag_append(const struct ag_diag *from);
/* The first recorded text, the most exact one, or the title of `err` when nothing was recorded. */
const char *ag_diag_text(enum ag_err err);

/* Records a new failure (forgetting earlier ones) and returns `err`. */
#define ag_fail(err, ...) AG_DIAG_RECORD(err, true, __VA_ARGS__)
/* Adds a cause to the chain on the way up and returns `err`. */
#define ag_fail_more(err, ...) AG_DIAG_RECORD(err, false, __VA_ARGS__)
/* Yields `err` itself, so that compilers and analyzers know what a failing call returns. */
#define AG_DIAG_RECORD(err, first, ...)                                                            \
    ({                                                                                             \
        const enum ag_err _failed = (err);                                                         \
        ag_diag_record(_failed, first, __FILE__, __LINE__, __VA_ARGS__);                           \
        _failed;                                                                                   \
    })

enum ag_err ag_diag_record(enum ag_err err, bool first, const char *file, int line,
                           const char *format, ...) AG_PRINTF(5, 6);

/* Returns from the calling function when `expr` is not AG_OK. */
#define AG_TRY(expr)                                                                               \
    do {                                                                                           \
        enum ag_err _err = (expr);                                                                 \
        if (AG_UNLIKELY(_err != AG_OK)) return _err;                                               \
    } while (0)
