#include "base/fields_walk.h"
#include "base/json_alc.h"

#include <math.h>

enum {
    MAP_NAME_CHARS = 128, /* of a free name in a map */
    FEW_NAMES = 8,        /* below this, comparing each with each is faster than hashing */
};

static void decode_value(struct ag_walk *walk, const struct ag_rule *rule,
                         const struct ag_path *path, int depth, yyjson_val *value, void *out);

static struct ag_str str_of(yyjson_val *value)
{
    return (struct ag_str){yyjson_get_str(value), yyjson_get_len(value)};
}

/* ---- yyjson in the arena ---- */

static void *json_malloc(void *ctx, size_t size)
{
    return ag_arena_alloc(ctx, size);
}

static void *json_realloc(void *ctx, void *p, size_t old_size, size_t size)
{
    return ag_arena_realloc(ctx, p, old_size, size);
}

static void json_free(void *ctx, void *p)
{
    /* The arena frees it. */
}

yyjson_alc ag_json_alc(struct ag_arena *arena)
{
    return (yyjson_alc){json_malloc, json_realloc, json_free, arena};
}

static const char *kind_word(yyjson_val *value)
{
    switch (yyjson_get_type(value)) {
    case YYJSON_TYPE_NULL:
        return "null";
    case YYJSON_TYPE_BOOL:
        return "a boolean";
    case YYJSON_TYPE_NUM:
        return "a number";
    case YYJSON_TYPE_STR:
        return "a string";
    case YYJSON_TYPE_ARR:
        return "a list";
    default:
        return "an object";
    }
}

static const char *type_word(enum ag_field_type type)
{
    switch (type) {
    case AG_F_BOOL:
        return "true or false";
    case AG_F_INT:
        return "a whole number";
    case AG_F_NUMBER:
        return "a number";
    case AG_F_OBJECT:
    case AG_F_JSON:
    case AG_F_MAP:
        return "an object";
    case AG_F_LIST:
        return "a list";
    case AG_F_STRING:
    case AG_F_ENUM:
    case AG_F_UUID:
    case AG_F_TIME:
        break;
    }
    return "a string";
}

static void mistake_type(struct ag_walk *walk, const struct ag_rule *rule,
                         const struct ag_path *path, yyjson_val *value)
{
    ag_walk_mistake(walk, path, "type", "must be %s, not %s", type_word(rule->type),
                    kind_word(value));
}

/* ---- names of an object ---- */

/* The first name that stands in `object` twice, or NULL. */
static yyjson_val *duplicate_name(struct ag_walk *walk, yyjson_val *object)
{
    size_t count = yyjson_obj_size(object);
    if (count < 2) return NULL;
    size_t slots = FEW_NAMES;
    while (count > FEW_NAMES && slots < count * 2)
        slots *= 2;
    yyjson_val *few[FEW_NAMES] = {NULL};
    yyjson_val **table = few;
    if (count > FEW_NAMES) table = AG_ARENA_ARRAY(walk->arena, yyjson_val *, slots);
    if (!table) {
        walk->err = AG_E_NO_MEMORY;
        return NULL;
    }
    yyjson_obj_iter iter = yyjson_obj_iter_with(object);
    for (yyjson_val *name; (name = yyjson_obj_iter_next(&iter)) != NULL;) {
        struct ag_str text = str_of(name);
        size_t slot = count > FEW_NAMES ? ag_str_hash(text) & (slots - 1) : 0;
        for (; table[slot]; slot = (slot + 1) & (slots - 1))
            if (ag_str_eq(str_of(table[slot]), text)) return name;
        table[slot] = name;
    }
    return NULL;
}

/* Whether no name of `object` stands there twice. */
static bool names_unique(struct ag_walk *walk, const struct ag_path *path, yyjson_val *object)
{
    yyjson_val *twice = duplicate_name(walk, object);
    if (twice) {
        struct ag_path at = {.up = path, .name = str_of(twice), .index = -1};
        ag_walk_mistake(walk, &at, "duplicate", "is given more than once");
    }
    return !twice && walk->err == AG_OK;
}

