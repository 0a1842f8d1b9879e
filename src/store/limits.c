#include "store/limits.h"

#include "store/tables.h"

#define SERVER_WIDE "what the administrator of the server sees and sets, of every organisation"

enum { SETTINGS_LOCK_KEY = 0x7365747474, BLOCKS_LOCK_KEY = 0x626c6f636b };

enum {
    SETTINGS_GET,
    SETTINGS_PUT,
    BLOCKS_IN_FORCE,
    BLOCKS_FIRST,
    BLOCKS_AFTER,
    BLOCKS_COUNT,
    BLOCK_PUT,
    BLOCK_DELETE,
    BLOCK_DELETE_SUBJECT,
    BLOCKS_EXPIRE,
    ORGS_FIRST,
    ORGS_AFTER,
    ORG_LOCK,
    ORG_UPDATE
};

#define BLOCK_SELECT                                                                               \
    "SELECT b.id, b.kind, b.subject, b.reason, b.failures, b.created_by, u.name, b.created_at, "   \
    "b.expires_at FROM sign_in_blocks b LEFT JOIN users u ON u.id = b.created_by "                 \
    "WHERE b.expires_at > $1 AND ($2 IS NULL OR b.kind = $2) "
#define BLOCK_TYPES                                                                                \
    "utttiutz"                                                                                     \
    "z"
#define ORG_SELECT                                                                                 \
    "SELECT o.id, o.name, o.personal, o.plan, o.requests_per_minute, "                             \
    "(SELECT count(*) FROM memberships m WHERE m.org_id = o.id), "                                 \
    "(SELECT u.email FROM memberships m JOIN users u ON u.id = m.user_id "                         \
    "WHERE m.org_id = o.id AND m.role = 'owner' ORDER BY m.created_at, u.id LIMIT 1), "            \
    "o.created_at FROM organizations o WHERE o.deleted_at IS NULL "
#define ORG_FOUND                                                                                  \
    "AND (lower(o.name) LIKE lower($1) ESCAPE '\\' OR EXISTS (SELECT 1 FROM memberships m "        \
    "JOIN users u ON u.id = m.user_id WHERE m.org_id = o.id AND m.role = 'owner' "                 \
    "AND u.email LIKE lower($1) ESCAPE '\\')) "
#define ORG_TYPES                                                                                  \
    "utbtiit"                                                                                      \
    "z"

struct ag_stmt ag_limit_stmts[AG_LIMIT_STMTS] = {
    [SETTINGS_GET] = {.name = "settings_get",
                      .sql = "SELECT value FROM settings WHERE name = 'server'",
                      .params = "",
                      .columns = "j"},
    [SETTINGS_PUT] = {.name = "settings_put",
                      .sql = "INSERT INTO settings (name, value, updated_at) "
                             "VALUES ('server', $1, $2) ON CONFLICT (name) DO UPDATE "
                             "SET value = excluded.value, updated_at = excluded.updated_at",
                      .params = "jz",
                      .columns = ""},
    [BLOCKS_IN_FORCE] = {.name = "blocks_in_force",
                         .sql = "SELECT kind, subject, failures, expires_at FROM sign_in_blocks "
                                "WHERE expires_at > $1 "
                                "ORDER BY failures = 0 DESC, expires_at DESC LIMIT $2",
                         .params = "zi",
                         .columns = "ttiz"},
    [BLOCKS_FIRST] = {.name = "blocks_first",
                      .sql = BLOCK_SELECT "ORDER BY b.id DESC LIMIT $3",
                      .params = "zti",
                      .columns = BLOCK_TYPES},
    [BLOCKS_AFTER] = {.name = "blocks_after",
                      .sql = BLOCK_SELECT "AND b.id < $4 ORDER BY b.id DESC LIMIT $3",
                      .params = "ztiu",
                      .columns = BLOCK_TYPES},
    [BLOCKS_COUNT] = {.name = "blocks_count",
                      .sql = "SELECT count(*) FROM sign_in_blocks WHERE expires_at > $1",
                      .params = "z",
                      .columns = "i"},
    [BLOCK_PUT] = {.name = "block_put",
                   .sql = "INSERT INTO sign_in_blocks (id, kind, subject, reason, failures, "
                          "created_by, created_at, expires_at) "
                          "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
                          "ON CONFLICT (kind, subject) DO UPDATE SET reason = excluded.reason, "
                          "failures = excluded.failures, created_by = excluded.created_by, "
                          "created_at = excluded.created_at, expires_at = excluded.expires_at "
                          "WHERE $9 OR sign_in_blocks.expires_at < excluded.expires_at "
                          "RETURNING id",
                   .params = "utttiuzzb",
                   .columns = "u"},
    [BLOCK_DELETE] = {.name = "block_delete",
                      .sql = "DELETE FROM sign_in_blocks WHERE id = $1 RETURNING kind, subject",
                      .params = "u",
                      .columns = "tt"},
    [BLOCK_DELETE_SUBJECT] = {.name = "block_delete_subject",
                              .sql = "DELETE FROM sign_in_blocks WHERE subject = $1",
                              .params = "t",
                              .columns = ""},
    [BLOCKS_EXPIRE] = {.name = "blocks_expire",
                       .sql = "DELETE FROM sign_in_blocks WHERE expires_at <= $1",
                       .params = "z",
                       .columns = ""},
    [ORGS_FIRST] = {.name = "org_plans_first",
                    .sql = ORG_SELECT ORG_FOUND "ORDER BY o.id DESC LIMIT $2",
                    .params = "ti",
                    .columns = ORG_TYPES,
                    .no_org = SERVER_WIDE},
    [ORGS_AFTER] = {.name = "org_plans_after",
                    .sql = ORG_SELECT ORG_FOUND "AND o.id < $3 ORDER BY o.id DESC LIMIT $2",
                    .params = "tiu",
                    .columns = ORG_TYPES,
                    .no_org = SERVER_WIDE},
    [ORG_LOCK] = {.name = "org_plan_lock",
                  .sql = ORG_SELECT "AND o.id = $1 FOR UPDATE OF o",
                  .sqlite = ORG_SELECT "AND o.id = $1",
                  .params = "u",
                  .columns = ORG_TYPES,
                  .no_org = SERVER_WIDE},
    [ORG_UPDATE] = {.name = "org_plan_update",
                    .sql = "UPDATE organizations SET plan = $2, requests_per_minute = $3, "
                           "updated_at = $4 WHERE id = $1",
                    .params = "utiz",
                    .columns = "",
                    .no_org = SERVER_WIDE},
};

