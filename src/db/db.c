/* The face of the database: argument checks, counters, and the way to the backend in charge. */
#include "db/backend.h"

#include "base/fault.h"

enum {
    DEFAULT_TIMEOUT_MS = 5000,
    DEFAULT_PG_WRITERS = 4,
    DEFAULT_READ_MAX_BYTES = 16 * 1024 * 1024,
};

/* ---- opening ---- */

static bool is_postgres_url(struct ag_str url)
{
    return ag_str_starts_with(url, AG_STR("postgres://")) ||
           ag_str_starts_with(url, AG_STR("postgresql://"));
}

static enum ag_err copy_options(const struct ag_db_options *options, struct ag_db_options *ret)
{
    *ret = *options;
    if (ret->loops == 0) ret->loops = 1;
    if (ret->pg_writers == 0) ret->pg_writers = DEFAULT_PG_WRITERS;
    if (ret->timeout_ms <= 0) ret->timeout_ms = DEFAULT_TIMEOUT_MS;
    if (ret->read_max_bytes == 0) ret->read_max_bytes = DEFAULT_READ_MAX_BYTES;
    if (memchr(options->url.data, 0, options->url.len))
        return ag_fail(AG_E_CONFIG, "the database URL holds a NUL character");
    char *url = malloc(options->url.len + 1);
    if (!url) return ag_fail(AG_E_NO_MEMORY, "no memory for a database");
    memcpy(url, options->url.data, options->url.len);
    url[options->url.len] = '\0';
    ret->url.data = url;
    return AG_OK;
}

enum ag_err ag_db_open(const struct ag_db_options *options, struct ag_db **ret_db)
{
    bool postgres = is_postgres_url(options->url);
    if (!postgres && !ag_str_starts_with(options->url, AG_STR("sqlite:")))
        return ag_fail(AG_E_CONFIG, "the database URL must begin with sqlite: or postgres://");
    if (ag_db_stmt_max() == 0) AG_TRY(ag_db_register(NULL, 0));

    struct ag_db_options own;
    AG_TRY(copy_options(options, &own));
    struct ag_db_counters *counters = NULL;
    size_t bytes = (own.loops + 1) * sizeof(*counters);
    if (posix_memalign((void **)&counters, _Alignof(struct ag_db_counters), bytes) != 0) {
        free((char *)own.url.data);
        return ag_fail(AG_E_NO_MEMORY, "no memory for a database");
    }
    memset(counters, 0, bytes);

    struct ag_db *db;
    enum ag_err err = postgres ? ag_pg_open(&own, counters, &db)
                               : ag_sqlite_open(&own, counters, &db);
    if (err != AG_OK) {
        free(counters);
        free((char *)own.url.data);
        return err;
    }
    *ret_db = db;
    return AG_OK;
}

void ag_db_close(struct ag_db *db)
{
    if (!db) return;
    struct ag_db_counters *counters = db->counters;
    char *url = (char *)db->options.url.data;
    db->ops->close(db);
    free(counters);
    free(url);
}

bool ag_db_is_postgres(const struct ag_db *db)
{
    return db->ops->postgres;
}

static unsigned self_index(const struct ag_db *db)
{
    unsigned index = ag_loop_index(ag_loop_self());
    AG_ASSERT(index < db->options.loops);
    return index;
}

enum ag_err ag_db_attach(struct ag_db *db)
{
    return db->ops->attach(db, self_index(db));
}

void ag_db_detach(struct ag_db *db)
{
    db->ops->detach(db, self_index(db));
}

/* ---- running statements ---- */

static const int64_t first_ms = -62167219200000; /* 0000-01-01T00:00:00.000Z */
static const int64_t last_ms = 253402300799999;  /* 9999-12-31T23:59:59.999Z */

static enum ag_err check_params(const struct ag_stmt *stmt, const struct ag_value *params,
                                size_t count)
{
    if (stmt->id == 0) return ag_fail(AG_E_INTERNAL, "statement %s is not registered", stmt->name);
    size_t declared = strlen(stmt->params);
    if (count != declared)
        return ag_fail(AG_E_INTERNAL, "statement %s takes %zu parameters, not %zu", stmt->name,
                       declared, count);
    for (size_t i = 0; i < count; i++) {
        if (params[i].type != AG_V_NULL && params[i].type != (unsigned char)stmt->params[i])
            return ag_fail(AG_E_INTERNAL, "statement %s: $%zu is of type '%c', not '%c'",
                           stmt->name, i + 1, stmt->params[i], (char)params[i].type);
        if (params[i].type == AG_V_TIME && (params[i].num < first_ms || params[i].num > last_ms))
            return ag_fail(AG_E_INTERNAL, "statement %s: $%zu is outside of the years 0 to 9999",
                           stmt->name, i + 1);
    }
    return AG_OK;
}

