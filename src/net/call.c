#include "net/client_internal.h"

#include <errno.h>

/*
 * The fiber's side: a record per call, paired for life with one easy handle whose unchanging
 * options are set once. curl's callbacks put what arrives into the record and wake the fiber; the
 * fiber takes it from there. The limits are kept by whoever waits, so an ordinary call arms no
 * timer of its own.
 */

enum {
    /* Half of what may be held: the fiber has one half in its hands while the other one fills. */
    HALF_BYTES = AG_CALL_BUFFER_BYTES / 2,
    /* A reply read in bulk wakes its fiber when so much is there, or at its end. */
    BULK_WAKE_BYTES = 64 * 1024,
    STREAM_BUFFER_BYTES = 1024, /* of curl for receiving, while a call lasts: streams are many */
    BULK_BUFFER_BYTES = 16 * 1024,
    KEPT_BUFFER_BYTES = 16 * 1024, /* of our buffers, between calls */
};

/* ---- failures ---- */

static void fail_with(struct ag_call *call, enum ag_err err, const char *why)
{
    if (call->err) return;
    call->err = err;
    if (why != call->why) snprintf(call->why, sizeof(call->why), "%s", why);
}

struct failure {
    enum ag_err err;
    const char *why;
};

static struct failure connect_failure(struct ag_call *call)
{
    if (call->denied && !call->dialled) return (struct failure){AG_E_EGRESS_DENIED, NULL};
    long error = call->dial_error;
    if (error == 0) curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &error);
    switch (error) {
    case ECONNREFUSED:
        return (struct failure){AG_E_UPSTREAM_UNREACHABLE, "the connection was refused"};
    case ENETUNREACH:
    case EHOSTUNREACH:
        return (struct failure){AG_E_UPSTREAM_UNREACHABLE, "there is no route to the host"};
    case EMFILE:
    case ENFILE:
        return (struct failure){AG_E_UPSTREAM_UNREACHABLE, "this server is out of descriptors"};
    case ENOMEM:
        return (struct failure){AG_E_NO_MEMORY, "no memory for a connection"};
    default:
        return (struct failure){AG_E_UPSTREAM_UNREACHABLE, "the host cannot be connected"};
    }
}

