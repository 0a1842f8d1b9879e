#include "core/accounts.h"

#include "api/route.h"

static enum ag_err verify_email(struct ag_ctx *ctx)
{
    const struct ag_token_input *input = ctx->body;
    AG_TRY(ag_email_verify(&ctx->scope, input->token));
    return ag_ctx_reply_empty(ctx);
}

static enum ag_err resend_verification(struct ag_ctx *ctx)
{
    AG_TRY(ag_verification_resend(&ctx->scope));
    return ag_ctx_reply_empty(ctx);
}

static enum ag_err change_email(struct ag_ctx *ctx)
{
    const struct ag_email_input *input = ctx->body;
    AG_TRY(ag_email_change(&ctx->scope, input->email));
    return ag_ctx_reply_empty(ctx);
}

static enum ag_err forgot_password(struct ag_ctx *ctx)
{
    const struct ag_email_input *input = ctx->body;
    AG_TRY(ag_password_forgot(&ctx->scope, input->email));
    return ag_ctx_reply_empty(ctx);
}

static enum ag_err reset_password(struct ag_ctx *ctx)
{
    AG_TRY(ag_password_reset(&ctx->scope, ctx->body));
    return ag_ctx_reply_empty(ctx);
}

static enum ag_err reauthenticate(struct ag_ctx *ctx)
{
    const struct ag_password_input *input = ctx->body;
    AG_TRY(ag_reauthenticate(&ctx->scope, input->password));
    return ag_ctx_reply_empty(ctx);
}

static struct ag_list_key session_key(const void *item)
{
    return (struct ag_list_key){.id = ((const struct ag_session_info *)item)->id};
}

static enum ag_err session_list(struct ag_ctx *ctx)
{
    const struct ag_principal *who = &ctx->scope.who;
    struct ag_page page;
    struct ag_list sessions;
    AG_TRY(ag_ctx_page(ctx, ctx->query, &page));
    AG_TRY(ag_sessions_list(ctx->scope.core->db, ctx->scope.arena, who->user_id, who->session_id,
                            &page, &sessions));
    return ag_ctx_reply_list(ctx, &page, &sessions, session_key);
}

static enum ag_err session_delete(struct ag_ctx *ctx)
{
    AG_TRY(ag_session_end(&ctx->scope, ctx->id));
    return ag_ctx_reply_empty(ctx);
}

static enum ag_err session_delete_others(struct ag_ctx *ctx)
{
    AG_TRY(ag_session_end_others(&ctx->scope));
    return ag_ctx_reply_empty(ctx);
}

/* ---- everything of one's own ---- */

static enum ag_err export_write(void *arg, struct ag_str piece)
{
    struct ag_ctx *ctx = arg;
    if (!ag_reply_started(ctx->req)) {
        ag_reply_header(ctx->req, "Content-Disposition",
                        AG_STR("attachment; filename=\"agentgen-account.json\""));
        AG_TRY(ag_stream_begin(ctx->req, "application/json"));
    }
    return ag_stream_write(ctx->req, piece);
}

static enum ag_err export_account(struct ag_ctx *ctx)
{
    const struct ag_export_sink sink = {.write = export_write, .arg = ctx};
    AG_TRY(ag_ctx_answers_long(ctx));
    AG_TRY(ag_account_export(&ctx->scope, &sink));
    return ag_stream_end(ctx->req);
}

/* It reads all that there is. */
static const struct ag_route_limit export_limit = {
    .per_user = {.count = 5, .per_ms = 60 * 60 * 1000},
};

/* Guessing with a stolen session is as slow as signing in should be. */
static const struct ag_route_limit password_limit = {
    .per_user = {.count = 10, .per_ms = 60 * 1000},
};
/* What writes mails, or tries links, without an account. */
static const struct ag_route_limit mail_limit = {
    .per_ip = {.count = 30, .per_ms = 60 * 1000},
};

#define SESSION_ONLY AG_CRED_TOKEN | AG_CRED_COOKIE
#define MAIL_DOC                                                                                   \
    " Where no mail server is configured (`mail` of `GET /v1/auth/providers`) the operator finds " \
    "the link in the server's log."

