/*
 * Connecting to PostgreSQL without blocking the loop.
 *
 * libpq would look up host names itself, and wait; so names are resolved before and
 * handed over as `hostaddr`, one entry for each address, while `host` stays what the certificate
 * and the password file are compared with.
 */
#include "db/postgres.h"

#include "base/buf.h"
#include "base/log.h"
#include "runtime/resolve.h"

enum {
    ADDRESSES_MAX = 16, /* over all hosts of the URL */
    LIST_MAX_BYTES = 8192,
    KEYWORDS_MAX = 64,
    MIN_SERVER_VERSION = 120000,
    IDLE_TX_TIMEOUT_MS = 60000, /* the server ends a transaction that forgot itself */
};

/* ---- names ---- */

static bool needs_look_up(const char *host)
{
    return host[0] && host[0] != '/' && host[0] != '@' && !ag_host_is_address(host);
}

/* The comma-separated lists that libpq takes, all equally long. */
struct host_lists {
    struct ag_buf hosts, addresses, ports;
    unsigned count;
};

static void add_host(struct host_lists *lists, const char *host, const char *address,
                     struct ag_str port)
{
    if (lists->count == ADDRESSES_MAX) return;
    if (lists->count++ > 0) {
        ag_buf_append_char(&lists->hosts, ',');
        ag_buf_append_char(&lists->addresses, ',');
        ag_buf_append_char(&lists->ports, ',');
    }
    ag_buf_append_str(&lists->hosts, ag_str(host));
    ag_buf_append_str(&lists->addresses, ag_str(address));
    ag_buf_append_str(&lists->ports, port);
}

static enum ag_err end_list(struct ag_buf *list)
{
    ag_buf_append_char(list, '\0');
    return ag_buf_err(list) == AG_OK ? AG_OK
                                     : ag_fail(AG_E_NO_MEMORY, "no memory for a list of hosts");
}

static enum ag_err resolve_one(struct host_lists *lists, struct ag_arena *arena, struct ag_str name,
                               struct ag_str port)
{
    char *host = ag_arena_cstr(arena, name);
    struct ag_host_addresses found;
    if (!host) return ag_fail(AG_E_NO_MEMORY, "no memory for a host name");
    if (!needs_look_up(host)) {
        add_host(lists, host, "", port);
        return AG_OK;
    }
    enum ag_err err = ag_host_resolve(host, &found);
    if (err == AG_E_IO) return ag_fail_more(AG_E_STORAGE, "a database host");
    AG_TRY(err);
    for (unsigned i = 0; i < found.count; i++)
        add_host(lists, host, found.text[i], port);
    return AG_OK;
}

/* A host that cannot be found is left out; it is an error when none is left. */
static enum ag_err resolve(struct host_lists *lists, struct ag_arena *arena, const char *hosts,
                           const char *ports)
{
    ag_buf_init(&lists->hosts, arena, LIST_MAX_BYTES);
    ag_buf_init(&lists->addresses, arena, LIST_MAX_BYTES);
    ag_buf_init(&lists->ports, arena, LIST_MAX_BYTES);
    struct ag_str host_rest = ag_str(hosts), port_rest = ag_str(ports), host, port = {0}, next;
    enum ag_err failure = AG_OK;
    while (ag_str_split(&host_rest, ',', &host)) {
        if (ag_str_split(&port_rest, ',', &next)) port = next; /* one port may serve all hosts */
        enum ag_err err = resolve_one(lists, arena, host, port);
        if (err != AG_OK && failure == AG_OK) failure = err;
    }
    if (lists->count == 0)
        return failure != AG_OK ? failure : ag_fail(AG_E_STORAGE, "no address for the database");
    AG_TRY(end_list(&lists->hosts));
    AG_TRY(end_list(&lists->addresses));
    return end_list(&lists->ports);
}

/* ---- parameters ---- */

struct settings {
    const char *keys[KEYWORDS_MAX + 1], *values[KEYWORDS_MAX + 1];
    unsigned count;
};

/* Later ones win, to libpq. */
static void set(struct settings *s, const char *key, const char *value)
{
    if (s->count == KEYWORDS_MAX || !value) return;
    s->keys[s->count] = key;
    s->values[s->count++] = value;
}

static const char *url_value(const PQconninfoOption *url, const char *key)
{
    for (; url->keyword; url++)
        if (strcmp(url->keyword, key) == 0) return url->val && url->val[0] ? url->val : NULL;
    return NULL;
}

static enum ag_err gather(struct settings *s, const PQconninfoOption *url, struct ag_arena *arena)
{
    set(s, "fallback_application_name", "agentgen");
    /* Looking for Kerberos credentials may block; who needs them says gssencmode=prefer. */
    set(s, "gssencmode", "disable");
    set(s, "keepalives_idle", "30");
    set(s, "keepalives_interval", "10");
    set(s, "keepalives_count", "3");
    set(s, "tcp_user_timeout", "10000");
    for (const PQconninfoOption *o = url; o->keyword; o++)
        set(s, o->keyword, o->val);
    set(s, "client_encoding", "UTF8");

    const char *hosts = url_value(url, "host");
    if (!hosts) hosts = getenv("PGHOST");
    if (!hosts || url_value(url, "hostaddr")) return AG_OK;
    const char *ports = url_value(url, "port");
    struct host_lists lists = {0};
    AG_TRY(resolve(&lists, arena, hosts, ports ? ports : ""));
    set(s, "host", lists.hosts.data);
    set(s, "hostaddr", lists.addresses.data);
    set(s, "port", lists.ports.data);
    return AG_OK;
}

