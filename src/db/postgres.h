/* The parts of the PostgreSQL backend. Internal to db/. */
#pragma once

#include "db/backend.h"
#include "runtime/io.h"
#include "runtime/sync.h"

#include <libpq-fe.h>

/* ---- values (postgres_values.c) ---- */

/* Parameters in the form libpq takes; valid as long as the values they came from. */
struct ag_pg_params {
    int count;
    const char *data[AG_DB_MAX_PARAMS];
    int bytes[AG_DB_MAX_PARAMS];
    int formats[AG_DB_MAX_PARAMS];
    char room[AG_DB_MAX_PARAMS][8];
};
/* AG_E_NO_MEMORY, AG_E_INTERNAL (longer than PostgreSQL takes). */
enum ag_err ag_pg_bind(const struct ag_stmt *stmt, const struct ag_value *params,
                       struct ag_arena *arena, struct ag_pg_params *ret) AG_MUST_USE;
/* PostgreSQL's number of a parameter's type. */
Oid ag_pg_oid(enum ag_value_type type);
/* Copies a result's rows. AG_E_INTERNAL when they are not as the statement declares. */
enum ag_err ag_pg_rows(const PGresult *result, const struct ag_stmt *stmt, struct ag_arena *arena,
                       size_t max_bytes, struct ag_rows *ret_rows) AG_MUST_USE;

/* ---- a connection (postgres_conn.c) ---- */

enum ag_pg_role {
    AG_PG_READER, /* refuses to write */
    AG_PG_WRITER,
};

/* What row-level security has been told. */
struct ag_pg_wall {
    enum ag_reach reach; /* AG_REACH_NONE: nothing */
    struct ag_uuid org;  /* of AG_REACH_TENANT */
};

/* Belongs to one loop, always in pipeline mode. Statements are prepared on first use and kept. */
struct ag_pg_conn {
    /* As of what was sent last in the transaction under way. The server forgets it with the
     * transaction's end: whoever ends one clears it. */
    struct ag_pg_wall wall;
    PGconn *pg;
    struct ag_io *io;
    enum ag_pg_role role;
    struct ag_pg_conn *next; /* among the idle ones */
    unsigned stmt_max;
    uint64_t prepared[]; /* a bit for each ag_stmt.id */
};

/* What was sent up to one Sync, and what came back for it. */
struct ag_pg_flight {
    struct {
        const struct ag_stmt *stmt;
        bool prepare; /* the statement is made known, not run */
    } items[8];
    unsigned sent, answered;
    PGresult *result; /* the first error, or else the last answer */
};

/* Connects, within the deadline, without blocking the loop. AG_E_STORAGE, AG_E_CANCELED,
 * AG_E_NO_MEMORY. */
enum ag_err ag_pg_connect(const struct ag_db_options *options, PQconninfoOption *url,
                          enum ag_pg_role role, ag_deadline_ms deadline,
                          struct ag_pg_conn **ret) AG_MUST_USE AG_SUSPENDS;
/* NULL is fine. */
void ag_pg_conn_free(struct ag_pg_conn *conn);

/* Adds a statement to what goes out with the next Sync, and before it, where it differs from what
 * was said last, whose rows it may meet: up to four items of the flight. AG_E_STORAGE: the
 * connection is broken. */
enum ag_err ag_pg_send(struct ag_pg_conn *conn, struct ag_pg_flight *flight,
                       const struct ag_stmt *stmt, const struct ag_value *params,
                       const struct ag_tenant *tenant, struct ag_arena *arena) AG_MUST_USE;
enum ag_err ag_pg_sync(struct ag_pg_conn *conn) AG_MUST_USE;
/* Takes one answer of a flight; true when it was the last one. */
bool ag_pg_absorb(struct ag_pg_conn *conn, struct ag_pg_flight *flight, PGresult *result);
/* Waits for all answers of the only flight under way. AG_E_STORAGE: the connection is broken. */
enum ag_err ag_pg_collect(struct ag_pg_conn *conn, struct ag_pg_flight *flight,
                          ag_deadline_ms deadline) AG_MUST_USE AG_SUSPENDS;
