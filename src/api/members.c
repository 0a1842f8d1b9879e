#include "core/orgs.h"

#include "api/route.h"

static struct ag_list_key member_key(const void *item)
{
    const struct ag_member *member = item;
    return (struct ag_list_key){.id = member->id, .name = member->name};
}

static enum ag_err member_list(struct ag_ctx *ctx)
{
    struct ag_list_query query = *(const struct ag_list_query *)ctx->query;
    struct ag_page page;
    struct ag_list members;
    query.sort = AG_STR("name");
    AG_TRY(ag_ctx_page(ctx, &query, &page));
    AG_TRY(ag_members_list(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.org_id, &page,
                           &members));
    return ag_ctx_reply_list(ctx, &page, &members, member_key);
}

static enum ag_err member_change(struct ag_ctx *ctx)
{
    struct ag_member member;
    AG_TRY(ag_member_change(&ctx->scope, ctx->id, ctx->body, &member));
    return ag_ctx_reply(ctx, &member);
}

static enum ag_err member_remove(struct ag_ctx *ctx)
{
    AG_TRY(ag_member_remove(&ctx->scope, ctx->id));
    return ag_ctx_reply_empty(ctx);
}

const struct ag_route ag_member_routes[AG_MEMBER_ROUTES] = {
    AG_ROUTE("listMembers", GET, "/v1/members", ORG_READ, member_list,
             "List the organisation's members", .doc = "By name.", .tag = "Organisation",
             .status = 200, .flags = AG_RF_LIST, .query = &ag_member_query_schema,
             .reply = &ag_member_schema),
    AG_ROUTE("updateMember", PATCH, "/v1/members/{id}", MEMBERS_WRITE, member_change,
             "Give a member another role",
             .doc = "Nobody changes a member who may do more than they, nor gives a role that "
                    "may. An organisation keeps an owner. Who is an owner is changed with a "
                    "recent sign-in alone. It is in force at once.",
             .resource = "member", .tag = "Organisation", .status = 200,
             .body = &ag_role_input_schema, .max_body = AG_SMALL_BODY_BYTES,
             .reply = &ag_member_schema, .errors = {AG_E_CONFLICT, AG_E_REAUTH}),
    AG_ROUTE("removeMember", DELETE, "/v1/members/{id}", MEMBERS_WRITE, member_remove,
             "Remove a member",
             .doc = "Their sessions are back in their own organisation at once, their own API "
                    "keys here end, and their private agents become the remover's. The "
                    "organisation's keys that they made live on.",
             .resource = "member", .tag = "Organisation", .status = 204,
             .errors = {AG_E_CONFLICT, AG_E_REAUTH}),
};
