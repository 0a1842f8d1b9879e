#include "cache/redis.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "runtime/resolve.h"
#include "runtime/sync.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

/*
 * hiredis speaks the protocol; what it waits for is told to the loop by the adapter below. Of its
 * asynchronous context there is one sure sign of the end, in every version and on every path: its
 * clean-up hook. Everything else (replies that will not come, who waits, the next attempt) follows
 * from that.
 */

enum {
    MAX_LOOPS = 64,
    CONNECT_MS = 500, /* for one address: TCP and all that is said before it can be used */
    FIRST_MS = 500,   /* what a loop waits for the first attempt */
    PAUSE_MIN_MS = 50,
    PAUSE_MAX_MS = 2000,
    STEADY_MS = 10 * 1000, /* a connection that has lasted begins anew with short pauses */
    DIGEST_BYTES = 41,     /* SHA-1 in hexadecimal, and NUL */
    ERROR_BYTES = 120,
};

struct link;

struct ag_redis {
    struct ag_redis_address address;
    const char *script;
    struct link *links[MAX_LOOPS];
    atomic_uint connected;
    atomic_uint_least64_t lost;
};

/* What one loop has of it. */
struct link {
    struct ag_redis *redis;
    redisAsyncContext *context; /* NULL: none */
    uv_poll_t *poll;            /* the context's */
    int wanted;                 /* UV_* events that hiredis waits for */
    bool ready;                 /* all has been said that must be before commands */
    bool tried;                 /* the first attempt is over */
    bool said;                  /* why there is no connection has been logged */
    int64_t ready_since_us;
    unsigned pending;
    struct ag_fiber *keeper;
    struct ag_cond changed;
    int64_t pause_ms;
    char digest[DIGEST_BYTES];
    char error[ERROR_BYTES]; /* why the last attempt came to nothing */
};

/* A command on its way. Its fiber frees it, or the reply does when nobody waits any more. */
struct call {
    struct link *link;
    struct ag_fiber *fiber;
    bool done, ok;
    bool by_digest; /* may be sent again with the whole script */
    size_t value_count, arg_count;
    int64_t values[AG_REDIS_MAX_VALUES];
    size_t lens[AG_REDIS_MAX_ARGS];
    char args[AG_REDIS_MAX_ARGS][AG_REDIS_MAX_ARG_BYTES];
    char text[DIGEST_BYTES]; /* of a reply that is a text */
};

static struct link *link_of(const struct ag_redis *redis)
{
    struct ag_loop *loop = ag_loop_self();
    return loop && ag_loop_index(loop) < MAX_LOOPS ? redis->links[ag_loop_index(loop)] : NULL;
}

/* ---- hiredis on the loop ---- */

static void on_poll(uv_poll_t *poll, int status, int events);

static void want(struct link *link, int events)
{
    if (link->wanted == events) return;
    link->wanted = events;
    if (events)
        uv_poll_start(link->poll, events, on_poll);
    else
        uv_poll_stop(link->poll);
}

static void add_read(void *arg)
{
    struct link *link = arg;
    want(link, link->wanted | UV_READABLE);
}

static void del_read(void *arg)
{
    struct link *link = arg;
    want(link, link->wanted & ~UV_READABLE);
}

static void add_write(void *arg)
{
    struct link *link = arg;
    want(link, link->wanted | UV_WRITABLE);
}

static void del_write(void *arg)
{
    struct link *link = arg;
    want(link, link->wanted & ~UV_WRITABLE);
}

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle);
}

static void not_ready(struct link *link)
{
    if (!link->ready) return;
    link->ready = false;
    atomic_fetch_add_explicit(&link->redis->lost, 1, memory_order_relaxed);
    if (atomic_fetch_sub(&link->redis->connected, 1) == 1)
        ag_log(AG_LOG_WARN, "redis_lost", AG_LC("host", link->redis->address.host),
               AG_LC("error", link->error[0] ? link->error : "the connection broke"));
    link->error[0] = '\0';
}

