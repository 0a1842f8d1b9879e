/* The statement tables of store/ and what its files share. Internal to store/. */
#pragma once

#include "store/store.h"

enum {
    AG_USER_STMTS = 7,
    AG_SESSION_STMTS = 8,
    AG_API_KEY_STMTS = 6,
    AG_AGENT_STMTS = 17,
    AG_PROMPT_STMTS = 17,
    AG_RUN_STMTS = 7,
    AG_ACTIVITY_STMTS = 3,
    AG_IDEMPOTENCY_STMTS = 6,
};
extern struct ag_stmt ag_user_stmts[AG_USER_STMTS];
extern struct ag_stmt ag_session_stmts[AG_SESSION_STMTS];
extern struct ag_stmt ag_api_key_stmts[AG_API_KEY_STMTS];
extern struct ag_stmt ag_agent_stmts[AG_AGENT_STMTS];
extern struct ag_stmt ag_prompt_stmts[AG_PROMPT_STMTS];
extern struct ag_stmt ag_run_stmts[AG_RUN_STMTS];
extern struct ag_stmt ag_activity_stmts[AG_ACTIVITY_STMTS];
extern struct ag_stmt ag_idempotency_stmts[AG_IDEMPOTENCY_STMTS];

/* The statements of a list: for each sort key and direction, the first page and the following
 * ones. `AG_LIST_STMTS` of them stand in a row; ag_list_stmt() picks. The texts differ in the
 * compared columns alone, so that each can walk its index. $1 org, $2 pattern, $3 limit; following
 * pages: $4 id and, unless sorted by creation, $5 the last key. */
enum { AG_LIST_STMTS = AG_SORT_KEYS * 4 };
#define AG_LIST_PAIR(prefix, select, columns_, key, dir, after_params, after)                      \
    {.name = prefix "_first",                                                                      \
     .sql = select " ORDER BY " key dir ", id " dir " LIMIT $3",                                   \
     .params = "uti",                                                                              \
     .columns = columns_},                                                                         \
    {                                                                                              \
        .name = prefix "_after",                                                                   \
        .sql = select " AND " after " ORDER BY " key dir ", id " dir " LIMIT $3",                  \
        .params = "uti" after_params, .columns = columns_                                          \
    }
#define AG_LIST_ALL(name, select, columns, name_column)                                            \
    AG_LIST_PAIR(name "_by_created", select, columns, "id ", "ASC", "u", "id > $4"),               \
        AG_LIST_PAIR(name "_by_created_desc", select, columns, "id ", "DESC", "u", "id < $4"),     \
        AG_LIST_PAIR(name "_by_updated", select, columns, "updated_at ", "ASC", "uz",              \
                     "(updated_at, id) > ($5, $4)"),                                               \
        AG_LIST_PAIR(name "_by_updated_desc", select, columns, "updated_at ", "DESC", "uz",        \
                     "(updated_at, id) < ($5, $4)"),                                               \
        AG_LIST_PAIR(name "_by_name", select, columns, "lower(" name_column ") ", "ASC", "ut",     \
                     "(lower(" name_column "), id) > (lower($5), $4)"),                            \
        AG_LIST_PAIR(name "_by_name_desc", select, columns, "lower(" name_column ") ", "DESC",     \
                     "ut", "(lower(" name_column "), id) < (lower($5), $4)")

/* Runs the list statement that `page` asks for; `stmts` is the first of AG_LIST_STMTS. */
enum ag_err ag_list_read(struct ag_db *db, struct ag_arena *arena, const struct ag_stmt *stmts,
                         struct ag_uuid org, const struct ag_page *page,
                         struct ag_rows *ret_rows) AG_MUST_USE AG_SUSPENDS;