static void mistake_unknown(struct ag_walk *walk, const struct ag_schema *schema,
                            const struct ag_path *path)
{
    const char *similar = ag_schema_similar(schema, path->name);
    if (similar)
        ag_walk_mistake(walk, path, "unknown", "is not known here; did you mean \"%s\"?", similar);
    else
        ag_walk_mistake(walk, path, "unknown", "is not known here");
}

/* ---- values ---- */

static void decode_int(struct ag_walk *walk, const struct ag_rule *rule, const struct ag_path *path,
                       yyjson_val *value, void *out)
{
    if (yyjson_is_sint(value) ||
        (yyjson_is_uint(value) && yyjson_get_uint(value) <= (uint64_t)INT64_MAX)) {
        ag_check_int(walk, rule, path, yyjson_get_sint(value), out);
        return;
    }
    if (!yyjson_is_num(value)) {
        mistake_type(walk, rule, path, value);
        return;
    }
    /* 20.0 is an integer, too (JSON Schema 2020-12, 4.2.3). */
    double number = yyjson_get_num(value);
    if (number != trunc(number))
        ag_walk_mistake(walk, path, "type", "must be a whole number");
    else if (fabs(number) > 9007199254740992.0)
        ag_mistake_range(walk, rule, path);
    else
        ag_check_int(walk, rule, path, (int64_t)number, out);
}

/* What is refused anywhere within a free object: names given twice, NUL, too deep nesting. */
static void check_free(struct ag_walk *walk, const struct ag_path *path, int depth,
                       yyjson_val *value)
{
    if (yyjson_is_str(value)) {
        if (ag_str_find_char(str_of(value), '\0') >= 0)
            ag_walk_mistake(walk, path, "format", "must not hold a NUL character");
        return;
    }
    if (!yyjson_is_ctn(value)) return;
    if (depth > AG_FIELD_MAX_DEPTH) {
        ag_walk_mistake(walk, path, "depth", "is nested more than %d levels deep",
                        AG_FIELD_MAX_DEPTH);
        return;
    }
    size_t index, max;
    yyjson_val *name, *item;
    struct ag_path at = {.up = path, .index = -1};
    if (yyjson_is_arr(value)) {
        yyjson_arr_foreach(value, index, max, item)
        {
            if (ag_walk_over(walk)) return;
            at.index = (ptrdiff_t)index;
            check_free(walk, &at, depth + 1, item);
        }
        return;
    }
    if (!names_unique(walk, path, value)) return;
    yyjson_obj_foreach(value, index, max, name, item)
    {
        if (ag_walk_over(walk)) return;
        at.name = str_of(name);
        check_free(walk, &at, depth + 1, name);
        check_free(walk, &at, depth + 1, item);
    }
}

static void decode_json(struct ag_walk *walk, const struct ag_rule *rule,
                        const struct ag_path *path, int depth, yyjson_val *value,
                        struct ag_str *out)
{
    if (!yyjson_is_obj(value)) {
        mistake_type(walk, rule, path, value);
        return;
    }
    yyjson_alc alc = ag_json_alc(walk->arena);
    size_t len = 0;
    char *text = yyjson_val_write_opts(value, YYJSON_WRITE_NOFLAG, &alc, &len, NULL);
    if (!text) {
        walk->err = AG_E_NO_MEMORY;
        return;
    }
    size_t most = ag_rule_most(rule);
    if (len > most) {
        ag_walk_mistake(walk, path, "too_long", "must have at most %zu bytes", most);
        return;
    }
    size_t before = walk->errors->count;
    check_free(walk, path, depth, value);
    if (walk->errors->count == before) *out = (struct ag_str){text, len};
}

