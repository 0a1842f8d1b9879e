/* The parts of a proposal, and what is made of what a model says about them. Pure. */
#include "core/internal.h"
#include "core/proposals.h"

#include <yyjson.h>

enum { PART_MAX_BYTES = 2 * 1024 * 1024, MAX_QUESTIONS = 6, MAX_VARIABLES = 20 };

static const struct ag_part_info parts[AG_PART_COUNT] = {
    [AG_PART_NAME] = {"name", "name",
                      "string. What people will call the agent: two to four words, no quotes.",
                      true},
    [AG_PART_DESCRIPTION] = {"description", "description",
                             "string. One or two sentences: what it does, and for whom.", true},
    [AG_PART_PERSONA] = {"persona", "config.persona",
                         "string. Two or three sentences addressed to the agent (\"You are ...\"): "
                         "who it is, what it knows from experience, how it speaks.",
                         true},
    [AG_PART_INSTRUCTIONS] =
        {"instructions", "config.instructions",
         "string. The whole system prompt, 200 to 500 words, addressed to the agent: its task; the "
         "steps it takes, in order; what it must ask before it goes on; what a good answer "
         "contains; what it must never do, and what it does instead; how it treats a question "
         "outside its task. Concrete rules rather than adjectives. Markdown headings and lists "
         "are fine.",
         true},
    [AG_PART_STYLE] = {"response_style", "config.response_style",
                       "one of \"formal\", \"friendly\", \"concise\", \"detailed\", \"playful\", "
                       "\"custom\" (the instructions say it all).",
                       false},
    [AG_PART_TEMPERATURE] = {"temperature", "config.temperature",
                             "number. 0 to 0.3 where facts count, 0.4 to 0.7 in conversation, 0.8 "
                             "to 1 where ideas are wanted.",
                             false},
    [AG_PART_FORMAT] = {"response_format", "config.response_format",
                        "one of \"text\", \"markdown\", \"json_schema\" (only where a program "
                        "reads the answers).",
                        false},
    [AG_PART_JSON_SCHEMA] = {"json_schema", "config.json_schema",
                             "object. The JSON Schema of the answers; only together with "
                             "\"response_format\": \"json_schema\".",
                             false},
    [AG_PART_GREETING] = {"greeting", "config.greeting",
                          "string. What the agent says first: one or two sentences that tell what "
                          "it can do and what it needs to begin.",
                          true},
    [AG_PART_QUESTIONS] = {"suggested_questions", "config.suggested_questions",
                           "list of three or four strings. What a user would really ask first, in "
                           "the user's words.",
                           false},
    [AG_PART_VARIABLES] =
        {"variables", "config.variables",
         "list of at most four objects {\"name\", \"type\", \"default\", \"description\", "
         "\"required\"}: what the operator fills in once, such as a company's name. \"name\" is a "
         "word in lower case that the instructions or the persona use as {{name}}; \"type\" is "
         "\"string\", \"number\" or \"boolean\"; \"default\" is a string. An empty list when "
         "there is nothing to fill in.",
         false},
};

const struct ag_part_info *ag_part_info(enum ag_part part)
{
    return &parts[part];
}

enum ag_part ag_part_find(struct ag_str key)
{
    enum ag_part part = 0;
    while (part < AG_PART_COUNT && !ag_str_eq(key, ag_str(parts[part].key)))
        part++;
    return part;
}

static const struct ag_field *field_of(enum ag_part part)
{
    const struct ag_schema *schema = part <= AG_PART_DESCRIPTION ? &ag_agent_input_schema
                                                                 : &ag_agent_config_schema;
    return &schema->fields[ag_schema_index(schema, ag_str(parts[part].key))];
}

size_t ag_part_max(enum ag_part part)
{
    return (size_t)field_of(part)->max;
}

struct ag_str ag_utf8_first(struct ag_str text, size_t max)
{
    size_t at = 0;
    for (; max > 0 && at < text.len; max--)
        at += AG_MAX(ag_utf8_char(ag_str_sub(text, at, SIZE_MAX)), (size_t)1);
    return ag_str_sub(text, 0, at);
}

