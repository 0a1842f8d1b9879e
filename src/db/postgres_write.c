/*
 * Transactions on PostgreSQL: a function runs on the calling fiber between BEGIN and COMMIT.
 *
 * BEGIN travels with the first statement, so a function with one statement costs two round trips.
 * A function is run again when PostgreSQL asks for it (serialization failure, deadlock) and when
 * the connection broke before COMMIT was sent; not when it broke afterwards, because then nobody
 * knows whether the transaction was kept.
 *
 * Jobs that nobody waits for are run by a few fibers, several jobs in one transaction. When that
 * fails each is run alone, so that one job's failure is not another's.
 */
#include "db/postgres.h"

#include "base/fault.h"

enum {
    RETRIES_MAX = 5,
    RETRY_PAUSE_MS = 4,     /* before the first retry; doubles, plus as much again by chance */
    ANSWER_GRACE_MS = 1000, /* after the server's own statement timeout */
    ALONE_MS = 600000,      /* longest wait for one answer in a migration */
    SLOW_COMMIT_MS = 500,   /* of the fault of that name */
    GROUP_MAX_JOBS = 64,
    RECONNECT_PAUSE_MS = 50,
};

/* ---- permits ---- */

struct ag_pg_permit_waiter {
    struct ag_pg_permit_waiter *next;
    struct ag_fiber *fiber;
    struct ag_pg_conn *conn; /* comes with the permit, may be NULL */
    bool granted;
};

static void tell_queued(struct ag_pg_loop *loop)
{
    atomic_store_explicit(&loop->counters->queued, loop->waiting + loop->jobs_queued,
                          memory_order_relaxed);
}

static void remove_waiter(struct ag_pg_loop *loop, struct ag_pg_permit_waiter *waiter)
{
    struct ag_pg_permit_waiter *before = NULL, *w = loop->waiters_head;
    for (; w != waiter; w = w->next)
        before = w;
    if (before)
        before->next = waiter->next;
    else
        loop->waiters_head = waiter->next;
    if (loop->waiters_tail == waiter) loop->waiters_tail = before;
}

/* Strictly first come, first served: who gives a permit back hands it to the first in line. */
static enum ag_err wait_for_permit(struct ag_pg_loop *loop, ag_deadline_ms deadline,
                                   struct ag_pg_conn **ret)
{
    if (loop->waiting >= AG_DB_MAX_QUEUED)
        return ag_fail(AG_E_OVERLOADED, "%u transactions wait already", loop->waiting);
    struct ag_pg_permit_waiter waiter = {.fiber = ag_fiber_self()};
    if (loop->waiters_tail)
        loop->waiters_tail->next = &waiter;
    else
        loop->waiters_head = &waiter;
    loop->waiters_tail = &waiter;
    loop->waiting++;
    tell_queued(loop);
    enum ag_err err = AG_OK;
    while (!waiter.granted && err == AG_OK)
        err = ag_fiber_park(deadline);
    loop->waiting--;
    tell_queued(loop);
    if (waiter.granted) {
        *ret = waiter.conn;
        return AG_OK;
    }
    remove_waiter(loop, &waiter);
    return ag_fail(AG_E_OVERLOADED, "no database connection became free");
}

/* Gives a permit back, with its connection or NULL when that is gone. */
static void release(struct ag_pg_loop *loop, struct ag_pg_conn *conn)
{
    struct ag_pg_permit_waiter *waiter = loop->waiters_head;
    if (waiter) {
        loop->waiters_head = waiter->next;
        if (!loop->waiters_head) loop->waiters_tail = NULL;
        waiter->conn = conn;
        waiter->granted = true;
        ag_fiber_wake(waiter->fiber);
        return;
    }
    loop->permits++;
    if (!conn) return;
    conn->next = loop->idle;
    loop->idle = conn;
}

