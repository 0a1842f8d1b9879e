/* Talking over a PostgreSQL connection: statements out, answers in, errors. */
#include "db/postgres.h"

#include "base/log.h"

/* ---- errors ---- */

/* SQLSTATEs, by whole code or by class (PostgreSQL's documentation, appendix A). */
static const struct {
    const char *prefix;
    enum ag_err err;
} states[] = {
    {"23505", AG_E_EXISTS},     {"23503", AG_E_CONFLICT},     {"23P01", AG_E_CONFLICT},
    {"40001", AG_E_OVERLOADED}, {"40P01", AG_E_OVERLOADED},   {"55P03", AG_E_OVERLOADED},
    {"57014", AG_E_TIMEOUT},    {"53100", AG_E_STORAGE_FULL}, {"08", AG_E_STORAGE},
    {"25006", AG_E_STORAGE},    {"25P03", AG_E_STORAGE},      {"26000", AG_E_STORAGE},
    {"28", AG_E_STORAGE},       {"3D000", AG_E_STORAGE},      {"53", AG_E_STORAGE},
    {"57", AG_E_STORAGE},       {"58", AG_E_STORAGE},         {"XX", AG_E_STORAGE},
};

static enum ag_err map_state(enum ag_pg_role role, const char *state)
{
    /* libpq made the error: the connection is gone. */
    if (!state) return AG_E_STORAGE;
    /* A statement that writes was given to ag_db_read(); on a writer the server became a standby.
     */
    if (role == AG_PG_READER && strcmp(state, "25006") == 0) return AG_E_INTERNAL;
    for (size_t i = 0; i < AG_COUNT(states); i++)
        if (strncmp(state, states[i].prefix, strlen(states[i].prefix)) == 0) return states[i].err;
    return AG_E_INTERNAL;
}

/* libpq's texts end with a line feed and may have several lines. */
static struct ag_str first_line(const char *text)
{
    struct ag_str s = ag_str(text);
    ptrdiff_t end = ag_str_find_char(s, '\n');
    return end >= 0 ? ag_str_sub(s, 0, (size_t)end) : s;
}

bool ag_pg_has_state(const PGresult *result, const char *state)
{
    const char *own = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return own && strcmp(own, state) == 0;
}

bool ag_pg_is_outage(const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return !state || strncmp(state, "08", 2) == 0 || strncmp(state, "57P", 3) == 0;
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

enum ag_err ag_pg_check(enum ag_pg_role role, const PGresult *result, const char *what)
{
    if (is_good(result)) return AG_OK;
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    /* The primary message only: the detail repeats values of the row. */
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    struct ag_str line = first_line(text ? text : PQresultErrorMessage(result));
    return ag_fail(map_state(role, state), "%s: %.*s (SQLSTATE %s)", what, AG_STR_ARG(line),
                   state ? state : "none");
}

static enum ag_err broken(const struct ag_pg_conn *conn)
{
    struct ag_str line = first_line(PQerrorMessage(conn->pg));
    if (line.len == 0) line = AG_STR("no reason given");
    return ag_fail(AG_E_STORAGE, "the connection to PostgreSQL broke: %.*s", AG_STR_ARG(line));
}

/* ---- out ---- */

static bool is_prepared(const struct ag_pg_conn *conn, unsigned id)
{
    return conn->prepared[id / 64] >> id % 64 & 1;
}

static void set_prepared(struct ag_pg_conn *conn, unsigned id, bool prepared)
{
    uint64_t bit = UINT64_C(1) << id % 64;
    if (prepared)
        conn->prepared[id / 64] |= bit;
    else
        conn->prepared[id / 64] &= ~bit;
}

static enum ag_err send_prepare(struct ag_pg_conn *conn, struct ag_pg_flight *flight,
                                const struct ag_stmt *stmt, const char *name)
{
    Oid oids[AG_DB_MAX_PARAMS];
    int count = (int)strlen(stmt->params);
    for (int i = 0; i < count; i++)
        oids[i] = ag_pg_oid((enum ag_value_type)stmt->params[i]);
    if (!PQsendPrepare(conn->pg, name, stmt->sql, count, oids)) return broken(conn);
    /* Said before it is true, so that others behind this one do not prepare it again; the answer
     * takes it back if it fails. */
    set_prepared(conn, stmt->id, true);
    flight->items[flight->sent].stmt = stmt;
    flight->items[flight->sent++].prepare = true;
    return AG_OK;
}

/* With `bound` nothing but a broken connection can keep it from going out. */
static enum ag_err send_bound(struct ag_pg_conn *conn, struct ag_pg_flight *flight,
                              const struct ag_stmt *stmt, const struct ag_pg_params *bound)
{
    char name[16];
    snprintf(name, sizeof(name), "s%u", stmt->id);
    if (!is_prepared(conn, stmt->id)) AG_TRY(send_prepare(conn, flight, stmt, name));
    if (!PQsendQueryPrepared(conn->pg, name, bound->count, bound->data, bound->bytes,
                             bound->formats, 1))
        return broken(conn);
    flight->items[flight->sent].stmt = stmt;
    flight->items[flight->sent++].prepare = false;
    return AG_OK;
}

/* Tells row-level security whose rows come next. If what stands before it up to the Sync fails, the
 * server skips both this and whatever relies on it. */
static enum ag_err send_tenant(struct ag_pg_conn *conn, struct ag_pg_flight *flight,
                               const struct ag_stmt *stmt, const struct ag_tenant *tenant)
{
    if (stmt->reach == AG_REACH_NONE) return AG_OK;
    struct ag_pg_wall wall = {.reach = stmt->reach};
    if (wall.reach == AG_REACH_TENANT) wall.org = tenant->org;
    if (wall.reach == conn->wall.reach && ag_uuid_eq(wall.org, conn->wall.org)) return AG_OK;
    char text[AG_UUID_TEXT_BYTES];
    struct ag_str value = AG_STR("*");
    if (wall.reach == AG_REACH_TENANT) value = ag_uuid_format(wall.org, text);
    const struct ag_pg_params bound = {
        .count = 1, .data = {value.data}, .bytes = {(int)value.len}, .formats = {1}};
    AG_TRY(send_bound(conn, flight, &ag_db_own_stmts[AG_DB_TENANT], &bound));
    conn->wall = wall;
    return AG_OK;
}

enum ag_err ag_pg_send(struct ag_pg_conn *conn, struct ag_pg_flight *flight,
                       const struct ag_stmt *stmt, const struct ag_value *params,
                       const struct ag_tenant *tenant, struct ag_arena *arena)
{
    AG_ASSERT(flight->sent + 4 <= AG_COUNT(flight->items));
    if (stmt->id > conn->stmt_max)
        return ag_fail(AG_E_INTERNAL, "statement %s was registered after the database was opened",
                       stmt->name);
    struct ag_pg_params bound;
    AG_TRY(ag_pg_bind(stmt, params, arena, &bound));
    AG_TRY(send_tenant(conn, flight, stmt, tenant));
    return send_bound(conn, flight, stmt, &bound);
}

enum ag_err ag_pg_sync(struct ag_pg_conn *conn)
{
    return PQpipelineSync(conn->pg) ? AG_OK : broken(conn);
}

/* ---- in ---- */

bool ag_pg_absorb(struct ag_pg_conn *conn, struct ag_pg_flight *flight, PGresult *result)
{
    if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        return true;
    }
    bool good = is_good(result);
    if (flight->answered < flight->sent) {
        const struct ag_stmt *stmt = flight->items[flight->answered].stmt;
        if (!good && flight->items[flight->answered].prepare) set_prepared(conn, stmt->id, false);
        /* The server has forgotten it, as some proxies make it do: it is prepared again. */
        if (ag_pg_has_state(result, "26000")) set_prepared(conn, stmt->id, false);
        flight->answered++;
    }
    if (flight->result && !is_good(flight->result)) {
        PQclear(result); /* what follows an error only says that it was skipped */
    } else {
        PQclear(flight->result);
        flight->result = result;
    }
    return false;
}

