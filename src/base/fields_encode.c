#include "base/fields_walk.h"

static void encode_value(const struct ag_rule *rule, const void *value, struct ag_buf *out);

static void encode_list(const struct ag_rule *rule, const struct ag_list *list, struct ag_buf *out)
{
    struct ag_rule item_rule = ag_rule_of_item(rule->field);
    size_t size = ag_rule_size(&item_rule);
    ag_buf_append_char(out, '[');
    for (size_t i = 0; i < list->count && ag_buf_err(out) == AG_OK; i++) {
        if (i > 0) ag_buf_append_char(out, ',');
        encode_value(&item_rule, (const char *)list->items + i * size, out);
    }
    ag_buf_append_char(out, ']');
}

static void encode_map(const struct ag_list *map, struct ag_buf *out)
{
    const struct ag_pair *pairs = map->items;
    ag_buf_append_char(out, '{');
    for (size_t i = 0; i < map->count && ag_buf_err(out) == AG_OK; i++) {
        if (i > 0) ag_buf_append_char(out, ',');
        ag_buf_json_string(out, pairs[i].name);
        ag_buf_append_char(out, ':');
        ag_buf_json_string(out, pairs[i].value);
    }
    ag_buf_append_char(out, '}');
}

/* Identifiers and times need no escaping. */
static void encode_quoted(struct ag_str text, struct ag_buf *out)
{
    ag_buf_append_char(out, '"');
    ag_buf_append_str(out, text);
    ag_buf_append_char(out, '"');
}

static void encode_value(const struct ag_rule *rule, const void *value, struct ag_buf *out)
{
    char text[AG_UUID_TEXT_BYTES];
    switch (rule->type) {
    case AG_F_STRING:
    case AG_F_ENUM:
        ag_buf_json_string(out, *(const struct ag_str *)value);
        return;
    case AG_F_BOOL:
        ag_buf_append_str(out, *(const bool *)value ? AG_STR("true") : AG_STR("false"));
        return;
    case AG_F_INT:
        ag_buf_append_int(out, *(const int64_t *)value);
        return;
    case AG_F_NUMBER:
        ag_buf_json_double(out, *(const double *)value);
        return;
    case AG_F_UUID:
        encode_quoted(ag_uuid_format(*(const struct ag_uuid *)value, text), out);
        return;
    case AG_F_TIME:
        encode_quoted(ag_time_format(*(const int64_t *)value, text), out);
        return;
    case AG_F_JSON: {
        const struct ag_str *json = value;
        ag_buf_append_str(out, json->len > 0 ? *json : AG_STR("{}"));
        return;
    }
    case AG_F_OBJECT:
        (void)ag_fields_encode(rule->sub, value, out);
        return;
    case AG_F_LIST:
        encode_list(rule, value, out);
        return;
    case AG_F_MAP:
        encode_map(value, out);
        return;
    }
}

enum ag_err ag_fields_encode(const struct ag_schema *schema, const void *doc, struct ag_buf *out)
{
    bool first = true;
    ag_buf_append_char(out, '{');
    for (size_t i = 0; i < schema->count && ag_buf_err(out) == AG_OK; i++) {
        const struct ag_field *field = &schema->fields[i];
        bool nullable = field->flags & AG_FF_NULLABLE;
        bool present = ag_doc_has(doc, i) || (field->flags & AG_FF_REQUIRED && !nullable);
        if (!present && !nullable) continue;
        if (!first) ag_buf_append_char(out, ',');
        first = false;
        encode_quoted(ag_str(field->name), out);
        ag_buf_append_char(out, ':');
        struct ag_rule rule = ag_rule_of(field);
        if (present)
            encode_value(&rule, (const char *)doc + field->offset, out);
        else
            ag_buf_append_lit(out, "null");
    }
    ag_buf_append_char(out, '}');
    return ag_buf_err(out);
}