static void decode_list(struct ag_walk *walk, const struct ag_rule *rule,
                        const struct ag_path *path, int depth, yyjson_val *value,
                        struct ag_list *out)
{
    if (!yyjson_is_arr(value)) {
        mistake_type(walk, rule, path, value);
        return;
    }
    size_t count = yyjson_arr_size(value);
    if (ag_check_count(walk, rule, path, count) || count == 0) return;

    struct ag_rule item_rule = ag_rule_of_item(rule->field);
    AG_ASSERT(item_rule.type != AG_F_LIST && item_rule.type != AG_F_MAP);
    size_t size = ag_rule_size(&item_rule);
    char *items = ag_arena_zalloc(walk->arena, ag_array_bytes(size, count));
    if (!items) {
        walk->err = AG_E_NO_MEMORY;
        return;
    }
    size_t index, max;
    yyjson_val *item;
    yyjson_arr_foreach(value, index, max, item)
    {
        if (ag_walk_over(walk)) return;
        struct ag_path at = {.up = path, .index = (ptrdiff_t)index};
        decode_value(walk, &item_rule, &at, depth + 1, item, items + index * size);
    }
    *out = (struct ag_list){items, count};
}

/* A value of a map as text, or data NULL when it is of no type that a map holds. */
static struct ag_str map_text(struct ag_walk *walk, yyjson_val *value)
{
    if (yyjson_is_str(value)) return str_of(value);
    if (yyjson_is_bool(value)) return yyjson_get_bool(value) ? AG_STR("true") : AG_STR("false");
    if (!yyjson_is_num(value)) return (struct ag_str){NULL, 0};
    yyjson_alc alc = ag_json_alc(walk->arena);
    size_t len = 0;
    char *text = yyjson_val_write_opts(value, YYJSON_WRITE_NOFLAG, &alc, &len, NULL);
    if (!text) walk->err = AG_E_NO_MEMORY;
    return (struct ag_str){text, text ? len : 0};
}

static bool map_name_good(struct ag_walk *walk, const struct ag_rule *rule,
                          const struct ag_path *path)
{
    struct ag_str name = path->name;
    if (ag_str_find_char(name, '\0') >= 0)
        ag_walk_mistake(walk, path, "format", "must not have a NUL character in its name");
    else if (name.len == 0)
        ag_walk_mistake(walk, path, "too_short", "must have a name");
    else if (ag_utf8_length(name) > MAP_NAME_CHARS)
        ag_walk_mistake(walk, path, "too_long", "must have a name of at most %d characters",
                        MAP_NAME_CHARS);
    else if ((rule->flags & AG_FF_ID_TEXT) && !ag_is_id_text(name))
        ag_walk_mistake(walk, path, "format",
                        "must have a name of letters, digits, '_', '.' and '-'");
    else
        return true;
    return false;
}

static void decode_map(struct ag_walk *walk, const struct ag_rule *rule, const struct ag_path *path,
                       yyjson_val *value, struct ag_list *out)
{
    if (!yyjson_is_obj(value)) {
        mistake_type(walk, rule, path, value);
        return;
    }
    size_t count = yyjson_obj_size(value);
    if (ag_check_count(walk, rule, path, count) || count == 0) return;
    if (!names_unique(walk, path, value)) return;
    struct ag_pair *pairs = AG_ARENA_ARRAY(walk->arena, struct ag_pair, count);
    if (!pairs) {
        walk->err = AG_E_NO_MEMORY;
        return;
    }
    struct ag_rule item_rule = ag_rule_of_item(rule->field);
    item_rule.flags = AG_FF_NO_TRIM; /* the flags of a map speak of its names */
    size_t index, max;
    yyjson_val *name, *item;
    yyjson_obj_foreach(value, index, max, name, item)
    {
        if (ag_walk_over(walk)) return;
        struct ag_path at = {.up = path, .name = str_of(name), .index = -1};
        if (!map_name_good(walk, rule, &at)) continue;
        pairs[index].name = at.name;
        struct ag_str text = map_text(walk, item);
        if (text.data)
            ag_check_text(walk, &item_rule, &at, text, &pairs[index].value);
        else if (walk->err == AG_OK)
            ag_walk_mistake(walk, &at, "type", "must be a string, number or boolean, not %s",
                            kind_word(item));
    }
    *out = (struct ag_list){pairs, count};
}