/* A broken connection's idle sisters are most likely broken too: the server was restarted. */
static void drop(struct ag_pg_loop *loop, struct ag_pg_conn *conn)
{
    ag_pg_conn_free(conn);
    while (loop->idle) {
        struct ag_pg_conn *idle = loop->idle;
        loop->idle = idle->next;
        ag_pg_conn_free(idle);
    }
}

static enum ag_err connect_writer(struct ag_pg_loop *loop, ag_deadline_ms deadline,
                                  struct ag_pg_conn **ret)
{
    const struct ag_db *db = &loop->db->base;
    int64_t pause = RECONNECT_PAUSE_MS;
    for (;;) {
        enum ag_err err = ag_pg_connect(&db->options, loop->db->url, AG_PG_WRITER, deadline, ret);
        if (err != AG_E_STORAGE || ag_mono_ms() + pause >= deadline) return err;
        AG_TRY(ag_fiber_sleep(pause / 2 + ag_random_below((uint32_t)pause)));
        pause = AG_MIN(pause * 2, 1000);
    }
}

static enum ag_err acquire(struct ag_pg_loop *loop, ag_deadline_ms deadline,
                           struct ag_pg_conn **ret)
{
    struct ag_pg_conn *conn = NULL;
    if (loop->permits > 0 && !loop->waiters_head) {
        loop->permits--;
        conn = loop->idle;
        if (conn) loop->idle = conn->next;
    } else {
        AG_TRY(wait_for_permit(loop, deadline, &conn));
    }
    if (!conn) {
        enum ag_err err = connect_writer(loop, deadline, &conn);
        if (err != AG_OK) {
            release(loop, NULL);
            return err;
        }
    }
    *ret = conn;
    return AG_OK;
}

/* ---- inside a transaction ---- */

/* One transaction in progress; shared by the functions it runs. */
struct session {
    struct ag_pg_conn *conn;
    int64_t answer_ms; /* longest wait for one answer */
    bool begun;
    bool lost;  /* the connection is of no use any more */
    bool again; /* the server asks to run it again */
};

struct pg_tx {
    struct ag_tx tx;
    struct session *session;
};

static const struct ag_stmt *own(enum ag_db_own which)
{
    return &ag_db_own_stmts[which];
}

/* Sends BEGIN if that is still due, and `stmt`; waits for the answers. `tenant` may be NULL for a
 * statement of db/ itself. */
static enum ag_err round_trip(struct session *s, const struct ag_stmt *stmt,
                              const struct ag_value *params, const struct ag_tenant *tenant,
                              struct ag_arena *arena, struct ag_pg_flight *flight)
{
    *flight = (struct ag_pg_flight){0};
    enum ag_err err = AG_OK;
    if (!s->begun) {
        s->conn->wall = (struct ag_pg_wall){0};
        err = ag_pg_send(s->conn, flight, own(AG_DB_BEGIN), NULL, NULL, arena);
    }
    if (err == AG_OK) err = ag_pg_send(s->conn, flight, stmt, params, tenant, arena);
    if (err != AG_OK && flight->sent == 0 && err != AG_E_STORAGE) return err;
    if (err == AG_OK) err = ag_pg_sync(s->conn);
    if (err == AG_OK) err = ag_pg_collect(s->conn, flight, ag_deadline_in(s->answer_ms));
    if (err != AG_OK) {
        /* What is under way now cannot be told from later answers. */
        s->lost = true;
        return err;
    }
    s->begun = true;
    err = ag_pg_check(AG_PG_WRITER, flight->result, stmt->name);
    if (err == AG_OK) return AG_OK;
    s->again = ag_pg_has_state(flight->result, "40001") || ag_pg_has_state(flight->result, "40P01");
    /* The last two: the statement was forgotten; the server has become a standby. */
    s->lost = ag_pg_is_outage(flight->result) || ag_pg_has_state(flight->result, "26000") ||
              ag_pg_has_state(flight->result, "25006");
    return err;
}