/* The context and its descriptor are about to be freed. */
static void on_cleanup(void *arg)
{
    struct link *link = arg;
    if (!link->error[0] && link->context->err)
        snprintf(link->error, sizeof(link->error), "%s", link->context->errstr);
    link->context = NULL;
    uv_close((uv_handle_t *)AG_TAKE(link->poll), on_poll_closed);
    not_ready(link);
    ag_cond_broadcast(&link->changed);
}

/* Ends the connection; what waits for a reply hears that there will be none. */
static void drop(struct link *link, const char *why)
{
    if (!link->context) return;
    snprintf(link->error, sizeof(link->error), "%s", why);
    not_ready(link);
    redisAsyncFree(link->context); /* within one of its callbacks: once that has returned */
}

/* What nobody asked for is a fault of the other side, whatever it says: hiredis holds it for one of
 * its own, and ends the process. */
#define UNASKED "it says what nobody asked for"

static void read_from(struct link *link)
{
    char byte;
    if (link->pending == 0 && recv(link->context->c.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
        drop(link, UNASKED);
    else
        redisAsyncHandleRead(link->context);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct link *link = poll->data;
    /* A descriptor that failed is read from, and that tells how. */
    if (status < 0) events = UV_READABLE;
    redisAsyncContext *context = link->context;
    if (events & UV_READABLE) read_from(link);
    if ((events & UV_WRITABLE) && link->context == context) redisAsyncHandleWrite(context);
}

/* ---- commands ---- */

static void on_reply(redisAsyncContext *context, void *reply, void *arg);

static enum ag_err command(struct call *call, int argc, const char **argv, const size_t *lens)
{
    struct link *link = call->link;
    if (!link->context) return AG_E_CLOSED;
    if (redisAsyncCommandArgv(link->context, on_reply, call, argc, argv, lens) != REDIS_OK)
        return AG_E_CLOSED;
    link->pending++;
    return AG_OK;
}

/* EVALSHA, or EVAL, with one key. */
static enum ag_err send_script(struct call *call)
{
    const char *argv[3 + AG_REDIS_MAX_ARGS];
    size_t lens[AG_COUNT(argv)];
    argv[0] = call->by_digest ? "EVALSHA" : "EVAL";
    argv[1] = call->by_digest ? call->link->digest : call->link->redis->script;
    argv[2] = "1";
    for (int i = 0; i < 3; i++)
        lens[i] = strlen(argv[i]);
    for (size_t i = 0; i < call->arg_count; i++) {
        argv[3 + i] = call->args[i];
        lens[3 + i] = call->lens[i];
    }
    return command(call, (int)(3 + call->arg_count), argv, lens);
}

static bool read_values(struct call *call, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != call->value_count) return false;
    for (size_t i = 0; i < call->value_count; i++) {
        if (reply->element[i]->type != REDIS_REPLY_INTEGER) return false;
        call->values[i] = reply->element[i]->integer;
    }
    return true;
}

static bool read_reply(struct call *call, const redisReply *reply)
{
    if (call->value_count > 0) return read_values(call, reply);
    if (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS)
        snprintf(call->text, sizeof(call->text), "%.*s",
                 (int)AG_MIN(reply->len, sizeof(call->text)), reply->str);
    return true;
}

/* An answer that is no use means a server that is none: a replica, one that still loads, one that
 * is full. The next attempt may find another. */
static void take_reply(struct call *call, const redisReply *reply)
{
    struct link *link = call->link;
    bool error = reply->type == REDIS_REPLY_ERROR;
    if (error && call->by_digest && ag_str_starts_with(ag_str(reply->str), AG_STR("NOSCRIPT"))) {
        call->by_digest = false;
        if (send_script(call) == AG_OK) return;
    }
    call->done = true;
    call->ok = !error && read_reply(call, reply);
    if (!call->ok) drop(link, error ? reply->str : "an answer that is none of its own");
    if (call->ok && call->value_count > 0) link->pause_ms = PAUSE_MIN_MS;
}

static void on_reply(redisAsyncContext *context, void *reply, void *arg)
{
    struct call *call = arg;
    const redisReader *reader = context->c.reader;
    call->link->pending--;
    /* Freed before hiredis looks at the rest. */
    if (reply && call->link->pending == 0 && reader->pos < reader->len) drop(call->link, UNASKED);
    if (reply)
        take_reply(call, reply);
    else
        call->done = true;
    if (!call->done) return;
    if (!call->fiber)
        free(call);
    else if (call->fiber != ag_fiber_self())
        ag_fiber_wake(call->fiber);
}

/* Waits for the reply of what was sent; then the call is still the caller's, with AG_OK, or gone.
 */
static enum ag_err wait_reply(struct call *call, ag_deadline_ms deadline)
{
    while (!call->done) {
        enum ag_err err = ag_fiber_park(deadline);
        /* A loop that has stood still meets its timers before its sockets: the answer may be there.
         */
        if (err == AG_E_TIMEOUT && call->link->ready) read_from(call->link);
        if (err == AG_OK || call->done) continue;
        call->fiber = NULL;
        if (err == AG_E_TIMEOUT && ag_mono_ms() >= deadline) drop(call->link, "it does not answer");
        return err == AG_E_CANCELED ? err : AG_E_CLOSED;
    }
    if (call->ok) return AG_OK;
    free(call);
    return AG_E_CLOSED;
}

static struct call *call_new(struct link *link, struct ag_fiber *fiber)
{
    struct call *call = calloc(1, sizeof(*call));
    if (!call) return NULL;
    call->link = link;
    call->fiber = fiber;
    return call;
}

/* Sends the script; `*ret_call` is the caller's, or nobody's once `fiber` is NULL. */
static enum ag_err start_script(struct link *link, struct ag_fiber *fiber,
                                const struct ag_str *args, size_t arg_count, size_t value_count,
                                struct call **ret_call)
{
    AG_ASSERT(arg_count >= 1 && arg_count <= AG_REDIS_MAX_ARGS);
    if (!link || !link->ready) return AG_E_CLOSED;
    if (link->pending >= AG_REDIS_MAX_PENDING) return AG_E_OVERLOADED;
    struct call *call = call_new(link, fiber);
    if (!call) return AG_E_NO_MEMORY;
    call->by_digest = true;
    call->value_count = value_count;
    call->arg_count = arg_count;
    for (size_t i = 0; i < arg_count; i++) {
        AG_ASSERT(args[i].len <= sizeof(call->args[i]));
        memcpy(call->args[i], args[i].data, args[i].len);
        call->lens[i] = args[i].len;
    }
    enum ag_err err = send_script(call);
    if (err != AG_OK)
        free(call);
    else
        *ret_call = call;
    return err;
}

enum ag_err ag_redis_run(struct ag_redis *redis, const struct ag_str *args, size_t arg_count,
                         int64_t timeout_ms, int64_t *ret_values, size_t count)
{
    struct call *call;
    AG_ASSERT(count <= AG_REDIS_MAX_VALUES);
    AG_TRY(start_script(link_of(redis), ag_fiber_self(), args, arg_count, count, &call));
    AG_TRY(wait_reply(call, ag_deadline_in(timeout_ms)));
    memcpy(ret_values, call->values, count * sizeof(*ret_values));
    free(call);
    return AG_OK;
}

void ag_redis_tell(struct ag_redis *redis, const struct ag_str *args, size_t arg_count)
{
    struct call *call;
    (void)!start_script(link_of(redis), NULL, args, arg_count, 0, &call);
}

/* ---- connecting ---- */

/* Says one thing and waits for its answer, which is kept in `text` when it is given. */
static enum ag_err say(struct link *link, ag_deadline_ms deadline, int argc, const char **argv,
                       char *text, size_t size)
{
    size_t lens[4];
    for (int i = 0; i < argc; i++)
        lens[i] = strlen(argv[i]);
    struct call *call = call_new(link, ag_fiber_self());
    if (!call) return AG_E_NO_MEMORY;
    enum ag_err err = command(call, argc, argv, lens);
    if (err != AG_OK) {
        free(call);
        return err;
    }
    AG_TRY(wait_reply(call, deadline));
    if (text) snprintf(text, size, "%s", call->text);
    free(call);
    return AG_OK;
}

static enum ag_err shake_hands(struct link *link, ag_deadline_ms deadline)
{
    const struct ag_redis_address *to = &link->redis->address;
    if (to->password[0]) {
        const char *with_user[] = {"AUTH", to->user, to->password};
        const char *without[] = {"AUTH", to->password};
        AG_TRY(
            say(link, deadline, to->user[0] ? 3 : 2, to->user[0] ? with_user : without, NULL, 0));
    }
    if (to->db > 0) {
        char number[12];
        snprintf(number, sizeof(number), "%d", to->db);
        const char *select[] = {"SELECT", number};
        AG_TRY(say(link, deadline, 2, select, NULL, 0));
    }
    const char *load[] = {"SCRIPT", "LOAD", link->redis->script};
    return say(link, deadline, 3, load, link->digest, sizeof(link->digest));
}

static enum ag_err open_context(struct link *link, const char *address)
{
    redisAsyncContext *context = redisAsyncConnect(address, link->redis->address.port);
    uv_poll_t *poll = calloc(1, sizeof(*poll));
    if (!context || context->err || !poll ||
        uv_poll_init(ag_loop_uv(ag_loop_self()), poll, context->c.fd) != 0) {
        snprintf(link->error, sizeof(link->error), "%s",
                 context && context->err ? context->errstr : "no memory for a connection");
        if (context) redisAsyncFree(context);
        free(poll);
        return AG_E_CLOSED;
    }
    uv_unref((uv_handle_t *)poll);
    poll->data = link;
    link->poll = poll;
    link->wanted = 0;
    link->context = context;
    context->ev.data = link;
    context->ev.addRead = add_read;
    context->ev.delRead = del_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = del_write;
    context->ev.cleanup = on_cleanup;
    return AG_OK;
}

static enum ag_err connect_to(struct link *link, const char *address)
{
    AG_TRY(open_context(link, address));
    enum ag_err err = shake_hands(link, ag_deadline_in(CONNECT_MS));
    /* It may have ended behind its last answer. */
    if (err == AG_OK && !link->context) err = AG_E_CLOSED;
    if (err != AG_OK) {
        drop(link, link->error[0] ? link->error : "it cannot be reached");
        return err;
    }
    link->ready = true;
    link->ready_since_us = ag_mono_us();
    link->error[0] = '\0';
    link->said = false;
    if (atomic_fetch_add(&link->redis->connected, 1) == 0)
        ag_log(AG_LOG_INFO, "redis_connected", AG_LC("host", link->redis->address.host),
               AG_LI("port", link->redis->address.port));
    return AG_OK;
}

static enum ag_err establish(struct link *link)
{
    struct ag_host_addresses host;
    link->error[0] = '\0';
    enum ag_err err = ag_host_resolve(link->redis->address.host, &host);
    if (err != AG_OK) {
        snprintf(link->error, sizeof(link->error), "%s", ag_diag_text(err));
        return err == AG_E_CANCELED ? err : AG_E_CLOSED;
    }
    for (unsigned i = 0; i < host.count; i++) {
        err = connect_to(link, host.text[i]);
        if (err == AG_OK || err == AG_E_CANCELED) break;
    }
    return err;
}

/* Half of it at least, so that instances that lost one server do not come back as one. */
static enum ag_err pause_between(struct link *link)
{
    int64_t half = link->pause_ms / 2;
    link->pause_ms = AG_MIN(link->pause_ms * 2, (int64_t)PAUSE_MAX_MS);
    return ag_fiber_sleep(half + ag_random_below((uint32_t)half + 1));
}

static void keeper_fiber(void *arg)
{
    struct link *link = arg;
    enum ag_err err;
    do {
        err = establish(link);
        if (err != AG_OK && err != AG_E_CANCELED && !link->said) {
            link->said = true;
            ag_log(AG_LOG_WARN, "redis_unreachable", AG_LC("host", link->redis->address.host),
                   AG_LI("port", link->redis->address.port), AG_LC("error", link->error));
        }
        link->tried = true;
        ag_cond_broadcast(&link->changed);
        int64_t since_ms = ag_mono_ms();
        while (link->context && err != AG_E_CANCELED)
            err = ag_cond_wait(&link->changed, AG_NEVER);
        if (ag_mono_ms() - since_ms > STEADY_MS) link->pause_ms = PAUSE_MIN_MS;
    } while (err != AG_E_CANCELED && pause_between(link) == AG_OK);
}

/* ---- life ---- */

enum ag_err ag_redis_new(struct ag_str url, const char *script, struct ag_redis **ret_redis)
{
    struct ag_redis *redis = calloc(1, sizeof(*redis));
    if (!redis) return ag_fail(AG_E_NO_MEMORY, "no memory for Redis");
    enum ag_err err = ag_redis_address_parse(url, &redis->address);
    if (err != AG_OK) {
        ag_redis_free(redis);
        return err;
    }
    redis->script = script;
    *ret_redis = redis;
    return AG_OK;
}

void ag_redis_free(struct ag_redis *redis)
{
    if (!redis) return;
    explicit_bzero(&redis->address, sizeof(redis->address));
    free(redis);
}

enum ag_err ag_redis_attach(struct ag_redis *redis)
{
    unsigned index = ag_loop_index(ag_loop_self());
    AG_ASSERT(index < MAX_LOOPS && !redis->links[index]);
    struct link *link = calloc(1, sizeof(*link));
    if (!link) return ag_fail(AG_E_NO_MEMORY, "no memory for a connection to Redis");
    link->redis = redis;
    link->pause_ms = PAUSE_MIN_MS;
    enum ag_err err = ag_fiber_spawn_joinable("redis", keeper_fiber, link, &link->keeper);
    if (err != AG_OK) {
        free(link);
        return err;
    }
    redis->links[index] = link;
    ag_deadline_ms until = ag_deadline_in(FIRST_MS);
    while (!link->tried && err == AG_OK)
        err = ag_cond_wait(&link->changed, until);
    return AG_OK;
}

void ag_redis_detach(struct ag_redis *redis)
{
    struct link *link = link_of(redis);
    if (!link) return;
    ag_fiber_cancel(link->keeper);
    ag_fiber_join(link->keeper);
    snprintf(link->error, sizeof(link->error), "the server stops");
    if (link->context) redisAsyncFree(link->context);
    redis->links[ag_loop_index(ag_loop_self())] = NULL;
    free(link);
}

bool ag_redis_ready(const struct ag_redis *redis)
{
    const struct link *link = link_of(redis);
    return link && link->ready;
}

int64_t ag_redis_ready_since_us(const struct ag_redis *redis)
{
    const struct link *link = link_of(redis);
    return link ? link->ready_since_us : 0;
}

void ag_redis_stats(const struct ag_redis *redis, struct ag_redis_stats *ret_stats)
{
    *ret_stats = (struct ag_redis_stats){
        .connected = atomic_load_explicit(&redis->connected, memory_order_relaxed),
        .lost = atomic_load_explicit(&redis->lost, memory_order_relaxed),
    };
}
