/*
 * Reading from PostgreSQL: one connection per loop for all its fibers.
 *
 * A fiber puts its query into the connection's buffer and parks. The pump, a fiber that owns the
 * connection, runs after all that were ready: it ends the queries of this turn with one Sync, sends
 * them with one system call, takes the answers in order and wakes who they are for. A query that
 * fails makes the server skip those behind it up to the Sync; they are sent again, as they are when
 * the connection breaks and the pump has made a new one: for reading both are harmless.
 *
 * A fiber may leave before its answer has come. Its slot stays in the row and is dropped when the
 * answer arrives.
 */
#include "db/postgres.h"

#include "base/log.h"

enum {
    SLOTS_MAX = 4096, /* queries under way per loop */
    CONNECT_MS = 5000,
    BACK_OFF_MIN_MS = 50,
    BACK_OFF_MAX_MS = 1000,
};

struct ag_pg_slot {
    struct ag_pg_slot *next;
    struct ag_pg_flight flight;
    struct ag_fiber *fiber; /* NULL when it has left */
    int64_t sent_ms;
    bool done;
    bool lost; /* not run: the connection broke, or a query before it failed */
};

/* ---- slots ---- */

static struct ag_pg_slot *slot_new(struct ag_pg_loop *loop)
{
    if (loop->slots_used == SLOTS_MAX) return NULL;
    struct ag_pg_slot *slot = loop->slots_free;
    if (slot)
        loop->slots_free = slot->next;
    else
        slot = malloc(sizeof(*slot));
    if (!slot) return NULL;
    *slot = (struct ag_pg_slot){.fiber = ag_fiber_self(), .sent_ms = ag_mono_ms()};
    loop->slots_used++;
    return slot;
}

static void slot_free(struct ag_pg_loop *loop, struct ag_pg_slot *slot)
{
    PQclear(slot->flight.result);
    slot->next = loop->slots_free;
    loop->slots_free = slot;
    loop->slots_used--;
}

static void slot_push(struct ag_pg_loop *loop, struct ag_pg_slot *slot)
{
    if (loop->slots_tail)
        loop->slots_tail->next = slot;
    else
        loop->slots_head = slot;
    loop->slots_tail = slot;
}

/* Takes the first slot out of the row and hands it to its fiber. */
static void slot_finish(struct ag_pg_loop *loop, bool lost)
{
    struct ag_pg_slot *slot = loop->slots_head;
    loop->slots_head = slot->next;
    if (!loop->slots_head) loop->slots_tail = NULL;
    slot->done = true;
    slot->lost = lost;
    if (slot->fiber)
        ag_fiber_wake(slot->fiber);
    else
        slot_free(loop, slot);
}

/* ---- the pump ---- */

static enum ag_err pump_broken(struct ag_pg_loop *loop)
{
    struct ag_str text = ag_str_trim(ag_str(PQerrorMessage(loop->reader->pg)));
    ptrdiff_t end = ag_str_find_char(text, '\n');
    if (end >= 0) text = ag_str_sub(text, 0, (size_t)end);
    return ag_fail(AG_E_STORAGE, "the connection to PostgreSQL broke: %.*s", AG_STR_ARG(text));
}

static enum ag_err take_answer(struct ag_pg_loop *loop, PGresult *result)
{
    struct ag_pg_slot *slot = loop->slots_head;
    ExecStatusType status = PQresultStatus(result);
    bool skipped = status == PGRES_PIPELINE_ABORTED;
    if (PQstatus(loop->reader->pg) == CONNECTION_BAD ||
        (status == PGRES_FATAL_ERROR && ag_pg_is_outage(result))) {
        PQclear(result);
        return pump_broken(loop);
    }
    if (status == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        loop->syncs_due--;
    } else if (slot) {
        /* Skipped from its first answer on: it was somebody else's failure. */
        if (skipped && slot->flight.answered == 0) slot->lost = true;
        ag_pg_absorb(loop->reader, &slot->flight, result);
        if (slot->flight.answered == slot->flight.sent) slot_finish(loop, slot->lost);
    } else {
        PQclear(result);
        return pump_broken(loop);
    }
    return AG_OK;
}