enum ag_err ag_pg_tx_exec(struct ag_tx *tx, const struct ag_stmt *stmt,
                          const struct ag_value *params, struct ag_rows *ret_rows)
{
    struct session *s = AG_CONTAINER_OF(tx, struct pg_tx, tx)->session;
    struct ag_pg_flight flight;
    enum ag_err err = round_trip(s, stmt, params, &tx->tenant, tx->arena, &flight);
    if (err == AG_OK && ret_rows)
        err = ag_pg_rows(flight.result, stmt, tx->arena, tx->db->options.read_max_bytes, ret_rows);
    PQclear(flight.result);
    return err;
}

enum ag_err ag_pg_tx_lock(struct ag_tx *tx, int64_t key)
{
    return ag_pg_tx_exec(tx, own(AG_DB_LOCK), (const struct ag_value[]){ag_v_int(key)}, NULL);
}

enum ag_err ag_pg_tx_script(struct ag_tx *tx, const char *sql)
{
    struct session *s = AG_CONTAINER_OF(tx, struct pg_tx, tx)->session;
    enum ag_err err = AG_OK;
    if (!s->begun) {
        err = ag_pg_script(s->conn, own(AG_DB_BEGIN)->sql, ag_deadline_in(s->answer_ms));
        s->begun = err == AG_OK;
    }
    if (err == AG_OK) err = ag_pg_script(s->conn, sql, ag_deadline_in(s->answer_ms));
    if (err != AG_OK && PQpipelineStatus(s->conn->pg) == PQ_PIPELINE_OFF) s->lost = true;
    return err;
}

/* ---- one attempt ---- */

/* What a migration needs: all the time, and everybody's rows. */
static enum ag_err begin_alone(struct session *s)
{
    enum ag_err err = ag_pg_script(s->conn, own(AG_DB_BEGIN)->sql, ag_deadline_in(s->answer_ms));
    if (err == AG_OK)
        err = ag_pg_script(s->conn, "SET LOCAL statement_timeout = 0; SET LOCAL agentgen.org = '*'",
                           ag_deadline_in(s->answer_ms));
    s->conn->wall = (struct ag_pg_wall){.reach = AG_REACH_ALL};
    s->lost = err != AG_OK;
    s->begun = true;
    return err;
}

static void roll_back(struct session *s, struct ag_arena *arena)
{
    if (!s->begun || s->lost) return;
    struct ag_diag aside = {0};
    struct ag_diag *before = ag_diag_swap(&aside); /* the first failure is the one to tell */
    bool again = s->again;
    struct ag_pg_flight flight;
    if (round_trip(s, own(AG_DB_ROLLBACK), NULL, NULL, arena, &flight) != AG_OK) s->lost = true;
    PQclear(flight.result);
    s->again = again;
    ag_diag_swap(before);
}

/* `*ret_unknown`: the connection broke while it committed. */
static enum ag_err commit(struct session *s, struct ag_arena *arena, bool *ret_unknown)
{
    if (AG_FAULT(slow_commit)) AG_TRY(ag_fiber_sleep(SLOW_COMMIT_MS));
    if (AG_FAULT(commit)) return ag_fail(AG_E_STORAGE_FULL, "fault: the disk is full");
    struct ag_pg_flight flight;
    enum ag_err err = round_trip(s, own(AG_DB_COMMIT), NULL, NULL, arena, &flight);
    if (err == AG_OK && strcmp(PQcmdStatus(flight.result), "COMMIT") != 0)
        err = ag_fail(AG_E_INTERNAL, "PostgreSQL rolled the transaction back");
    /* Any other error that the server tells of means that it was rolled back. */
    *ret_unknown = s->lost && (!flight.result || ag_pg_is_outage(flight.result));
    PQclear(flight.result);
    if (*ret_unknown) ag_fail_more(err, "whether the transaction was kept is not known");
    return err;
}

