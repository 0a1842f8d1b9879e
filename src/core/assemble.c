/* Putting the prompt together: pure functions from a configuration and values to text. */
#include "core/runs.h"

enum { PROMPT_MAX_BYTES = 4 * 1024 * 1024, NAME_MAX_BYTES = 64 };

/* ---- templates ---- */

static bool name_char(char c, bool first)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_') return true;
    return !first && ((c >= '0' && c <= '9') || c == '-' || c == '.');
}

/* Finds the next {{name}} at or after `*at`; sets `*at` behind it. */
static bool next_placeholder(struct ag_str text, size_t *at, size_t *ret_start,
                             struct ag_str *ret_name)
{
    for (size_t i = *at; i + 4 < text.len; i++) {
        if (text.data[i] != '{' || text.data[i + 1] != '{') continue;
        size_t end = i + 2;
        while (end + 1 < text.len && end - i <= NAME_MAX_BYTES + 8 &&
               !(text.data[end] == '}' && text.data[end + 1] == '}'))
            end++;
        if (end + 1 >= text.len || text.data[end] != '}') continue;
        struct ag_str name = ag_str_trim(ag_str_sub(text, i + 2, end - i - 2));
        bool valid = name.len > 0 && name.len <= NAME_MAX_BYTES;
        for (size_t k = 0; valid && k < name.len; k++)
            valid = name_char(name.data[k], k == 0);
        if (!valid) continue;
        *ret_start = i;
        *ret_name = name;
        *at = end + 2;
        return true;
    }
    return false;
}

void ag_template_each(struct ag_str text, void (*fn)(struct ag_str name, void *arg), void *arg)
{
    size_t at = 0, start;
    struct ag_str name;
    while (next_placeholder(text, &at, &start, &name))
        fn(name, arg);
}

static const struct ag_str *find_pair(const struct ag_list *pairs, struct ag_str name)
{
    const struct ag_pair *items = pairs->items;
    for (size_t i = 0; i < pairs->count; i++)
        if (ag_str_eq(items[i].name, name)) return &items[i].value;
    return NULL;
}

static void render(struct ag_buf *out, struct ag_str text, const struct ag_list *variables)
{
    size_t at = 0, done = 0, start;
    struct ag_str name;
    while (next_placeholder(text, &at, &start, &name)) {
        const struct ag_str *value = find_pair(variables, name);
        if (!value) continue;
        ag_buf_append_str(out, ag_str_sub(text, done, start - done));
        ag_buf_append_str(out, *value);
        done = at;
    }
    ag_buf_append_str(out, ag_str_sub(text, done, text.len - done));
}

enum ag_err ag_template_render(struct ag_str text, const struct ag_list *variables,
                               struct ag_arena *arena, struct ag_str *ret_text)
{
    struct ag_buf buf;
    ag_buf_init(&buf, arena, PROMPT_MAX_BYTES);
    render(&buf, text, variables);
    if (ag_buf_err(&buf) == AG_E_TOO_LARGE)
        return ag_fail(AG_E_INVALID, "the prompt with its variables filled in is too long");
    AG_TRY(ag_buf_err(&buf));
    *ret_text = ag_buf_str(&buf);
    return AG_OK;
}

/* ---- variables ---- */

static bool fits_type(struct ag_str type, struct ag_str value)
{
    double number;
    if (ag_str_eq(type, AG_STR("number"))) return ag_str_to_double(value, &number) == AG_OK;
    if (ag_str_eq(type, AG_STR("boolean")))
        return ag_str_eq(value, AG_STR("true")) || ag_str_eq(value, AG_STR("false"));
    return true;
}

struct used {
    struct ag_str name;
    bool found;
};

static void note_used(struct ag_str name, void *arg)
{
    struct used *used = arg;
    if (ag_str_eq(name, used->name)) used->found = true;
}

static bool is_declared(const struct ag_agent_config *config, struct ag_str name)
{
    const struct ag_variable *items = config->variables.items;
    for (size_t i = 0; i < config->variables.count; i++)
        if (ag_str_eq(items[i].name, name)) return true;
    return false;
}