/* ---- objects ---- */

/* The value a field takes when a document leaves it out. The table's text is trusted, so a mistake
 * in it is ours. */
static void apply_default(struct ag_walk *walk, const struct ag_field *field, int depth, void *doc)
{
    yyjson_alc alc = ag_json_alc(walk->arena);
    char *text = ag_arena_cstr(walk->arena, ag_str(field->def));
    yyjson_read_err err = {0};
    yyjson_doc *json = NULL;
    if (text) json = yyjson_read_opts(text, strlen(text), YYJSON_READ_NOFLAG, &alc, &err);
    if (!json) {
        AG_ASSERT(!text || err.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION);
        walk->err = AG_E_NO_MEMORY;
        return;
    }
    struct ag_path path = {.name = ag_str(field->name), .index = -1};
    struct ag_rule rule = ag_rule_of(field);
    size_t before = walk->errors->count;
    decode_value(walk, &rule, &path, depth + 1, yyjson_doc_get_root(json),
                 (char *)doc + field->offset);
    AG_ASSERT(walk->errors->count == before);
}

/* What is left to do when all that a document holds is decoded. Bit i of `seen`: field i was
 * there, be it null. */
static void finish(struct ag_walk *walk, const struct ag_schema *schema, const struct ag_path *path,
                   int depth, uint64_t seen, void *doc)
{
    uint64_t *set = doc;
    for (size_t i = 0; i < schema->count && !ag_walk_over(walk); i++) {
        const struct ag_field *field = &schema->fields[i];
        if ((*set >> i) & 1 || field->flags & AG_FF_READ_ONLY) continue;
        bool was_there = (seen >> i) & 1;
        bool is_null = was_there && field->flags & AG_FF_NULLABLE;
        if (was_there && !is_null) continue; /* its mistake is recorded */
        if (field->def) {
            apply_default(walk, field, depth, doc);
            *set |= 1ULL << i;
        } else if (field->flags & AG_FF_REQUIRED && !was_there) {
            struct ag_path at = {.up = path, .name = ag_str(field->name), .index = -1};
            ag_walk_mistake(walk, &at, "required", "is required");
        }
    }
}

static void decode_field(struct ag_walk *walk, const struct ag_field *field, uint64_t bit,
                         const struct ag_path *path, int depth, yyjson_val *value, void *doc)
{
    if (field->flags & AG_FF_READ_ONLY) {
        ag_walk_mistake(walk, path, "unknown", "is set by the server and cannot be sent");
        return;
    }
    if (yyjson_is_null(value) && field->flags & AG_FF_NULLABLE) {
        if (field->flags & AG_FF_CLEARS) *(uint64_t *)doc |= bit;
        return;
    }
    struct ag_rule rule = ag_rule_of(field);
    size_t before = walk->errors->count;
    decode_value(walk, &rule, path, depth + 1, value, (char *)doc + field->offset);
    if (walk->errors->count == before) *(uint64_t *)doc |= bit;
}

static void decode_object(struct ag_walk *walk, const struct ag_schema *schema,
                          const struct ag_path *path, int depth, yyjson_val *object, void *doc)
{
    uint64_t seen = 0;
    size_t index, max;
    yyjson_val *name, *value;
    yyjson_obj_foreach(object, index, max, name, value)
    {
        if (ag_walk_over(walk)) return;
        struct ag_path at = {.up = path, .name = str_of(name), .index = -1};
        int i = ag_schema_index(schema, at.name);
        if (i < 0) {
            mistake_unknown(walk, schema, &at);
            continue;
        }
        uint64_t bit = 1ULL << i;
        if (seen & bit)
            ag_walk_mistake(walk, &at, "duplicate", "is given more than once");
        else
            decode_field(walk, &schema->fields[i], bit, &at, depth, value, doc);
        seen |= bit;
    }
    finish(walk, schema, path, depth, seen, doc);
}

