#include "core/orgs.h"

#include "api/route.h"

/* Anybody may send these. */
enum { TOKEN_MAX_BYTES = 4096 };

static struct ag_list_key invitation_key(const void *item)
{
    return (struct ag_list_key){.id = ((const struct ag_invitation *)item)->id};
}

static enum ag_err invitation_list(struct ag_ctx *ctx)
{
    struct ag_page page;
    struct ag_list invitations;
    AG_TRY(ag_ctx_page(ctx, ctx->query, &page));
    AG_TRY(ag_invitations_list(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.org_id, &page,
                               &invitations));
    return ag_ctx_reply_list(ctx, &page, &invitations, invitation_key);
}

static enum ag_err invitation_create(struct ag_ctx *ctx)
{
    struct ag_invitation invitation;
    AG_TRY(ag_invitation_create(&ctx->scope, ctx->body, &invitation));
    AG_TRY(ag_ctx_reply(ctx, &invitation));
    /* The link is told once and kept nowhere: not in what an Idempotency-Key stores. */
    invitation.set &= ~(UINT64_C(1) << AG_INVITATION_ACCEPT_URL);
    ag_buf_init(&ctx->stored, ctx->scope.arena, 64 * 1024);
    return ag_fields_encode(&ag_invitation_schema, &invitation, &ctx->stored);
}

static enum ag_err invitation_resend(struct ag_ctx *ctx)
{
    struct ag_invitation invitation;
    AG_TRY(ag_invitation_resend(&ctx->scope, ctx->id, &invitation));
    return ag_ctx_reply(ctx, &invitation);
}

static enum ag_err invitation_delete(struct ag_ctx *ctx)
{
    AG_TRY(ag_invitation_revoke(&ctx->scope, ctx->id));
    return ag_ctx_reply_empty(ctx);
}

static enum ag_err invitation_lookup(struct ag_ctx *ctx)
{
    const struct ag_invitation_token *input = ctx->body;
    struct ag_invitation_preview preview;
    AG_TRY(ag_invitation_lookup(&ctx->scope, input->token, &preview));
    return ag_ctx_reply(ctx, &preview);
}

static enum ag_err invitation_accept(struct ag_ctx *ctx)
{
    const struct ag_invitation_token *input = ctx->body;
    struct ag_org org;
    AG_TRY(ag_invitation_accept(&ctx->scope, input->token, &org));
    return ag_ctx_reply(ctx, &org);
}

/* What writes mails, and what anybody may try. */
static const struct ag_route_limit mail_limit = {
    .per_user = {.count = 60, .per_ms = 60 * 1000},
};
static const struct ag_route_limit token_limit = {
    .per_ip = {.count = 120, .per_ms = 60 * 1000},
};

const struct ag_route ag_invitation_routes[AG_INVITATION_ROUTES] = {
    AG_ROUTE("listInvitations", GET, "/v1/invitations", MEMBERS_WRITE, invitation_list,
             "List invitations that nobody has accepted yet",
             .doc = "The newest first, expired ones among them for 30 days.", .tag = "Organisation",
             .status = 200, .flags = AG_RF_LIST, .query = &ag_cursor_query_schema,
             .reply = &ag_invitation_schema),
    AG_ROUTE("createInvitation", POST, "/v1/invitations", MEMBERS_WRITE, invitation_create,
             "Invite somebody",
             .doc = "They get a mail with the link, to `/invitation#token=...`, which works for "
                    "seven days; `accept_url` is the same link, in this reply alone. It replaces "
                    "an earlier invitation of the "
                    "same e-mail. It is void once its inviter could not make it any more. To "
                    "invite an owner wants a recent sign-in.",
             .tag = "Organisation", .status = 201, .flags = AG_RF_IDEMPOTENT,
             .body = &ag_invitation_input_schema, .max_body = AG_SMALL_BODY_BYTES,
             .reply = &ag_invitation_schema, .limit = &mail_limit,
             .errors = {AG_E_CONFLICT, AG_E_REAUTH, AG_E_RATE_LIMITED}),
    AG_ROUTE("deleteInvitation", DELETE, "/v1/invitations/{id}", MEMBERS_WRITE, invitation_delete,
             "Take an invitation back", .resource = "invitation", .tag = "Organisation",
             .status = 204),
    AG_ROUTE("resendInvitation", POST, "/v1/invitations/{id}/resend", MEMBERS_WRITE,
             invitation_resend, "Send an invitation again",
             .doc = "With a new link for seven days more; the link before is void. Whoever sends "
                    "it is the inviter from now on.",
             .resource = "invitation", .tag = "Organisation", .status = 200,
             .reply = &ag_invitation_schema, .limit = &mail_limit,
             .errors = {AG_E_CONFLICT, AG_E_REAUTH, AG_E_RATE_LIMITED}),
    AG_ROUTE("lookUpInvitation", POST, "/v1/invitations/lookup", PUBLIC, invitation_lookup,
             "See what an invitation is to",
             .doc = "404 when it does not hold (any more). The token comes in the body, since what "
                    "stands in an address is written into logs on the way.",
             .tag = "Organisation", .status = 200, .body = &ag_invitation_token_schema,
             .max_body = TOKEN_MAX_BYTES, .reply = &ag_invitation_preview_schema,
             .limit = &token_limit, .errors = {AG_E_NOT_FOUND}),
    AG_ROUTE("acceptInvitation", POST, "/v1/invitations/accept", ACCOUNT_WRITE, invitation_accept,
             "Accept an invitation",
             .doc = "With the account whose e-mail was invited. The session goes on where it is: "
                    "switch to the organisation to work there. A member who accepts once more "
                    "stays as they are.",
             .tag = "Organisation", .credentials = AG_CRED_TOKEN | AG_CRED_COOKIE, .status = 200,
             .body = &ag_invitation_token_schema, .max_body = TOKEN_MAX_BYTES,
             .reply = &ag_org_schema, .limit = &token_limit,
             .errors = {AG_E_NOT_FOUND, AG_E_CONFLICT}),
};
