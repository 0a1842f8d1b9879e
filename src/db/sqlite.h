/* The parts of the SQLite backend. Internal to db/. */
#pragma once

#include "db/backend.h"

#include <pthread.h>
#include <sqlite3.h>

/* ---- a connection ---- */

/* Used by one thread at a time. Statements are prepared on first use and kept. */
struct ag_sqlite_conn {
    sqlite3 *db;
    sqlite3_stmt **stmts; /* by ag_stmt.id */
    unsigned stmt_max;
    int busy_ms; /* how long it waits for other processes */
};

enum ag_sqlite_role {
    AG_SQLITE_READER,     /* refuses to write, never waits */
    AG_SQLITE_WRITER,     /* waits for other processes up to the time-out */
    AG_SQLITE_CHECKPOINT, /* copies the log into the database */
};

/* AG_E_STORAGE, AG_E_STORAGE_FULL, AG_E_NO_MEMORY. */
enum ag_err ag_sqlite_conn_open(struct ag_sqlite_conn *conn, const char *path,
                                enum ag_sqlite_role role, int64_t busy_ms) AG_MUST_USE;
void ag_sqlite_conn_close(struct ag_sqlite_conn *conn);

/* The error for a result code of `conn`'s last call, with a diagnostic that begins with `what`. */
enum ag_err ag_sqlite_fail(struct ag_sqlite_conn *conn, int rc, const char *what);
/* Runs SQL without results. */
enum ag_err ag_sqlite_script(struct ag_sqlite_conn *conn, const char *sql) AG_MUST_USE;
/* Runs one statement and copies its rows; `ret_rows` may be NULL. `ret_rc` gets SQLite's code. */
enum ag_err ag_sqlite_run(struct ag_sqlite_conn *conn, struct ag_arena *arena,
                          const struct ag_stmt *stmt, const struct ag_value *params,
                          size_t max_bytes, struct ag_rows *ret_rows, int *ret_rc) AG_MUST_USE;

/* Puts a LIKE ... ESCAPE in the place of SQLite's own that takes time by the text's length alone,
 * and minds case as PostgreSQL's does. Returns SQLite's code. */
int ag_sqlite_add_like(sqlite3 *db);

/* Starts a thread that takes no signals. AG_E_NO_MEMORY. */
enum ag_err ag_sqlite_thread(const char *name, void *(*fn)(void *arg), void *arg,
                             pthread_t *ret_thread) AG_MUST_USE;

/* ---- the checkpointer ---- */

/* One thread that copies the bulk of the log while commits go on. The functions are called by the
 * writer thread. */
struct ag_sqlite_checkpointer;
enum ag_err ag_sqlite_checkpointer_new(const char *path,
                                       struct ag_sqlite_checkpointer **ret) AG_MUST_USE;
void ag_sqlite_checkpointer_free(struct ag_sqlite_checkpointer *c);
/* After each batch: `log_pages` is the length of the log, `idle` says that no write came for a
 * while. Starts a copy or does the rest of one on `writer`'s connection. True when there would be
 * something to do if the writer were idle. */
bool ag_sqlite_checkpoint(struct ag_sqlite_checkpointer *c, struct ag_sqlite_conn *writer,
                          unsigned log_pages, bool idle, struct ag_db_counters *counters);

/* ---- the writer ---- */

struct ag_sqlite_writer;

/* Jobs in order, linked by what the writer keeps in ag_db_job.link. */
struct ag_sqlite_jobs {
    struct ag_db_job *head, *tail;
};

/* What a loop shares with the writer. */
struct ag_sqlite_slot {
    struct ag_sqlite_conn read;
    struct ag_loop *loop;
    struct ag_db *db;
    bool attached;
    /* Jobs of this turn of the loop, newest first: they go to the writer together, with one wake,
     * after the fibers that are ready now have run. Jobs that nobody waits for stay until
     * `turn_due` for company: alone each would cost a sync. */
    struct ag_db_job *turn_newest, *turn_oldest;
    unsigned turn_jobs;
    ag_deadline_ms turn_due; /* 0: now */
    struct ag_fiber *turn_fiber;
    bool turn_ending;
    unsigned unfinished;            /* jobs whose end has not come back */
    struct ag_fiber *drained;       /* waits for that in detach */
    struct ag_sqlite_jobs finished; /* the writer's: jobs of the batch at hand */
};

/* Starts the thread, for the loops of `slots`. */
enum ag_err ag_sqlite_writer_new(const char *path, struct ag_db *db, struct ag_sqlite_slot *slots,
                                 struct ag_sqlite_writer **ret) AG_MUST_USE;
/* Runs what is queued and ends the thread. NULL is fine. */
void ag_sqlite_writer_free(struct ag_sqlite_writer *writer);
/* Queues a job of `slot`'s loop, which is the calling one. AG_E_OVERLOADED. */
enum ag_err ag_sqlite_submit(struct ag_sqlite_writer *writer, struct ag_sqlite_slot *slot,
                             struct ag_db_job *job, enum ag_db_mode mode, bool awaited) AG_MUST_USE;
/* Hands the jobs of this turn to the writer. */
void ag_sqlite_flush(struct ag_sqlite_writer *writer, struct ag_sqlite_slot *slot);

struct ag_sqlite_tx {
    struct ag_tx tx;
    struct ag_sqlite_conn *conn;
    size_t max_bytes;
};
