#include "base/fields_walk.h"

int ag_schema_index(const struct ag_schema *schema, struct ag_str name)
{
    for (size_t i = 0; i < schema->count; i++)
        if (ag_str_eq(name, ag_str(schema->fields[i].name))) return (int)i;
    return -1;
}

static int index_of(const struct ag_schema *schema, const char *name)
{
    int index = ag_schema_index(schema, ag_str(name));
    AG_ASSERT(index >= 0);
    return index;
}

void ag_doc_mark(const struct ag_schema *schema, void *doc, const char *name)
{
    *(uint64_t *)doc |= 1ULL << index_of(schema, name);
}

bool ag_doc_is_set(const struct ag_schema *schema, const void *doc, const char *name)
{
    return ag_doc_has(doc, (size_t)index_of(schema, name));
}

/* ---- rules ---- */

struct ag_rule ag_rule_of(const struct ag_field *field)
{
    return (struct ag_rule){
        .type = field->type,
        .flags = field->flags,
        .min = field->min,
        .max = field->max,
        .choices = field->choices,
        .sub = field->sub,
        .field = field,
    };
}

struct ag_rule ag_rule_of_item(const struct ag_field *field)
{
    struct ag_rule rule = ag_rule_of(field);
    rule.type = field->type == AG_F_MAP ? AG_F_STRING : field->item;
    rule.min = field->item_min;
    rule.max = field->item_max;
    return rule;
}

size_t ag_rule_size(const struct ag_rule *rule)
{
    switch (rule->type) {
    case AG_F_BOOL:
        return sizeof(bool);
    case AG_F_INT:
    case AG_F_TIME:
        return sizeof(int64_t);
    case AG_F_NUMBER:
        return sizeof(double);
    case AG_F_UUID:
        return sizeof(struct ag_uuid);
    case AG_F_OBJECT:
        return rule->sub->size;
    case AG_F_LIST:
    case AG_F_MAP:
        return sizeof(struct ag_list);
    case AG_F_STRING:
    case AG_F_ENUM:
    case AG_F_JSON:
        break;
    }
    return sizeof(struct ag_str);
}

size_t ag_rule_most(const struct ag_rule *rule)
{
    if (rule->max > 0) return (size_t)rule->max;
    bool many = rule->type == AG_F_LIST || rule->type == AG_F_MAP;
    return many ? AG_FIELD_MAX_ITEMS : AG_FIELD_MAX_STRING;
}

bool ag_rule_has_min(const struct ag_rule *rule)
{
    return rule->min != 0 || rule->max != 0;
}

bool ag_rule_has_max(const struct ag_rule *rule)
{
    return ag_rule_has_min(rule) && rule->max >= rule->min;
}

/* ---- mistakes ---- */

enum {
    PATH_BYTES = 1024,
    PATH_NAME_BYTES = 64, /* of a name, which a client may have made up */
    MESSAGE_BYTES = 512,
};

static void path_put(struct ag_buf *out, const struct ag_path *path)
{
    if (!path) return;
    path_put(out, path->up);
    if (path->index >= 0) {
        ag_buf_printf(out, "[%td]", path->index);
        return;
    }
    if (out->len > 0) ag_buf_append_char(out, '.');
    if (path->name.len <= PATH_NAME_BYTES) {
        ag_buf_append_str(out, path->name);
        return;
    }
    struct ag_str shown = ag_str_sub(path->name, 0, PATH_NAME_BYTES);
    shown.len = ag_utf8_complete(shown);
    ag_buf_append_str(out, shown);
    ag_buf_append_lit(out, "...");
}

static bool error_add(struct ag_field_errors *errors, struct ag_arena *arena, struct ag_str field,
                      const char *code, const char *format, va_list args)
{
    if (errors->count == AG_FIELD_MAX_ERRORS) return true;
    if (errors->count == 0)
        errors->items = AG_ARENA_ARRAY(arena, struct ag_field_error, AG_FIELD_MAX_ERRORS);
    if (!errors->items) return false;
    char text[MESSAGE_BYTES];
    vsnprintf(text, sizeof(text), format, args);
    struct ag_str message = ag_str(text);
    message.len = ag_utf8_complete(message);
    struct ag_field_error *error = &errors->items[errors->count++];
    error->field = field;
    error->code = code;
    error->message = ag_arena_copy(arena, message);
    return error->message.data != NULL;
}

