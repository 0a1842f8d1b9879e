/*
 * `agentgen serve`: from the options to a server on every loop, and back down without a rest.
 *
 * The main thread runs loop 0. Its first fiber prepares the database, starts the other loops'
 * threads and listens; each of those attaches and listens by itself. All of them report to loop 0,
 * which announces the server once all are up, hears the signals, and tells every loop to drain.
 */
#include "api/api.h"
#include "app/backend.h"
#include "app/commands.h"
#include "app/process.h"
#include "app/version.h"
#include "base/log.h"
#include "net/mailer.h"
#include "runtime/fiber.h"
#include "runtime/offload.h"

#include <pthread.h>
#include <unistd.h>

enum {
    HOUSEKEEP_FIRST_MS = 1000, /* a server that is restarted often keeps house, too */
    HOUSEKEEP_MS = 10 * 60 * 1000,
    DRAIN_LOOK_MS = 10,    /* how often a draining loop counts its connections */
    LAST_WORD_MS = 50,     /* for who follows a run that was stopped */
    UNWIND_MS = 10 * 1000, /* for what was cancelled to come to its end */
};

struct serve;

struct serve_loop {
    struct serve *serve;
    unsigned index;
    pthread_t thread;      /* but for loop 0 */
    struct ag_loop *loop;  /* NULL: it could not be made */
    struct ag_fiber *life; /* waits for `draining` */
    bool draining;         /* touched on the loop's thread only */
    enum ag_err err;       /* why it did not come up */
    struct ag_post report, drain;
};

struct serve {
    struct ag_config_source *source;
    struct ag_options *options;
    struct ag_backend backend;
    struct ag_api *api;
    struct ag_server *server;
    unsigned wanted; /* loops to run */
    struct serve_loop loops[AG_MAX_LOOPS];
    int64_t begun_us, up_ms;

    /* what follows is touched on loop 0's thread only */
    uv_async_t async;
    struct ag_fiber *housekeeper;
    unsigned launched; /* loops that report, or have */
    unsigned reported;
    bool drain_begun;
    enum ag_err err; /* the first failure of a loop */
};

/* ---- the life of a loop ---- */

/* Connections, and runs that need none. */
static unsigned work_left(struct serve *serve)
{
    return ag_server_connections(serve->server) + ag_core_detached(&serve->backend.core);
}

static void wait_for_work(struct serve *serve, int64_t ms)
{
    ag_deadline_ms until = ag_deadline_in(ms);
    while (work_left(serve) > 0 && ag_mono_ms() < until) {
        enum ag_err err = ag_fiber_sleep(DRAIN_LOOK_MS);
        AG_ASSERT(err == AG_OK);
    }
}

/* Ends what does not end by itself: first the runs that need no client, so that whoever follows
 * one, on whatever loop, hears how it ended. */
static void cancel_work(struct serve *serve, int64_t ms)
{
    ag_deadline_ms until = ag_deadline_in(ms);
    bool any = false;
    while (ag_core_detached_everywhere(&serve->backend.core) > 0 && ag_mono_ms() < until) {
        any = true;
        ag_core_stop_detached(&serve->backend.core);
        enum ag_err err = ag_fiber_sleep(DRAIN_LOOK_MS);
        AG_ASSERT(err == AG_OK);
    }
    if (any) wait_for_work(serve, LAST_WORD_MS);
    ag_core_stop_detached(&serve->backend.core);
    ag_server_cancel(serve->server);
}

static void drain(struct serve *serve)
{
    /* What is ended at the limit wants a moment to say so to its client. */
    int64_t limit = serve->options->drain_timeout_ms;
    int64_t moment = AG_MIN(limit / 10, 1000);
    ag_server_drain(serve->server);
    wait_for_work(serve, limit - moment);
    unsigned left = work_left(serve);
    if (left == 0) return;
    ag_log(AG_LOG_WARN, "drain_timeout", AG_LI("connections", ag_server_connections(serve->server)),
           AG_LI("runs", ag_core_detached(&serve->backend.core)));
    cancel_work(serve, moment);
    wait_for_work(serve, UNWIND_MS);
    left = work_left(serve);
    if (left == 0) return;
    /* Nothing may be freed under a fiber that still runs. What is acknowledged is durable. */
    ag_log(AG_LOG_ERROR, "connections_stuck", AG_LI("connections", left));
    _exit(AG_EXIT_FAILED);
}

static void housekeeper_fiber(void *arg)
{
    struct serve *serve = arg;
    for (int64_t wait_ms = HOUSEKEEP_FIRST_MS; ag_fiber_sleep(wait_ms) == AG_OK;
         wait_ms = HOUSEKEEP_MS) {
        enum ag_err err = ag_core_housekeep(&serve->backend.core);
        if (err != AG_OK) ag_log_diag(AG_LOG_WARN, "housekeeping_failed", err);
    }
}