/* What curl's result means to the caller. Its own words only go on where they name no address. */
static struct failure failure_of(struct ag_call *call, CURLcode result)
{
    curl_off_t first_byte_us = 0;
    switch (result) {
    case CURLE_COULDNT_CONNECT:
        return connect_failure(call);
    case CURLE_COULDNT_RESOLVE_HOST:
        return (struct failure){AG_E_UPSTREAM_UNREACHABLE, "the host name cannot be resolved"};
    case CURLE_OPERATION_TIMEDOUT: /* curl keeps one limit only: that of connecting */
        return (struct failure){AG_E_UPSTREAM_TIMEOUT, "connecting took too long"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
        return (struct failure){AG_E_UPSTREAM_UNREACHABLE,
                                call->detail[0] ? call->detail : "no secure connection"};
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
        return (struct failure){AG_E_UPSTREAM_INCOMPLETE,
                                "the connection closed without an answer"};
    case CURLE_PARTIAL_FILE:
        return (struct failure){AG_E_UPSTREAM_INCOMPLETE, "the connection closed in mid-answer"};
    case CURLE_RECV_ERROR:
        if (strstr(call->detail, "chunk"))
            return (struct failure){AG_E_UPSTREAM_INVALID, "the answer's chunks are malformed"};
        return (struct failure){AG_E_UPSTREAM_INCOMPLETE, "the connection was reset"};
    case CURLE_OUT_OF_MEMORY:
        /* curl says so, too, when a line of the head passes its limit. */
        curl_easy_getinfo(call->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte_us);
        if (first_byte_us > 0 && !call->head_done)
            return (struct failure){AG_E_UPSTREAM_INVALID, "the answer's head is too large"};
        return (struct failure){AG_E_NO_MEMORY, "no memory for an outgoing call"};
    case CURLE_FILESIZE_EXCEEDED:
        return (struct failure){AG_E_UPSTREAM_TOO_LARGE, "the answer says that it is too large"};
    default: /* a strange reply, HTTP/0.9, bad encodings, a head that is too large, ... */
        return (struct failure){AG_E_UPSTREAM_INVALID, "the answer is not valid HTTP/1.1"};
    }
}

/* The failure of a call, recorded for the running fiber. */
static enum ag_err call_failure(const struct ag_call *call)
{
    return ag_fail(call->err, "%s", call->why);
}

/* ---- curl's callbacks ---- */

static int status_of(struct ag_str line)
{
    ptrdiff_t space = ag_str_find_char(line, ' ');
    int64_t status = 0;
    if (space < 0 || ag_str_to_int64(ag_str_sub(line, (size_t)space + 1, 3), &status) != AG_OK)
        return 0;
    return (int)status;
}

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
    struct ag_call *call = arg;
    struct ag_str line = {data, size * count};
    if (call->head_done) return line.len; /* trailers say nothing that is asked for */
    if (call->status == 0) {
        call->status = status_of(line);
        if (call->status >= 100) return line.len;
        fail_with(call, AG_E_UPSTREAM_INVALID, "the answer has no status");
        return 0;
    }
    if (line.data[0] == '\r' || line.data[0] == '\n') {
        if (call->status < 200) { /* an interim answer: another head follows */
            call->status = 0;
            ag_buf_clear(&call->head);
            return line.len;
        }
        call->head_done = true;
        call->arrived_ms = (int64_t)uv_now(call->client->uv);
        ag_cond_signal(&call->changed);
        return line.len;
    }
    enum ag_err err = ag_buf_append_str(&call->head, line);
    if (err == AG_OK) return line.len;
    if (err == AG_E_NO_MEMORY)
        fail_with(call, err, "no memory for an answer's head");
    else
        fail_with(call, AG_E_UPSTREAM_INVALID, "the answer's head is too large");
    return 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct ag_call *call = arg;
    size_t len = size * count;
    call->received += len;
    if (call->received > call->max_body_bytes) {
        fail_with(call, AG_E_UPSTREAM_TOO_LARGE, "the answer is larger than allowed");
        return 0;
    }
    if (call->linger_until) return len;
    if (call->body.len > 0 && call->body.len + len > HALF_BYTES) {
        call->received -= len; /* curl keeps this piece and brings it again */
        call->paused = true;
        ag_cond_signal(&call->changed);
        return CURL_WRITEFUNC_PAUSE;
    }
    if (ag_buf_append(&call->body, data, len) != AG_OK) {
        fail_with(call, AG_E_NO_MEMORY, "no memory for an answer");
        return 0;
    }
    call->arrived_ms = (int64_t)uv_now(call->client->uv);
    if (call->stream || call->body.len >= BULK_WAKE_BYTES) ag_cond_signal(&call->changed);
    return len;
}

/* ---- records and their easy handles ---- */

static void set_fixed_options(struct ag_call *call)
{
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* A call that ends while its host name is being looked up must not wait for that thread. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->detail);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, ag_client_open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, ag_client_close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, call->client);

    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* nor those of the environment */
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "agentgen");
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)BULK_BUFFER_BYTES);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* With a directory of certificates curl would load all of them again for each connection. */
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    if (call->client->ca_file) curl_easy_setopt(easy, CURLOPT_CAINFO, call->client->ca_file);
}

void ag_call_destroy(struct ag_call *call)
{
    curl_easy_cleanup(call->easy);
    ag_buf_done(&call->head);
    ag_buf_done(&call->body);
    ag_buf_done(&call->piece);
    free(call);
}

static struct ag_call *call_new(struct ag_http_client *client)
{
    struct ag_call *call = calloc(1, sizeof(*call));
    if (!call) return NULL;
    call->client = client;
    call->easy = curl_easy_init();
    if (!call->easy) {
        free(call);
        return NULL;
    }
    ag_buf_init(&call->head, NULL, AG_CALL_MAX_HEAD_BYTES);
    ag_buf_init(&call->body, NULL, AG_CALL_BUFFER_BYTES);
    ag_buf_init(&call->piece, NULL, AG_CALL_BUFFER_BYTES);
    set_fixed_options(call);
    return call;
}