/* A function to run. */
struct unit {
    struct ag_arena *arena;
    enum ag_err (*fn)(struct ag_tx *tx, void *arg);
    void *arg;
    struct ag_tenant tenant;
};

static enum ag_err run_units(struct ag_pg_loop *loop, struct session *s, const struct unit *units,
                             size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct pg_tx tx = {
            .tx = {.db = &loop->db->base, .arena = units[i].arena, .tenant = units[i].tenant},
            .session = s,
        };
        enum ag_err err = units[i].fn(&tx.tx, units[i].arg);
        if (tx.tx.err != AG_OK) err = tx.tx.err;
        AG_TRY(err);
    }
    return AG_OK;
}

/* What became of an attempt that failed. */
enum verdict {
    FINAL,   /* the function's own failure; rolled back */
    AGAIN,   /* a conflict with another transaction; rolled back */
    LOST,    /* the connection broke before COMMIT */
    UNKNOWN, /* ... during COMMIT */
};

static enum ag_err attempt(struct ag_pg_loop *loop, struct ag_pg_conn *conn,
                           const struct unit *units, size_t count, enum ag_db_mode mode,
                           enum verdict *ret_verdict)
{
    int64_t timeout_ms = loop->db->base.options.timeout_ms;
    struct session s = {
        .conn = conn,
        .answer_ms = mode == AG_DB_ALONE ? ALONE_MS : timeout_ms + ANSWER_GRACE_MS,
    };
    bool unknown = false;
    enum ag_err err = mode == AG_DB_ALONE ? begin_alone(&s) : AG_OK;
    if (err == AG_OK) err = run_units(loop, &s, units, count);
    if (err == AG_OK && s.begun) err = commit(&s, units[0].arena, &unknown);
    if (err != AG_OK) roll_back(&s, units[0].arena);

    *ret_verdict = unknown ? UNKNOWN : s.again ? AGAIN : s.lost ? LOST : FINAL;
    if (s.lost) {
        drop(loop, conn);
        conn = NULL;
    }
    release(loop, conn);
    return err;
}

static void pause_before_retry(int retry)
{
    int64_t pause = RETRY_PAUSE_MS << retry;
    enum ag_err err = ag_fiber_sleep(pause + ag_random_below((uint32_t)pause));
    AG_ASSERT(err == AG_OK); /* shielded */
}

/* Runs the units as one transaction, again where that helps. On a shielded fiber. */
static enum ag_err transact(struct ag_pg_loop *loop, const struct unit *units, size_t count,
                            enum ag_db_mode mode, enum verdict *ret_verdict)
{
    ag_deadline_ms deadline = ag_deadline_in(loop->db->base.options.timeout_ms);
    for (int retries = 0;;) {
        struct ag_pg_conn *conn;
        *ret_verdict = FINAL;
        AG_TRY(acquire(loop, deadline, &conn));
        enum ag_err err = attempt(loop, conn, units, count, mode, ret_verdict);
        if (err == AG_OK) {
            AG_DB_COUNT(loop->counters->commits, count);
            AG_DB_COUNT(loop->counters->batches, 1);
            return AG_OK;
        }
        if (*ret_verdict == AGAIN && retries < RETRIES_MAX) {
            pause_before_retry(retries++);
            continue;
        }
        if (*ret_verdict != LOST || ag_mono_ms() >= deadline) return err;
        AG_DB_COUNT(loop->counters->reconnects, 1);
    }
}

enum ag_err ag_pg_write(struct ag_pg_loop *loop, struct ag_arena *arena,
                        enum ag_err (*fn)(struct ag_tx *tx, void *arg), void *arg,
                        enum ag_db_mode mode)
{
    struct unit unit = {.arena = arena, .fn = fn, .arg = arg, .tenant = ag_db_tenant()};
    enum verdict verdict;
    ag_fiber_shield();
    enum ag_err err = transact(loop, &unit, 1, mode, &verdict);
    ag_fiber_unshield();
    return err;
}

