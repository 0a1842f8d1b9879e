#include "api/route.h"

static enum ag_err key_create(struct ag_ctx *ctx)
{
    struct ag_api_key key;
    AG_TRY(ag_api_key_create(&ctx->scope, ctx->body, &key));
    AG_TRY(ag_ctx_reply(ctx, &key));
    /* The secret is told once and kept nowhere: not in the reply that an Idempotency-Key stores. */
    key.set &= ~(UINT64_C(1) << AG_API_KEY_KEY);
    ag_buf_init(&ctx->stored, ctx->scope.arena, 64 * 1024);
    return ag_fields_encode(&ag_api_key_schema, &key, &ctx->stored);
}

static struct ag_list_key key_of(const void *item)
{
    return (struct ag_list_key){.id = ((const struct ag_api_key *)item)->id};
}

static enum ag_err key_list(struct ag_ctx *ctx)
{
    struct ag_page page;
    struct ag_list keys;
    AG_TRY(ag_ctx_page(ctx, ctx->query, &page));
    AG_TRY(ag_api_keys_list(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.org_id,
                            ctx->scope.who.user_id, &page, &keys));
    return ag_ctx_reply_list(ctx, &page, &keys, key_of);
}

static enum ag_err key_delete(struct ag_ctx *ctx)
{
    AG_TRY(ag_api_key_revoke(&ctx->scope, ctx->id));
    return ag_ctx_reply_empty(ctx);
}

const struct ag_route ag_api_key_routes[AG_API_KEY_ROUTES] = {
    AG_ROUTE(
        "createApiKey", POST, "/v1/api-keys", KEYS_WRITE, key_create, "Create an API key",
        .doc = "The key itself is in this reply alone, not in its replay by an Idempotency-Key.",
        .tag = "API keys", .status = 201, .flags = AG_RF_IDEMPOTENT,
        .body = &ag_api_key_input_schema, .reply = &ag_api_key_schema),
    AG_ROUTE("listApiKeys", GET, "/v1/api-keys", KEYS_READ, key_list, "List one's API keys",
             .tag = "API keys", .status = 200, .flags = AG_RF_LIST,
             .query = &ag_cursor_query_schema, .reply = &ag_api_key_schema),
    AG_ROUTE("deleteApiKey", DELETE, "/v1/api-keys/{id}", KEYS_WRITE, key_delete,
             "Revoke an API key", .doc = "It is refused from now on.", .resource = "api_key",
             .tag = "API keys", .status = 204),
};
