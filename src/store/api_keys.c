#include "auth/auth.h"
#include "store/tables.h"

enum {
    KEY_INSERT,
    KEY_LIST_FIRST,
    KEY_LIST_AFTER,
    KEY_LOCK,
    KEY_COUNT,
    KEY_LIVES,
    KEY_UPDATE,
    KEY_REVOKE,
    KEY_ACCESS,
    KEY_ACCESS_ID,
    KEY_TOUCH
};

#define KEY_SELECT                                                                                 \
    "SELECT k.id, k.name, k.prefix, k.scopes, k.shared, k.requests_per_minute, k.agent_ids, "      \
    "k.user_id, u.name, k.expires_at, k.last_used_at, k.created_at FROM api_keys AS k "            \
    "JOIN users AS u ON u.id = k.user_id WHERE k.org_id = $1 AND k.revoked_at IS NULL "
#define KEY_TYPES                                                                                  \
    "uttjb"                                                                                        \
    "ijut"                                                                                         \
    "zzz"
/* Those of a person, without what they made for the organisation; NULL: everybody's. */
#define KEY_OWN(k, user) "(" user " IS NULL OR (" k "user_id = " user " AND NOT " k "shared)) "
#define KEY_LIST         KEY_SELECT "AND ($3 IS NULL OR k.shared = $3) AND " KEY_OWN("k.", "$4")
#define KEY_ONE          KEY_SELECT "AND k.id = $2 AND " KEY_OWN("k.", "$3")
#define ACCESS_SELECT                                                                              \
    "SELECT k.id, k.user_id, k.org_id, u.role, u.status, m.role, r.permissions, o.plan, "          \
    "o.requests_per_minute, k.expires_at, k.last_used_at, k.revoked_at, k.shared, k.scopes, "      \
    "k.agent_ids, k.requests_per_minute, o.personal FROM api_keys k "                              \
    "JOIN users u ON u.id = k.user_id "                                                            \
    "JOIN organizations o ON o.id = k.org_id AND o.deleted_at IS NULL "                            \
    "LEFT JOIN memberships m ON m.org_id = k.org_id AND m.user_id = u.id "                         \
    "LEFT JOIN roles r ON r.id = m.role_id AND r.org_id = m.org_id "
#define ACCESS_TYPES                                                                               \
    "uuuttt"                                                                                       \
    "jti"                                                                                          \
    "zzz"                                                                                          \
    "bjjib"
#define ACCESS_NO_ORG "a key is what tells the organisation"

