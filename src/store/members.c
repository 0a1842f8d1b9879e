#include "store/orgs.h"
#include "store/tables.h"

enum {
    MEMBER_LIST_FIRST,
    MEMBER_LIST_AFTER,
    MEMBER_GET,
    MEMBER_LOCK,
    MEMBER_ADD,
    MEMBER_SET_ROLE,
    MEMBER_COUNT,
    MEMBER_OTHER_OWNERS,
    MEMBER_OLDEST_OWNER,
    MEMBER_HAS_EMAIL,
    MEMBER_TOUCH,
    MEMBER_DELETE,
    MEMBER_END_SESSIONS,
    MEMBER_END_KEYS,
    MEMBER_END_AGENTS,
    SESSION_ACT_IN,
};

#define MEMBER_SELECT                                                                              \
    "SELECT m.user_id, u.name, u.email, m.role, m.role_id, coalesce(r.name, m.role), "             \
    "m.created_at, m.last_active_at, r.permissions FROM memberships m "                            \
    "JOIN users u ON u.id = m.user_id "                                                            \
    "LEFT JOIN roles r ON r.id = m.role_id AND r.org_id = m.org_id WHERE m.org_id = $1 "
#define MEMBER_TYPES "utttutzzj"
#define MEMBER_FOUND                                                                               \
    MEMBER_SELECT                                                                                  \
    "AND (lower(u.name) LIKE lower($2) ESCAPE '\\' OR lower(u.email) LIKE lower($2) ESCAPE '\\') "
#define MEMBER_ONE   MEMBER_SELECT "AND m.user_id = $2"
#define OTHER_OWNERS "memberships WHERE org_id = $1 AND user_id <> $2 AND role = 'owner'"

struct ag_stmt ag_member_stmts[AG_MEMBER_STMTS] = {
    [MEMBER_LIST_FIRST] = {.name = "member_list_first",
                           .sql = MEMBER_FOUND "ORDER BY lower(u.name), u.id LIMIT $3",
                           .params = "uti",
                           .columns = MEMBER_TYPES},
    [MEMBER_LIST_AFTER] = {.name = "member_list_after",
                           .sql = MEMBER_FOUND "AND (lower(u.name), u.id) > (lower($5), $4) "
                                               "ORDER BY lower(u.name), u.id LIMIT $3",
                           .params = "utiut",
                           .columns = MEMBER_TYPES},
    [MEMBER_GET] = {.name = "member_get",
                    .sql = MEMBER_ONE,
                    .params = "uu",
                    .columns = MEMBER_TYPES},
    [MEMBER_LOCK] = {.name = "member_lock",
                     .sql = MEMBER_ONE " FOR UPDATE OF m",
                     .sqlite = MEMBER_ONE,
                     .params = "uu",
                     .columns = MEMBER_TYPES},
    [MEMBER_ADD] = {.name = "member_add",
                    .sql = "INSERT INTO memberships (org_id, user_id, role, role_id, created_at) "
                           "VALUES ($1, $2, $3, $4, $5)",
                    .params = "uutuz",
                    .columns = ""},
    [MEMBER_SET_ROLE] = {.name = "member_set_role",
                         .sql = "UPDATE memberships SET role = $3, role_id = $4 "
                                "WHERE org_id = $1 AND user_id = $2",
                         .params = "uutu",
                         .columns = ""},
    [MEMBER_COUNT] = {.name = "member_count",
                      .sql = "SELECT count(*) FROM memberships WHERE org_id = $1",
                      .params = "u",
                      .columns = "i"},
    [MEMBER_OTHER_OWNERS] = {.name = "member_other_owners",
                             .sql = "SELECT count(*) FROM " OTHER_OWNERS,
                             .params = "uu",
                             .columns = "i"},
    [MEMBER_OLDEST_OWNER] = {.name = "member_oldest_owner",
                             .sql = "SELECT user_id FROM " OTHER_OWNERS
                                    " ORDER BY created_at, user_id LIMIT 1",
                             .params = "uu",
                             .columns = "u"},
    [MEMBER_HAS_EMAIL] = {.name = "member_has_email",
                          .sql = "SELECT m.user_id FROM memberships m "
                                 "JOIN users u ON u.id = m.user_id "
                                 "WHERE m.org_id = $1 AND u.email = $2",
                          .params = "ut",
                          .columns = "u"},
    [MEMBER_TOUCH] = {.name = "member_touch",
                      .sql = "UPDATE memberships SET last_active_at = $3 "
                             "WHERE org_id = $1 AND user_id = $2",
                      .params = "uuz",
                      .columns = ""},
    [MEMBER_DELETE] = {.name = "member_delete",
                       .sql = "DELETE FROM memberships WHERE org_id = $1 AND user_id = $2",
                       .params = "uu",
                       .columns = ""},
    [MEMBER_END_SESSIONS] = {.name = "member_end_sessions",
                             .sql = "UPDATE sessions SET acting_org_id = NULL "
                                    "WHERE acting_org_id = $1 AND user_id = $2",
                             .params = "uu",
                             .columns = ""},
    [MEMBER_END_KEYS] = {.name = "member_end_keys",
                         .sql = "UPDATE api_keys SET revoked_at = $3 WHERE org_id = $1 "
                                "AND user_id = $2 AND NOT shared AND revoked_at IS NULL "
                                "RETURNING id",
                         .params = "uuz",
                         .columns = "u"},
    [MEMBER_END_AGENTS] = {.name = "member_end_agents",
                           .sql = "UPDATE ai_agents SET user_id = $3 WHERE org_id = $1 "
                                  "AND user_id = $2 AND visibility = 'private'",
                           .params = "uuu",
                           .columns = ""},
    [SESSION_ACT_IN] = {.name = "session_act_in",
                        .sql = "UPDATE sessions SET acting_org_id = $2 "
                               "WHERE id = $1 AND revoked_at IS NULL",
                        .params = "uu",
                        .columns = ""},
};

