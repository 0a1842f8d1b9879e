#include "store/tables.h"

#define NO_TENANT "an account elsewhere belongs to a person, whatever organisation they work in"

enum {
    IDENTITY_INSERT,
    IDENTITY_FIND,
    IDENTITY_USED,
    IDENTITY_DELETE,
    IDENTITY_ISSUERS,
    IDENTITY_LIST_FIRST,
    IDENTITY_LIST_AFTER,
    STATE_INSERT,
    STATE_TAKE,
    STATE_EXPIRE
};

#define IDENTITY_SELECT                                                                            \
    "SELECT id, provider, email, created_at, last_used_at FROM identities WHERE user_id = $1 "

struct ag_stmt ag_identity_stmts[AG_IDENTITY_STMTS] = {
    [IDENTITY_INSERT] = {.name = "identity_insert",
                         .sql = "INSERT INTO identities (id, user_id, provider, issuer, subject, "
                                "email, created_at, last_used_at) "
                                "VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
                         .params = "uutttt"
                                   "z",
                         .columns = "",
                         .no_org = NO_TENANT},
    [IDENTITY_FIND] = {.name = "identity_find",
                       .sql = "SELECT id, user_id FROM identities "
                              "WHERE issuer = $1 AND subject = $2",
                       .params = "tt",
                       .columns = "uu",
                       .no_org = NO_TENANT},
    [IDENTITY_USED] = {.name = "identity_used",
                       .sql = "UPDATE identities SET email = $2, last_used_at = $3 WHERE id = $1",
                       .params = "utz",
                       .columns = "",
                       .no_org = NO_TENANT},
    [IDENTITY_DELETE] = {.name = "identity_delete",
                         .sql = "DELETE FROM identities WHERE user_id = $1 AND id = $2 "
                                "RETURNING provider",
                         .params = "uu",
                         .columns = "t",
                         .no_org = NO_TENANT},
    [IDENTITY_ISSUERS] = {.name = "identity_issuers",
                          .sql = "SELECT issuer FROM identities WHERE user_id = $1 LIMIT 100",
                          .params = "u",
                          .columns = "t",
                          .no_org = NO_TENANT},
    [IDENTITY_LIST_FIRST] = {.name = "identity_list_first",
                             .sql = IDENTITY_SELECT "ORDER BY id DESC LIMIT $2",
                             .params = "ui",
                             .columns = "uttzz",
                             .no_org = NO_TENANT},
    [IDENTITY_LIST_AFTER] = {.name = "identity_list_after",
                             .sql = IDENTITY_SELECT "AND id < $3 ORDER BY id DESC LIMIT $2",
                             .params = "uiu",
                             .columns = "uttzz",
                             .no_org = NO_TENANT},
    [STATE_INSERT] = {.name = "oauth_state_insert",
                      .sql = "INSERT INTO oauth_states (hash, provider, purpose, nonce, verifier, "
                             "next, session_id, created_at, expires_at) "
                             "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                      .params = "xttttt"
                                "uzz",
                      .columns = "",
                      .no_org = NO_TENANT},
    [STATE_TAKE] = {.name = "oauth_state_take",
                    .sql = "DELETE FROM oauth_states WHERE hash = $1 RETURNING provider, purpose, "
                           "nonce, verifier, next, session_id, created_at, expires_at",
                    .params = "x",
                    .columns = "ttttt"
                               "uzz",
                    .no_org = NO_TENANT},
    [STATE_EXPIRE] = {.name = "oauth_state_expire",
                      .sql = "DELETE FROM oauth_states WHERE hash IN (SELECT hash FROM "
                             "oauth_states WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
                      .params = "zi",
                      .columns = "",
                      .no_org = NO_TENANT},
};

static const struct ag_field identity_fields[] = {
    AG_FIELD(struct ag_identity, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The linked account"),
    AG_FIELD(struct ag_identity, provider, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "Where it is, an `id` of `getSignInOptions`", .example = "\"google\""),
    [AG_IDENTITY_EMAIL] = AG_FIELD(struct ag_identity, email, AG_F_STRING,
                                   AG_FF_REQUIRED | AG_FF_NULLABLE,
                                   .doc = "The e-mail address it had there last"),
    AG_FIELD(struct ag_identity, created_at, AG_F_TIME, AG_FF_REQUIRED,
             .doc = "When it was linked"),
    [AG_IDENTITY_LAST_USED] = AG_FIELD(struct ag_identity, last_used_at, AG_F_TIME,
                                       AG_FF_REQUIRED | AG_FF_NULLABLE,
                                       .doc = "When it signed in last"),
};
AG_SCHEMA(ag_identity_schema, "Identity", struct ag_identity,
          "An account elsewhere that signs in to this one", identity_fields);

enum ag_err ag_identities_insert(struct ag_tx *tx, struct ag_uuid user,
                                 const struct ag_identity_link *link, int64_t now)
{
    return ag_tx_exec(tx, &ag_identity_stmts[IDENTITY_INSERT],
                      AG_BIND(ag_v_uuid(ag_uuid_new()), ag_v_uuid(user), ag_v_text(link->provider),
                              ag_v_text(link->issuer), ag_v_text(link->subject),
                              ag_v_opt(link->email.len > 0, ag_v_text(link->email)),
                              ag_v_time(now)),
                      NULL);
}

enum ag_err ag_identities_find(struct ag_tx *tx, const struct ag_identity_link *link,
                               struct ag_uuid *ret_id, struct ag_uuid *ret_user)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_identity_stmts[IDENTITY_FIND],
                      AG_BIND(ag_v_text(link->issuer), ag_v_text(link->subject)), &rows));
    *ret_id = rows.count > 0 ? ag_row(&rows, 0)[0].uuid : (struct ag_uuid){{0}};
    *ret_user = rows.count > 0 ? ag_row(&rows, 0)[1].uuid : (struct ag_uuid){{0}};
    return AG_OK;
}