static void decode_value(struct ag_walk *walk, const struct ag_rule *rule,
                         const struct ag_path *path, int depth, yyjson_val *value, void *out)
{
    if (depth > AG_FIELD_MAX_DEPTH && yyjson_is_ctn(value)) {
        ag_walk_mistake(walk, path, "depth", "is nested more than %d levels deep",
                        AG_FIELD_MAX_DEPTH);
        return;
    }
    switch (rule->type) {
    case AG_F_STRING:
    case AG_F_ENUM:
    case AG_F_UUID:
    case AG_F_TIME:
        if (yyjson_is_str(value))
            ag_check_text(walk, rule, path, str_of(value), out);
        else
            mistake_type(walk, rule, path, value);
        return;
    case AG_F_BOOL:
        if (yyjson_is_bool(value))
            *(bool *)out = yyjson_get_bool(value);
        else
            mistake_type(walk, rule, path, value);
        return;
    case AG_F_INT:
        decode_int(walk, rule, path, value, out);
        return;
    case AG_F_NUMBER:
        if (yyjson_is_num(value))
            ag_check_number(walk, rule, path, yyjson_get_num(value), out);
        else
            mistake_type(walk, rule, path, value);
        return;
    case AG_F_JSON:
        decode_json(walk, rule, path, depth, value, out);
        return;
    case AG_F_OBJECT:
        if (yyjson_is_obj(value))
            decode_object(walk, rule->sub, path, depth, value, out);
        else
            mistake_type(walk, rule, path, value);
        return;
    case AG_F_LIST:
        decode_list(walk, rule, path, depth, value, out);
        return;
    case AG_F_MAP:
        decode_map(walk, rule, path, value, out);
        return;
    }
}

/* ---- whole documents ---- */

static enum ag_err outcome(const struct ag_walk *walk)
{
    if (walk->err != AG_OK) return ag_fail(walk->err, "no memory to read the document");
    const struct ag_field_errors *errors = walk->errors;
    if (errors->count == 0) return AG_OK;
    const struct ag_field_error *first = &errors->items[0];
    if (errors->count == 1)
        return ag_fail(AG_E_INVALID, "%.*s %.*s", AG_STR_ARG(first->field),
                       AG_STR_ARG(first->message));
    return ag_fail(AG_E_INVALID, "%.*s %.*s (and %zu more)", AG_STR_ARG(first->field),
                   AG_STR_ARG(first->message), errors->count - 1);
}

enum ag_err ag_fields_decode(const struct ag_schema *schema, struct ag_str json, void *doc,
                             struct ag_arena *arena, struct ag_field_errors *errors)
{
    errors->count = 0;
    struct ag_walk walk = {.arena = arena, .errors = errors};
    if (json.len == 0)
        return ag_fail(AG_E_BAD_JSON, "the body is empty at byte 0; expected a JSON object");