static const struct ag_field member_fields[] = {
    AG_FIELD(struct ag_member, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The account"),
    AG_FIELD(struct ag_member, name, AG_F_STRING, AG_FF_REQUIRED, .doc = "Its name",
             .example = "\"Ada Lovelace\""),
    AG_FIELD(struct ag_member, email, AG_F_STRING, AG_FF_REQUIRED | AG_FF_EMAIL,
             .doc = "Its e-mail address", .example = "\"ada@example.com\""),
    AG_FIELD(struct ag_member, role, AG_F_ENUM, AG_FF_REQUIRED,
             .choices = "owner|admin|manager|member|viewer",
             .doc = "Its role; `viewer` below a role of the organisation's own"),
    [AG_MEMBER_ROLE_ID] = AG_FIELD(struct ag_member, role_id, AG_F_UUID,
                                   AG_FF_REQUIRED | AG_FF_NULLABLE,
                                   .doc = "Its role, when it is one of the organisation's own"),
    AG_FIELD(struct ag_member, role_name, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "What its role is called"),
    AG_FIELD(struct ag_member, joined_at, AG_F_TIME, AG_FF_REQUIRED,
             .doc = "When it became a member"),
    [AG_MEMBER_LAST_ACTIVE] = AG_FIELD(struct ag_member, last_active_at, AG_F_TIME,
                                       AG_FF_REQUIRED | AG_FF_NULLABLE,
                                       .doc = "When it last acted in this organisation, to the "
                                              "minute"),
};
AG_SCHEMA(ag_member_schema, "Member", struct ag_member, "A member of the organisation",
          member_fields);

static void member_from_row(const struct ag_value *row, struct ag_member *member)
{
    *member = (struct ag_member){
        .id = row[0].uuid,
        .name = row[1].str,
        .email = row[2].str,
        .role = row[3].str,
        .role_name = row[5].str,
        .joined_at = row[6].num,
    };
    if (row[4].type != AG_V_NULL) {
        member->role_id = row[4].uuid;
        AG_SET(member, AG_MEMBER_ROLE_ID);
    }
    if (row[7].type != AG_V_NULL) {
        member->last_active_at = row[7].num;
        AG_SET(member, AG_MEMBER_LAST_ACTIVE);
    }
    if (row[8].type != AG_V_NULL) member->permissions = row[8].str;
}

enum ag_err ag_members_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                            const struct ag_page *page, struct ag_list *ret_members)
{
    struct ag_str pattern;
    AG_TRY(ag_page_pattern(page, arena, &pattern));
    const struct ag_value params[] = {ag_v_uuid(org), ag_v_text(pattern), ag_v_int(page->limit),
                                      ag_v_uuid(page->after_id), ag_v_text(page->after_name)};
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena,
                      &ag_member_stmts[page->has_after ? MEMBER_LIST_AFTER : MEMBER_LIST_FIRST],
                      params, page->has_after ? 5 : 3, &rows));
    struct ag_member *members = AG_ARENA_ARRAY(arena, struct ag_member, rows.count);
    if (!members) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++)
        member_from_row(ag_row(&rows, i), &members[i]);
    *ret_members = (struct ag_list){members, rows.count};
    return AG_OK;
}

