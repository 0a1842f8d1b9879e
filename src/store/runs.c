#include "store/tables.h"

/* A list walks the index that leaves the fewest rows to look at. */
enum run_walk { WALK_ALL, WALK_AGENT, WALK_FAILED, WALK_RUNNING, WALK_CONVERSATION, WALKS };

enum {
    RUN_LIST,
    RUN_REACH = RUN_LIST + WALKS,
    RUN_REACH_PRIVATE = RUN_REACH + WALKS,
    RUN_PUT,
    RUN_GET,
    RUN_STATE,
    RUN_CANCEL,
    RUN_TURNS,
    RUN_CONVERSATION,
    RUN_INTERRUPT
};

#define RUN_COLUMNS                                                                                \
    "id, kind, status, agent_id, agent_version, conversation_id, provider, model, error_code, "    \
    "error_message, finish_reason, cached, input_tokens, output_tokens, latency_ms, ttft_ms, "     \
    "metadata, created_at, finished_at, private, public"
#define RUN_COLUMN_TYPES                                                                           \
    "uttuiuttttt"                                                                                  \
    "b"                                                                                            \
    "iiii"                                                                                         \
    "jzzbb"
#define RUN_SUMMARY(viewer)                                                                        \
    RUN_COLUMNS ", (SELECT a.name FROM ai_agents AS a WHERE a.org_id = runs.org_id "               \
                "AND a.id = runs.agent_id AND a.deleted_at IS NULL "                               \
                "AND (a.visibility <> 'private' OR a.user_id = " viewer ")), "                     \
                "substr(input_text, 1, 120)"
/* A private one is there for its user alone. */
#define RUN_SEEN(viewer)  "AND (NOT private OR user_id = " viewer ") "
#define RUN_SUMMARY_TYPES RUN_COLUMN_TYPES "tt"

/* $1 org, $2 the lowest id, $3 the id above the highest, $4 limit, then what is looked for in the
 * rows of the walk; $12 is who looks, $13 the walk's own, where it has one. SQLite takes the
 * primary key whenever it may, so there the walk names its index, or keeps the range from being
 * one. */
#define RUN_RANGE(plus) "WHERE org_id = $1 AND " plus "id >= $2 AND " plus "id < $3 "
#define RUN_MATCH                                                                                  \
    "AND ($5 IS NULL OR status = $5) AND ($6 IS NULL OR kind = $6) "                               \
    "AND ($7 IS NULL OR provider = $7) AND ($8 IS NULL OR model = $8) "                            \
    "AND ($9 IS NULL OR lower(substr(input_text, 1, 4000)) LIKE lower($9) ESCAPE '\\') "           \
    "AND ($10 IS NULL OR agent_id = $10) AND ($11 IS NULL OR conversation_id = $11) " RUN_SEEN(    \
        "$12")
#define RUN_LIST_TEXT(index, plus, condition)                                                      \
    "SELECT " RUN_SUMMARY("$12") " FROM runs " index RUN_RANGE(plus)                               \
    condition RUN_MATCH "ORDER BY id DESC LIMIT $4"
#define RUN_LIST_STMT(walk, types, index, plus, condition)                                         \
    {                                                                                              \
        .name = "run_list_" walk, .sql = RUN_LIST_TEXT("", "", condition),                         \
        .sqlite = RUN_LIST_TEXT(index, plus, condition), .params = "uuuitttttuuu" types,           \
        .columns = RUN_SUMMARY_TYPES                                                               \
    }
/* How far a walk reaches: the id of its row number $4. */
#define RUN_REACH_TEXT(index, plus, condition)                                                     \
    "SELECT id FROM runs " index RUN_RANGE(plus) condition "ORDER BY id DESC LIMIT 1 OFFSET $4"
#define RUN_REACH_STMT(walk, types, index, plus, condition)                                        \
    {                                                                                              \
        .name = "run_reach_" walk, .sql = RUN_REACH_TEXT("", "", condition),                       \
        .sqlite = RUN_REACH_TEXT(index, plus, condition), .params = "uuui" types, .columns = "u"   \
    }
/* The first run of a conversation gives it its id. */
#define OF_CONVERSATION(own)                                                                       \
    "AND id IN (SELECT " own " UNION ALL SELECT c.id FROM runs AS c WHERE c.org_id = $1 "          \
    "AND c.conversation_id = " own " AND c.conversation_id <> c.id) "
