#include "core/internal.h"

enum { DEFAULT_HISTORY_TURNS = 10 };

/* What a configuration says about the request to the model. */
static void request_from_config(const struct ag_agent_config *config,
                                struct ag_llm_request *request)
{
    request->has_temperature = ag_doc_has(config, AG_CONFIG_TEMPERATURE);
    request->temperature = config->temperature;
    request->has_top_p = ag_doc_has(config, AG_CONFIG_TOP_P);
    request->top_p = config->top_p;
    request->has_max_tokens = ag_doc_has(config, AG_CONFIG_MAX_TOKENS);
    request->max_tokens = config->max_tokens;
    request->stop = config->stop.items;
    request->stop_count = config->stop.count;
    if (ag_str_eq(config->response_format, AG_STR("markdown")))
        request->format = AG_FORMAT_MARKDOWN;
    if (ag_str_eq(config->response_format, AG_STR("json_schema"))) {
        request->format = AG_FORMAT_JSON_SCHEMA;
        request->json_schema = config->json_schema;
    }
}

/* The saved prompt a configuration names, or an empty text. It may have been deleted since. */
static enum ag_err saved_prompt(struct ag_scope *scope, const struct ag_agent_config *config,
                                struct ag_str *ret_text)
{
    *ret_text = (struct ag_str){0};
    if (!ag_doc_has(config, AG_CONFIG_PROMPT_ID)) return AG_OK;
    struct ag_prompt prompt;
    enum ag_err err = ag_prompts_get(scope->core->db, scope->arena, scope->who.org_id,
                                     config->prompt_id, &prompt);
    if (err == AG_E_NOT_FOUND)
        return ag_fail(AG_E_CONFLICT,
                       "the saved prompt this agent builds on was deleted; choose another one");
    AG_TRY(err);
    *ret_text = prompt.prompt_text;
    return AG_OK;
}

static int64_t history_turns(const struct ag_agent_config *config)
{
    return ag_doc_has(config, AG_CONFIG_MEMORY) && ag_doc_has(&config->memory, 0)
               ? config->memory.history_turns
               : DEFAULT_HISTORY_TURNS;
}

/* Earlier exchanges and the question, as messages. */
static enum ag_err messages_from_turns(struct ag_arena *arena, const struct ag_list *turns,
                                       struct ag_str question, struct ag_llm_request *request)
{
    struct ag_llm_message *messages = AG_ARENA_ARRAY(arena, struct ag_llm_message,
                                                     turns->count * 2 + 1);
    if (!messages) return ag_fail(AG_E_NO_MEMORY, "no memory for a conversation");
    const struct ag_turn *items = turns->items;
    size_t count = 0;
    for (size_t i = 0; i < turns->count; i++) {
        /* An exchange whose answer was empty would leave two questions in a row. */
        if (items[i].output_text.len == 0) continue;
        messages[count++] = (struct ag_llm_message){AG_ROLE_USER, items[i].input_text};
        messages[count++] = (struct ag_llm_message){AG_ROLE_ASSISTANT, items[i].output_text};
    }
    messages[count++] = (struct ag_llm_message){AG_ROLE_USER, question};
    request->messages = messages;
    request->message_count = count;
    return AG_OK;
}

static enum ag_err load_turns(struct ag_scope *scope, const struct ag_generate_input *input,
                              const struct ag_agent_config *config, struct ag_list *ret_turns)
{
    *ret_turns = (struct ag_list){NULL, 0};
    if (!ag_doc_has(input, AG_GENERATE_CONVERSATION)) return AG_OK;
    const struct ag_conversation talk = {.agent_id = input->agent_id,
                                         .id = input->conversation_id,
                                         .viewer = ag_viewer(scope),
                                         .public = scope->who.is_visitor};
    bool exists;
    AG_TRY(ag_runs_conversation_exists(scope->core->db, scope->arena, scope->who.org_id, &talk,
                                       &exists));
    if (!exists) return ag_fail(AG_E_NOT_FOUND, "this agent has no such conversation");
    int64_t turns = history_turns(config);
    if (turns == 0) return AG_OK;
    return ag_runs_turns(scope->core->db, scope->arena, scope->who.org_id, &talk, turns, ret_turns);
}

