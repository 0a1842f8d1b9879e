#include "store/accounts.h"

#include "store/tables.h"

/* What becomes of an account: its address, its password, its standing. */

enum {
    ACCOUNT_VERIFY,
    ACCOUNT_EMAIL,
    ACCOUNT_PASSWORD,
    ACCOUNT_KEYS,
    ACCOUNT_IDENTITIES,
    ACCOUNT_GET,
    ACCOUNT_LIST_FIRST,
    ACCOUNT_LIST_AFTER,
    ACCOUNT_LOCK,
    ACCOUNT_STANDING,
    ACCOUNT_ADMIN,
    ACCOUNT_ADMINS,
    ACCOUNT_UNCHANGED
};

/* Who changes, or acts as, an administrator of the server does so one after the other. */
static const int64_t ADMINS_LOCK = 0x61646d696e73;

/* $1 pattern, $2 status, $3 role, $4 limit, $5 id */
#define ACCOUNT_SELECT                                                                             \
    "SELECT u.id, u.name, u.email, u.role, u.status, u.email_verified_at IS NOT NULL, "            \
    "u.password_hash IS NOT NULL, u.org_id, u.created_at, "                                        \
    "(SELECT max(coalesce(s.last_used_at, s.created_at)) FROM sessions s WHERE s.user_id = u.id) " \
    "FROM users u WHERE u.deleted_at IS NULL "
#define ACCOUNT_TYPES                                                                              \
    "utttt"                                                                                        \
    "bbuz"                                                                                         \
    "z"
#define ACCOUNT_FOUND                                                                              \
    ACCOUNT_SELECT                                                                                 \
    "AND (lower(u.name) LIKE lower($1) ESCAPE '\\' OR lower(u.email) LIKE lower($1) ESCAPE '\\') " \
    "AND ($2 IS NULL OR u.status = $2) AND ($3 IS NULL OR u.role = $3) "
#define ACCOUNT_AS_READ                                                                            \
    "SELECT id FROM users WHERE id = $1 AND status = 'active' AND deleted_at IS NULL "             \
    "AND (password_hash = $2 OR (password_hash IS NULL AND $2 IS NULL))"
#define ACCOUNT_HEAD "SELECT role, status FROM users WHERE id = $1 AND deleted_at IS NULL"

struct ag_stmt ag_account_stmts[AG_ACCOUNT_STMTS] = {
    [ACCOUNT_VERIFY] = {.name = "account_verify",
                        .sql = "UPDATE users SET email_verified_at = "
                               "coalesce(email_verified_at, $3), updated_at = $3 "
                               "WHERE id = $1 AND email = $2 AND deleted_at IS NULL",
                        .params = "utz",
                        .columns = ""},
    [ACCOUNT_EMAIL] = {.name = "account_email",
                       .sql = "UPDATE users SET email = $2, email_verified_at = $3, "
                              "updated_at = $3 WHERE id = $1 AND deleted_at IS NULL",
                       .params = "utz",
                       .columns = ""},
    [ACCOUNT_PASSWORD] = {.name = "account_password",
                          .sql = "UPDATE users SET password_hash = $2, updated_at = $3 "
                                 "WHERE id = $1 AND deleted_at IS NULL",
                          .params = "utz",
                          .columns = ""},
    [ACCOUNT_KEYS] = {.name = "account_keys_revoke",
                      .sql = "UPDATE api_keys SET revoked_at = $2 "
                             "WHERE user_id = $1 AND revoked_at IS NULL AND (NOT shared "
                             "OR org_id = (SELECT org_id FROM users WHERE id = $1)) "
                             "RETURNING org_id, id",
                      .params = "uz",
                      .columns = "uu",
                      .no_org = "a person's keys, in whatever organisation they work"},
    [ACCOUNT_IDENTITIES] = {.name = "account_identities_forget",
                            .sql = "DELETE FROM identities WHERE user_id = $1 RETURNING provider",
                            .params = "u",
                            .columns = "t"},
    [ACCOUNT_GET] = {.name = "account_get",
                     .sql = ACCOUNT_SELECT "AND u.id = $1",
                     .params = "u",
                     .columns = ACCOUNT_TYPES},
    [ACCOUNT_LIST_FIRST] = {.name = "account_list_first",
                            .sql = ACCOUNT_FOUND "ORDER BY u.id DESC LIMIT $4",
                            .params = "ttti",
                            .columns = ACCOUNT_TYPES},
    [ACCOUNT_LIST_AFTER] = {.name = "account_list_after",
                            .sql = ACCOUNT_FOUND "AND u.id < $5 ORDER BY u.id DESC LIMIT $4",
                            .params = "tttiu",
                            .columns = ACCOUNT_TYPES},
    [ACCOUNT_LOCK] = {.name = "account_lock",
                      .sql = ACCOUNT_HEAD " FOR NO KEY UPDATE",
                      .sqlite = ACCOUNT_HEAD,
                      .params = "u",
                      .columns = "tt"},
    [ACCOUNT_STANDING] = {.name = "account_standing",
                          .sql = "UPDATE users SET status = $2, role = $3, updated_at = $4 "
                                 "WHERE id = $1",
                          .params = "uttz",
                          .columns = ""},
    [ACCOUNT_ADMIN] = {.name = "account_admin",
                       .sql = "SELECT id FROM users WHERE id = $1 AND role = 'admin' "
                              "AND status = 'active' AND deleted_at IS NULL",
                       .params = "u",
                       .columns = "u"},
    [ACCOUNT_ADMINS] = {.name = "account_other_admins",
                        .sql = "SELECT count(*) FROM users WHERE role = 'admin' "
                               "AND status = 'active' AND deleted_at IS NULL AND id <> $1",
                        .params = "u",
                        .columns = "i"},
    [ACCOUNT_UNCHANGED] = {.name = "account_unchanged",
                           .sql = ACCOUNT_AS_READ " FOR SHARE",
                           .sqlite = ACCOUNT_AS_READ,
                           .params = "ut",
                           .columns = "u"},
};