#define WALK_STMTS(stmt, own)                                                                      \
    stmt("all", "", "", "", ""),                                                                   \
        stmt("agent", "u", "INDEXED BY runs_by_agent ", "", "AND agent_id = " own " "),            \
        stmt("failed", "", "INDEXED BY runs_failed ", "", "AND status = 'failed' "),               \
        stmt("running", "", "INDEXED BY runs_unfinished ", "", "AND status = 'running' "),         \
        stmt("conversation", "u", "", "+", OF_CONVERSATION(own))

struct ag_stmt ag_run_stmts[AG_RUN_STMTS] = {
    WALK_STMTS(RUN_LIST_STMT, "$13"),
    WALK_STMTS(RUN_REACH_STMT, "$5"),
    [RUN_REACH_PRIVATE] = RUN_REACH_STMT("private", "", "INDEXED BY runs_private ", "",
                                         "AND private "),
    [RUN_PUT] =
        {.name = "run_put",
         .sql = "INSERT INTO runs (org_id, " RUN_COLUMNS ", input_text, output_text, user_id, "
                "key_id, boot_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
                "$14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27) "
                "ON CONFLICT (org_id, id) DO UPDATE SET "
                /* What another instance has cancelled stays so. */
                "status = CASE WHEN runs.status = 'running' THEN excluded.status "
                "ELSE runs.status END, "
                "error_code = CASE runs.status WHEN 'running' THEN excluded.error_code END, "
                "error_message = CASE runs.status WHEN 'running' THEN excluded.error_message END, "
                "finish_reason = excluded.finish_reason, cached = excluded.cached, "
                "input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens, "
                "latency_ms = excluded.latency_ms, ttft_ms = excluded.ttft_ms, "
                "output_text = excluded.output_text, finished_at = excluded.finished_at, "
                "provider = excluded.provider, model = excluded.model "
                "WHERE runs.status = 'running' OR (runs.status = 'cancelled' "
                "AND runs.latency_ms IS NULL AND runs.boot_id = excluded.boot_id)",
         .params = "u" RUN_COLUMN_TYPES "ttuuu",
         .columns = ""},
    [RUN_GET] = {.name = "run_get",
                 .sql = "SELECT " RUN_SUMMARY("$3") ", input_text, output_text FROM runs "
                                                    "WHERE org_id = $1 AND id = $2 " RUN_SEEN("$3"),
                 .params = "uuu",
                 .columns = RUN_SUMMARY_TYPES "tt"},
    [RUN_STATE] = {.name = "run_state",
                   .sql = "SELECT status, boot_id, created_at, user_id, key_id, agent_id "
                          "FROM runs WHERE org_id = $1 AND id = $2 " RUN_SEEN("$3"),
                   .params = "uuu",
                   .columns = "tuzuuu"},
    [RUN_CANCEL] = {.name = "run_cancel",
                    .sql = "UPDATE runs SET status = 'cancelled', finished_at = $3 "
                           "WHERE org_id = $1 AND id = $2 AND status = 'running'",
                    .params = "uuz",
                    .columns = ""},
    /* Whoever came by a public link goes on with what others said by it, and nothing else. */
    [RUN_TURNS] = {.name = "run_turns",
                   .sql = "SELECT input_text, output_text FROM ("
                          "SELECT id, input_text, output_text FROM runs WHERE org_id = $1 "
                          "AND agent_id = $2 AND status = 'completed' "
                          "AND (id = $3 OR (conversation_id = $3 AND conversation_id <> id)) "
                          "AND (NOT $6 OR public) " RUN_SEEN(
                              "$5") "ORDER BY id DESC LIMIT $4) AS latest ORDER BY id",
                   .params = "uuuiub",
                   .columns = "tt"},
    [RUN_CONVERSATION] = {.name = "run_conversation",
                          .sql = "SELECT id FROM runs WHERE org_id = $1 AND id = $3 "
                                 "AND agent_id = $2 AND conversation_id = $3 "
                                 "AND (NOT $5 OR public) " RUN_SEEN("$4"),
                          .params = "uuuub",
                          .columns = "u"},
    [RUN_INTERRUPT] = {.name = "run_interrupt",
                       .sql = "UPDATE runs SET status = 'failed', error_code = 'interrupted', "
                              "error_message = $2, finished_at = $3 "
                              "WHERE status = 'running' AND boot_id <> $1 AND created_at < $4",
                       .params = "utzz",
                       .columns = "",
                       .no_org = "start-up mends the rows of every organisation"},
};

