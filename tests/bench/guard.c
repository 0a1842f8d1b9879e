/*
 * What a request costs before its handler runs, and what a limit costs: the CPU time of one thread,
 * as JSON. Unlike the other tools it is made of the server's own parts.
 *
 *   bench-guard [ROUNDS]
 */
#include "api/route.h"
#include "app/backend.h"
#include "core/limits.h"
#include "runtime/offload.h"
#include "guard_request.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 100 * 1000, KEYS = 4096 };

struct bench {
    struct ag_backend backend;
    struct ag_api *api;
    struct ag_request *req;
    struct ag_arena arena;
    struct ag_str authorization, cookie;
    int rounds;
};

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void must(enum ag_err err, const char *what)
{
    if (err == AG_OK) return;
    fprintf(stderr, "bench-guard: %s: %s\n", what, ag_diag_text(err));
    _exit(1);
}

static enum ag_err nothing(struct ag_ctx *ctx)
{
    ctx->status = 204;
    return AG_OK;
}

static const struct ag_route route = {
    .id = "measured",
    .method = AG_GET,
    .path = "/v1/measured",
    .permission = AG_PERM_AGENTS_READ,
    .handler = nothing,
    .status = 204,
};

/* As ag_api_handle() does it, with the route found already. */
static void guard_once(struct bench *b, const struct ag_header *headers, size_t count)
{
    static const struct ag_route_match match = {.row = 0};
    struct ag_request *req = b->req;
    req->method = AG_GET;
    req->headers = headers;
    req->header_count = count;
    struct ag_field_errors errors = {.count = 0};
    struct ag_ctx ctx = {
        .scope = {.core = &b->backend.core, .arena = &b->arena, .errors = &errors},
        .req = req,
        .address = ag_request_peer_address(req),
        .route = &route,
        .retry_after_s = -1,
    };
    char ip[AG_ADDRESS_TEXT_BYTES];
    ctx.scope.ip = ag_arena_copy(&b->arena, ag_address_format(&ctx.address, ip));
    must(ag_guard_run(&ctx, &match), "a request was refused");
    guard_request_clear(req);
    ag_arena_reset(&b->arena);
}

static double guard_ns(struct bench *b, struct ag_str name, struct ag_str value)
{
    const struct ag_header headers[] = {
        {AG_STR("host"), AG_STR("agents.example.com")},
        {AG_STR("user-agent"), AG_STR("bench")},
        {AG_STR("accept"), AG_STR("*/*")},
        {name, value},
    };
    double best = 1e9;
    for (int round = 0; round < b->rounds; round++) {
        int64_t before = cpu_ns();
        for (int i = 0; i < CALLS; i++)
            guard_once(b, headers, AG_COUNT(headers));
        best = AG_MIN(best, (double)(cpu_ns() - before) / CALLS);
    }
    return best;
}

static double limit_ns(struct bench *b)
{
    const struct ag_rate rate = {.count = 1000000, .per_ms = 60 * 1000};
    double best = 1e9;
    for (int round = 0; round < b->rounds; round++) {
        int64_t before = cpu_ns();
        for (int i = 0; i < CALLS; i++) {
            char key[24] = "user ";
            uint64_t who = (uint64_t)(i % KEYS) * UINT64_C(0x9E3779B97F4A7C15);
            memcpy(key + 5, &who, sizeof(who));
            memcpy(key + 13, &who, sizeof(who));
            ag_limiter_take(b->backend.core.limiter, ag_str_n(key, 21), &rate, ag_mono_us());
        }
        best = AG_MIN(best, (double)(cpu_ns() - before) / CALLS);
    }
    return best;
}

static void sign_up(struct bench *b)
{
    struct ag_field_errors errors = {.count = 0};
    struct ag_scope scope = {
        .core = &b->backend.core, .arena = &b->arena, .ip = AG_STR("127.0.0.1"), .errors = &errors};
    const struct ag_register_input input = {.name = AG_STR("Bench"),
                                            .email = AG_STR("bench@example.com"),
                                            .password = AG_STR("correct horse battery")};
    const struct ag_settings wide = {.set = 2, .free_per_minute = AG_PER_MINUTE_MAX};
    struct ag_settings settings;
    struct ag_grant grant;
    must(ag_register(&scope, &input, &grant), "no account");
    must(ag_settings_change(&scope, &wide, &settings), "no settings");
    struct ag_arena *kept = &b->backend.arena;
    b->authorization = ag_arena_printf(kept, "Bearer %.*s", AG_STR_ARG(grant.token));
    b->cookie = ag_arena_printf(kept, "__Host-agentgen_session=%.*s", AG_STR_ARG(grant.cookie));
    ag_arena_reset(&b->arena);
}

static void measure(void *arg)
{
    struct bench *b = arg;
    int applied;
    must(ag_backend_attach(&b->backend), "no backend");
    must(ag_db_migrate(b->backend.core.db, &applied), "no database");
    sign_up(b);
    double token = guard_ns(b, AG_STR("authorization"), b->authorization);
    double cookie = guard_ns(b, AG_STR("cookie"), b->cookie);
    double check = limit_ns(b);
    struct ag_limiter *limiter = AG_TAKE(b->backend.core.limiter);
    double unlimited = guard_ns(b, AG_STR("authorization"), b->authorization);
    b->backend.core.limiter = limiter;
    printf("{\"limit_check_us\":%.3f,\"guard_token_us\":%.3f,\"guard_cookie_us\":%.3f,"
           "\"guard_without_limits_us\":%.3f}\n",
           check / 1000, token / 1000, cookie / 1000, unlimited / 1000);
    ag_backend_detach(&b->backend);
    ag_loop_stop(ag_loop_self());
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct ag_options options;
    struct ag_loop *loop;
    char folder[] = "/tmp/agguard-XXXXXX", command[64];
    int64_t rounds = 5;
    if (argc > 1 && ag_str_to_int64(ag_str(argv[1]), &rounds) != AG_OK) return 2;
    b.rounds = (int)rounds;
    if (!mkdtemp(folder)) return 1;
    must(ag_options_init(&options), "no options");
    must(
        ag_option_set(&options, ag_option_by_key(AG_STR("data_dir")), ag_str(folder), AG_FROM_FLAG),
        "no folder");
    must(ag_backend_open(&b.backend, &options, 1, true), "no backend");
    must(ag_passwords_start(1), "no threads");
    ag_arena_init(&b.arena);
    b.req = guard_request_new(&b.arena);
    must(ag_loop_new(0, &loop), "no loop");
    must(ag_fiber_spawn("bench", measure, &b), "no fiber");
    ag_loop_run(loop);
    ag_loop_free(loop);
    ag_arena_done(&b.arena);
    guard_request_free(b.req);
    ag_passwords_stop();
    ag_offload_done();
    ag_backend_close(&b.backend);
    ag_options_done(&options);
    ag_arena_pool_done();
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command) == 0 ? 0 : 1;
}