enum ag_err ag_identities_used(struct ag_tx *tx, struct ag_uuid id, struct ag_str email,
                               int64_t now)
{
    return ag_tx_exec(
        tx, &ag_identity_stmts[IDENTITY_USED],
        AG_BIND(ag_v_uuid(id), ag_v_opt(email.len > 0, ag_v_text(email)), ag_v_time(now)), NULL);
}

enum ag_err ag_identities_delete(struct ag_tx *tx, struct ag_uuid user, struct ag_uuid id,
                                 struct ag_str *ret_provider)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_identity_stmts[IDENTITY_DELETE],
                      AG_BIND(ag_v_uuid(user), ag_v_uuid(id)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is nothing with this id");
    *ret_provider = ag_row(&rows, 0)[0].str;
    return AG_OK;
}

enum ag_err ag_identities_issuers(struct ag_tx *tx, struct ag_uuid user,
                                  struct ag_list *ret_issuers)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_identity_stmts[IDENTITY_ISSUERS], AG_BIND(ag_v_uuid(user)), &rows));
    struct ag_str *issuers = AG_ARENA_ARRAY(ag_tx_arena(tx), struct ag_str, rows.count);
    if (!issuers) return ag_fail(AG_E_NO_MEMORY, "no memory for a list of linked accounts");
    for (size_t i = 0; i < rows.count; i++)
        issuers[i] = ag_row(&rows, i)[0].str;
    *ret_issuers = (struct ag_list){issuers, rows.count};
    return AG_OK;
}

static void identity_from_row(const struct ag_value *row, struct ag_identity *identity)
{
    *identity = (struct ag_identity){
        .id = row[0].uuid,
        .provider = row[1].str,
        .created_at = row[3].num,
        .last_used_at = ag_v_num(&row[4], 0),
    };
    if (row[2].type != AG_V_NULL) {
        identity->email = row[2].str;
        AG_SET(identity, AG_IDENTITY_EMAIL);
    }
    if (row[4].type != AG_V_NULL) AG_SET(identity, AG_IDENTITY_LAST_USED);
}

enum ag_err ag_identities_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid user,
                               const struct ag_page *page, struct ag_list *ret_identities)
{
    struct ag_rows rows;
    const struct ag_value params[] = {ag_v_uuid(user), ag_v_int(page->limit),
                                      ag_v_uuid(page->after_id)};
    int stmt = page->has_after ? IDENTITY_LIST_AFTER : IDENTITY_LIST_FIRST;
    AG_TRY(ag_db_read(db, arena, &ag_identity_stmts[stmt], params,
                      AG_COUNT(params) - !page->has_after, &rows));
    struct ag_identity *identities = AG_ARENA_ARRAY(arena, struct ag_identity, rows.count);
    if (!identities) return ag_fail(AG_E_NO_MEMORY, "no memory for a list of linked accounts");
    for (size_t i = 0; i < rows.count; i++)
        identity_from_row(ag_row(&rows, i), &identities[i]);
    *ret_identities = (struct ag_list){identities, rows.count};
    return AG_OK;
}

/* ---- visits that have begun ---- */

enum ag_err ag_oauth_states_insert(struct ag_tx *tx, struct ag_str hash,
                                   const struct ag_oauth_state *state)
{
    return ag_tx_exec(
        tx, &ag_identity_stmts[STATE_INSERT],
        AG_BIND(ag_v_bytes(hash), ag_v_text(state->provider), ag_v_text(state->purpose),
                ag_v_text(state->nonce), ag_v_text(state->verifier), ag_v_text(state->next),
                ag_v_opt(!ag_uuid_is_nil(state->session_id), ag_v_uuid(state->session_id)),
                ag_v_time(state->created_at), ag_v_time(state->expires_at)),
        NULL);
}

enum ag_err ag_oauth_states_take(struct ag_tx *tx, struct ag_str hash,
                                 struct ag_oauth_state *ret_state)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_identity_stmts[STATE_TAKE], AG_BIND(ag_v_bytes(hash)), &rows));
    *ret_state = (struct ag_oauth_state){.created_at = 0};
    if (rows.count == 0) return AG_OK;
    const struct ag_value *row = ag_row(&rows, 0);
    *ret_state = (struct ag_oauth_state){
        .provider = row[0].str,
        .purpose = row[1].str,
        .nonce = row[2].str,
        .verifier = row[3].str,
        .next = row[4].str,
        .created_at = row[6].num,
        .expires_at = row[7].num,
    };
    if (row[5].type != AG_V_NULL) ret_state->session_id = row[5].uuid;
    return AG_OK;
}

enum ag_err ag_oauth_states_expire(struct ag_tx *tx, int64_t before, int64_t *ret_count)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_identity_stmts[STATE_EXPIRE],
                      AG_BIND(ag_v_time(before), ag_v_int(AG_OAUTH_STATES_STEP)), &rows));
    *ret_count = rows.changed;
    return AG_OK;
}
