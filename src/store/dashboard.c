/* What a dashboard asks: a range of runs, piece by piece, and what an organisation has. */
#include "store/tables.h"

enum {
    RUN_FACTS,
    AGENT_COUNTS,
    PROMPT_COUNT,
    AGENT_CALLED,
    MODEL_ANSWERED,
    AGENT_NAMES,
    STATS_READ,
    STATS_PUT,
    STATS_EXPIRE
};

struct ag_stmt ag_dashboard_stmts[AG_DASHBOARD_STMTS] = {
    [RUN_FACTS] = {.name = "run_facts",
                   .sql = "SELECT id, status, agent_id, provider, model, error_code, "
                          "input_tokens, output_tokens, latency_ms, ttft_ms FROM runs "
                          "WHERE org_id = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $4",
                   .params = "uuui",
                   .columns = "ututttiiii"},
    [AGENT_COUNTS] = {.name = "agent_counts",
                      .sql = "SELECT status, count(*) FROM ai_agents "
                             "WHERE org_id = $1 AND deleted_at IS NULL "
                             "AND (visibility <> 'private' OR user_id = $2) GROUP BY status",
                      .params = "uu",
                      .columns = "ti"},
    [PROMPT_COUNT] = {.name = "prompt_count",
                      .sql = "SELECT count(*) FROM prompts "
                             "WHERE org_id = $1 AND deleted_at IS NULL",
                      .params = "u",
                      .columns = "i"},
    [AGENT_CALLED] = {.name = "agent_called",
                      .sql = "SELECT id FROM runs WHERE org_id = $1 AND agent_id IS NOT NULL "
                             "LIMIT 1",
                      .params = "u",
                      .columns = "u"},
    /* No index finds the first such run, so the look back is bounded. */
    [MODEL_ANSWERED] = {.name = "model_answered",
                        .sql = "SELECT id FROM (SELECT id, status, provider FROM runs "
                               "WHERE org_id = $1 ORDER BY id DESC LIMIT 1000) AS newest "
                               "WHERE status = 'completed' AND provider <> 'sandbox' LIMIT 1",
                        .params = "u",
                        .columns = "u"},
    [AGENT_NAMES] = {.name = "agent_names",
                     .sql = "SELECT id, name FROM ai_agents WHERE org_id = $1 "
                            "AND deleted_at IS NULL "
                            "AND (visibility <> 'private' OR user_id = $2) "
                            "AND id IN ($3, $4, $5, $6, $7, $8, $9, $10)",
                     .params = "uuuuuuuuuu",
                     .columns = "ut"},
    [STATS_READ] = {.name = "run_stats_read",
                    .sql = "SELECT at, data FROM run_stats WHERE org_id = $1 AND hours = $2 "
                           "AND at >= $3 AND at < $4 ORDER BY at LIMIT $5",
                    .params = "uizzi",
                    .columns = "zx"},
    [STATS_PUT] = {.name = "run_stats_put",
                   .sql = "INSERT INTO run_stats (org_id, hours, at, data) "
                          "VALUES ($1, $2, $3, $4) ON CONFLICT (org_id, hours, at) DO NOTHING",
                   .params = "uizx",
                   .columns = ""},
    [STATS_EXPIRE] = {.name = "run_stats_expire",
                      .sql = "DELETE FROM run_stats WHERE org_id = $1 AND hours = $2 AND at < $3",
                      .params = "uiz",
                      .columns = ""},
};

static int64_t number_or(const struct ag_value *value, int64_t otherwise)
{
    return value->type == AG_V_NULL ? otherwise : value->num;
}

enum ag_err ag_runs_facts(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                          struct ag_uuid after, struct ag_uuid before, int64_t limit,
                          struct ag_list *ret_facts)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_dashboard_stmts[RUN_FACTS],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(after), ag_v_uuid(before), ag_v_int(limit)),
                      &rows));
    struct ag_run_fact *facts = AG_ARENA_ARRAY(arena, struct ag_run_fact, rows.count);
    if (!facts) return ag_fail(AG_E_NO_MEMORY, "no memory for a piece of the dashboard");
    for (size_t i = 0; i < rows.count; i++) {
        const struct ag_value *row = ag_row(&rows, i);
        facts[i] = (struct ag_run_fact){
            .id = row[0].uuid,
            .status = row[1].str,
            .provider = row[3].str,
            .model = row[4].str,
            .input_tokens = number_or(&row[6], 0),
            .output_tokens = number_or(&row[7], 0),
            .latency_ms = number_or(&row[8], -1),
            .ttft_ms = number_or(&row[9], -1),
        };
        if (row[2].type != AG_V_NULL) facts[i].agent_id = row[2].uuid;
        if (row[5].type != AG_V_NULL) facts[i].error_code = row[5].str;
    }
    *ret_facts = (struct ag_list){facts, rows.count};
    return AG_OK;
}

