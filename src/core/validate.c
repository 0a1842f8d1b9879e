#include "core/internal.h"

static enum ag_err prompt_of(struct ag_scope *scope, const struct ag_validate_input *input,
                             struct ag_str *ret_text)
{
    bool has_text = ag_doc_has(input, AG_VALIDATE_PROMPT_TEXT);
    bool has_id = ag_doc_has(input, AG_VALIDATE_PROMPT_ID);
    if (has_text == has_id) {
        ag_field_error(scope->errors, scope->arena, "prompt_text", "required",
                       "give either prompt_text or prompt_id");
        return ag_fail(AG_E_INVALID, "give either prompt_text or prompt_id");
    }
    if (has_text) {
        *ret_text = input->prompt_text;
        return AG_OK;
    }
    struct ag_prompt prompt;
    AG_TRY(ag_may_name_prompts(scope));
    AG_TRY(ag_prompts_get(scope->core->db, scope->arena, scope->who.org_id, input->prompt_id,
                          &prompt));
    *ret_text = prompt.prompt_text;
    return AG_OK;
}

/* The prompt is the system text of a question; alone, it is the question itself. */
static enum ag_err request_of(struct ag_scope *scope, const struct ag_validate_input *input,
                              struct ag_str prompt, struct ag_llm_request *request)
{
    struct ag_str text;
    AG_TRY(ag_template_render(prompt, &input->variables, scope->arena, &text));
    struct ag_llm_message *message = AG_ARENA_NEW(scope->arena, struct ag_llm_message);
    if (!message) return ag_fail(AG_E_NO_MEMORY, "no memory for a question");
    message->role = AG_ROLE_USER;
    message->text = input->input_text.len > 0 ? input->input_text : text;
    if (input->input_text.len > 0) request->system = text;
    request->messages = message;
    request->message_count = 1;
    return AG_OK;
}

enum ag_err ag_validate_lanes(struct ag_scope *scope, const struct ag_validate_input *input,
                              struct ag_lanes *ret_lanes, struct ag_list *ret_findings)
{
    struct ag_str prompt;
    struct ag_llm_request request = {.stream = false};
    struct ag_model_choice models[AG_MAX_LANES];
    size_t count = 1;
    AG_TRY(prompt_of(scope, input, &prompt));
    if (ag_doc_has(input, AG_VALIDATE_MODELS))
        AG_TRY(ag_models_parse(scope, &input->models, models, AG_MAX_LANES, &count));
    else
        AG_TRY(ag_model_choose(scope->core, NULL, &models[0]));
    AG_TRY(request_of(scope, input, prompt, &request));
    AG_TRY(ag_prompt_lint(prompt, &input->variables, scope->arena, ret_findings));
    ret_lanes->count = count;
    for (size_t i = 0; i < count; i++)
        ret_lanes->items[i] = (struct ag_lane){
            .plan = {.kind = "validate", .model = models[i], .request = request}};
    return AG_OK;
}

static enum ag_err result_of(struct ag_arena *arena, const struct ag_lane *lane,
                             struct ag_validation_result *result)
{
    const struct ag_run *run = &lane->run;
    const struct ag_model_choice *model = &lane->plan.model;
    result->model = ag_arena_printf(arena, "%s/%.*s", model->provider->name,
                                    AG_STR_ARG(model->model));
    if (!result->model.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a result");
    result->run_id = run->id;
    result->response = run->output_text;
    result->usage.input_tokens = run->input_tokens;
    result->usage.output_tokens = run->output_tokens;
    result->latency_ms = run->latency_ms;
    result->ttft_ms = ag_doc_has(run, AG_RUN_TTFT) ? run->ttft_ms : run->latency_ms;
    if (ag_doc_has(run, AG_RUN_FINISH_REASON)) {
        result->finish_reason = run->finish_reason;
        AG_SET(result, AG_RESULT_FINISH);
    }
    if (lane->err == AG_OK) return AG_OK;
    result->error.code = ag_str(ag_err_info(lane->err)->code);
    result->error.message = ag_str(lane->message);
    AG_SET(result, AG_RESULT_ERROR);
    return AG_OK;
}

enum ag_err ag_validation_from_lanes(struct ag_scope *scope, const struct ag_lanes *lanes,
                                     const struct ag_list *findings,
                                     struct ag_validation *ret_validation)
{
    struct ag_validation_result *results = AG_ARENA_ARRAY(scope->arena, struct ag_validation_result,
                                                          lanes->count);
    if (!results) return ag_fail(AG_E_NO_MEMORY, "no memory for the results");
    for (size_t i = 0; i < lanes->count; i++) {
        const struct ag_lane *lane = &lanes->items[i];
        AG_ASSERT(lane->ended);
        if (lane->err == AG_E_STORAGE || lane->err == AG_E_STORAGE_FULL)
            return ag_fail(lane->err, "the runs could not be recorded");
        AG_TRY(result_of(scope->arena, lane, &results[i]));
    }
    ret_validation->set = 0;
    ret_validation->results = (struct ag_list){results, lanes->count};
    ret_validation->findings = *findings;
    return AG_OK;
}
