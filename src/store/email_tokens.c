#include "store/accounts.h"
#include "store/tables.h"

#define NO_TENANT "a link in a mail belongs to a person, whatever organisation they work in"

enum { TOKEN_INSERT, TOKEN_GET, TOKEN_USE, TOKEN_VOID, TOKEN_EXPIRE };

struct ag_stmt ag_email_token_stmts[AG_EMAIL_TOKEN_STMTS] = {
    [TOKEN_INSERT] = {.name = "email_token_insert",
                      .sql = "INSERT INTO email_tokens (hash, user_id, purpose, email, "
                             "created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
                      .params = "xuttzz",
                      .columns = "",
                      .no_org = NO_TENANT},
    [TOKEN_GET] = {.name = "email_token_get",
                   .sql = "SELECT t.user_id, t.purpose, t.email, t.expires_at, t.used_at, "
                          "u.email, u.name, u.org_id, u.status FROM email_tokens t "
                          "JOIN users u ON u.id = t.user_id WHERE t.hash = $1",
                   .params = "x",
                   .columns = "uttzzttut",
                   .no_org = NO_TENANT},
    [TOKEN_USE] = {.name = "email_token_use",
                   .sql = "UPDATE email_tokens SET used_at = $2 "
                          "WHERE hash = $1 AND used_at IS NULL AND expires_at > $2",
                   .params = "xz",
                   .columns = "",
                   .no_org = NO_TENANT},
    [TOKEN_VOID] = {.name = "email_token_void",
                    .sql = "UPDATE email_tokens SET used_at = $3 WHERE user_id = $1 "
                           "AND (purpose = $2 OR $2 IS NULL) AND used_at IS NULL",
                    .params = "utz",
                    .columns = "",
                    .no_org = NO_TENANT},
    [TOKEN_EXPIRE] = {.name = "email_token_expire",
                      .sql = "DELETE FROM email_tokens WHERE hash IN (SELECT hash FROM "
                             "email_tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT 1000)",
                      .params = "z",
                      .columns = "",
                      .no_org = NO_TENANT},
};

enum ag_err ag_email_tokens_insert(struct ag_tx *tx, struct ag_str hash,
                                   const struct ag_email_token *token)
{
    return ag_tx_exec(tx, &ag_email_token_stmts[TOKEN_INSERT],
                      AG_BIND(ag_v_bytes(hash), ag_v_uuid(token->user_id),
                              ag_v_text(token->purpose), ag_v_text(token->email),
                              ag_v_time(token->created_at), ag_v_time(token->expires_at)),
                      NULL);
}

enum ag_err ag_email_tokens_get(struct ag_db *db, struct ag_arena *arena, struct ag_str hash,
                                struct ag_email_token *ret_token)
{
    struct ag_rows rows;
    AG_TRY(
        ag_db_read(db, arena, &ag_email_token_stmts[TOKEN_GET], AG_BIND(ag_v_bytes(hash)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such link");
    const struct ag_value *row = ag_row(&rows, 0);
    *ret_token = (struct ag_email_token){
        .user_id = row[0].uuid,
        .purpose = row[1].str,
        .email = row[2].str,
        .expires_at = row[3].num,
        .used = row[4].type != AG_V_NULL,
        .user_email = row[5].str,
        .user_name = row[6].str,
        .user_org_id = row[7].uuid,
        .user_status = row[8].str,
    };
    return AG_OK;
}

enum ag_err ag_email_tokens_use(struct ag_tx *tx, struct ag_str hash, int64_t now, bool *ret_first)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_email_token_stmts[TOKEN_USE],
                      AG_BIND(ag_v_bytes(hash), ag_v_time(now)), &rows));
    *ret_first = rows.changed == 1;
    return AG_OK;
}

enum ag_err ag_email_tokens_void(struct ag_tx *tx, struct ag_uuid user, struct ag_str purpose,
                                 int64_t now)
{
    return ag_tx_exec(
        tx, &ag_email_token_stmts[TOKEN_VOID],
        AG_BIND(ag_v_uuid(user), ag_v_opt(purpose.len > 0, ag_v_text(purpose)), ag_v_time(now)),
        NULL);
}

enum ag_err ag_email_tokens_expire(struct ag_tx *tx, int64_t before)
{
    return ag_tx_exec(tx, &ag_email_token_stmts[TOKEN_EXPIRE], AG_BIND(ag_v_time(before)), NULL);
}