static enum ag_err first_member(const struct ag_rows *rows, struct ag_member *ret_member)
{
    if (rows->count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such member");
    member_from_row(ag_row(rows, 0), ret_member);
    return AG_OK;
}

enum ag_err ag_members_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                           struct ag_uuid user, struct ag_member *ret_member)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_member_stmts[MEMBER_GET],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(user)), &rows));
    return first_member(&rows, ret_member);
}

enum ag_err ag_members_lock(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                            struct ag_member *ret_member)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_member_stmts[MEMBER_LOCK], AG_BIND(ag_v_uuid(org), ag_v_uuid(user)),
                      &rows));
    return first_member(&rows, ret_member);
}

static struct ag_value own_role(const struct ag_member_role *role)
{
    return ag_v_opt(!ag_uuid_is_nil(role->role_id), ag_v_uuid(role->role_id));
}

enum ag_err ag_members_insert(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                              const struct ag_member_role *role, int64_t now)
{
    return ag_tx_exec(tx, &ag_member_stmts[MEMBER_ADD],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(user), ag_v_text(role->role),
                              own_role(role), ag_v_time(now)),
                      NULL);
}

enum ag_err ag_members_set_role(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                                const struct ag_member_role *role)
{
    return ag_tx_exec(
        tx, &ag_member_stmts[MEMBER_SET_ROLE],
        AG_BIND(ag_v_uuid(org), ag_v_uuid(user), ag_v_text(role->role), own_role(role)), NULL);
}

enum ag_err ag_members_count(struct ag_tx *tx, struct ag_uuid org, int64_t *ret_count)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_member_stmts[MEMBER_COUNT], AG_BIND(ag_v_uuid(org)), &rows));
    *ret_count = ag_row(&rows, 0)[0].num;
    return AG_OK;
}

enum ag_err ag_members_other_owners(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                                    int64_t *ret_count)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_member_stmts[MEMBER_OTHER_OWNERS],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(user)), &rows));
    *ret_count = ag_row(&rows, 0)[0].num;
    return AG_OK;
}

enum ag_err ag_members_oldest_owner(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                                    struct ag_uuid *ret_owner)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_member_stmts[MEMBER_OLDEST_OWNER],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(user)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no other owner");
    *ret_owner = ag_row(&rows, 0)[0].uuid;
    return AG_OK;
}

enum ag_err ag_members_has_email(struct ag_tx *tx, struct ag_uuid org, struct ag_str email,
                                 bool *ret_is_member)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_member_stmts[MEMBER_HAS_EMAIL],
                      AG_BIND(ag_v_uuid(org), ag_v_text(email)), &rows));
    *ret_is_member = rows.count > 0;
    return AG_OK;
}

enum ag_err ag_members_touch(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user, int64_t now)
{
    return ag_tx_exec(tx, &ag_member_stmts[MEMBER_TOUCH],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(user), ag_v_time(now)), NULL);
}

enum ag_err ag_members_end(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                           struct ag_uuid heir, int64_t now, struct ag_member_end *ret_end)
{
    struct ag_rows keys, agents;
    /* The membership first: a switch that runs now waits for it and finds none, or has committed
     * before the sessions are looked at. */
    AG_TRY(ag_tx_exec(tx, &ag_member_stmts[MEMBER_DELETE], AG_BIND(ag_v_uuid(org), ag_v_uuid(user)),
                      NULL));
    AG_TRY(ag_tx_exec(tx, &ag_member_stmts[MEMBER_END_SESSIONS],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(user)), NULL));
    AG_TRY(ag_tx_exec(tx, &ag_member_stmts[MEMBER_END_KEYS],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(user), ag_v_time(now)), &keys));
    struct ag_uuid *ids = AG_ARENA_ARRAY(ag_tx_arena(tx), struct ag_uuid, keys.count);
    if (!ids) return ag_fail(AG_E_NO_MEMORY, "no memory for a list of keys");
    for (size_t i = 0; i < keys.count; i++)
        ids[i] = ag_row(&keys, i)[0].uuid;
    AG_TRY(ag_tx_exec(tx, &ag_member_stmts[MEMBER_END_AGENTS],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(user), ag_v_uuid(heir)), &agents));
    *ret_end = (struct ag_member_end){.keys = {ids, keys.count}, .agents = agents.changed};
    return AG_OK;
}

enum ag_err ag_sessions_act_in(struct ag_tx *tx, struct ag_uuid session, struct ag_uuid org)
{
    return ag_tx_exec(tx, &ag_member_stmts[SESSION_ACT_IN],
                      AG_BIND(ag_v_uuid(session), ag_v_uuid(org)), NULL);
}
