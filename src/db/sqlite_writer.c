/*
 * The writer: the one thread that changes a SQLite database.
 *
 * It takes what is queued at the moment, runs it inside one transaction, commits, and only then
 * tells the loops. While it waits for the disk the next batch gathers by itself, so it never waits
 * for company: alone a write pays for one fsync, in a crowd the crowd shares it.
 *
 * Undoing one function among others would take a SAVEPOINT around each, and with a savepoint open
 * SQLite copies every page before its first change: as much work again as the change. Functions
 * rarely fail after they have changed something, so a batch runs without savepoints first; when
 * one does, the whole batch is rolled back and runs again with them.
 */
#include "db/sqlite.h"

#include "base/fault.h"

#include <pthread.h>
#include <semaphore.h>
#include <time.h>

enum {
    BATCH_MAX_JOBS = 1024,
    BATCH_MAX_MS = 10,      /* no further function is begun after this */
    BATCH_CLOCK_EVERY = 16, /* functions between looks at the clock */
    PATIENT_MS = 5,         /* a job that nobody waits for may wait this long for company */
    PATIENT_MAX_JOBS = 64,  /* and that many are company enough */
    IDLE_MS = 50,           /* without a write: time to copy the log back */
    SLOW_COMMIT_MS = 500,   /* of the fault of that name */
};

/* Kept in ag_db_job.link while the job is ours. */
struct job_link {
    struct ag_post post; /* of the first job of a delivery */
    struct ag_db_job *next;
    struct ag_sqlite_slot *slot;
    struct ag_diag *diag; /* what went wrong; NULL also when memory was short */
    enum ag_err err;
    enum ag_db_mode mode;
};
_Static_assert(sizeof(struct job_link) <= sizeof(((struct ag_db_job *)0)->link),
               "link is too small");

static struct job_link *link_of(struct ag_db_job *job)
{
    return (struct job_link *)job->link;
}

static void list_add(struct ag_sqlite_jobs *list, struct ag_db_job *job)
{
    link_of(job)->next = NULL;
    if (list->tail)
        link_of(list->tail)->next = job;
    else
        list->head = job;
    list->tail = job;
}

struct ag_sqlite_writer {
    struct ag_db *db;
    struct ag_sqlite_slot *slots;
    struct ag_db_counters *counters;
    struct ag_sqlite_conn conn;
    struct ag_sqlite_checkpointer *checkpointer;
    sqlite3_stmt *begin, *commit, *rollback, *savepoint, *release, *undo;
    unsigned log_pages;            /* length of the write-ahead log after the last commit */
    struct ag_sqlite_jobs pending; /* taken from the queue, not yet run */
    bool started;
    pthread_t thread;

    /* shared with the loops */
    _Alignas(64) _Atomic(struct ag_db_job *) queue; /* newest first */
    atomic_bool asleep, stopping;
    sem_t wake;
};

/* ---- the loops' side ---- */

enum ag_err ag_sqlite_submit(struct ag_sqlite_writer *w, struct ag_sqlite_slot *slot,
                             struct ag_db_job *job, enum ag_db_mode mode, bool awaited)
{
    if (atomic_fetch_add_explicit(&w->counters->queued, 1, memory_order_relaxed) >=
        AG_DB_MAX_QUEUED) {
        atomic_fetch_sub_explicit(&w->counters->queued, 1, memory_order_relaxed);
        return ag_fail(AG_E_OVERLOADED, "%d writes wait already", AG_DB_MAX_QUEUED);
    }
    *link_of(job) = (struct job_link){.next = slot->turn_newest, .slot = slot, .mode = mode};
    bool is_first = !slot->turn_newest;
    if (is_first) {
        slot->turn_oldest = job;
        slot->turn_jobs = 0;
        slot->turn_due = ag_deadline_in(PATIENT_MS);
    }
    slot->turn_newest = job;
    slot->unfinished++;
    if (awaited || ++slot->turn_jobs == PATIENT_MAX_JOBS) slot->turn_due = 0;
    if (is_first || slot->turn_due == 0) ag_fiber_wake(slot->turn_fiber);
    return AG_OK;
}

