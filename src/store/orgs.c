#include "store/tables.h"

enum { ORG_GET };

struct ag_stmt ag_org_stmts[AG_ORG_STMTS] = {
    [ORG_GET] = {.name = "org_get",
                 .sql = "SELECT o.id, o.name, o.personal, o.plan, m.role, m.role_id, "
                        "coalesce(r.name, m.role), o.created_at FROM organizations o "
                        "JOIN memberships m ON m.org_id = o.id AND m.user_id = $2 "
                        "LEFT JOIN roles r ON r.id = m.role_id AND r.org_id = m.org_id "
                        "WHERE o.id = $1 AND o.deleted_at IS NULL",
                 .params = "uu",
                 .columns = "utbttutz"},
};

static const struct ag_field org_fields[] = {
    AG_FIELD(struct ag_org, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The organisation"),
    AG_FIELD(struct ag_org, name, AG_F_STRING, AG_FF_REQUIRED, .doc = "Its name",
             .example = "\"Analytical Engines\""),
    AG_FIELD(struct ag_org, personal, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether it is a person's own, which has one member for ever"),
    AG_FIELD(struct ag_org, plan, AG_F_ENUM, AG_FF_REQUIRED, .choices = "free|premium",
             .doc = "What its members may ask of the server"),
    AG_FIELD(struct ag_org, role, AG_F_ENUM, AG_FF_REQUIRED,
             .choices = "owner|admin|manager|member|viewer",
             .doc = "The account's role in it; `viewer` below a role of the organisation's own"),
    [AG_ORG_ROLE_ID] = AG_FIELD(struct ag_org, role_id, AG_F_UUID, AG_FF_REQUIRED | AG_FF_NULLABLE,
                                .doc = "The account's role, when it is one of its own"),
    AG_FIELD(struct ag_org, role_name, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "What the account's role is called"),
    AG_FIELD(struct ag_org, created_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "When it was created"),
};
AG_SCHEMA(ag_org_schema, "Organization", struct ag_org,
          "An organisation, as one of its members sees it", org_fields);

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

enum ag_err ag_orgs_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                        struct ag_uuid user, struct ag_org *ret_org)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_org_stmts[ORG_GET], AG_BIND(ag_v_uuid(org), ag_v_uuid(user)),
                      &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such organisation");
    org_from_row(ag_row(&rows, 0), ret_org);
    return AG_OK;
}
