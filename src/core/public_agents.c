/* Agents that were opened to everybody who has their link. */
#include "core/public_agents.h"

#include "core/internal.h"

static const struct ag_field public_agent_fields[] = {
    AG_FIELD(struct ag_public_agent, name, AG_F_STRING, AG_FF_REQUIRED, .doc = "Its name",
             .example = "\"Customer Support Bot\""),
    [AG_PUBLIC_DESCRIPTION] = AG_FIELD(struct ag_public_agent, description, AG_F_STRING,
                                       AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "What it is for"),
    [AG_PUBLIC_GREETING] = AG_FIELD(struct ag_public_agent, greeting, AG_F_STRING,
                                    AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "What it says first"),
    AG_FIELD(struct ag_public_agent, suggested_questions, AG_F_LIST, AG_FF_REQUIRED,
             .item = AG_F_STRING, .doc = "Questions offered to begin with"),
    AG_FIELD(struct ag_public_agent, variables, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_OBJECT,
             .sub = &ag_variable_schema, .doc = "Blanks that each question fills in"),
    [AG_PUBLIC_LANGUAGE] = AG_FIELD(
        struct ag_public_agent, language, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NULLABLE,
        .doc = "Language it answers in; null: that of the question", .example = "\"English\""),
};
AG_SCHEMA(ag_public_agent_schema, "PublicAgent", struct ag_public_agent,
          "What everybody may know of an agent that was opened to them", public_agent_fields);

static const struct ag_field question_fields[] = {
    AG_FIELD(struct ag_public_question, input_text, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NO_TRIM,
             .min = 1, .max = 8000, .doc = "What the visitor says",
             .example = "\"How can I reset my password?\""),
    [AG_QUESTION_CONVERSATION] = AG_FIELD(
        struct ag_public_question, conversation_id, AG_F_UUID, AG_FF_NULLABLE,
        .doc = "Goes on with this conversation; a new one without"),
    AG_FIELD(struct ag_public_question, variables, AG_F_MAP, 0, .max = 50, .item_max = 4000,
             .doc = "Values of the agent's variables"),
    AG_FIELD(struct ag_public_question, stream, AG_F_BOOL, 0,
             .doc = "Answer as server-sent events"),
};
AG_SCHEMA(ag_public_question_schema, "PublicQuestion", struct ag_public_question,
          "A question to an agent that was opened to everybody", question_fields);

static const struct ag_field answer_fields[] = {
    AG_FIELD(struct ag_public_answer, response, AG_F_STRING, AG_FF_REQUIRED,
             .max = AG_RUN_MAX_OUTPUT_BYTES, .doc = "The answer"),
    AG_FIELD(struct ag_public_answer, conversation_id, AG_F_UUID, AG_FF_REQUIRED,
             .doc = "Give it back to go on with the conversation"),
};
AG_SCHEMA(ag_public_answer_schema, "PublicAnswer", struct ag_public_answer, "The agent's answer",
          answer_fields);

enum ag_err ag_public_agent(struct ag_scope *scope, struct ag_str public_id,
                            struct ag_public_agent *ret_agent)
{
    struct ag_linked_agent linked;
    struct ag_agent_config config;
    AG_TRY(ag_agents_by_link(scope->core->db, scope->arena, public_id, &linked));
    AG_TRY(ag_agent_config_decode(linked.config, scope->arena, &config));
    *ret_agent = (struct ag_public_agent){
        .name = linked.name,
        .description = linked.description,
        .greeting = config.greeting,
        .suggested_questions = config.suggested_questions,
        .variables = config.variables,
        .language = config.language,
    };
    if (linked.description.len > 0) AG_SET(ret_agent, AG_PUBLIC_DESCRIPTION);
    if (config.greeting.len > 0) AG_SET(ret_agent, AG_PUBLIC_GREETING);
    if (config.language.len > 0) AG_SET(ret_agent, AG_PUBLIC_LANGUAGE);
    return AG_OK;
}

enum ag_err ag_public_enter(struct ag_scope *scope, struct ag_str public_id,
                            struct ag_uuid *ret_agent_id)
{
    struct ag_linked_agent linked;
    AG_TRY(ag_agents_by_link(scope->core->db, scope->arena, public_id, &linked));
    scope->who = (struct ag_principal){
        .credential = AG_CRED_NONE,
        .is_visitor = true,
        .user_id = linked.user_id,
        .org_id = linked.org_id,
        .is_personal = linked.personal,
        .premium = ag_str_eq(linked.plan, AG_STR("premium")),
        .org_per_minute = linked.org_per_minute,
        .permissions = ag_permission_bit(AG_PERM_AI_RUN),
    };
    ag_db_tenant_swap(ag_tenant(linked.org_id));
    *ret_agent_id = linked.agent_id;
    return AG_OK;
}

enum ag_err ag_public_ask(struct ag_scope *scope, struct ag_uuid agent_id,
                          const struct ag_public_question *question, const struct ag_run_sink *sink,
                          struct ag_run *ret_run, int64_t *ret_retry_after_s)
{
    struct ag_generate_input input = {
        .agent_id = agent_id,
        .input_text = question->input_text,
        .conversation_id = question->conversation_id,
        .variables = question->variables,
    };
    AG_ASSERT(scope->who.is_visitor);
    if (ag_doc_has(question, AG_QUESTION_CONVERSATION)) AG_SET(&input, AG_GENERATE_CONVERSATION);
    return ag_generate(scope, &input, false, sink, ret_run, ret_retry_after_s);
}

enum ag_err ag_public_err(enum ag_err err)
{
    switch (err) {
    case AG_OK:
    case AG_E_INVALID:
    case AG_E_NOT_FOUND:
    case AG_E_RATE_LIMITED:
    case AG_E_CANCELED:
    case AG_E_CLOSED:
    case AG_E_INTERRUPTED:
    case AG_E_NO_MEMORY:
    case AG_E_OVERLOADED:
    case AG_E_DRAINING:
    case AG_E_STORAGE:
    case AG_E_STORAGE_FULL:
    case AG_E_INTERNAL:
        return err;
    default:
        return ag_fail(AG_E_AGENT_UNAVAILABLE, "this agent cannot answer now; try again later");
    }
}
