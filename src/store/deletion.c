#include "store/accounts.h"
#include "store/tables.h"

/* The end of an account. Its row stays, as what others' rows name: without a name, an address or a
 * way in. */

enum { DELETION_BATCH = 500 };

#define A_PERSONS "what is a person's own, in whatever organisation they work"

enum {
    DELETION_ORGS,
    DELETION_KEYS,
    DELETION_INVITATIONS,
    DELETION_SESSIONS,
    DELETION_IDENTITIES,
    DELETION_TOKENS,
    DELETION_BLOCKS,
    DELETION_TOMBSTONE,
    DELETION_PURGE
};

struct ag_stmt ag_deletion_stmts[AG_DELETION_STMTS] = {
    [DELETION_ORGS] = {.name = "deletion_orgs",
                       .sql = "SELECT o.id, o.name, o.personal FROM memberships m "
                              "JOIN organizations o ON o.id = m.org_id AND o.deleted_at IS NULL "
                              "WHERE m.user_id = $1 ORDER BY o.id",
                       .params = "u",
                       .columns = "utb",
                       .no_org = A_PERSONS},
    [DELETION_KEYS] = {.name = "deletion_keys",
                       .sql = "DELETE FROM api_keys WHERE user_id = $1 AND NOT shared",
                       .params = "u",
                       .columns = "",
                       .no_org = A_PERSONS},
    [DELETION_INVITATIONS] = {.name = "deletion_invitations",
                              /* An address that was not proved is perhaps somebody else's. */
                              .sql = "DELETE FROM invitations WHERE email = "
                                     "(SELECT email FROM users WHERE id = $1 "
                                     "AND email_verified_at IS NOT NULL)",
                              .params = "u",
                              .columns = "",
                              .no_org = A_PERSONS},
    [DELETION_SESSIONS] = {.name = "deletion_sessions",
                           .sql = "DELETE FROM sessions WHERE user_id = $1",
                           .params = "u",
                           .columns = ""},
    [DELETION_IDENTITIES] = {.name = "deletion_identities",
                             .sql = "DELETE FROM identities WHERE user_id = $1",
                             .params = "u",
                             .columns = ""},
    [DELETION_TOKENS] = {.name = "deletion_email_tokens",
                         .sql = "DELETE FROM email_tokens WHERE user_id = $1",
                         .params = "u",
                         .columns = ""},
    [DELETION_BLOCKS] = {.name = "deletion_blocks",
                         .sql = "DELETE FROM sign_in_blocks WHERE kind = 'account' AND subject = "
                                "(SELECT email FROM users WHERE id = $1)",
                         .params = "u",
                         .columns = ""},
    [DELETION_TOMBSTONE] = {.name = "deletion_tombstone",
                            .sql = "UPDATE users SET name = $2, email = $3, password_hash = NULL, "
                                   "email_verified_at = NULL, role = 'user', "
                                   "status = 'suspended', deleted_at = $4, updated_at = $4 "
                                   "WHERE id = $1 AND deleted_at IS NULL",
                            .params = "uttz",
                            .columns = ""},
    [DELETION_PURGE] = {.name = "deletion_purge_runs",
                        .sql = "DELETE FROM runs WHERE (org_id, id) IN (SELECT r.org_id, r.id "
                               "FROM users u JOIN runs r ON r.user_id = u.id AND r.private "
                               "WHERE u.org_id = $1 AND u.deleted_at IS NOT NULL LIMIT $2)",
                        .sqlite = "DELETE FROM runs WHERE (org_id, id) IN (SELECT r.org_id, r.id "
                                  "FROM users u JOIN runs r ON r.user_id = u.id AND r.private = 1 "
                                  "WHERE u.org_id = $1 AND u.deleted_at IS NOT NULL LIMIT $2)",
                        .params = "ui",
                        .columns = "",
                        .no_org = "what a deleted account alone could see, in whatever "
                                  "organisation it was made"},
};

enum ag_err ag_deletion_orgs(struct ag_tx *tx, struct ag_uuid user, struct ag_list *ret_orgs)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_deletion_stmts[DELETION_ORGS], AG_BIND(ag_v_uuid(user)), &rows));
    struct ag_deletion_org *orgs = AG_ARENA_ARRAY(ag_tx_arena(tx), struct ag_deletion_org,
                                                  rows.count);
    if (!orgs) return ag_fail(AG_E_NO_MEMORY, "no memory for a list of organisations");
    for (size_t i = 0; i < rows.count; i++) {
        const struct ag_value *row = ag_row(&rows, i);
        orgs[i] = (struct ag_deletion_org){row[0].uuid, row[1].str, row[2].num};
    }
    *ret_orgs = (struct ag_list){orgs, rows.count};
    return AG_OK;
}

enum ag_err ag_deletion_bury(struct ag_tx *tx, struct ag_uuid user, int64_t now)
{
    /* By what names its address before that is gone. */
    static const int owned[] = {DELETION_KEYS,       DELETION_INVITATIONS, DELETION_SESSIONS,
                                DELETION_IDENTITIES, DELETION_TOKENS,      DELETION_BLOCKS};
    char id[AG_UUID_TEXT_BYTES], email[64];
    for (size_t i = 0; i < AG_COUNT(owned); i++)
        AG_TRY(ag_tx_exec(tx, &ag_deletion_stmts[owned[i]], AG_BIND(ag_v_uuid(user)), NULL));
    ag_uuid_format(user, id);
    /* What ag_is_email() refuses, so that nobody can have registered it before. */
    snprintf(email, sizeof(email), "deleted-%s", id);
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_deletion_stmts[DELETION_TOMBSTONE],
                      AG_BIND(ag_v_uuid(user), ag_v_text(AG_STR("Deleted user")),
                              ag_v_text(ag_str(email)), ag_v_time(now)),
                      &rows));
    return rows.changed == 1 ? AG_OK : ag_fail(AG_E_NOT_FOUND, "there is nothing with this id");
}

enum ag_err ag_deletion_purge(struct ag_tx *tx, struct ag_uuid personal_org, int64_t *ret_count)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_deletion_stmts[DELETION_PURGE],
                      AG_BIND(ag_v_uuid(personal_org), ag_v_int(DELETION_BATCH)), &rows));
    *ret_count = rows.changed;
    return AG_OK;
}