static struct ag_call *call_take(struct ag_http_client *client)
{
    struct ag_call *call = client->pool;
    if (!call) return call_new(client);
    client->pool = call->next;
    client->pooled--;
    return call;
}

static void buf_trim(struct ag_buf *buf)
{
    if (buf->cap > KEPT_BUFFER_BYTES) ag_buf_done(buf);
    ag_buf_clear(buf);
}

void ag_call_recycle(struct ag_call *call)
{
    struct ag_http_client *client = call->client;
    if (call->in_multi) curl_multi_remove_handle(call->door->multi, call->easy);
    call->in_multi = false;
    ag_client_url_unref(AG_TAKE(call->url));
    if (client->pooled >= AG_CLIENT_KEPT_CALLS) {
        ag_call_destroy(call);
        return;
    }
    buf_trim(&call->head);
    buf_trim(&call->body);
    buf_trim(&call->piece);
    call->next = client->pool;
    client->pool = call;
    client->pooled++;
}

void ag_call_finish(struct ag_call *call, CURLcode result)
{
    if (result != CURLE_OK) {
        struct failure failure = failure_of(call, result);
        fail_with(call, failure.err, failure.why ? failure.why : call->why);
    } else if (!call->head_done) {
        fail_with(call, AG_E_UPSTREAM_INCOMPLETE, "the connection closed in mid-head");
    }
    curl_multi_remove_handle(call->door->multi, call->easy);
    call->in_multi = false;
    call->done = true;
    if (call->linger_until) {
        struct ag_call **link = &call->client->lingering;
        while (*link != call)
            link = &(*link)->next;
        *link = call->next;
        ag_call_recycle(call);
        return;
    }
    ag_cond_signal(&call->changed);
}

/* ---- starting ---- */

static enum ag_err set_headers(struct ag_call *call, const char *const *headers)
{
    /* curl would add "Expect: 100-continue" to large requests and wait a second for the answer. */
    call->headers[0] = (struct curl_slist){.data = (char *)(uintptr_t) "Expect:"};
    size_t count = 1;
    for (; headers && *headers; headers++) {
        if (count > AG_CALL_MAX_HEADERS) return ag_fail(AG_E_INVALID, "too many request headers");
        for (const char *c = *headers; *c; c++)
            if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
                return ag_fail(AG_E_INVALID, "a request header has a control character in it");
        call->headers[count] = (struct curl_slist){.data = (char *)(uintptr_t)*headers};
        call->headers[count - 1].next = &call->headers[count];
        count++;
    }
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
    return AG_OK;
}

static enum ag_err set_method(struct ag_call *call, const struct ag_call_request *request)
{
    CURL *easy = call->easy;
    bool get = strcmp(request->method, "GET") == 0, post = strcmp(request->method, "POST") == 0;
    const char *custom = get || post ? NULL : request->method;
    bool with_body = post || request->body.len > 0;
    CURLcode rc = CURLE_OK;
    if (with_body) {
        if (!call->is_post) rc = curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.data ? request->body.data : "");
    } else if (call->is_post) {
        rc = curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    call->is_post = with_body;
    if (rc == CURLE_OK && (custom || call->has_custom_method))
        rc = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, custom);
    call->has_custom_method = custom != NULL;
    return rc == CURLE_OK ? AG_OK : ag_fail(AG_E_NO_MEMORY, "no memory for an outgoing call");
}

static ag_deadline_ms after(int64_t from_ms, int64_t ms)
{
    return ms >= AG_NEVER - from_ms ? AG_NEVER : from_ms + ms;
}