static void wake_writer(struct ag_sqlite_writer *w)
{
    if (atomic_load(&w->asleep) && atomic_exchange(&w->asleep, false)) sem_post(&w->wake);
}

void ag_sqlite_flush(struct ag_sqlite_writer *w, struct ag_sqlite_slot *slot)
{
    struct ag_db_job *newest = AG_TAKE(slot->turn_newest), *oldest = AG_TAKE(slot->turn_oldest);
    struct ag_db_job *head = atomic_load_explicit(&w->queue, memory_order_relaxed);
    do {
        link_of(oldest)->next = head;
    } while (!atomic_compare_exchange_weak(&w->queue, &head, newest));
    wake_writer(w);
}

/* On the loop: ends the jobs of one delivery, oldest first. */
static void on_delivery(struct ag_post *post)
{
    struct job_link *first = AG_CONTAINER_OF(post, struct job_link, post);
    struct ag_sqlite_slot *slot = first->slot;
    struct ag_db_job *job = AG_CONTAINER_OF((void *)first, struct ag_db_job, link);
    while (job) {
        struct job_link *link = link_of(job);
        struct ag_db_job *next = link->next; /* `done` frees the job */
        struct ag_diag *diag = link->diag;
        static const struct ag_diag nothing;
        if (link->err == AG_OK) {
            job->done(job, AG_OK);
        } else {
            struct ag_diag copy = diag ? *diag : nothing;
            struct ag_diag *before = ag_diag_swap(&copy);
            job->done(job, link->err);
            ag_diag_swap(before);
            free(diag);
        }
        slot->unfinished--;
        job = next;
    }
    if (slot->unfinished == 0 && slot->drained) ag_fiber_wake(slot->drained);
}

/* ---- one transaction ---- */

static enum ag_err step(struct ag_sqlite_writer *w, sqlite3_stmt *stmt, const char *what)
{
    int rc = sqlite3_step(stmt);
    enum ag_err err = rc == SQLITE_DONE ? AG_OK : ag_sqlite_fail(&w->conn, rc, what);
    sqlite3_reset(stmt);
    return err;
}

static void set_result(struct ag_db_job *job, enum ag_err err)
{
    struct job_link *link = link_of(job);
    link->err = err;
    if (err == AG_OK) {
        free(AG_TAKE(link->diag));
        return;
    }
    if (!link->diag) link->diag = malloc(sizeof(*link->diag));
    if (link->diag) *link->diag = *ag_diag();
}

static void rollback(struct ag_sqlite_writer *w)
{
    if (sqlite3_get_autocommit(w->conn.db)) return; /* SQLite has done it */
    struct ag_diag aside = {0};
    struct ag_diag *before = ag_diag_swap(&aside); /* the first failure is the one to tell */
    enum ag_err err = step(w, w->rollback, "rolling back");
    ag_diag_swap(before);
    AG_ASSERT(err == AG_OK || sqlite3_get_autocommit(w->conn.db));
}

static enum ag_err run_function(struct ag_sqlite_writer *w, struct ag_db_job *job)
{
    struct ag_sqlite_tx tx = {
        .tx = {.db = w->db, .arena = job->arena, .tenant = job->tenant},
        .conn = &w->conn,
        .max_bytes = w->db->options.read_max_bytes,
    };
    ag_diag_clear();
    enum ag_err err = job->fn(&tx.tx, job->arg);
    return tx.tx.err != AG_OK ? tx.tx.err : err;
}

/*
 * Runs one function of a batch and keeps its result. `*ret_again`: it failed after changes that
 * only a rollback of the batch can undo, which has been done. An error means that the transaction
 * itself is lost (the disk is full, memory is short) and has been rolled back.
 */