struct ag_stmt ag_api_key_stmts[AG_API_KEY_STMTS] = {
    [KEY_INSERT] = {.name = "api_key_insert",
                    .sql = "INSERT INTO api_keys (org_id, user_id, id, name, prefix, hash, scopes, "
                           "shared, requests_per_minute, agent_ids, parent_id, expires_at, "
                           "created_at) "
                           "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
                    .params = "uuuttxjbijuzz",
                    .columns = ""},
    [KEY_LIST_FIRST] = {.name = "api_key_list_first",
                        .sql = KEY_LIST "ORDER BY k.id DESC LIMIT $2",
                        .params = "uibu",
                        .columns = KEY_TYPES},
    [KEY_LIST_AFTER] = {.name = "api_key_list_after",
                        .sql = KEY_LIST "AND k.id < $5 ORDER BY k.id DESC LIMIT $2",
                        .params = "uibuu",
                        .columns = KEY_TYPES},
    /* For a change: nobody else changes it until this transaction ends. */
    [KEY_LOCK] = {.name = "api_key_lock",
                  .sql = KEY_ONE "FOR UPDATE OF k",
                  .sqlite = KEY_ONE,
                  .params = "uuu",
                  .columns = KEY_TYPES},
    [KEY_COUNT] = {.name = "api_key_count",
                   .sql = "SELECT count(*) FROM api_keys WHERE org_id = $1 AND revoked_at IS NULL "
                          "AND shared = ($2 IS NULL) AND ($2 IS NULL OR user_id = $2)",
                   .params = "uu",
                   .columns = "i"},
    [KEY_LIVES] = {.name = "api_key_lives",
                   .sql = "SELECT id FROM api_keys "
                          "WHERE org_id = $1 AND id = $2 AND revoked_at IS NULL",
                   .params = "uu",
                   .columns = "u"},
    [KEY_UPDATE] = {.name = "api_key_update",
                    .sql = "UPDATE api_keys SET name = $3, requests_per_minute = $4, "
                           "agent_ids = $5, expires_at = $6 WHERE org_id = $1 AND id = $2",
                    .params = "uutijz",
                    .columns = ""},
    /* With every key that was made with it, and with those, and so on. */
    [KEY_REVOKE] =
        {.name = "api_key_revoke",
         .sql = "WITH RECURSIVE gone (id) AS (SELECT id FROM api_keys "
                "WHERE org_id = $1 AND id = $2 AND revoked_at IS NULL "
                "AND " KEY_OWN(
                    "",
                    "$3") "UNION SELECT k.id FROM api_keys AS k "
                          "JOIN gone ON k.parent_id = gone.id WHERE k.org_id = $1) "
                          "UPDATE api_keys SET revoked_at = $4 WHERE org_id = $1 "
                          "AND revoked_at IS NULL AND id IN (SELECT id FROM gone) RETURNING id, "
                          "prefix, shared, user_id",
         .params = "uuuz",
         .columns = "utbu"},
    [KEY_ACCESS] = {.name = "api_key_access",
                    .sql = ACCESS_SELECT "WHERE k.hash = $1",
                    .params = "x",
                    .columns = ACCESS_TYPES,
                    .no_org = ACCESS_NO_ORG},
    [KEY_ACCESS_ID] = {.name = "api_key_access_by_id",
                       .sql = ACCESS_SELECT "WHERE k.id = $1",
                       .params = "u",
                       .columns = ACCESS_TYPES,
                       .no_org = ACCESS_NO_ORG},
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
    AG_FIELD(struct ag_api_key, shared, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether it is the organisation's own, and stays when its maker leaves"),
    [AG_API_KEY_RATE] = AG_FIELD(struct ag_api_key, requests_per_minute, AG_F_INT,
                                 AG_FF_REQUIRED | AG_FF_NULLABLE,
                                 .doc = "Its own limit of requests; null for none of its own"),
    AG_FIELD(struct ag_api_key, agent_ids, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_UUID,
             .max = AG_KEY_MAX_AGENTS,
             .doc = "The agents it is limited to; none listed: no such limit"),
    AG_FIELD(struct ag_api_key, user_id, AG_F_UUID, AG_FF_REQUIRED, .doc = "Who made it"),
    AG_FIELD(struct ag_api_key, user_name, AG_F_STRING, AG_FF_REQUIRED, .doc = "Their name",
             .example = "\"Ada Lovelace\""),
    [AG_API_KEY_EXPIRES] = AG_FIELD(struct ag_api_key, expires_at, AG_F_TIME,
                                    AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "When it ends"),
    [AG_API_KEY_LAST_USED] = AG_FIELD(struct ag_api_key, last_used_at, AG_F_TIME,
                                      AG_FF_REQUIRED | AG_FF_NULLABLE,
                                      .doc = "Last use, to the minute"),
    AG_FIELD(struct ag_api_key, created_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "When it was made"),
};
AG_SCHEMA(ag_api_key_schema, "ApiKey", struct ag_api_key, "An API key", key_fields);

/* ---- the lists of a key, kept as JSON ---- */

struct lists {
    uint64_t set;
    struct ag_list scopes, agent_ids;
};
static const struct ag_field list_fields[] = {
    AG_FIELD(struct lists, scopes, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_STRING),
    AG_FIELD(struct lists, agent_ids, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_UUID),
};
static AG_SCHEMA(lists_schema, NULL, struct lists, "Lists of a key", list_fields);

static enum ag_err lists_from_json(struct ag_str scopes, struct ag_str agent_ids,
                                   struct ag_arena *arena, struct ag_api_key *key)
{
    struct ag_str text = ag_arena_printf(arena, "{\"scopes\":%.*s,\"agent_ids\":%.*s}",
                                         AG_STR_ARG(scopes), AG_STR_ARG(agent_ids));
    if (!text.data) return ag_fail(AG_E_NO_MEMORY, "no memory for the lists of a key");
    struct lists lists = {0};
    struct ag_field_errors errors = {.count = 0};
    AG_TRY(ag_fields_decode(&lists_schema, text, &lists, arena, &errors));
    key->scopes = lists.scopes;
    key->agent_ids = lists.agent_ids;
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

static enum ag_err agents_to_json(const struct ag_list *agent_ids, struct ag_arena *arena,
                                  struct ag_str *ret_json)
{
    struct ag_buf buf;
    char text[AG_UUID_TEXT_BYTES];
    ag_buf_init(&buf, arena, 4 * 1024);
    const struct ag_uuid *ids = agent_ids->items;
    ag_buf_append_char(&buf, '[');
    for (size_t i = 0; i < agent_ids->count; i++)
        ag_buf_printf(&buf, "%s\"%s\"", i > 0 ? "," : "", ag_uuid_format(ids[i], text).data);
    ag_buf_append_char(&buf, ']');
    AG_TRY(ag_buf_err(&buf));
    *ret_json = ag_buf_str(&buf);
    return AG_OK;
}

/* ---- rows ---- */

static struct ag_value rate_value(const struct ag_api_key *key)
{
    return ag_v_opt(ag_doc_has(key, AG_API_KEY_RATE), ag_v_int(key->requests_per_minute));
}

static struct ag_value expiry_value(const struct ag_api_key *key)
{
    return ag_v_opt(ag_doc_has(key, AG_API_KEY_EXPIRES), ag_v_time(key->expires_at));
}

static enum ag_err key_from_row(const struct ag_value *row, struct ag_arena *arena,
                                struct ag_api_key *key)
{
    *key = (struct ag_api_key){
        .id = row[0].uuid,
        .name = row[1].str,
        .prefix = row[2].str,
        .shared = row[4].num,
        .requests_per_minute = ag_v_num(&row[5], 0),
        .user_id = row[7].uuid,
        .user_name = row[8].str,
        .expires_at = ag_v_num(&row[9], 0),
        .last_used_at = ag_v_num(&row[10], 0),
        .created_at = row[11].num,
    };
    if (row[5].type != AG_V_NULL) AG_SET(key, AG_API_KEY_RATE);
    if (row[9].type != AG_V_NULL) AG_SET(key, AG_API_KEY_EXPIRES);
    if (row[10].type != AG_V_NULL) AG_SET(key, AG_API_KEY_LAST_USED);
    return lists_from_json(row[3].str, row[6].str, arena, key);
}

enum ag_err ag_api_keys_insert(struct ag_tx *tx, struct ag_uuid org, const struct ag_api_key *key,
                               struct ag_uuid parent, struct ag_str hash)
{
    struct ag_str scopes, agents;
    AG_TRY(scopes_to_json(&key->scopes, ag_tx_arena(tx), &scopes));
    AG_TRY(agents_to_json(&key->agent_ids, ag_tx_arena(tx), &agents));
    return ag_tx_exec(tx, &ag_api_key_stmts[KEY_INSERT],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(key->user_id), ag_v_uuid(key->id),
                              ag_v_text(key->name), ag_v_text(key->prefix), ag_v_bytes(hash),
                              ag_v_json(scopes), ag_v_bool(key->shared), rate_value(key),
                              ag_v_json(agents),
                              ag_v_opt(!ag_uuid_is_nil(parent), ag_v_uuid(parent)),
                              expiry_value(key), ag_v_time(key->created_at)),
                      NULL);
}

enum ag_err ag_api_keys_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                             const struct ag_api_key_filter *filter, const struct ag_page *page,
                             struct ag_list *ret_keys)
{
    struct ag_rows rows;
    const struct ag_value params[] = {
        ag_v_uuid(org),
        ag_v_int(page->limit),
        ag_v_opt(filter->by_shared, ag_v_bool(filter->shared)),
        ag_v_opt(!filter->everybody, ag_v_uuid(filter->owner)),
        ag_v_uuid(page->after_id),
    };
    const struct ag_stmt *stmt =
        &ag_api_key_stmts[page->has_after ? KEY_LIST_AFTER : KEY_LIST_FIRST];
    AG_TRY(ag_db_read(db, arena, stmt, params, page->has_after ? 5 : 4, &rows));
    struct ag_api_key *keys = AG_ARENA_ARRAY(arena, struct ag_api_key, rows.count);
    if (!keys) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++)
        AG_TRY(key_from_row(ag_row(&rows, i), arena, &keys[i]));
    *ret_keys = (struct ag_list){keys, rows.count};
    return AG_OK;
}

