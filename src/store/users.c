#include "store/tables.h"

#define USER_COLUMNS                                                                               \
    "id, name, email, role, org_id, created_at, password_hash, status, email_verified_at "         \
    "IS NOT NULL"
#define USER_TYPES "utttuzttb"

enum {
    ONCE,
    USER_INSERT,
    ORG_INSERT,
    MEMBER_INSERT,
    USER_BY_EMAIL,
    USER_BY_ID,
    USER_UPDATE,
    USER_PASSWORD
};

struct ag_stmt ag_user_stmts[AG_USER_STMTS] = {
    [ONCE] = {.name = "once",
              .sql = "INSERT INTO once (name, created_at) VALUES ($1, $2) "
                     "ON CONFLICT (name) DO NOTHING",
              .params = "tz",
              .columns = ""},
    [USER_INSERT] = {.name = "user_insert",
                     .sql = "INSERT INTO users (id, name, email, role, org_id, created_at, "
                            "password_hash, status, updated_at) "
                            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $6)",
                     .params = "utttuztt",
                     .columns = ""},
    [ORG_INSERT] = {.name = "organization_insert",
                    .sql = "INSERT INTO organizations (id, name, personal, created_at, updated_at) "
                           "VALUES ($1, $2, $3, $4, $4)",
                    .params = "utbz",
                    .columns = ""},
    [MEMBER_INSERT] = {.name = "membership_insert",
                       .sql = "INSERT INTO memberships (org_id, user_id, role, created_at) "
                              "VALUES ($1, $2, $3, $4)",
                       .params = "uutz",
                       .columns = ""},
    [USER_BY_EMAIL] = {.name = "user_by_email",
                       .sql = "SELECT " USER_COLUMNS " FROM users WHERE email = $1",
                       .params = "t",
                       .columns = USER_TYPES},
    [USER_BY_ID] = {.name = "user_by_id",
                    .sql = "SELECT " USER_COLUMNS " FROM users WHERE id = $1",
                    .params = "u",
                    .columns = USER_TYPES},
    [USER_UPDATE] = {.name = "user_update",
                     .sql = "UPDATE users SET name = $2, updated_at = $3 "
                            "WHERE id = $1 AND deleted_at IS NULL",
                     .params = "utz",
                     .columns = ""},
    [USER_PASSWORD] = {.name = "user_password",
                       .sql = "UPDATE users SET password_hash = $2, updated_at = $3 "
                              "WHERE id = $1 AND (password_hash = $4 OR "
                              "(password_hash IS NULL AND $4 IS NULL))",
                       .params = "utzt",
                       .columns = ""},
};

static const struct ag_field user_fields[] = {
    AG_FIELD(struct ag_user, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The account"),
    AG_FIELD(struct ag_user, name, AG_F_STRING, AG_FF_REQUIRED, .doc = "Name shown to others",
             .example = "\"John Doe\""),
    AG_FIELD(struct ag_user, email, AG_F_STRING, AG_FF_REQUIRED | AG_FF_EMAIL,
             .doc = "E-mail address, in lower case", .example = "\"user@example.com\""),
    AG_FIELD(struct ag_user, role, AG_F_ENUM, AG_FF_REQUIRED, .choices = "user|admin",
             .doc = "System role: `admin` administers the whole server"),
    AG_FIELD(struct ag_user, org_id, AG_F_UUID, AG_FF_REQUIRED,
             .doc = "The account's personal organisation"),
    AG_FIELD(struct ag_user, email_verified, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether the e-mail address is proved to be the person's"),
    AG_FIELD(struct ag_user, created_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "When it registered"),
};
AG_SCHEMA(ag_user_schema, "User", struct ag_user, "An account", user_fields);

static void user_from_row(const struct ag_value *row, struct ag_user *user)
{
    *user = (struct ag_user){
        .id = row[0].uuid,
        .name = row[1].str,
        .email = row[2].str,
        .role = row[3].str,
        .org_id = row[4].uuid,
        .created_at = row[5].num,
        .status = row[7].str,
        .email_verified = row[8].num,
    };
    if (row[6].type != AG_V_NULL) user->password_hash = row[6].str;
}

enum ag_err ag_once(struct ag_tx *tx, const char *name, bool *ret_first)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_user_stmts[ONCE],
                      AG_BIND(ag_v_text(ag_str(name)), ag_v_time(ag_wall_ms())), &rows));
    *ret_first = rows.changed == 1;
    return AG_OK;
}