struct ag_tenant ag_db_tenant(void)
{
    const struct ag_tenant *local = ag_fiber_local();
    return local ? *local : (struct ag_tenant){.given = false};
}

struct ag_tenant ag_db_tenant_swap(struct ag_tenant tenant)
{
    _Static_assert(sizeof(tenant) <= AG_FIBER_LOCAL_BYTES, "a fiber has no room for its tenant");
    struct ag_tenant *local = ag_fiber_local();
    AG_ASSERT(local);
    struct ag_tenant before = *local;
    *local = tenant;
    return before;
}

struct ag_tenant ag_tx_tenant_swap(struct ag_tx *tx, struct ag_tenant tenant)
{
    struct ag_tenant before = tx->tenant;
    tx->tenant = tenant;
    return before;
}

/* Every organisation that the statement names must be the one that is acted for. */
static enum ag_err check_tenant(const struct ag_stmt *stmt, const struct ag_value *params,
                                const struct ag_tenant *tenant)
{
    if (stmt->reach != AG_REACH_TENANT) return AG_OK;
    if (!tenant->given)
        return ag_fail(AG_E_INTERNAL,
                       "statement %s is on a tenant's table, and nobody said for whom it acts",
                       stmt->name);
    for (uint64_t left = stmt->org_params; left; left &= left - 1) {
        int i = __builtin_ctzll(left);
        if (params[i].type != AG_V_UUID || !ag_uuid_eq(params[i].uuid, tenant->org))
            return ag_fail(AG_E_INTERNAL,
                           "statement %s: $%d is not the organisation that is acted for",
                           stmt->name, i + 1);
    }
    return AG_OK;
}

enum ag_err ag_db_read(struct ag_db *db, struct ag_arena *arena, const struct ag_stmt *stmt,
                       const struct ag_value *params, size_t count, struct ag_rows *ret_rows)
{
    struct ag_db_counters *counters = &db->counters[self_index(db)];
    AG_DB_COUNT(counters->reads, 1);
    const struct ag_tenant tenant = ag_db_tenant();
    enum ag_err err = check_params(stmt, params, count);
    if (err == AG_OK) err = check_tenant(stmt, params, &tenant);
    if (err == AG_OK && AG_FAULT(db_read))
        err = ag_fail(AG_E_STORAGE, "fault: the database is gone");
    if (err == AG_OK) err = db->ops->read(db, arena, stmt, params, ret_rows);
    if (err != AG_OK) AG_DB_COUNT(counters->errors, 1);
    return err;
}

enum ag_err ag_db_write_mode(struct ag_db *db, struct ag_arena *arena,
                             enum ag_err (*fn)(struct ag_tx *tx, void *arg), void *arg,
                             enum ag_db_mode mode)
{
    struct ag_db_counters *counters = &db->counters[self_index(db)];
    AG_DB_COUNT(counters->writes, 1);
    enum ag_err err = db->ops->write(db, arena, fn, arg, mode);
    if (err != AG_OK) AG_DB_COUNT(counters->errors, 1);
    return err;
}

enum ag_err ag_db_write(struct ag_db *db, struct ag_arena *arena,
                        enum ag_err (*fn)(struct ag_tx *tx, void *arg), void *arg)
{
    return ag_db_write_mode(db, arena, fn, arg, AG_DB_SHARED);
}

enum ag_err ag_db_write_start(struct ag_db *db, struct ag_db_job *job)
{
    struct ag_db_counters *counters = &db->counters[self_index(db)];
    AG_DB_COUNT(counters->writes, 1);
    job->loop = ag_loop_self();
    job->tenant = ag_db_tenant();
    enum ag_err err = db->ops->write_start(db, job);
    if (err != AG_OK) AG_DB_COUNT(counters->errors, 1);
    return err;
}

enum ag_err ag_db_walled(struct ag_db *db, bool *ret_walled)
{
    if (!db->ops->postgres) {
        *ret_walled = false;
        return AG_OK;
    }
    struct ag_arena arena;
    struct ag_rows rows;
    ag_arena_init(&arena);
    enum ag_err err = ag_db_read(db, &arena, &ag_db_own_stmts[AG_DB_ROLE], NULL, 0, &rows);
    if (err == AG_OK) *ret_walled = rows.count == 1 && !ag_row(&rows, 0)[0].num;
    ag_arena_done(&arena);
    return err;
}

enum ag_err ag_db_ping(struct ag_db *db, int64_t timeout_ms)
{
    return db->ops->ping(db, ag_deadline_in(timeout_ms));
}