/* ---- settings ---- */

static enum ag_err settings_of(const struct ag_rows *rows, struct ag_str *ret_json)
{
    if (rows->count == 0) return AG_E_NOT_FOUND;
    *ret_json = ag_row(rows, 0)[0].str;
    return AG_OK;
}

enum ag_err ag_settings_read(struct ag_db *db, struct ag_arena *arena, struct ag_str *ret_json)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_limit_stmts[SETTINGS_GET], NULL, 0, &rows));
    return settings_of(&rows, ret_json);
}

enum ag_err ag_settings_lock(struct ag_tx *tx, struct ag_str *ret_json)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_lock(tx, SETTINGS_LOCK_KEY));
    AG_TRY(ag_tx_exec(tx, &ag_limit_stmts[SETTINGS_GET], NULL, 0, &rows));
    return settings_of(&rows, ret_json);
}

enum ag_err ag_settings_write(struct ag_tx *tx, struct ag_str json, int64_t now)
{
    return ag_tx_exec(tx, &ag_limit_stmts[SETTINGS_PUT], AG_BIND(ag_v_json(json), ag_v_time(now)),
                      NULL);
}

/* ---- blocks ---- */

static const struct ag_field block_fields[] = {
    AG_FIELD(struct ag_block, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The block"),
    AG_FIELD(struct ag_block, kind, AG_F_ENUM, AG_FF_REQUIRED, .choices = "address|account",
             .doc = "What is blocked"),
    AG_FIELD(struct ag_block, subject, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "The address, or its network where it is one of IPv6; or the e-mail address "
                    "that was tried, known here or not",
             .example = "\"192.0.2.7\""),
    AG_FIELD(struct ag_block, reason, AG_F_STRING, AG_FF_REQUIRED, .doc = "Why"),
    AG_FIELD(struct ag_block, failures, AG_F_INT, AG_FF_REQUIRED,
             .doc = "Failed sign-ins that led to it; 0 when an administrator made it"),
    [AG_BLOCK_CREATED_BY] = AG_FIELD(struct ag_block, created_by, AG_F_UUID,
                                     AG_FF_REQUIRED | AG_FF_NULLABLE,
                                     .doc = "The administrator who made it"),
    [AG_BLOCK_CREATED_BY_NAME] = AG_FIELD(struct ag_block, created_by_name, AG_F_STRING,
                                          AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "Their name"),
    AG_FIELD(struct ag_block, created_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "Since when"),
    AG_FIELD(struct ag_block, expires_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "Until when"),
};
AG_SCHEMA(ag_block_schema, "Block", struct ag_block,
          "An address or account that may not sign in for a while", block_fields);

enum ag_err ag_blocks_in_force(struct ag_db *db, struct ag_arena *arena, int64_t now,
                               struct ag_list *ret_blocks)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_limit_stmts[BLOCKS_IN_FORCE],
                      AG_BIND(ag_v_time(now), ag_v_int(AG_BLOCKS_MAX)), &rows));
    struct ag_block *blocks = AG_ARENA_ARRAY(arena, struct ag_block, rows.count);
    if (!blocks) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++) {
        const struct ag_value *row = ag_row(&rows, i);
        blocks[i] = (struct ag_block){.kind = row[0].str,
                                      .subject = row[1].str,
                                      .failures = row[2].num,
                                      .expires_at = row[3].num};
    }
    *ret_blocks = (struct ag_list){blocks, rows.count};
    return AG_OK;
}