/* ---- cleaning ---- */

static enum ag_err no_memory(void)
{
    return ag_fail(AG_E_NO_MEMORY, "no memory for a proposal");
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* At most `max` characters without blanks around them; empty when there is a NUL inside. */
static struct ag_str clean_text(struct ag_str text, size_t max)
{
    if (ag_str_find_char(text, '\0') >= 0) return AG_STR("");
    while (text.len > 0 && is_blank(text.data[0]))
        text = ag_str_sub(text, 1, SIZE_MAX);
    text = ag_utf8_first(text, max);
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

struct ag_str ag_part_text(enum ag_part part, struct ag_str text)
{
    return clean_text(text, ag_part_max(part));
}

static enum ag_err as_json_string(struct ag_str text, struct ag_arena *arena,
                                  struct ag_str *ret_json)
{
    struct ag_buf out;
    ag_buf_init(&out, arena, PART_MAX_BYTES);
    AG_TRY(ag_buf_json_string(&out, text));
    *ret_json = ag_buf_str(&out);
    return AG_OK;
}

/* The value of one configuration field, decoded by its table and written again; empty when the
 * table refuses it. */
static enum ag_err clean_by_table(const char *key, struct ag_str raw, struct ag_arena *arena,
                                  struct ag_str *ret_json)
{
    struct ag_buf out;
    struct ag_field_errors errors = {0};
    struct ag_agent_config *config = AG_ARENA_NEW(arena, struct ag_agent_config);
    if (!config) return no_memory();
    ag_buf_init(&out, arena, PART_MAX_BYTES);
    ag_buf_printf(&out, "{\"%s\":", key);
    size_t name_len = out.len;
    ag_buf_append_str(&out, raw);
    ag_buf_append_char(&out, '}');
    AG_TRY(ag_buf_err(&out));
    enum ag_err err = ag_fields_decode(&ag_agent_config_schema, ag_buf_str(&out), config, arena,
                                       &errors);
    *ret_json = AG_STR("");
    if (err == AG_E_BAD_JSON || err == AG_E_INVALID) return AG_OK;
    AG_TRY(err);
    ag_buf_init(&out, arena, PART_MAX_BYTES);
    AG_TRY(ag_fields_encode(&ag_agent_config_schema, config, &out));
    if (out.len <= name_len + 1) return AG_OK;
    *ret_json = ag_str_sub(ag_buf_str(&out), name_len, out.len - name_len - 1);
    return AG_OK;
}

static void free_doc(yyjson_doc **doc)
{
    yyjson_doc_free(*doc);
}

/* NULL in `ret_doc` when it is no JSON. */
static enum ag_err parse(struct ag_str raw, yyjson_doc **ret_doc)
{
    yyjson_read_err err;
    *ret_doc = yyjson_read_opts((char *)(uintptr_t)raw.data, raw.len, YYJSON_READ_NOFLAG, NULL,
                                &err);
    return err.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION ? no_memory() : AG_OK;
}

/* Empty for what is no string, whose length would be that of something else. */
static struct ag_str str_of(yyjson_val *value)
{
    if (!yyjson_is_str(value)) return AG_STR("");
    return ag_str_n(yyjson_get_str(value), yyjson_get_len(value));
}

static enum ag_err clean_questions(struct ag_str raw, struct ag_arena *arena,
                                   struct ag_str *ret_json)
{
    AG_CLEANUP(free_doc) yyjson_doc *doc = NULL;
    AG_TRY(parse(raw, &doc));
    size_t max = (size_t)field_of(AG_PART_QUESTIONS)->item_max, count = 0;
    struct ag_buf out;
    ag_buf_init(&out, arena, PART_MAX_BYTES);
    yyjson_arr_iter iter = yyjson_arr_iter_with(yyjson_doc_get_root(doc));
    for (yyjson_val *item; count < MAX_QUESTIONS && (item = yyjson_arr_iter_next(&iter));) {
        struct ag_str text = clean_text(str_of(item), max);
        if (text.len == 0) continue;
        ag_buf_append_char(&out, count++ == 0 ? '[' : ',');
        ag_buf_json_string(&out, text);
    }
    *ret_json = AG_STR("");
    if (count == 0) return AG_OK;
    AG_TRY(ag_buf_append_char(&out, ']'));
    *ret_json = ag_buf_str(&out);
    return AG_OK;
}

/* A name that a prompt can use: [A-Za-z_][A-Za-z0-9_.-]*, at most 64 characters. */
static bool is_variable_name(struct ag_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bool other = (c >= '0' && c <= '9') || c == '-' || c == '.';
        if (!letter && (i == 0 || !other)) return false;
    }
    return name.len > 0 && name.len <= 64;
}

static struct ag_str member(yyjson_val *object, const char *name)
{
    return str_of(yyjson_obj_get(object, name));
}

static enum ag_err put_default(struct ag_buf *out, yyjson_val *value)
{
    if (yyjson_is_str(value)) {
        struct ag_str text = clean_text(str_of(value), 4000);
        if (text.len == 0) return AG_OK;
        ag_buf_append_lit(out, ",\"default\":");
        return ag_buf_json_string(out, text);
    }
    if (yyjson_is_bool(value))
        return ag_buf_printf(out, ",\"default\":\"%s\"", yyjson_get_bool(value) ? "true" : "false");
    if (!yyjson_is_num(value)) return AG_OK;
    ag_buf_append_lit(out, ",\"default\":\"");
    ag_buf_json_double(out, yyjson_get_num(value));
    return ag_buf_append_char(out, '"');
}

static void put_variable(struct ag_buf *out, yyjson_val *object)
{
    struct ag_str type = member(object, "type");
    bool known = ag_str_eq(type, AG_STR("number")) || ag_str_eq(type, AG_STR("boolean"));
    struct ag_str description = clean_text(member(object, "description"), 500);
    ag_buf_append_lit(out, "{\"name\":");
    ag_buf_json_string(out, member(object, "name"));
    ag_buf_append_lit(out, ",\"type\":");
    ag_buf_json_string(out, known ? type : AG_STR("string"));
    put_default(out, yyjson_obj_get(object, "default"));
    if (description.len > 0) {
        ag_buf_append_lit(out, ",\"description\":");
        ag_buf_json_string(out, description);
    }
    bool required = yyjson_get_bool(yyjson_obj_get(object, "required"));
    ag_buf_printf(out, ",\"required\":%s}", required ? "true" : "false");
}

static enum ag_err clean_variables(struct ag_str raw, struct ag_arena *arena,
                                   struct ag_str *ret_json)
{
    AG_CLEANUP(free_doc) yyjson_doc *doc = NULL;
    AG_TRY(parse(raw, &doc));
    *ret_json = AG_STR("");
    if (!yyjson_is_arr(yyjson_doc_get_root(doc))) return AG_OK;
    struct ag_str taken[MAX_VARIABLES];
    size_t count = 0;
    struct ag_buf out;
    ag_buf_init(&out, arena, PART_MAX_BYTES);
    ag_buf_append_char(&out, '[');
    yyjson_arr_iter iter = yyjson_arr_iter_with(yyjson_doc_get_root(doc));
    for (yyjson_val *item; count < MAX_VARIABLES && (item = yyjson_arr_iter_next(&iter));) {
        struct ag_str name = member(item, "name");
        bool twice = false;
        for (size_t i = 0; i < count; i++)
            twice |= ag_str_eq(taken[i], name);
        if (twice || !is_variable_name(name)) continue;
        if (count > 0) ag_buf_append_char(&out, ',');
        taken[count++] = name;
        put_variable(&out, item);
    }
    AG_TRY(ag_buf_append_char(&out, ']'));
    *ret_json = ag_buf_str(&out);
    return AG_OK;
}

enum ag_err ag_part_clean(enum ag_part part, bool is_string, struct ag_str text,
                          struct ag_arena *arena, struct ag_str *ret_json)
{
    *ret_json = AG_STR("");
    if (parts[part].grows) {
        struct ag_str kept = is_string ? ag_part_text(part, text) : AG_STR("");
        return kept.len > 0 ? as_json_string(kept, arena, ret_json) : AG_OK;
    }
    if (is_string) AG_TRY(as_json_string(text, arena, &text));
    if (part == AG_PART_QUESTIONS) return clean_questions(text, arena, ret_json);
    if (part == AG_PART_VARIABLES) return clean_variables(text, arena, ret_json);
    return clean_by_table(parts[part].key, text, arena, ret_json);
}

/* ---- the configuration ---- */

struct ag_str *ag_config_slot(struct ag_config_slots *slots, const char *key)
{
    int index = ag_schema_index(&ag_agent_config_schema, ag_str(key));
    AG_ASSERT(index >= 0);
    return &slots->json[index];
}

static enum ag_err text_of_current(yyjson_val *root, enum ag_part part, struct ag_arena *arena,
                                   struct ag_str *ret_text)
{
    struct ag_str text = ag_part_text(part, member(root, parts[part].key));
    *ret_text = text.len > 0 ? ag_arena_copy(arena, text) : AG_STR("");
    return ret_text->data ? AG_OK : no_memory();
}

enum ag_err ag_slots_from_current(struct ag_str current, struct ag_arena *arena,
                                  struct ag_str *ret_name, struct ag_str *ret_description,
                                  struct ag_config_slots *slots)
{
    AG_CLEANUP(free_doc) yyjson_doc *doc = NULL;
    AG_TRY(parse(current, &doc));
    yyjson_val *root = yyjson_doc_get_root(doc), *config = yyjson_obj_get(root, "config"), *name;
    AG_TRY(text_of_current(root, AG_PART_NAME, arena, ret_name));
    AG_TRY(text_of_current(root, AG_PART_DESCRIPTION, arena, ret_description));
    yyjson_obj_iter iter = yyjson_obj_iter_with(config);
    while ((name = yyjson_obj_iter_next(&iter)) != NULL) {
        int index = ag_schema_index(&ag_agent_config_schema, str_of(name));
        if (index < 0) continue;
        char *raw = yyjson_val_write(yyjson_obj_iter_get_val(name), YYJSON_WRITE_NOFLAG, NULL);
        if (!raw) return no_memory();
        enum ag_err err = clean_by_table(ag_agent_config_schema.fields[index].name, ag_str(raw),
                                         arena, &slots->json[index]);
        free(raw);
        AG_TRY(err);
    }
    return AG_OK;
}

void ag_slots_settle(struct ag_config_slots *slots)
{
    struct ag_str *format = ag_config_slot(slots, "response_format");
    struct ag_str *schema = ag_config_slot(slots, "json_schema");
    bool wants = ag_str_eq(*format, AG_STR("\"json_schema\""));
    if (wants && schema->len == 0) *format = AG_STR("");
    if (!wants) *schema = AG_STR("");
}

enum ag_err ag_slots_config(const struct ag_config_slots *slots, struct ag_arena *arena,
                            struct ag_agent_config *ret_config)
{
    struct ag_buf out;
    bool first = true;
    ag_buf_init(&out, arena, 2 * PART_MAX_BYTES);
    ag_buf_append_char(&out, '{');
    for (size_t i = 0; i < ag_agent_config_schema.count; i++) {
        if (slots->json[i].len == 0) continue;
        ag_buf_printf(&out, "%s\"%s\":", first ? "" : ",", ag_agent_config_schema.fields[i].name);
        ag_buf_append_str(&out, slots->json[i]);
        first = false;
    }
    AG_TRY(ag_buf_append_char(&out, '}'));
    return ag_agent_config_decode(ag_buf_str(&out), arena, ret_config);
}
