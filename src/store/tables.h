/* The statement tables of store/ and what its files share. Internal to store/. */
#pragma once

#include "store/store.h"

enum {
    AG_USER_STMTS = 8,
    AG_SESSION_STMTS = 18,
    AG_ACCOUNT_STMTS = 13,
    AG_DELETION_STMTS = 9,
    AG_EXPORT_STMTS = 4,
    AG_EMAIL_TOKEN_STMTS = 5,
    AG_IDENTITY_STMTS = 10,
    AG_ORG_STMTS = 16,
    AG_PURGE_STMTS = 10,
    AG_MEMBER_STMTS = 16,
    AG_ROLE_STMTS = 9,
    AG_INVITATION_STMTS = 11,
    AG_API_KEY_STMTS = 11,
    AG_AGENT_STMTS = 26,
    AG_PROMPT_STMTS = 21,
    AG_RUN_STMTS = 18,
    AG_ACTIVITY_STMTS = 4,
    AG_AUDIT_STMTS = 10,
    AG_IDEMPOTENCY_STMTS = 6,
    AG_DASHBOARD_STMTS = 9,
    AG_ERROR_STMTS = 6,
    AG_LIMIT_STMTS = 14,
};
extern struct ag_stmt ag_user_stmts[AG_USER_STMTS];
extern struct ag_stmt ag_session_stmts[AG_SESSION_STMTS];
extern struct ag_stmt ag_account_stmts[AG_ACCOUNT_STMTS];
extern struct ag_stmt ag_deletion_stmts[AG_DELETION_STMTS];
extern struct ag_stmt ag_export_stmts[AG_EXPORT_STMTS];
extern struct ag_stmt ag_email_token_stmts[AG_EMAIL_TOKEN_STMTS];
extern struct ag_stmt ag_org_stmts[AG_ORG_STMTS];
extern struct ag_stmt ag_identity_stmts[AG_IDENTITY_STMTS];
extern struct ag_stmt ag_purge_stmts[AG_PURGE_STMTS];
extern struct ag_stmt ag_member_stmts[AG_MEMBER_STMTS];
extern struct ag_stmt ag_role_stmts[AG_ROLE_STMTS];
extern struct ag_stmt ag_invitation_stmts[AG_INVITATION_STMTS];
extern struct ag_stmt ag_api_key_stmts[AG_API_KEY_STMTS];
extern struct ag_stmt ag_agent_stmts[AG_AGENT_STMTS];
extern struct ag_stmt ag_prompt_stmts[AG_PROMPT_STMTS];
extern struct ag_stmt ag_run_stmts[AG_RUN_STMTS];
extern struct ag_stmt ag_activity_stmts[AG_ACTIVITY_STMTS];
extern struct ag_stmt ag_audit_stmts[AG_AUDIT_STMTS];
extern struct ag_stmt ag_idempotency_stmts[AG_IDEMPOTENCY_STMTS];
extern struct ag_stmt ag_dashboard_stmts[AG_DASHBOARD_STMTS];
extern struct ag_stmt ag_error_stmts[AG_ERROR_STMTS];
extern struct ag_stmt ag_limit_stmts[AG_LIMIT_STMTS];

/* One row of the activity log: id, seq, user, the user's name, action, details, time, ip,
 * credential, key, hash. */
#define AG_ACTIVITY_TYPES                                                                          \
    "uiut"                                                                                         \
    "tjz"                                                                                          \
    "ttux"
struct ag_activity;
void ag_activity_from_row(const struct ag_value *row, struct ag_activity *entry);

/* The statements of a list: for each sort key and direction, the first page and the following
 * ones. `AG_LIST_STMTS` of them stand in a row; ag_list_read() picks. The texts differ in the
 * compared columns alone, so that each can walk its index. `select` and its form for SQLite end in
 * a condition. $1 org, $2 pattern, $3 limit, $4 and $5 the list's own filters, NULL for anything,
 * and where `viewer` is "u", $6 who looks. Following pages: `id` and, unless sorted by creation,
 * `last`, the parameters of the last row's id and key. */
enum { AG_LIST_STMTS = AG_SORT_KEYS * 4 };
#define AG_LIST_ORDER(key, dir) " ORDER BY " key dir ", id " dir " LIMIT $3"
#define AG_LIST_PAIR(prefix, select, sqlite_select, columns_, key, dir, viewer, after_params,      \
                     after)                                                                        \
    {.name = prefix "_first",                                                                      \
     .sql = select AG_LIST_ORDER(key, dir),                                                        \
     .sqlite = sqlite_select AG_LIST_ORDER(key, dir),                                              \
     .params = "utitt" viewer,                                                                     \
     .columns = columns_},                                                                         \
    {                                                                                              \
        .name = prefix "_after", .sql = select " AND " after AG_LIST_ORDER(key, dir),              \
        .sqlite = sqlite_select " AND " after AG_LIST_ORDER(key, dir),                             \
        .params = "utitt" viewer after_params, .columns = columns_                                 \
    }
