/* SQLite: the backend's calls on a loop. Reads run at once on the loop's own connection; what
 * writes goes to the writer thread (sqlite_writer.c). */
#include "db/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { BUSY_PAUSE_MS = 2 };

struct sqlite_db {
    struct ag_db base;
    const char *path; /* inside options.url */
    struct ag_sqlite_writer *writer;
    struct ag_sqlite_slot *slots; /* one per loop */
};

static struct sqlite_db *of(struct ag_db *db)
{
    return AG_CONTAINER_OF(db, struct sqlite_db, base);
}

static struct ag_sqlite_slot *self_slot(struct ag_db *db)
{
    struct ag_sqlite_slot *slot = &of(db)->slots[ag_loop_index(ag_loop_self())];
    AG_ASSERT(slot->attached);
    return slot;
}

/* ---- reading ---- */

static enum ag_err sqlite_read(struct ag_db *db, struct ag_arena *arena, const struct ag_stmt *stmt,
                               const struct ag_value *params, struct ag_rows *ret_rows)
{
    struct ag_sqlite_slot *slot = self_slot(db);
    ag_deadline_ms deadline = AG_NEVER;
    for (;;) {
        int rc;
        enum ag_err err = ag_sqlite_run(&slot->read, arena, stmt, params,
                                        db->options.read_max_bytes, ret_rows, &rc);
        /* A reader meets a busy database only while another process opens or closes it. */
        if (err == AG_OK || (rc & 0xff) != SQLITE_BUSY) return err;
        if (deadline == AG_NEVER) deadline = ag_deadline_in(db->options.timeout_ms);
        if (ag_mono_ms() >= deadline) return err;
        AG_TRY(ag_fiber_sleep(BUSY_PAUSE_MS));
    }
}

static enum ag_err sqlite_ping(struct ag_db *db, ag_deadline_ms deadline)
{
    struct ag_arena arena;
    struct ag_rows rows;
    int rc;
    ag_arena_init(&arena);
    enum ag_err err = ag_sqlite_run(&self_slot(db)->read, &arena, &ag_db_own_stmts[AG_DB_PING],
                                    NULL, db->options.read_max_bytes, &rows, &rc);
    ag_arena_done(&arena);
    return err;
}

/* ---- writing ---- */

struct waiting_write {
    struct ag_db_job job;
    struct ag_fiber *fiber;
    struct ag_diag *diag; /* the fiber's */
    enum ag_err err;
    bool done;
};

static void wake_waiting(struct ag_db_job *job, enum ag_err err)
{
    struct waiting_write *w = AG_CONTAINER_OF(job, struct waiting_write, job);
    w->err = err;
    w->done = true;
    if (err != AG_OK) *w->diag = *ag_diag();
    ag_fiber_wake(w->fiber);
}

static enum ag_err sqlite_write(struct ag_db *db, struct ag_arena *arena,
                                enum ag_err (*fn)(struct ag_tx *tx, void *arg), void *arg,
                                enum ag_db_mode mode)
{
    struct waiting_write w = {
        .job = {.fn = fn,
                .arg = arg,
                .done = wake_waiting,
                .arena = arena,
                .loop = ag_loop_self(),
                .tenant = ag_db_tenant()},
        .fiber = ag_fiber_self(),
        .diag = ag_diag(),
    };
    AG_TRY(ag_sqlite_submit(of(db)->writer, self_slot(db), &w.job, mode, true));
    ag_fiber_shield();
    while (!w.done) {
        enum ag_err err = ag_fiber_park(AG_NEVER);
        AG_ASSERT(err == AG_OK);
    }
    ag_fiber_unshield();
    return w.err;
}

static enum ag_err sqlite_write_start(struct ag_db *db, struct ag_db_job *job)
{
    return ag_sqlite_submit(of(db)->writer, self_slot(db), job, AG_DB_SHARED, false);
}

/* The three calls of a transaction function, on the writer's thread. */

static enum ag_err sqlite_exec(struct ag_tx *tx, const struct ag_stmt *stmt,
                               const struct ag_value *params, struct ag_rows *ret_rows)
{
    struct ag_sqlite_tx *own = AG_CONTAINER_OF(tx, struct ag_sqlite_tx, tx);
    int rc;
    return ag_sqlite_run(own->conn, tx->arena, stmt, params, own->max_bytes, ret_rows, &rc);
}

static enum ag_err sqlite_script(struct ag_tx *tx, const char *sql)
{
    return ag_sqlite_script(AG_CONTAINER_OF(tx, struct ag_sqlite_tx, tx)->conn, sql);
}