static const struct ag_field account_fields[] = {
    AG_FIELD(struct ag_account, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The account"),
    AG_FIELD(struct ag_account, name, AG_F_STRING, AG_FF_REQUIRED, .doc = "Name shown to others",
             .example = "\"John Doe\""),
    AG_FIELD(struct ag_account, email, AG_F_STRING, AG_FF_REQUIRED | AG_FF_EMAIL,
             .doc = "E-mail address, in lower case", .example = "\"user@example.com\""),
    AG_FIELD(struct ag_account, role, AG_F_ENUM, AG_FF_REQUIRED, .choices = "user|admin",
             .doc = "System role: `admin` administers the whole server"),
    AG_FIELD(struct ag_account, status, AG_F_ENUM, AG_FF_REQUIRED, .choices = "active|suspended",
             .doc = "Whether it can be used"),
    AG_FIELD(struct ag_account, email_verified, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether the e-mail address is proved to be the person's"),
    AG_FIELD(struct ag_account, has_password, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether it can sign in with a password"),
    AG_FIELD(struct ag_account, org_id, AG_F_UUID, AG_FF_REQUIRED,
             .doc = "The account's personal organisation"),
    AG_FIELD(struct ag_account, created_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "When it registered"),
    [AG_ACCOUNT_LAST_USED] = AG_FIELD(struct ag_account, last_used_at, AG_F_TIME,
                                      AG_FF_REQUIRED | AG_FF_NULLABLE,
                                      .doc = "Last use of a session, to the minute"),
};
AG_SCHEMA(ag_account_schema, "AdminUser", struct ag_account,
          "An account, as administrators of the server see it", account_fields);

static void account_from_row(const struct ag_value *row, struct ag_account *account)
{
    *account = (struct ag_account){
        .id = row[0].uuid,
        .name = row[1].str,
        .email = row[2].str,
        .role = row[3].str,
        .status = row[4].str,
        .email_verified = row[5].num,
        .has_password = row[6].num,
        .org_id = row[7].uuid,
        .created_at = row[8].num,
        .last_used_at = ag_v_num(&row[9], 0),
    };
    if (row[9].type != AG_V_NULL) AG_SET(account, AG_ACCOUNT_LAST_USED);
}

static enum ag_err change(struct ag_tx *tx, int stmt, struct ag_uuid id, struct ag_str text,
                          int64_t now)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_account_stmts[stmt],
                      AG_BIND(ag_v_uuid(id), ag_v_text(text), ag_v_time(now)), &rows));
    return rows.changed == 1 ? AG_OK : ag_fail(AG_E_STALE, "the account has changed meanwhile");
}

enum ag_err ag_accounts_verify(struct ag_tx *tx, struct ag_uuid id, struct ag_str email,
                               int64_t now)
{
    return change(tx, ACCOUNT_VERIFY, id, email, now);
}

enum ag_err ag_accounts_set_email(struct ag_tx *tx, struct ag_uuid id, struct ag_str email,
                                  int64_t now)
{
    return change(tx, ACCOUNT_EMAIL, id, email, now);
}

enum ag_err ag_accounts_set_password(struct ag_tx *tx, struct ag_uuid id, struct ag_str hash,
                                     int64_t now)
{
    return change(tx, ACCOUNT_PASSWORD, id, hash, now);
}

static int by_org(const void *a, const void *b)
{
    return memcmp(&((const struct ag_org_key *)a)->org_id, &((const struct ag_org_key *)b)->org_id,
                  sizeof(struct ag_uuid));
}