#define AG_LIST_ALL(name, select, sqlite, columns, name_column, viewer, id, last)                  \
    AG_LIST_PAIR(name "_by_created", select, sqlite, columns, "id ", "ASC", viewer, "u",           \
                 "id > " id),                                                                      \
        AG_LIST_PAIR(name "_by_created_desc", select, sqlite, columns, "id ", "DESC", viewer, "u", \
                     "id < " id),                                                                  \
        AG_LIST_PAIR(name "_by_updated", select, sqlite, columns, "updated_at ", "ASC", viewer,    \
                     "uz", "(updated_at, id) > (" last ", " id ")"),                               \
        AG_LIST_PAIR(name "_by_updated_desc", select, sqlite, columns, "updated_at ", "DESC",      \
                     viewer, "uz", "(updated_at, id) < (" last ", " id ")"),                       \
        AG_LIST_PAIR(name "_by_name", select, sqlite, columns, "lower(" name_column ") ", "ASC",   \
                     viewer, "ut", "(lower(" name_column "), id) > (lower(" last "), " id ")"),    \
        AG_LIST_PAIR(name "_by_name_desc", select, sqlite, columns, "lower(" name_column ") ",     \
                     "DESC", viewer, "ut",                                                         \
                     "(lower(" name_column "), id) < (lower(" last "), " id ")")

/* Runs the list statement that `page` asks for; `stmts` is the first of AG_LIST_STMTS. `viewer` is
 * NULL where they take none. */
enum ag_err ag_list_read(struct ag_db *db, struct ag_arena *arena, const struct ag_stmt *stmts,
                         struct ag_uuid org, const struct ag_uuid *viewer,
                         const struct ag_page *page,
                         struct ag_rows *ret_rows) AG_MUST_USE AG_SUSPENDS;

/* ---- entities ---- */

struct ag_entity {
    const char *name;            /* "agent" */
    const struct ag_stmt *stmts; /* the first of AG_ENTITY_STMTS */
    size_t size;                 /* of its document */
    bool has_viewer;             /* its rows may be there for their creator alone */
    void (*from_row)(const struct ag_rows *rows, size_t row, void *doc);
};

/* An entity's statements; its file's own ones follow. */
enum {
    AG_ENTITY_GET = AG_LIST_STMTS,
    AG_ENTITY_LOCK,
    AG_ENTITY_DELETE,
    AG_ENTITY_RESTORE,
    AG_ENTITY_PURGE,
    AG_ENTITY_STMTS,
};
/* `list` and `one` are columns with their types, such as "id, name", "ut"; `found` and its form for
 * SQLite are the conditions of a list on $2, $4 and $5. `viewer` is "u" where who looks counts, and
 * seen("$n") then the condition on it; else "" both. `id` and `last` as in AG_LIST_ALL. */
#define AG_ENTITY_LIST(table, columns, found, seen)                                                \
    "SELECT " columns " FROM " table                                                               \
    " WHERE org_id = $1 AND deleted_at IS NULL AND " found seen("$6")
#define AG_ENTITY_ALL(name_, table, list, list_types, one, one_types, found, sqlite_found,         \
                      name_column, viewer, seen, id, last)                                         \
    AG_LIST_ALL(name_ "_list", AG_ENTITY_LIST(table, list, found, seen),                           \
                AG_ENTITY_LIST(table, list, sqlite_found, seen), list_types, name_column, viewer,  \
                id, last),                                                                         \
        [AG_ENTITY_GET] = {.name = name_ "_get",                                                   \
                           .sql =                                                                  \
                               "SELECT " one " FROM " table                                        \
                               " WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL" seen("$3"), \
                           .params = "uu" viewer,                                                  \
                           .columns = one_types},                                                  \
        [AG_ENTITY_LOCK] = {.name = name_ "_head",                                                 \
                            .sql = AG_ENTITY_HEAD(table) seen("$3") " FOR UPDATE",                 \
                            .sqlite = AG_ENTITY_HEAD(table) seen("$3"),                            \
                            .params = "uu" viewer,                                                 \
                            .columns = "uizzb"},                                                   \
        [AG_ENTITY_DELETE] = {.name = name_ "_delete",                                             \
                              .sql = "UPDATE " table " SET deleted_at = $3 "                       \
                                     "WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL",       \
                              .params = "uuz",                                                     \
                              .columns = ""},                                                      \
        [AG_ENTITY_RESTORE] = {.name = name_ "_restore",                                           \
                               .sql = "UPDATE " table " SET deleted_at = NULL "                    \
                                      "WHERE org_id = $1 AND id = $2",                             \
                               .params = "uu",                                                     \
                               .columns = ""},                                                     \
        [AG_ENTITY_PURGE] = {                                                                      \
            .name = name_ "_purge",                                                                \
            .sql = "DELETE FROM " table " WHERE id IN (SELECT id FROM " table                      \
                   " WHERE deleted_at < $1 ORDER BY deleted_at LIMIT 1000)",                       \
            .params = "z",                                                                         \
            .columns = "",                                                                         \
            .no_org = "housekeeping ends what was deleted long ago, of every organisation"}
#define AG_ENTITY_HEAD(table)                                                                      \
    "SELECT user_id, version, created_at, updated_at, deleted_at IS NOT NULL FROM " table          \
    " WHERE org_id = $1 AND id = $2"

/* AG_E_NOT_FOUND when there is no row, else its document. */
enum ag_err ag_entity_first(const struct ag_entity *entity, const struct ag_rows *rows,
                            void *ret_doc) AG_MUST_USE;
enum ag_err ag_entity_get(struct ag_db *db, struct ag_arena *arena, const struct ag_entity *entity,
                          struct ag_uuid org, struct ag_uuid viewer, struct ag_uuid id,
                          void *ret_doc) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_entity_list(struct ag_db *db, struct ag_arena *arena, const struct ag_entity *entity,
                           struct ag_uuid org, struct ag_uuid viewer, const struct ag_page *page,
                           struct ag_list *ret_docs) AG_MUST_USE AG_SUSPENDS;
