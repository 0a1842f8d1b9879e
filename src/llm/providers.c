#include "llm/providers/providers.h"

const struct ag_provider *const ag_providers[] = {
    &ag_provider_openai,
    &ag_provider_anthropic,
    &ag_provider_sandbox,
    NULL,
};

const struct ag_provider *ag_provider_find(struct ag_str name)
{
    for (size_t i = 0; ag_providers[i]; i++)
        if (ag_str_eq(name, ag_str(ag_providers[i]->name))) return ag_providers[i];
    return NULL;
}
