#include "core/orgs.h"

#include "api/route.h"

/* A key belongs to one organisation: it knows of no other, and does not join or leave. */
#define SESSION_ONLY AG_CRED_TOKEN | AG_CRED_COOKIE

static struct ag_list_key summary_key(const void *item)
{
    return (struct ag_list_key){.id = ((const struct ag_org_summary *)item)->id};
}

static enum ag_err org_list(struct ag_ctx *ctx)
{
    struct ag_page page;
    struct ag_list orgs;
    AG_TRY(ag_ctx_page(ctx, ctx->query, &page));
    AG_TRY(ag_org_list(&ctx->scope, &page, &orgs));
    return ag_ctx_reply_list(ctx, &page, &orgs, summary_key);
}

static enum ag_err org_create(struct ag_ctx *ctx)
{
    const struct ag_org_input *input = ctx->body;
    struct ag_org org;
    AG_TRY(ag_org_create(&ctx->scope, input->name, &org));
    return ag_ctx_reply(ctx, &org);
}

static enum ag_err org_switch(struct ag_ctx *ctx)
{
    struct ag_me me;
    AG_TRY(ag_org_switch(&ctx->scope, ctx->id, &me));
    return ag_ctx_reply(ctx, &me);
}

static enum ag_err org_get(struct ag_ctx *ctx)
{
    struct ag_org org;
    AG_TRY(ag_org_current(&ctx->scope, &org));
    return ag_ctx_reply(ctx, &org);
}

static enum ag_err org_rename(struct ag_ctx *ctx)
{
    const struct ag_org_input *input = ctx->body;
    struct ag_org org;
    AG_TRY(ag_org_rename(&ctx->scope, input->name, &org));
    return ag_ctx_reply(ctx, &org);
}

static enum ag_err org_delete(struct ag_ctx *ctx)
{
    AG_TRY(ag_org_delete(&ctx->scope));
    return ag_ctx_reply_empty(ctx);
}

static enum ag_err org_transfer(struct ag_ctx *ctx)
{
    const struct ag_transfer_input *input = ctx->body;
    AG_TRY(ag_org_transfer(&ctx->scope, input->user_id));
    return ag_ctx_reply_empty(ctx);
}

static enum ag_err org_leave(struct ag_ctx *ctx)
{
    AG_TRY(ag_org_leave(&ctx->scope));
    return ag_ctx_reply_empty(ctx);
}

const struct ag_route ag_org_routes[AG_ORG_ROUTES] = {
    AG_ROUTE("listOrganizations", GET, "/v1/orgs", ACCOUNT_READ, org_list,
             "List one's organisations", .doc = "The newest first.", .tag = "Organisation",
             .credentials = SESSION_ONLY, .status = 200, .flags = AG_RF_LIST,
             .query = &ag_cursor_query_schema, .reply = &ag_org_summary_schema),
    AG_ROUTE("createOrganization", POST, "/v1/orgs", ACCOUNT_WRITE, org_create,
             "Make an organisation",
             .doc = "The account becomes its owner. The session goes on where it is: switch to "
                    "the new one to work there.",
             .tag = "Organisation", .credentials = SESSION_ONLY, .status = 201,
             .flags = AG_RF_IDEMPOTENT, .body = &ag_org_input_schema,
             .max_body = AG_SMALL_BODY_BYTES, .reply = &ag_org_schema, .errors = {AG_E_CONFLICT}),
    AG_ROUTE("switchOrganization", POST, "/v1/orgs/{id}/switch", ACCOUNT_READ, org_switch,
             "Act in another of one's organisations",
             .doc = "From now on, with this session: its tokens and its cookie alike. API keys "
                    "stay in their organisation.",
             .resource = "org", .tag = "Organisation", .credentials = SESSION_ONLY, .status = 200,
             .reply = &ag_me_schema),
    AG_ROUTE("getOrganization", GET, "/v1/org", ORG_READ, org_get, "Read the current organisation",
             .tag = "Organisation", .status = 200, .reply = &ag_org_schema,
             .errors = {AG_E_NOT_FOUND}),
    AG_ROUTE("updateOrganization", PATCH, "/v1/org", ORG_WRITE, org_rename,
             "Change the current organisation", .tag = "Organisation", .status = 200,
             .body = &ag_org_input_schema, .max_body = AG_SMALL_BODY_BYTES, .reply = &ag_org_schema,
             .errors = {AG_E_NOT_FOUND}),
    AG_ROUTE("deleteOrganization", DELETE, "/v1/org", ORG_DELETE, org_delete,
             "Delete the current organisation",
             .doc = "Its members are out at once, their sessions back in their own organisations, "
                    "its API keys refused; what it has is removed for good soon after. There is "
                    "no way back.",
             .tag = "Organisation", .status = 204, .flags = AG_RF_RECENT,
             .errors = {AG_E_CONFLICT, AG_E_NOT_FOUND}),
    AG_ROUTE("transferOrganization", POST, "/v1/org/transfer", ORG_DELETE, org_transfer,
             "Hand over the current organisation",
             .doc = "The member becomes an owner, and the account that asks an admin.",
             .tag = "Organisation", .status = 204, .flags = AG_RF_RECENT,
             .body = &ag_transfer_input_schema, .max_body = AG_SMALL_BODY_BYTES,
             .errors = {AG_E_CONFLICT}),
    AG_ROUTE("leaveOrganization", POST, "/v1/org/leave", ACCOUNT_WRITE, org_leave,
             "Leave the current organisation",
             .doc = "The account's own API keys there end; its private agents become the oldest "
                    "owner's. The last owner cannot leave.",
             .tag = "Organisation", .credentials = SESSION_ONLY, .status = 204,
             .errors = {AG_E_CONFLICT}),
};
