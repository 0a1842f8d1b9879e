#include "store/tables.h"

enum { KEY_INSERT, KEY_LIST_FIRST, KEY_LIST_AFTER, KEY_REVOKE, KEY_ACCESS, KEY_TOUCH };

#define KEY_SELECT                                                                                 \
    "SELECT id, name, prefix, scopes, expires_at, last_used_at, created_at FROM api_keys "         \
    "WHERE org_id = $1 AND user_id = $2 AND revoked_at IS NULL "

struct ag_stmt ag_api_key_stmts[AG_API_KEY_STMTS] = {
    [KEY_INSERT] = {.name = "api_key_insert",
                    .sql = "INSERT INTO api_keys (org_id, user_id, id, name, prefix, hash, scopes, "
                           "expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                    .params = "uuuttxjzz",
                    .columns = ""},
    [KEY_LIST_FIRST] = {.name = "api_key_list_first",
                        .sql = KEY_SELECT "ORDER BY id DESC LIMIT $3",
                        .params = "uui",
                        .columns = "uttjzzz"},
    [KEY_LIST_AFTER] = {.name = "api_key_list_after",
                        .sql = KEY_SELECT "AND id < $4 ORDER BY id DESC LIMIT $3",
                        .params = "uuiu",
                        .columns = "uttjzzz"},
    [KEY_REVOKE] = {.name = "api_key_revoke",
                    .sql = "UPDATE api_keys SET revoked_at = $4 WHERE org_id = $1 AND user_id = $2 "
                           "AND id = $3 AND revoked_at IS NULL",
                    .params = "uuuz",
                    .columns = ""},
    [KEY_ACCESS] = {.name = "api_key_access",
                    .sql = "SELECT k.id, k.user_id, k.org_id, u.role, u.status, m.role, "
                           "r.permissions, o.plan, o.requests_per_minute, k.expires_at, "
                           "k.last_used_at, k.revoked_at, k.shared, k.scopes, k.agent_ids, "
                           "k.requests_per_minute "
                           "FROM api_keys k JOIN users u ON u.id = k.user_id "
                           "JOIN organizations o ON o.id = k.org_id AND o.deleted_at IS NULL "
                           "LEFT JOIN memberships m ON m.org_id = k.org_id AND m.user_id = u.id "
                           "LEFT JOIN roles r ON r.id = m.role_id AND r.org_id = m.org_id "
                           "WHERE k.hash = $1",
                    .params = "x",
                    .columns = "uuuttt"
                               "jti"
                               "zzz"
                               "bjji",
                    .no_org = "a key is what tells the organisation"},
    [KEY_TOUCH] = {.name = "api_key_touch",
                   .sql = "UPDATE api_keys SET last_used_at = $3 WHERE org_id = $1 AND id = $2",
                   .params = "uuz",
                   .columns = ""},
};

