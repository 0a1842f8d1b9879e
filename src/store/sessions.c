#include "store/tables.h"

#define NO_TENANT "a session belongs to a person, whatever organisation they work in"

enum {
    SESSION_INSERT,
    SESSION_ACCESS,
    SESSION_ACCESS_IN,
    SESSION_ACCESS_COOKIE,
    SESSION_REVOKE,
    SESSION_RENEW,
    REFRESH_INSERT,
    REFRESH_GET,
    REFRESH_USE,
    SESSION_REVOKE_OTHERS,
    SESSION_TOUCH,
    SESSION_REVOKE_OWN,
    SESSION_AUTHENTICATED,
    SESSION_LIVES,
    SESSION_LIST_FIRST,
    SESSION_LIST_AFTER,
    SESSION_EXPIRE,
    REFRESH_EXPIRE
};

#define ACCESS_SELECT(org)                                                                         \
    "SELECT s.id, s.user_id, o.id, u.role, u.status, m.role, r.permissions, o.plan, "              \
    "o.requests_per_minute, s.expires_at, s.last_used_at, s.authenticated_at, s.revoked_at, "      \
    "o.personal FROM sessions s JOIN users u ON u.id = s.user_id "                                 \
    "JOIN organizations o ON o.id = " org " "                                                      \
    "JOIN memberships m ON m.org_id = o.id AND m.user_id = u.id "                                  \
    "LEFT JOIN roles r ON r.id = m.role_id AND r.org_id = m.org_id "
/* Where the session acts now. */
#define ACTING_ORG "coalesce(s.acting_org_id, u.org_id)"
#define ACCESS_TYPES                                                                               \
    "uuuttt"                                                                                       \
    "jti"                                                                                          \
    "zzzzb"
#define LIST_SELECT                                                                                \
    "SELECT id, user_agent, ip, created_at, last_used_at, expires_at FROM sessions "               \
    "WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 "
#define ACCESS_NO_ORG "the session is what tells the organisation"

