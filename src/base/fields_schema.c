#include "base/fields_walk.h"

/* JSON Schema 2020-12, which OpenAPI 3.1 takes over whole. */

static void put_member(struct ag_buf *out, const char *name, struct ag_str json)
{
    ag_buf_printf(out, ",\"%s\":", name);
    ag_buf_append_str(out, json);
}

static void put_count(struct ag_buf *out, const char *name, size_t value)
{
    ag_buf_printf(out, ",\"%s\":%zu", name, value);
}

static void put_text(struct ag_buf *out, const char *name, const char *text)
{
    ag_buf_printf(out, ",\"%s\":", name);
    ag_buf_json_string(out, ag_str(text));
}

static void put_type(struct ag_buf *out, const char *type, bool nullable)
{
    ag_buf_printf(out, nullable ? "\"type\":[\"%s\",\"null\"]" : "\"type\":\"%s\"", type);
}

static void put_string(const struct ag_rule *rule, bool nullable, struct ag_buf *out)
{
    put_type(out, "string", nullable);
    if (rule->flags & AG_FF_EMAIL) put_text(out, "format", "email");
    if (rule->flags & AG_FF_ID_TEXT) put_text(out, "pattern", "^[A-Za-z0-9_][A-Za-z0-9_.-]*$");
    if (rule->min > 0) put_count(out, "minLength", (size_t)rule->min);
    put_count(out, "maxLength", ag_rule_most(rule));
}

static void put_format(struct ag_buf *out, const char *format, bool nullable)
{
    put_type(out, "string", nullable);
    put_text(out, "format", format);
}

static void put_enum(const struct ag_rule *rule, bool nullable, struct ag_buf *out)
{
    put_type(out, "string", nullable);
    const char *before = ",\"enum\":[";
    struct ag_str choice;
    for (struct ag_str rest = ag_str(rule->choices); ag_str_split(&rest, '|', &choice);) {
        ag_buf_append_str(out, ag_str(before));
        ag_buf_json_string(out, choice);
        before = ",";
    }
    if (nullable) ag_buf_append_lit(out, ",null");
    ag_buf_append_char(out, ']');
}

static void put_number(const struct ag_rule *rule, const char *type, bool nullable,
                       struct ag_buf *out)
{
    put_type(out, type, nullable);
    if (ag_rule_has_min(rule)) {
        ag_buf_append_lit(out, ",\"minimum\":");
        ag_buf_json_double(out, rule->min);
    }
    if (ag_rule_has_max(rule)) {
        ag_buf_append_lit(out, ",\"maximum\":");
        ag_buf_json_double(out, rule->max);
    }
}

static void put_map(const struct ag_rule *rule, bool nullable, struct ag_buf *out)
{
    put_type(out, "object", nullable);
    ag_buf_append_lit(out,
                      ",\"additionalProperties\":{\"type\":[\"string\",\"number\",\"boolean\"]");
    struct ag_rule item = ag_rule_of_item(rule->field);
    put_count(out, "maxLength", ag_rule_most(&item));
    ag_buf_append_char(out, '}');
    if (rule->flags & AG_FF_ID_TEXT)
        ag_buf_append_lit(out,
                          ",\"propertyNames\":{\"pattern\":\"^[A-Za-z0-9_][A-Za-z0-9_.-]*$\"}");
    if (rule->min > 0) put_count(out, "minProperties", (size_t)rule->min);
    put_count(out, "maxProperties", ag_rule_most(rule));
}

static void put_object_members(const struct ag_schema *schema, bool nullable, struct ag_buf *out);

static void put_object(const struct ag_rule *rule, bool nullable, struct ag_buf *out)
{
    if (!rule->sub->name) {
        put_object_members(rule->sub, nullable, out);
        return;
    }
    if (nullable) ag_buf_append_lit(out, "\"anyOf\":[{");
    ag_buf_printf(out, "\"$ref\":\"#/components/schemas/%s\"", rule->sub->name);
    if (nullable) ag_buf_append_lit(out, "},{\"type\":\"null\"}]");
}

static void put_rule(const struct ag_rule *rule, bool nullable, struct ag_buf *out);