static void set_limits(struct ag_call *call, const struct ag_call_request *request)
{
    CURL *easy = call->easy;
    long buffer = request->stream ? STREAM_BUFFER_BYTES : BULK_BUFFER_BYTES;
    if (buffer != call->buffer_bytes) curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, buffer);
    call->buffer_bytes = buffer;
    /* 0 would mean curl's own five minutes. */
    long connect_ms = (long)AG_MIN(AG_MAX(request->connect_timeout_ms, 1), INT32_MAX);
    if (connect_ms != call->connect_timeout_ms)
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    call->connect_timeout_ms = connect_ms;

    int64_t now = (int64_t)uv_now(call->client->uv);
    call->first_byte_timeout_ms = request->first_byte_timeout_ms;
    call->idle_timeout_ms = request->idle_timeout_ms;
    call->total_timeout_ms = request->total_timeout_ms;
    call->first_byte_at = after(now, request->first_byte_timeout_ms);
    call->total_at = after(now, request->total_timeout_ms);
    call->max_body_bytes = request->max_body_bytes ? request->max_body_bytes
                                                   : AG_CALL_MAX_BODY_BYTES;
}

static void reset_state(struct ag_call *call)
{
    call->next = NULL;
    call->in_multi = call->head_done = call->paused = call->done = false;
    call->denied = call->dialled = false;
    call->err = AG_OK;
    call->status = call->dial_error = 0;
    call->received = 0;
    call->linger_until = 0;
    call->changed = (struct ag_cond){0};
    call->why[0] = call->detail[0] = '\0';
}

static enum ag_err call_prepare(struct ag_call *call, const struct ag_call_request *request)
{
    reset_state(call);
    AG_TRY(ag_client_door(call->client, request->trust, &call->door));
    AG_TRY(ag_client_url_get(call->client, request->url, &call->url));
    AG_TRY(set_headers(call, request->headers));
    AG_TRY(set_method(call, request));
    set_limits(call, request);
    call->trust = request->trust;
    call->stream = request->stream;
    call->request_bytes = request->body.len;
    curl_easy_setopt(call->easy, CURLOPT_CURLU, call->url->parsed);
    if (curl_multi_add_handle(call->door->multi, call->easy) != CURLM_OK)
        return ag_fail(AG_E_NO_MEMORY, "no memory for an outgoing call");
    call->in_multi = true;
    return AG_OK;
}

enum ag_err ag_call_start(struct ag_http_client *client, const struct ag_call_request *request,
                          struct ag_call **ret_call)
{
    struct ag_call *call = call_take(client);
    if (!call) return ag_fail(AG_E_NO_MEMORY, "no memory for an outgoing call");
    client->calls_made++;
    enum ag_err err = call_prepare(call, request);
    if (err) {
        ag_call_recycle(call);
        return err;
    }
    client->calls++;
    *ret_call = call;
    return AG_OK;
}

/* ---- waiting and reading ---- */

/* Waits for a change until `deadline`; `limit` is the call's own, of which `what` is said when it
 * has passed. AG_OK: look again. */
static enum ag_err await_change(struct ag_call *call, ag_deadline_ms deadline, ag_deadline_ms limit,
                                const char *what, int64_t limit_ms)
{
    uv_loop_t *uv = call->client->uv;
    int64_t now = (int64_t)uv_now(uv);
    if (now >= call->total_at)
        return ag_fail(AG_E_UPSTREAM_TIMEOUT, "the answer took more than %lld ms",
                       (long long)call->total_timeout_ms);
    if (now >= limit)
        return ag_fail(AG_E_UPSTREAM_TIMEOUT, "%s for %lld ms", what, (long long)limit_ms);
    if (now >= deadline) return AG_E_TIMEOUT;

    ag_deadline_ms until = AG_MIN(AG_MIN(deadline, limit), call->total_at);
    enum ag_err err = ag_cond_wait(&call->changed, until);
    if (err != AG_E_TIMEOUT) return err;
    if ((int64_t)uv_now(uv) < until)
        return ag_fail(AG_E_UPSTREAM_TIMEOUT, "the time for this request is over");
    return AG_OK;
}