static enum ag_err take_answers(struct ag_pg_loop *loop)
{
    PGconn *pg = loop->reader->pg;
    for (int ends = 0; (loop->slots_head || loop->syncs_due > 0) && !PQisBusy(pg);) {
        PGresult *result = PQgetResult(pg);
        if (!result) {
            if (++ends > 1) return pump_broken(loop);
            continue;
        }
        ends = 0;
        AG_TRY(take_answer(loop, result));
    }
    return AG_OK;
}

/* Ends the queries that were put into the buffer since the last Sync. */
static enum ag_err send_sync(struct ag_pg_loop *loop)
{
    if (!loop->sync_wanted) return AG_OK;
    AG_TRY(ag_pg_sync(loop->reader));
    loop->reader->wall = (struct ag_pg_wall){0};
    loop->sync_wanted = false;
    loop->syncs_due++;
    return AG_OK;
}

/* Serves the connection until it breaks; never returns AG_OK but when stopping. */
static enum ag_err pump_serve(struct ag_pg_loop *loop)
{
    struct ag_pg_conn *conn = loop->reader;
    while (!loop->stopping) {
        AG_TRY(send_sync(loop));
        int pending = PQflush(conn->pg);
        if (pending < 0) return pump_broken(loop);
        AG_TRY(pending ? ag_io_wait_either(conn->io, AG_NEVER)
                       : ag_io_wait_readable(conn->io, AG_NEVER));
        if (loop->reader_stuck) return ag_fail(AG_E_STORAGE, "PostgreSQL does not answer");
        if (!PQconsumeInput(conn->pg)) return pump_broken(loop);
        AG_TRY(take_answers(loop));
    }
    return AG_OK;
}

/* Tries until there is a connection, or the loop ends. */
static void pump_connect(struct ag_pg_loop *loop)
{
    const struct ag_db *db = &loop->db->base;
    for (int64_t pause = BACK_OFF_MIN_MS; !loop->stopping;) {
        enum ag_err err = ag_pg_connect(&db->options, loop->db->url, AG_PG_READER,
                                        ag_deadline_in(CONNECT_MS), &loop->reader);
        if (err == AG_OK) return;
        loop->connect_diag = *ag_diag();
        ag_log_diag(AG_LOG_DEBUG, "postgres_connect_failed", err);
        /* Half of it is chance, so that many servers do not come back in step. */
        err = ag_fiber_sleep(pause / 2 + ag_random_below((uint32_t)(pause / 2 + 1)));
        if (err == AG_E_CANCELED) return;
        pause = AG_MIN(pause * 2, BACK_OFF_MAX_MS);
    }
}

static void pump_main(void *arg)
{
    struct ag_pg_loop *loop = arg;
    for (bool again = false; !loop->stopping; again = true) {
        pump_connect(loop);
        if (!loop->reader) return;
        if (again) {
            AG_DB_COUNT(loop->counters->reconnects, 1);
            ag_log(AG_LOG_INFO, "postgres_connected");
        }
        loop->reader_stuck = loop->sync_wanted = false;
        loop->syncs_due = 0;
        ag_cond_broadcast(&loop->reader_ready);
        enum ag_err err = pump_serve(loop);
        if (err != AG_OK && !loop->stopping) {
            loop->connect_diag = *ag_diag();
            ag_log_diag(AG_LOG_WARN, "postgres_lost", err);
        }
        while (loop->slots_head)
            slot_finish(loop, true);
        ag_pg_conn_free(AG_TAKE(loop->reader));
    }
}

/* ---- a fiber ---- */

static enum ag_err wait_for_reader(struct ag_pg_loop *loop, ag_deadline_ms deadline)
{
    while (!loop->reader) {
        enum ag_err err = ag_cond_wait(&loop->reader_ready, deadline);
        if (err == AG_E_TIMEOUT) {
            ag_diag_clear();
            ag_diag_append(&loop->connect_diag);
            return ag_fail_more(AG_E_STORAGE, "the database cannot be reached");
        }
        AG_TRY(err);
    }
    return AG_OK;
}