struct ag_stmt ag_session_stmts[AG_SESSION_STMTS] = {
    [SESSION_INSERT] = {.name = "session_insert",
                        .sql = "INSERT INTO sessions (id, user_id, cookie_hash, user_agent, ip, "
                               "created_at, authenticated_at, last_used_at, expires_at) "
                               "VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $8)",
                        .params = "uuxttzzz",
                        .columns = "",
                        .no_org = NO_TENANT},
    [SESSION_ACCESS] = {.name = "session_access",
                        .sql = ACCESS_SELECT(ACTING_ORG) "WHERE s.id = $1",
                        .params = "u",
                        .columns = ACCESS_TYPES,
                        .no_org = ACCESS_NO_ORG},
    [SESSION_ACCESS_IN] = {.name = "session_access_in",
                           .sql = ACCESS_SELECT("$2") "WHERE s.id = $1",
                           .params = "uu",
                           .columns = ACCESS_TYPES,
                           .no_org = ACCESS_NO_ORG},
    [SESSION_ACCESS_COOKIE] = {.name = "session_access_by_cookie",
                               .sql = ACCESS_SELECT(ACTING_ORG) "WHERE s.cookie_hash = $1",
                               .params = "x",
                               .columns = ACCESS_TYPES,
                               .no_org = ACCESS_NO_ORG},
    [SESSION_REVOKE] = {.name = "session_revoke",
                        .sql = "UPDATE sessions SET revoked_at = $2 "
                               "WHERE id = $1 AND revoked_at IS NULL",
                        .params = "uz",
                        .columns = "",
                        .no_org = NO_TENANT},
    [SESSION_RENEW] = {.name = "session_renew",
                       .sql = "UPDATE sessions SET cookie_hash = $2, expires_at = $3 WHERE id = $1",
                       .params = "uxz",
                       .columns = "",
                       .no_org = NO_TENANT},
    [REFRESH_INSERT] = {.name = "refresh_insert",
                        .sql = "INSERT INTO refresh_tokens (hash, session_id, created_at, "
                               "expires_at) VALUES ($1, $2, $3, $4)",
                        .params = "xuzz",
                        .columns = "",
                        .no_org = NO_TENANT},
    [REFRESH_GET] = {.name = "refresh_get",
                     .sql =
                         "SELECT r.session_id, s.user_id, r.expires_at, r.used_at, s.revoked_at, "
                         "u.org_id, u.status FROM refresh_tokens r "
                         "JOIN sessions s ON s.id = r.session_id "
                         "JOIN users u ON u.id = s.user_id WHERE r.hash = $1",
                     .params = "x",
                     .columns = "uuzzzut",
                     .no_org = NO_TENANT},
    [REFRESH_USE] = {.name = "refresh_use",
                     .sql = "UPDATE refresh_tokens SET used_at = $2 "
                            "WHERE hash = $1 AND used_at IS NULL",
                     .params = "xz",
                     .columns = "",
                     .no_org = NO_TENANT},
    [SESSION_REVOKE_OTHERS] = {.name = "session_revoke_others",
                               .sql = "UPDATE sessions SET revoked_at = $3 "
                                      "WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL",
                               .params = "uuz",
                               .columns = "",
                               .no_org = NO_TENANT},
    [SESSION_REVOKE_OWN] = {.name = "session_revoke_own",
                            .sql = "UPDATE sessions SET revoked_at = $3 WHERE user_id = $1 "
                                   "AND id = $2 AND revoked_at IS NULL AND expires_at > $3",
                            .params = "uuz",
                            .columns = "",
                            .no_org = NO_TENANT},
    [SESSION_AUTHENTICATED] = {.name = "session_authenticated",
                               .sql = "UPDATE sessions SET authenticated_at = $2 "
                                      "WHERE id = $1 AND revoked_at IS NULL",
                               .params = "uz",
                               .columns = "",
                               .no_org = NO_TENANT},
    [SESSION_LIVES] = {.name = "session_lives",
                       .sql = "SELECT id FROM sessions "
                              "WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2",
                       .params = "uz",
                       .columns = "u",
                       .no_org = NO_TENANT},
    [SESSION_LIST_FIRST] = {.name = "session_list_first",
                            .sql = LIST_SELECT "ORDER BY id DESC LIMIT $3",
                            .params = "uzi",
                            .columns = "uttzzz",
                            .no_org = NO_TENANT},
    [SESSION_LIST_AFTER] = {.name = "session_list_after",
                            .sql = LIST_SELECT "AND id < $4 ORDER BY id DESC LIMIT $3",
                            .params = "uziu",
                            .columns = "uttzzz",
                            .no_org = NO_TENANT},
    [SESSION_EXPIRE] = {.name = "session_expire",
                        .sql = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions "
                               "WHERE expires_at < $1 ORDER BY expires_at LIMIT 1000)",
                        .params = "z",
                        .columns = "",
                        .no_org = NO_TENANT},
    [REFRESH_EXPIRE] = {.name = "refresh_expire",
                        .sql = "DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM "
                               "refresh_tokens WHERE expires_at < $1 ORDER BY expires_at "
                               "LIMIT 10000)",
                        .params = "z",
                        .columns = "",
                        .no_org = NO_TENANT},
    [SESSION_TOUCH] = {.name = "session_touch",
                       .sql = "UPDATE sessions SET last_used_at = $2 WHERE id = $1",
                       .params = "uz",
                       .columns = "",
                       .no_org = NO_TENANT},
};