enum ag_err ag_api_keys_lock(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                             const struct ag_api_key_filter *filter, struct ag_api_key *ret_key)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_api_key_stmts[KEY_LOCK],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id),
                              ag_v_opt(!filter->everybody, ag_v_uuid(filter->owner))),
                      &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such API key");
    return key_from_row(ag_row(&rows, 0), ag_tx_arena(tx), ret_key);
}

enum ag_err ag_api_keys_update(struct ag_tx *tx, struct ag_uuid org, const struct ag_api_key *key)
{
    struct ag_str agents;
    AG_TRY(agents_to_json(&key->agent_ids, ag_tx_arena(tx), &agents));
    return ag_tx_exec(tx, &ag_api_key_stmts[KEY_UPDATE],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(key->id), ag_v_text(key->name),
                              rate_value(key), ag_v_json(agents), expiry_value(key)),
                      NULL);
}

enum ag_err ag_api_keys_count(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid owner,
                              int64_t *ret_count)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_api_key_stmts[KEY_COUNT],
                      AG_BIND(ag_v_uuid(org), ag_v_opt(!ag_uuid_is_nil(owner), ag_v_uuid(owner))),
                      &rows));
    *ret_count = ag_row(&rows, 0)[0].num;
    return AG_OK;
}

enum ag_err ag_api_keys_lives(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                              bool *ret_lives)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_api_key_stmts[KEY_LIVES], AG_BIND(ag_v_uuid(org), ag_v_uuid(id)),
                      &rows));
    *ret_lives = rows.count > 0;
    return AG_OK;
}