/* Waits for the slot's answer. After an error the slot is no longer the caller's. */
static enum ag_err wait_for_answer(struct ag_pg_loop *loop, struct ag_pg_slot *slot,
                                   ag_deadline_ms deadline)
{
    while (!slot->done) {
        enum ag_err err = ag_fiber_park(deadline);
        if (err == AG_OK) continue;
        if (slot->done) {
            slot_free(loop, slot);
            return err;
        }
        slot->fiber = NULL;
        /* The server ends a slow query by itself. If even that did not happen for the oldest one,
         * the connection is dead and nobody has told. */
        if (err == AG_E_TIMEOUT && loop->reader && loop->slots_head &&
            ag_mono_ms() - loop->slots_head->sent_ms >= loop->db->base.options.timeout_ms) {
            loop->reader_stuck = true;
            ag_fiber_wake(loop->pump);
        }
        return err;
    }
    return AG_OK;
}

/* Puts the query into the buffer. AG_E_STORAGE: the connection is broken, and the slot in the row
 * all the same, to be ended with it. After another error it is not. */
static enum ag_err send_query(struct ag_pg_loop *loop, struct ag_pg_slot *slot,
                              struct ag_arena *arena, const struct ag_stmt *stmt,
                              const struct ag_value *params)
{
    const struct ag_tenant tenant = ag_db_tenant();
    enum ag_err err = ag_pg_send(loop->reader, &slot->flight, stmt, params, &tenant, arena);
    if (err != AG_OK && err != AG_E_STORAGE) return err;
    slot_push(loop, slot);
    if (err != AG_OK) loop->reader_stuck = true;
    if (err != AG_OK || !loop->sync_wanted) ag_fiber_wake(loop->pump);
    loop->sync_wanted = true;
    return err;
}

/* One attempt. `*ret_lost`: the query was not run, through no fault of its own. */
static enum ag_err try_read(struct ag_pg_loop *loop, struct ag_arena *arena,
                            const struct ag_stmt *stmt, const struct ag_value *params,
                            ag_deadline_ms deadline, struct ag_rows *ret_rows, bool *ret_lost)
{
    *ret_lost = false;
    struct ag_pg_slot *slot = slot_new(loop);
    if (!slot)
        return ag_fail(AG_E_OVERLOADED, "%u queries are under way already", loop->slots_used);
    enum ag_err err = send_query(loop, slot, arena, stmt, params);
    if (err != AG_OK && err != AG_E_STORAGE) {
        slot_free(loop, slot);
        return err;
    }
    AG_TRY(wait_for_answer(loop, slot, deadline));
    *ret_lost = slot->lost || ag_pg_has_state(slot->flight.result, "26000");
    err = *ret_lost ? AG_OK : ag_pg_check(AG_PG_READER, slot->flight.result, stmt->name);
    if (err == AG_OK && !*ret_lost)
        err = ag_pg_rows(slot->flight.result, stmt, arena, loop->db->base.options.read_max_bytes,
                         ret_rows);
    slot_free(loop, slot);
    return err;
}

enum ag_err ag_pg_read(struct ag_pg_loop *loop, struct ag_arena *arena, const struct ag_stmt *stmt,
                       const struct ag_value *params, ag_deadline_ms deadline,
                       struct ag_rows *ret_rows)
{
    for (bool again = false;; again = true) {
        bool lost;
        AG_TRY(wait_for_reader(loop, deadline));
        /* The second time nothing before it may fail. */
        if (again && send_sync(loop) != AG_OK) loop->reader_stuck = true;
        enum ag_err err = try_read(loop, arena, stmt, params, deadline, ret_rows, &lost);
        if (!lost) return err;
        if (ag_mono_ms() >= deadline)
            return ag_fail(AG_E_STORAGE, "statement %s: the connection broke", stmt->name);
    }
}

/* ---- a loop comes and goes ---- */

enum ag_err ag_pg_read_attach(struct ag_pg_loop *loop)
{
    loop->stopping = false;
    AG_TRY(ag_fiber_spawn_joinable("pg-reader", pump_main, loop, &loop->pump));
    enum ag_err err = wait_for_reader(loop, ag_deadline_in(loop->db->base.options.timeout_ms));
    if (err != AG_OK) ag_pg_read_detach(loop);
    return err;
}

void ag_pg_read_detach(struct ag_pg_loop *loop)
{
    loop->stopping = true;
    ag_fiber_cancel(loop->pump);
    ag_fiber_join(loop->pump);
    while (loop->slots_free) {
        struct ag_pg_slot *slot = loop->slots_free;
        loop->slots_free = slot->next;
        free(slot);
    }
}
