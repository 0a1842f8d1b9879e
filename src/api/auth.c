#include "api/route.h"
#include "core/accounts.h"
#include "core/limits.h"

static enum ag_err reply_grant(struct ag_ctx *ctx, const struct ag_grant *grant)
{
    AG_TRY(ag_ctx_session_cookie(ctx, grant->cookie));
    return ag_ctx_reply(ctx, grant);
}

static enum ag_err auth_register(struct ag_ctx *ctx)
{
    const struct ag_register_input *input = ctx->body;
    struct ag_grant grant;
    /* An invitation that does not hold makes no account. */
    if (input->invitation.len == 0 && !ag_registration_is_open(ctx->scope.core))
        return ag_fail(AG_E_FORBIDDEN, "accounts are made by invitation: ask an administrator");
    ag_ctx_note_client(ctx);
    AG_TRY(ag_register(&ctx->scope, input, &grant));
    return reply_grant(ctx, &grant);
}

static enum ag_err auth_login(struct ag_ctx *ctx)
{
    struct ag_grant grant;
    ag_ctx_note_client(ctx);
    AG_TRY(ag_login(&ctx->scope, ctx->body, &grant));
    return reply_grant(ctx, &grant);
}

static enum ag_err auth_refresh(struct ag_ctx *ctx)
{
    const struct ag_refresh_input *input = ctx->body;
    struct ag_grant grant;
    AG_TRY(ag_refresh(&ctx->scope, input->refresh_token, &grant));
    return reply_grant(ctx, &grant);
}

static enum ag_err auth_logout(struct ag_ctx *ctx)
{
    AG_TRY(ag_logout(&ctx->scope));
    AG_TRY(ag_ctx_set_cookie(ctx, AG_SESSION_COOKIE, AG_STR(""), 0));
    return ag_ctx_reply_empty(ctx);
}

static enum ag_err auth_me(struct ag_ctx *ctx)
{
    struct ag_me me;
    AG_TRY(ag_me(&ctx->scope, &me));
    return ag_ctx_reply(ctx, &me);
}

static enum ag_err auth_change_me(struct ag_ctx *ctx)
{
    struct ag_me me;
    AG_TRY(ag_me_change(&ctx->scope, ctx->body, &me));
    return ag_ctx_reply(ctx, &me);
}

static enum ag_err auth_delete_me(struct ag_ctx *ctx)
{
    AG_TRY(ag_me_delete(&ctx->scope));
    AG_TRY(ag_ctx_set_cookie(ctx, AG_SESSION_COOKIE, AG_STR(""), 0));
    return ag_ctx_reply_empty(ctx);
}

/* Guessing a password with a stolen session is as slow as signing in should be. */
static const struct ag_route_limit change_limit = {
    .per_user = {.count = 10, .per_ms = 60 * 1000},
};

/* Each makes an account, and writes to an address that may be anybody's. */
static const struct ag_route_limit register_limit = {
    .per_ip = {.count = 30, .per_ms = 60 * 1000},
};

const struct ag_route ag_auth_routes[AG_AUTH_ROUTES] = {
    AG_ROUTE("register", POST, "/v1/auth/register", PUBLIC, auth_register, "Register an account",
             .doc = "The first account of a server becomes its administrator. Every account gets "
                    "an organisation of its own; with an `invitation` it also joins the one that "
                    "invites, or is not made when the invitation does not hold.",
             .tag = "Identity", .status = 201, .flags = AG_RF_SIGN_IN, .body = &ag_register_schema,
             .max_body = AG_SMALL_BODY_BYTES, .reply = &ag_grant_schema, .limit = &register_limit,
             .errors = {AG_E_EMAIL_TAKEN, AG_E_FORBIDDEN, AG_E_CONFLICT, AG_E_OVERLOADED}),
    AG_ROUTE("login", POST, "/v1/auth/login", PUBLIC, auth_login, "Sign in",
             .doc = "Also sets the browser's session cookie.", .tag = "Identity", .status = 200,
             .flags = AG_RF_SIGN_IN, .body = &ag_login_schema, .max_body = AG_SMALL_BODY_BYTES,
             .reply = &ag_grant_schema,
             .errors = {AG_E_BAD_CREDENTIALS, AG_E_FORBIDDEN, AG_E_OVERLOADED}),
    AG_ROUTE("refreshToken", POST, "/v1/auth/refresh", PUBLIC, auth_refresh,
             "Trade a refresh token for a new pair",
             .doc = "Each refresh token works once. Using one twice ends its session.",
             .tag = "Identity", .status = 200, .body = &ag_refresh_schema,
             .max_body = AG_SMALL_BODY_BYTES, .reply = &ag_grant_schema,
             .errors = {AG_E_UNAUTHENTICATED, AG_E_FORBIDDEN}),
    AG_ROUTE("logout", POST, "/v1/auth/logout", ACCOUNT_WRITE, auth_logout, "Sign out",
             .doc = "Ends the session: its tokens are refused from now on.", .tag = "Identity",
             .status = 204),
    AG_ROUTE("getMe", GET, "/v1/auth/me", ACCOUNT_READ, auth_me, "Read the current account",
             .tag = "Identity", .agent_keys = AG_AGENT_KEYS_SELF, .status = 200,
             .reply = &ag_me_schema),
    AG_ROUTE("updateMe", PATCH, "/v1/auth/me", ACCOUNT_WRITE, auth_change_me,
             "Change the current account",
             .doc = "What is left out stays. A new password needs the current one, or, where there "
                    "is none yet, a recent sign-in; it ends every other session.",
             .tag = "Identity", .status = 200, .body = &ag_me_input_schema,
             .max_body = AG_SMALL_BODY_BYTES, .reply = &ag_me_schema, .limit = &change_limit,
             .errors = {AG_E_STALE, AG_E_OVERLOADED, AG_E_REAUTH}),
    AG_ROUTE("deleteMe", DELETE, "/v1/auth/me", ACCOUNT_WRITE, auth_delete_me,
             "Delete the current account",
             .doc = "At once, and for good: sessions, tokens and keys are refused from now on, and "
                    "what is in the personal organisation is purged. What was made in "
                    "organisations that others share stays there. 409 for the last administrator "
                    "of the server and for the last owner of an organisation that has other "
                    "members; organisations without any are deleted, too.",
             .tag = "Identity", .flags = AG_RF_RECENT, .status = 204, .errors = {AG_E_CONFLICT}),
};