enum ag_err ag_api_keys_revoke(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                               const struct ag_api_key_filter *filter, int64_t now,
                               struct ag_list *ret_keys)
{
    struct ag_rows rows;
    AG_TRY(
        ag_tx_exec(tx, &ag_api_key_stmts[KEY_REVOKE],
                   AG_BIND(ag_v_uuid(org), ag_v_uuid(id),
                           ag_v_opt(!filter->everybody, ag_v_uuid(filter->owner)), ag_v_time(now)),
                   &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such API key");
    struct ag_api_key *keys = AG_ARENA_ARRAY(ag_tx_arena(tx), struct ag_api_key, rows.count);
    if (!keys) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++) {
        const struct ag_value *row = ag_row(&rows, i);
        keys[i] = (struct ag_api_key){
            .id = row[0].uuid, .prefix = row[1].str, .shared = row[2].num, .user_id = row[3].uuid};
    }
    *ret_keys = (struct ag_list){keys, rows.count};
    return AG_OK;
}

static enum ag_err access_read(struct ag_db *db, struct ag_arena *arena, int stmt,
                               struct ag_value key, struct ag_access *ret_access)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_api_key_stmts[stmt], &key, 1, &rows));
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
        .personal = row[16].num,
    };
    if (row[5].type != AG_V_NULL) ret_access->org_role = row[5].str;
    if (row[6].type != AG_V_NULL) ret_access->permissions = row[6].str;
    return AG_OK;
}

enum ag_err ag_api_keys_access(struct ag_db *db, struct ag_arena *arena, struct ag_str hash,
                               struct ag_access *ret_access)
{
    return access_read(db, arena, KEY_ACCESS, ag_v_bytes(hash), ret_access);
}

enum ag_err ag_api_keys_access_by_id(struct ag_db *db, struct ag_arena *arena, struct ag_uuid id,
                                     struct ag_access *ret_access)
{
    return access_read(db, arena, KEY_ACCESS_ID, ag_v_uuid(id), ret_access);
}

enum ag_err ag_api_keys_touch(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id, int64_t now)
{
    return ag_tx_exec(tx, &ag_api_key_stmts[KEY_TOUCH],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id), ag_v_time(now)), NULL);
}
