/* The activity log as a chain: what is appended, and what is read to verify it. */
#include "store/activity.h"
#include "store/tables.h"

enum {
    HEAD_LOCK,
    HEAD_INSERT,
    HEAD_SET,
    ACTIVITY_APPEND,
    HEAD_GET,
    CHAIN_PAGE,
    UNCHAINED_COUNT,
    UNCHAINED_LAST,
    NEXT_LOG,
    LOG_IS_DUE
};

#define HEAD_SELECT "SELECT seq, hash, before_chain FROM audit_heads WHERE org_id = $1"

struct ag_stmt ag_audit_stmts[AG_AUDIT_STMTS] = {
    /* Entries of one organisation are appended one after the other: the transaction holds its head
     * until it ends. */
    [HEAD_LOCK] = {.name = "audit_head_lock",
                   .sql = HEAD_SELECT " FOR UPDATE",
                   .sqlite = HEAD_SELECT,
                   .params = "u",
                   .columns = "ixi"},
    [HEAD_INSERT] = {.name = "audit_head_insert",
                     .sql = "INSERT INTO audit_heads (org_id, seq, hash, before_chain) "
                            "VALUES ($1, 0, $2, $3) ON CONFLICT (org_id) DO NOTHING",
                     .params = "uxi",
                     .columns = ""},
    [HEAD_SET] = {.name = "audit_head_set",
                  .sql = "UPDATE audit_heads SET seq = $2, hash = $3 WHERE org_id = $1",
                  .params = "uix",
                  .columns = ""},
    [ACTIVITY_APPEND] = {.name = "activity_append",
                         .sql = "INSERT INTO activity_logs (org_id, seq, hash, id, user_id, "
                                "action, details, created_at, ip, credential, key_id) "
                                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                         .params = "uixu"
                                   "utjz"
                                   "ttu",
                         .columns = ""},
    [HEAD_GET] = {.name = "audit_head_get", .sql = HEAD_SELECT, .params = "u", .columns = "ixi"},
    [CHAIN_PAGE] = {.name = "audit_chain_page",
                    .sql = "SELECT id, seq, user_id, CAST(NULL AS text), action, details, "
                           "created_at, ip, credential, key_id, hash FROM activity_logs "
                           "WHERE org_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3",
                    .params = "uii",
                    .columns = AG_ACTIVITY_TYPES},
    [UNCHAINED_COUNT] = {.name = "audit_unchained_count",
                         .sql = "SELECT count(*) FROM activity_logs "
                                "WHERE org_id = $1 AND seq IS NULL",
                         .params = "u",
                         .columns = "i"},
    [UNCHAINED_LAST] = {.name = "audit_unchained_last",
                        .sql = "SELECT id FROM activity_logs WHERE org_id = $1 AND seq IS NULL "
                               "ORDER BY id DESC LIMIT 1",
                        .params = "u",
                        .columns = "u"},
    [NEXT_LOG] = {.name = "audit_next_log",
                  .sql = "SELECT org_id FROM (SELECT * FROM (SELECT org_id FROM activity_logs "
                         "WHERE org_id > $1 ORDER BY org_id LIMIT 1) AS entry UNION ALL "
                         "SELECT * FROM (SELECT org_id FROM audit_heads "
                         "WHERE org_id > $1 ORDER BY org_id LIMIT 1) AS head UNION ALL "
                         "SELECT * FROM (SELECT id FROM organizations "
                         "WHERE id > $1 ORDER BY id LIMIT 1) AS org) AS log "
                         "ORDER BY org_id LIMIT 1",
                  .params = "u",
                  .columns = "u",
                  .no_org = "verification looks at every organisation's log"},
    /* Since there are chains (migration 4), an organisation begins with an entry. */
    [LOG_IS_DUE] = {.name = "audit_log_is_due",
                    .sql = "SELECT o.id FROM organizations o JOIN schema_migrations m "
                           "ON m.version = 4 AND o.created_at >= m.applied_at WHERE o.id = $1",
                    .params = "u",
                    .columns = "u"},
};

/* ---- appending ---- */

static void head_from_row(const struct ag_value *row, struct ag_audit_head *head)
{
    *head = (struct ag_audit_head){
        .seq = row[0].num, .hash = row[1].str, .before_chain = row[2].num};
}

enum ag_err ag_audit_head_lock(struct ag_tx *tx, struct ag_uuid org, struct ag_audit_head *ret_head)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_audit_stmts[HEAD_LOCK], AG_BIND(ag_v_uuid(org)), &rows));
    if (rows.count == 0) return AG_E_NOT_FOUND;
    head_from_row(ag_row(&rows, 0), ret_head);
    return AG_OK;
}