#define RUN_SUMMARY_FIELDS                                                                         \
    AG_FIELD(struct ag_run, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The run"),                      \
        AG_FIELD(struct ag_run, kind, AG_F_ENUM, AG_FF_REQUIRED,                                   \
                 .choices = "generate|preview|validate|draft|test", .doc = "What asked for it"),   \
        AG_FIELD(struct ag_run, status, AG_F_ENUM, AG_FF_REQUIRED,                                 \
                 .choices = "running|completed|failed|cancelled", .doc = "How far it is"),         \
        AG_FIELD(struct ag_run, agent_id, AG_F_UUID, AG_FF_REQUIRED | AG_FF_NULLABLE,              \
                 .doc = "The agent that answered"),                                                \
        AG_FIELD(struct ag_run, agent_version, AG_F_INT, AG_FF_REQUIRED | AG_FF_NULLABLE,          \
                 .doc = "Its version then"),                                                       \
        AG_FIELD(struct ag_run, conversation_id, AG_F_UUID, AG_FF_REQUIRED | AG_FF_NULLABLE,       \
                 .doc = "The conversation it belongs to"),                                         \
        AG_FIELD(struct ag_run, provider, AG_F_STRING, AG_FF_REQUIRED, .doc = "Model provider",    \
                 .example = "\"openai\""),                                                         \
        AG_FIELD(struct ag_run, model, AG_F_STRING, AG_FF_REQUIRED,                                \
                 .doc = "The provider's name of the model", .example = "\"gpt-4o-mini\""),         \
        AG_FIELD(struct ag_run, error_code, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NULLABLE,          \
                 .doc = "Why it failed: a `code` of the error reference"),                         \
        AG_FIELD(struct ag_run, error_message, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NULLABLE,       \
                 .doc = "Why it failed, in words"),                                                \
        AG_FIELD(struct ag_run, finish_reason, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NULLABLE,       \
                 .doc = "Why the model stopped: stop, length, content_filter or tool_calls"),      \
        AG_FIELD(struct ag_run, cached, AG_F_BOOL, AG_FF_REQUIRED,                                 \
                 .doc = "Whether a stored answer was used"),                                       \
        AG_FIELD(struct ag_run, input_tokens, AG_F_INT, AG_FF_REQUIRED | AG_FF_NULLABLE,           \
                 .doc = "Tokens read, as the provider counts them"),                               \
        AG_FIELD(struct ag_run, output_tokens, AG_F_INT, AG_FF_REQUIRED | AG_FF_NULLABLE,          \
                 .doc = "Tokens written, as the provider counts them"),                            \
        AG_FIELD(struct ag_run, latency_ms, AG_F_INT, AG_FF_REQUIRED | AG_FF_NULLABLE,             \
                 .doc = "From the request to the end of the answer, milliseconds"),                \
        AG_FIELD(struct ag_run, ttft_ms, AG_F_INT, AG_FF_REQUIRED | AG_FF_NULLABLE,                \
                 .doc = "From the request to the first token, milliseconds"),                      \
        AG_FIELD(struct ag_run, metadata, AG_F_JSON, AG_FF_REQUIRED | AG_FF_NULLABLE,              \
                 .doc = "What the caller attached"),                                               \
        AG_FIELD(struct ag_run, created_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "When it began"),    \
        AG_FIELD(struct ag_run, finished_at, AG_F_TIME, AG_FF_REQUIRED | AG_FF_NULLABLE,           \
                 .doc = "When it ended"),                                                          \
        AG_FIELD(struct ag_run, private, AG_F_BOOL, AG_FF_REQUIRED,                                \
                 .doc = "Whether only its user sees it: a run of a private agent, or of none"),    \
        AG_FIELD(struct ag_run, public, AG_F_BOOL, AG_FF_REQUIRED,                                 \
                 .doc = "Whether it came by the agent's public link"),                             \
        AG_FIELD(struct ag_run, agent_name, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NULLABLE,          \
                 .doc = "The agent's name now; null when there is none any more"),                 \
        AG_FIELD(struct ag_run, input_preview, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NULLABLE,       \
                 .doc = "The first 120 characters of what was asked, where it is kept")

static const struct ag_field summary_fields[] = {RUN_SUMMARY_FIELDS};
AG_SCHEMA(ag_run_summary_schema, "RunSummary", struct ag_run, "A run without its texts",
          summary_fields);

