/* The activity log: entries as they are shown, exported and searched. */
#include "store/activity.h"
#include "store/tables.h"

enum { ACTIVITY_LIST, ACTIVITY_LIST_REACH, ACTIVITY_EXPORT, ACTIVITY_EXPORT_REACH };

/* $1 org, $2 and $3 the ends of the ids, $4 limit; what is looked for in those rows: $5 pattern of
 * the action, $6 user, $7 pattern of anything. */
#define ACTIVITY_SELECT                                                                            \
    "SELECT a.id, a.seq, a.user_id, u.name, a.action, a.details, a.created_at, a.ip, "             \
    "a.credential, a.key_id, a.hash "                                                              \
    "FROM activity_logs a LEFT JOIN users u ON u.id = a.user_id "
#define ACTIVITY_MATCH                                                                             \
    "AND ($5 IS NULL OR a.action LIKE $5 ESCAPE '\\') AND ($6 IS NULL OR a.user_id = $6) "         \
    "AND ($7 IS NULL OR a.action LIKE lower($7) ESCAPE '\\' "                                      \
    "OR lower(u.name) LIKE lower($7) ESCAPE '\\' OR a.ip LIKE lower($7) ESCAPE '\\' "              \
    "OR lower(CAST(a.details AS TEXT)) LIKE lower($7) ESCAPE '\\') "
#define NEWEST_FIRST "WHERE a.org_id = $1 AND a.id >= $2 AND a.id < $3 "
#define OLDEST_FIRST "WHERE a.org_id = $1 AND a.id > $2 AND a.id < $3 "
#define REACH_SELECT "SELECT a.id FROM activity_logs a "

struct ag_stmt ag_activity_stmts[AG_ACTIVITY_STMTS] = {
    [ACTIVITY_LIST] = {.name = "activity_list",
                       .sql = ACTIVITY_SELECT NEWEST_FIRST ACTIVITY_MATCH
                       "ORDER BY a.id DESC LIMIT $4",
                       .params = "uuuitut",
                       .columns = AG_ACTIVITY_TYPES},
    [ACTIVITY_LIST_REACH] = {.name = "activity_list_reach",
                             .sql = REACH_SELECT NEWEST_FIRST
                             "ORDER BY a.id DESC LIMIT 1 OFFSET $4",
                             .params = "uuui",
                             .columns = "u"},
    [ACTIVITY_EXPORT] = {.name = "activity_export",
                         .sql = ACTIVITY_SELECT OLDEST_FIRST ACTIVITY_MATCH
                         "ORDER BY a.id LIMIT $4",
                         .params = "uuuitut",
                         .columns = AG_ACTIVITY_TYPES},
    [ACTIVITY_EXPORT_REACH] = {.name = "activity_export_reach",
                               .sql = REACH_SELECT OLDEST_FIRST "ORDER BY a.id LIMIT 1 OFFSET $4",
                               .params = "uuui",
                               .columns = "u"},
};

