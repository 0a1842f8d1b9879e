#include "store/tables.h"

/* What becomes of an account: its address, its password, its standing. */

enum { ACCOUNT_VERIFY, ACCOUNT_EMAIL, ACCOUNT_PASSWORD, ACCOUNT_KEYS, ACCOUNT_IDENTITIES };

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
                             "WHERE user_id = $1 AND NOT shared AND revoked_at IS NULL",
                      .sqlite = "UPDATE api_keys SET revoked_at = $2 "
                                "WHERE user_id = $1 AND shared = 0 AND revoked_at IS NULL",
                      .params = "uz",
                      .columns = "",
                      .no_org = "a person's keys, in whatever organisation they work"},
    [ACCOUNT_IDENTITIES] = {.name = "account_identities_forget",
                            .sql = "DELETE FROM identities WHERE user_id = $1",
                            .params = "u",
                            .columns = ""},
};

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

enum ag_err ag_accounts_lock_out(struct ag_tx *tx, struct ag_uuid id, int64_t now)
{
    AG_TRY(ag_tx_exec(tx, &ag_account_stmts[ACCOUNT_KEYS], AG_BIND(ag_v_uuid(id), ag_v_time(now)),
                      NULL));
    return ag_tx_exec(tx, &ag_account_stmts[ACCOUNT_IDENTITIES], AG_BIND(ag_v_uuid(id)), NULL);
}
