/*
 * From bytes to a request: the pure part, which knows no sockets and never waits.
 *
 * llhttp reads the grammar with every leniency off; what it leaves open (Host, target forms,
 * limits, the exact version text) is judged here. Whoever feeds it, a connection or a fuzzer, keeps
 * the head in one contiguous buffer that may move between calls: everything is kept as offsets.
 */
#pragma once

#include "http/http.h"

#include <llhttp.h>

/* A head being parsed. About half a KiB: it lives on the stack of whoever reads the head. */
struct ag_head {
    const char *base; /* where the head starts, during a call */
    enum ag_err err;  /* what a callback refused */
    bool complete;
    uint32_t parsed; /* bytes seen so far; once complete, the length of the head */
    uint16_t target, target_len, count;
    struct ag_head_field {
        uint16_t name, name_len, value, value_len;
    } fields[AG_HTTP_MAX_HEADERS];
};

/* How the body is delimited and what follows it (RFC 9112 6.3, 9.3). */
struct ag_framing {
    uint64_t content_length; /* of a body that is not chunked */
    bool chunked;
    bool keep_alive;      /* the client lets the connection stay open */
    bool expect_continue; /* the client waits for 100 Continue before it sends the body */
    bool asterisk;        /* OPTIONS *: about the server, not about a path */
};

void ag_head_init(struct ag_head *head, llhttp_t *llhttp);
/* Parses what is new of the `len` bytes at `data`, where the head starts. AG_OK: look at
 * `complete`. AG_E_BAD_REQUEST, AG_E_NOT_IMPLEMENTED, AG_E_HTTP_VERSION, AG_E_URI_TOO_LONG,
 * AG_E_HEADERS_TOO_LARGE: refuse and close. */
enum ag_err ag_head_parse(struct ag_head *head, llhttp_t *llhttp, const char *data,
                          size_t len) AG_MUST_USE;
/* Judges a complete head at `data` and fills method .. request_id of `req`, copied into
 * `req->arena`; `request_id` stays as it was when the client sent no usable one. The errors above,
 * AG_E_EXPECTATION, AG_E_NO_MEMORY. */
enum ag_err ag_request_judge(const struct ag_head *head, const llhttp_t *llhttp, const char *data,
                             struct ag_request *req, struct ag_framing *ret_framing) AG_MUST_USE;

/* A chunked body being decoded (RFC 9112 7.1); trailers are read and dropped. */
struct ag_chunked {
    struct ag_buf *out; /* NULL: the data is dropped */
    enum ag_err err;
    bool done;
    uint64_t data_bytes, chunks, raw_bytes;
};

enum {
    /* Bytes of chunk headers, extensions and trailers beyond a fair share for each chunk. */
    AG_HTTP_CHUNK_OVERHEAD_BYTES = 16 * 1024,
};

/* For the llhttp that has just parsed the head. */
void ag_chunked_init(struct ag_chunked *chunked, llhttp_t *llhttp, struct ag_buf *out);
/* Decodes what is there; `*ret_used` bytes belonged to the body. AG_OK: look at `done`.
 * AG_E_BAD_REQUEST, AG_E_TOO_LARGE (`out` is full), AG_E_NO_MEMORY. */
enum ag_err ag_chunked_parse(struct ag_chunked *chunked, llhttp_t *llhttp, const char *data,
                             size_t len, size_t *ret_used) AG_MUST_USE;

/* Decodes %XX and, in a query, '+'. Refuses bad escapes, NUL, what is not UTF-8 and, outside of
 * queries, control characters: AG_E_BAD_REQUEST. Points into `raw` when there is nothing to decode.
 */
enum ag_err ag_percent_decode(struct ag_arena *arena, struct ag_str raw, bool query,
                              struct ag_str *ret_text) AG_MUST_USE;
/* The path of an origin-form target: decoded, dot segments removed. An encoded slash is refused,
 * because proxies and we might cut the path differently. AG_E_BAD_REQUEST, AG_E_NO_MEMORY. */
enum ag_err ag_path_normalize(struct ag_arena *arena, struct ag_str raw,
                              struct ag_str *ret_path) AG_MUST_USE;
