#include "core/internal.h"

static const struct ag_field variable_fields[] = {
    AG_FIELD(struct ag_variable, name, AG_F_STRING, AG_FF_REQUIRED | AG_FF_ID_TEXT, .min = 1,
             .max = 64, .doc = "Name used as `{{name}}`", .example = "\"company\""),
    AG_FIELD(struct ag_variable, type, AG_F_ENUM, 0, .choices = "string|number|boolean",
             .doc = "What its value must be; string unless said otherwise"),
    [AG_VARIABLE_DEFAULT] = {.name = "default",
                             .type = AG_F_STRING,
                             .offset = offsetof(struct ag_variable, def),
                             .max = 4000,
                             .doc = "Value used when a call gives none"},
    AG_FIELD(struct ag_variable, description, AG_F_STRING, 0, .max = 500, .doc = "What to fill in"),
    AG_FIELD(struct ag_variable, required, AG_F_BOOL, 0,
             .doc = "Whether a call must give it (when it has no default)"),
};
AG_SCHEMA(ag_variable_schema, "Variable", struct ag_variable, "A blank in an agent's prompt",
          variable_fields);

static const struct ag_field memory_fields[] = {
    AG_FIELD(struct ag_memory_config, history_turns, AG_F_INT, 0, .min = 0, .max = 50,
             .doc = "Earlier exchanges of a conversation that the model is shown (10)"),
};
AG_SCHEMA(ag_memory_config_schema, "AgentMemory", struct ag_memory_config,
          "What an agent remembers", memory_fields);

static const struct ag_field limits_fields[] = {
    AG_FIELD(struct ag_limits_config, timeout_s, AG_F_INT, 0, .min = 1, .max = 600,
             .doc = "Longest a run may take, seconds"),
};
AG_SCHEMA(ag_limits_config_schema, "AgentLimits", struct ag_limits_config, "Limits of an agent",
          limits_fields);

