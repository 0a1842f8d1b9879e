#include "base/canonical.h"

#include "base/json_alc.h"

#include <math.h>
#include <stdlib.h>

/* The largest integer up to which a double keeps every one. */
static const double safe_integer = 9007199254740991.0;

static struct ag_str str_of(yyjson_val *value)
{
    return (struct ag_str){yyjson_get_str(value), yyjson_get_len(value)};
}

/* RFC 8785 3.2.3 compares UTF-16 code units. UTF-8 orders alike but for one case: what is written
 * with two surrogates (D800-DFFF) comes before U+E000 to U+FFFF there. */
static int utf16_order(unsigned char a, unsigned char b)
{
    if (a >= 0xF0 && (b == 0xEE || b == 0xEF)) return -1;
    if (b >= 0xF0 && (a == 0xEE || a == 0xEF)) return 1;
    return a - b;
}

static int by_name(const void *left, const void *right)
{
    struct ag_str a = str_of(*(yyjson_val *const *)left), b = str_of(*(yyjson_val *const *)right);
    size_t n = AG_MIN(a.len, b.len), i = 0;
    while (i < n && a.data[i] == b.data[i])
        i++;
    if (i < n) return utf16_order((unsigned char)a.data[i], (unsigned char)b.data[i]);
    return (a.len > b.len) - (a.len < b.len);
}

static enum ag_err put(struct ag_arena *arena, yyjson_val *value, int depth, struct ag_buf *out);

static enum ag_err put_object(struct ag_arena *arena, yyjson_val *object, int depth,
                              struct ag_buf *out)
{
    size_t count = yyjson_obj_size(object), n = 0;
    yyjson_val **names = AG_ARENA_ARRAY(arena, yyjson_val *, AG_MAX(count, (size_t)1));
    if (!names) return ag_fail(AG_E_NO_MEMORY, "no memory for a JSON object");
    yyjson_obj_iter iter = yyjson_obj_iter_with(object);
    for (yyjson_val *name; (name = yyjson_obj_iter_next(&iter)) != NULL;)
        names[n++] = name;
    qsort(names, n, sizeof(yyjson_val *), by_name);
    ag_buf_append_char(out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && by_name(&names[i - 1], &names[i]) == 0)
            return ag_fail(AG_E_INVALID, "a name stands there twice");
        if (i > 0) ag_buf_append_char(out, ',');
        ag_buf_json_string(out, str_of(names[i]));
        ag_buf_append_char(out, ':');
        AG_TRY(put(arena, yyjson_obj_iter_get_val(names[i]), depth, out));
    }
    return ag_buf_append_char(out, '}');
}

static enum ag_err put_list(struct ag_arena *arena, yyjson_val *list, int depth, struct ag_buf *out)
{
    bool first = true;
    yyjson_arr_iter iter = yyjson_arr_iter_with(list);
    ag_buf_append_char(out, '[');
    for (yyjson_val *item; (item = yyjson_arr_iter_next(&iter)) != NULL; first = false) {
        if (!first) ag_buf_append_char(out, ',');
        AG_TRY(put(arena, item, depth, out));
    }
    return ag_buf_append_char(out, ']');
}

static enum ag_err put_number(yyjson_val *number, struct ag_buf *out)
{
    double value = yyjson_get_num(number);
    if (value != trunc(value) || fabs(value) > safe_integer)
        return ag_fail(AG_E_INVALID, "a number is no integer, or beyond 2^53");
    return ag_buf_append_int(out, (int64_t)value);
}

static enum ag_err put(struct ag_arena *arena, yyjson_val *value, int depth, struct ag_buf *out)
{
    if (depth == 0) return ag_fail(AG_E_INVALID, "more than %d levels", AG_CANONICAL_DEPTH);
    switch (yyjson_get_type(value)) {
    case YYJSON_TYPE_OBJ:
        return put_object(arena, value, depth - 1, out);
    case YYJSON_TYPE_ARR:
        return put_list(arena, value, depth - 1, out);
    case YYJSON_TYPE_STR:
        return ag_buf_json_string(out, str_of(value));
    case YYJSON_TYPE_NUM:
        return put_number(value, out);
    case YYJSON_TYPE_BOOL:
        return ag_buf_append_str(out, yyjson_get_bool(value) ? AG_STR("true") : AG_STR("false"));
    default:
        return ag_buf_append_lit(out, "null");
    }
}

enum ag_err ag_json_canonical(struct ag_arena *arena, struct ag_str json, struct ag_buf *out)
{
    yyjson_alc alc = ag_json_alc(arena);
    yyjson_read_err problem;
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)json.data, json.len, YYJSON_READ_NOFLAG,
                                       &alc, &problem);
    if (!doc && problem.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return ag_fail(AG_E_NO_MEMORY, "no memory for JSON");
    if (!doc) return ag_fail(AG_E_INVALID, "no JSON: %s", problem.msg);
    AG_TRY(put(arena, yyjson_doc_get_root(doc), AG_CANONICAL_DEPTH, out));
    return ag_buf_err(out);
}
