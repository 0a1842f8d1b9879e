#include "store/orgs.h"

#include "store/tables.h"

enum {
    ORG_GET,
    ORG_GET_KEY,
    ORG_LIST_FIRST,
    ORG_LIST_AFTER,
    ORG_COUNT,
    ORG_ADD,
    ORG_PERSONAL,
    ORG_RENAME,
    ORG_END,
    ORG_END_SESSIONS,
    ORG_END_KEYS,
    ORG_END_INVITATIONS,
    ORG_END_LINKS,
    ORG_END_MEMBERS,
    ORG_TO_PURGE,
    ORG_PURGED,
};

#define ORG_COLUMNS                                                                                \
    "o.id, o.name, o.personal, o.plan, m.role, m.role_id, coalesce(r.name, m.role), o.created_at"
#define ORG_TYPES "utbttutz"
#define ORG_FROM_MEMBER                                                                            \
    " FROM memberships m JOIN organizations o ON o.id = m.org_id AND o.deleted_at IS NULL "        \
    "LEFT JOIN roles r ON r.id = m.role_id AND r.org_id = m.org_id "
#define ORG_LIST_SELECT                                                                            \
    "SELECT " ORG_COLUMNS ", (SELECT count(*) FROM memberships n WHERE n.org_id = "                \
    "m.org_id)" ORG_FROM_MEMBER "WHERE m.user_id = $1 "
#define A_PERSONS "a person's own list of organisations"

struct ag_stmt ag_org_stmts[AG_ORG_STMTS] = {
    [ORG_GET] = {.name = "org_get",
                 .sql = "SELECT " ORG_COLUMNS ORG_FROM_MEMBER
                        "WHERE m.org_id = $1 AND m.user_id = $2",
                 .params = "uu",
                 .columns = ORG_TYPES},
    [ORG_GET_KEY] = {.name = "org_get_key",
                     .sql = "SELECT id, name, personal, plan, 'viewer', CAST(NULL AS uuid), "
                            "'API key', created_at FROM organizations "
                            "WHERE id = $1 AND deleted_at IS NULL",
                     .params = "u",
                     .columns = ORG_TYPES},
    [ORG_LIST_FIRST] = {.name = "org_list_first",
                        .sql = ORG_LIST_SELECT "ORDER BY m.org_id DESC LIMIT $2",
                        .params = "ui",
                        .columns = ORG_TYPES "i",
                        .no_org = A_PERSONS},
    [ORG_LIST_AFTER] = {.name = "org_list_after",
                        .sql = ORG_LIST_SELECT "AND m.org_id < $3 ORDER BY m.org_id DESC LIMIT $2",
                        .params = "uiu",
                        .columns = ORG_TYPES "i",
                        .no_org = A_PERSONS},
    [ORG_COUNT] = {.name = "org_count",
                   .sql = "SELECT count(*), count(CASE WHEN m.role = 'owner' THEN 1 END) "
                          "FROM memberships m JOIN organizations o ON o.id = m.org_id "
                          "WHERE m.user_id = $1 AND NOT o.personal",
                   .params = "u",
                   .columns = "ii",
                   .no_org = A_PERSONS},
    [ORG_ADD] = {.name = "org_add",
                 .sql = "INSERT INTO organizations (id, name, personal, created_at, updated_at) "
                        "VALUES ($1, $2, false, $3, $3)",
                 .params = "utz",
                 .columns = ""},
    [ORG_PERSONAL] = {.name = "org_personal",
                      .sql = "SELECT personal FROM organizations "
                             "WHERE id = $1 AND deleted_at IS NULL",
                      .params = "u",
                      .columns = "b"},
    [ORG_RENAME] = {.name = "org_rename",
                    .sql = "UPDATE organizations SET name = $2, updated_at = $3 "
                           "WHERE id = $1 AND deleted_at IS NULL",
                    .params = "utz",
                    .columns = ""},
    [ORG_END] = {.name = "org_end",
                 .sql = "UPDATE organizations SET deleted_at = $2, updated_at = $2 "
                        "WHERE id = $1 AND deleted_at IS NULL",
                 .params = "uz",
                 .columns = ""},
    [ORG_END_SESSIONS] = {.name = "org_end_sessions",
                          .sql = "UPDATE sessions SET acting_org_id = NULL "
                                 "WHERE acting_org_id = $1",
                          .params = "u",
                          .columns = ""},
    [ORG_END_KEYS] = {.name = "org_end_keys",
                      .sql = "UPDATE api_keys SET revoked_at = $2 "
                             "WHERE org_id = $1 AND revoked_at IS NULL",
                      .params = "uz",
                      .columns = ""},
    [ORG_END_INVITATIONS] = {.name = "org_end_invitations",
                             .sql = "DELETE FROM invitations WHERE org_id = $1",
                             .params = "u",
                             .columns = ""},
    [ORG_END_LINKS] = {.name = "org_end_links",
                       .sql = "UPDATE ai_agents SET public_id = NULL "
                              "WHERE org_id = $1 AND public_id IS NOT NULL",
                       .params = "u",
                       .columns = ""},
    [ORG_END_MEMBERS] = {.name = "org_end_members",
                         .sql = "DELETE FROM memberships WHERE org_id = $1",
                         .params = "u",
                         .columns = ""},
    [ORG_TO_PURGE] = {.name = "org_to_purge",
                      .sql = "SELECT id, deleted_at FROM organizations "
                             "WHERE deleted_at IS NOT NULL AND purged_at IS NULL AND id > $1 "
                             "ORDER BY id LIMIT 1",
                      .params = "u",
                      .columns = "uz",
                      .no_org = "deleted organisations, for whose purge nobody of theirs asks"},
    /* The name may be a person's. */
    [ORG_PURGED] = {.name = "org_purged",
                    .sql = "UPDATE organizations SET purged_at = $2, name = '(deleted)' "
                           "WHERE id = $1 AND deleted_at IS NOT NULL",
                    .params = "uz",
                    .columns = ""},
};