enum ag_err ag_call_head(struct ag_call *call, ag_deadline_ms deadline, int *ret_status)
{
    while (!call->head_done) {
        if (call->err) return call_failure(call);
        AG_TRY(await_change(call, deadline, call->first_byte_at, "no answer",
                            call->first_byte_timeout_ms));
    }
    *ret_status = call->status;
    return AG_OK;
}

/* Lets curl go on. It may bring the piece it held back at once, through on_body(). */
static void resume(struct ag_call *call)
{
    call->paused = false;
    call->arrived_ms = (int64_t)uv_now(call->client->uv);
    CURLcode result = curl_easy_pause(call->easy, CURLPAUSE_CONT);
    if (result == CURLE_OK) return;
    struct failure failure = failure_of(call, result);
    fail_with(call, failure.err, failure.why ? failure.why : call->why);
}

enum ag_err ag_call_read(struct ag_call *call, ag_deadline_ms deadline, struct ag_str *ret_piece)
{
    for (;;) {
        if (call->body.len > 0) {
            struct ag_buf read = call->piece;
            call->piece = call->body;
            buf_trim(&read);
            call->body = read;
            if (call->paused) resume(call);
            *ret_piece = ag_buf_str(&call->piece);
            return AG_OK;
        }
        if (call->err) return call_failure(call);
        if (call->done) return AG_E_CLOSED;
        if (call->stream) {
            /* Many streams wait at the same time, each mostly with nothing in hand. */
            ag_buf_done(&call->piece);
            ag_buf_done(&call->body);
        }
        AG_TRY(await_change(call, deadline, after(call->arrived_ms, call->idle_timeout_ms),
                            "no more of the answer", call->idle_timeout_ms));
    }
}

bool ag_call_ready(const struct ag_call *call)
{
    return call->body.len > 0 || call->err || call->done;
}

bool ag_call_ended(const struct ag_call *call)
{
    return call->body.len == 0 && (call->err || call->done);
}

enum ag_err ag_call_body(struct ag_call *call, struct ag_arena *arena, size_t max,
                         struct ag_str *ret_body)
{
    struct ag_buf body;
    ag_buf_init(&body, arena, max);
    for (;;) {
        struct ag_str piece;
        enum ag_err err = ag_call_read(call, AG_NEVER, &piece);
        if (err == AG_E_CLOSED) break;
        if (err) return err;
        err = ag_buf_append_str(&body, piece);
        if (err == AG_E_TOO_LARGE)
            return ag_fail(AG_E_UPSTREAM_TOO_LARGE, "the answer has more than %zu bytes", max);
        if (err) return err;
    }
    *ret_body = ag_buf_str(&body);
    return AG_OK;
}

struct ag_str ag_call_header(const struct ag_call *call, const char *name)
{
    struct ag_str wanted = ag_str(name);
    for (struct ag_str rest = ag_buf_str(&call->head), line; ag_str_split(&rest, '\n', &line);) {
        if (line.len <= wanted.len || line.data[wanted.len] != ':') continue;
        if (!ag_str_eq_nocase(ag_str_sub(line, 0, wanted.len), wanted)) continue;
        struct ag_str value = ag_str_sub(line, wanted.len + 1, SIZE_MAX);
        if (value.len > 0 && value.data[value.len - 1] == '\r') value.len--;
        return ag_str_trim(value);
    }
    return (struct ag_str){NULL, 0};
}

/* ---- ending ---- */

void ag_call_free(struct ag_call *call)
{
    if (!call) return;
    AG_ASSERT(!call->changed.head);
    call->client->calls--;
    ag_call_recycle(call);
}

void ag_call_release(struct ag_call *call)
{
    if (!call) return;
    /* Only a reply can be waited for without its caller: the request's bytes are going away. */
    curl_off_t sent = 0;
    if (call->in_multi) curl_easy_getinfo(call->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    bool rest_only = call->in_multi && call->head_done && !call->err && !call->paused &&
                     (uint64_t)sent == call->request_bytes;
    if (!rest_only) {
        ag_call_free(call);
        return;
    }
    call->client->calls--;
    call->max_body_bytes = call->received + AG_CLIENT_LINGER_BYTES;
    ag_client_linger(call);
}
