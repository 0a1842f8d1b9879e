#include "store/tables.h"

enum { ACTIVITY_INSERT, ACTIVITY_LIST_FIRST, ACTIVITY_LIST_AFTER };

#define ACTIVITY_SELECT                                                                            \
    "SELECT id, user_id, action, details, created_at FROM activity_logs WHERE org_id = $1 "        \
    "AND ($2 IS NULL OR action = $2) "

struct ag_stmt ag_activity_stmts[AG_ACTIVITY_STMTS] = {
    [ACTIVITY_INSERT] = {.name = "activity_insert",
                         .sql = "INSERT INTO activity_logs (org_id, id, user_id, action, details, "
                                "created_at, ip, credential, key_id) "
                                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                         .params = "uuutjzttu",
                         .columns = ""},
    [ACTIVITY_LIST_FIRST] = {.name = "activity_list_first",
                             .sql = ACTIVITY_SELECT "ORDER BY id DESC LIMIT $3",
                             .params = "uti",
                             .columns = "uutjz"},
    [ACTIVITY_LIST_AFTER] = {.name = "activity_list_after",
                             .sql = ACTIVITY_SELECT "AND id < $4 ORDER BY id DESC LIMIT $3",
                             .params = "utiu",
                             .columns = "uutjz"},
};

static const struct ag_field activity_fields[] = {
    AG_FIELD(struct ag_activity, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The entry"),
    [AG_ACTIVITY_USER] = AG_FIELD(struct ag_activity, user_id, AG_F_UUID,
                                  AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "Who did it"),
    AG_FIELD(struct ag_activity, action, AG_F_STRING, AG_FF_REQUIRED, .doc = "What was done",
             .example = "\"agent.created\""),
    AG_FIELD(struct ag_activity, details, AG_F_JSON, AG_FF_REQUIRED, .doc = "To what"),
    AG_FIELD(struct ag_activity, created_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "When"),
};
AG_SCHEMA(ag_activity_schema, "Activity", struct ag_activity, "An entry of the activity log",
          activity_fields);

enum ag_err ag_activity_insert(struct ag_tx *tx, struct ag_uuid org,
                               const struct ag_activity *entry)
{
    return ag_tx_exec(tx, &ag_activity_stmts[ACTIVITY_INSERT],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(ag_uuid_new()),
                              ag_v_opt(!ag_uuid_is_nil(entry->user_id), ag_v_uuid(entry->user_id)),
                              ag_v_text(entry->action), ag_v_json(entry->details),
                              ag_v_time(ag_wall_ms()),
                              ag_v_opt(entry->ip.len > 0, ag_v_text(entry->ip)),
                              ag_v_opt(entry->credential.len > 0, ag_v_text(entry->credential)),
                              ag_v_opt(!ag_uuid_is_nil(entry->key_id), ag_v_uuid(entry->key_id))),
                      NULL);
}

enum ag_err ag_activity_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                             struct ag_str action, const struct ag_page *page,
                             struct ag_list *ret_activity)
{
    const struct ag_value params[] = {
        ag_v_uuid(org),
        ag_v_opt(action.len > 0, ag_v_text(action)),
        ag_v_int(page->limit),
        ag_v_uuid(page->after_id),
    };
    struct ag_rows rows;
    AG_TRY(ag_db_read(
        db, arena, &ag_activity_stmts[page->has_after ? ACTIVITY_LIST_AFTER : ACTIVITY_LIST_FIRST],
        params, page->has_after ? 4 : 3, &rows));
    struct ag_activity *entries = AG_ARENA_ARRAY(arena, struct ag_activity, rows.count);
    if (!entries) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++) {
        const struct ag_value *row = ag_row(&rows, i);
        entries[i] = (struct ag_activity){.id = row[0].uuid,
                                          .user_id = row[1].uuid,
                                          .action = row[2].str,
                                          .details = row[3].str,
                                          .created_at = row[4].num};
        if (row[1].type != AG_V_NULL) AG_SET(&entries[i], AG_ACTIVITY_USER);
    }
    *ret_activity = (struct ag_list){entries, rows.count};
    return AG_OK;
}