static const struct ag_field run_fields[] = {
    RUN_SUMMARY_FIELDS,
    [AG_RUN_INPUT_TEXT] = AG_FIELD(struct ag_run, input_text, AG_F_STRING,
                                   AG_FF_REQUIRED | AG_FF_NULLABLE, .max = 200000,
                                   .doc = "What was asked"),
    [AG_RUN_OUTPUT_TEXT] = AG_FIELD(
        struct ag_run, output_text, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NULLABLE,
        .max = AG_RUN_MAX_OUTPUT_BYTES,
        .doc = "What was answered; of a run that did not complete, the part that came"),
};
AG_SCHEMA(ag_run_schema, "Run", struct ag_run, "One call of a model", run_fields);

/* The nullable columns in the order of the select, with the bit each sets. */
static struct ag_value opt(const struct ag_run *run, unsigned index, struct ag_value value)
{
    return ag_v_opt(ag_doc_has(run, index), value);
}

enum ag_err ag_runs_put(struct ag_tx *tx, struct ag_uuid org, const struct ag_run *run)
{
    return ag_tx_exec(
        tx, &ag_run_stmts[RUN_PUT],
        AG_BIND(ag_v_uuid(org), ag_v_uuid(run->id), ag_v_text(run->kind), ag_v_text(run->status),
                opt(run, AG_RUN_AGENT_ID, ag_v_uuid(run->agent_id)),
                opt(run, AG_RUN_AGENT_VERSION, ag_v_int(run->agent_version)),
                opt(run, AG_RUN_CONVERSATION_ID, ag_v_uuid(run->conversation_id)),
                ag_v_text(run->provider), ag_v_text(run->model),
                opt(run, AG_RUN_ERROR_CODE, ag_v_text(run->error_code)),
                opt(run, AG_RUN_ERROR_MESSAGE, ag_v_text(run->error_message)),
                opt(run, AG_RUN_FINISH_REASON, ag_v_text(run->finish_reason)),
                ag_v_bool(run->cached), opt(run, AG_RUN_INPUT_TOKENS, ag_v_int(run->input_tokens)),
                opt(run, AG_RUN_OUTPUT_TOKENS, ag_v_int(run->output_tokens)),
                opt(run, AG_RUN_LATENCY, ag_v_int(run->latency_ms)),
                opt(run, AG_RUN_TTFT, ag_v_int(run->ttft_ms)),
                opt(run, AG_RUN_METADATA, ag_v_json(run->metadata)), ag_v_time(run->created_at),
                opt(run, AG_RUN_FINISHED_AT, ag_v_time(run->finished_at)), ag_v_bool(run->private),
                ag_v_bool(run->public), opt(run, AG_RUN_INPUT_TEXT, ag_v_text(run->input_text)),
                opt(run, AG_RUN_OUTPUT_TEXT, ag_v_text(run->output_text)), ag_v_uuid(run->user_id),
                ag_v_opt(!ag_uuid_is_nil(run->key_id), ag_v_uuid(run->key_id)),
                ag_v_uuid(run->boot_id)),
        NULL);
}

static void run_from_row(const struct ag_value *row, size_t columns, struct ag_run *run)
{
    *run = (struct ag_run){
        .id = row[0].uuid,
        .kind = row[1].str,
        .status = row[2].str,
        .agent_id = row[3].uuid,
        .agent_version = row[4].num,
        .conversation_id = row[5].uuid,
        .provider = row[6].str,
        .model = row[7].str,
        .error_code = row[8].str,
        .error_message = row[9].str,
        .finish_reason = row[10].str,
        .cached = row[11].num != 0,
        .input_tokens = row[12].num,
        .output_tokens = row[13].num,
        .latency_ms = row[14].num,
        .ttft_ms = row[15].num,
        .metadata = row[16].str,
        .created_at = row[17].num,
        .finished_at = row[18].num,
        .private = row[19].num,
        .public = row[20].num,
        .agent_name = row[AG_RUN_AGENT_NAME].str,
        .input_preview = row[AG_RUN_INPUT_PREVIEW].str,
    };
    if (columns > AG_RUN_OUTPUT_TEXT) {
        run->input_text = row[AG_RUN_INPUT_TEXT].str;
        run->output_text = row[AG_RUN_OUTPUT_TEXT].str;
    }
    /* Columns and fields stand in the same order. */
    for (size_t i = 0; i < columns; i++)
        if (row[i].type != AG_V_NULL) AG_SET(run, i);
}

enum ag_err ag_runs_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                        struct ag_uuid viewer, struct ag_uuid id, struct ag_run *ret_run)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_run_stmts[RUN_GET],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id), ag_v_uuid(viewer)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such run");
    run_from_row(ag_row(&rows, 0), rows.columns, ret_run);
    return AG_OK;
}