static const struct ag_field key_fields[] = {
    AG_FIELD(struct ag_api_key, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The key"),
    AG_FIELD(struct ag_api_key, name, AG_F_STRING, AG_FF_REQUIRED, .doc = "What it is used for",
             .example = "\"CI pipeline\""),
    AG_FIELD(struct ag_api_key, prefix, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "How the key begins, to tell it from others", .example = "\"agk_x2Vq9mLd\""),
    [AG_API_KEY_KEY] = AG_FIELD(struct ag_api_key, key, AG_F_STRING, 0,
                                .doc = "The whole key. Shown once, when it is made"),
    AG_FIELD(struct ag_api_key, scopes, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_STRING,
             .doc = "Permissions it is limited to; none listed: all of its owner's"),
    [AG_API_KEY_EXPIRES] = AG_FIELD(struct ag_api_key, expires_at, AG_F_TIME,
                                    AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "When it ends"),
    [AG_API_KEY_LAST_USED] = AG_FIELD(struct ag_api_key, last_used_at, AG_F_TIME,
                                      AG_FF_REQUIRED | AG_FF_NULLABLE,
                                      .doc = "Last use, to the minute"),
    AG_FIELD(struct ag_api_key, created_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "When it was made"),
};
AG_SCHEMA(ag_api_key_schema, "ApiKey", struct ag_api_key, "An API key", key_fields);

/* Scopes are kept as a JSON list; `{"scopes": [...]}` is what the field decoder reads. */
struct scopes_doc {
    uint64_t set;
    struct ag_list scopes;
};
static const struct ag_field scopes_fields[] = {
    AG_FIELD(struct scopes_doc, scopes, AG_F_LIST, 0, .item = AG_F_STRING, .doc = "Permissions"),
};
AG_SCHEMA(scopes_schema, NULL, struct scopes_doc, "Scopes of a key", scopes_fields);

static enum ag_err scopes_from_json(struct ag_str json, struct ag_arena *arena,
                                    struct ag_list *ret_scopes)
{
    struct ag_str text = ag_arena_printf(arena, "{\"scopes\":%.*s}", AG_STR_ARG(json));
    if (!text.data) return ag_fail(AG_E_NO_MEMORY, "no memory for scopes");
    struct scopes_doc doc = {0};
    struct ag_field_errors errors = {.count = 0};
    AG_TRY(ag_fields_decode(&scopes_schema, text, &doc, arena, &errors));
    *ret_scopes = doc.scopes;
    return AG_OK;
}

static enum ag_err scopes_to_json(const struct ag_list *scopes, struct ag_arena *arena,
                                  struct ag_str *ret_json)
{
    struct ag_buf buf;
    ag_buf_init(&buf, arena, 16 * 1024);
    const struct ag_str *names = scopes->items;
    ag_buf_append_char(&buf, '[');
    for (size_t i = 0; i < scopes->count; i++) {
        if (i > 0) ag_buf_append_char(&buf, ',');
        ag_buf_json_string(&buf, names[i]);
    }
    ag_buf_append_char(&buf, ']');
    AG_TRY(ag_buf_err(&buf));
    *ret_json = ag_buf_str(&buf);
    return AG_OK;
}

enum ag_err ag_api_keys_insert(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                               const struct ag_api_key *key, struct ag_str hash)
{
    struct ag_str scopes;
    AG_TRY(scopes_to_json(&key->scopes, ag_tx_arena(tx), &scopes));
    return ag_tx_exec(
        tx, &ag_api_key_stmts[KEY_INSERT],
        AG_BIND(ag_v_uuid(org), ag_v_uuid(user), ag_v_uuid(key->id), ag_v_text(key->name),
                ag_v_text(key->prefix), ag_v_bytes(hash), ag_v_json(scopes),
                ag_v_opt(ag_doc_has(key, AG_API_KEY_EXPIRES), ag_v_time(key->expires_at)),
                ag_v_time(key->created_at)),
        NULL);
}

enum ag_err ag_api_keys_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                             struct ag_uuid user, const struct ag_page *page,
                             struct ag_list *ret_keys)
{
    struct ag_rows rows;
    const struct ag_value params[] = {ag_v_uuid(org), ag_v_uuid(user), ag_v_int(page->limit),
                                      ag_v_uuid(page->after_id)};
    const struct ag_stmt *stmt =
        &ag_api_key_stmts[page->has_after ? KEY_LIST_AFTER : KEY_LIST_FIRST];
    AG_TRY(ag_db_read(db, arena, stmt, params, page->has_after ? 4 : 3, &rows));
    struct ag_api_key *keys = AG_ARENA_ARRAY(arena, struct ag_api_key, rows.count);
    if (!keys) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++) {
        const struct ag_value *row = ag_row(&rows, i);
        keys[i] = (struct ag_api_key){.id = row[0].uuid,
                                      .name = row[1].str,
                                      .prefix = row[2].str,
                                      .expires_at = row[4].num,
                                      .last_used_at = row[5].num,
                                      .created_at = row[6].num};
        if (row[4].type != AG_V_NULL) AG_SET(&keys[i], AG_API_KEY_EXPIRES);
        if (row[5].type != AG_V_NULL) AG_SET(&keys[i], AG_API_KEY_LAST_USED);
        AG_TRY(scopes_from_json(row[3].str, arena, &keys[i].scopes));
    }
    *ret_keys = (struct ag_list){keys, rows.count};
    return AG_OK;
}

enum ag_err ag_api_keys_revoke(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                               struct ag_uuid id, int64_t now)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_api_key_stmts[KEY_REVOKE],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(user), ag_v_uuid(id), ag_v_time(now)),
                      &rows));
    if (rows.changed == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such API key");
    return AG_OK;
}

enum ag_err ag_api_keys_access(struct ag_db *db, struct ag_arena *arena, struct ag_str hash,
                               struct ag_access *ret_access)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_api_key_stmts[KEY_ACCESS], AG_BIND(ag_v_bytes(hash)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such API key");
    const struct ag_value *row = ag_row(&rows, 0);
    *ret_access = (struct ag_access){
        .key_id = row[0].uuid,
        .user_id = row[1].uuid,
        .org_id = row[2].uuid,
        .role = row[3].str,
        .status = row[4].str,
        .plan = row[7].str,
        .org_per_minute = ag_v_num(&row[8], 0),
        .expires_at = ag_v_num(&row[9], 0),
        .last_used_at = ag_v_num(&row[10], 0),
        .revoked = row[11].type != AG_V_NULL,
        .shared = row[12].num,
        .scopes = row[13].str,
        .agent_ids = row[14].str,
        .key_per_minute = ag_v_num(&row[15], 0),
    };
    if (row[5].type != AG_V_NULL) ret_access->org_role = row[5].str;
    if (row[6].type != AG_V_NULL) ret_access->permissions = row[6].str;
    return AG_OK;
}

enum ag_err ag_api_keys_touch(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id, int64_t now)
{
    return ag_tx_exec(tx, &ag_api_key_stmts[KEY_TOUCH],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id), ag_v_time(now)), NULL);
}