static void put_list(const struct ag_rule *rule, bool nullable, struct ag_buf *out)
{
    put_type(out, "array", nullable);
    struct ag_rule item = ag_rule_of_item(rule->field);
    ag_buf_append_lit(out, ",\"items\":{");
    put_rule(&item, false, out);
    ag_buf_append_char(out, '}');
    if (rule->min > 0) put_count(out, "minItems", (size_t)rule->min);
    put_count(out, "maxItems", ag_rule_most(rule));
}

/* The members that say what the value is, without braces. */
static void put_rule(const struct ag_rule *rule, bool nullable, struct ag_buf *out)
{
    switch (rule->type) {
    case AG_F_STRING:
        put_string(rule, nullable, out);
        return;
    case AG_F_ENUM:
        put_enum(rule, nullable, out);
        return;
    case AG_F_BOOL:
        put_type(out, "boolean", nullable);
        return;
    case AG_F_INT:
        put_number(rule, "integer", nullable, out);
        put_text(out, "format", "int64");
        return;
    case AG_F_NUMBER:
        put_number(rule, "number", nullable, out);
        return;
    case AG_F_UUID:
        put_format(out, "uuid", nullable);
        return;
    case AG_F_TIME:
        put_format(out, "date-time", nullable);
        return;
    case AG_F_JSON:
        if (rule->sub) {
            put_object(rule, nullable, out);
            return;
        }
        put_type(out, "object", nullable);
        ag_buf_append_lit(out, ",\"additionalProperties\":true");
        return;
    case AG_F_OBJECT:
        put_object(rule, nullable, out);
        return;
    case AG_F_LIST:
        put_list(rule, nullable, out);
        return;
    case AG_F_MAP:
        put_map(rule, nullable, out);
        return;
    }
}

enum ag_err ag_field_schema(const struct ag_field *field, struct ag_buf *out)
{
    struct ag_rule rule = ag_rule_of(field);
    ag_buf_append_char(out, '{');
    put_rule(&rule, (field->flags & AG_FF_NULLABLE) != 0, out);
    if (field->doc) put_text(out, "description", field->doc);
    if (field->def) put_member(out, "default", ag_str(field->def));
    if (field->example) {
        ag_buf_append_lit(out, ",\"examples\":[");
        ag_buf_append_str(out, ag_str(field->example));
        ag_buf_append_char(out, ']');
    }
    if (field->flags & AG_FF_READ_ONLY) put_member(out, "readOnly", AG_STR("true"));
    if (field->flags & AG_FF_SECRET) put_member(out, "writeOnly", AG_STR("true"));
    ag_buf_append_char(out, '}');
    return ag_buf_err(out);
}

static void put_object_members(const struct ag_schema *schema, bool nullable, struct ag_buf *out)
{
    put_type(out, "object", nullable);
    if (schema->doc) put_text(out, "description", schema->doc);
    ag_buf_append_lit(out, ",\"properties\":{");
    for (size_t i = 0; i < schema->count && ag_buf_err(out) == AG_OK; i++) {
        if (i > 0) ag_buf_append_char(out, ',');
        ag_buf_json_string(out, ag_str(schema->fields[i].name));
        ag_buf_append_char(out, ':');
        (void)ag_field_schema(&schema->fields[i], out);
    }
    ag_buf_append_char(out, '}');
    const char *before = ",\"required\":[";
    for (size_t i = 0; i < schema->count; i++) {
        if (!(schema->fields[i].flags & AG_FF_REQUIRED)) continue;
        ag_buf_append_str(out, ag_str(before));
        ag_buf_json_string(out, ag_str(schema->fields[i].name));
        before = ",";
    }
    if (before[1] == '\0') ag_buf_append_char(out, ']');
    ag_buf_append_lit(out, ",\"additionalProperties\":false");
}

enum ag_err ag_fields_schema(const struct ag_schema *schema, struct ag_buf *out)
{
    ag_buf_append_char(out, '{');
    put_object_members(schema, false, out);
    ag_buf_append_char(out, '}');
    return ag_buf_err(out);
}