/* ---- jobs ---- */

static struct ag_db_job **job_next(struct ag_db_job *job)
{
    return (struct ag_db_job **)&job->link[0];
}

/* Up to GROUP_MAX_JOBS that wait, or one that wants to be apart. */
static size_t take_jobs(struct ag_pg_loop *loop, struct ag_db_job **jobs, struct unit *units)
{
    size_t count = 0;
    for (; count < GROUP_MAX_JOBS && loop->jobs_head; count++) {
        struct ag_db_job *job = loop->jobs_head;
        if (count > 0 && (job->apart || jobs[count - 1]->apart)) break;
        loop->jobs_head = *job_next(job);
        if (!loop->jobs_head) loop->jobs_tail = NULL;
        jobs[count] = job;
        units[count] = (struct unit){
            .arena = job->arena, .fn = job->fn, .arg = job->arg, .tenant = job->tenant};
    }
    return count;
}

static void run_jobs(struct ag_pg_loop *loop)
{
    struct ag_db_job *jobs[GROUP_MAX_JOBS];
    struct unit units[GROUP_MAX_JOBS] = {{NULL}};
    size_t count = take_jobs(loop, jobs, units);
    enum verdict verdict;
    enum ag_err err = transact(loop, units, count, AG_DB_SHARED, &verdict);
    struct ag_diag diag = *ag_diag();
    for (size_t i = 0; i < count; i++) {
        enum ag_err own_err = err;
        *ag_diag() = diag;
        if (err != AG_OK && count > 1 && verdict != UNKNOWN)
            own_err = transact(loop, &units[i], 1, AG_DB_SHARED, &verdict);
        jobs[i]->done(jobs[i], own_err);
        loop->jobs_queued--;
        tell_queued(loop);
    }
}

static void runner_main(void *arg)
{
    struct ag_pg_loop *loop = arg;
    ag_fiber_shield();
    while (loop->jobs_head)
        run_jobs(loop);
    ag_fiber_unshield();
    loop->job_runners--;
    if (loop->jobs_queued == 0 && loop->drained) ag_fiber_wake(loop->drained);
}

enum ag_err ag_pg_write_start(struct ag_pg_loop *loop, struct ag_db_job *job)
{
    if (loop->jobs_queued >= AG_DB_MAX_QUEUED)
        return ag_fail(AG_E_OVERLOADED, "%u writes wait already", loop->jobs_queued);
    /* Half of the connections at most, so that jobs do not keep others waiting. */
    if (loop->job_runners < AG_MAX(loop->db->base.options.pg_writers / 2, 1)) {
        enum ag_err err = ag_fiber_spawn("pg-jobs", runner_main, loop);
        if (err != AG_OK && loop->job_runners == 0) return err;
        loop->job_runners += err == AG_OK;
    }
    *job_next(job) = NULL;
    if (loop->jobs_tail)
        *job_next(loop->jobs_tail) = job;
    else
        loop->jobs_head = job;
    loop->jobs_tail = job;
    loop->jobs_queued++;
    tell_queued(loop);
    return AG_OK;
}

/* ---- a loop comes and goes ---- */

void ag_pg_write_attach(struct ag_pg_loop *loop)
{
    loop->permits = loop->db->base.options.pg_writers;
}

void ag_pg_write_detach(struct ag_pg_loop *loop)
{
    ag_fiber_shield();
    loop->drained = ag_fiber_self();
    while (loop->jobs_queued > 0 || loop->job_runners > 0) {
        enum ag_err err = ag_fiber_park(AG_NEVER);
        AG_ASSERT(err == AG_OK);
    }
    loop->drained = NULL;
    ag_fiber_unshield();
    AG_ASSERT(loop->permits == loop->db->base.options.pg_writers);
    drop(loop, NULL);
}
