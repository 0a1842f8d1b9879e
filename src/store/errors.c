/* What went wrong, from two tables: runs that failed, and reports from browsers. */
#include "store/tables.h"

enum {
    FAILED_RUNS,
    CLIENT_ERRORS,
    CLIENT_ERROR_REPEAT,
    CLIENT_ERROR_INSERT,
    CLIENT_ERROR_EXPIRE,
    CLIENT_ERROR_TRIM
};

/* SQLite takes the primary key whenever it may, and would read every run. */
#define FAILED_TEXT(index)                                                                         \
    "SELECT r.id, r.kind, r.error_code, r.error_message, r.created_at, r.agent_id, a.name, "       \
    "r.provider, r.model FROM runs AS r " index                                                    \
    "LEFT JOIN ai_agents AS a ON a.org_id = r.org_id AND a.id = r.agent_id "                       \
    "AND a.deleted_at IS NULL AND (a.visibility <> 'private' OR a.user_id = $5) "                  \
    "WHERE r.org_id = $1 AND r.status = 'failed' AND r.id < $3 AND r.id >= $4 "                    \
    "AND (NOT r.private OR r.user_id = $5) ORDER BY r.id DESC LIMIT $2"

struct ag_stmt ag_error_stmts[AG_ERROR_STMTS] = {
    [FAILED_RUNS] = {.name = "run_failures",
                     .sql = FAILED_TEXT(""),
                     .sqlite = FAILED_TEXT("INDEXED BY runs_failed "),
                     .params = "uiuuu",
                     .columns = "utttzuttt"},
    [CLIENT_ERRORS] = {.name = "client_errors",
                       .sql = "SELECT id, kind, message, created_at, last_at, count, stack, path, "
                              "user_agent FROM client_errors WHERE org_id = $1 AND id < $3 "
                              "AND id >= $4 ORDER BY id DESC LIMIT $2",
                       .params = "uiuu",
                       .columns = "uttzzittt"},
    [CLIENT_ERROR_REPEAT] = {.name = "client_error_repeat",
                             .sql = "UPDATE client_errors SET count = count + 1, last_at = $4 "
                                    "WHERE org_id = $1 AND fingerprint = $2 AND id > $3",
                             .params = "utuz",
                             .columns = ""},
    [CLIENT_ERROR_INSERT] = {.name = "client_error_insert",
                             .sql = "INSERT INTO client_errors (org_id, id, user_id, kind, "
                                    "fingerprint, message, stack, path, user_agent, created_at, "
                                    "last_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
                                    "$10)",
                             .params = "uuuttttttz",
                             .columns = ""},
    [CLIENT_ERROR_EXPIRE] = {.name = "client_error_expire",
                             .sql = "DELETE FROM client_errors WHERE org_id = $1 AND id < $2",
                             .params = "uu",
                             .columns = ""},
    [CLIENT_ERROR_TRIM] = {.name = "client_error_trim",
                           .sql = "DELETE FROM client_errors WHERE org_id = $1 AND id <= ("
                                  "SELECT id FROM client_errors WHERE org_id = $1 "
                                  "ORDER BY id DESC LIMIT 1 OFFSET $2)",
                           .params = "ui",
                           .columns = ""},
};

enum {
    ENTRY_CODE = 3,
    ENTRY_RETRYABLE = 8,
    ENTRY_RUN_ID,
    ENTRY_AGENT_ID,
    ENTRY_AGENT_NAME,
    ENTRY_MODEL,
    ENTRY_PATH,
    ENTRY_STACK,
    ENTRY_USER_AGENT,
};