static enum ag_err read_org(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org, int stmt,
                            struct ag_rows *ret_rows)
{
    return ag_db_read(db, arena, &ag_dashboard_stmts[stmt], AG_BIND(ag_v_uuid(org)), ret_rows);
}

enum ag_err ag_inventory_read(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                              struct ag_uuid viewer, struct ag_inventory *ret_inventory)
{
    struct ag_inventory inventory = {0};
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_dashboard_stmts[AGENT_COUNTS],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(viewer)), &rows));
    for (size_t i = 0; i < rows.count; i++) {
        const struct ag_value *row = ag_row(&rows, i);
        bool draft = ag_str_eq(row[0].str, AG_STR("draft"));
        *(draft ? &inventory.drafts : &inventory.agents) += row[1].num;
    }
    AG_TRY(read_org(db, arena, org, PROMPT_COUNT, &rows));
    inventory.prompts = ag_row(&rows, 0)[0].num;
    AG_TRY(read_org(db, arena, org, AGENT_CALLED, &rows));
    inventory.agent_called = rows.count > 0;
    AG_TRY(read_org(db, arena, org, MODEL_ANSWERED, &rows));
    inventory.model_answered = rows.count > 0;
    *ret_inventory = inventory;
    return AG_OK;
}

enum ag_err ag_agents_names(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                            struct ag_uuid viewer, const struct ag_uuid *ids, size_t count,
                            struct ag_str names[AG_NAMED_AGENTS])
{
    struct ag_value params[2 + AG_NAMED_AGENTS] = {ag_v_uuid(org), ag_v_uuid(viewer)};
    struct ag_rows rows;
    AG_ASSERT(count <= AG_NAMED_AGENTS);
    for (size_t i = 0; i < AG_NAMED_AGENTS; i++) {
        names[i] = (struct ag_str){0};
        params[2 + i] = i < count ? ag_v_uuid(ids[i]) : ag_v_null();
    }
    if (count == 0) return AG_OK;
    AG_TRY(
        ag_db_read(db, arena, &ag_dashboard_stmts[AGENT_NAMES], params, AG_COUNT(params), &rows));
    for (size_t i = 0; i < rows.count; i++) {
        const struct ag_value *row = ag_row(&rows, i);
        for (size_t k = 0; k < count; k++)
            if (ag_uuid_eq(ids[k], row[0].uuid)) names[k] = row[1].str;
    }
    return AG_OK;
}

/* ---- kept statistics ---- */

enum ag_err ag_run_stats_read(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                              int64_t hours, int64_t from, int64_t to, int64_t limit,
                              struct ag_list *ret_rows)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(
        db, arena, &ag_dashboard_stmts[STATS_READ],
        AG_BIND(ag_v_uuid(org), ag_v_int(hours), ag_v_time(from), ag_v_time(to), ag_v_int(limit)),
        &rows));
    struct ag_stats_row *stats = AG_ARENA_ARRAY(arena, struct ag_stats_row, rows.count);
    if (!stats) return ag_fail(AG_E_NO_MEMORY, "no memory for statistics");
    for (size_t i = 0; i < rows.count; i++)
        stats[i] = (struct ag_stats_row){ag_row(&rows, i)[0].num, ag_row(&rows, i)[1].str};
    *ret_rows = (struct ag_list){stats, rows.count};
    return AG_OK;
}

enum ag_err ag_run_stats_put(struct ag_tx *tx, struct ag_uuid org, int64_t hours, int64_t at,
                             struct ag_str data)
{
    return ag_tx_exec(tx, &ag_dashboard_stmts[STATS_PUT],
                      AG_BIND(ag_v_uuid(org), ag_v_int(hours), ag_v_time(at), ag_v_bytes(data)),
                      NULL);
}

enum ag_err ag_run_stats_expire(struct ag_tx *tx, struct ag_uuid org, int64_t hours, int64_t before)
{
    return ag_tx_exec(tx, &ag_dashboard_stmts[STATS_EXPIRE],
                      AG_BIND(ag_v_uuid(org), ag_v_int(hours), ag_v_time(before)), NULL);
}