/* Runs several statements without parameters and results. */
enum ag_err ag_pg_script(struct ag_pg_conn *conn, const char *sql,
                         ag_deadline_ms deadline) AG_MUST_USE AG_SUSPENDS;

/* AG_OK, or the error that `result` tells, with a diagnostic. */
enum ag_err ag_pg_check(enum ag_pg_role role, const PGresult *result, const char *what) AG_MUST_USE;
/* Whether the error `result` says that the server went away, not that the statement failed. */
bool ag_pg_is_outage(const PGresult *result);
/* Whether `result` carries the SQLSTATE `state`. */
bool ag_pg_has_state(const PGresult *result, const char *state);

/* ---- a loop's share ---- */

struct ag_pg_db {
    struct ag_db base;
    PQconninfoOption *url;
    struct ag_pg_loop *loops;
};

struct ag_pg_slot;
struct ag_pg_permit_waiter;

struct ag_pg_loop {
    struct ag_pg_db *db;
    struct ag_db_counters *counters;
    bool attached, stopping;

    /* Reading (postgres_read.c): one connection for all fibers. */
    struct ag_fiber *pump;
    struct ag_pg_conn *reader; /* NULL while it is being made */
    bool reader_stuck;         /* its oldest query is overdue, or it cannot send */
    bool sync_wanted;          /* queries are in its buffer without a Sync */
    unsigned syncs_due;        /* Syncs sent and not yet answered */
    struct ag_cond reader_ready;
    struct ag_pg_slot *slots_head, *slots_tail; /* in the order the answers will come */
    struct ag_pg_slot *slots_free;
    unsigned slots_used;
    struct ag_diag connect_diag; /* why the last attempt failed */

    /* Transactions (postgres_write.c): a permit each, with a connection or the right to make one.
     */
    struct ag_pg_conn *idle;
    unsigned permits;
    struct ag_pg_permit_waiter *waiters_head, *waiters_tail;
    unsigned waiting;

    /* Jobs nobody waits for: a few fibers run them, several in one transaction. */
    struct ag_db_job *jobs_head, *jobs_tail;
    unsigned jobs_queued, job_runners;
    struct ag_fiber *drained; /* waits in detach until none is left */
};

/* Starts the pump and waits for the first connection. */
enum ag_err ag_pg_read_attach(struct ag_pg_loop *loop) AG_MUST_USE AG_SUSPENDS;
void ag_pg_read_detach(struct ag_pg_loop *loop) AG_SUSPENDS;
enum ag_err ag_pg_read(struct ag_pg_loop *loop, struct ag_arena *arena, const struct ag_stmt *stmt,
                       const struct ag_value *params, ag_deadline_ms deadline,
                       struct ag_rows *ret_rows) AG_MUST_USE AG_SUSPENDS;

void ag_pg_write_attach(struct ag_pg_loop *loop);
void ag_pg_write_detach(struct ag_pg_loop *loop) AG_SUSPENDS;
enum ag_err ag_pg_write(struct ag_pg_loop *loop, struct ag_arena *arena,
                        enum ag_err (*fn)(struct ag_tx *tx, void *arg), void *arg,
                        enum ag_db_mode mode) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_pg_write_start(struct ag_pg_loop *loop, struct ag_db_job *job) AG_MUST_USE;

/* The calls of a transaction function. */
enum ag_err ag_pg_tx_exec(struct ag_tx *tx, const struct ag_stmt *stmt,
                          const struct ag_value *params,
                          struct ag_rows *ret_rows) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_pg_tx_script(struct ag_tx *tx, const char *sql) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_pg_tx_lock(struct ag_tx *tx, int64_t key) AG_MUST_USE AG_SUSPENDS;
