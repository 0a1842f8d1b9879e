#include "core/internal.h"
#include "runtime/sync.h"

enum { MAX_MODELS = 4 };

/* One model's attempt, on a fiber of its own. */
struct attempt {
    struct ag_scope scope;
    struct ag_run_plan plan;
    struct ag_validation_result *result;
    struct ag_fiber *fiber;
    unsigned *left;
    struct ag_cond *done;
    enum ag_err err;
};

static void attempt_fill(struct attempt *attempt, const struct ag_run *run)
{
    struct ag_validation_result *result = attempt->result;
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
    if (attempt->err == AG_OK) return;
    result->error.code = ag_str(ag_err_info(attempt->err)->code);
    result->error.message = ag_arena_copy(attempt->scope.arena, ag_str(ag_diag_text(attempt->err)));
    AG_SET(result, AG_RESULT_ERROR);
}

static void attempt_run(void *arg)
{
    struct attempt *attempt = arg;
    struct ag_run run;
    int64_t retry_after_s;
    attempt->err = ag_run_execute(&attempt->scope, &attempt->plan, &run, &retry_after_s);
    attempt_fill(attempt, &run);
    (*attempt->left)--;
    ag_cond_signal(attempt->done);
}

/* Waits for all; when the caller is cancelled the attempts are too, and are still waited for. */
static enum ag_err wait_all(struct attempt *attempts, size_t count, unsigned *left,
                            struct ag_cond *done)
{
    enum ag_err err = AG_OK;
    while (*left > 0 && err == AG_OK)
        err = ag_cond_wait(done, AG_NEVER);
    for (size_t i = 0; i < count; i++) {
        if (!attempts[i].fiber) continue;
        if (err != AG_OK) ag_fiber_cancel(attempts[i].fiber);
        ag_fiber_join(attempts[i].fiber);
    }
    return err;
}

static enum ag_err choose_models(struct ag_scope *scope, const struct ag_validate_input *input,
                                 struct ag_model_choice models[MAX_MODELS], size_t *ret_count)
{
    if (!ag_doc_has(input, AG_VALIDATE_MODELS)) {
        *ret_count = 1;
        return ag_model_choose(scope->core, NULL, &models[0]);
    }
    const struct ag_str *names = input->models.items;
    *ret_count = AG_MIN(input->models.count, (size_t)MAX_MODELS);
    for (size_t i = 0; i < *ret_count; i++) {
        enum ag_err err = ag_model_parse(scope->core, names[i], &models[i]);
        if (err != AG_OK && err != AG_E_MODEL_UNAVAILABLE) return err;
        if (err == AG_OK) continue;
        struct ag_str field = ag_arena_printf(scope->arena, "models[%zu]", i);
        if (!field.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a message");
        ag_field_error(scope->errors, scope->arena, field.data, "choice", "%s", ag_diag_text(err));
    }
    return scope->errors->count > 0 ? ag_fail(AG_E_INVALID, "the models are not valid") : AG_OK;
}

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

enum ag_err ag_validate(struct ag_scope *scope, const struct ag_validate_input *input,
                        struct ag_validation *ret_validation)
{
    struct ag_str prompt;
    struct ag_llm_request request = {.stream = false};
    struct ag_model_choice models[MAX_MODELS];
    size_t count;
    AG_TRY(prompt_of(scope, input, &prompt));
    AG_TRY(choose_models(scope, input, models, &count));
    AG_TRY(request_of(scope, input, prompt, &request));
    struct ag_validation_result *results = AG_ARENA_ARRAY(scope->arena, struct ag_validation_result,
                                                          count);
    struct attempt *attempts = AG_ARENA_ARRAY(scope->arena, struct attempt, count);
    if (!results || !attempts) return ag_fail(AG_E_NO_MEMORY, "no memory for the results");

    unsigned left = 0;
    struct ag_cond done = {0};
    enum ag_err err = AG_OK;
    for (size_t i = 0; i < count && err == AG_OK; i++) {
        attempts[i] = (struct attempt){
            .scope = *scope,
            .plan = {.kind = "validate", .model = models[i], .request = request},
            .result = &results[i],
            .left = &left,
            .done = &done,
        };
        attempts[i].scope.reserved_id = (struct ag_uuid){{0}};
        results[i].model = ag_arena_printf(scope->arena, "%s/%.*s", models[i].provider->name,
                                           AG_STR_ARG(models[i].model));
        err = ag_fiber_spawn_joinable("validate", attempt_run, &attempts[i], &attempts[i].fiber);
        if (err == AG_OK) left++;
    }
    enum ag_err waited = wait_all(attempts, count, &left, &done);
    AG_TRY(err);
    AG_TRY(waited);
    for (size_t i = 0; i < count; i++) /* what could not be stored was not answered */
        if (attempts[i].err == AG_E_STORAGE || attempts[i].err == AG_E_STORAGE_FULL)
            return ag_fail(attempts[i].err, "the runs could not be recorded");

    ret_validation->set = 0;
    ret_validation->results = (struct ag_list){results, count};
    return ag_prompt_lint(prompt, &input->variables, scope->arena, &ret_validation->findings);
}