static const struct ag_field activity_fields[] = {
    AG_FIELD(struct ag_activity, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The entry"),
    [AG_ACTIVITY_SEQ] = AG_FIELD(struct ag_activity, seq, AG_F_INT, AG_FF_REQUIRED | AG_FF_NULLABLE,
                                 .doc = "Its number in the organisation's chain of entries; null "
                                        "for those from before there was one"),
    [AG_ACTIVITY_USER] = AG_FIELD(struct ag_activity, user_id, AG_F_UUID,
                                  AG_FF_REQUIRED | AG_FF_NULLABLE,
                                  .doc = "Who did it, or to whom it happened"),
    [AG_ACTIVITY_USER_NAME] = AG_FIELD(struct ag_activity, user_name, AG_F_STRING,
                                       AG_FF_REQUIRED | AG_FF_NULLABLE,
                                       .doc = "What they are called now", .example = "\"Ada\""),
    AG_FIELD(struct ag_activity, action, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "What was done; docs/audit.md lists all", .example = "\"agent.created\""),
    AG_FIELD(struct ag_activity, details, AG_F_JSON, AG_FF_REQUIRED, .doc = "To what"),
    [AG_ACTIVITY_IP] = AG_FIELD(struct ag_activity, ip, AG_F_STRING,
                                AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "From which address",
                                .example = "\"203.0.113.7\""),
    [AG_ACTIVITY_CREDENTIAL] = AG_FIELD(
        struct ag_activity, credential, AG_F_ENUM, AG_FF_REQUIRED | AG_FF_NULLABLE,
        .choices = "token|key|cookie", .doc = "With what; null before signing in"),
    [AG_ACTIVITY_KEY] = AG_FIELD(struct ag_activity, key_id, AG_F_UUID,
                                 AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "With which API key"),
    AG_FIELD(struct ag_activity, created_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "When"),
};
AG_SCHEMA(ag_activity_schema, "Activity", struct ag_activity, "An entry of the activity log",
          activity_fields);

/* ---- rows ---- */

static void set_text(struct ag_activity *entry, int field, struct ag_str *text,
                     const struct ag_value *value)
{
    if (value->type == AG_V_NULL) return;
    *text = value->str;
    AG_SET(entry, field);
}

static void set_id(struct ag_activity *entry, int field, struct ag_uuid *id,
                   const struct ag_value *value)
{
    if (value->type == AG_V_NULL) return;
    *id = value->uuid;
    AG_SET(entry, field);
}

void ag_activity_from_row(const struct ag_value *row, struct ag_activity *entry)
{
    *entry = (struct ag_activity){
        .id = row[0].uuid,
        .seq = ag_v_num(&row[1], 0),
        .action = row[4].str,
        .details = row[5].str,
        .created_at = row[6].num,
    };
    if (row[1].type != AG_V_NULL) AG_SET(entry, AG_ACTIVITY_SEQ);
    set_id(entry, AG_ACTIVITY_USER, &entry->user_id, &row[2]);
    set_text(entry, AG_ACTIVITY_USER_NAME, &entry->user_name, &row[3]);
    set_text(entry, AG_ACTIVITY_IP, &entry->ip, &row[7]);
    set_text(entry, AG_ACTIVITY_CREDENTIAL, &entry->credential, &row[8]);
    set_id(entry, AG_ACTIVITY_KEY, &entry->key_id, &row[9]);
    if (row[10].type != AG_V_NULL) entry->hash = row[10].str;
}

static enum ag_err entries_from_rows(const struct ag_rows *rows, struct ag_arena *arena,
                                     struct ag_list *ret_entries)
{
    struct ag_activity *entries = AG_ARENA_ARRAY(arena, struct ag_activity, rows->count);
    if (!entries) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows->count; i++)
        ag_activity_from_row(ag_row(rows, i), &entries[i]);
    *ret_entries = (struct ag_list){entries, rows->count};
    return AG_OK;
}

/* ---- reading ---- */

/* "auth." is everything that begins so, "auth.signed_in" itself alone. */
static enum ag_err action_pattern(struct ag_str action, struct ag_arena *arena,
                                  struct ag_value *ret_pattern)
{
    struct ag_buf buf;
    ag_buf_init(&buf, arena, 2 * action.len + 2);
    for (size_t i = 0; i < action.len; i++) {
        char c = action.data[i];
        if (c == '%' || c == '_' || c == '\\') ag_buf_append_char(&buf, '\\');
        ag_buf_append_char(&buf, c);
    }
    if (action.len > 0 && action.data[action.len - 1] == '.') ag_buf_append_char(&buf, '%');
    AG_TRY(ag_buf_err(&buf));
    *ret_pattern = ag_v_opt(action.len > 0, ag_v_text(ag_buf_str(&buf)));
    return AG_OK;
}

static bool is_choosy(const struct ag_activity_filter *filter)
{
    return filter->action.len > 0 || filter->search.len > 0 || !ag_uuid_is_nil(filter->user_id);
}

/* The ids that a page may hold. */
struct ends {
    struct ag_uuid low, high;
};