static void block_from_row(const struct ag_value *row, struct ag_block *block)
{
    *block = (struct ag_block){
        .id = row[0].uuid,
        .kind = row[1].str,
        .subject = row[2].str,
        .reason = row[3].str,
        .failures = row[4].num,
        .created_by = row[5].uuid,
        .created_by_name = row[6].str,
        .created_at = row[7].num,
        .expires_at = row[8].num,
    };
    if (row[5].type != AG_V_NULL) AG_SET(block, AG_BLOCK_CREATED_BY);
    if (row[6].type != AG_V_NULL) AG_SET(block, AG_BLOCK_CREATED_BY_NAME);
}

enum ag_err ag_blocks_list(struct ag_db *db, struct ag_arena *arena, struct ag_str kind,
                           const struct ag_page *page, int64_t now, struct ag_list *ret_blocks)
{
    const struct ag_value params[] = {
        ag_v_time(now),
        ag_v_opt(kind.len > 0, ag_v_text(kind)),
        ag_v_int(page->limit),
        ag_v_uuid(page->after_id),
    };
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_limit_stmts[page->has_after ? BLOCKS_AFTER : BLOCKS_FIRST],
                      params, page->has_after ? 4 : 3, &rows));
    struct ag_block *blocks = AG_ARENA_ARRAY(arena, struct ag_block, rows.count);
    if (!blocks) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++)
        block_from_row(ag_row(&rows, i), &blocks[i]);
    *ret_blocks = (struct ag_list){blocks, rows.count};
    return AG_OK;
}

enum ag_err ag_blocks_put(struct ag_tx *tx, struct ag_block *block, bool over, bool *ret_made)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_lock(tx, BLOCKS_LOCK_KEY));
    AG_TRY(ag_blocks_expire(tx, block->created_at));
    AG_TRY(ag_tx_exec(tx, &ag_limit_stmts[BLOCKS_COUNT], AG_BIND(ag_v_time(block->created_at)),
                      &rows));
    *ret_made = false;
    /* Whoever fails from many addresses does not keep an administrator from blocking one. */
    if (!over && ag_row(&rows, 0)[0].num >= AG_BLOCKS_MAX) return AG_OK;
    AG_TRY(ag_tx_exec(
        tx, &ag_limit_stmts[BLOCK_PUT],
        AG_BIND(ag_v_uuid(block->id), ag_v_text(block->kind), ag_v_text(block->subject),
                ag_v_text(block->reason), ag_v_int(block->failures),
                ag_v_opt(ag_doc_has(block, AG_BLOCK_CREATED_BY), ag_v_uuid(block->created_by)),
                ag_v_time(block->created_at), ag_v_time(block->expires_at), ag_v_bool(over)),
        &rows));
    if (rows.count == 0) return AG_OK;
    block->id = ag_row(&rows, 0)[0].uuid;
    *ret_made = true;
    return AG_OK;
}

enum ag_err ag_blocks_delete(struct ag_tx *tx, struct ag_uuid id, struct ag_block *ret_block)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_limit_stmts[BLOCK_DELETE], AG_BIND(ag_v_uuid(id)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such block");
    *ret_block = (struct ag_block){
        .id = id, .kind = ag_row(&rows, 0)[0].str, .subject = ag_row(&rows, 0)[1].str};
    return AG_OK;
}

