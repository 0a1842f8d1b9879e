#include "api/route.h"
#include "core/accounts.h"

static struct ag_list_key account_key(const void *item)
{
    return (struct ag_list_key){.id = ((const struct ag_account *)item)->id};
}

static enum ag_err user_list(struct ag_ctx *ctx)
{
    struct ag_page page;
    struct ag_list accounts;
    AG_TRY(ag_ctx_page(ctx, ctx->query, &page));
    AG_TRY(ag_accounts_list(ctx->scope.core->db, ctx->scope.arena, &page, &accounts));
    return ag_ctx_reply_list(ctx, &page, &accounts, account_key);
}

static enum ag_err user_get(struct ag_ctx *ctx)
{
    struct ag_account account;
    AG_TRY(ag_accounts_get(ctx->scope.core->db, ctx->scope.arena, ctx->id, &account));
    return ag_ctx_reply(ctx, &account);
}

static enum ag_err user_change(struct ag_ctx *ctx)
{
    const struct ag_standing_input *input = ctx->body;
    struct ag_account account;
    /* Who else administers the server is nothing to decide with a key, or a session left open. */
    if (ag_doc_has(input, AG_STANDING_ROLE)) AG_TRY(ag_require_recent(&ctx->scope));
    AG_TRY(ag_account_set_standing(&ctx->scope, ctx->id, ctx->body, &account));
    return ag_ctx_reply(ctx, &account);
}

static enum ag_err user_reset(struct ag_ctx *ctx)
{
    AG_TRY(ag_account_send_reset(&ctx->scope, ctx->id));
    return ag_ctx_reply_empty(ctx);
}

static enum ag_err user_sign_out(struct ag_ctx *ctx)
{
    AG_TRY(ag_account_sign_out(&ctx->scope, ctx->id));
    return ag_ctx_reply_empty(ctx);
}

static enum ag_err user_delete(struct ag_ctx *ctx)
{
    AG_TRY(ag_account_delete(&ctx->scope, ctx->id));
    return ag_ctx_reply_empty(ctx);
}

const struct ag_route ag_admin_user_routes[AG_ADMIN_USER_ROUTES] = {
    AG_ROUTE("listUsers", GET, "/v1/admin/users", ADMIN_USERS, user_list,
             "List the server's accounts", .doc = "The newest first.", .tag = "Administration",
             .status = 200, .flags = AG_RF_LIST, .query = &ag_account_query_schema,
             .reply = &ag_account_schema),
    AG_ROUTE("getUser", GET, "/v1/admin/users/{id}", ADMIN_USERS, user_get, "Read an account",
             .resource = "user", .tag = "Administration", .status = 200,
             .reply = &ag_account_schema),
    AG_ROUTE("updateUser", PATCH, "/v1/admin/users/{id}", ADMIN_USERS, user_change,
             "Suspend, resume, promote or demote an account",
             .doc = "What is left out stays. A suspended account's sessions, tokens and keys are "
                    "refused at once. 409 for one's own account and for the last administrator. A "
                    "role needs a recent sign-in.",
             .resource = "user", .tag = "Administration", .status = 200,
             .body = &ag_standing_input_schema, .max_body = AG_SMALL_BODY_BYTES,
             .reply = &ag_account_schema, .errors = {AG_E_CONFLICT, AG_E_REAUTH}),
    AG_ROUTE("deleteUser", DELETE, "/v1/admin/users/{id}", ADMIN_USERS, user_delete,
             "Delete an account",
             .doc = "As `deleteMe` does. 409 for one's own account, for the last administrator and "
                    "for the last owner of an organisation that has other members.",
             .resource = "user", .tag = "Administration", .flags = AG_RF_RECENT, .status = 204,
             .errors = {AG_E_CONFLICT}),
    AG_ROUTE("sendUserPasswordReset", POST, "/v1/admin/users/{id}/reset-password", ADMIN_USERS,
             user_reset, "Mail an account a link that sets a new password",
             .doc = "The link works for an hour. Where no mail server is configured it stands in "
                    "the server's log.",
             .resource = "user", .tag = "Administration", .status = 202,
             .errors = {AG_E_CONFLICT, AG_E_RATE_LIMITED}),
    AG_ROUTE("signUserOut", POST, "/v1/admin/users/{id}/sign-out", ADMIN_USERS, user_sign_out,
             "End all sessions of an account", .doc = "API keys stay.", .resource = "user",
             .tag = "Administration", .status = 204),
};