/* Waits until there is something to read, or to write when that is held up. */
static enum ag_err wait_turn(struct ag_pg_conn *conn, ag_deadline_ms deadline)
{
    int pending = PQflush(conn->pg);
    if (pending < 0) return broken(conn);
    enum ag_err err = pending ? ag_io_wait_either(conn->io, deadline)
                              : ag_io_wait_readable(conn->io, deadline);
    if (err == AG_E_TIMEOUT) return ag_fail(AG_E_STORAGE, "PostgreSQL does not answer");
    AG_TRY(err);
    return PQconsumeInput(conn->pg) ? AG_OK : broken(conn);
}

/* The next result, or NULL at the end of one statement's. */
static enum ag_err next_result(struct ag_pg_conn *conn, ag_deadline_ms deadline, PGresult **ret)
{
    while (PQisBusy(conn->pg))
        AG_TRY(wait_turn(conn, deadline));
    *ret = PQgetResult(conn->pg);
    return AG_OK;
}

enum ag_err ag_pg_collect(struct ag_pg_conn *conn, struct ag_pg_flight *flight,
                          ag_deadline_ms deadline)
{
    for (int ends = 0;;) {
        PGresult *result;
        AG_TRY(next_result(conn, deadline, &result));
        if (result) {
            ends = 0;
            if (ag_pg_absorb(conn, flight, result)) return AG_OK;
        } else if (++ends > 1) {
            return broken(conn); /* no more to come, though the Sync was not answered */
        }
        if (PQstatus(conn->pg) == CONNECTION_BAD) return broken(conn);
    }
}

enum ag_err ag_pg_script(struct ag_pg_conn *conn, const char *sql, ag_deadline_ms deadline)
{
    /* Several statements in one text are possible outside of pipeline mode only. */
    if (!PQexitPipelineMode(conn->pg) || !PQsendQuery(conn->pg, sql)) return broken(conn);
    enum ag_err err = AG_OK;
    for (;;) {
        PGresult *result;
        AG_TRY(next_result(conn, deadline, &result));
        if (!result) break;
        if (PQresultStatus(result) != PGRES_EMPTY_QUERY && err == AG_OK)
            err = ag_pg_check(conn->role, result, "running a script");
        PQclear(result);
        if (PQstatus(conn->pg) == CONNECTION_BAD) return broken(conn);
    }
    if (!PQenterPipelineMode(conn->pg)) return broken(conn);
    return err;
}
