/* What an administrator of the server sets: limits, plans, blocks. */
#include "core/limits.h"

#include "api/route.h"

/* ---- settings ---- */

static enum ag_err settings_get(struct ag_ctx *ctx)
{
    struct ag_settings settings = ag_settings(ctx->scope.core);
    return ag_ctx_reply(ctx, &settings);
}

static enum ag_err settings_patch(struct ag_ctx *ctx)
{
    struct ag_settings settings;
    AG_TRY(ag_settings_change(&ctx->scope, ctx->body, &settings));
    return ag_ctx_reply(ctx, &settings);
}

/* ---- plans ---- */

struct org_query {
    uint64_t set;
    int64_t limit;
    struct ag_str cursor, q;
};

static const struct ag_field org_query_fields[] = {
    AG_FIELD(struct org_query, limit, AG_F_INT, 0, .min = 1, .max = 100, .def = "20",
             .doc = "Items per page"),
    AG_FIELD(struct org_query, cursor, AG_F_STRING, 0, .min = 1, .max = 700,
             .doc = "`next_cursor` of the page before"),
    AG_FIELD(struct org_query, q, AG_F_STRING, 0, .max = 200,
             .doc = "Only those whose name, or owner's e-mail address, contains this text"),
};
static AG_SCHEMA(org_query_schema, NULL, struct org_query, "A page of organisations",
                 org_query_fields);

static struct ag_list_key org_key(const void *item)
{
    return (struct ag_list_key){.id = ((const struct ag_org_plan *)item)->id};
}

static enum ag_err org_list(struct ag_ctx *ctx)
{
    const struct org_query *query = ctx->query;
    const struct ag_list_query common = {
        .limit = query->limit, .cursor = query->cursor, .q = query->q};
    struct ag_page page;
    struct ag_list orgs;
    AG_TRY(ag_ctx_page(ctx, &common, &page));
    AG_TRY(ag_org_plans_list(ctx->scope.core->db, ctx->scope.arena, &page, &orgs));
    return ag_ctx_reply_list(ctx, &page, &orgs, org_key);
}

static enum ag_err org_patch(struct ag_ctx *ctx)
{
    struct ag_org_plan org;
    AG_TRY(ag_plan_change(&ctx->scope, ctx->id, ctx->body, &org));
    return ag_ctx_reply(ctx, &org);
}

/* ---- blocks ---- */

struct block_query {
    uint64_t set;
    int64_t limit;
    struct ag_str cursor, kind;
};

static const struct ag_field block_query_fields[] = {
    AG_FIELD(struct block_query, limit, AG_F_INT, 0, .min = 1, .max = 100, .def = "20",
             .doc = "Items per page"),
    AG_FIELD(struct block_query, cursor, AG_F_STRING, 0, .min = 1, .max = 700,
             .doc = "`next_cursor` of the page before"),
    AG_FIELD(struct block_query, kind, AG_F_ENUM, 0, .choices = "address|account",
             .doc = "Only of addresses, or only of accounts"),
};
static AG_SCHEMA(block_query_schema, NULL, struct block_query, "A page of blocks",
                 block_query_fields);

static struct ag_list_key block_key(const void *item)
{
    return (struct ag_list_key){.id = ((const struct ag_block *)item)->id};
}

static enum ag_err block_list(struct ag_ctx *ctx)
{
    const struct block_query *query = ctx->query;
    const struct ag_list_query common = {.limit = query->limit, .cursor = query->cursor};
    struct ag_page page;
    struct ag_list blocks;
    AG_TRY(ag_ctx_page(ctx, &common, &page));
    AG_TRY(ag_blocks_list(ctx->scope.core->db, ctx->scope.arena, query->kind, &page, ag_wall_ms(),
                          &blocks));
    return ag_ctx_reply_list(ctx, &page, &blocks, block_key);
}

static enum ag_err block_create(struct ag_ctx *ctx)
{
    struct ag_block block;
    AG_TRY(ag_block_create(&ctx->scope, ctx->body, &ctx->address, &block));
    return ag_ctx_reply(ctx, &block);
}

static enum ag_err block_lift(struct ag_ctx *ctx)
{
    AG_TRY(ag_block_lift(&ctx->scope, ctx->id));
    return ag_ctx_reply_empty(ctx);
}

const struct ag_route ag_limit_routes[AG_LIMIT_ROUTES] = {
    AG_ROUTE("getSettings", GET, "/v1/admin/settings", ADMIN_SETTINGS, settings_get,
             "Read the server's settings", .tag = "Administration", .status = 200,
             .reply = &ag_settings_schema),
    AG_ROUTE("updateSettings", PATCH, "/v1/admin/settings", ADMIN_SETTINGS, settings_patch,
             "Change the server's settings",
             .doc = "What is left out stays. In force at once, on other servers of the same "
                    "database within five seconds.",
             .tag = "Administration", .flags = AG_RF_RECENT, .status = 200,
             .body = &ag_settings_input_schema, .max_body = AG_SMALL_BODY_BYTES,
             .reply = &ag_settings_schema),
    AG_ROUTE("listOrganizationPlans", GET, "/v1/admin/orgs", ADMIN_ORGS, org_list,
             "List the server's organisations", .doc = "Newest first.", .tag = "Administration",
             .status = 200, .flags = AG_RF_LIST, .query = &org_query_schema,
             .reply = &ag_org_plan_schema),
    AG_ROUTE("updateOrganizationPlan", PATCH, "/v1/admin/orgs/{id}", ADMIN_ORGS, org_patch,
             "Set an organisation's plan",
             .doc = "What is left out stays. In force at once, on other servers of the same "
                    "database within five seconds.",
             .tag = "Administration", .resource = "organization", .status = 200,
             .body = &ag_plan_input_schema, .max_body = AG_SMALL_BODY_BYTES,
             .reply = &ag_org_plan_schema),
    AG_ROUTE("listBlocks", GET, "/v1/admin/blocked-ips", ADMIN_BLOCKS, block_list,
             "List who may not sign in for a while",
             .doc = "Addresses and accounts of which too many sign-ins failed, and addresses that "
                    "an administrator blocked. Newest first.",
             .tag = "Administration", .status = 200, .flags = AG_RF_LIST,
             .query = &block_query_schema, .reply = &ag_block_schema),
    AG_ROUTE("createBlock", POST, "/v1/admin/blocked-ips", ADMIN_BLOCKS, block_create,
             "Block an address",
             .doc = "Every request from it is refused with 429, whatever credentials it carries.",
             .tag = "Administration", .status = 201, .body = &ag_block_input_schema,
             .max_body = AG_SMALL_BODY_BYTES, .reply = &ag_block_schema),
    AG_ROUTE("liftBlock", DELETE, "/v1/admin/blocked-ips/{id}", ADMIN_BLOCKS, block_lift,
             "Lift a block", .doc = "The failed sign-ins that led to it are forgotten.",
             .tag = "Administration", .resource = "block", .status = 204),
};
