/*
 * What the two databases share and what each must offer. Internal to db/.
 *
 * db.c checks arguments, counts, and calls through `ops`; a backend's own record begins with
 * struct ag_db, its transaction with struct ag_tx.
 */
#pragma once

#include "db/db.h"
#include "runtime/fiber.h"
#include "runtime/loop.h"

#include <stdatomic.h>

enum {
    AG_DB_MAX_PARAMS = 64,
    AG_DB_MAX_COLUMNS = 64,
    AG_DB_MAX_QUEUED = 4096, /* writes waiting: all loops on SQLite, per loop on PostgreSQL */
};

/* One per loop, each on its own cache line: counting costs no traffic between cores. */
struct ag_db_counters {
    _Alignas(64) atomic_uint_least64_t reads;
    atomic_uint_least64_t writes, commits, batches, errors, reconnects, checkpoints;
    atomic_uint queued;
};

/* Adds to a counter that only one thread writes. */
#define AG_DB_COUNT(counter, n)                                                                    \
    atomic_store_explicit(&(counter),                                                              \
                          atomic_load_explicit(&(counter), memory_order_relaxed) + (n),            \
                          memory_order_relaxed)

struct ag_db {
    const struct ag_db_ops *ops;
    struct ag_db_options options;    /* `url` is the database's own copy, ended by NUL */
    struct ag_db_counters *counters; /* one per loop, and one more for the backend's threads */
};

struct ag_tx {
    struct ag_db *db;
    struct ag_arena *arena;
    struct ag_tenant tenant;
    enum ag_err err; /* the first failure; nothing runs after it */
};

/* How a transaction function is to be run. */
enum ag_db_mode {
    AG_DB_SHARED, /* committed together with others where that pays */
    AG_DB_ALONE,  /* alone, without time limit, foreign keys unchecked until its end: migrations */
};

/* Every call comes from db.h; see there. Arguments have been checked. */
struct ag_db_ops {
    void (*close)(struct ag_db *db);
    enum ag_err (*attach)(struct ag_db *db, unsigned loop_index);
    void (*detach)(struct ag_db *db, unsigned loop_index);
    enum ag_err (*read)(struct ag_db *db, struct ag_arena *arena, const struct ag_stmt *stmt,
                        const struct ag_value *params, struct ag_rows *ret_rows);
    enum ag_err (*write)(struct ag_db *db, struct ag_arena *arena,
                         enum ag_err (*fn)(struct ag_tx *tx, void *arg), void *arg,
                         enum ag_db_mode mode);
    enum ag_err (*write_start)(struct ag_db *db, struct ag_db_job *job);
    enum ag_err (*ping)(struct ag_db *db, ag_deadline_ms deadline);
    enum ag_err (*exec)(struct ag_tx *tx, const struct ag_stmt *stmt, const struct ag_value *params,
                        struct ag_rows *ret_rows);
    /* Several statements without parameters and results; `sql` ends with NUL. AG_DB_ALONE only. */
    enum ag_err (*script)(struct ag_tx *tx, const char *sql);
    enum ag_err (*lock)(struct ag_tx *tx, int64_t key);
    bool postgres;
};

/* `options` (a copy, the URL ended by NUL) and `counters` stay ag_db_open()'s and outlive it. */
enum ag_err ag_sqlite_open(const struct ag_db_options *options, struct ag_db_counters *counters,
                           struct ag_db **ret_db) AG_MUST_USE;
enum ag_err ag_pg_open(const struct ag_db_options *options, struct ag_db_counters *counters,
                       struct ag_db **ret_db) AG_MUST_USE;

/* Statements are numbered 1 .. ag_db_stmt_max(). */
unsigned ag_db_stmt_max(void);

/* For whom the running fiber acts. */
struct ag_tenant ag_db_tenant(void);

/* Whether rows of the table belong to an organisation. */
bool ag_db_is_tenant_table(struct ag_str name);
/* The length of the comment or string literal that begins at `p`, or 0. */
size_t ag_sql_skip(const char *p);

/* Statements of db/ itself; ag_db_register() adds them to every registry. */
extern struct ag_stmt ag_db_own_stmts[];
enum ag_db_own {
    AG_DB_BEGIN,
    AG_DB_COMMIT,
    AG_DB_ROLLBACK,
    AG_DB_LOCK,
    AG_DB_TENANT,
    AG_DB_ROLE,
    AG_DB_PING,
    AG_DB_MIGRATIONS,
    AG_DB_MIGRATION_ADD,
    AG_DB_OWN_COUNT
};

/* What ag_db_write() does, with a mode. */
enum ag_err ag_db_write_mode(struct ag_db *db, struct ag_arena *arena,
                             enum ag_err (*fn)(struct ag_tx *tx, void *arg), void *arg,
                             enum ag_db_mode mode) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_tx_script(struct ag_tx *tx, const char *sql) AG_MUST_USE AG_SUSPENDS;

/* Rows being collected: values grow by doubling inside the arena. */
struct ag_rows_builder {
    struct ag_arena *arena;
    const struct ag_stmt *stmt;
    struct ag_value *values;
    size_t columns, rows, cap_rows;
    size_t bytes, max_bytes;
};
void ag_rows_begin(struct ag_rows_builder *b, struct ag_arena *arena, const struct ag_stmt *stmt,
                   size_t max_bytes);
/* Room for one more row, or NULL with a diagnostic in `*ret_err`. */
struct ag_value *ag_rows_next(struct ag_rows_builder *b, enum ag_err *ret_err) AG_MUST_USE;
/* `n` bytes of text for the row, ended by NUL. AG_E_NO_MEMORY, AG_E_INTERNAL (result too large). */
enum ag_err ag_rows_text(struct ag_rows_builder *b, size_t n, char **ret_text) AG_MUST_USE;
void ag_rows_end(const struct ag_rows_builder *b, int64_t changed, struct ag_rows *ret_rows);