static enum ag_err sqlite_lock(struct ag_tx *tx, int64_t key)
{
    /* There is only one writer: every transaction is alone. */
    return AG_OK;
}

/* ---- a loop comes and goes ---- */

/* Runs last in each turn in which a fiber wrote: woken by the first, it comes after all that were
 * ready then, and one call wakes the writer for all of them. */
static void turn_main(void *arg)
{
    struct ag_sqlite_slot *slot = arg;
    while (!slot->turn_ending) {
        if (slot->turn_newest && ag_mono_ms() >= slot->turn_due)
            ag_sqlite_flush(of(slot->db)->writer, slot);
        enum ag_err err = ag_fiber_park(slot->turn_newest ? slot->turn_due : AG_NEVER);
        AG_ASSERT(err == AG_OK || err == AG_E_TIMEOUT);
    }
    AG_ASSERT(!slot->turn_newest);
}

static enum ag_err sqlite_attach(struct ag_db *db, unsigned loop_index)
{
    struct ag_sqlite_slot *slot = &of(db)->slots[loop_index];
    AG_ASSERT(!slot->attached);
    AG_TRY(ag_sqlite_conn_open(&slot->read, of(db)->path, AG_SQLITE_READER, 0));
    slot->loop = ag_loop_self();
    slot->db = db;
    slot->turn_ending = false;
    enum ag_err err = ag_fiber_spawn_joinable("db-turn", turn_main, slot, &slot->turn_fiber);
    if (err != AG_OK) {
        ag_sqlite_conn_close(&slot->read);
        return err;
    }
    slot->attached = true;
    return AG_OK;
}

static void sqlite_detach(struct ag_db *db, unsigned loop_index)
{
    struct ag_sqlite_slot *slot = &of(db)->slots[loop_index];
    if (!slot->attached) return;
    ag_fiber_shield();
    slot->drained = ag_fiber_self();
    while (slot->unfinished > 0) {
        enum ag_err err = ag_fiber_park(AG_NEVER);
        AG_ASSERT(err == AG_OK);
    }
    slot->drained = NULL;
    ag_fiber_unshield();
    slot->turn_ending = true;
    ag_fiber_wake(slot->turn_fiber);
    ag_fiber_join(slot->turn_fiber);
    ag_sqlite_conn_close(&slot->read);
    slot->attached = false;
}

/* ---- the database ---- */

/* Makes a new database file that only its owner can read; the log beside it inherits the mode. */
static enum ag_err make_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
        return AG_OK;
    }
    if (errno == EEXIST) return AG_OK;
    return ag_fail(errno == ENOSPC || errno == EDQUOT ? AG_E_STORAGE_FULL : AG_E_STORAGE,
                   "cannot make the database file %s: %s", path, strerror(errno));
}

static void sqlite_close(struct ag_db *base)
{
    struct sqlite_db *db = of(base);
    ag_sqlite_writer_free(db->writer);
    free(db->slots);
    free(db);
}

static const struct ag_db_ops ops = {
    .close = sqlite_close,
    .attach = sqlite_attach,
    .detach = sqlite_detach,
    .read = sqlite_read,
    .write = sqlite_write,
    .write_start = sqlite_write_start,
    .ping = sqlite_ping,
    .exec = sqlite_exec,
    .script = sqlite_script,
    .lock = sqlite_lock,
    .postgres = false,
};

enum ag_err ag_sqlite_open(const struct ag_db_options *options, struct ag_db_counters *counters,
                           struct ag_db **ret_db)
{
    const char *path = options->url.data + strlen("sqlite:");
    if (!path[0] || strcmp(path, ":memory:") == 0)
        return ag_fail(AG_E_CONFIG, "the database URL must name a file, as in sqlite:data/a.db");
    /* The counters of SQLite's allocator cost a lock per call. Too late is no harm. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    AG_TRY(make_file(path));

    struct sqlite_db *db = calloc(1, sizeof(*db));
    struct ag_sqlite_slot *slots = calloc(options->loops, sizeof(*slots));
    if (!db || !slots) {
        free(db);
        free(slots);
        return ag_fail(AG_E_NO_MEMORY, "no memory for a database");
    }
    *db = (struct sqlite_db){
        .base = {.ops = &ops, .options = *options, .counters = counters},
        .path = path,
        .slots = slots,
    };
    enum ag_err err = ag_sqlite_writer_new(path, &db->base, slots, &db->writer);
    if (err != AG_OK) {
        free(slots);
        free(db);
        return err;
    }
    *ret_db = &db->base;
    return AG_OK;
}
