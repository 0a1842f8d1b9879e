#include "api/metrics.h"

#include "net/mailer.h"

#include <uv.h>

struct metric {
    const char *name, *type, *help;
    double value;
};

static void write_metric(struct ag_buf *out, const struct metric *metric)
{
    ag_buf_printf(out, "# HELP agentgen_%s %s\n# TYPE agentgen_%s %s\nagentgen_%s ", metric->name,
                  metric->help, metric->name, metric->type, metric->name);
    ag_buf_json_double(out, metric->value);
    ag_buf_append_char(out, '\n');
}

static void write_all(struct ag_buf *out, const struct metric *metrics, size_t count)
{
    for (size_t i = 0; i < count; i++)
        write_metric(out, &metrics[i]);
}

static double resident_bytes(void)
{
    size_t bytes = 0;
    return uv_resident_set_memory(&bytes) == 0 ? (double)bytes : 0;
}

#define LOAD(counter) (double)atomic_load_explicit(&(counter), memory_order_relaxed)

static void write_http(struct ag_api *api, struct ag_buf *out)
{
    struct ag_server_stats s;
    if (!api->server) return;
    ag_server_stats(api->server, &s);
    const struct metric metrics[] = {
        {"http_connections", "gauge", "Connections open now.", (double)s.open},
        {"http_connections_total", "counter", "Connections accepted.", (double)s.accepted},
        {"http_connections_refused_total", "counter", "Connections refused at the limit.",
         (double)s.refused},
        {"http_requests_total", "counter", "Requests read.", (double)s.requests},
        {"http_requests_malformed_total", "counter", "Requests refused as malformed.",
         (double)s.malformed},
        {"http_timeouts_total", "counter", "Connections ended by a time limit.",
         (double)s.timeouts},
        {"http_hangups_total", "counter", "Clients that left while being served.",
         (double)s.hangups},
        {"http_received_bytes_total", "counter", "Bytes read from clients.", (double)s.bytes_in},
        {"http_sent_bytes_total", "counter", "Bytes written to clients.", (double)s.bytes_out},
    };
    write_all(out, metrics, AG_COUNT(metrics));
}

static void write_db(struct ag_api *api, struct ag_buf *out)
{
    struct ag_db_stats s;
    ag_db_stats(api->core->db, &s);
    const struct metric metrics[] = {
        {"db_reads_total", "counter", "Statements read.", (double)s.reads},
        {"db_writes_total", "counter", "Transactions asked for.", (double)s.writes},
        {"db_commits_total", "counter", "Transactions that are durable.", (double)s.commits},
        {"db_batches_total", "counter", "Commits that carried them.", (double)s.batches},
        {"db_errors_total", "counter", "Reads and writes that failed.", (double)s.errors},
        {"db_reconnects_total", "counter", "Connections made again.", (double)s.reconnects},
        {"db_checkpoints_total", "counter", "Checkpoints of the log.", (double)s.checkpoints},
        {"db_queue", "gauge", "Transactions that wait now.", (double)s.queued},
    };
    write_all(out, metrics, AG_COUNT(metrics));
}

static void write_runs(struct ag_api *api, struct ag_buf *out)
{
    struct ag_core *core = api->core;
    int64_t active = 0;
    for (int i = 0; i < AG_MAX_LOOPS; i++)
        active += atomic_load_explicit(&core->loops[i].runs_active, memory_order_relaxed);
    const struct metric metrics[] = {
        {"runs_active", "gauge", "Runs in progress.", (double)active},
        {"runs_completed_total", "counter", "Runs that completed.", LOAD(core->runs_completed)},
        {"runs_failed_total", "counter", "Runs that failed.", LOAD(core->runs_failed)},
        {"runs_cancelled_total", "counter", "Runs that were cancelled.",
         LOAD(core->runs_cancelled)},
        {"input_tokens_total", "counter", "Tokens that models read.", LOAD(core->tokens_in)},
        {"output_tokens_total", "counter", "Tokens that models wrote.", LOAD(core->tokens_out)},
        {"resident_memory_bytes", "gauge", "Resident memory.", resident_bytes()},
    };
    write_all(out, metrics, AG_COUNT(metrics));
}

static void write_limits(struct ag_api *api, struct ag_buf *out)
{
    struct ag_limiter_stats s;
    ag_limiter_stats(api->core->limiter, &s);
    const struct metric metrics[] = {
        {"redis_connections", "gauge", "Connections to Redis that limits are shared by.",
         (double)s.redis_connected},
        {"redis_lost_total", "counter", "Connections to Redis that broke.", (double)s.redis_lost},
        {"limit_leases_total", "counter", "Leases of limits taken from Redis.", (double)s.leases},
        {"limit_alone_total", "counter", "Decisions made without an answer of Redis.",
         (double)s.decided_alone},
    };
    write_all(out, metrics, AG_COUNT(metrics));
}

static void write_mails(struct ag_api *api, struct ag_buf *out)
{
    struct ag_mailer_stats s;
    if (!api->core->mailer) return;
    ag_mailer_stats(api->core->mailer, &s);
    const struct metric metrics[] = {
        {"mails_sent_total", "counter", "Mails that the mail server took.", (double)s.sent},
        {"mails_failed_total", "counter", "Mails that were given up.", (double)s.failed},
        {"mails_dropped_total", "counter", "Mails that found no room.", (double)s.dropped},
        {"mails_queued", "gauge", "Mails that wait now.", (double)s.queued},
    };
    write_all(out, metrics, AG_COUNT(metrics));
}

enum ag_err ag_metrics_write(struct ag_api *api, struct ag_buf *out)
{
    ag_buf_printf(out,
                  "# HELP agentgen_build_info The running program.\n"
                  "# TYPE agentgen_build_info gauge\nagentgen_build_info{version=\"%.*s\"} 1\n",
                  AG_STR_ARG(api->options.version));
    write_http(api, out);
    write_db(api, out);
    write_runs(api, out);
    write_limits(api, out);
    write_mails(api, out);
    return ag_buf_err(out);
}