static enum ag_err insert_with_org(struct ag_tx *tx, const struct ag_user *user)
{
    AG_TRY(ag_tx_exec(tx, &ag_user_stmts[ORG_INSERT],
                      AG_BIND(ag_v_uuid(user->org_id), ag_v_text(user->name), ag_v_bool(true),
                              ag_v_time(user->created_at)),
                      NULL));
    AG_TRY(ag_tx_exec(
        tx, &ag_user_stmts[USER_INSERT],
        AG_BIND(ag_v_uuid(user->id), ag_v_text(user->name), ag_v_text(user->email),
                ag_v_text(user->role), ag_v_uuid(user->org_id), ag_v_time(user->created_at),
                ag_v_opt(user->password_hash.data != NULL, ag_v_text(user->password_hash)),
                ag_v_text(user->status)),
        NULL));
    return ag_tx_exec(tx, &ag_user_stmts[MEMBER_INSERT],
                      AG_BIND(ag_v_uuid(user->org_id), ag_v_uuid(user->id),
                              ag_v_text(AG_STR("owner")), ag_v_time(user->created_at)),
                      NULL);
}

enum ag_err ag_users_insert(struct ag_tx *tx, const struct ag_user *user)
{
    /* The organisation begins with the person: whoever makes them acts for it. */
    struct ag_tenant before = ag_tx_tenant_swap(tx, ag_tenant(user->org_id));
    enum ag_err err = insert_with_org(tx, user);
    ag_tx_tenant_swap(tx, before);
    return err;
}

static enum ag_err user_read(struct ag_db *db, struct ag_arena *arena, int stmt,
                             struct ag_value key, struct ag_user *ret_user)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_user_stmts[stmt], &key, 1, &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such account");
    user_from_row(ag_row(&rows, 0), ret_user);
    return AG_OK;
}

enum ag_err ag_users_by_email(struct ag_db *db, struct ag_arena *arena, struct ag_str email,
                              struct ag_user *ret_user)
{
    return user_read(db, arena, USER_BY_EMAIL, ag_v_text(email), ret_user);
}

enum ag_err ag_users_by_id(struct ag_db *db, struct ag_arena *arena, struct ag_uuid id,
                           struct ag_user *ret_user)
{
    return user_read(db, arena, USER_BY_ID, ag_v_uuid(id), ret_user);
}

static enum ag_err user_find(struct ag_tx *tx, int stmt, struct ag_value key,
                             struct ag_user *ret_user)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_user_stmts[stmt], &key, 1, &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such account");
    user_from_row(ag_row(&rows, 0), ret_user);
    return AG_OK;
}

enum ag_err ag_users_find_by_email(struct ag_tx *tx, struct ag_str email, struct ag_user *ret_user)
{
    return user_find(tx, USER_BY_EMAIL, ag_v_text(email), ret_user);
}

enum ag_err ag_users_find_by_id(struct ag_tx *tx, struct ag_uuid id, struct ag_user *ret_user)
{
    return user_find(tx, USER_BY_ID, ag_v_uuid(id), ret_user);
}

enum ag_err ag_users_update(struct ag_tx *tx, struct ag_uuid id, struct ag_str name,
                            struct ag_str password_hash, struct ag_str hash_before)
{
    struct ag_rows rows;
    struct ag_value now = ag_v_time(ag_wall_ms());
    AG_TRY(ag_tx_exec(tx, &ag_user_stmts[USER_UPDATE], AG_BIND(ag_v_uuid(id), ag_v_text(name), now),
                      &rows));
    if (rows.changed == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such account");
    if (!password_hash.data) return AG_OK;
    AG_TRY(ag_tx_exec(tx, &ag_user_stmts[USER_PASSWORD],
                      AG_BIND(ag_v_uuid(id), ag_v_text(password_hash), now,
                              ag_v_opt(hash_before.data != NULL, ag_v_text(hash_before))),
                      &rows));
    if (rows.changed == 0)
        return ag_fail(AG_E_STALE, "the password was changed by somebody else meanwhile");
    return AG_OK;
}
