/* PostgreSQL: the backend's calls, each on its loop's share. */
#include "db/postgres.h"

static struct ag_pg_db *of(struct ag_db *db)
{
    return AG_CONTAINER_OF(db, struct ag_pg_db, base);
}

static struct ag_pg_loop *self_loop(struct ag_db *db)
{
    struct ag_pg_loop *loop = &of(db)->loops[ag_loop_index(ag_loop_self())];
    AG_ASSERT(loop->attached);
    return loop;
}

static enum ag_err pg_read(struct ag_db *db, struct ag_arena *arena, const struct ag_stmt *stmt,
                           const struct ag_value *params, struct ag_rows *ret_rows)
{
    return ag_pg_read(self_loop(db), arena, stmt, params, ag_deadline_in(db->options.timeout_ms),
                      ret_rows);
}

static enum ag_err pg_write(struct ag_db *db, struct ag_arena *arena,
                            enum ag_err (*fn)(struct ag_tx *tx, void *arg), void *arg,
                            enum ag_db_mode mode)
{
    return ag_pg_write(self_loop(db), arena, fn, arg, mode);
}

static enum ag_err pg_write_start(struct ag_db *db, struct ag_db_job *job)
{
    return ag_pg_write_start(self_loop(db), job);
}

static enum ag_err pg_ping(struct ag_db *db, ag_deadline_ms deadline)
{
    struct ag_arena arena;
    struct ag_rows rows;
    ag_arena_init(&arena);
    enum ag_err err = ag_pg_read(self_loop(db), &arena, &ag_db_own_stmts[AG_DB_PING], NULL,
                                 deadline, &rows);
    ag_arena_done(&arena);
    if (err == AG_E_TIMEOUT) return ag_fail(AG_E_STORAGE, "PostgreSQL does not answer");
    return err;
}

static enum ag_err pg_attach(struct ag_db *db, unsigned loop_index)
{
    struct ag_pg_loop *loop = &of(db)->loops[loop_index];
    AG_ASSERT(!loop->attached);
    *loop = (struct ag_pg_loop){.db = of(db), .counters = &db->counters[loop_index]};
    AG_TRY(ag_pg_read_attach(loop));
    ag_pg_write_attach(loop);
    loop->attached = true;
    return AG_OK;
}

static void pg_detach(struct ag_db *db, unsigned loop_index)
{
    struct ag_pg_loop *loop = &of(db)->loops[loop_index];
    if (!loop->attached) return;
    ag_pg_write_detach(loop);
    ag_pg_read_detach(loop);
    loop->attached = false;
}

static void pg_close(struct ag_db *base)
{
    struct ag_pg_db *db = of(base);
    PQconninfoFree(db->url);
    free(db->loops);
    free(db);
}

static const struct ag_db_ops ops = {
    .close = pg_close,
    .attach = pg_attach,
    .detach = pg_detach,
    .read = pg_read,
    .write = pg_write,
    .write_start = pg_write_start,
    .ping = pg_ping,
    .exec = ag_pg_tx_exec,
    .script = ag_pg_tx_script,
    .lock = ag_pg_tx_lock,
    .postgres = true,
};

enum ag_err ag_pg_open(const struct ag_db_options *options, struct ag_db_counters *counters,
                       struct ag_db **ret_db)
{
    char *problem = NULL;
    PQconninfoOption *url = PQconninfoParse(options->url.data, &problem);
    if (!url) {
        /* libpq's text may repeat the URL, with the password in it. */
        PQfreemem(problem);
        return ag_fail(AG_E_CONFIG, "the database URL is not a valid postgres:// URL");
    }
    struct ag_pg_db *db = calloc(1, sizeof(*db));
    struct ag_pg_loop *loops = calloc(options->loops, sizeof(*loops));
    if (!db || !loops) {
        PQconninfoFree(url);
        free(db);
        free(loops);
        return ag_fail(AG_E_NO_MEMORY, "no memory for a database");
    }
    *db = (struct ag_pg_db){
        .base = {.ops = &ops, .options = *options, .counters = counters},
        .url = url,
        .loops = loops,
    };
    *ret_db = &db->base;
    return AG_OK;
}