static enum ag_err run_one(struct ag_sqlite_writer *w, struct ag_db_job *job, bool savepoints,
                           bool *ret_again)
{
    if (savepoints) AG_TRY(step(w, w->savepoint, "setting a savepoint"));
    int64_t changes = sqlite3_total_changes64(w->conn.db);
    enum ag_err err = run_function(w, job);
    if (sqlite3_get_autocommit(w->conn.db))
        return err != AG_OK ? err : ag_fail(AG_E_INTERNAL, "a function ended its transaction");
    set_result(job, err);
    if (savepoints) {
        if (err != AG_OK) AG_TRY(step(w, w->undo, "undoing a function"));
        return step(w, w->release, "releasing a savepoint");
    }
    *ret_again = err != AG_OK && sqlite3_total_changes64(w->conn.db) != changes;
    if (*ret_again) rollback(w);
    return AG_OK;
}

/* Puts what comes after `last` back to the front of the pending jobs. */
static void cut_batch(struct ag_sqlite_writer *w, struct ag_sqlite_jobs *batch,
                      struct ag_db_job *last)
{
    if (batch->tail == last) return;
    link_of(batch->tail)->next = w->pending.head;
    if (!w->pending.head) w->pending.tail = batch->tail;
    w->pending.head = link_of(last)->next;
    link_of(last)->next = NULL;
    batch->tail = last;
}

/* Runs the functions of the batch in the open transaction, as far as time allows; those not begun
 * go back to the pending ones. Results as of run_one(). */
static enum ag_err run_functions(struct ag_sqlite_writer *w, struct ag_sqlite_jobs *batch,
                                 bool savepoints, bool *ret_again)
{
    int64_t until = ag_mono_ms() + BATCH_MAX_MS;
    unsigned n = 0;
    for (struct ag_db_job *job = batch->head; job; job = link_of(job)->next) {
        enum ag_err err = run_one(w, job, savepoints, ret_again);
        if (err != AG_OK) {
            cut_batch(w, batch, job);
            rollback(w);
            return err;
        }
        if (*ret_again) return AG_OK;
        if (++n % BATCH_CLOCK_EVERY == 0 && ag_mono_ms() > until) cut_batch(w, batch, job);
    }
    return AG_OK;
}

/* Opens the transaction and runs the batch in it. `*ret_open`: there is something to commit. */
static enum ag_err fill_transaction(struct ag_sqlite_writer *w, struct ag_sqlite_jobs *batch,
                                    bool *ret_open)
{
    bool again = false;
    AG_TRY(step(w, w->begin, "beginning a transaction"));
    AG_TRY(run_functions(w, batch, false, &again));
    if (again && batch->head != batch->tail) {
        again = false;
        AG_TRY(step(w, w->begin, "beginning a transaction"));
        AG_TRY(run_functions(w, batch, true, &again));
    }
    *ret_open = !again;
    return AG_OK;
}

static enum ag_err commit(struct ag_sqlite_writer *w)
{
    if (AG_FAULT(slow_commit))
        nanosleep(&(struct timespec){.tv_nsec = SLOW_COMMIT_MS * 1000000L}, NULL);
    enum ag_err err = AG_FAULT(commit) ? ag_fail(AG_E_STORAGE_FULL, "fault: the disk is full")
                                       : step(w, w->commit, "committing");
    if (err != AG_OK) rollback(w);
    return err;
}

/* Tells the loops how their jobs ended: one post for each loop. */
static void deliver(struct ag_sqlite_writer *w, struct ag_sqlite_jobs *batch)
{
    unsigned n = 0, good = 0;
    for (struct ag_db_job *job = batch->head, *next; job; job = next, n++) {
        next = link_of(job)->next;
        good += link_of(job)->err == AG_OK;
        list_add(&link_of(job)->slot->finished, job);
    }
    *batch = (struct ag_sqlite_jobs){0};
    atomic_fetch_sub_explicit(&w->counters->queued, n, memory_order_relaxed);
    AG_DB_COUNT(w->counters->commits, good);
    AG_DB_COUNT(w->counters->batches, 1);
    for (unsigned i = 0; i < w->db->options.loops; i++) {
        struct ag_sqlite_slot *slot = &w->slots[i];
        struct ag_db_job *head = slot->finished.head;
        if (!head) continue;
        slot->finished = (struct ag_sqlite_jobs){0};
        link_of(head)->post.fn = on_delivery;
        ag_loop_post(slot->loop, &link_of(head)->post);
    }
}