/* The server works without it; whoever runs it should know. */
static enum ag_err look_at_wall(struct ag_db *db)
{
    bool walled = true;
    if (ag_db_is_postgres(db)) AG_TRY(ag_db_walled(db, &walled));
    if (!walled)
        ag_log(AG_LOG_WARN, "row_security_bypassed",
               AG_LC("why", "the role in DATABASE_URL is a superuser or has BYPASSRLS: PostgreSQL "
                            "does not keep organisations apart by itself"),
               AG_LC("mend", "connect as an ordinary role that owns the database"));
    return AG_OK;
}

static enum ag_err prepare_database(struct serve *serve)
{
    int applied = 0;
    AG_TRY(ag_db_migrate(serve->backend.core.db, &applied));
    if (applied > 0) ag_log(AG_LOG_INFO, "migrated", AG_LI("applied", applied));
    AG_TRY(look_at_wall(serve->backend.core.db));
    AG_TRY(ag_core_recover(&serve->backend.core));
    return ag_fiber_spawn_joinable("housekeeper", housekeeper_fiber, serve, &serve->housekeeper);
}

static void start_threads(struct serve *serve);

static enum ag_err come_up(struct serve_loop *self)
{
    struct serve *serve = self->serve;
    AG_TRY(ag_backend_attach(&serve->backend));
    enum ag_err err = AG_OK;
    if (self->index == 0) {
        err = prepare_database(serve);
        if (err == AG_OK) start_threads(serve);
    }
    if (err == AG_OK) err = ag_server_listen(serve->server);
    if (err != AG_OK) {
        struct ag_diag diag = *ag_diag();
        ag_backend_detach(&serve->backend);
        *ag_diag() = diag;
    }
    return err;
}

static void go_down(struct serve_loop *self)
{
    struct serve *serve = self->serve;
    if (self->err == AG_OK) drain(serve);
    if (self->index == 0 && serve->housekeeper) {
        ag_fiber_cancel(serve->housekeeper);
        ag_fiber_join(serve->housekeeper);
    }
    if (self->err == AG_OK) ag_backend_detach(&serve->backend);
}

static void life_fiber(void *arg)
{
    struct serve_loop *self = arg;
    self->life = ag_fiber_self();
    self->err = come_up(self);
    if (self->err != AG_OK) ag_log_diag(AG_LOG_ERROR, "start_failed", self->err);
    ag_loop_post(self->serve->loops[0].loop, &self->report);
    while (!self->draining) {
        enum ag_err err = ag_fiber_park(AG_NEVER);
        AG_ASSERT(err == AG_OK);
    }
    go_down(self);
    ag_loop_stop(self->loop);
}

static void on_drain(struct ag_post *post)
{
    struct serve_loop *self = AG_CONTAINER_OF(post, struct serve_loop, drain);
    self->draining = true;
    ag_fiber_wake(self->life);
}

static void *loop_thread(void *arg)
{
    struct serve_loop *self = arg;
    struct ag_loop *loop;
    char name[16];
    snprintf(name, sizeof(name), "loop-%u", self->index);
    pthread_setname_np(pthread_self(), name);
    self->err = ag_loop_new(self->index, &loop);
    if (self->err == AG_OK) {
        self->loop = loop;
        self->err = ag_fiber_spawn("life", life_fiber, self);
        if (self->err == AG_OK) {
            ag_loop_run(loop);
            ag_loop_free(loop);
            ag_arena_pool_done();
            return NULL;
        }
        self->loop = NULL;
        ag_loop_free(loop);
    }
    ag_log_diag(AG_LOG_ERROR, "start_failed", self->err);
    ag_loop_post(self->serve->loops[0].loop, &self->report);
    return NULL;
}

static void start_threads(struct serve *serve)
{
    for (unsigned i = 1; i < serve->wanted; i++) {
        int rc = pthread_create(&serve->loops[i].thread, NULL, loop_thread, &serve->loops[i]);
        if (rc != 0) {
            serve->err = ag_fail(AG_E_NO_MEMORY, "cannot start a thread: %s", strerror(rc));
            ag_log_diag(AG_LOG_ERROR, "start_failed", serve->err);
            return;
        }
        serve->launched++;
    }
}

/* ---- loop 0 watches over all ---- */

static void begin_drain(struct serve *serve)
{
    if (serve->drain_begun) return;
    serve->drain_begun = true;
    if (serve->err == AG_OK) ag_log(AG_LOG_INFO, "draining");
    struct ag_mailer *mailer = serve->backend.core.mailer;
    if (mailer) ag_mailer_drain(mailer, serve->options->drain_timeout_ms);
    for (unsigned i = 0; i < serve->launched; i++)
        if (serve->loops[i].loop) ag_loop_post(serve->loops[i].loop, &serve->loops[i].drain);
}