static const struct ag_field session_fields[] = {
    AG_FIELD(struct ag_session_info, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The session"),
    AG_FIELD(struct ag_session_info, current, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether it is the one that asks"),
    AG_FIELD(struct ag_session_info, user_agent, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "What the browser or client called itself at sign-in",
             .example = "\"Mozilla/5.0 (X11; Linux x86_64)\""),
    AG_FIELD(struct ag_session_info, ip, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "The address it signed in from", .example = "\"192.0.2.7\""),
    AG_FIELD(struct ag_session_info, created_at, AG_F_TIME, AG_FF_REQUIRED,
             .doc = "When it signed in"),
    [AG_SESSION_LAST_USED] = AG_FIELD(struct ag_session_info, last_used_at, AG_F_TIME,
                                      AG_FF_REQUIRED | AG_FF_NULLABLE,
                                      .doc = "Last use, to the minute"),
    AG_FIELD(struct ag_session_info, expires_at, AG_F_TIME, AG_FF_REQUIRED,
             .doc = "When it ends unless it is used"),
};
AG_SCHEMA(ag_session_schema, "Session", struct ag_session_info, "A sign-in that lasts",
          session_fields);

enum ag_err ag_sessions_insert(struct ag_tx *tx, const struct ag_session *session)
{
    return ag_tx_exec(tx, &ag_session_stmts[SESSION_INSERT],
                      AG_BIND(ag_v_uuid(session->id), ag_v_uuid(session->user_id),
                              ag_v_bytes(session->cookie_hash), ag_v_text(session->user_agent),
                              ag_v_text(session->ip), ag_v_time(session->created_at),
                              ag_v_time(session->authenticated_at), ag_v_time(session->expires_at)),
                      NULL);
}

static enum ag_err access_read(struct ag_db *db, struct ag_arena *arena, int stmt,
                               const struct ag_value *params, size_t count,
                               struct ag_access *ret_access)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_session_stmts[stmt], params, count, &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such session");
    const struct ag_value *row = ag_row(&rows, 0);
    *ret_access = (struct ag_access){
        .session_id = row[0].uuid,
        .user_id = row[1].uuid,
        .org_id = row[2].uuid,
        .role = row[3].str,
        .status = row[4].str,
        .org_role = row[5].str,
        .plan = row[7].str,
        .org_per_minute = ag_v_num(&row[8], 0),
        .expires_at = row[9].num,
        .last_used_at = ag_v_num(&row[10], 0),
        .authenticated_at = ag_v_num(&row[11], 0),
        .revoked = row[12].type != AG_V_NULL,
        .personal = row[13].num,
    };
    if (row[6].type != AG_V_NULL) ret_access->permissions = row[6].str;
    return AG_OK;
}

enum ag_err ag_sessions_access(struct ag_db *db, struct ag_arena *arena, struct ag_uuid id,
                               struct ag_access *ret_access)
{
    return access_read(db, arena, SESSION_ACCESS, AG_BIND(ag_v_uuid(id)), ret_access);
}

enum ag_err ag_sessions_access_in(struct ag_db *db, struct ag_arena *arena, struct ag_uuid id,
                                  struct ag_uuid org, struct ag_access *ret_access)
{
    return access_read(db, arena, SESSION_ACCESS_IN, AG_BIND(ag_v_uuid(id), ag_v_uuid(org)),
                       ret_access);
}

enum ag_err ag_sessions_access_by_cookie(struct ag_db *db, struct ag_arena *arena,
                                         struct ag_str cookie_hash, struct ag_access *ret_access)
{
    return access_read(db, arena, SESSION_ACCESS_COOKIE, AG_BIND(ag_v_bytes(cookie_hash)),
                       ret_access);
}

enum ag_err ag_sessions_touch(struct ag_tx *tx, struct ag_uuid id, int64_t now)
{
    return ag_tx_exec(tx, &ag_session_stmts[SESSION_TOUCH], AG_BIND(ag_v_uuid(id), ag_v_time(now)),
                      NULL);
}

enum ag_err ag_sessions_revoke(struct ag_tx *tx, struct ag_uuid id, int64_t now)
{
    return ag_tx_exec(tx, &ag_session_stmts[SESSION_REVOKE], AG_BIND(ag_v_uuid(id), ag_v_time(now)),
                      NULL);
}

enum ag_err ag_sessions_revoke_others(struct ag_tx *tx, struct ag_uuid user, struct ag_uuid kept,
                                      int64_t now)
{
    return ag_tx_exec(tx, &ag_session_stmts[SESSION_REVOKE_OTHERS],
                      AG_BIND(ag_v_uuid(user), ag_v_uuid(kept), ag_v_time(now)), NULL);
}

enum ag_err ag_sessions_revoke_own(struct ag_tx *tx, struct ag_uuid user, struct ag_uuid id,
                                   int64_t now)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_session_stmts[SESSION_REVOKE_OWN],
                      AG_BIND(ag_v_uuid(user), ag_v_uuid(id), ag_v_time(now)), &rows));
    return rows.changed == 1 ? AG_OK : ag_fail(AG_E_NOT_FOUND, "there is nothing with this id");
}

enum ag_err ag_sessions_authenticated(struct ag_tx *tx, struct ag_uuid id, int64_t now)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_session_stmts[SESSION_AUTHENTICATED],
                      AG_BIND(ag_v_uuid(id), ag_v_time(now)), &rows));
    return rows.changed == 1 ? AG_OK : ag_fail(AG_E_UNAUTHENTICATED, "this session has ended");
}

