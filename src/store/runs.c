#include "store/tables.h"

enum {
    RUN_PUT,
    RUN_GET,
    RUN_LIST_FIRST,
    RUN_LIST_AFTER,
    RUN_TURNS,
    RUN_CONVERSATION,
    RUN_INTERRUPT
};

#define RUN_SUMMARY                                                                                \
    "id, kind, status, agent_id, agent_version, conversation_id, provider, model, error_code, "    \
    "error_message, finish_reason, cached, input_tokens, output_tokens, latency_ms, ttft_ms, "     \
    "metadata, created_at, finished_at"
#define RUN_SUMMARY_TYPES                                                                          \
    "uttuiuttttt"                                                                                  \
    "b"                                                                                            \
    "iiii"                                                                                         \
    "jzz"
#define RUN_LIST                                                                                   \
    "SELECT " RUN_SUMMARY " FROM runs WHERE org_id = $1 "                                          \
    "AND ($2 IS NULL OR agent_id = $2) AND ($3 IS NULL OR status = $3) "                           \
    "AND ($4 IS NULL OR conversation_id = $4) "

struct ag_stmt ag_run_stmts[AG_RUN_STMTS] = {
    [RUN_PUT] =
        {.name = "run_put",
         .sql = "INSERT INTO runs (org_id, " RUN_SUMMARY ", input_text, output_text, user_id, "
                "key_id, boot_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
                "$14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25) "
                "ON CONFLICT (org_id, id) DO UPDATE SET status = excluded.status, "
                "error_code = excluded.error_code, error_message = excluded.error_message, "
                "finish_reason = excluded.finish_reason, cached = excluded.cached, "
                "input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens, "
                "latency_ms = excluded.latency_ms, ttft_ms = excluded.ttft_ms, "
                "output_text = excluded.output_text, finished_at = excluded.finished_at, "
                "provider = excluded.provider, model = excluded.model "
                "WHERE runs.status = 'running'",
         .params = "u" RUN_SUMMARY_TYPES "ttuuu",
         .columns = ""},
    [RUN_GET] = {.name = "run_get",
                 .sql = "SELECT " RUN_SUMMARY ", input_text, output_text FROM runs "
                        "WHERE org_id = $1 AND id = $2",
                 .params = "uu",
                 .columns = RUN_SUMMARY_TYPES "tt"},
    [RUN_LIST_FIRST] = {.name = "run_list_first",
                        .sql = RUN_LIST "ORDER BY id DESC LIMIT $5",
                        .params = "uutui",
                        .columns = RUN_SUMMARY_TYPES},
    [RUN_LIST_AFTER] = {.name = "run_list_after",
                        .sql = RUN_LIST "AND id < $6 ORDER BY id DESC LIMIT $5",
                        .params = "uutuiu",
                        .columns = RUN_SUMMARY_TYPES},
    [RUN_TURNS] = {.name = "run_turns",
                   .sql = "SELECT input_text, output_text FROM ("
                          "SELECT id, input_text, output_text FROM runs WHERE org_id = $1 "
                          "AND agent_id = $2 AND status = 'completed' "
                          "AND (id = $3 OR (conversation_id = $3 AND conversation_id <> id)) "
                          "ORDER BY id DESC LIMIT $4) AS latest ORDER BY id",
                   .params = "uuui",
                   .columns = "tt"},
    [RUN_CONVERSATION] = {.name = "run_conversation",
                          .sql = "SELECT id FROM runs WHERE org_id = $1 AND id = $3 "
                                 "AND agent_id = $2 AND conversation_id = $3",
                          .params = "uuu",
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
                 .choices = "generate|preview|validate|draft|test", .doc = "What asked for it"),              \
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
                 .doc = "When it ended")

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
                opt(run, AG_RUN_FINISHED_AT, ag_v_time(run->finished_at)),
                opt(run, AG_RUN_INPUT_TEXT, ag_v_text(run->input_text)),
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
                        struct ag_uuid id, struct ag_run *ret_run)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_run_stmts[RUN_GET], AG_BIND(ag_v_uuid(org), ag_v_uuid(id)),
                      &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such run");
    run_from_row(ag_row(&rows, 0), rows.columns, ret_run);
    return AG_OK;
}

enum ag_err ag_runs_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                         const struct ag_run_filter *filter, const struct ag_page *page,
                         struct ag_list *ret_runs)
{
    const struct ag_value params[] = {
        ag_v_uuid(org),
        ag_v_opt(!ag_uuid_is_nil(filter->agent_id), ag_v_uuid(filter->agent_id)),
        ag_v_opt(filter->status.len > 0, ag_v_text(filter->status)),
        ag_v_opt(!ag_uuid_is_nil(filter->conversation_id), ag_v_uuid(filter->conversation_id)),
        ag_v_int(page->limit),
        ag_v_uuid(page->after_id),
    };
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_run_stmts[page->has_after ? RUN_LIST_AFTER : RUN_LIST_FIRST],
                      params, page->has_after ? 6 : 5, &rows));
    struct ag_run *runs = AG_ARENA_ARRAY(arena, struct ag_run, rows.count);
    if (!runs) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++)
        run_from_row(ag_row(&rows, i), rows.columns, &runs[i]);
    *ret_runs = (struct ag_list){runs, rows.count};
    return AG_OK;
}

enum ag_err ag_runs_turns(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                          struct ag_uuid agent_id, struct ag_uuid conversation_id, int64_t limit,
                          struct ag_list *ret_turns)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(
        db, arena, &ag_run_stmts[RUN_TURNS],
        AG_BIND(ag_v_uuid(org), ag_v_uuid(agent_id), ag_v_uuid(conversation_id), ag_v_int(limit)),
        &rows));
    struct ag_turn *turns = AG_ARENA_ARRAY(arena, struct ag_turn, rows.count);
    if (!turns) return ag_fail(AG_E_NO_MEMORY, "no memory for a conversation");
    for (size_t i = 0; i < rows.count; i++)
        turns[i] = (struct ag_turn){ag_row(&rows, i)[0].str, ag_row(&rows, i)[1].str};
    *ret_turns = (struct ag_list){turns, rows.count};
    return AG_OK;
}

enum ag_err ag_runs_conversation_exists(struct ag_db *db, struct ag_arena *arena,
                                        struct ag_uuid org, struct ag_uuid agent_id,
                                        struct ag_uuid conversation_id, bool *ret_exists)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_run_stmts[RUN_CONVERSATION],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(agent_id), ag_v_uuid(conversation_id)),
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
