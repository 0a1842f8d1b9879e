/*
 * Checkpoints: copying the write-ahead log back into the database file, so that it can be reused
 * from its start.
 *
 * Copying thousands of pages and waiting until they are on the disk takes tens of milliseconds.
 * Commits would stand still for that long if the writer did it, so a thread of its own copies the
 * bulk while the writer goes on appending. The log can only be reused when nothing is left to
 * copy; the few pages that came in meanwhile are copied by the writer between two batches.
 */
#include "db/sqlite.h"

#include <semaphore.h>
#include <signal.h>

enum {
    IDLE_PAGES = 1000,      /* in the log: worth a copy when no write came for a while */
    START_PAGES = 4000,     /* in the log: worth a copy in any case */
    REST_PAGES = 200,       /* not yet copied: few enough for the writer to copy at once */
    TRUNCATE_PAGES = 16384, /* 64 MiB in the log: make it reusable and shorten it */
    READERS_MS = 50,        /* how long shortening waits for readers */
    STACK_BYTES = 1024 * 1024,
};

struct ag_sqlite_checkpointer {
    struct ag_sqlite_conn conn;
    bool started;
    pthread_t thread;
    sem_t go;
    atomic_bool busy, stopping;
    int result_pages; /* written before `busy` falls: pages copied in all, or -1 */

    /* the writer's */
    bool asked;       /* a copy was started and its result not yet taken */
    unsigned copied;  /* pages of the log that are in the database */
    unsigned seen;    /* log_pages of the last call */
    unsigned give_up; /* log_pages at which the next attempt to truncate is due */
};

enum ag_err ag_sqlite_thread(const char *name, void *(*fn)(void *arg), void *arg,
                             pthread_t *ret_thread)
{
    /* Signals are for the loops. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    int rc = pthread_create(ret_thread, &attr, fn, arg);
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) return ag_fail(AG_E_NO_MEMORY, "cannot start a thread: %s", strerror(rc));
    pthread_setname_np(*ret_thread, name);
    return AG_OK;
}

static void *checkpointer_main(void *arg)
{
    struct ag_sqlite_checkpointer *c = arg;
    for (;;) {
        while (sem_wait(&c->go) != 0) {}
        if (atomic_load(&c->stopping)) return NULL;
        int copied = -1;
        int rc = sqlite3_wal_checkpoint_v2(c->conn.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                           &copied);
        c->result_pages = rc == SQLITE_OK ? copied : -1;
        atomic_store_explicit(&c->busy, false, memory_order_release);
    }
}

enum ag_err ag_sqlite_checkpointer_new(const char *path, struct ag_sqlite_checkpointer **ret)
{
    struct ag_sqlite_checkpointer *c = calloc(1, sizeof(*c));
    if (!c) return ag_fail(AG_E_NO_MEMORY, "no memory for the checkpointer");
    sem_init(&c->go, 0, 0);
    enum ag_err err = ag_sqlite_conn_open(&c->conn, path, AG_SQLITE_CHECKPOINT, 0);
    if (err == AG_OK) err = ag_sqlite_thread("ag-db-ckpt", checkpointer_main, c, &c->thread);
    c->started = err == AG_OK;
    if (err != AG_OK) {
        ag_sqlite_checkpointer_free(c);
        return err;
    }
    *ret = c;
    return AG_OK;
}

void ag_sqlite_checkpointer_free(struct ag_sqlite_checkpointer *c)
{
    if (!c) return;
    if (c->started) {
        atomic_store(&c->stopping, true);
        sem_post(&c->go);
        pthread_join(c->thread, NULL);
    }
    ag_sqlite_conn_close(&c->conn);
    sem_destroy(&c->go);
    free(c);
}

static void start_copy(struct ag_sqlite_checkpointer *c)
{
    c->asked = true;
    atomic_store_explicit(&c->busy, true, memory_order_relaxed);
    sem_post(&c->go);
}

/* On the writer's connection: copies the rest; the next commit starts the log anew. */
static void finish(struct ag_sqlite_checkpointer *c, struct ag_sqlite_conn *writer, int mode,
                   struct ag_db_counters *counters)
{
    int log = -1, copied = -1;
    int rc = sqlite3_wal_checkpoint_v2(writer->db, NULL, mode, &log, &copied);
    if (copied >= 0) c->copied = (unsigned)copied;
    if (rc == SQLITE_OK && copied == log) AG_DB_COUNT(counters->checkpoints, 1);
}

/* The log has grown too long, because readers hold it or writes never pause. This one waits for
 * readers; SQLite's time-out for other processes would be too long while writes wait. */
static void truncate_log(struct ag_sqlite_checkpointer *c, struct ag_sqlite_conn *writer,
                         unsigned log_pages, struct ag_db_counters *counters)
{
    sqlite3_busy_timeout(writer->db, READERS_MS);
    finish(c, writer, SQLITE_CHECKPOINT_TRUNCATE, counters);
    sqlite3_busy_timeout(writer->db, writer->busy_ms);
    c->give_up = log_pages + START_PAGES;
}

bool ag_sqlite_checkpoint(struct ag_sqlite_checkpointer *c, struct ag_sqlite_conn *writer,
                          unsigned log_pages, bool idle, struct ag_db_counters *counters)
{
    if (c->asked) {
        if (atomic_load_explicit(&c->busy, memory_order_acquire)) return false;
        c->asked = false;
        if (c->result_pages >= 0) c->copied = (unsigned)c->result_pages;
    }
    /* A log that is shorter than it was has begun anew, as it does once all of it was copied. */
    if (log_pages < c->seen) c->copied = c->give_up = 0;
    c->seen = log_pages;
    unsigned left = log_pages > c->copied ? log_pages - c->copied : 0;
    if (left == 0) return false;
    if (log_pages < (idle ? IDLE_PAGES : START_PAGES)) return log_pages >= IDLE_PAGES;
    /* Each copy leaves what came in meanwhile: less and less, until it is little enough. */
    if (left <= REST_PAGES)
        finish(c, writer, SQLITE_CHECKPOINT_PASSIVE, counters);
    else if (log_pages >= AG_MAX(TRUNCATE_PAGES, c->give_up) && left < START_PAGES)
        truncate_log(c, writer, log_pages, counters);
    else
        start_copy(c);
    return false;
}