static void variable_error(struct ag_field_errors *errors, struct ag_arena *arena,
                           struct ag_str name, const char *code, const char *message)
{
    struct ag_str field = ag_arena_printf(arena, "variables.%.*s", AG_STR_ARG(name));
    if (field.data) ag_field_error(errors, arena, field.data, code, "%s", message);
}

/* Values given and defaults together; complains about what is missing, unknown or of another type.
 */
static enum ag_err effective_variables(const struct ag_agent_config *config,
                                       struct ag_str prompt_text, const struct ag_list *given,
                                       struct ag_arena *arena, struct ag_field_errors *errors,
                                       struct ag_list *ret_variables)
{
    struct ag_pair *all = AG_ARENA_ARRAY(arena, struct ag_pair,
                                         given->count + config->variables.count + 1);
    if (!all) return ag_fail(AG_E_NO_MEMORY, "no memory for variables");
    size_t count = 0;
    const struct ag_pair *values = given->items;
    for (size_t i = 0; i < given->count; i++) {
        all[count++] = values[i];
        if (is_declared(config, values[i].name)) continue;
        struct used used = {.name = values[i].name};
        ag_template_each(prompt_text, note_used, &used);
        ag_template_each(config->instructions, note_used, &used);
        ag_template_each(config->persona, note_used, &used);
        if (!used.found)
            variable_error(errors, arena, values[i].name, "unknown",
                           "is neither declared nor used by this agent");
    }
    const struct ag_variable *declared = config->variables.items;
    for (size_t i = 0; i < config->variables.count; i++) {
        const struct ag_variable *variable = &declared[i];
        const struct ag_str *value = find_pair(given, variable->name);
        if (value && !fits_type(variable->type, *value))
            variable_error(errors, arena, variable->name, "type",
                           ag_str_eq(variable->type, AG_STR("number")) ? "must be a number"
                                                                       : "must be true or false");
        if (value) continue;
        if (ag_doc_has(variable, AG_VARIABLE_DEFAULT))
            all[count++] = (struct ag_pair){variable->name, variable->def};
        else if (variable->required)
            variable_error(errors, arena, variable->name, "required", "is required by this agent");
    }
    if (errors->count > 0) return ag_fail(AG_E_INVALID, "the variables are not valid");
    *ret_variables = (struct ag_list){all, count};
    return AG_OK;
}

/* ---- the system text ---- */

static const struct {
    const char *style;
    const char *sentence;
} styles[] = {
    {"formal", "Write in a formal, professional tone."},
    {"friendly", "Write in a warm, friendly tone."},
    {"concise", "Answer as briefly as the question allows."},
    {"detailed", "Answer thoroughly and explain your reasoning."},
    {"playful", "Write in a light, playful tone."},
};

static void paragraph(struct ag_buf *out)
{
    if (out->len > 0) ag_buf_append_lit(out, "\n\n");
}

static void append_style(struct ag_buf *out, const struct ag_agent_config *config)
{
    for (size_t i = 0; i < AG_COUNT(styles); i++) {
        if (!ag_str_eq(config->response_style, ag_str(styles[i].style))) continue;
        paragraph(out);
        ag_buf_append_str(out, ag_str(styles[i].sentence));
    }
    if (config->language.len > 0) {
        paragraph(out);
        ag_buf_append_lit(out, "Always answer in ");
        ag_buf_append_str(out, config->language);
        ag_buf_append_char(out, '.');
    }
    if (ag_str_eq(config->response_format, AG_STR("markdown"))) {
        paragraph(out);
        ag_buf_append_lit(out, "Format your answers in Markdown.");
    }
    if (ag_str_eq(config->response_format, AG_STR("json_schema"))) {
        paragraph(out);
        ag_buf_append_lit(out, "Answer with one JSON document that follows this JSON Schema and "
                               "nothing else:\n");
        ag_buf_append_str(out, config->json_schema);
    }
}

