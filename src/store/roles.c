#include "store/orgs.h"
#include "store/tables.h"

enum {
    ROLE_LIST,
    ROLE_COUNTS,
    ROLE_GET,
    ROLE_LOCK,
    ROLE_TOTAL,
    ROLE_INSERT,
    ROLE_UPDATE,
    ROLE_USES,
    ROLE_DELETE,
};

#define ROLE_SELECT                                                                                \
    "SELECT id, name, description, permissions, created_at, updated_at, (SELECT count(*) "         \
    "FROM memberships m WHERE m.org_id = roles.org_id AND m.role_id = roles.id) FROM roles "       \
    "WHERE org_id = $1 "
#define ROLE_TYPES "uttjzzi"
#define ROLE_ONE   ROLE_SELECT "AND id = $2"

struct ag_stmt ag_role_stmts[AG_ROLE_STMTS] = {
    [ROLE_LIST] = {.name = "role_list",
                   .sql = ROLE_SELECT "ORDER BY lower(name), id",
                   .params = "u",
                   .columns = ROLE_TYPES},
    [ROLE_COUNTS] = {.name = "role_counts",
                     .sql = "SELECT role, count(*) FROM memberships "
                            "WHERE org_id = $1 AND role_id IS NULL GROUP BY role",
                     .params = "u",
                     .columns = "ti"},
    [ROLE_GET] = {.name = "role_get", .sql = ROLE_ONE, .params = "uu", .columns = ROLE_TYPES},
    [ROLE_LOCK] = {.name = "role_lock",
                   .sql = ROLE_ONE " FOR UPDATE",
                   .sqlite = ROLE_ONE,
                   .params = "uu",
                   .columns = ROLE_TYPES},
    [ROLE_TOTAL] = {.name = "role_total",
                    .sql = "SELECT count(*) FROM roles WHERE org_id = $1",
                    .params = "u",
                    .columns = "i"},
    [ROLE_INSERT] = {.name = "role_insert",
                     .sql = "INSERT INTO roles (org_id, id, name, description, permissions, "
                            "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)",
                     .params = "uuttjz",
                     .columns = ""},
    [ROLE_UPDATE] = {.name = "role_update",
                     .sql = "UPDATE roles SET name = $3, description = $4, permissions = $5, "
                            "updated_at = $6 WHERE org_id = $1 AND id = $2",
                     .params = "uuttjz",
                     .columns = ""},
    [ROLE_USES] = {.name = "role_uses",
                   .sql = "SELECT (SELECT count(*) FROM memberships "
                          "WHERE org_id = $1 AND role_id = $2), (SELECT count(*) FROM invitations "
                          "WHERE org_id = $1 AND role_id = $2 AND accepted_at IS NULL "
                          "AND expires_at > $3)",
                   .params = "uuz",
                   .columns = "ii"},
    [ROLE_DELETE] = {.name = "role_delete",
                     .sql = "DELETE FROM roles WHERE org_id = $1 AND id = $2",
                     .params = "uu",
                     .columns = ""},
};

static const struct ag_field org_role_fields[] = {
    [AG_ORG_ROLE_OWN_ID] = AG_FIELD(struct ag_org_role, id, AG_F_UUID,
                                    AG_FF_REQUIRED | AG_FF_NULLABLE,
                                    .doc = "The role; null for a built-in one, which is known by "
                                           "its name"),
    AG_FIELD(struct ag_org_role, name, AG_F_STRING, AG_FF_REQUIRED, .doc = "Its name",
             .example = "\"Prompt editor\""),
    [AG_ORG_ROLE_DESCRIPTION] = AG_FIELD(struct ag_org_role, description, AG_F_STRING,
                                         AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "What it is for"),
    AG_FIELD(struct ag_org_role, built_in, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether every organisation has it; it cannot be changed then"),
    AG_FIELD(struct ag_org_role, permissions, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_STRING,
             .doc = "What its members may do"),
    AG_FIELD(struct ag_org_role, members, AG_F_INT, AG_FF_REQUIRED,
             .doc = "How many members have it"),
    [AG_ORG_ROLE_CREATED] = AG_FIELD(struct ag_org_role, created_at, AG_F_TIME,
                                     AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "When it was made"),
    [AG_ORG_ROLE_UPDATED] = AG_FIELD(struct ag_org_role, updated_at, AG_F_TIME,
                                     AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "Its last change"),
};
AG_SCHEMA(ag_org_role_schema, "Role", struct ag_org_role, "What members with it may do",
          org_role_fields);

static void role_from_row(const struct ag_value *row, struct ag_org_role *role)
{
    *role = (struct ag_org_role){
        .id = row[0].uuid,
        .name = row[1].str,
        .json = row[3].str,
        .created_at = row[4].num,
        .updated_at = row[5].num,
        .members = row[6].num,
    };
    AG_SET(role, AG_ORG_ROLE_OWN_ID);
    AG_SET(role, AG_ORG_ROLE_CREATED);
    AG_SET(role, AG_ORG_ROLE_UPDATED);
    if (row[2].type == AG_V_NULL) return;
    role->description = row[2].str;
    AG_SET(role, AG_ORG_ROLE_DESCRIPTION);
}

enum ag_err ag_roles_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                          struct ag_list *ret_roles)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_role_stmts[ROLE_LIST], AG_BIND(ag_v_uuid(org)), &rows));
    struct ag_org_role *roles = AG_ARENA_ARRAY(arena, struct ag_org_role, rows.count);
    if (!roles) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++)
        role_from_row(ag_row(&rows, i), &roles[i]);
    *ret_roles = (struct ag_list){roles, rows.count};
    return AG_OK;
}

