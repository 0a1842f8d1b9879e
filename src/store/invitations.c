#include "store/orgs.h"
#include "store/tables.h"

enum {
    INVITATION_LIST_FIRST,
    INVITATION_LIST_AFTER,
    INVITATION_GET,
    INVITATION_BY_HASH,
    INVITATION_OPEN,
    INVITATION_INSERT,
    INVITATION_RENEW,
    INVITATION_ACCEPT,
    INVITATION_DELETE,
    INVITATION_EXPIRE,
    INVITATION_FOR_EMAIL,
};

#define INVITATION_SELECT                                                                          \
    "SELECT i.id, i.email, i.role, i.role_id, coalesce(r.name, i.role), i.invited_by, u.name, "    \
    "i.created_at, i.expires_at, i.org_id, o.name, i.accepted_at, r.permissions, m.role, "         \
    "mr.permissions, u.status FROM invitations i "                                                 \
    "JOIN organizations o ON o.id = i.org_id AND o.deleted_at IS NULL "                            \
    "JOIN users u ON u.id = i.invited_by "                                                         \
    "LEFT JOIN roles r ON r.id = i.role_id AND r.org_id = i.org_id "                               \
    "LEFT JOIN memberships m ON m.org_id = i.org_id AND m.user_id = i.invited_by "                 \
    "LEFT JOIN roles mr ON mr.id = m.role_id AND mr.org_id = m.org_id "
#define INVITATION_TYPES                                                                           \
    "uttutut"                                                                                      \
    "zzutzjtjt"
#define INVITATION_OPEN_ONES "WHERE i.org_id = $1 AND i.accepted_at IS NULL "

struct ag_stmt ag_invitation_stmts[AG_INVITATION_STMTS] = {
    [INVITATION_LIST_FIRST] = {.name = "invitation_list_first",
                               .sql = INVITATION_SELECT INVITATION_OPEN_ONES
                               "ORDER BY i.id DESC LIMIT $2",
                               .params = "ui",
                               .columns = INVITATION_TYPES},
    [INVITATION_LIST_AFTER] = {.name = "invitation_list_after",
                               .sql = INVITATION_SELECT INVITATION_OPEN_ONES
                               "AND i.id < $3 ORDER BY i.id DESC LIMIT $2",
                               .params = "uiu",
                               .columns = INVITATION_TYPES},
    [INVITATION_GET] = {.name = "invitation_get",
                        .sql = INVITATION_SELECT INVITATION_OPEN_ONES "AND i.id = $2",
                        .params = "uu",
                        .columns = INVITATION_TYPES},
    [INVITATION_BY_HASH] = {.name = "invitation_by_hash",
                            .sql = INVITATION_SELECT "WHERE i.hash = $1",
                            .params = "x",
                            .columns = INVITATION_TYPES,
                            .no_org = "the token is what tells the organisation"},
    [INVITATION_OPEN] = {.name = "invitation_open",
                         .sql = INVITATION_SELECT INVITATION_OPEN_ONES,
                         .params = "u",
                         .columns = INVITATION_TYPES},
    [INVITATION_INSERT] = {.name = "invitation_insert",
                           .sql = "INSERT INTO invitations (org_id, id, email, role, role_id, "
                                  "hash, invited_by, created_at, expires_at) "
                                  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                           .params = "uuttuxuzz",
                           .columns = ""},
    [INVITATION_RENEW] = {.name = "invitation_renew",
                          .sql = "UPDATE invitations SET hash = $3, invited_by = $4, "
                                 "expires_at = $5 WHERE org_id = $1 AND id = $2",
                          .params = "uuxuz",
                          .columns = ""},
    [INVITATION_ACCEPT] = {.name = "invitation_accept",
                           .sql = "UPDATE invitations SET accepted_at = $3 "
                                  "WHERE org_id = $1 AND id = $2",
                           .params = "uuz",
                           .columns = ""},
    [INVITATION_DELETE] = {.name = "invitation_delete",
                           .sql = "DELETE FROM invitations WHERE org_id = $1 AND id = $2 "
                                  "AND accepted_at IS NULL",
                           .params = "uu",
                           .columns = ""},
    [INVITATION_EXPIRE] = {.name = "invitation_expire",
                           .sql = "DELETE FROM invitations WHERE id IN (SELECT id "
                                  "FROM invitations WHERE expires_at < $1 OR "
                                  "(expires_at < $2 AND accepted_at IS NOT NULL) LIMIT 1000)",
                           .params = "zz",
                           .columns = "",
                           .no_org = "housekeeping forgets the old ones of every organisation"},
    [INVITATION_FOR_EMAIL] = {.name = "invitation_for_email",
                              .sql = INVITATION_SELECT
                              "WHERE i.email = $1 AND i.accepted_at IS NULL "
                              "AND i.expires_at > $2 ORDER BY i.id DESC LIMIT 20",
                              .params = "tz",
                              .columns = INVITATION_TYPES,
                              .no_org = "who owns the address is in no organisation yet"},
};