static const struct ag_field entry_fields[] = {
    AG_FIELD(struct ag_error_entry, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The entry"),
    AG_FIELD(struct ag_error_entry, source, AG_F_ENUM, AG_FF_REQUIRED, .choices = "run|client",
             .doc = "Where it happened: in a run, or in somebody's browser"),
    AG_FIELD(struct ag_error_entry, kind, AG_F_ENUM, AG_FF_REQUIRED,
             .choices = "generate|preview|validate|draft|test|error|rejection|render|csp",
             .doc = "What asked for the run, or what kind of report it is"),
    [ENTRY_CODE] = AG_FIELD(struct ag_error_entry, code, AG_F_STRING,
                            AG_FF_REQUIRED | AG_FF_NULLABLE,
                            .doc = "Of a run: a `code` of the error reference"),
    AG_FIELD(struct ag_error_entry, message, AG_F_STRING, AG_FF_REQUIRED, .doc = "What happened"),
    AG_FIELD(struct ag_error_entry, created_at, AG_F_TIME, AG_FF_REQUIRED,
             .doc = "When it happened first"),
    AG_FIELD(struct ag_error_entry, last_at, AG_F_TIME, AG_FF_REQUIRED,
             .doc = "When it happened last"),
    AG_FIELD(struct ag_error_entry, count, AG_F_INT, AG_FF_REQUIRED,
             .doc = "How often; a report that repeats within a day is counted"),
    [ENTRY_RETRYABLE] = AG_FIELD(struct ag_error_entry, retryable, AG_F_BOOL,
                                 AG_FF_REQUIRED | AG_FF_NULLABLE,
                                 .doc = "Whether the same request may succeed later"),
    [ENTRY_RUN_ID] = AG_FIELD(struct ag_error_entry, run_id, AG_F_UUID,
                              AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "The run"),
    [ENTRY_AGENT_ID] = AG_FIELD(struct ag_error_entry, agent_id, AG_F_UUID,
                                AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "The run's agent"),
    [ENTRY_AGENT_NAME] = AG_FIELD(struct ag_error_entry, agent_name, AG_F_STRING,
                                  AG_FF_REQUIRED | AG_FF_NULLABLE,
                                  .doc = "Its name, unless it was deleted"),
    [ENTRY_MODEL] = AG_FIELD(struct ag_error_entry, model, AG_F_STRING,
                             AG_FF_REQUIRED | AG_FF_NULLABLE,
                             .doc = "The model asked, as `provider/model`"),
    [ENTRY_PATH] = AG_FIELD(struct ag_error_entry, path, AG_F_STRING,
                            AG_FF_REQUIRED | AG_FF_NULLABLE,
                            .doc = "The page it happened on, without its query"),
    [ENTRY_STACK] = AG_FIELD(struct ag_error_entry, stack, AG_F_STRING,
                             AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "Where in the program"),
    [ENTRY_USER_AGENT] = AG_FIELD(struct ag_error_entry, user_agent, AG_F_STRING,
                                  AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "The browser"),
};
AG_SCHEMA(ag_error_entry_schema, "ErrorEntry", struct ag_error_entry, "Something that went wrong",
          entry_fields);

static void set_text(struct ag_error_entry *entry, unsigned index, struct ag_str *field,
                     const struct ag_value *value)
{
    if (value->type == AG_V_NULL) return;
    *field = value->str;
    AG_SET(entry, index);
}

static enum ag_err entry_of_run(const struct ag_value *row, struct ag_arena *arena,
                                struct ag_error_entry *entry)
{
    *entry = (struct ag_error_entry){
        .id = row[0].uuid,
        .source = AG_STR("run"),
        .kind = row[1].str,
        .message = row[3].type == AG_V_NULL ? AG_STR("The run failed") : row[3].str,
        .created_at = row[4].num,
        .last_at = row[4].num,
        .count = 1,
        .run_id = row[0].uuid,
        .model = ag_arena_printf(arena, "%.*s/%.*s", AG_STR_ARG(row[7].str),
                                 AG_STR_ARG(row[8].str)),
    };
    if (!entry->model.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    AG_SET(entry, ENTRY_RUN_ID);
    AG_SET(entry, ENTRY_MODEL);
    set_text(entry, ENTRY_CODE, &entry->code, &row[2]);
    set_text(entry, ENTRY_AGENT_NAME, &entry->agent_name, &row[6]);
    if (row[5].type != AG_V_NULL) {
        entry->agent_id = row[5].uuid;
        AG_SET(entry, ENTRY_AGENT_ID);
    }
    const char *code = ag_arena_cstr(arena, entry->code);
    if (!code) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    enum ag_err err = ag_err_from_code(code);
    if (err == AG_E_COUNT) return AG_OK; /* of another version of this program */
    entry->retryable = ag_err_info(err)->retryable;
    AG_SET(entry, ENTRY_RETRYABLE);
    return AG_OK;
}

static void entry_of_report(const struct ag_value *row, struct ag_error_entry *entry)
{
    *entry = (struct ag_error_entry){
        .id = row[0].uuid,
        .source = AG_STR("client"),
        .kind = row[1].str,
        .message = row[2].str,
        .created_at = row[3].num,
        .last_at = row[4].num,
        .count = row[5].num,
    };
    set_text(entry, ENTRY_STACK, &entry->stack, &row[6]);
    set_text(entry, ENTRY_PATH, &entry->path, &row[7]);
    if (row[8].str.len > 0) set_text(entry, ENTRY_USER_AGENT, &entry->user_agent, &row[8]);
}

/* Takes the newer of two heads until the page is full. */
static enum ag_err merge(const struct ag_rows *runs, const struct ag_rows *reports, size_t limit,
                         struct ag_arena *arena, struct ag_list *ret_entries)
{
    size_t most = AG_MIN(runs->count + reports->count, limit);
    struct ag_error_entry *entries = AG_ARENA_ARRAY(arena, struct ag_error_entry, most);
    if (!entries) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0, run = 0, report = 0; i < most; i++) {
        bool take_run = report == reports->count;
        if (!take_run && run < runs->count)
            take_run = memcmp(ag_row(runs, run)[0].uuid.bytes,
                              ag_row(reports, report)[0].uuid.bytes, 16) > 0;
        if (take_run)
            AG_TRY(entry_of_run(ag_row(runs, run++), arena, &entries[i]));
        else
            entry_of_report(ag_row(reports, report++), &entries[i]);
    }
    *ret_entries = (struct ag_list){entries, most};
    return AG_OK;
}

enum ag_err ag_errors_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                           const struct ag_error_filter *filter, const struct ag_page *page,
                           struct ag_list *ret_entries, struct ag_uuid *ret_stopped_at)
{
    struct ag_rows runs = {.count = 0}, reports = {.count = 0};
    bool with_runs = !ag_str_eq(filter->source, AG_STR("client"));
    struct ag_uuid before = page->after_id, from = {{0}};
    if (!page->has_after) memset(before.bytes, 0xff, sizeof(before.bytes));
    /* Where others have runs, private ones of theirs are passed over, but not without end. */
    if (with_runs && !filter->alone) AG_TRY(ag_runs_reach_failed(db, arena, org, before, &from));
    const struct ag_value params[] = {ag_v_uuid(org), ag_v_int(page->limit), ag_v_uuid(before),
                                      ag_v_uuid(from), ag_v_uuid(filter->viewer)};
    if (with_runs) AG_TRY(ag_db_read(db, arena, &ag_error_stmts[FAILED_RUNS], params, 5, &runs));
    if (!ag_str_eq(filter->source, AG_STR("run")))
        AG_TRY(ag_db_read(db, arena, &ag_error_stmts[CLIENT_ERRORS], params, 4, &reports));
    *ret_stopped_at = from;
    return merge(&runs, &reports, (size_t)page->limit, arena, ret_entries);
}

