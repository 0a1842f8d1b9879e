/*
 * The database: one interface over SQLite and PostgreSQL.
 *
 * A statement is declared once (name, SQL, parameter and column types) and prepared on first use
 * per connection. Parameters are `$1..$n`; the same text runs on both databases unless the row
 * holds a second one. Rows are copied into the caller's arena, so nothing stays open.
 *
 * A read runs on the loop's own connection: at once on SQLite, asynchronously on PostgreSQL. A
 * transaction is a function: on SQLite it runs on the one writer thread, which commits waiting
 * functions together (a SAVEPOINT each, one fsync for all) and wakes their fibers only then; on
 * PostgreSQL it runs on the fiber between BEGIN and COMMIT, again on serialization failure.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"

struct ag_db;
struct ag_tx;

/* ---- values ---- */

/* One letter per type, also in `ag_stmt.params` and `.columns`. */
enum ag_value_type {
    AG_V_NULL = 0,
    AG_V_UUID = 'u',  /* uuid | TEXT */
    AG_V_TEXT = 't',  /* text | TEXT */
    AG_V_JSON = 'j',  /* jsonb | TEXT; compact JSON text here */
    AG_V_INT = 'i',   /* bigint | INTEGER */
    AG_V_REAL = 'r',  /* double precision | REAL */
    AG_V_BOOL = 'b',  /* boolean | INTEGER 0/1 */
    AG_V_TIME = 'z',  /* timestamptz | TEXT RFC 3339 UTC with milliseconds; wall ms here */
    AG_V_BYTES = 'x', /* bytea | BLOB */
};

struct ag_value {
    enum ag_value_type type; /* AG_V_NULL, or the type of the member below */
    union {
        struct ag_uuid uuid;
        struct ag_str str; /* text, json, bytes */
        int64_t num;       /* int, time, bool */
        double real;
    };
};

static inline struct ag_value ag_v_null(void)
{
    return (struct ag_value){.type = AG_V_NULL};
}
static inline struct ag_value ag_v_uuid(struct ag_uuid id)
{
    return (struct ag_value){.type = AG_V_UUID, .uuid = id};
}
static inline struct ag_value ag_v_text(struct ag_str s)
{
    return (struct ag_value){.type = AG_V_TEXT, .str = s};
}
static inline struct ag_value ag_v_json(struct ag_str s)
{
    return (struct ag_value){.type = AG_V_JSON, .str = s};
}
static inline struct ag_value ag_v_bytes(struct ag_str s)
{
    return (struct ag_value){.type = AG_V_BYTES, .str = s};
}
static inline struct ag_value ag_v_int(int64_t n)
{
    return (struct ag_value){.type = AG_V_INT, .num = n};
}
static inline struct ag_value ag_v_real(double r)
{
    return (struct ag_value){.type = AG_V_REAL, .real = r};
}
static inline struct ag_value ag_v_bool(bool b)
{
    return (struct ag_value){.type = AG_V_BOOL, .num = b};
}
static inline struct ag_value ag_v_time(int64_t wall_ms)
{
    return (struct ag_value){.type = AG_V_TIME, .num = wall_ms};
}
/* `value` when `present`, else NULL. */
static inline struct ag_value ag_v_opt(bool present, struct ag_value value)
{
    return present ? value : ag_v_null();
}

/* The number in `value`, or `otherwise` for NULL. */
static inline int64_t ag_v_num(const struct ag_value *value, int64_t otherwise)
{
    return value->type == AG_V_NULL ? otherwise : value->num;
}

/* ---- statements ---- */

/* Whose rows a statement may meet. */
enum ag_reach {
    AG_REACH_NONE = 0, /* none of a tenant's: it names no such table */
    AG_REACH_TENANT,   /* those of the organisation that is acted for */
    AG_REACH_ALL,      /* everybody's: `no_org` says why */
};

struct ag_stmt {
    const char *name;    /* "agent_get": unique; shows in diagnostics and metrics */
    const char *sql;     /* both databases, or PostgreSQL alone when `sqlite` is set */
    const char *sqlite;  /* the SQLite text where it truly differs, or NULL */
    const char *params;  /* a letter of ag_value_type per $n */
    const char *columns; /* a letter per result column; "" for none */
    /* Why the statement may do without `org_id`: NULL means it has it, and the registry checks. */
    const char *no_org;

    /* set by ag_db_register() */
    unsigned id;
    enum ag_reach reach;
    uint64_t org_params; /* bit n - 1: org_id must equal $n */
};

