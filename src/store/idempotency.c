#include "store/tables.h"

enum { IDEM_CLAIM, IDEM_GET, IDEM_TAKE_OVER, IDEM_FINISH, IDEM_DROP, IDEM_EXPIRE };

struct ag_stmt ag_idempotency_stmts[AG_IDEMPOTENCY_STMTS] = {
    [IDEM_CLAIM] = {.name = "idempotency_claim",
                    .sql = "INSERT INTO idempotency_keys (org_id, user_id, key, request_hash, "
                           "resource_id, boot_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) "
                           "ON CONFLICT (org_id, user_id, key) DO NOTHING",
                    .params = "uutxuuz",
                    .columns = ""},
    [IDEM_GET] = {.name = "idempotency_get",
                  .sql = "SELECT request_hash, resource_id, boot_id, status, etag, body, "
                         "created_at FROM idempotency_keys "
                         "WHERE org_id = $1 AND user_id = $2 AND key = $3",
                  .params = "uut",
                  .columns = "xuuittz"},
    [IDEM_TAKE_OVER] = {.name = "idempotency_take_over",
                        .sql = "UPDATE idempotency_keys SET boot_id = $4 "
                               "WHERE org_id = $1 AND user_id = $2 AND key = $3",
                        .params = "uutu",
                        .columns = ""},
    [IDEM_FINISH] = {.name = "idempotency_finish",
                     .sql = "UPDATE idempotency_keys SET status = $4, etag = $5, body = $6 "
                            "WHERE org_id = $1 AND user_id = $2 AND key = $3",
                     .params = "uutitt",
                     .columns = ""},
    [IDEM_DROP] = {.name = "idempotency_drop",
                   .sql = "DELETE FROM idempotency_keys "
                          "WHERE org_id = $1 AND user_id = $2 AND key = $3",
                   .params = "uut",
                   .columns = ""},
    [IDEM_EXPIRE] = {.name = "idempotency_expire",
                     .sql = "DELETE FROM idempotency_keys WHERE (org_id, user_id, key) IN "
                            "(SELECT org_id, user_id, key FROM idempotency_keys "
                            "WHERE created_at < $1 ORDER BY created_at LIMIT 1000)",
                     .params = "z",
                     .columns = "",
                     .no_org = "housekeeping ends old keys of every organisation"},
};

enum ag_err ag_idempotency_claim(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                                 struct ag_str key, const struct ag_idempotency *claim,
                                 bool *ret_new)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_idempotency_stmts[IDEM_CLAIM],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(user), ag_v_text(key),
                              ag_v_bytes(claim->request_hash), ag_v_uuid(claim->resource_id),
                              ag_v_uuid(claim->boot_id), ag_v_time(claim->created_at)),
                      &rows));
    *ret_new = rows.changed == 1;
    return AG_OK;
}

enum ag_err ag_idempotency_get(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                               struct ag_str key, struct ag_idempotency *ret_claim)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_idempotency_stmts[IDEM_GET],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(user), ag_v_text(key)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such idempotency key");
    const struct ag_value *row = ag_row(&rows, 0);
    *ret_claim = (struct ag_idempotency){
        .request_hash = row[0].str,
        .resource_id = row[1].uuid,
        .boot_id = row[2].uuid,
        .status = row[3].type == AG_V_NULL ? 0 : row[3].num,
        .etag = row[4].str,
        .body = row[5].str,
        .created_at = row[6].num,
    };
    return AG_OK;
}

enum ag_err ag_idempotency_take_over(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                                     struct ag_str key, struct ag_uuid boot_id)
{
    return ag_tx_exec(tx, &ag_idempotency_stmts[IDEM_TAKE_OVER],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(user), ag_v_text(key), ag_v_uuid(boot_id)),
                      NULL);
}

enum ag_err ag_idempotency_finish(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                                  struct ag_str key, const struct ag_idempotency *claim)
{
    return ag_tx_exec(tx, &ag_idempotency_stmts[IDEM_FINISH],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(user), ag_v_text(key),
                              ag_v_int(claim->status), ag_v_text(claim->etag),
                              ag_v_text(claim->body)),
                      NULL);
}

enum ag_err ag_idempotency_drop(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                                struct ag_str key)
{
    return ag_tx_exec(tx, &ag_idempotency_stmts[IDEM_DROP],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(user), ag_v_text(key)), NULL);
}

enum ag_err ag_idempotency_expire(struct ag_tx *tx, int64_t created_before)
{
    return ag_tx_exec(tx, &ag_idempotency_stmts[IDEM_EXPIRE], AG_BIND(ag_v_time(created_before)),
                      NULL);
}