/* ---- documents ---- */

#define ORG_FIELDS(type)                                                                           \
    AG_FIELD(type, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The organisation"),                      \
        AG_FIELD(type, name, AG_F_STRING, AG_FF_REQUIRED, .doc = "Its name",                       \
                 .example = "\"Analytical Engines\""),                                             \
        AG_FIELD(type, personal, AG_F_BOOL, AG_FF_REQUIRED,                                        \
                 .doc = "Whether it is a person's own, which has one member for ever"),            \
        AG_FIELD(type, plan, AG_F_ENUM, AG_FF_REQUIRED, .choices = "free|premium",                 \
                 .doc = "What its members may ask of the server"),                                 \
        AG_FIELD(type, role, AG_F_ENUM, AG_FF_REQUIRED,                                            \
                 .choices = "owner|admin|manager|member|viewer",                                   \
                 .doc = "The account's role in it; `viewer` below a role of the organisation's "   \
                        "own"),                                                                    \
        [AG_ORG_ROLE_ID] = AG_FIELD(type, role_id, AG_F_UUID, AG_FF_REQUIRED | AG_FF_NULLABLE,     \
                                    .doc = "The account's role, when it is one of its own"),       \
        AG_FIELD(type, role_name, AG_F_STRING, AG_FF_REQUIRED,                                     \
                 .doc = "What the account's role is called"),                                      \
        AG_FIELD(type, created_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "When it was created")

static const struct ag_field org_fields[] = {ORG_FIELDS(struct ag_org)};
AG_SCHEMA(ag_org_schema, "Organization", struct ag_org,
          "An organisation, as one of its members sees it", org_fields);

