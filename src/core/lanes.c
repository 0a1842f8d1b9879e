#include "core/internal.h"

static void lane_fiber(void *arg)
{
    struct ag_lane *lane = arg;
    int64_t retry_after_s;
    ag_db_tenant_swap(ag_tenant(lane->scope.who.org_id));
    lane->err = ag_run_execute(&lane->scope, &lane->plan, &lane->run, &retry_after_s);
    snprintf(lane->message, sizeof(lane->message), "%s",
             lane->err == AG_OK ? "" : ag_diag_text(lane->err));
    lane->ended = true;
    ag_cond_signal(&lane->lanes->changed);
}

enum ag_err ag_lanes_start(struct ag_lanes *lanes, struct ag_scope *scope)
{
    for (size_t i = 0; i < lanes->count; i++) {
        struct ag_lane *lane = &lanes->items[i];
        lane->lanes = lanes;
        lane->scope = *scope;
        /* The id that an Idempotency-Key reserved is one, and these are several. */
        lane->scope.reserved_id = (struct ag_uuid){{0}};
        AG_TRY(ag_fiber_spawn_joinable("lane", lane_fiber, lane, &lane->fiber));
    }
    return AG_OK;
}

size_t ag_lanes_left(const struct ag_lanes *lanes)
{
    size_t left = 0;
    for (size_t i = 0; i < lanes->count; i++)
        left += !lanes->items[i].ended;
    return left;
}

void ag_lanes_end(struct ag_lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++)
        if (lanes->items[i].fiber && !lanes->items[i].ended) ag_fiber_cancel(lanes->items[i].fiber);
    for (size_t i = 0; i < lanes->count; i++)
        if (lanes->items[i].fiber) ag_fiber_join(AG_TAKE(lanes->items[i].fiber));
}

enum ag_err ag_compare_lanes(struct ag_scope *scope, const struct ag_compare_input *input,
                             struct ag_lanes *ret_lanes)
{
    struct ag_model_choice models[AG_MAX_LANES];
    struct ag_llm_request request;
    struct ag_agent_config *config = AG_ARENA_NEW(scope->arena, struct ag_agent_config);
    if (!config) return ag_fail(AG_E_NO_MEMORY, "no memory for a comparison");
    AG_TRY(ag_agent_config_check(scope, &input->config, (struct ag_uuid){{0}}));
    AG_TRY(ag_models_parse(scope, &input->models, models, AG_MAX_LANES, &ret_lanes->count));
    AG_TRY(ag_request_of_config(scope, &input->config, &input->messages, input->input_text,
                                &input->variables, &request));
    /* Another model's answer in a lane would be a lie. */
    *config = input->config;
    config->fallback_models = (struct ag_list){NULL, 0};
    for (size_t i = 0; i < ret_lanes->count; i++)
        ret_lanes->items[i] = (struct ag_lane){
            .plan = {.kind = "preview", .model = models[i], .config = config, .request = request}};
    return AG_OK;
}