enum ag_err ag_roles_counts(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                            struct ag_list *ret_counts)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_role_stmts[ROLE_COUNTS], AG_BIND(ag_v_uuid(org)), &rows));
    struct ag_role_count *counts = AG_ARENA_ARRAY(arena, struct ag_role_count, rows.count);
    if (!counts) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++)
        counts[i] = (struct ag_role_count){ag_row(&rows, i)[0].str, ag_row(&rows, i)[1].num};
    *ret_counts = (struct ag_list){counts, rows.count};
    return AG_OK;
}

static enum ag_err first_role(const struct ag_rows *rows, struct ag_org_role *ret_role)
{
    if (rows->count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such role");
    role_from_row(ag_row(rows, 0), ret_role);
    return AG_OK;
}

enum ag_err ag_roles_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                         struct ag_uuid id, struct ag_org_role *ret_role)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_role_stmts[ROLE_GET], AG_BIND(ag_v_uuid(org), ag_v_uuid(id)),
                      &rows));
    return first_role(&rows, ret_role);
}

enum ag_err ag_roles_lock(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                          struct ag_org_role *ret_role)
{
    struct ag_rows rows;
    AG_TRY(
        ag_tx_exec(tx, &ag_role_stmts[ROLE_LOCK], AG_BIND(ag_v_uuid(org), ag_v_uuid(id)), &rows));
    return first_role(&rows, ret_role);
}

enum ag_err ag_roles_total(struct ag_tx *tx, struct ag_uuid org, int64_t *ret_count)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_role_stmts[ROLE_TOTAL], AG_BIND(ag_v_uuid(org)), &rows));
    *ret_count = ag_row(&rows, 0)[0].num;
    return AG_OK;
}

static enum ag_err role_write(struct ag_tx *tx, int stmt, struct ag_uuid org,
                              const struct ag_org_role *role, int64_t time)
{
    bool described = ag_doc_has(role, AG_ORG_ROLE_DESCRIPTION);
    return ag_tx_exec(tx, &ag_role_stmts[stmt],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(role->id), ag_v_text(role->name),
                              ag_v_opt(described, ag_v_text(role->description)),
                              ag_v_json(role->json), ag_v_time(time)),
                      NULL);
}

enum ag_err ag_roles_insert(struct ag_tx *tx, struct ag_uuid org, const struct ag_org_role *role)
{
    return role_write(tx, ROLE_INSERT, org, role, role->created_at);
}

enum ag_err ag_roles_update(struct ag_tx *tx, struct ag_uuid org, const struct ag_org_role *role)
{
    return role_write(tx, ROLE_UPDATE, org, role, role->updated_at);
}

enum ag_err ag_roles_uses(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id, int64_t now,
                          int64_t *ret_members, int64_t *ret_invitations)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_role_stmts[ROLE_USES],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id), ag_v_time(now)), &rows));
    *ret_members = ag_row(&rows, 0)[0].num;
    *ret_invitations = ag_row(&rows, 0)[1].num;
    return AG_OK;
}

enum ag_err ag_roles_delete(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id)
{
    return ag_tx_exec(tx, &ag_role_stmts[ROLE_DELETE], AG_BIND(ag_v_uuid(org), ag_v_uuid(id)),
                      NULL);
}