enum ag_err ag_prompt_assemble(const struct ag_agent_config *config, struct ag_str agent_name,
                               struct ag_str prompt_text, const struct ag_list *variables,
                               struct ag_arena *arena, struct ag_field_errors *errors,
                               struct ag_str *ret_system)
{
    struct ag_list values;
    AG_TRY(effective_variables(config, prompt_text, variables, arena, errors, &values));
    struct ag_buf out;
    ag_buf_init(&out, arena, PROMPT_MAX_BYTES);
    render(&out, prompt_text, &values);
    if (config->instructions.len > 0) {
        paragraph(&out);
        render(&out, config->instructions, &values);
    }
    if (config->persona.len > 0) {
        paragraph(&out);
        ag_buf_append_lit(&out, "Your persona: ");
        render(&out, config->persona, &values);
    }
    if (out.len == 0 && agent_name.len > 0) {
        ag_buf_append_lit(&out, "You are ");
        ag_buf_append_str(&out, agent_name);
        ag_buf_append_lit(&out, ", a helpful assistant.");
    }
    append_style(&out, config);
    if (ag_buf_err(&out) == AG_E_TOO_LARGE)
        return ag_fail(AG_E_INVALID, "the prompt with its variables filled in is too long");
    AG_TRY(ag_buf_err(&out));
    *ret_system = ag_buf_str(&out);
    return AG_OK;
}

/* ---- remarks on a prompt ---- */

enum { LINT_MAX_FINDINGS = 16, SHORT_PROMPT_CHARS = 20, LONG_PROMPT_CHARS = 16000 };

struct lint {
    struct ag_arena *arena;
    const struct ag_list *variables;
    struct ag_finding *findings;
    size_t count;
    struct ag_str reported[LINT_MAX_FINDINGS];
    size_t reported_count;
};

static void add_finding(struct lint *lint, const char *code, const char *severity,
                        struct ag_str message)
{
    if (lint->count == LINT_MAX_FINDINGS || !message.data) return;
    lint->findings[lint->count++] = (struct ag_finding){
        .code = ag_str(code), .severity = ag_str(severity), .message = message};
}

static void lint_placeholder(struct ag_str name, void *arg)
{
    struct lint *lint = arg;
    if (find_pair(lint->variables, name) || lint->reported_count == LINT_MAX_FINDINGS) return;
    for (size_t i = 0; i < lint->reported_count; i++)
        if (ag_str_eq(lint->reported[i], name)) return;
    lint->reported[lint->reported_count++] = name;
    add_finding(lint, "unset_variable", "warning",
                ag_arena_printf(lint->arena, "{{%.*s}} has no value; the model sees it as written",
                                AG_STR_ARG(name)));
}

static size_t count_of(struct ag_str text, struct ag_str needle)
{
    size_t count = 0;
    for (ptrdiff_t at; (at = ag_str_find(text, needle)) >= 0; count++)
        text = ag_str_sub(text, (size_t)at + needle.len, text.len);
    return count;
}

enum ag_err ag_prompt_lint(struct ag_str prompt_text, const struct ag_list *variables,
                           struct ag_arena *arena, struct ag_list *ret_findings)
{
    struct lint lint = {
        .arena = arena,
        .variables = variables,
        .findings = AG_ARENA_ARRAY(arena, struct ag_finding, LINT_MAX_FINDINGS),
    };
    if (!lint.findings) return ag_fail(AG_E_NO_MEMORY, "no memory for findings");
    ag_template_each(prompt_text, lint_placeholder, &lint);
    const struct ag_pair *values = variables->items;
    for (size_t i = 0; i < variables->count; i++) {
        struct used used = {.name = values[i].name};
        ag_template_each(prompt_text, note_used, &used);
        if (!used.found)
            add_finding(&lint, "unused_variable", "warning",
                        ag_arena_printf(arena, "the prompt does not use {{%.*s}}",
                                        AG_STR_ARG(values[i].name)));
    }
    if (count_of(prompt_text, AG_STR("{{")) != count_of(prompt_text, AG_STR("}}")))
        add_finding(&lint, "unbalanced_braces", "warning",
                    AG_STR("a {{ or }} stands alone; a variable is written {{name}}"));
    size_t chars = ag_utf8_length(prompt_text);
    if (chars < SHORT_PROMPT_CHARS)
        add_finding(&lint, "very_short", "info",
                    AG_STR("very short; say what to do, for whom and in what form"));
    if (chars > LONG_PROMPT_CHARS)
        add_finding(&lint, "very_long", "info",
                    AG_STR("very long; every call pays for it, so keep what changes answers"));
    *ret_findings = (struct ag_list){lint.findings, lint.count};
    return AG_OK;
}
