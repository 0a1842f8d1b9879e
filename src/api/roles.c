#include "core/orgs.h"

#include "api/route.h"

/* There are few: all of them are one page. */
static enum ag_err reply_all(struct ag_ctx *ctx, const struct ag_list *items)
{
    const struct ag_page page = {.limit = (int64_t)items->count + 1};
    return ag_ctx_reply_list(ctx, &page, items, NULL);
}

static enum ag_err role_list(struct ag_ctx *ctx)
{
    struct ag_list roles;
    AG_TRY(ag_role_list(&ctx->scope, &roles));
    return reply_all(ctx, &roles);
}

static enum ag_err role_create(struct ag_ctx *ctx)
{
    struct ag_org_role role;
    AG_TRY(ag_role_create(&ctx->scope, ctx->body, &role));
    return ag_ctx_reply(ctx, &role);
}

static enum ag_err role_replace(struct ag_ctx *ctx)
{
    struct ag_org_role role;
    AG_TRY(ag_role_replace(&ctx->scope, ctx->id, ctx->body, &role));
    return ag_ctx_reply(ctx, &role);
}

static enum ag_err role_delete(struct ag_ctx *ctx)
{
    AG_TRY(ag_role_delete(&ctx->scope, ctx->id));
    return ag_ctx_reply_empty(ctx);
}

static enum ag_err permission_list(struct ag_ctx *ctx)
{
    struct ag_list permissions;
    AG_TRY(ag_permission_list(ctx->scope.arena, &permissions));
    return reply_all(ctx, &permissions);
}

const struct ag_route ag_role_routes[AG_ROLE_ROUTES] = {
    AG_ROUTE("listRoles", GET, "/v1/roles", ORG_READ, role_list, "List the organisation's roles",
             .doc = "The built-in ones first, then its own by name, all on one page.",
             .tag = "Organisation", .status = 200, .flags = AG_RF_LIST,
             .reply = &ag_org_role_schema),
    AG_ROUTE("createRole", POST, "/v1/roles", ROLES_WRITE, role_create, "Make a role",
             .doc = "Of permissions that one holds. `account:read` and `account:write`, which "
                    "concern one's own account, belong to every role.",
             .tag = "Organisation", .status = 201, .flags = AG_RF_IDEMPOTENT,
             .body = &ag_own_role_input_schema, .max_body = AG_SMALL_BODY_BYTES,
             .reply = &ag_org_role_schema, .errors = {AG_E_CONFLICT}),
    AG_ROUTE("replaceRole", PUT, "/v1/roles/{id}", ROLES_WRITE, role_replace, "Change a role",
             .doc = "For all members who have it, at once. Nobody changes a role that may do more "
                    "than they.",
             .resource = "role", .tag = "Organisation", .status = 200,
             .body = &ag_own_role_input_schema, .max_body = AG_SMALL_BODY_BYTES,
             .reply = &ag_org_role_schema, .errors = {AG_E_CONFLICT}),
    AG_ROUTE("deleteRole", DELETE, "/v1/roles/{id}", ROLES_WRITE, role_delete, "Delete a role",
             .doc = "One that no member has and no open invitation promises.", .resource = "role",
             .tag = "Organisation", .status = 204, .errors = {AG_E_CONFLICT}),
    AG_ROUTE("listPermissions", GET, "/v1/permissions", ORG_READ, permission_list,
             "List what there is to permit",
             .doc = "All on one page. `own_roles` says whether roles of an organisation's own can "
                    "hold a permission.",
             .tag = "Organisation", .status = 200, .flags = AG_RF_LIST,
             .reply = &ag_permission_schema),
};