/* ---- the hand-shake ---- */

static void on_notice(void *arg, const PGresult *result)
{
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    bool warning = severity && strcmp(severity, "WARNING") == 0;
    ag_log(warning ? AG_LOG_WARN : AG_LOG_DEBUG, "postgres_notice",
           AG_LC("text", text ? text : ""));
}

static enum ag_err refused(const struct ag_pg_conn *conn)
{
    struct ag_str text = ag_str_trim(ag_str(PQerrorMessage(conn->pg)));
    ptrdiff_t end = ag_str_find_char(text, '\n');
    if (end >= 0) text = ag_str_sub(text, 0, (size_t)end);
    return ag_fail(AG_E_STORAGE, "cannot connect to PostgreSQL: %.*s", AG_STR_ARG(text));
}

/* libpq may close one socket and open another at each step, so the loop watches it for one wait. */
static enum ag_err wait_socket(struct ag_pg_conn *conn, PostgresPollingStatusType want,
                               ag_deadline_ms deadline)
{
    int fd = PQsocket(conn->pg);
    if (fd < 0) return refused(conn);
    struct ag_io *io;
    AG_TRY(ag_io_new(fd, &io));
    enum ag_err err = want == PGRES_POLLING_READING ? ag_io_wait_readable(io, deadline)
                                                    : ag_io_wait_writable(io, deadline);
    ag_io_release(io);
    if (err == AG_E_TIMEOUT)
        return ag_fail(AG_E_STORAGE, "PostgreSQL does not answer while connecting");
    return err;
}

static enum ag_err shake_hands(struct ag_pg_conn *conn, ag_deadline_ms deadline)
{
    if (PQstatus(conn->pg) == CONNECTION_BAD) return refused(conn);
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED) return refused(conn);
        AG_TRY(wait_socket(conn, status, deadline));
        status = PQconnectPoll(conn->pg);
    }
    return AG_OK;
}

static enum ag_err check_server(const struct ag_pg_conn *conn)
{
    if (PQserverVersion(conn->pg) < MIN_SERVER_VERSION)
        return ag_fail(AG_E_STORAGE, "PostgreSQL %d is too old: 12 or newer is needed",
                       PQserverVersion(conn->pg) / 10000);
    const char *encoding = PQparameterStatus(conn->pg, "server_encoding");
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return ag_fail(AG_E_STORAGE,
                       "the PostgreSQL database is encoded in %s: create it with ENCODING 'UTF8'",
                       encoding ? encoding : "an unknown way");
    return AG_OK;
}

static enum ag_err set_up(struct ag_pg_conn *conn, int64_t timeout_ms, ag_deadline_ms deadline)
{
    if (PQsetnonblocking(conn->pg, 1) != 0 || !PQenterPipelineMode(conn->pg)) return refused(conn);
    char sql[512];
    snprintf(sql, sizeof(sql),
             "SET statement_timeout = %lld; SET idle_in_transaction_session_timeout = %d;"
             "SET default_transaction_read_only = %s; SET timezone = 'UTC';"
             /* What is acknowledged is durable, whatever the server's default is. */
             "SELECT set_config('synchronous_commit', 'on', false)"
             " WHERE current_setting('synchronous_commit') = 'off'",
             /* A little before we would give up, so that it is the server that ends a slow one. */
             (long long)(timeout_ms - timeout_ms / 10), IDLE_TX_TIMEOUT_MS,
             conn->role == AG_PG_READER ? "on" : "off");
    return ag_pg_script(conn, sql, deadline);
}

static enum ag_err establish(struct ag_pg_conn *conn, const struct ag_db_options *options,
                             const PQconninfoOption *url, ag_deadline_ms deadline)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct settings *s = AG_ARENA_NEW(&arena, struct settings);
    enum ag_err err = s ? gather(s, url, &arena)
                        : ag_fail(AG_E_NO_MEMORY, "no memory for a connection");
    if (err == AG_OK) {
        conn->pg = PQconnectStartParams(s->keys, s->values, 0);
        if (!conn->pg) err = ag_fail(AG_E_NO_MEMORY, "no memory for a connection");
    }
    ag_arena_done(&arena);
    AG_TRY(err);
    PQsetNoticeReceiver(conn->pg, on_notice, NULL);
    AG_TRY(shake_hands(conn, deadline));
    AG_TRY(check_server(conn));
    AG_TRY(ag_io_new(PQsocket(conn->pg), &conn->io));
    return set_up(conn, options->timeout_ms, deadline);
}

enum ag_err ag_pg_connect(const struct ag_db_options *options, PQconninfoOption *url,
                          enum ag_pg_role role, ag_deadline_ms deadline, struct ag_pg_conn **ret)
{
    unsigned max = ag_db_stmt_max();
    struct ag_pg_conn *conn = calloc(1, sizeof(*conn) + (max / 64 + 1) * sizeof(uint64_t));
    if (!conn) return ag_fail(AG_E_NO_MEMORY, "no memory for a connection");
    conn->role = role;
    conn->stmt_max = max;
    enum ag_err err = establish(conn, options, url, deadline);
    if (err != AG_OK) {
        ag_pg_conn_free(conn);
        return err;
    }
    *ret = conn;
    return AG_OK;
}

void ag_pg_conn_free(struct ag_pg_conn *conn)
{
    if (!conn) return;
    /* libpq owns the descriptor and may have closed it already. */
    if (conn->io) ag_io_release(conn->io);
    PQfinish(conn->pg);
    free(conn);
}