static struct ends ends_of(const struct ag_activity_filter *filter)
{
    struct ends ends = {.low = {{0}}};
    memset(&ends.high, 0xFF, sizeof(ends.high));
    if (filter->from > 0) ends.low = ag_uuid_at(filter->from);
    if (filter->has_to) ends.high = ag_uuid_at(filter->to);
    return ends;
}

/* The id of row AG_ACTIVITY_SCAN_MAX of those between the ends; nil: there are fewer. */
static enum ag_err reach_of(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org, int stmt,
                            const struct ends *ends, struct ag_uuid *ret_id)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_activity_stmts[stmt],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(ends->low), ag_v_uuid(ends->high),
                              ag_v_int(AG_ACTIVITY_SCAN_MAX - 1)),
                      &rows));
    *ret_id = rows.count > 0 ? ag_row(&rows, 0)[0].uuid : (struct ag_uuid){{0}};
    return AG_OK;
}

static enum ag_err read_entries(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                                int stmt, const struct ag_activity_filter *filter,
                                const struct ends *ends, int64_t limit, struct ag_list *ret_entries)
{
    const struct ag_page search = {.search = filter->search};
    struct ag_value action;
    struct ag_str pattern;
    struct ag_rows rows;
    AG_TRY(action_pattern(filter->action, arena, &action));
    AG_TRY(ag_page_pattern(&search, arena, &pattern));
    AG_TRY(ag_db_read(
        db, arena, &ag_activity_stmts[stmt],
        AG_BIND(ag_v_uuid(org), ag_v_uuid(ends->low), ag_v_uuid(ends->high), ag_v_int(limit),
                action, ag_v_opt(!ag_uuid_is_nil(filter->user_id), ag_v_uuid(filter->user_id)),
                ag_v_opt(filter->search.len > 0, ag_v_text(pattern))),
        &rows));
    return entries_from_rows(&rows, arena, ret_entries);
}

enum ag_err ag_activity_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                             const struct ag_activity_filter *filter, const struct ag_page *page,
                             struct ag_list *ret_entries, struct ag_uuid *ret_stopped_at)
{
    struct ends ends = ends_of(filter);
    struct ag_uuid stopped_at = {{0}};
    if (page->has_after && memcmp(&page->after_id, &ends.high, sizeof(ends.high)) < 0)
        ends.high = page->after_id;
    if (is_choosy(filter))
        AG_TRY(reach_of(db, arena, org, ACTIVITY_LIST_REACH, &ends, &stopped_at));
    if (!ag_uuid_is_nil(stopped_at)) ends.low = stopped_at;
    AG_TRY(read_entries(db, arena, org, ACTIVITY_LIST, filter, &ends, page->limit, ret_entries));
    *ret_stopped_at = stopped_at;
    return AG_OK;
}

static struct ag_uuid next_id(struct ag_uuid id)
{
    for (size_t i = sizeof(id.bytes); i-- > 0;)
        if (++id.bytes[i] != 0) break;
    return id;
}

enum ag_err ag_activity_export(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                               const struct ag_activity_filter *filter, struct ag_uuid *after,
                               int64_t limit, struct ag_list *ret_entries, bool *ret_last)
{
    struct ends ends = ends_of(filter);
    struct ag_uuid reach = {{0}};
    if (memcmp(after, &ends.low, sizeof(ends.low)) > 0) ends.low = *after;
    if (is_choosy(filter)) AG_TRY(reach_of(db, arena, org, ACTIVITY_EXPORT_REACH, &ends, &reach));
    if (!ag_uuid_is_nil(reach)) ends.high = next_id(reach);
    AG_TRY(read_entries(db, arena, org, ACTIVITY_EXPORT, filter, &ends, limit, ret_entries));
    const struct ag_activity *entries = ret_entries->items;
    bool full = (int64_t)ret_entries->count == limit;
    *ret_last = !full && ag_uuid_is_nil(reach);
    if (full)
        *after = entries[ret_entries->count - 1].id;
    else if (!ag_uuid_is_nil(reach))
        *after = reach;
    return AG_OK;
}
