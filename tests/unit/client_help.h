/* An HTTP client on a fiber, a server in this process, and calls from the one to the other. */
#pragma once

#include "upstream_help.h"

#include "net/http_client.h"
#include "runtime/loop.h"
#include "runtime/sync.h"

#include <signal.h>

static struct ag_http_client *client;
static struct ag_egress *egress;

struct job {
    void (*fn)(struct upstream *up);
    struct upstream *up;
};

static inline AG_UNUSED void job_body(void *arg)
{
    struct job *job = arg;
    assert_ok(ag_http_client_new(egress, &client));
    job->fn(job->up);
    assert_int_equal(ag_http_client_calls(client), 0);
    ag_http_client_free(AG_TAKE(client));
}

/* Runs `fn` on a fiber with a client whose operator allows `allow`, against `serve`. */
static inline AG_UNUSED void with_allow(const char *allow, void (*fn)(struct upstream *up),
                                        bool (*serve)(struct upstream_call *call))
{
    struct upstream up;
    up_start(&up, serve);
    assert_ok(ag_egress_new(ag_str(allow), &egress));
    struct ag_loop *loop;
    assert_ok(ag_loop_new(0, &loop));
    struct job job = {fn, &up};
    assert_ok(ag_fiber_spawn("test", job_body, &job));
    ag_loop_stop(loop);
    ag_loop_run(loop);
    ag_loop_free(loop);
    ag_arena_pool_done();
    ag_egress_free(egress);
    up_stop(&up);
}

static inline AG_UNUSED void with(void (*fn)(struct upstream *up),
                                  bool (*serve)(struct upstream_call *call))
{
    with_allow("", fn, serve);
}

static inline AG_UNUSED struct ag_call_request request_to(const char *url)
{
    return (struct ag_call_request){
        .method = "GET",
        .url = url,
        .trust = AG_EGRESS_OPERATOR,
        .connect_timeout_ms = 2000,
        .first_byte_timeout_ms = 2000,
        .idle_timeout_ms = 2000,
        .total_timeout_ms = 10000,
    };
}

static inline AG_UNUSED struct ag_call *start(const struct ag_call_request *request)
{
    struct ag_call *call;
    assert_ok(ag_call_start(client, request, &call));
    return call;
}

/* The whole call; on success the body as a string that is valid until the next call of this. */
static inline AG_UNUSED enum ag_err fetch(const struct ag_call_request *request, int *ret_status,
                                          struct ag_str *ret_body)
{
    static char body[64 * 1024];
    struct ag_call *call = start(request);
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_str text = {0};
    enum ag_err err = ag_call_head(call, AG_NEVER, ret_status);
    if (!err) err = ag_call_body(call, &arena, sizeof(body), &text);
    if (!err && text.len > 0) memcpy(body, text.data, text.len);
    if (!err) *ret_body = (struct ag_str){body, text.len};
    ag_arena_done(&arena);
    ag_call_free(call);
    return err;
}

static inline AG_UNUSED enum ag_err fetch_err(const struct ag_call_request *request)
{
    int status = 0;
    struct ag_str body = {0};
    enum ag_err err = fetch(request, &status, &body);
    assert_true(err == AG_OK || ag_diag()->count > 0);
    return err;
}

/* ---- how much of a fiber's stack a call uses ---- */

/* Sanitizers make frames larger and keep their own books of the stack. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FRAMES_ARE_OTHER true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FRAMES_ARE_OTHER true
#endif
#endif
#ifndef FRAMES_ARE_OTHER
#define FRAMES_ARE_OTHER false
#endif

enum { PAINTED_BYTES = 40 * 1024, PAINT = 0xA5 };

/* The bytes below the caller's frame, which the next calls will use. */
static AG_UNUSED __attribute__((noinline, no_sanitize("address"))) volatile unsigned char *
below(void)
{
    return (volatile unsigned char *)__builtin_frame_address(0) - PAINTED_BYTES - 256;
}

static inline AG_UNUSED void paint(void)
{
    volatile unsigned char *area = below();
    for (size_t i = 0; i < PAINTED_BYTES; i++)
        area[i] = PAINT;
}

static inline AG_UNUSED size_t painted_over(void)
{
    volatile unsigned char *area = below();
    size_t untouched = 0;
    while (untouched < PAINTED_BYTES && area[untouched] == PAINT)
        untouched++;
    return PAINTED_BYTES - untouched;
}