static void announce(struct serve *serve)
{
    struct ag_str url = ag_server_url(serve->server);
    bool postgres = ag_db_is_postgres(serve->backend.core.db);
    serve->up_ms = ag_mono_ms();
    ag_log(AG_LOG_INFO, "listening", AG_LS("url", url), AG_LI("loops", serve->wanted),
           AG_LC("database", postgres ? "postgres" : "sqlite"), AG_LC("version", AG_VERSION),
           AG_LI("start_us", ag_mono_us() - serve->begun_us));
    if (isatty(STDERR_FILENO) != 1) return;
    fprintf(stderr, "\n  agentgen is ready: open %.*s in a browser.\n", AG_STR_ARG(url));
    if (serve->backend.first_start)
        fprintf(stderr, "  The first account that registers becomes the administrator.\n");
    fprintf(stderr, "  Ctrl-C ends it.\n\n");
}

static void on_report(struct ag_post *post)
{
    struct serve_loop *loop = AG_CONTAINER_OF(post, struct serve_loop, report);
    struct serve *serve = loop->serve;
    if (serve->err == AG_OK) serve->err = loop->err;
    if (++serve->reported < serve->launched) return;
    if (serve->err != AG_OK || ag_signals_stop_asked())
        begin_drain(serve);
    else
        announce(serve);
}

/* ---- signals and reload ---- */

static void set_log_level(const struct ag_options *options)
{
    enum ag_log_level level;
    if (ag_log_level_parse(options->log_level, &level) == AG_OK) ag_log_set_level(level);
}

struct reload {
    const struct ag_config_source *source;
    struct ag_options options;
    struct ag_config_report report;
};

static enum ag_err reload_job(void *arg)
{
    struct reload *reload = arg;
    return ag_config_load(reload->source, &reload->options, &reload->report);
}

/* Takes over what may change while the server runs, and says what would need a restart. */
static enum ag_err apply_reload(struct serve *serve, const struct ag_options *options)
{
    for (size_t i = 0; i < ag_option_count; i++) {
        const struct ag_option *row = &ag_option_table[i];
        if (ag_option_equal(row, serve->options, options)) continue;
        if (row->flags & AG_OPTION_RELOADABLE)
            AG_TRY(ag_option_copy(serve->options, row, options));
        else
            ag_log(AG_LOG_WARN, "restart_needed", AG_LC("option", row->key));
    }
    set_log_level(serve->options);
    return AG_OK;
}

static void reload_fiber(void *arg)
{
    struct serve *serve = arg;
    struct reload reload = {.source = serve->source};
    ag_config_report_init(&reload.report);
    enum ag_err err = ag_offload(reload_job, &reload);
    ag_cli_report(&reload.report);
    if (err == AG_OK) {
        err = apply_reload(serve, &reload.options);
        ag_options_done(&reload.options);
    }
    ag_config_report_done(&reload.report);
    if (err == AG_OK)
        ag_log(AG_LOG_INFO, "reloaded");
    else
        ag_log_diag(AG_LOG_ERROR, "reload_failed", err);
}

static void on_async(uv_async_t *async)
{
    struct serve *serve = AG_CONTAINER_OF(async, struct serve, async);
    if (ag_signals_reload_asked() && !serve->drain_begun) {
        enum ag_err err = ag_fiber_spawn("reload", reload_fiber, serve);
        if (err != AG_OK) ag_log_diag(AG_LOG_ERROR, "reload_failed", err);
    }
    /* Before all loops have come up, the last report looks at it. */
    if (ag_signals_stop_asked() && serve->reported == serve->launched) begin_drain(serve);
}

static void on_signal(void *arg)
{
    struct serve *serve = arg;
    uv_async_send(&serve->async);
}

/* ---- from nothing to a running server ---- */

/* Where people reach the server unless they were told otherwise: by the name that browsers trust
 * without TLS, so that the session's cookie is kept. */
static enum ag_err name_site(struct serve *serve)
{
    struct ag_str *site = &serve->backend.core.options.public_url;
    if (site->len > 0) return AG_OK;
    *site = ag_arena_printf(&serve->backend.arena, "http://localhost:%d",
                            ag_server_port(serve->server));
    return site->data ? AG_OK : ag_fail(AG_E_NO_MEMORY, "no memory for an address");
}