enum ag_err ag_blocks_delete_subject(struct ag_tx *tx, struct ag_str subject, int64_t *ret_count)
{
    struct ag_rows rows;
    AG_TRY(
        ag_tx_exec(tx, &ag_limit_stmts[BLOCK_DELETE_SUBJECT], AG_BIND(ag_v_text(subject)), &rows));
    *ret_count = rows.changed;
    return AG_OK;
}

enum ag_err ag_blocks_expire(struct ag_tx *tx, int64_t now)
{
    return ag_tx_exec(tx, &ag_limit_stmts[BLOCKS_EXPIRE], AG_BIND(ag_v_time(now)), NULL);
}

/* ---- organisations ---- */

static const struct ag_field org_plan_fields[] = {
    AG_FIELD(struct ag_org_plan, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The organisation"),
    AG_FIELD(struct ag_org_plan, name, AG_F_STRING, AG_FF_REQUIRED, .doc = "Its name",
             .example = "\"Analytical Engines\""),
    AG_FIELD(struct ag_org_plan, personal, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether it is a person's own"),
    AG_FIELD(struct ag_org_plan, plan, AG_F_ENUM, AG_FF_REQUIRED, .choices = "free|premium",
             .doc = "What its members may ask of the server"),
    [AG_ORG_PLAN_PER_MINUTE] = AG_FIELD(struct ag_org_plan, requests_per_minute, AG_F_INT,
                                        AG_FF_REQUIRED | AG_FF_NULLABLE,
                                        .doc = "What each of them may ask in place of that"),
    AG_FIELD(struct ag_org_plan, members, AG_F_INT, AG_FF_REQUIRED, .doc = "How many they are"),
    [AG_ORG_PLAN_OWNER] = AG_FIELD(struct ag_org_plan, owner_email, AG_F_STRING,
                                   AG_FF_REQUIRED | AG_FF_NULLABLE,
                                   .doc = "The e-mail address of its first owner"),
    AG_FIELD(struct ag_org_plan, created_at, AG_F_TIME, AG_FF_REQUIRED,
             .doc = "When it was created"),
};
AG_SCHEMA(ag_org_plan_schema, "OrganizationPlan", struct ag_org_plan,
          "An organisation, as an administrator of the server sees it", org_plan_fields);

static void org_from_row(const struct ag_value *row, struct ag_org_plan *org)
{
    *org = (struct ag_org_plan){
        .id = row[0].uuid,
        .name = row[1].str,
        .personal = row[2].num,
        .plan = row[3].str,
        .requests_per_minute = row[4].num,
        .members = row[5].num,
        .owner_email = row[6].str,
        .created_at = row[7].num,
    };
    if (row[4].type != AG_V_NULL) AG_SET(org, AG_ORG_PLAN_PER_MINUTE);
    if (row[6].type != AG_V_NULL) AG_SET(org, AG_ORG_PLAN_OWNER);
}

enum ag_err ag_org_plans_list(struct ag_db *db, struct ag_arena *arena, const struct ag_page *page,
                              struct ag_list *ret_orgs)
{
    struct ag_str pattern;
    struct ag_rows rows;
    AG_TRY(ag_page_pattern(page, arena, &pattern));
    const struct ag_value params[] = {ag_v_text(pattern), ag_v_int(page->limit),
                                      ag_v_uuid(page->after_id)};
    AG_TRY(ag_db_read(db, arena, &ag_limit_stmts[page->has_after ? ORGS_AFTER : ORGS_FIRST], params,
                      page->has_after ? 3 : 2, &rows));
    struct ag_org_plan *orgs = AG_ARENA_ARRAY(arena, struct ag_org_plan, rows.count);
    if (!orgs) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++)
        org_from_row(ag_row(&rows, i), &orgs[i]);
    *ret_orgs = (struct ag_list){orgs, rows.count};
    return AG_OK;
}

enum ag_err ag_org_plans_lock(struct ag_tx *tx, struct ag_uuid id, struct ag_org_plan *ret_org)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_limit_stmts[ORG_LOCK], AG_BIND(ag_v_uuid(id)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such organisation");
    org_from_row(ag_row(&rows, 0), ret_org);
    return AG_OK;
}

enum ag_err ag_org_plans_update(struct ag_tx *tx, const struct ag_org_plan *org, int64_t now)
{
    return ag_tx_exec(tx, &ag_limit_stmts[ORG_UPDATE],
                      AG_BIND(ag_v_uuid(org->id), ag_v_text(org->plan),
                              ag_v_opt(ag_doc_has(org, AG_ORG_PLAN_PER_MINUTE),
                                       ag_v_int(org->requests_per_minute)),
                              ag_v_time(now)),
                      NULL);
}