enum ag_err ag_runs_state(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                          struct ag_uuid viewer, struct ag_uuid id, struct ag_run_state *ret_state)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_run_stmts[RUN_STATE],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id), ag_v_uuid(viewer)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such run");
    const struct ag_value *row = ag_row(&rows, 0);
    *ret_state = (struct ag_run_state){
        .running = ag_str_eq(row[0].str, AG_STR("running")),
        .boot_id = row[1].uuid,
        .created_at = row[2].num,
        .user_id = row[3].uuid,
    };
    if (row[4].type != AG_V_NULL) ret_state->key_id = row[4].uuid;
    if (row[5].type != AG_V_NULL) ret_state->agent_id = row[5].uuid;
    return AG_OK;
}

enum ag_err ag_runs_cancel(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id, int64_t now)
{
    return ag_tx_exec(tx, &ag_run_stmts[RUN_CANCEL],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id), ag_v_time(now)), NULL);
}

/* ---- lists ---- */

static enum run_walk walk_of(const struct ag_run_filter *filter)
{
    if (!ag_uuid_is_nil(filter->conversation_id)) return WALK_CONVERSATION;
    if (ag_str_eq(filter->status, AG_STR("running"))) return WALK_RUNNING;
    if (!ag_uuid_is_nil(filter->agent_id)) return WALK_AGENT;
    return ag_str_eq(filter->status, AG_STR("failed")) ? WALK_FAILED : WALK_ALL;
}

/* Whether rows of the walk may have to be passed over, for other reasons than whose they are. */
static bool is_choosy(const struct ag_run_filter *filter, enum run_walk walk)
{
    bool status = filter->status.len > 0 && walk != WALK_FAILED && walk != WALK_RUNNING;
    bool agent = !ag_uuid_is_nil(filter->agent_id) && walk != WALK_AGENT;
    return status || agent || filter->kind.len > 0 || filter->provider.len > 0 ||
           filter->model.len > 0 || filter->search.len > 0;
}

/* What ends a search that finds too little: the statement that counts its rows, or -1. Where others
 * have runs, private ones of theirs are passed over; an index of these alone is narrow. */
static int bound_of(const struct ag_run_filter *filter, enum run_walk walk)
{
    if (is_choosy(filter, walk)) return RUN_REACH + (int)walk;
    if (filter->alone) return -1;
    return walk == WALK_ALL ? RUN_REACH_PRIVATE : RUN_REACH + (int)walk;
}

struct reach {
    struct ag_uuid from, before; /* from <= id < before */
};

/* Where the page may begin and end; `to` and what was read before both end it. */
static struct reach reach_of(const struct ag_run_filter *filter, const struct ag_page *page)
{
    struct reach reach = {.from = {{0}}};
    memset(&reach.before, 0xFF, sizeof(reach.before));
    if (filter->from > 0) reach.from = ag_uuid_at(filter->from);
    if (filter->has_to) reach.before = ag_uuid_at(filter->to);
    if (page->has_after && memcmp(&page->after_id, &reach.before, sizeof(reach.before)) < 0)
        reach.before = page->after_id;
    return reach;
}

/* Shortens the reach to AG_RUN_SCAN_MAX rows of the statement's walk and says where that was, if it
 * was. */
static enum ag_err shorten(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                           int reach_stmt, struct ag_uuid own, struct reach *reach,
                           struct ag_uuid *ret_stopped_at)
{
    const struct ag_value params[] = {
        ag_v_uuid(org),           ag_v_uuid(reach->from),
        ag_v_uuid(reach->before), ag_v_int(AG_RUN_SCAN_MAX - 1),
        ag_v_uuid(own),
    };
    const struct ag_stmt *stmt = &ag_run_stmts[reach_stmt];
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, stmt, params, strlen(stmt->params), &rows));
    if (rows.count == 0) return AG_OK;
    reach->from = *ret_stopped_at = ag_row(&rows, 0)[0].uuid;
    return AG_OK;
}

enum ag_err ag_runs_reach_failed(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                                 struct ag_uuid before, struct ag_uuid *ret_from)
{
    struct reach reach = {.from = {{0}}, .before = before};
    struct ag_uuid stopped_at = {{0}};
    AG_TRY(shorten(db, arena, org, RUN_REACH + WALK_FAILED, before, &reach, &stopped_at));
    *ret_from = stopped_at;
    return AG_OK;
}