static const struct ag_field org_summary_fields[] = {
    ORG_FIELDS(struct ag_org_summary),
    AG_FIELD(struct ag_org_summary, current, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether this session acts in it"),
    AG_FIELD(struct ag_org_summary, members, AG_F_INT, AG_FF_REQUIRED, .doc = "How many it has"),
};
AG_SCHEMA(ag_org_summary_schema, "OrganizationSummary", struct ag_org_summary,
          "One of the account's organisations", org_summary_fields);

static void org_from_row(const struct ag_value *row, struct ag_org *org)
{
    *org = (struct ag_org){
        .id = row[0].uuid,
        .name = row[1].str,
        .personal = row[2].num,
        .plan = row[3].str,
        .role = row[4].str,
        .role_name = row[6].str,
        .created_at = row[7].num,
    };
    if (row[5].type == AG_V_NULL) return;
    org->role_id = row[5].uuid;
    AG_SET(org, AG_ORG_ROLE_ID);
}

static enum ag_err first_org(const struct ag_rows *rows, struct ag_org *ret_org)
{
    if (rows->count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such organisation");
    org_from_row(ag_row(rows, 0), ret_org);
    return AG_OK;
}

enum ag_err ag_orgs_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                        struct ag_uuid user, struct ag_org *ret_org)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_org_stmts[ORG_GET], AG_BIND(ag_v_uuid(org), ag_v_uuid(user)),
                      &rows));
    return first_org(&rows, ret_org);
}

enum ag_err ag_orgs_get_for_key(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                                struct ag_org *ret_org)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_org_stmts[ORG_GET_KEY], AG_BIND(ag_v_uuid(org)), &rows));
    return first_org(&rows, ret_org);
}

enum ag_err ag_orgs_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid user,
                         const struct ag_page *page, struct ag_list *ret_orgs)
{
    const struct ag_value params[] = {ag_v_uuid(user), ag_v_int(page->limit),
                                      ag_v_uuid(page->after_id)};
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_org_stmts[page->has_after ? ORG_LIST_AFTER : ORG_LIST_FIRST],
                      params, page->has_after ? 3 : 2, &rows));
    struct ag_org_summary *orgs = AG_ARENA_ARRAY(arena, struct ag_org_summary, rows.count);
    if (!orgs) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++) {
        struct ag_org org;
        org_from_row(ag_row(&rows, i), &org);
        orgs[i] = (struct ag_org_summary){
            .set = org.set,
            .id = org.id,
            .name = org.name,
            .personal = org.personal,
            .plan = org.plan,
            .role = org.role,
            .role_id = org.role_id,
            .role_name = org.role_name,
            .created_at = org.created_at,
            .members = ag_row(&rows, i)[8].num,
        };
    }
    *ret_orgs = (struct ag_list){orgs, rows.count};
    return AG_OK;
}

/* ---- making and changing ---- */

enum ag_err ag_orgs_count(struct ag_tx *tx, struct ag_uuid user, int64_t *ret_all,
                          int64_t *ret_owned)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_org_stmts[ORG_COUNT], AG_BIND(ag_v_uuid(user)), &rows));
    *ret_all = ag_row(&rows, 0)[0].num;
    *ret_owned = ag_row(&rows, 0)[1].num;
    return AG_OK;
}

enum ag_err ag_orgs_insert(struct ag_tx *tx, const struct ag_org *org)
{
    return ag_tx_exec(tx, &ag_org_stmts[ORG_ADD],
                      AG_BIND(ag_v_uuid(org->id), ag_v_text(org->name), ag_v_time(org->created_at)),
                      NULL);
}

enum ag_err ag_orgs_is_personal(struct ag_tx *tx, struct ag_uuid org, bool *ret_personal)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_org_stmts[ORG_PERSONAL], AG_BIND(ag_v_uuid(org)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such organisation");
    *ret_personal = ag_row(&rows, 0)[0].num;
    return AG_OK;
}