const struct ag_route ag_account_routes[AG_ACCOUNT_ROUTES] = {
    AG_ROUTE("verifyEmail", POST, "/v1/auth/verify-email", PUBLIC, verify_email,
             "Prove an e-mail address",
             .doc = "With the token of a link to `/verify-email#token=...`. A link to a new "
                    "address makes it the account's. Each link works once; field `token` says "
                    "`unknown`, `used` or `expired`.",
             .tag = "Identity", .status = 204, .body = &ag_token_input_schema,
             .max_body = AG_SMALL_BODY_BYTES, .limit = &mail_limit, .errors = {AG_E_EMAIL_TAKEN}),
    AG_ROUTE("resendVerification", POST, "/v1/auth/resend-verification", ACCOUNT_WRITE,
             resend_verification, "Ask for another link that proves one's address",
             .doc = "It works for 24 hours; earlier ones go on working." MAIL_DOC,
             .tag = "Identity", .credentials = SESSION_ONLY, .status = 202,
             .limit = &password_limit, .errors = {AG_E_CONFLICT}),
    AG_ROUTE(
        "changeEmail", POST, "/v1/auth/change-email", ACCOUNT_WRITE, change_email,
        "Change one's e-mail address",
        .doc = "The new address gets a link, which works for 24 hours and makes it the "
               "account's; the present one gets a notice. Until then nothing changes." MAIL_DOC,
        .tag = "Identity", .flags = AG_RF_RECENT, .status = 202, .body = &ag_email_input_schema,
        .max_body = AG_SMALL_BODY_BYTES, .limit = &password_limit, .errors = {AG_E_EMAIL_TAKEN}),
    AG_ROUTE("forgotPassword", POST, "/v1/auth/forgot-password", PUBLIC, forgot_password,
             "Ask for a link that sets a new password",
             .doc = "The answer is the same whether or not there is such an account. The link, to "
                    "`/reset-password#token=...`, works for an hour, once, and not any more when "
                    "a newer one was asked for." MAIL_DOC,
             .tag = "Identity", .status = 202, .body = &ag_forgot_schema,
             .max_body = AG_SMALL_BODY_BYTES, .limit = &mail_limit),
    AG_ROUTE("resetPassword", POST, "/v1/auth/reset-password", PUBLIC, reset_password,
             "Set a new password by a link",
             .doc = "Ends every session of the account, and proves its address. Field `token` "
                    "says `unknown`, `used` or `expired`.",
             .tag = "Identity", .status = 204, .body = &ag_reset_schema,
             .max_body = AG_SMALL_BODY_BYTES, .limit = &mail_limit, .errors = {AG_E_OVERLOADED}),
    AG_ROUTE("reauthenticate", POST, "/v1/auth/reauthenticate", ACCOUNT_WRITE, reauthenticate,
             "Prove once more who one is",
             .doc = "For 15 minutes the session may then do what answers "
                    "`reauthentication_required` otherwise. 409 when the account has no password; "
                    "it signs in again where it signs in.",
             .tag = "Identity", .credentials = SESSION_ONLY, .status = 204,
             .body = &ag_reauthenticate_schema, .max_body = AG_SMALL_BODY_BYTES,
             .limit = &password_limit, .errors = {AG_E_CONFLICT, AG_E_OVERLOADED}),
    AG_ROUTE("listSessions", GET, "/v1/auth/sessions", ACCOUNT_READ, session_list,
             "List one's sessions", .doc = "The newest first.", .tag = "Identity",
             .credentials = SESSION_ONLY, .status = 200, .flags = AG_RF_LIST,
             .query = &ag_cursor_query_schema, .reply = &ag_session_schema),
    AG_ROUTE("endSession", DELETE, "/v1/auth/sessions/{id}", ACCOUNT_WRITE, session_delete,
             "End one of one's sessions",
             .doc = "Its tokens are refused from now on, also when it is the one that asks.",
             .resource = "session", .tag = "Identity", .credentials = SESSION_ONLY, .status = 204),
    AG_ROUTE("exportAccount", GET, "/v1/auth/export", ACCOUNT_READ, export_account,
             "Download everything there is of one's own",
             .doc = "One JSON document, written as it is read. Of organisations that others share "
                    "it holds what the person made or did there.",
             .tag = "Identity", .flags = AG_RF_RECENT, .status = 200,
             .reply = &ag_account_export_schema, .limit = &export_limit),
    AG_ROUTE("endOtherSessions", DELETE, "/v1/auth/sessions", ACCOUNT_WRITE, session_delete_others,
             "End every session but this one", .tag = "Identity", .credentials = SESSION_ONLY,
             .status = 204),
};