static void run_batch(struct ag_sqlite_writer *w, struct ag_sqlite_jobs *batch)
{
    bool open = false;
    enum ag_err err = fill_transaction(w, batch, &open);
    if (err == AG_OK && open) {
        if (AG_FAULT(ack_before_commit)) deliver(w, batch);
        err = commit(w);
    }
    /* What a function met inside a transaction that never came to be is not the truth either. */
    for (struct ag_db_job *job = batch->head; err != AG_OK && job; job = link_of(job)->next)
        set_result(job, err);
    deliver(w, batch);
}

static enum ag_err check_foreign_keys(struct ag_sqlite_writer *w)
{
    sqlite3_stmt *check;
    int rc = sqlite3_prepare_v2(w->conn.db, "PRAGMA foreign_key_check", -1, &check, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(check);
    enum ag_err err = AG_OK;
    if (rc == SQLITE_ROW)
        err = ag_fail(AG_E_CONFLICT, "a row of table %s refers to one that does not exist",
                      sqlite3_column_text(check, 0));
    else if (rc != SQLITE_DONE)
        err = ag_sqlite_fail(&w->conn, rc, "checking foreign keys");
    sqlite3_finalize(check);
    return err;
}

/*
 * A migration: alone, and with foreign keys unchecked until its end. Rebuilding a table drops the
 * old one, which with checks on would delete what refers to it; the switch has no effect inside a
 * transaction.
 */
static void run_alone(struct ag_sqlite_writer *w, struct ag_sqlite_jobs *batch)
{
    bool open = false;
    enum ag_err err = ag_sqlite_script(&w->conn, "PRAGMA foreign_keys=OFF");
    if (err == AG_OK) err = fill_transaction(w, batch, &open);
    if (err == AG_OK && open && link_of(batch->head)->err == AG_OK) err = check_foreign_keys(w);
    if (err == AG_OK && open && link_of(batch->head)->err == AG_OK) err = commit(w);
    rollback(w);
    if (err != AG_OK) set_result(batch->head, err);
    err = ag_sqlite_script(&w->conn, "PRAGMA foreign_keys=ON");
    AG_ASSERT(err == AG_OK);
    deliver(w, batch);
}

/* ---- the thread ---- */

/* Moves what is queued to the end of the pending jobs, oldest first. */
static void take_queue(struct ag_sqlite_writer *w)
{
    struct ag_db_job *newest = atomic_exchange(&w->queue, NULL), *oldest = NULL;
    while (newest) {
        struct ag_db_job *next = link_of(newest)->next;
        link_of(newest)->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest) {
        struct ag_db_job *next = link_of(oldest)->next;
        list_add(&w->pending, oldest);
        oldest = next;
    }
}

static void take_batch(struct ag_sqlite_writer *w, struct ag_sqlite_jobs *batch)
{
    for (int n = 0; n < BATCH_MAX_JOBS && w->pending.head; n++) {
        struct ag_db_job *job = w->pending.head;
        bool alone = link_of(job)->mode == AG_DB_ALONE;
        if (alone && batch->head) return;
        w->pending.head = link_of(job)->next;
        if (!w->pending.head) w->pending.tail = NULL;
        list_add(batch, job);
        if (alone) return;
    }
}

/* Sleeps until there is work; at most for IDLE_MS when `timed`. */
static void sleep_until_woken(struct ag_sqlite_writer *w, bool timed)
{
    atomic_store(&w->asleep, true);
    if (!atomic_load(&w->queue) && !atomic_load(&w->stopping)) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += IDLE_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        if (timed)
            sem_timedwait(&w->wake, &until);
        else
            sem_wait(&w->wake);
    }
    /* A loop that saw us asleep meanwhile posts once for nothing: one sleep ends early. */
    atomic_store(&w->asleep, false);
}