static const struct ag_field config_fields[] = {
    AG_FIELD(struct ag_agent_config, provider, AG_F_STRING, AG_FF_ID_TEXT, .min = 1, .max = 50,
             .doc = "Model provider; the server's default without one", .example = "\"openai\""),
    AG_FIELD(struct ag_agent_config, model, AG_F_STRING, 0, .min = 1, .max = 200,
             .doc = "The provider's name of the model", .example = "\"gpt-4o-mini\""),
    [AG_CONFIG_TEMPERATURE] = AG_FIELD(
        struct ag_agent_config, temperature, AG_F_NUMBER, 0, .min = 0, .max = 2,
        .doc = "Randomness: 0 is the most predictable", .example = "0.7"),
    [AG_CONFIG_TOP_P] = AG_FIELD(struct ag_agent_config, top_p, AG_F_NUMBER, 0, .min = 0, .max = 1,
                                 .doc = "Share of probability that words are drawn from"),
    [AG_CONFIG_MAX_TOKENS] = AG_FIELD(struct ag_agent_config, max_tokens, AG_F_INT, 0, .min = 1,
                                      .max = 1000000, .doc = "Longest answer, in tokens"),
    AG_FIELD(struct ag_agent_config, stop, AG_F_LIST, AG_FF_NO_TRIM, .item = AG_F_STRING,
             .max = AG_LLM_MAX_STOP, .item_min = 1, .item_max = 100,
             .doc = "Texts at which the model stops"),
    AG_FIELD(struct ag_agent_config, response_style, AG_F_ENUM, 0,
             .choices = "formal|friendly|concise|detailed|playful|custom",
             .doc = "Tone of the answers; `custom` leaves it to the instructions",
             .example = "\"formal\""),
    AG_FIELD(struct ag_agent_config, language, AG_F_STRING, 0, .min = 1, .max = 50,
             .doc = "Language to answer in; that of the question without one",
             .example = "\"English\""),
    AG_FIELD(struct ag_agent_config, instructions, AG_F_STRING, 0, .max = 65536,
             .doc = "What the agent does and how; may use `{{variables}}`"),
    AG_FIELD(struct ag_agent_config, persona, AG_F_STRING, 0, .max = 4000,
             .doc = "Who the agent is; may use `{{variables}}`"),
    AG_FIELD(struct ag_agent_config, variables, AG_F_LIST, 0, .item = AG_F_OBJECT,
             .sub = &ag_variable_schema, .max = 50, .doc = "Blanks that each call fills in"),
    [AG_CONFIG_PROMPT_ID] = AG_FIELD(
        struct ag_agent_config, prompt_id, AG_F_UUID, 0,
        .doc = "A saved prompt that comes before the instructions; who "
               "names another one than the agent has needs `prompts:read`"),
    AG_FIELD(struct ag_agent_config, greeting, AG_F_STRING, 0, .max = 2000,
             .doc = "What the agent says first"),
    AG_FIELD(struct ag_agent_config, suggested_questions, AG_F_LIST, 0, .item = AG_F_STRING,
             .max = 10, .item_min = 1, .item_max = 300, .doc = "Questions offered to begin with"),
    AG_FIELD(struct ag_agent_config, response_format, AG_F_ENUM, 0,
             .choices = "text|markdown|json_schema", .doc = "Form of the answers"),
    [AG_CONFIG_JSON_SCHEMA] = AG_FIELD(
        struct ag_agent_config, json_schema, AG_F_JSON, 0, .max = 65536,
        .doc = "JSON Schema of the answers, with `response_format: json_schema`"),
    [AG_CONFIG_MEMORY] = AG_FIELD(struct ag_agent_config, memory, AG_F_OBJECT, 0,
                                  .sub = &ag_memory_config_schema, .doc = "What it remembers"),
    AG_FIELD(struct ag_agent_config, fallback_models, AG_F_LIST, 0, .item = AG_F_STRING, .max = 4,
             .item_min = 3, .item_max = 260,
             .doc = "Models tried in turn when the first cannot answer, as `provider/model`"),
    [AG_CONFIG_LIMITS] = AG_FIELD(struct ag_agent_config, limits, AG_F_OBJECT, 0,
                                  .sub = &ag_limits_config_schema, .doc = "Its limits"),
};
AG_SCHEMA(ag_agent_config_schema, "AgentConfig", struct ag_agent_config,
          "How an agent answers. Everything is optional", config_fields);

enum { CONFIG_MAX_BYTES = 4 * 1024 * 1024 };

#define MISTAKE(scope, field, code, ...)                                                           \
    ag_field_error((scope)->errors, (scope)->arena, field, code, __VA_ARGS__)

static enum ag_err check_variables(struct ag_scope *scope, const struct ag_list *variables)
{
    const struct ag_variable *items = variables->items;
    for (size_t i = 0; i < variables->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (!ag_str_eq(items[i].name, items[j].name)) continue;
            struct ag_str field = ag_arena_printf(scope->arena, "config.variables[%zu].name", i);
            if (!field.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a message");
            MISTAKE(scope, field.data, "duplicate", "is declared twice; names must differ");
            break;
        }
    }
    return AG_OK;
}