enum ag_err ag_client_errors_put(struct ag_tx *tx, struct ag_uuid org,
                                 const struct ag_client_error *report, int64_t repeat_after,
                                 int64_t keep_after, int64_t keep)
{
    struct ag_rows rows;
    /* The same on every instance, so that two first reports do not become two rows. */
    int64_t lock = 0;
    memcpy(&lock, report->fingerprint.data, AG_MIN(report->fingerprint.len, sizeof(lock)));
    AG_TRY(ag_tx_lock(tx, lock));
    AG_TRY(ag_tx_exec(tx, &ag_error_stmts[CLIENT_ERROR_REPEAT],
                      AG_BIND(ag_v_uuid(org), ag_v_text(report->fingerprint),
                              ag_v_uuid(ag_uuid_at(repeat_after)), ag_v_time(report->created_at)),
                      &rows));
    if (rows.changed > 0) return AG_OK;
    AG_TRY(ag_tx_exec(tx, &ag_error_stmts[CLIENT_ERROR_EXPIRE],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(ag_uuid_at(keep_after))), NULL));
    /* One less: another comes. */
    AG_TRY(ag_tx_exec(tx, &ag_error_stmts[CLIENT_ERROR_TRIM],
                      AG_BIND(ag_v_uuid(org), ag_v_int(keep - 1)), NULL));
    return ag_tx_exec(tx, &ag_error_stmts[CLIENT_ERROR_INSERT],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(report->id), ag_v_uuid(report->user_id),
                              ag_v_text(report->kind), ag_v_text(report->fingerprint),
                              ag_v_text(report->message),
                              ag_v_opt(report->stack.len > 0, ag_v_text(report->stack)),
                              ag_v_opt(report->path.len > 0, ag_v_text(report->path)),
                              ag_v_text(report->user_agent), ag_v_time(report->created_at)),
                      NULL);
}
