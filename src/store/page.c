#include "store/tables.h"

enum ag_err ag_page_pattern(const struct ag_page *page, struct ag_arena *arena,
                            struct ag_str *ret_pattern)
{
    if (page->search.len == 0) {
        *ret_pattern = AG_STR("%");
        return AG_OK;
    }
    struct ag_buf buf;
    ag_buf_init(&buf, arena, 2 * page->search.len + 2);
    ag_buf_append_char(&buf, '%');
    for (size_t i = 0; i < page->search.len; i++) {
        char c = page->search.data[i];
        if (c == '%' || c == '_' || c == '\\') ag_buf_append_char(&buf, '\\');
        ag_buf_append_char(&buf, c);
    }
    ag_buf_append_char(&buf, '%');
    AG_TRY(ag_buf_err(&buf));
    *ret_pattern = ag_buf_str(&buf);
    return AG_OK;
}

enum ag_err ag_list_read(struct ag_db *db, struct ag_arena *arena, const struct ag_stmt *stmts,
                         struct ag_uuid org, const struct ag_uuid *viewer,
                         const struct ag_page *page, struct ag_rows *ret_rows)
{
    struct ag_str pattern;
    AG_TRY(ag_page_pattern(page, arena, &pattern));
    const struct ag_stmt *stmt = stmts + page->key * 4 + (page->descending ? 2 : 0) +
                                 (page->has_after ? 1 : 0);
    struct ag_value params[3 + AG_PAGE_FILTERS + 3] = {ag_v_uuid(org), ag_v_text(pattern),
                                                       ag_v_int(page->limit)};
    size_t count = 3;
    for (size_t i = 0; i < AG_PAGE_FILTERS; i++)
        params[count++] = ag_v_opt(page->filters[i].len > 0, ag_v_text(page->filters[i]));
    if (viewer) params[count++] = ag_v_uuid(*viewer);
    if (page->has_after) {
        params[count++] = ag_v_uuid(page->after_id);
        if (page->key == AG_SORT_UPDATED) params[count++] = ag_v_time(page->after_time);
        if (page->key == AG_SORT_NAME) params[count++] = ag_v_text(page->after_name);
    }
    return ag_db_read(db, arena, stmt, params, count, ret_rows);
}
