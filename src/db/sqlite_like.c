/*
 * LIKE for SQLite, as PostgreSQL has it, but for `_`, which no statement uses.
 *
 * SQLite's own compares the pattern at every byte of the text: a pattern that nearly matches
 * everywhere takes the product of both lengths. Users choose both, and a read holds its loop up.
 */
#include "db/sqlite.h"

#include <string.h>

enum { PATTERN_MAX_BYTES = 2048 };

/* Takes what stands before the next `%` off the pattern, without its escapes; `ret_open` says
 * whether a `%` ended it. NULL: fine, else what is wrong with the pattern. */
static const char *take_literal(struct ag_str *pattern, char escape, char *out, size_t *ret_len,
                                bool *ret_open)
{
    size_t len = 0, i = 0;
    *ret_open = false;
    for (; i < pattern->len && !*ret_open; i++) {
        char c = pattern->data[i];
        if (c == '_') return "LIKE has no _ here";
        *ret_open = c == '%';
        if (*ret_open) continue;
        if (c == escape && ++i == pattern->len) return "LIKE pattern ends with its escape";
        out[len++] = pattern->data[i];
    }
    *pattern = ag_str_sub(*pattern, i, pattern->len);
    *ret_len = len;
    return NULL;
}

/* `literal` is the first of the pattern, the last one, or both, or stands anywhere. */
static bool find_literal(struct ag_str *text, struct ag_str literal, bool first, bool last)
{
    if (first && last) return ag_str_eq(*text, literal);
    if (last) return ag_str_ends_with(*text, literal);
    ptrdiff_t at = first ? 0 : ag_str_find(*text, literal);
    if (at < 0 || (first && !ag_str_starts_with(*text, literal))) return false;
    *text = ag_str_sub(*text, (size_t)at + literal.len, text->len);
    return true;
}

/* NULL and `ret_match`, or what is wrong with the pattern. */
static const char *match(struct ag_str text, struct ag_str pattern, char escape, bool *ret_match)
{
    char literal[PATTERN_MAX_BYTES];
    if (pattern.len > sizeof(literal)) return "LIKE pattern is too long";
    *ret_match = true;
    for (bool first = true, open = true; open && *ret_match; first = false) {
        size_t len;
        const char *wrong = take_literal(&pattern, escape, literal, &len, &open);
        if (wrong) return wrong;
        *ret_match = find_literal(&text, ag_str_n(literal, len), first, !open);
    }
    return NULL;
}

static struct ag_str text_of(sqlite3_value *value)
{
    const char *data = (const char *)sqlite3_value_text(value);
    return data ? ag_str_n(data, (size_t)sqlite3_value_bytes(value)) : (struct ag_str){NULL, 0};
}

/* `text LIKE pattern ESCAPE escape` calls like(pattern, text, escape). */
static void like(sqlite3_context *context, int count, sqlite3_value **values)
{
    AG_ASSERT(count == 3);
    for (int i = 0; i < count; i++)
        if (sqlite3_value_type(values[i]) == SQLITE_NULL) return;
    struct ag_str pattern = text_of(values[0]), text = text_of(values[1]);
    struct ag_str escape = text_of(values[2]);
    if (!pattern.data || !text.data || !escape.data) {
        sqlite3_result_error_nomem(context);
        return;
    }
    bool matches;
    const char *wrong = escape.len == 1 ? match(text, pattern, escape.data[0], &matches)
                                        : "LIKE wants one character as its escape";
    if (wrong)
        sqlite3_result_error(context, wrong, -1);
    else
        sqlite3_result_int(context, matches);
}

int ag_sqlite_add_like(sqlite3 *db)
{
    return sqlite3_create_function_v2(db, "like", 3,
                                      SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
                                      like, NULL, NULL, NULL);
}
