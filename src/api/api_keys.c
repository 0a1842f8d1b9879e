#include "api/route.h"

struct key_query {
    uint64_t set;
    int64_t limit;
    struct ag_str cursor;
    bool shared;
};
enum { KEY_QUERY_SHARED = 2 };

static const struct ag_field key_query_fields[] = {
    AG_FIELD(struct key_query, limit, AG_F_INT, 0, .min = 1, .max = 100, .def = "20",
             .doc = "Items per page"),
    AG_FIELD(struct key_query, cursor, AG_F_STRING, 0, .min = 1, .max = 700,
             .doc = "`next_cursor` of the page before"),
    [KEY_QUERY_SHARED] = AG_FIELD(struct key_query, shared, AG_F_BOOL, 0,
                                  .doc = "Only keys of the organisation, or only people's"),
};
static AG_SCHEMA(key_query_schema, NULL, struct key_query, "A page of API keys", key_query_fields);

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
    const struct key_query *query = ctx->query;
    const struct ag_list_query common = {.limit = query->limit, .cursor = query->cursor};
    struct ag_page page;
    struct ag_list keys;
    AG_TRY(ag_ctx_page(ctx, &common, &page));
    AG_TRY(ag_api_key_list(&ctx->scope, ag_doc_has(query, KEY_QUERY_SHARED), query->shared, &page,
                           &keys));
    return ag_ctx_reply_list(ctx, &page, &keys, key_of);
}

static enum ag_err key_change(struct ag_ctx *ctx)
{
    struct ag_api_key key;
    AG_TRY(ag_api_key_change(&ctx->scope, ctx->id, ctx->body, &key));
    return ag_ctx_reply(ctx, &key);
}

static enum ag_err key_delete(struct ag_ctx *ctx)
{
    AG_TRY(ag_api_key_revoke(&ctx->scope, ctx->id));
    return ag_ctx_reply_empty(ctx);
}

const struct ag_route ag_api_key_routes[AG_API_KEY_ROUTES] = {
    AG_ROUTE("createApiKey", POST, "/v1/api-keys", KEYS_WRITE, key_create, "Create an API key",
             .doc = "The key itself is in this reply alone, not in its replay by an "
                    "Idempotency-Key. It holds no more than who makes it. One that is made with "
                    "another key ends with that at the latest, is no faster, and is revoked with "
                    "it. With `shared` it is the organisation's own, which needs `keys:manage` and "
                    "a list of scopes. A person has at most 200 in an organisation, and so has "
                    "the organisation itself: 409. Scopes that administer the server need a recent "
                    "sign-in.",
             .tag = "API keys", .status = 201, .flags = AG_RF_IDEMPOTENT,
             .body = &ag_api_key_input_schema, .max_body = AG_SMALL_BODY_BYTES,
             .reply = &ag_api_key_schema, .errors = {AG_E_CONFLICT, AG_E_REAUTH}),
    AG_ROUTE("listApiKeys", GET, "/v1/api-keys", KEYS_READ, key_list, "List API keys",
             .doc = "One's own; with `keys:manage` all of the organisation.", .tag = "API keys",
             .status = 200, .flags = AG_RF_LIST, .query = &key_query_schema,
             .reply = &ag_api_key_schema),
    AG_ROUTE("updateApiKey", PATCH, "/v1/api-keys/{id}", KEYS_WRITE, key_change,
             "Change a part of an API key",
             .doc = "What is left out stays; scopes never change. For whoever owns it, and for "
                    "those of the organisation with `keys:manage`, signed in: a key changes none.",
             .resource = "api_key", .tag = "API keys",
             .credentials = AG_CRED_TOKEN | AG_CRED_COOKIE, .status = 200,
             .body = &ag_api_key_patch_schema, .max_body = AG_SMALL_BODY_BYTES,
             .reply = &ag_api_key_schema),
    AG_ROUTE("deleteApiKey", DELETE, "/v1/api-keys/{id}", KEYS_WRITE, key_delete,
             "Revoke an API key",
             .doc = "It is refused from now on, and so is every key that was made with it. "
                    "One's own; with `keys:manage` any of the organisation.",
             .resource = "api_key", .tag = "API keys", .status = 204),
};