enum ag_err ag_sessions_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid user,
                             struct ag_uuid current, const struct ag_page *page,
                             struct ag_list *ret_sessions)
{
    struct ag_rows rows;
    const struct ag_value params[] = {ag_v_uuid(user), ag_v_time(ag_wall_ms()),
                                      ag_v_int(page->limit), ag_v_uuid(page->after_id)};
    int stmt = page->has_after ? SESSION_LIST_AFTER : SESSION_LIST_FIRST;
    AG_TRY(ag_db_read(db, arena, &ag_session_stmts[stmt], params,
                      AG_COUNT(params) - !page->has_after, &rows));
    struct ag_session_info *sessions = AG_ARENA_ARRAY(arena, struct ag_session_info, rows.count);
    if (!sessions) return ag_fail(AG_E_NO_MEMORY, "no memory for a list of sessions");
    for (size_t i = 0; i < rows.count; i++) {
        const struct ag_value *row = ag_row(&rows, i);
        sessions[i] = (struct ag_session_info){
            .id = row[0].uuid,
            .current = ag_uuid_eq(row[0].uuid, current),
            .user_agent = row[1].str,
            .ip = row[2].str,
            .created_at = row[3].num,
            .last_used_at = ag_v_num(&row[4], 0),
            .expires_at = row[5].num,
        };
        if (row[4].type != AG_V_NULL) AG_SET(&sessions[i], AG_SESSION_LAST_USED);
    }
    *ret_sessions = (struct ag_list){sessions, rows.count};
    return AG_OK;
}

enum ag_err ag_sessions_renew(struct ag_tx *tx, struct ag_uuid id, struct ag_str cookie_hash,
                              int64_t expires_at)
{
    return ag_tx_exec(tx, &ag_session_stmts[SESSION_RENEW],
                      AG_BIND(ag_v_uuid(id), ag_v_bytes(cookie_hash), ag_v_time(expires_at)), NULL);
}

enum ag_err ag_refresh_insert(struct ag_tx *tx, struct ag_str hash, struct ag_uuid session_id,
                              int64_t now, int64_t expires_at)
{
    return ag_tx_exec(
        tx, &ag_session_stmts[REFRESH_INSERT],
        AG_BIND(ag_v_bytes(hash), ag_v_uuid(session_id), ag_v_time(now), ag_v_time(expires_at)),
        NULL);
}

enum ag_err ag_sessions_live(struct ag_tx *tx, struct ag_uuid id, int64_t now, bool *ret_live)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_session_stmts[SESSION_LIVES], AG_BIND(ag_v_uuid(id), ag_v_time(now)),
                      &rows));
    *ret_live = rows.count > 0;
    return AG_OK;
}

enum ag_err ag_refresh_get(struct ag_tx *tx, struct ag_str hash, struct ag_refresh *ret_refresh)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_session_stmts[REFRESH_GET], AG_BIND(ag_v_bytes(hash)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such refresh token");
    const struct ag_value *row = ag_row(&rows, 0);
    *ret_refresh = (struct ag_refresh){
        .session_id = row[0].uuid,
        .user_id = row[1].uuid,
        .expires_at = row[2].num,
        .used = row[3].type != AG_V_NULL,
        .revoked = row[4].type != AG_V_NULL,
        .org_id = row[5].uuid,
        .status = row[6].str,
    };
    return AG_OK;
}

enum ag_err ag_refresh_use(struct ag_tx *tx, struct ag_str hash, int64_t now, bool *ret_first)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_session_stmts[REFRESH_USE], AG_BIND(ag_v_bytes(hash), ag_v_time(now)),
                      &rows));
    *ret_first = rows.changed == 1;
    return AG_OK;
}

enum ag_err ag_sessions_expire(struct ag_tx *tx, int64_t before)
{
    AG_TRY(ag_tx_exec(tx, &ag_session_stmts[SESSION_EXPIRE], AG_BIND(ag_v_time(before)), NULL));
    return ag_tx_exec(tx, &ag_session_stmts[REFRESH_EXPIRE], AG_BIND(ag_v_time(before)), NULL);
}