static enum ag_err open_server(struct serve *serve)
{
    const struct ag_options *o = serve->options;
    struct ag_api_options api_options = {
        .metrics_token = o->metrics_token,
        .version = AG_STR(AG_VERSION),
        .web_dir = o->web_dir,
    };
    AG_TRY(ag_ranges_parse(o->trusted_proxies, &api_options.proxies));
    AG_TRY(ag_api_new(&serve->backend.core, &api_options, &serve->api));
    const struct ag_server_options server_options = {
        .host = o->host,
        .port = (int)o->port,
        .max_connections = (unsigned)o->max_connections,
        .header_timeout_ms = o->header_timeout_ms,
        .idle_timeout_ms = o->idle_timeout_ms,
        .write_timeout_ms = o->write_timeout_ms,
        .body_min_rate = o->body_min_rate,
        .heartbeat_ms = o->sse_heartbeat_ms,
        .access_log = o->access_log,
        .handler = ag_api_handle,
        .arg = serve->api,
    };
    AG_TRY(ag_server_new(&server_options, &serve->server));
    ag_api_set_server(serve->api, serve->server);
    return name_site(serve);
}

static enum ag_err open_mailer(struct serve *serve)
{
    struct ag_core *core = &serve->backend.core;
    struct ag_mailer_options options;
    core->sends_mail = true;
    if (serve->options->smtp_url.len == 0) return AG_OK;
    AG_TRY(ag_backend_mailer(&serve->backend, &options));
    return ag_mailer_start(&options, &core->mailer);
}

/* Runs loop 0 on this thread until every loop has ended. */
static enum ag_err run_loops(struct serve *serve)
{
    struct serve_loop *first = &serve->loops[0];
    for (unsigned i = 0; i < serve->wanted; i++)
        serve->loops[i] = (struct serve_loop){
            .serve = serve, .index = i, .report = {.fn = on_report}, .drain = {.fn = on_drain}};
    serve->launched = 1;
    AG_TRY(ag_loop_new(0, &first->loop));
    enum ag_err err = ag_fiber_spawn("life", life_fiber, first);
    if (err == AG_OK && uv_async_init(ag_loop_uv(first->loop), &serve->async, on_async) != 0)
        AG_ASSERT(!"a loop has one descriptor for all its bells");
    if (err == AG_OK) {
        ag_signals_start(on_signal, serve);
        ag_loop_run(first->loop);
        for (unsigned i = 1; i < serve->launched; i++)
            pthread_join(serve->loops[i].thread, NULL);
        ag_signals_stop();
        uv_close((uv_handle_t *)&serve->async, NULL);
        err = serve->err;
    }
    ag_loop_free(first->loop);
    ag_arena_pool_done();
    return err;
}

static enum ag_exit serve_run(struct serve *serve)
{
    unsigned cores = uv_available_parallelism();
    int64_t loops = serve->options->loops;
    serve->wanted = (unsigned)AG_MIN(loops > 0 ? loops : (int64_t)cores, AG_MAX_LOOPS);
    ag_process_memory(serve->wanted + 1);
    ag_process_limits(serve->options->max_connections);

    enum ag_err err = ag_backend_open(&serve->backend, serve->options, serve->wanted, true);
    if (err != AG_OK) return ag_cli_fail(err);
    err = ag_backend_share_limits(&serve->backend);
    if (err == AG_OK) err = ag_passwords_start(AG_MAX(cores / 2, 1u));
    if (err == AG_OK) err = open_server(serve);
    if (err == AG_OK) err = open_mailer(serve);
    enum ag_exit status = AG_EXIT_OK;
    if (err != AG_OK) {
        status = ag_cli_fail(err);
    } else {
        err = run_loops(serve); /* logs by itself what went wrong */
        if (err != AG_OK) status = err == AG_E_CONFIG ? AG_EXIT_CONFIG : AG_EXIT_FAILED;
    }
    ag_mailer_free(AG_TAKE(serve->backend.core.mailer));
    ag_passwords_stop();
    ag_offload_done();
    ag_server_free(serve->server);
    ag_api_free(serve->api);
    ag_backend_close(&serve->backend);
    if (status == AG_EXIT_OK)
        ag_log(AG_LOG_INFO, "stopped", AG_LI("uptime_ms", ag_mono_ms() - serve->up_ms));
    return status;
}

enum ag_exit ag_serve(struct ag_invocation *inv)
{
    struct serve *serve = calloc(1, sizeof(*serve));
    if (!serve) return ag_cli_fail(ag_fail(AG_E_NO_MEMORY, "out of memory"));
    serve->begun_us = ag_mono_us();
    serve->up_ms = ag_mono_ms();
    serve->source = &inv->source;
    serve->options = &inv->options;
    set_log_level(serve->options);
    enum ag_exit status = serve_run(serve);
    free(serve);
    return status;
}
