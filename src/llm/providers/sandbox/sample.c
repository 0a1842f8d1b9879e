#include "llm/providers/sandbox/sandbox.h"

#include <yyjson.h>

enum {
    MAX_DEPTH = 12, /* of the sample; a schema may refer to itself */
    MAX_REPEAT = 8, /* items and repetitions made for a minimum */
};

struct sampler {
    yyjson_doc *doc;
    struct ag_buf *out;
};

static const char filler[] = "Sandbox, not an AI model";

static void sample(struct sampler *s, yyjson_val *schema, int depth);

static void copy_value(struct sampler *s, yyjson_val *value)
{
    size_t len = 0;
    char *json = yyjson_val_write(value, YYJSON_WRITE_NOFLAG, &len);
    if (json)
        ag_buf_append(s->out, json, len);
    else
        ag_buf_append_lit(s->out, "null");
    free(json);
}

static void sample_string(struct sampler *s, yyjson_val *schema)
{
    uint64_t least = yyjson_get_uint(yyjson_obj_get(schema, "minLength"));
    ag_buf_append_char(s->out, '"');
    uint64_t len = 0;
    for (int i = 0; i == 0 || (len < least && i < MAX_REPEAT); i++, len += sizeof(filler) - 1)
        ag_buf_append_str(s->out, ag_str(filler));
    ag_buf_append_char(s->out, '"');
}

static void sample_number(struct sampler *s, yyjson_val *schema)
{
    yyjson_val *least = yyjson_obj_get(schema, "minimum");
    if (yyjson_is_num(least))
        copy_value(s, least);
    else
        ag_buf_append_char(s->out, '1');
}

static void sample_array(struct sampler *s, yyjson_val *schema, int depth)
{
    uint64_t least = yyjson_get_uint(yyjson_obj_get(schema, "minItems"));
    uint64_t count = AG_MIN(AG_MAX(least, 1), (uint64_t)MAX_REPEAT);
    yyjson_val *items = yyjson_obj_get(schema, "items");
    ag_buf_append_char(s->out, '[');
    for (uint64_t i = 0; items && i < count; i++) {
        if (i > 0) ag_buf_append_char(s->out, ',');
        sample(s, items, depth + 1);
    }
    ag_buf_append_char(s->out, ']');
}

static void sample_object(struct sampler *s, yyjson_val *schema, int depth)
{
    size_t i, count;
    yyjson_val *name, *property;
    ag_buf_append_char(s->out, '{');
    yyjson_obj_foreach(yyjson_obj_get(schema, "properties"), i, count, name, property)
    {
        if (i > 0) ag_buf_append_char(s->out, ',');
        ag_buf_json_string(s->out, (struct ag_str){yyjson_get_str(name), yyjson_get_len(name)});
        ag_buf_append_char(s->out, ':');
        sample(s, property, depth + 1);
    }
    ag_buf_append_char(s->out, '}');
}

/* The schema that `schema` stands for: the one it refers to, or the first of its alternatives. */
static yyjson_val *resolve(struct sampler *s, yyjson_val *schema)
{
    for (int hops = 0; hops < MAX_DEPTH; hops++) {
        yyjson_val *ref = yyjson_obj_get(schema, "$ref"), *next = NULL;
        if (yyjson_is_str(ref) && yyjson_get_str(ref)[0] == '#') {
            next = yyjson_doc_ptr_getn(s->doc, yyjson_get_str(ref) + 1, yyjson_get_len(ref) - 1);
        } else {
            next = yyjson_arr_get_first(yyjson_obj_get(schema, "anyOf"));
            if (!next) next = yyjson_arr_get_first(yyjson_obj_get(schema, "oneOf"));
        }
        if (!next) break;
        schema = next;
    }
    return schema;
}

static void sample(struct sampler *s, yyjson_val *schema, int depth)
{
    schema = resolve(s, schema);
    yyjson_val *fixed = yyjson_obj_get(schema, "const");
    if (!fixed) fixed = yyjson_arr_get_first(yyjson_obj_get(schema, "enum"));
    if (!fixed) fixed = yyjson_obj_get(schema, "default");
    if (fixed || depth > MAX_DEPTH || ag_buf_err(s->out)) {
        copy_value(s, fixed);
        return;
    }
    yyjson_val *type = yyjson_obj_get(schema, "type");
    if (yyjson_is_arr(type)) type = yyjson_arr_get_first(type);
    if (yyjson_equals_str(type, "object") || yyjson_obj_get(schema, "properties"))
        sample_object(s, schema, depth);
    else if (yyjson_equals_str(type, "array") || yyjson_obj_get(schema, "items"))
        sample_array(s, schema, depth);
    else if (yyjson_equals_str(type, "number") || yyjson_equals_str(type, "integer"))
        sample_number(s, schema);
    else if (yyjson_equals_str(type, "boolean"))
        ag_buf_append_lit(s->out, "true");
    else if (yyjson_equals_str(type, "null"))
        ag_buf_append_lit(s->out, "null");
    else
        sample_string(s, schema);
}

enum ag_err ag_sandbox_sample(struct ag_str schema, struct ag_buf *out)
{
    yyjson_doc *doc = schema.len > 0 ? yyjson_read(schema.data, schema.len, 0) : NULL;
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (!yyjson_is_obj(root)) {
        yyjson_doc_free(doc);
        return ag_fail(AG_E_INVALID, "the JSON Schema is not an object");
    }
    struct sampler s = {.doc = doc, .out = out};
    sample(&s, root, 0);
    yyjson_doc_free(doc);
    if (ag_buf_err(out) == AG_E_TOO_LARGE)
        return ag_fail(AG_E_INVALID, "the JSON Schema is too large for the Sandbox");
    return ag_buf_err(out);
}
