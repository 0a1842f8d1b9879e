#include "api/route.h"

static enum ag_err prompt_create(struct ag_ctx *ctx)
{
    struct ag_prompt prompt;
    AG_TRY(ag_prompt_create(&ctx->scope, ctx->body, &prompt));
    return ag_ctx_reply_version(ctx, &prompt, prompt.version);
}

static struct ag_list_key prompt_key(const void *item)
{
    const struct ag_prompt *prompt = item;
    return (struct ag_list_key){prompt->id, prompt->updated_at, ag_prompt_sort_name(prompt)};
}

static enum ag_err prompt_list(struct ag_ctx *ctx)
{
    struct ag_page page;
    struct ag_list prompts;
    AG_TRY(ag_ctx_page(ctx, ctx->query, &page));
    AG_TRY(ag_prompts_list(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.org_id, &page,
                           &prompts));
    return ag_ctx_reply_list(ctx, &page, &prompts, prompt_key);
}

static enum ag_err prompt_get(struct ag_ctx *ctx)
{
    struct ag_prompt prompt;
    AG_TRY(ag_prompts_get(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.org_id, ctx->id,
                          &prompt));
    return ag_ctx_reply_version(ctx, &prompt, prompt.version);
}

static enum ag_err prompt_replace(struct ag_ctx *ctx)
{
    struct ag_prompt prompt;
    AG_TRY(ag_prompt_replace(&ctx->scope, ctx->id, ctx->if_version, ctx->body, &prompt));
    return ag_ctx_reply_version(ctx, &prompt, prompt.version);
}

static enum ag_err prompt_delete(struct ag_ctx *ctx)
{
    AG_TRY(ag_prompt_delete(&ctx->scope, ctx->id, ctx->if_version));
    return ag_ctx_reply_empty(ctx);
}

static enum ag_err prompt_restore(struct ag_ctx *ctx)
{
    struct ag_prompt prompt;
    AG_TRY(ag_prompt_restore(&ctx->scope, ctx->id, &prompt));
    return ag_ctx_reply_version(ctx, &prompt, prompt.version);
}

static enum ag_err prompt_facets(struct ag_ctx *ctx)
{
    struct ag_prompt_facets facets = {0};
    AG_TRY(
        ag_prompts_facets(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.org_id, &facets));
    return ag_ctx_reply(ctx, &facets);
}

const struct ag_route ag_prompt_routes[AG_PROMPT_ROUTES] = {
    AG_ROUTE("createPrompt", POST, "/v1/prompts", PROMPTS_WRITE, prompt_create, "Save a prompt",
             .tag = "Prompts", .status = 201, .flags = AG_RF_IDEMPOTENT | AG_RF_ETAG,
             .body = &ag_prompt_input_schema, .reply = &ag_prompt_schema),
    AG_ROUTE("listPrompts", GET, "/v1/prompts", PROMPTS_READ, prompt_list, "List prompts",
             .doc = "`q` searches names, texts, categories and tags. A prompt without a name is "
                    "sorted by how it begins.",
             .tag = "Prompts", .status = 200, .flags = AG_RF_LIST, .query = &ag_prompt_query_schema,
             .reply = &ag_prompt_schema),
    AG_ROUTE("listPromptFacets", GET, "/v1/prompts/facets", PROMPTS_READ, prompt_facets,
             "List the library's categories and tags",
             .doc = "The most frequent first, of the 5,000 newest prompts.", .tag = "Prompts",
             .status = 200, .reply = &ag_prompt_facets_schema),
    AG_ROUTE("getPrompt", GET, "/v1/prompts/{id}", PROMPTS_READ, prompt_get, "Read a prompt",
             .resource = "prompt", .tag = "Prompts", .status = 200, .flags = AG_RF_ETAG,
             .reply = &ag_prompt_schema),
    AG_ROUTE("replacePrompt", PUT, "/v1/prompts/{id}", PROMPTS_WRITE, prompt_replace,
             "Change a prompt",
             .doc = "Replaces the whole prompt. With `If-Match` nothing is overwritten that you "
                    "have not seen.",
             .resource = "prompt", .tag = "Prompts", .status = 200, .flags = AG_RF_ETAG,
             .body = &ag_prompt_input_schema, .reply = &ag_prompt_schema),
    AG_ROUTE("deletePrompt", DELETE, "/v1/prompts/{id}", PROMPTS_WRITE, prompt_delete,
             "Delete a prompt", .doc = "It can be restored for 30 days.", .resource = "prompt",
             .tag = "Prompts", .status = 204, .flags = AG_RF_ETAG),
    AG_ROUTE("restorePrompt", POST, "/v1/prompts/{id}/restore", PROMPTS_WRITE, prompt_restore,
             "Undo the deletion of a prompt", .doc = "A prompt that is there stays as it is.",
             .resource = "prompt", .tag = "Prompts", .status = 200, .reply = &ag_prompt_schema),
};