/* A table of statements, as each store/ file has one. */
struct ag_stmt_table {
    struct ag_stmt *stmts;
    size_t count;
};

/* Gives every statement its id and checks the registry: names unique, `params` as long as the
 * highest $n, every statement on a tenant table filtering by org_id. Once, before ag_db_open().
 * AG_E_CONFIG names the statement that is wrong. */
enum ag_err ag_db_register(const struct ag_stmt_table *tables, size_t count) AG_MUST_USE;

struct ag_rows {
    size_t count;                  /* rows */
    size_t columns;                /* values per row */
    const struct ag_value *values; /* count * columns, types as declared or AG_V_NULL */
    int64_t changed;               /* rows inserted, updated or deleted */
};
static inline const struct ag_value *ag_row(const struct ag_rows *rows, size_t row)
{
    return rows->values + row * rows->columns;
}

/* AG_BIND(ag_v_uuid(org), ag_v_text(name)) for the two parameters that calls take. */
#define AG_BIND(...)                                                                               \
    (const struct ag_value[]){__VA_ARGS__},                                                        \
        sizeof((const struct ag_value[]){__VA_ARGS__}) / sizeof(struct ag_value)

/* ---- running them ---- */

struct ag_db_options {
    struct ag_str url;     /* "sqlite:PATH" or "postgres://..." */
    unsigned loops;        /* loops that will attach */
    unsigned pg_writers;   /* PostgreSQL connections for transactions per loop; 4 */
    int64_t timeout_ms;    /* longest wait for a connection or an answer; 5000 */
    size_t read_max_bytes; /* largest result; 16 MiB */
};

/* Opens the database; does not touch its content. On SQLite also starts the writer thread.
 * AG_E_CONFIG (bad url), AG_E_STORAGE, AG_E_NO_MEMORY. Call before the loops start. */
enum ag_err ag_db_open(const struct ag_db_options *options, struct ag_db **ret_db) AG_MUST_USE;
/* All loops must have detached. NULL is fine. */
void ag_db_close(struct ag_db *db);
bool ag_db_is_postgres(const struct ag_db *db);

/* Gives this thread's loop its connections, and takes them back. On a fiber. */
enum ag_err ag_db_attach(struct ag_db *db) AG_MUST_USE AG_SUSPENDS;
void ag_db_detach(struct ag_db *db) AG_SUSPENDS;

/*
 * Whom is acted for. A fiber says it once, from what it knows for sure (the guard from the
 * principal), not each statement from its own parameters; so one that binds another organisation's
 * id is refused here (AG_E_INTERNAL), and one that forgets to filter meets PostgreSQL's row-level
 * security, which is told the same. A transaction and a job act for whom their fiber did when it
 * began them. Statements on tenants' tables are refused until somebody is given; those with
 * `no_org` need nobody.
 */
struct ag_tenant {
    bool given;
    struct ag_uuid org; /* nil: the server itself, which has a log and nothing else */
};
static inline struct ag_tenant ag_tenant(struct ag_uuid org)
{
    return (struct ag_tenant){.given = true, .org = org};
}
/* From now on the running fiber acts for `tenant`; returns for whom before. Costs nothing. */
struct ag_tenant ag_db_tenant_swap(struct ag_tenant tenant);
/* The same for the rest of one transaction function. */
struct ag_tenant ag_tx_tenant_swap(struct ag_tx *tx, struct ag_tenant tenant);
/* Acts for `org` until the block ends. */
static inline void ag_db_tenant_restore(struct ag_tenant *before)
{
    ag_db_tenant_swap(*before);
}
#define AG_ACT_FOR(org)          AG_ACT_FOR_AT(org, __LINE__)
#define AG_ACT_FOR_AT(org, line) AG_ACT_FOR_IN(org, line)
#define AG_ACT_FOR_IN(org, line)                                                                   \
    AG_CLEANUP(ag_db_tenant_restore)                                                               \
    AG_UNUSED struct ag_tenant _acted_for_##line = ag_db_tenant_swap(ag_tenant(org))

/* Runs one statement that only reads. AG_E_STORAGE (cannot be reached), AG_E_TIMEOUT,
 * AG_E_CANCELED, AG_E_NO_MEMORY, AG_E_INTERNAL (wrong types or SQL). */
