#include "store/accounts.h"
#include "store/tables.h"

/*
 * What a person made, found by walking what their organisations have: a window of ids at a time, so
 * that no step costs more than it says, however much others have made.
 */

enum { EXPORT_WINDOW = 500 };

#define MINE_IF(table, mine)                                                                       \
    "SELECT id, user_id = $2" mine " FROM " table " WHERE org_id = $1 AND id > $3 "                \
    "ORDER BY id LIMIT $4"
#define MINE(table) MINE_IF(table, "")
/* What is done with an organisation's key, or asked by an agent's link, stands under whoever made
 * these; others did it. */
#define NOT_BY_SHARED_KEY(table)                                                                   \
    " AND NOT EXISTS (SELECT 1 FROM api_keys k "                                                   \
    "WHERE k.org_id = $1 AND k.id = " table ".key_id AND k.shared)"
#define ACTED "coalesce(user_id = $2, false)" NOT_BY_SHARED_KEY("activity_logs")

struct ag_stmt ag_export_stmts[AG_EXPORT_STMTS] = {
    [AG_EXPORT_AGENTS] = {.name = "export_agents",
                          .sql = MINE("ai_agents"),
                          .params = "uuui",
                          .columns = "ub"},
    [AG_EXPORT_PROMPTS] = {.name = "export_prompts",
                           .sql = MINE("prompts"),
                           .params = "uuui",
                           .columns = "ub"},
    [AG_EXPORT_RUNS] = {.name = "export_runs",
                        .sql = MINE_IF("runs", " AND NOT public" NOT_BY_SHARED_KEY("runs")),
                        .params = "uuui",
                        .columns = "ub"},
    [AG_EXPORT_ACTIVITY] = {.name = "export_activity",
                            .sql = "SELECT id, " ACTED ", action, details, ip, credential, "
                                   "created_at FROM activity_logs "
                                   "WHERE org_id = $1 AND id > $3 ORDER BY id LIMIT $4",
                            .params = "uuui",
                            .columns = "ub"
                                       "tjttz"},
};

static const struct ag_field activity_fields[] = {
    AG_FIELD(struct ag_export_activity, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The entry"),
    AG_FIELD(struct ag_export_activity, action, AG_F_STRING, AG_FF_REQUIRED, .doc = "What was done",
             .example = "\"agent.created\""),
    AG_FIELD(struct ag_export_activity, details, AG_F_JSON, AG_FF_REQUIRED, .doc = "To what"),
    [AG_EXPORT_IP] = AG_FIELD(struct ag_export_activity, ip, AG_F_STRING,
                              AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "From which address"),
    [AG_EXPORT_CREDENTIAL] = AG_FIELD(struct ag_export_activity, credential, AG_F_STRING,
                                      AG_FF_REQUIRED | AG_FF_NULLABLE,
                                      .doc = "With what: `token`, `key` or `cookie`"),
    AG_FIELD(struct ag_export_activity, created_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "When"),
};
AG_SCHEMA(ag_export_activity_schema, "ExportedActivity", struct ag_export_activity,
          "What the person did", activity_fields);

static enum ag_err walk(struct ag_db *db, struct ag_arena *arena, enum ag_export_kind kind,
                        struct ag_export_walk *at, struct ag_rows *ret_rows)
{
    AG_TRY(ag_db_read(db, arena, &ag_export_stmts[kind],
                      AG_BIND(ag_v_uuid(at->org), ag_v_uuid(at->user), ag_v_uuid(at->after),
                              ag_v_int(EXPORT_WINDOW)),
                      ret_rows));
    if (ret_rows->count > 0) at->after = ag_row(ret_rows, ret_rows->count - 1)[0].uuid;
    at->ended = ret_rows->count < EXPORT_WINDOW;
    return AG_OK;
}

enum ag_err ag_export_ids(struct ag_db *db, struct ag_arena *arena, enum ag_export_kind kind,
                          struct ag_export_walk *at, struct ag_list *ret_ids)
{
    struct ag_rows rows;
    AG_TRY(walk(db, arena, kind, at, &rows));
    struct ag_uuid *ids = AG_ARENA_ARRAY(arena, struct ag_uuid, rows.count);
    if (!ids) return ag_fail(AG_E_NO_MEMORY, "no memory for an export");
    size_t count = 0;
    for (size_t i = 0; i < rows.count; i++)
        if (ag_row(&rows, i)[1].num) ids[count++] = ag_row(&rows, i)[0].uuid;
    *ret_ids = (struct ag_list){ids, count};
    return AG_OK;
}

enum ag_err ag_export_activities(struct ag_db *db, struct ag_arena *arena,
                                 struct ag_export_walk *at, struct ag_list *ret_entries)
{
    struct ag_rows rows;
    AG_TRY(walk(db, arena, AG_EXPORT_ACTIVITY, at, &rows));
    struct ag_export_activity *entries = AG_ARENA_ARRAY(arena, struct ag_export_activity,
                                                        rows.count);
    if (!entries) return ag_fail(AG_E_NO_MEMORY, "no memory for an export");
    size_t count = 0;
    for (size_t i = 0; i < rows.count; i++) {
        const struct ag_value *row = ag_row(&rows, i);
        if (!row[1].num) continue;
        struct ag_export_activity *entry = &entries[count++];
        *entry = (struct ag_export_activity){.id = row[0].uuid,
                                             .action = row[2].str,
                                             .details = row[3].str,
                                             .created_at = row[6].num};
        if (row[4].type != AG_V_NULL) {
            entry->ip = row[4].str;
            AG_SET(entry, AG_EXPORT_IP);
        }
        if (row[5].type != AG_V_NULL) {
            entry->credential = row[5].str;
            AG_SET(entry, AG_EXPORT_CREDENTIAL);
        }
    }
    *ret_entries = (struct ag_list){entries, count};
    return AG_OK;
}