static void *writer_main(void *arg)
{
    struct ag_sqlite_writer *w = arg;
    bool idle = false; /* nothing came for a while */
    for (;;) {
        take_queue(w);
        bool more = ag_sqlite_checkpoint(w->checkpointer, &w->conn, w->log_pages, idle,
                                         w->counters);
        if (!w->pending.head) {
            if (atomic_load(&w->stopping) && !atomic_load(&w->queue)) return NULL;
            sleep_until_woken(w, more);
            idle = !atomic_load(&w->queue);
            continue;
        }
        idle = false;
        struct ag_sqlite_jobs batch = {0};
        take_batch(w, &batch);
        if (link_of(batch.head)->mode == AG_DB_ALONE)
            run_alone(w, &batch);
        else
            run_batch(w, &batch);
    }
}

static int on_log_growth(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct ag_sqlite_writer *w = arg;
    w->log_pages = (unsigned)pages;
    return SQLITE_OK;
}

static enum ag_err prepare_own(struct ag_sqlite_writer *w)
{
    const struct {
        const char *sql;
        sqlite3_stmt **stmt;
    } own[] = {
        {"BEGIN IMMEDIATE", &w->begin}, {"COMMIT", &w->commit},
        {"ROLLBACK", &w->rollback},     {"SAVEPOINT one", &w->savepoint},
        {"RELEASE one", &w->release},   {"ROLLBACK TO one", &w->undo},
    };
    for (size_t i = 0; i < AG_COUNT(own); i++) {
        int rc = sqlite3_prepare_v3(w->conn.db, own[i].sql, -1, SQLITE_PREPARE_PERSISTENT,
                                    own[i].stmt, NULL);
        if (rc != SQLITE_OK) return ag_sqlite_fail(&w->conn, rc, own[i].sql);
    }
    sqlite3_wal_hook(w->conn.db, on_log_growth, w);
    return AG_OK;
}

enum ag_err ag_sqlite_writer_new(const char *path, struct ag_db *db, struct ag_sqlite_slot *slots,
                                 struct ag_sqlite_writer **ret)
{
    struct ag_sqlite_writer *w = NULL;
    if (posix_memalign((void **)&w, _Alignof(struct ag_sqlite_writer), sizeof(*w)) != 0)
        return ag_fail(AG_E_NO_MEMORY, "no memory for the database's writer");
    *w = (struct ag_sqlite_writer){
        .db = db,
        .slots = slots,
        .counters = &db->counters[db->options.loops],
    };
    sem_init(&w->wake, 0, 0);
    enum ag_err err = ag_sqlite_conn_open(&w->conn, path, AG_SQLITE_WRITER, db->options.timeout_ms);
    if (err == AG_OK) err = prepare_own(w);
    if (err == AG_OK) err = ag_sqlite_checkpointer_new(path, &w->checkpointer);
    if (err == AG_OK) err = ag_sqlite_thread("ag-db-writer", writer_main, w, &w->thread);
    w->started = err == AG_OK;
    if (err != AG_OK) {
        ag_sqlite_writer_free(w);
        return err;
    }
    *ret = w;
    return AG_OK;
}

void ag_sqlite_writer_free(struct ag_sqlite_writer *w)
{
    if (!w) return;
    if (w->started) {
        atomic_store(&w->stopping, true);
        wake_writer(w);
        pthread_join(w->thread, NULL);
    }
    /* Before the writer: whoever closes last copies the rest of the log back and deletes it. */
    ag_sqlite_checkpointer_free(w->checkpointer);
    sqlite3_stmt *own[] = {w->begin, w->commit, w->rollback, w->savepoint, w->release, w->undo};
    for (size_t i = 0; i < AG_COUNT(own); i++)
        sqlite3_finalize(own[i]);
    ag_sqlite_conn_close(&w->conn);
    sem_destroy(&w->wake);
    free(w);
}