enum ag_err ag_db_read(struct ag_db *db, struct ag_arena *arena, const struct ag_stmt *stmt,
                       const struct ag_value *params, size_t count,
                       struct ag_rows *ret_rows) AG_MUST_USE AG_SUSPENDS;

/* Runs `fn(tx, arg)` as one transaction and returns once it is durable; when `fn` fails everything
 * it did is undone and its error is returned with its diagnostic. Not cancellable. `fn` may run
 * more than once, and on another thread (SQLite): it touches nothing but `tx` and `arg`, and what
 * it leaves in `arg` it sets anew each time. AG_E_STORAGE, AG_E_STORAGE_FULL, AG_E_EXISTS (unique),
 * AG_E_OVERLOADED, AG_E_NO_MEMORY. */
enum ag_err ag_db_write(struct ag_db *db, struct ag_arena *arena,
                        enum ag_err (*fn)(struct ag_tx *tx, void *arg),
                        void *arg) AG_MUST_USE AG_SUSPENDS;

/* Runs one statement inside a transaction; `ret_rows` may be NULL. AG_E_EXISTS on a unique or
 * primary key, AG_E_CONFLICT on a foreign key. After an error the transaction must fail. */
enum ag_err ag_tx_exec(struct ag_tx *tx, const struct ag_stmt *stmt, const struct ag_value *params,
                       size_t count, struct ag_rows *ret_rows) AG_MUST_USE AG_SUSPENDS;
/* Lets at most one transaction at a time go on among those that ask for the same `key`; until the
 * end of the transaction. For a function that decides by what it reads (is this the first
 * account?): PostgreSQL runs functions side by side at READ COMMITTED. Free on SQLite, where every
 * function is alone. */
enum ag_err ag_tx_lock(struct ag_tx *tx, int64_t key) AG_MUST_USE AG_SUSPENDS;
/* The arena given to ag_db_write(). */
struct ag_arena *ag_tx_arena(struct ag_tx *tx);

/* A write that nobody waits for until later (or ever). The job is the caller's heap memory. */
struct ag_db_job {
    enum ag_err (*fn)(struct ag_tx *tx, void *arg);
    void *arg;
    /* Called on the starting loop's thread when it is durable or has failed; frees the job. */
    void (*done)(struct ag_db_job *job, enum ag_err err);
    struct ag_arena *arena; /* for fn's rows; the job's own */
    /* In a transaction of its own on PostgreSQL: for a function that locks what others lock in
     * another order, so that a group of them would wait for another group. */
    bool apart;
    /* private */
    struct ag_loop *loop;
    struct ag_tenant tenant;
    void *link[8];
};
/* Queues the job; it may wait some 5 ms for others to share a commit with. Jobs and writes of one
 * loop are committed in the order they were started on SQLite. AG_E_OVERLOADED when too many wait
 * (the job stays the caller's). */
enum ag_err ag_db_write_start(struct ag_db *db, struct ag_db_job *job) AG_MUST_USE;

/* Whether the database itself keeps tenants apart, too: not on SQLite, and not when PostgreSQL's
 * role is one that row-level security does not hold for. AG_E_STORAGE. */
enum ag_err ag_db_walled(struct ag_db *db, bool *ret_walled) AG_MUST_USE AG_SUSPENDS;

/* Whether the database answers now. AG_OK, AG_E_STORAGE. */
enum ag_err ag_db_ping(struct ag_db *db, int64_t timeout_ms) AG_MUST_USE AG_SUSPENDS;

/* ---- migrations ---- */

/* Applies what is missing, one transaction each, in order. AG_E_CONFIG when the database was made
 * by a newer version or an applied migration has another checksum. Returns how many were applied.
 * On a fiber of an attached loop. */
enum ag_err ag_db_migrate(struct ag_db *db, int *ret_applied) AG_MUST_USE AG_SUSPENDS;

struct ag_db_stats {
    uint64_t reads;       /* statements read */
    uint64_t writes;      /* functions asked for, jobs included */
    uint64_t commits;     /* functions that are durable */
    uint64_t batches;     /* transactions they shared */
    uint64_t errors;      /* reads and writes that failed, for whatever reason */
    uint64_t reconnects;  /* PostgreSQL connections made again after a loss */
    uint64_t checkpoints; /* SQLite: times the whole log was copied back */
    unsigned queued;      /* writes that wait now */
};
/* Counters since start, all loops; any thread. */
void ag_db_stats(struct ag_db *db, struct ag_db_stats *ret_stats);