enum ag_err ag_tx_exec(struct ag_tx *tx, const struct ag_stmt *stmt, const struct ag_value *params,
                       size_t count, struct ag_rows *ret_rows)
{
    /* On PostgreSQL nothing but a rollback is possible after an error; the same holds on SQLite,
     * so that a function behaves alike on both. */
    if (tx->err != AG_OK) return ag_fail_more(tx->err, "%s after a failure", stmt->name);
    tx->err = check_params(stmt, params, count);
    if (tx->err == AG_OK) tx->err = check_tenant(stmt, params, &tx->tenant);
    if (tx->err == AG_OK) tx->err = tx->db->ops->exec(tx, stmt, params, ret_rows);
    return tx->err;
}

enum ag_err ag_tx_script(struct ag_tx *tx, const char *sql)
{
    if (tx->err == AG_OK) tx->err = tx->db->ops->script(tx, sql);
    return tx->err;
}

enum ag_err ag_tx_lock(struct ag_tx *tx, int64_t key)
{
    if (tx->err == AG_OK) tx->err = tx->db->ops->lock(tx, key);
    return tx->err;
}

struct ag_arena *ag_tx_arena(struct ag_tx *tx)
{
    return tx->arena;
}

/* ---- rows ---- */

void ag_rows_begin(struct ag_rows_builder *b, struct ag_arena *arena, const struct ag_stmt *stmt,
                   size_t max_bytes)
{
    *b = (struct ag_rows_builder){
        .arena = arena,
        .stmt = stmt,
        .columns = strlen(stmt->columns),
        .max_bytes = max_bytes,
    };
}

static enum ag_err rows_charge(struct ag_rows_builder *b, size_t bytes)
{
    if (bytes > b->max_bytes - b->bytes)
        return ag_fail(AG_E_INTERNAL, "statement %s: the result is larger than %zu bytes",
                       b->stmt->name, b->max_bytes);
    b->bytes += bytes;
    return AG_OK;
}

struct ag_value *ag_rows_next(struct ag_rows_builder *b, enum ag_err *ret_err)
{
    size_t row_bytes = b->columns * sizeof(struct ag_value);
    enum ag_err err = rows_charge(b, row_bytes);
    if (err == AG_OK && b->rows == b->cap_rows) {
        size_t cap = b->cap_rows ? b->cap_rows * 2 : 1;
        struct ag_value *values = ag_arena_realloc(b->arena, b->values, b->cap_rows * row_bytes,
                                                   cap * row_bytes);
        if (values) {
            b->values = values;
            b->cap_rows = cap;
        } else {
            err = ag_fail(AG_E_NO_MEMORY, "statement %s: no memory for its rows", b->stmt->name);
        }
    }
    if (err != AG_OK) {
        *ret_err = err;
        return NULL;
    }
    return b->values + b->rows++ * b->columns;
}

enum ag_err ag_rows_text(struct ag_rows_builder *b, size_t n, char **ret_text)
{
    AG_TRY(rows_charge(b, n));
    char *text = ag_arena_alloc(b->arena, n + 1);
    if (!text)
        return ag_fail(AG_E_NO_MEMORY, "statement %s: no memory for its rows", b->stmt->name);
    text[n] = '\0';
    *ret_text = text;
    return AG_OK;
}

void ag_rows_end(const struct ag_rows_builder *b, int64_t changed, struct ag_rows *ret_rows)
{
    *ret_rows = (struct ag_rows){
        .count = b->rows,
        .columns = b->columns,
        .values = b->values,
        .changed = changed,
    };
}

/* ---- figures ---- */

void ag_db_stats(struct ag_db *db, struct ag_db_stats *ret_stats)
{
    struct ag_db_stats sum = {0};
    for (unsigned i = 0; i <= db->options.loops; i++) {
        struct ag_db_counters *c = &db->counters[i];
        sum.reads += atomic_load_explicit(&c->reads, memory_order_relaxed);
        sum.writes += atomic_load_explicit(&c->writes, memory_order_relaxed);
        sum.commits += atomic_load_explicit(&c->commits, memory_order_relaxed);
        sum.batches += atomic_load_explicit(&c->batches, memory_order_relaxed);
        sum.errors += atomic_load_explicit(&c->errors, memory_order_relaxed);
        sum.reconnects += atomic_load_explicit(&c->reconnects, memory_order_relaxed);
        sum.checkpoints += atomic_load_explicit(&c->checkpoints, memory_order_relaxed);
        sum.queued += atomic_load_explicit(&c->queued, memory_order_relaxed);
    }
    *ret_stats = sum;
}
