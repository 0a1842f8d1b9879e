#include "client.h"
#include "sse_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SAMPLE_EVERY_NS (20 * AG_NS_PER_MS)

struct stream {
    struct ag_sse_check check;
    bool begun;
    bool ended; /* the reply is complete, or the connection broke */
    bool whole; /* the reply was complete and had the expected status */
};

struct stream_run {
    struct stream *streams;
    struct ag_samples delays; /* from the making of a piece at the upstream to its arrival here */
    struct ag_samples gaps;   /* between two frames of one stream */
    struct ag_samples firsts; /* from the request to the first frame */
    size_t begun;
    size_t ended;
    size_t open_peak;
    size_t broken;
    const char *first_error;
};

static void on_body(struct ag_client *client, struct ag_conn *conn, const char *data, size_t len)
{
    struct stream_run *run = client->state;

    ag_sse_check_feed(&run->streams[conn->index].check, data, len, client->now_ns, &run->delays,
                      &run->gaps);
}

static void stream_ended(struct stream_run *run, struct ag_conn *conn, bool whole, const char *why)
{
    struct stream *stream = &run->streams[conn->index];

    if (stream->ended) return;
    stream->ended = true;
    stream->whole = whole;
    run->ended++;
    if (stream->check.first_frame_ns > 0)
        ag_samples_add(&run->firsts, stream->check.first_frame_ns - conn->sent_at_ns);
    if (!whole) {
        run->broken++;
        if (run->first_error == NULL) run->first_error = why;
    }
}

static void on_done(struct ag_client *client, struct ag_conn *conn, unsigned status)
{
    stream_ended(client->state, conn, status == client->options->expect_status,
                 "unexpected status");
}

static void on_broken(struct ag_client *client, struct ag_conn *conn, const char *why)
{
    stream_ended(client->state, conn, false, why);
}

/* Begins the streams whose turn in the ramp has come; when the next one is due. */
static uint64_t begin_due(struct ag_client *client, struct stream_run *run, uint64_t begun_ns)
{
    uint64_t step_ns = client->options->ramp_ns / client->conns_len;
    uint64_t now_ns = ag_tool_now_ns();

    while (run->begun < client->conns_len && begun_ns + run->begun * step_ns <= now_ns) {
        ag_client_request(client, &client->conns[run->begun]);
        run->streams[run->begun].begun = true;
        run->begun++;
    }
    if (run->begun - run->ended > run->open_peak) run->open_peak = run->begun - run->ended;
    return run->begun < client->conns_len ? begun_ns + run->begun * step_ns : UINT64_MAX;
}

static void drive(struct ag_client *client, struct stream_run *run, uint64_t begun_ns,
                  struct ag_watches *watches)
{
    uint64_t end_ns = begun_ns + client->options->limit_ns;
    uint64_t sample_ns = begun_ns;

    while (client->now_ns < end_ns && run->ended < client->conns_len) {
        uint64_t until_ns = begin_due(client, run, begun_ns);
        if (until_ns > sample_ns) until_ns = sample_ns;
        ag_client_poll(client, until_ns < end_ns ? until_ns : end_ns);
        if (client->now_ns >= sample_ns) {
            ag_watches_sample(watches);
            sample_ns = client->now_ns + SAMPLE_EVERY_NS;
        }
    }
}

/* Sums over all streams; `good` are those with every piece in order and exactly one good end. */
struct totals {
    uint64_t good, frames, marks, disorder, id_errors, completed, failed, after_end, final_missing;
};

static struct totals sum_up(const struct ag_client *client, const struct stream_run *run)
{
    struct totals t = {0};
    unsigned expect = client->options->expect_pieces;

    for (size_t i = 0; i < client->conns_len; i++) {
        const struct stream *stream = &run->streams[i];
        const struct ag_sse_check *c = &stream->check;
        bool final_whole = c->final_marks == 0 || c->final_marks == c->marks;
        t.frames += c->frames;
        t.marks += c->marks;
        t.disorder += c->disorder;
        t.id_errors += c->id_errors;
        t.completed += c->completed;
        t.failed += c->failed;
        t.after_end += c->after_end;
        t.final_missing += !final_whole;
        t.good += stream->whole && c->marks == expect && c->disorder == 0 && c->completed == 1 &&
                  c->failed == 0 && c->after_end == 0 && c->id_errors == 0 && !c->overflow &&
                  final_whole;
    }
    return t;
}

static void report(const struct ag_client *client, struct stream_run *run, uint64_t took_ns)
{
    const struct ag_load_options *options = client->options;
    struct totals t = sum_up(client, run);
    struct timespec own;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
    printf("{\"streams\":%zu,\"good\":%llu,\"broken\":%zu,\"unfinished\":%zu,\"open_peak\":%zu,"
           "\"expected_pieces\":%llu,\"frames\":%llu,\"pieces\":%llu,\"disorder\":%llu,"
           "\"id_errors\":%llu,\"completed\":%llu,\"failed\":%llu,\"after_end\":%llu,"
           "\"final_mismatch\":%llu,\"duration_ms\":%.1f,",
           client->conns_len, (unsigned long long)t.good, run->broken, run->begun - run->ended,
           run->open_peak, (unsigned long long)client->conns_len * options->expect_pieces,
           (unsigned long long)t.frames, (unsigned long long)t.marks,
           (unsigned long long)t.disorder, (unsigned long long)t.id_errors,
           (unsigned long long)t.completed, (unsigned long long)t.failed,
           (unsigned long long)t.after_end, (unsigned long long)t.final_missing,
           (double)took_ns / 1e6);
    ag_samples_print(&run->delays, "delay_", stdout);
    fputc(',', stdout);
    ag_samples_print(&run->gaps, "gap_", stdout);
    fputc(',', stdout);
    ag_samples_print(&run->firsts, "first_", stdout);
    printf(",\"client_cpu_us\":%.1f,\"first_error\":",
           (double)own.tv_sec * 1e6 + (double)own.tv_nsec / 1e3);
    printf(run->first_error != NULL ? "\"%s\"," : "%s,",
           run->first_error != NULL ? run->first_error : "null");
    ag_watches_print(&options->watches, stdout);
    fputs("}\n", stdout);
}

int ag_load_stream(struct ag_load_options *options)
{
    static const struct ag_client_calls calls = {on_body, on_done, on_broken};
    struct stream_run run = {0};
    struct ag_client client;

    ag_client_init(&client, options, &calls, &run, options->connections);
    run.streams = ag_tool_alloc(options->connections, sizeof(*run.streams));
    ag_watches_begin(&options->watches);
    uint64_t begun_ns = ag_tool_now_ns();
    drive(&client, &run, begun_ns, &options->watches);
    uint64_t took_ns = ag_tool_now_ns() - begun_ns;
    ag_watches_end(&options->watches);
    report(&client, &run, took_ns);

    for (size_t i = 0; i < options->connections; i++)
        ag_sse_check_done(&run.streams[i].check);
    free(run.streams);
    ag_samples_done(&run.delays);
    ag_samples_done(&run.gaps);
    ag_samples_done(&run.firsts);
    ag_client_done(&client);
    return 0;
}