void ag_walk_mistake(struct ag_walk *walk, const struct ag_path *path, const char *code,
                     const char *format, ...)
{
    struct ag_buf where;
    ag_buf_init(&where, walk->arena, PATH_BYTES);
    path_put(&where, path);
    bool good = ag_buf_err(&where) != AG_E_NO_MEMORY;
    va_list args;
    va_start(args, format);
    good = good && error_add(walk->errors, walk->arena, ag_buf_str(&where), code, format, args);
    va_end(args);
    if (!good) walk->err = AG_E_NO_MEMORY;
}

void ag_field_error(struct ag_field_errors *errors, struct ag_arena *arena, const char *field,
                    const char *code, const char *format, ...)
{
    /* Without memory for the words the mistake still counts. */
    struct ag_str name = ag_arena_copy(arena, ag_str(field));
    va_list args;
    va_start(args, format);
    error_add(errors, arena, name, code, format, args);
    va_end(args);
}

/* ---- names that were nearly right ---- */

enum { SIMILAR_NAME_BYTES = 40, SIMILAR_DISTANCE = 2 };

/* Lower case without separators, so that maxTokens, max-tokens and max_tokens are one. */
static size_t squeeze(struct ag_str name, char out[SIMILAR_NAME_BYTES])
{
    size_t len = 0;
    for (size_t i = 0; i < name.len && len < SIMILAR_NAME_BYTES; i++) {
        char c = name.data[i];
        if (c == '_' || c == '-' || c == ' ' || c == '.') continue;
        out[len++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    return len;
}

/* Edits (insert, delete, replace, swap of neighbours) that turn one word into the other. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned char rows[3][SIMILAR_NAME_BYTES + 1];
    unsigned char *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        last[j] = before[j] = (unsigned char)j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = (unsigned char)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned replaced = last[j - 1] + (a[i - 1] != b[j - 1]);
            unsigned best = AG_MIN(replaced, AG_MIN(last[j], row[j - 1]) + 1U);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) best = AG_MIN(best, before[j - 2] + 1U);
            row[j] = (unsigned char)best;
        }
        unsigned char *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[b_len];
}

const char *ag_schema_similar(const struct ag_schema *schema, struct ag_str name)
{
    if (name.len > SIMILAR_NAME_BYTES) return NULL;
    char given[SIMILAR_NAME_BYTES], known[SIMILAR_NAME_BYTES];
    size_t given_len = squeeze(name, given);
    const char *best = NULL;
    size_t best_distance = SIMILAR_DISTANCE + 1;
    for (size_t i = 0; i < schema->count; i++) {
        if (schema->fields[i].flags & AG_FF_READ_ONLY) continue;
        size_t known_len = squeeze(ag_str(schema->fields[i].name), known);
        size_t edits = distance(given, given_len, known, known_len);
        /* In a short word two edits leave nothing of it. */
        if (edits < best_distance && edits * 3 <= known_len) {
            best = schema->fields[i].name;
            best_distance = edits;
        }
    }
    return best;
}

/* ---- walking schemas ---- */

enum { WALK_SCHEMAS = 64 };

struct schema_walk {
    void (*fn)(const struct ag_schema *schema, void *arg);
    void *arg;
    size_t count;
    const struct ag_schema *seen[WALK_SCHEMAS];
};

static void schema_visit(struct schema_walk *walk, const struct ag_schema *schema)
{
    for (size_t i = 0; i < walk->count; i++)
        if (walk->seen[i] == schema) return;
    AG_ASSERT(walk->count < WALK_SCHEMAS);
    walk->seen[walk->count++] = schema;
    for (size_t i = 0; i < schema->count; i++)
        if (schema->fields[i].sub) schema_visit(walk, schema->fields[i].sub);
    walk->fn(schema, walk->arg);
}

void ag_schema_walk(const struct ag_schema *schema,
                    void (*fn)(const struct ag_schema *schema, void *arg), void *arg)
{
    struct schema_walk walk = {.fn = fn, .arg = arg};
    schema_visit(&walk, schema);
}