enum ag_err ag_orgs_rename(struct ag_tx *tx, struct ag_uuid org, struct ag_str name, int64_t now)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_org_stmts[ORG_RENAME],
                      AG_BIND(ag_v_uuid(org), ag_v_text(name), ag_v_time(now)), &rows));
    if (rows.changed == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such organisation");
    return AG_OK;
}

enum ag_err ag_orgs_end(struct ag_tx *tx, struct ag_uuid org, int64_t now, int64_t *ret_keys)
{
    struct ag_rows rows, keys;
    AG_TRY(ag_tx_exec(tx, &ag_org_stmts[ORG_END], AG_BIND(ag_v_uuid(org), ag_v_time(now)), &rows));
    if (rows.changed == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such organisation");
    /* Memberships first: a switch that runs now waits for its own and finds none, or has committed
     * before the sessions are looked at. */
    AG_TRY(ag_tx_exec(tx, &ag_org_stmts[ORG_END_MEMBERS], AG_BIND(ag_v_uuid(org)), NULL));
    AG_TRY(ag_tx_exec(tx, &ag_org_stmts[ORG_END_SESSIONS], AG_BIND(ag_v_uuid(org)), NULL));
    AG_TRY(ag_tx_exec(tx, &ag_org_stmts[ORG_END_KEYS], AG_BIND(ag_v_uuid(org), ag_v_time(now)),
                      &keys));
    AG_TRY(ag_tx_exec(tx, &ag_org_stmts[ORG_END_INVITATIONS], AG_BIND(ag_v_uuid(org)), NULL));
    AG_TRY(ag_tx_exec(tx, &ag_org_stmts[ORG_END_LINKS], AG_BIND(ag_v_uuid(org)), NULL));
    *ret_keys = keys.changed;
    return AG_OK;
}

/* ---- the purge ---- */

#define PURGE(table, key)                                                                          \
    {                                                                                              \
        .name = "purge_" table,                                                                    \
        .sql = "DELETE FROM " table " WHERE org_id = $1 AND " key " IN (SELECT " key               \
               " FROM " table " WHERE org_id = $1 ORDER BY " key " LIMIT $2)",                     \
        .params = "ui", .columns = ""                                                              \
    }

/* Everything with an org_id but activity_logs: that somebody deleted it is told there. */
struct ag_stmt ag_purge_stmts[AG_PURGE_STMTS] = {
    PURGE("ai_agents", "id"),     PURGE("prompts", "id"),     PURGE("runs", "id"),
    PURGE("client_errors", "id"), PURGE("run_stats", "at"),   PURGE("idempotency_keys", "key"),
    PURGE("api_keys", "id"),      PURGE("invitations", "id"), PURGE("memberships", "user_id"),
    PURGE("roles", "id"),
};
const size_t ag_purge_kinds = AG_PURGE_STMTS;

enum ag_err ag_orgs_to_purge(struct ag_db *db, struct ag_arena *arena, struct ag_uuid after,
                             struct ag_uuid *ret_org, int64_t *ret_deleted_at)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_org_stmts[ORG_TO_PURGE], AG_BIND(ag_v_uuid(after)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "no organisation waits for its purge");
    *ret_org = ag_row(&rows, 0)[0].uuid;
    *ret_deleted_at = ag_row(&rows, 0)[1].num;
    return AG_OK;
}

enum ag_err ag_orgs_purge(struct ag_tx *tx, struct ag_uuid org, size_t kind, int64_t *ret_count)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_purge_stmts[kind], AG_BIND(ag_v_uuid(org), ag_v_int(AG_PURGE_BATCH)),
                      &rows));
    *ret_count = rows.changed;
    return AG_OK;
}

enum ag_err ag_orgs_purged(struct ag_tx *tx, struct ag_uuid org, int64_t now)
{
    return ag_tx_exec(tx, &ag_org_stmts[ORG_PURGED], AG_BIND(ag_v_uuid(org), ag_v_time(now)), NULL);
}
