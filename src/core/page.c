#include "core/internal.h"

#include <sodium.h>

/*
 * A cursor is where the last page ended: one byte for the sort order, the id, and the sort key,
 * in base64url. It carries no right: the tenant's filter holds whatever a cursor says.
 */
enum { ID_OFFSET = 1, KEY_OFFSET = 17, CURSOR_MAX_BYTES = 512, NAME_MAX_BYTES = 400 };

static const char *const sort_names[AG_SORT_KEYS] = {
    [AG_SORT_CREATED] = "created_at",
    [AG_SORT_UPDATED] = "updated_at",
    [AG_SORT_NAME] = "name",
};

static uint8_t order_byte(const struct ag_page *page)
{
    return (uint8_t)(page->key * 2 + (page->descending ? 1 : 0));
}

enum ag_err ag_cursor_encode(const struct ag_page *page, struct ag_uuid id, int64_t time,
                             struct ag_str name, struct ag_arena *arena, struct ag_str *ret_cursor)
{
    uint8_t raw[KEY_OFFSET + NAME_MAX_BYTES];
    size_t len = KEY_OFFSET;
    raw[0] = order_byte(page);
    memcpy(raw + ID_OFFSET, id.bytes, sizeof(id.bytes));
    if (page->key == AG_SORT_UPDATED) {
        for (int i = 0; i < 8; i++)
            raw[len++] = (uint8_t)((uint64_t)time >> (56 - 8 * i));
    } else if (page->key == AG_SORT_NAME) {
        AG_ASSERT(name.len <= NAME_MAX_BYTES); /* the stores sort by at most 100 characters */
        memcpy(raw + len, name.data, name.len);
        len += name.len;
    }
    size_t room = sodium_base64_encoded_len(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = ag_arena_alloc(arena, room);
    if (!text) return ag_fail(AG_E_NO_MEMORY, "no memory for a cursor");
    sodium_bin2base64(text, room, raw, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    *ret_cursor = ag_str(text);
    return AG_OK;
}

enum ag_err ag_cursor_decode(struct ag_str cursor, struct ag_page *page, struct ag_arena *arena,
                             struct ag_field_errors *errors)
{
    uint8_t raw[CURSOR_MAX_BYTES];
    size_t len = 0;
    bool fine = sodium_base642bin(raw, sizeof(raw), cursor.data, cursor.len, NULL, &len, NULL,
                                  sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
                len >= KEY_OFFSET && raw[0] == order_byte(page);
    struct ag_str key = ag_str_n((const char *)raw + KEY_OFFSET, fine ? len - KEY_OFFSET : 0);
    if (fine && page->key == AG_SORT_CREATED) fine = key.len == 0;
    if (fine && page->key == AG_SORT_UPDATED) fine = key.len == 8;
    if (fine && page->key == AG_SORT_NAME)
        fine = ag_utf8_valid(key) && ag_str_find_char(key, '\0') < 0;
    if (!fine) {
        ag_field_error(errors, arena, "cursor", "format",
                       "must be the `next_cursor` of a list with the same sort");
        return ag_fail(AG_E_INVALID, "the cursor is not valid");
    }
    page->has_after = true;
    memcpy(page->after_id.bytes, raw + ID_OFFSET, sizeof(page->after_id.bytes));
    if (page->key == AG_SORT_UPDATED) {
        uint64_t time = 0;
        for (int i = 0; i < 8; i++)
            time = time << 8 | raw[KEY_OFFSET + i];
        /* Years 1970..9999: what both databases can compare. */
        page->after_time = (int64_t)(time > 253402300799999 ? 253402300799999 : time);
    } else if (page->key == AG_SORT_NAME) {
        page->after_name = ag_arena_copy(arena, key);
        if (!page->after_name.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a cursor");
    }
    return AG_OK;
}

enum ag_err ag_page_from_query(const struct ag_list_query *query, struct ag_arena *arena,
                               struct ag_field_errors *errors, struct ag_page *ret_page)
{
    struct ag_page page = {.limit = query->limit + 1, .search = query->q, .descending = true};
    memcpy(page.filters, query->filters, sizeof(page.filters));
    struct ag_str sort = query->sort;
    if (sort.len > 0) {
        page.descending = sort.data[0] == '-';
        if (page.descending) sort = ag_str_sub(sort, 1, sort.len);
        for (int key = 0; key < AG_SORT_KEYS; key++)
            if (ag_str_eq(sort, ag_str(sort_names[key]))) page.key = (enum ag_sort_key)key;
    }
    if (query->cursor.len > 0) AG_TRY(ag_cursor_decode(query->cursor, &page, arena, errors));
    *ret_page = page;
    return AG_OK;
}
