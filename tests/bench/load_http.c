#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE_EVERY_NS (50 * AG_NS_PER_MS)
/* A server that answers nothing right is not worth loading for the whole duration. */
#define ERRORS_MAX       10000
#define ERROR_TEXT_BYTES 400
#define STATUS_MAX       600

struct http_run {
    struct ag_samples latencies;
    uint64_t begun_ns; /* of the window; 0 during warm-up */
    uint64_t requests;
    uint64_t errors;
    uint64_t by_status[STATUS_MAX];
    char error_text[ERROR_TEXT_BYTES + 1];
    size_t error_len;
    const struct ag_conn *error_conn;
};

/* Keeps the beginning of the first unexpected reply: the reason stands there. */
static void on_body(struct ag_client *client, struct ag_conn *conn, const char *data, size_t len)
{
    struct http_run *run = client->state;
    unsigned status = (unsigned)llhttp_get_status_code(&conn->parser);

    if (status == client->options->expect_status) return;
    if (run->error_conn == NULL) run->error_conn = conn;
    if (run->error_conn != conn) return;
    size_t room = ERROR_TEXT_BYTES - run->error_len;
    size_t take = len < room ? len : room;
    memcpy(run->error_text + run->error_len, data, take);
    run->error_len += take;
}

static bool may_continue(const struct ag_client *client, const struct http_run *run)
{
    uint64_t count = client->options->count;

    return run->errors < ERRORS_MAX && (count == 0 || run->begun_ns == 0 || run->requests < count);
}

static void on_done(struct ag_client *client, struct ag_conn *conn, unsigned status)
{
    struct http_run *run = client->state;

    run->requests++;
    run->by_status[status < STATUS_MAX ? status : 0]++;
    if (status != client->options->expect_status)
        run->errors++;
    else
        ag_samples_add(&run->latencies, client->now_ns - conn->sent_at_ns);
    if (may_continue(client, run)) ag_client_request(client, conn);
}

static void on_broken(struct ag_client *client, struct ag_conn *conn, const char *why)
{
    struct http_run *run = client->state;

    /* A server may close an idle connection; one that owes a reply may not. */
    if (conn->busy) {
        run->errors++;
        run->by_status[0]++;
        if (run->error_len == 0)
            run->error_len = (size_t)snprintf(run->error_text, ERROR_TEXT_BYTES, "%s", why);
    }
    if (may_continue(client, run)) ag_client_request(client, conn);
}

/* Runs until `end_ns`, or until the wanted number of replies is there. */
static void drive(struct ag_client *client, struct http_run *run, uint64_t end_ns,
                  struct ag_watches *watches)
{
    uint64_t sample_ns = client->now_ns + SAMPLE_EVERY_NS;

    while (client->now_ns < end_ns && may_continue(client, run)) {
        ag_client_poll(client, end_ns < sample_ns ? end_ns : sample_ns);
        if (client->now_ns >= sample_ns) {
            ag_watches_sample(watches);
            sample_ns = client->now_ns + SAMPLE_EVERY_NS;
        }
    }
}

/* The age of the oldest request still without an answer: it is in no quantile. */
static uint64_t oldest_pending_ns(const struct ag_client *client)
{
    uint64_t oldest = 0, now_ns = ag_tool_now_ns();

    for (size_t i = 0; i < client->conns_len; i++) {
        const struct ag_conn *conn = &client->conns[i];
        if (conn->busy && now_ns - conn->sent_at_ns > oldest) oldest = now_ns - conn->sent_at_ns;
    }
    return oldest;
}

static void print_statuses(const struct http_run *run)
{
    const char *comma = "";

    fputs("\"status\":{", stdout);
    for (size_t i = 0; i < STATUS_MAX; i++) {
        if (run->by_status[i] == 0) continue;
        printf("%s\"%s%zu\":%llu", comma, i == 0 ? "broken" : "", i,
               (unsigned long long)run->by_status[i]);
        comma = ",";
    }
    fputs("}", stdout);
}

/* JSON text from bytes of a reply: anything that is not plain ASCII becomes a dot. */
static void print_text(const char *text, size_t len)
{
    putchar('"');
    for (size_t i = 0; i < len; i++) {
        char ch = text[i];
        if (ch == '"' || ch == '\\') putchar('\\');
        putchar(ch >= ' ' && ch < 127 ? ch : '.');
    }
    putchar('"');
}

static void report(const struct ag_client *client, struct http_run *run, uint64_t took_ns,
                   uint64_t own_cpu_ns)
{
    const struct ag_load_options *options = client->options;
    double took_s = (double)took_ns / (double)AG_NS_PER_S;

    printf(
        "{\"requests\":%llu,\"errors\":%llu,\"connections\":%zu,\"duration_ms\":%.1f,\"rps\":%.1f,",
        (unsigned long long)run->requests, (unsigned long long)run->errors, client->conns_len,
        (double)took_ns / (double)AG_NS_PER_MS, (double)(run->requests) / took_s);
    ag_samples_print(&run->latencies, "", stdout);
    printf(",\"oldest_pending_us\":%.1f,\"connects\":%llu,\"bytes\":%llu,\"client_cpu_us\":%.1f,",
           (double)oldest_pending_ns(client) / 1e3, (unsigned long long)client->connects,
           (unsigned long long)client->bytes_read, (double)own_cpu_ns / 1e3);
    print_statuses(run);
    fputs(",\"first_error\":", stdout);
    if (run->error_len == 0)
        fputs("null", stdout);
    else
        print_text(run->error_text, run->error_len);
    fputc(',', stdout);
    ag_watches_print(&options->watches, stdout);
    fputs("}\n", stdout);
}

static uint64_t own_cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * AG_NS_PER_S + (uint64_t)t.tv_nsec;
}

int ag_load_http(struct ag_load_options *options)
{
    static const struct ag_client_calls calls = {on_body, on_done, on_broken};
    struct http_run *run = ag_tool_alloc(1, sizeof(*run));
    struct ag_client client;

    ag_client_init(&client, options, &calls, run, options->connections);
    uint64_t limit_ns = client.now_ns + options->limit_ns;
    for (size_t i = 0; i < client.conns_len; i++)
        ag_client_request(&client, &client.conns[i]);
    drive(&client, run, client.now_ns + options->warmup_ns, &options->watches);

    uint64_t warm_errors = run->errors;
    run->latencies.len = 0;
    run->requests = 0;
    memset(run->by_status, 0, sizeof(run->by_status));
    ag_watches_begin(&options->watches);
    uint64_t cpu_ns = own_cpu_ns();
    run->begun_ns = ag_tool_now_ns();
    uint64_t end_ns = options->count > 0 ? limit_ns : run->begun_ns + options->duration_ns;
    drive(&client, run, end_ns < limit_ns ? end_ns : limit_ns, &options->watches);
    uint64_t took_ns = ag_tool_now_ns() - run->begun_ns;
    ag_watches_end(&options->watches);

    /* Errors of the warm-up count: a run that began badly measured something else. */
    report(&client, run, took_ns, own_cpu_ns() - cpu_ns);
    int rc = run->requests > 0 && warm_errors < ERRORS_MAX ? 0 : 1;
    ag_client_done(&client);
    ag_samples_done(&run->latencies);
    free(run);
    return rc;
}