enum ag_err ag_generate(struct ag_scope *scope, const struct ag_generate_input *input, bool relaxed,
                        const struct ag_run_sink *sink, struct ag_run *ret_run,
                        int64_t *ret_retry_after_s)
{
    return ag_generate_stoppable(scope, input, relaxed, sink, NULL, ret_run, ret_retry_after_s);
}

enum ag_err ag_generate_stoppable(struct ag_scope *scope, const struct ag_generate_input *input,
                                  bool relaxed, const struct ag_run_sink *sink, const bool *stopped,
                                  struct ag_run *ret_run, int64_t *ret_retry_after_s)
{
    AG_CLEANUP(ag_cached_agent_unref_p) struct ag_cached_agent *cached = NULL;
    AG_TRY(ag_agent_cache_get(scope->core, scope->who.org_id, ag_viewer(scope), input->agent_id,
                              &cached));
    const struct ag_agent *agent = ag_cached_agent(cached);
    const struct ag_agent_config *config = ag_cached_agent_config(cached);
    struct ag_run_plan plan = {
        .kind = "generate",
        .config = config,
        .run_id = scope->reserved_id,
        .agent_id = agent->id,
        .agent_version = agent->version,
        .agent_private = ag_str_eq(agent->visibility, AG_STR("private")),
        .conversation_id = input->conversation_id,
        .metadata = input->metadata,
        .keep_texts = true,
        .relaxed = relaxed,
        .sink = sink,
        .stopped = stopped,
    };
    struct ag_str prompt;
    struct ag_list turns;
    AG_TRY(ag_model_choose(scope->core, config, &plan.model));
    AG_TRY(saved_prompt(scope, config, &prompt));
    AG_TRY(ag_prompt_assemble(config, agent->name, prompt, &input->variables, scope->arena,
                              scope->errors, &plan.request.system));
    AG_TRY(load_turns(scope, input, config, &turns));
    AG_TRY(messages_from_turns(scope->arena, &turns, input->input_text, &plan.request));
    request_from_config(config, &plan.request);
    return ag_run_execute(scope, &plan, ret_run, ret_retry_after_s);
}

enum ag_err ag_request_of_config(struct ag_scope *scope, const struct ag_agent_config *config,
                                 const struct ag_list *messages, struct ag_str question,
                                 const struct ag_list *variables,
                                 struct ag_llm_request *ret_request)
{
    struct ag_str prompt;
    struct ag_llm_request request = {.stream = false};
    AG_TRY(saved_prompt(scope, config, &prompt));
    AG_TRY(ag_prompt_assemble(config, (struct ag_str){0}, prompt, variables, scope->arena,
                              scope->errors, &request.system));
    size_t count = messages->count;
    struct ag_llm_message *turns = AG_ARENA_ARRAY(scope->arena, struct ag_llm_message, count + 1);
    if (!turns) return ag_fail(AG_E_NO_MEMORY, "no memory for a conversation");
    const struct ag_chat_message *items = messages->items;
    for (size_t i = 0; i < count; i++)
        turns[i] = (struct ag_llm_message){
            ag_str_eq(items[i].role, AG_STR("user")) ? AG_ROLE_USER : AG_ROLE_ASSISTANT,
            items[i].content};
    turns[count] = (struct ag_llm_message){AG_ROLE_USER, question};
    request.messages = turns;
    request.message_count = count + 1;
    request_from_config(config, &request);
    *ret_request = request;
    return AG_OK;
}

enum ag_err ag_preview(struct ag_scope *scope, const struct ag_preview_input *input,
                       const struct ag_run_sink *sink, struct ag_run *ret_run,
                       int64_t *ret_retry_after_s)
{
    const struct ag_agent_config *config = &input->config;
    AG_TRY(ag_agent_config_check(scope, config, (struct ag_uuid){{0}}));
    struct ag_run_plan plan = {
        .kind = "preview", .config = config, .run_id = scope->reserved_id, .sink = sink};
    AG_TRY(ag_model_choose(scope->core, config, &plan.model));
    AG_TRY(ag_request_of_config(scope, config, &input->messages, input->input_text,
                                &input->variables, &plan.request));
    return ag_run_execute(scope, &plan, ret_run, ret_retry_after_s);
}