static enum ag_err check_models(struct ag_scope *scope, const struct ag_agent_config *config)
{
    if (config->provider.len > 0 && !ag_provider_find(config->provider))
        MISTAKE(scope, "config.provider", "choice",
                "is not a provider of this server; use openai, anthropic or sandbox");
    if (config->model.len > 0 && config->provider.len == 0)
        MISTAKE(scope, "config.provider", "required", "is needed together with a model");
    const struct ag_str *names = config->fallback_models.items;
    for (size_t i = 0; i < config->fallback_models.count; i++) {
        ptrdiff_t slash = ag_str_find_char(names[i], '/');
        if (slash > 0 && ag_provider_find(ag_str_sub(names[i], 0, (size_t)slash))) continue;
        struct ag_str field = ag_arena_printf(scope->arena, "config.fallback_models[%zu]", i);
        if (!field.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a message");
        MISTAKE(scope, field.data, "format", "must be provider/model, such as openai/gpt-4o-mini");
    }
    return AG_OK;
}

enum ag_err ag_may_name_prompts(const struct ag_scope *scope)
{
    if (scope->who.agents_limited)
        return ag_fail(AG_E_FORBIDDEN,
                       "this key is limited to some agents and cannot name a saved prompt");
    if (ag_principal_may(&scope->who, AG_PERM_PROMPTS_READ)) return AG_OK;
    return ag_fail(AG_E_FORBIDDEN, "to name a saved prompt needs the permission %s",
                   ag_permission_info(AG_PERM_PROMPTS_READ)->name);
}

/* What an agent builds on already may stay, whoever changes the rest. */
static enum ag_err check_prompt_named(struct ag_scope *scope, struct ag_uuid prompt,
                                      struct ag_uuid agent_id)
{
    enum ag_err err = ag_may_name_prompts(scope);
    if (err == AG_OK || ag_uuid_is_nil(agent_id)) return err;
    struct ag_agent agent;
    struct ag_agent_config now;
    AG_TRY(ag_agents_get(scope->core->db, scope->arena, scope->who.org_id, ag_viewer(scope),
                         agent_id, &agent));
    AG_TRY(ag_agent_config_decode(agent.config, scope->arena, &now));
    bool has = ag_doc_has(&now, AG_CONFIG_PROMPT_ID) && ag_uuid_eq(now.prompt_id, prompt);
    return has ? AG_OK : ag_may_name_prompts(scope);
}

static enum ag_err check_prompt(struct ag_scope *scope, struct ag_uuid id, struct ag_uuid agent)
{
    struct ag_prompt prompt;
    AG_TRY(check_prompt_named(scope, id, agent));
    enum ag_err err = ag_prompts_get(scope->core->db, scope->arena, scope->who.org_id, id, &prompt);
    if (err != AG_E_NOT_FOUND) return err;
    MISTAKE(scope, "config.prompt_id", "not_found", "is not one of your prompts");
    return AG_OK;
}

enum ag_err ag_agent_config_check(struct ag_scope *scope, const struct ag_agent_config *config,
                                  struct ag_uuid agent)
{
    AG_TRY(check_variables(scope, &config->variables));
    AG_TRY(check_models(scope, config));
    bool wants_schema = ag_str_eq(config->response_format, AG_STR("json_schema"));
    bool has_schema = ag_doc_has(config, AG_CONFIG_JSON_SCHEMA);
    if (wants_schema && !has_schema)
        MISTAKE(scope, "config.json_schema", "required",
                "is needed when response_format is json_schema");
    if (has_schema && !wants_schema)
        MISTAKE(scope, "config.json_schema", "unexpected",
                "is only used when response_format is json_schema");
    if (ag_doc_has(config, AG_CONFIG_PROMPT_ID))
        AG_TRY(check_prompt(scope, config->prompt_id, agent));
    return scope->errors->count > 0 ? ag_fail(AG_E_INVALID, "the configuration is not valid")
                                    : AG_OK;
}

enum ag_err ag_agent_config_encode(const struct ag_agent_config *config, struct ag_arena *arena,
                                   struct ag_str *ret_json)
{
    struct ag_buf buf;
    ag_buf_init(&buf, arena, CONFIG_MAX_BYTES);
    AG_TRY(ag_fields_encode(&ag_agent_config_schema, config, &buf));
    *ret_json = ag_buf_str(&buf);
    return AG_OK;
}

enum ag_err ag_agent_config_decode(struct ag_str json, struct ag_arena *arena,
                                   struct ag_agent_config *ret_config)
{
    struct ag_field_errors *errors = AG_ARENA_NEW(arena, struct ag_field_errors);
    if (!errors) return ag_fail(AG_E_NO_MEMORY, "no memory for a configuration");
    memset(ret_config, 0, sizeof(*ret_config));
    enum ag_err err = ag_fields_decode(&ag_agent_config_schema, json, ret_config, arena, errors);
    /* It was checked when it was stored. */
    if (err == AG_E_INVALID || err == AG_E_BAD_JSON)
        return ag_fail_more(AG_E_INTERNAL, "a stored configuration does not decode");
    return err;
}