static const struct ag_field invitation_fields[] = {
    AG_FIELD(struct ag_invitation, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The invitation"),
    AG_FIELD(struct ag_invitation, email, AG_F_STRING, AG_FF_REQUIRED | AG_FF_EMAIL,
             .doc = "Who is invited", .example = "\"grace@example.com\""),
    AG_FIELD(struct ag_invitation, role, AG_F_ENUM, AG_FF_REQUIRED,
             .choices = "owner|admin|manager|member|viewer",
             .doc = "The role it gives; `viewer` below a role of the organisation's own"),
    [AG_INVITATION_ROLE_ID] = AG_FIELD(struct ag_invitation, role_id, AG_F_UUID,
                                       AG_FF_REQUIRED | AG_FF_NULLABLE,
                                       .doc = "The role it gives, when it is one of the "
                                              "organisation's own"),
    AG_FIELD(struct ag_invitation, role_name, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "What that role is called"),
    AG_FIELD(struct ag_invitation, invited_by, AG_F_UUID, AG_FF_REQUIRED, .doc = "Who invites"),
    AG_FIELD(struct ag_invitation, inviter_name, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "What that account is called"),
    AG_FIELD(struct ag_invitation, created_at, AG_F_TIME, AG_FF_REQUIRED,
             .doc = "When it was made"),
    AG_FIELD(struct ag_invitation, expires_at, AG_F_TIME, AG_FF_REQUIRED,
             .doc = "Until when it can be accepted"),
    [AG_INVITATION_ACCEPT_URL] = AG_FIELD(
        struct ag_invitation, accept_url, AG_F_STRING, 0,
        .doc = "Where it is accepted. Shown once, when it is made "
               "or sent again"),
};
AG_SCHEMA(ag_invitation_schema, "Invitation", struct ag_invitation,
          "An invitation into the organisation that nobody has accepted yet", invitation_fields);

static void invited_from_row(const struct ag_value *row, struct ag_invited *invited)
{
    *invited = (struct ag_invited){
        .doc =
            {
                .id = row[0].uuid,
                .email = row[1].str,
                .role = row[2].str,
                .role_name = row[4].str,
                .invited_by = row[5].uuid,
                .inviter_name = row[6].str,
                .created_at = row[7].num,
                .expires_at = row[8].num,
            },
        .org_id = row[9].uuid,
        .org_name = row[10].str,
        .accepted = row[11].type != AG_V_NULL,
        .inviter_active = ag_str_eq(row[15].str, AG_STR("active")),
    };
    if (row[3].type != AG_V_NULL) {
        invited->doc.role_id = row[3].uuid;
        AG_SET(&invited->doc, AG_INVITATION_ROLE_ID);
    }
    if (row[12].type != AG_V_NULL) invited->permissions = row[12].str;
    if (row[13].type != AG_V_NULL) invited->inviter_role = row[13].str;
    if (row[14].type != AG_V_NULL) invited->inviter_permissions = row[14].str;
}

enum ag_err ag_invitations_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                                const struct ag_page *page, struct ag_list *ret_invitations)
{
    const struct ag_value params[] = {ag_v_uuid(org), ag_v_int(page->limit),
                                      ag_v_uuid(page->after_id)};
    struct ag_rows rows;
    AG_TRY(ag_db_read(
        db, arena,
        &ag_invitation_stmts[page->has_after ? INVITATION_LIST_AFTER : INVITATION_LIST_FIRST],
        params, page->has_after ? 3 : 2, &rows));
    struct ag_invitation *docs = AG_ARENA_ARRAY(arena, struct ag_invitation, rows.count);
    if (!docs) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++) {
        struct ag_invited invited;
        invited_from_row(ag_row(&rows, i), &invited);
        docs[i] = invited.doc;
    }
    *ret_invitations = (struct ag_list){docs, rows.count};
    return AG_OK;
}

