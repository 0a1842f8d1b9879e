#include "core/internal.h"

static enum ag_err choose(struct ag_core *core, struct ag_str provider_name, struct ag_str model,
                          struct ag_model_choice *ret_choice)
{
    for (size_t i = 0; ag_providers[i]; i++) {
        if (!ag_str_eq(provider_name, ag_str(ag_providers[i]->name))) continue;
        if (!core->usable[i])
            return ag_fail(AG_E_MODEL_UNAVAILABLE,
                           "%s has no API key on this server; an administrator can set it",
                           ag_providers[i]->title);
        *ret_choice = (struct ag_model_choice){
            .provider = ag_providers[i],
            .endpoint = &core->endpoints[i],
            .model = model.len > 0 ? model : ag_str(ag_providers[i]->default_model),
        };
        return AG_OK;
    }
    return ag_fail(AG_E_MODEL_UNAVAILABLE, "there is no model provider called %.*s",
                   AG_STR_ARG(ag_str_sub(provider_name, 0, 60)));
}

enum ag_err ag_model_parse(struct ag_core *core, struct ag_str name,
                           struct ag_model_choice *ret_choice)
{
    ptrdiff_t slash = ag_str_find_char(name, '/');
    if (slash < 0) return choose(core, name, (struct ag_str){0}, ret_choice);
    return choose(core, ag_str_sub(name, 0, (size_t)slash),
                  ag_str_sub(name, (size_t)slash + 1, name.len), ret_choice);
}

enum ag_err ag_model_choose(struct ag_core *core, const struct ag_agent_config *config,
                            struct ag_model_choice *ret_choice)
{
    if (config && config->provider.len > 0)
        return choose(core, config->provider, config->model, ret_choice);
    if (core->options.default_model.len > 0)
        return ag_model_parse(core, core->options.default_model, ret_choice);
    /* The list ends with the offline model, so there is always one. */
    for (size_t i = 0; ag_providers[i]; i++)
        if (core->usable[i])
            return choose(core, ag_str(ag_providers[i]->name), (struct ag_str){0}, ret_choice);
    return ag_fail(AG_E_MODEL_UNAVAILABLE, "no model is configured");
}

enum ag_err ag_models_parse(struct ag_scope *scope, const struct ag_list *names,
                            struct ag_model_choice *models, size_t max, size_t *ret_count)
{
    const struct ag_str *items = names->items;
    *ret_count = AG_MIN(names->count, max);
    for (size_t i = 0; i < *ret_count; i++) {
        enum ag_err err = ag_model_parse(scope->core, items[i], &models[i]);
        if (err != AG_OK && err != AG_E_MODEL_UNAVAILABLE) return err;
        if (err == AG_OK) continue;
        struct ag_str field = ag_arena_printf(scope->arena, "models[%zu]", i);
        if (!field.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a message");
        ag_field_error(scope->errors, scope->arena, field.data, "choice", "%s", ag_diag_text(err));
    }
    return scope->errors->count > 0 ? ag_fail(AG_E_INVALID, "the models are not valid") : AG_OK;
}