static enum ag_err list_read(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                             const struct ag_run_filter *filter, const struct ag_page *page,
                             enum run_walk walk, const struct reach *reach, struct ag_uuid own,
                             struct ag_rows *ret_rows)
{
    const struct ag_page search = {.search = filter->search};
    struct ag_str pattern;
    AG_TRY(ag_page_pattern(&search, arena, &pattern));
    const struct ag_value params[] = {
        ag_v_uuid(org),
        ag_v_uuid(reach->from),
        ag_v_uuid(reach->before),
        ag_v_int(page->limit),
        ag_v_opt(filter->status.len > 0, ag_v_text(filter->status)),
        ag_v_opt(filter->kind.len > 0, ag_v_text(filter->kind)),
        ag_v_opt(filter->provider.len > 0, ag_v_text(filter->provider)),
        ag_v_opt(filter->model.len > 0, ag_v_text(filter->model)),
        ag_v_opt(filter->search.len > 0, ag_v_text(pattern)),
        ag_v_opt(!ag_uuid_is_nil(filter->agent_id), ag_v_uuid(filter->agent_id)),
        ag_v_opt(!ag_uuid_is_nil(filter->conversation_id), ag_v_uuid(filter->conversation_id)),
        ag_v_uuid(filter->viewer),
        ag_v_uuid(own),
    };
    const struct ag_stmt *stmt = &ag_run_stmts[RUN_LIST + (int)walk];
    return ag_db_read(db, arena, stmt, params, strlen(stmt->params), ret_rows);
}

enum ag_err ag_runs_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                         const struct ag_run_filter *filter, const struct ag_page *page,
                         struct ag_list *ret_runs, struct ag_uuid *ret_stopped_at)
{
    enum run_walk walk = walk_of(filter);
    struct ag_uuid own = walk == WALK_AGENT ? filter->agent_id : filter->conversation_id;
    struct reach reach = reach_of(filter, page);
    struct ag_uuid stopped_at = {{0}};
    struct ag_rows rows;
    int bound = bound_of(filter, walk);
    if (bound >= 0) AG_TRY(shorten(db, arena, org, bound, own, &reach, &stopped_at));
    AG_TRY(list_read(db, arena, org, filter, page, walk, &reach, own, &rows));
    struct ag_run *runs = AG_ARENA_ARRAY(arena, struct ag_run, rows.count);
    if (!runs) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++)
        run_from_row(ag_row(&rows, i), rows.columns, &runs[i]);
    *ret_runs = (struct ag_list){runs, rows.count};
    *ret_stopped_at = stopped_at;
    return AG_OK;
}

enum ag_err ag_runs_turns(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                          const struct ag_conversation *talk, int64_t limit,
                          struct ag_list *ret_turns)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_run_stmts[RUN_TURNS],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(talk->agent_id), ag_v_uuid(talk->id),
                              ag_v_int(limit), ag_v_uuid(talk->viewer), ag_v_bool(talk->public)),
                      &rows));
    struct ag_turn *turns = AG_ARENA_ARRAY(arena, struct ag_turn, rows.count);
    if (!turns) return ag_fail(AG_E_NO_MEMORY, "no memory for a conversation");
    for (size_t i = 0; i < rows.count; i++)
        turns[i] = (struct ag_turn){ag_row(&rows, i)[0].str, ag_row(&rows, i)[1].str};
    *ret_turns = (struct ag_list){turns, rows.count};
    return AG_OK;
}

enum ag_err ag_runs_conversation_exists(struct ag_db *db, struct ag_arena *arena,
                                        struct ag_uuid org, const struct ag_conversation *talk,
                                        bool *ret_exists)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_run_stmts[RUN_CONVERSATION],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(talk->agent_id), ag_v_uuid(talk->id),
                              ag_v_uuid(talk->viewer), ag_v_bool(talk->public)),
                      &rows));
    *ret_exists = rows.count > 0;
    return AG_OK;
}

enum ag_err ag_runs_interrupt(struct ag_tx *tx, struct ag_uuid boot_id, int64_t created_before,
                              int64_t *ret_count)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_run_stmts[RUN_INTERRUPT],
                      AG_BIND(ag_v_uuid(boot_id),
                              ag_v_text(AG_STR("The server stopped while this was running")),
                              ag_v_time(ag_wall_ms()), ag_v_time(created_before)),
                      &rows));
    *ret_count = rows.changed;
    return AG_OK;
}