    yyjson_alc alc = ag_json_alc(arena);
    yyjson_read_err err = {0};
    /* Without YYJSON_READ_INSITU it only reads the text. */
    yyjson_doc *tree = yyjson_read_opts((char *)json.data, json.len, YYJSON_READ_NOFLAG, &alc,
                                        &err);
    if (!tree) {
        if (err.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
            return ag_fail(AG_E_NO_MEMORY, "no memory to read the document");
        return ag_fail(AG_E_BAD_JSON, "%s at byte %zu; expected one JSON object", err.msg, err.pos);
    }
    yyjson_val *root = yyjson_doc_get_root(tree);
    if (!yyjson_is_obj(root))
        return ag_fail(AG_E_BAD_JSON, "the body is %s at byte 0; expected a JSON object",
                       kind_word(root));
    decode_object(&walk, schema, NULL, 1, root, doc);
    return outcome(&walk);
}

/* ---- pairs ---- */

static void decode_text(struct ag_walk *walk, const struct ag_rule *rule,
                        const struct ag_path *path, struct ag_str text, void *out)
{
    if (!ag_utf8_valid(text)) {
        ag_walk_mistake(walk, path, "format", "must be UTF-8 text");
        return;
    }
    switch (rule->type) {
    case AG_F_BOOL:
        if (ag_str_eq(text, AG_STR("true")) || ag_str_eq(text, AG_STR("false")))
            *(bool *)out = text.len == 4;
        else
            ag_walk_mistake(walk, path, "type", "must be true or false");
        return;
    case AG_F_INT: {
        int64_t value;
        if (ag_str_to_int64(text, &value) == AG_OK)
            ag_check_int(walk, rule, path, value, out);
        else
            ag_walk_mistake(walk, path, "type", "must be a whole number");
        return;
    }
    case AG_F_NUMBER: {
        double value;
        if (ag_str_to_double(text, &value) == AG_OK)
            ag_check_number(walk, rule, path, value, out);
        else
            ag_walk_mistake(walk, path, "type", "must be a number");
        return;
    }
    default:
        ag_check_text(walk, rule, path, text, out);
    }
}

/* All pairs called like `pairs[0]`, the first of them, as the items of one list. */
static void decode_repeated(struct ag_walk *walk, const struct ag_field *field,
                            const struct ag_path *path, const struct ag_pair *pairs, size_t count,
                            struct ag_list *out)
{
    size_t same = 0;
    for (size_t i = 0; i < count; i++)
        same += ag_str_eq(pairs[i].name, path->name);
    struct ag_rule rule = ag_rule_of(field), item_rule = ag_rule_of_item(field);
    if (ag_check_count(walk, &rule, path, same)) return;
    size_t size = ag_rule_size(&item_rule);
    char *items = ag_arena_zalloc(walk->arena, ag_array_bytes(size, same));
    if (!items) {
        walk->err = AG_E_NO_MEMORY;
        return;
    }
    size_t index = 0;
    for (size_t i = 0; i < count && !ag_walk_over(walk); i++) {
        if (!ag_str_eq(pairs[i].name, path->name)) continue;
        struct ag_path at = {.up = path, .index = (ptrdiff_t)index};
        decode_text(walk, &item_rule, &at, pairs[i].value, items + index * size);
        index++;
    }
    *out = (struct ag_list){items, same};
}

enum ag_err ag_fields_decode_pairs(const struct ag_schema *schema, const struct ag_pair *pairs,
                                   size_t count, void *doc, struct ag_arena *arena,
                                   struct ag_field_errors *errors)
{
    errors->count = 0;
    struct ag_walk walk = {.arena = arena, .errors = errors};
    uint64_t seen = 0, *set = doc;
    for (size_t p = 0; p < count && !ag_walk_over(&walk); p++) {
        struct ag_path at = {.name = pairs[p].name, .index = -1};
        int i = ag_schema_index(schema, at.name);
        if (i < 0) {
            mistake_unknown(&walk, schema, &at);
            continue;
        }
        const struct ag_field *field = &schema->fields[i];
        uint64_t bit = 1ULL << i;
        bool again = (seen & bit) != 0;
        seen |= bit;
        size_t before = errors->count;
        void *out = (char *)doc + field->offset;
        struct ag_rule rule = ag_rule_of(field);
        if (field->type == AG_F_LIST) {
            if (again) continue;
            decode_repeated(&walk, field, &at, pairs + p, count - p, out);
        } else if (again) {
            ag_walk_mistake(&walk, &at, "duplicate", "is given more than once");
        } else {
            decode_text(&walk, &rule, &at, pairs[p].value, out);
        }
        if (errors->count == before) *set |= bit;
    }
    finish(&walk, schema, NULL, 1, seen, doc);
    return outcome(&walk);
}