enum ag_err ag_audit_unchained(struct ag_tx *tx, struct ag_uuid org, int64_t *ret_count)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_audit_stmts[UNCHAINED_COUNT], AG_BIND(ag_v_uuid(org)), &rows));
    *ret_count = ag_row(&rows, 0)[0].num;
    return AG_OK;
}

enum ag_err ag_audit_head_insert(struct ag_tx *tx, struct ag_uuid org,
                                 const struct ag_audit_head *head)
{
    return ag_tx_exec(tx, &ag_audit_stmts[HEAD_INSERT],
                      AG_BIND(ag_v_uuid(org), ag_v_bytes(head->hash), ag_v_int(head->before_chain)),
                      NULL);
}

enum ag_err ag_audit_append(struct ag_tx *tx, struct ag_uuid org, const struct ag_activity *entry)
{
    AG_TRY(ag_tx_exec(
        tx, &ag_audit_stmts[ACTIVITY_APPEND],
        AG_BIND(ag_v_uuid(org), ag_v_int(entry->seq), ag_v_bytes(entry->hash), ag_v_uuid(entry->id),
                ag_v_opt(ag_doc_has(entry, AG_ACTIVITY_USER), ag_v_uuid(entry->user_id)),
                ag_v_text(entry->action), ag_v_json(entry->details), ag_v_time(entry->created_at),
                ag_v_opt(ag_doc_has(entry, AG_ACTIVITY_IP), ag_v_text(entry->ip)),
                ag_v_opt(ag_doc_has(entry, AG_ACTIVITY_CREDENTIAL), ag_v_text(entry->credential)),
                ag_v_opt(ag_doc_has(entry, AG_ACTIVITY_KEY), ag_v_uuid(entry->key_id))),
        NULL));
    return ag_tx_exec(tx, &ag_audit_stmts[HEAD_SET],
                      AG_BIND(ag_v_uuid(org), ag_v_int(entry->seq), ag_v_bytes(entry->hash)), NULL);
}

/* ---- verifying ---- */

enum ag_err ag_audit_head(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                          struct ag_audit_head *ret_head)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_audit_stmts[HEAD_GET], AG_BIND(ag_v_uuid(org)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "this log has no head");
    head_from_row(ag_row(&rows, 0), ret_head);
    return AG_OK;
}

enum ag_err ag_audit_is_due(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                            bool *ret_due)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_audit_stmts[LOG_IS_DUE], AG_BIND(ag_v_uuid(org)), &rows));
    *ret_due = rows.count > 0;
    return AG_OK;
}

enum ag_err ag_audit_chain(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                           int64_t from, int64_t limit, struct ag_list *ret_entries)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_audit_stmts[CHAIN_PAGE],
                      AG_BIND(ag_v_uuid(org), ag_v_int(from), ag_v_int(limit)), &rows));
    struct ag_activity *entries = AG_ARENA_ARRAY(arena, struct ag_activity, rows.count);
    if (!entries) return ag_fail(AG_E_NO_MEMORY, "no memory for a chain");
    for (size_t i = 0; i < rows.count; i++)
        ag_activity_from_row(ag_row(&rows, i), &entries[i]);
    *ret_entries = (struct ag_list){entries, rows.count};
    return AG_OK;
}

enum ag_err ag_audit_before(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                            int64_t *ret_count, struct ag_uuid *ret_last)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_audit_stmts[UNCHAINED_COUNT], AG_BIND(ag_v_uuid(org)), &rows));
    *ret_count = ag_row(&rows, 0)[0].num;
    *ret_last = (struct ag_uuid){{0}};
    if (*ret_count == 0) return AG_OK;
    AG_TRY(ag_db_read(db, arena, &ag_audit_stmts[UNCHAINED_LAST], AG_BIND(ag_v_uuid(org)), &rows));
    if (rows.count > 0) *ret_last = ag_row(&rows, 0)[0].uuid;
    return AG_OK;
}

enum ag_err ag_audit_next_log(struct ag_db *db, struct ag_arena *arena, struct ag_uuid after,
                              struct ag_uuid *ret_org)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_audit_stmts[NEXT_LOG], AG_BIND(ag_v_uuid(after)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no further log");
    *ret_org = ag_row(&rows, 0)[0].uuid;
    return AG_OK;
}