enum ag_err ag_accounts_lock_out(struct ag_tx *tx, struct ag_uuid id, int64_t now,
                                 struct ag_locked_out *ret_out)
{
    struct ag_rows keys, identities;
    AG_TRY(ag_tx_exec(tx, &ag_account_stmts[ACCOUNT_KEYS], AG_BIND(ag_v_uuid(id), ag_v_time(now)),
                      &keys));
    AG_TRY(
        ag_tx_exec(tx, &ag_account_stmts[ACCOUNT_IDENTITIES], AG_BIND(ag_v_uuid(id)), &identities));
    struct ag_org_key *ids = AG_ARENA_ARRAY(ag_tx_arena(tx), struct ag_org_key, keys.count);
    struct ag_str *providers = AG_ARENA_ARRAY(ag_tx_arena(tx), struct ag_str, identities.count);
    if (!ids || !providers) return ag_fail(AG_E_NO_MEMORY, "no memory for what was revoked");
    for (size_t i = 0; i < keys.count; i++)
        ids[i] = (struct ag_org_key){ag_row(&keys, i)[0].uuid, ag_row(&keys, i)[1].uuid};
    for (size_t i = 0; i < identities.count; i++)
        providers[i] = ag_row(&identities, i)[0].str;
    qsort(ids, keys.count, sizeof(ids[0]), by_org);
    *ret_out = (struct ag_locked_out){{ids, keys.count}, {providers, identities.count}};
    return AG_OK;
}

/* ---- for administrators ---- */

enum ag_err ag_accounts_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid id,
                            struct ag_account *ret_account)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_account_stmts[ACCOUNT_GET], AG_BIND(ag_v_uuid(id)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is nothing with this id");
    account_from_row(ag_row(&rows, 0), ret_account);
    return AG_OK;
}

enum ag_err ag_accounts_list(struct ag_db *db, struct ag_arena *arena, const struct ag_page *page,
                             struct ag_list *ret_accounts)
{
    struct ag_str pattern;
    struct ag_rows rows;
    AG_TRY(ag_page_pattern(page, arena, &pattern));
    const struct ag_value params[] = {
        ag_v_text(pattern),
        ag_v_opt(page->filters[0].len > 0, ag_v_text(page->filters[0])),
        ag_v_opt(page->filters[1].len > 0, ag_v_text(page->filters[1])),
        ag_v_int(page->limit),
        ag_v_uuid(page->after_id),
    };
    int stmt = page->has_after ? ACCOUNT_LIST_AFTER : ACCOUNT_LIST_FIRST;
    AG_TRY(ag_db_read(db, arena, &ag_account_stmts[stmt], params,
                      AG_COUNT(params) - !page->has_after, &rows));
    struct ag_account *accounts = AG_ARENA_ARRAY(arena, struct ag_account, rows.count);
    if (!accounts) return ag_fail(AG_E_NO_MEMORY, "no memory for a list of accounts");
    for (size_t i = 0; i < rows.count; i++)
        account_from_row(ag_row(&rows, i), &accounts[i]);
    *ret_accounts = (struct ag_list){accounts, rows.count};
    return AG_OK;
}

enum ag_err ag_accounts_lock(struct ag_tx *tx, struct ag_uuid id, struct ag_standing *ret_standing)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_account_stmts[ACCOUNT_LOCK], AG_BIND(ag_v_uuid(id)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is nothing with this id");
    *ret_standing = (struct ag_standing){ag_row(&rows, 0)[0].str, ag_row(&rows, 0)[1].str};
    return AG_OK;
}

enum ag_err ag_accounts_set_standing(struct ag_tx *tx, struct ag_uuid id,
                                     const struct ag_standing *standing, int64_t now)
{
    return ag_tx_exec(tx, &ag_account_stmts[ACCOUNT_STANDING],
                      AG_BIND(ag_v_uuid(id), ag_v_text(standing->status), ag_v_text(standing->role),
                              ag_v_time(now)),
                      NULL);
}

enum ag_err ag_accounts_lock_admins(struct ag_tx *tx)
{
    return ag_tx_lock(tx, ADMINS_LOCK);
}

enum ag_err ag_accounts_is_admin(struct ag_tx *tx, struct ag_uuid id, bool *ret_is)
{
    struct ag_rows rows;
    AG_TRY(ag_accounts_lock_admins(tx));
    AG_TRY(ag_tx_exec(tx, &ag_account_stmts[ACCOUNT_ADMIN], AG_BIND(ag_v_uuid(id)), &rows));
    *ret_is = rows.count == 1;
    return AG_OK;
}

enum ag_err ag_accounts_other_admins(struct ag_tx *tx, struct ag_uuid id, int64_t *ret_count)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_account_stmts[ACCOUNT_ADMINS], AG_BIND(ag_v_uuid(id)), &rows));
    *ret_count = ag_row(&rows, 0)[0].num;
    return AG_OK;
}

enum ag_err ag_accounts_unchanged(struct ag_tx *tx, const struct ag_user *user)
{
    struct ag_rows rows;
    struct ag_str hash = user->password_hash;
    AG_TRY(ag_tx_exec(tx, &ag_account_stmts[ACCOUNT_UNCHANGED],
                      AG_BIND(ag_v_uuid(user->id), ag_v_opt(hash.data != NULL, ag_v_text(hash))),
                      &rows));
    return rows.count == 1
               ? AG_OK
               : ag_fail(AG_E_BAD_CREDENTIALS, "the account has changed meanwhile: sign in again");
}