static enum ag_err first_invited(const struct ag_rows *rows, struct ag_invited *ret_invited)
{
    if (rows->count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such invitation");
    invited_from_row(ag_row(rows, 0), ret_invited);
    return AG_OK;
}

enum ag_err ag_invitations_get(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                               struct ag_invited *ret_invited)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_invitation_stmts[INVITATION_GET],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id)), &rows));
    return first_invited(&rows, ret_invited);
}

enum ag_err ag_invitations_email(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                                 struct ag_uuid id, struct ag_str *ret_email)
{
    struct ag_rows rows;
    struct ag_invited invited;
    AG_TRY(ag_db_read(db, arena, &ag_invitation_stmts[INVITATION_GET],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id)), &rows));
    AG_TRY(first_invited(&rows, &invited));
    *ret_email = invited.doc.email;
    return AG_OK;
}

enum ag_err ag_invitations_by_hash(struct ag_db *db, struct ag_arena *arena, struct ag_str hash,
                                   struct ag_invited *ret_invited)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_invitation_stmts[INVITATION_BY_HASH],
                      AG_BIND(ag_v_bytes(hash)), &rows));
    return first_invited(&rows, ret_invited);
}

enum ag_err ag_invitations_by_hash_tx(struct ag_tx *tx, struct ag_str hash,
                                      struct ag_invited *ret_invited)
{
    struct ag_rows rows;
    AG_TRY(
        ag_tx_exec(tx, &ag_invitation_stmts[INVITATION_BY_HASH], AG_BIND(ag_v_bytes(hash)), &rows));
    return first_invited(&rows, ret_invited);
}

static enum ag_err all_invited(struct ag_tx *tx, const struct ag_rows *rows,
                               struct ag_list *ret_invited)
{
    struct ag_invited *invited = AG_ARENA_ARRAY(ag_tx_arena(tx), struct ag_invited, rows->count);
    if (!invited) return ag_fail(AG_E_NO_MEMORY, "no memory for invitations");
    for (size_t i = 0; i < rows->count; i++)
        invited_from_row(ag_row(rows, i), &invited[i]);
    *ret_invited = (struct ag_list){invited, rows->count};
    return AG_OK;
}

enum ag_err ag_invitations_open(struct ag_tx *tx, struct ag_uuid org, struct ag_list *ret_invited)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_invitation_stmts[INVITATION_OPEN], AG_BIND(ag_v_uuid(org)), &rows));
    return all_invited(tx, &rows, ret_invited);
}

enum ag_err ag_invitations_for_email(struct ag_tx *tx, struct ag_str email, int64_t now,
                                     struct ag_list *ret_invited)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_invitation_stmts[INVITATION_FOR_EMAIL],
                      AG_BIND(ag_v_text(email), ag_v_time(now)), &rows));
    return all_invited(tx, &rows, ret_invited);
}

enum ag_err ag_invitations_insert(struct ag_tx *tx, struct ag_uuid org,
                                  const struct ag_invitation *invitation, struct ag_str hash)
{
    bool own = ag_doc_has(invitation, AG_INVITATION_ROLE_ID);
    return ag_tx_exec(tx, &ag_invitation_stmts[INVITATION_INSERT],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(invitation->id),
                              ag_v_text(invitation->email), ag_v_text(invitation->role),
                              ag_v_opt(own, ag_v_uuid(invitation->role_id)), ag_v_bytes(hash),
                              ag_v_uuid(invitation->invited_by), ag_v_time(invitation->created_at),
                              ag_v_time(invitation->expires_at)),
                      NULL);
}

enum ag_err ag_invitations_renew(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                                 struct ag_str hash, struct ag_uuid inviter, int64_t expires_at)
{
    return ag_tx_exec(tx, &ag_invitation_stmts[INVITATION_RENEW],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id), ag_v_bytes(hash), ag_v_uuid(inviter),
                              ag_v_time(expires_at)),
                      NULL);
}

enum ag_err ag_invitations_accept(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                                  int64_t now)
{
    return ag_tx_exec(tx, &ag_invitation_stmts[INVITATION_ACCEPT],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id), ag_v_time(now)), NULL);
}

enum ag_err ag_invitations_delete(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_invitation_stmts[INVITATION_DELETE],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id)), &rows));
    if (rows.changed == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such invitation");
    return AG_OK;
}

enum ag_err ag_invitations_expire(struct ag_tx *tx, int64_t expired_before, int64_t now)
{
    return ag_tx_exec(tx, &ag_invitation_stmts[INVITATION_EXPIRE],
                      AG_BIND(ag_v_time(expired_before), ag_v_time(now)), NULL);
}
