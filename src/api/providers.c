#include "core/providers.h"

#include "api/route.h"

static enum ag_err provider_list(struct ag_ctx *ctx)
{
    struct ag_list providers;
    AG_TRY(ag_providers_list(ctx->scope.core, ctx->scope.arena, &providers));
    /* There are few: all of them are one page. */
    const struct ag_page page = {.limit = (int64_t)providers.count + 1};
    return ag_ctx_reply_list(ctx, &page, &providers, NULL);
}

static enum ag_err provider_test(struct ag_ctx *ctx)
{
    struct ag_provider_test test;
    AG_TRY(ag_ctx_answers_long(ctx));
    AG_TRY(ag_provider_try(&ctx->scope, ctx->name, ctx->body, &test));
    return ag_ctx_reply(ctx, &test);
}

static enum ag_err model_list(struct ag_ctx *ctx)
{
    struct ag_model_list list;
    AG_TRY(ag_ctx_answers_long(ctx));
    AG_TRY(ag_models_list(ctx->scope.core, ctx->scope.arena, &list));
    return ag_ctx_reply(ctx, &list);
}

const struct ag_route ag_provider_routes[AG_PROVIDER_ROUTES] = {
    AG_ROUTE("listProviders", GET, "/v1/providers", AGENTS_READ, provider_list,
             "List model providers", .doc = "In the order in which a default is chosen.",
             .tag = "Providers", .status = 200, .flags = AG_RF_LIST, .reply = &ag_provider_schema),
    AG_ROUTE("testProvider", POST, "/v1/providers/{provider}/test", AI_RUN, provider_test,
             "Ask a provider for a word",
             .doc = "A real call of at most 16 tokens, recorded as a run of kind `test`. That it "
                    "failed is a result: the status is 200, and `error` says why.",
             .tag = "Providers", .status = 200, .flags = AG_RF_IDEMPOTENT | AG_RF_SPENDS,
             .body = &ag_provider_test_input_schema, .reply = &ag_provider_test_schema),
    AG_ROUTE(
        "listModels", GET, "/v1/models", AGENTS_READ, model_list,
        "List the models that can be used now",
        .doc = "In the form of OpenAI's API. Configured providers are asked, at most every ten "
               "minutes; of one that does not answer, the models known without asking are "
               "listed and `errors` says why.",
        .tag = "Providers", .status = 200, .reply = &ag_model_list_schema),
};
