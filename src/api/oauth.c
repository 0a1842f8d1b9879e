/* Signing in with an account elsewhere. A browser comes along here, so what fails ends in a
 * redirect to one of our pages, not in a document that nobody reads. */
#include "core/oauth.h"

#include "api/route.h"
#include "base/log.h"

#define BROWSER_COOKIE "__Host-agentgen_oauth"

enum { CALLBACK_PAIRS = 32, LOCATION_MAX_BYTES = 16 * 1024 };

static enum ag_err sign_in_options(struct ag_ctx *ctx)
{
    struct ag_sign_in_options options;
    AG_TRY(ag_sign_in_options(&ctx->scope, &options));
    return ag_ctx_reply(ctx, &options);
}

/* ---- redirects ---- */

/* Sends the browser to the page that tells of `error`. */
static enum ag_err fail_to(struct ag_ctx *ctx, const char *page, enum ag_oauth_error error)
{
    struct ag_str location = ag_arena_printf(ctx->scope.arena, "%s?error=%s", page,
                                             ag_oauth_error_code(error));
    if (!location.data) return ag_fail(AG_E_NO_MEMORY, "no memory for an address");
    return ag_ctx_redirect(ctx, location);
}

/* Nobody but the operator reads why; a browser learns a code. */
static void note_failure(enum ag_err err, enum ag_oauth_error error)
{
    bool ours = error == AG_OAUTH_FAILED,
         theirs = error == AG_OAUTH_UNAVAILABLE || error == AG_OAUTH_INVALID;
    if (ours || theirs) ag_log_diag(ours ? AG_LOG_ERROR : AG_LOG_WARN, "oauth_failed", err);
}

/* Whether the request came to the address that providers send people back to: a browser keeps
 * cookies by host, so a visit must begin at the one where it ends. */
static bool is_public_host(const struct ag_ctx *ctx)
{
    struct ag_str site = ctx->scope.core->options.public_url;
    struct ag_str host = ag_request_header(ctx->req, AG_STR("host"));
    ptrdiff_t scheme_end = ag_str_find(site, AG_STR("://"));
    return ag_str_eq_nocase(ag_str_sub(site, (size_t)scheme_end + 3, site.len), host);
}

/* ---- there ---- */

struct begin_query {
    uint64_t set;
    struct ag_str next;
    bool moved;
};
static const struct ag_field begin_fields[] = {
    AG_FIELD(struct begin_query, next, AG_F_STRING, 0, .max = 2000,
             .doc = "The path of this site to go on to; what is none counts as `/`",
             .example = "\"/agents\""),
    AG_FIELD(struct begin_query, moved, AG_F_BOOL, 0,
             .doc = "Set by the server when it has sent the browser to its public address"),
};
static AG_SCHEMA(begin_query_schema, NULL, struct begin_query, "A visit to a provider",
                 begin_fields);

static enum ag_err move_to_public(struct ag_ctx *ctx, struct ag_str next)
{
    struct ag_buf location;
    ag_buf_init(&location, ctx->scope.arena, LOCATION_MAX_BYTES);
    ag_buf_append_str(&location, ctx->scope.core->options.public_url);
    ag_buf_append_lit(&location, "/v1/auth/oauth/");
    ag_buf_append_escaped(&location, ctx->name);
    ag_buf_append_lit(&location, "?moved=true");
    if (next.len > 0) ag_buf_append_pair(&location, "next", next);
    AG_TRY(ag_buf_err(&location));
    return ag_ctx_redirect(ctx, ag_buf_str(&location));
}

static enum ag_err keep_browser(struct ag_ctx *ctx, struct ag_str secret)
{
    return ag_ctx_set_cookie(ctx, BROWSER_COOKIE, secret, AG_OAUTH_VISIT_MS / 1000);
}

static enum ag_err oauth_begin(struct ag_ctx *ctx)
{
    const struct begin_query *query = ctx->query;
    const struct ag_oauth_begin begin = {
        .provider = ctx->name,
        .purpose = AG_OAUTH_SIGN_IN,
        .next = query->next,
        .browser = ag_request_cookie(ctx->req, AG_STR(BROWSER_COOKIE)),
    };
    struct ag_oauth_visit visit;
    if (!is_public_host(ctx) && !query->moved) return move_to_public(ctx, query->next);
    enum ag_err err = ag_oauth_begin(&ctx->scope, &begin, &visit);
    if (err != AG_OK) {
        enum ag_oauth_error error = ag_oauth_error_of(err);
        note_failure(err, error);
        return fail_to(ctx, "/login", error);
    }
    AG_TRY(keep_browser(ctx, visit.browser));
    return ag_ctx_redirect(ctx, visit.url);
}

struct link_input {
    uint64_t set;
    struct ag_str purpose, next;
};
struct link_reply {
    uint64_t set;
    struct ag_str url;
};
static const struct ag_field link_fields[] = {
    AG_FIELD(struct link_input, purpose, AG_F_ENUM, AG_FF_REQUIRED,
             .choices = "link|reauthenticate",
             .doc = "`link` an account there to this one, or `reauthenticate` with one that is "
                    "linked"),
    AG_FIELD(struct link_input, next, AG_F_STRING, 0, .max = 2000,
             .doc = "The path of this site to go on to; what is none counts as `/settings`",
             .example = "\"/settings\""),
};
static AG_SCHEMA(link_schema, "OAuthVisitInput", struct link_input, "A visit to a provider",
                 link_fields);
static const struct ag_field link_reply_fields[] = {
    AG_FIELD(struct link_reply, url, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "Where to send the browser, within ten minutes"),
};
static AG_SCHEMA(link_reply_schema, "OAuthVisit", struct link_reply,
                 "A visit to a provider that has begun", link_reply_fields);

static enum ag_err oauth_link(struct ag_ctx *ctx)
{
    const struct link_input *input = ctx->body;
    bool link = ag_str_eq(input->purpose, AG_STR("link"));
    const struct ag_oauth_begin begin = {
        .provider = ctx->name,
        .purpose = link ? AG_OAUTH_LINK : AG_OAUTH_REAUTHENTICATE,
        .next = input->next,
        .browser = ag_request_cookie(ctx->req, AG_STR(BROWSER_COOKIE)),
    };
    struct ag_oauth_visit visit;
    if (link) AG_TRY(ag_require_recent(&ctx->scope));
    if (!is_public_host(ctx))
        return ag_fail(AG_E_CONFLICT,
                       "identity providers send people back to %.*s: open these "
                       "pages there",
                       AG_STR_ARG(ctx->scope.core->options.public_url));
    AG_TRY(ag_oauth_begin(&ctx->scope, &begin, &visit));
    AG_TRY(keep_browser(ctx, visit.browser));
    const struct link_reply reply = {.url = visit.url};
    return ag_ctx_reply(ctx, &reply);
}

/* ---- and back ---- */

/* What the provider adds beside is passed over; what stands there twice is no answer (RFC 6749
 * 3.1). */
static void read_return(struct ag_ctx *ctx, struct ag_oauth_return *back)
{
    struct ag_pair pairs[CALLBACK_PAIRS];
    size_t count;
    const struct {
        const char *name;
        struct ag_str *value;
    } known[] = {{"state", &back->state},
                 {"code", &back->code},
                 {"error", &back->error},
                 {"iss", &back->iss}};
    if (ag_request_query(ctx->req, pairs, CALLBACK_PAIRS, &count) != AG_OK) return;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < AG_COUNT(known); k++) {
            if (!ag_str_eq(pairs[i].name, ag_str(known[k].name))) continue;
            if (known[k].value->data) {
                back->state = (struct ag_str){.data = ""};
                return;
            }
            *known[k].value = pairs[i].value;
        }
    }
}

/* Whoever's session this browser has, if it has one. */
static void recognize(struct ag_ctx *ctx)
{
    struct ag_str secret = ag_request_cookie(ctx->req, AG_STR(AG_SESSION_COOKIE));
    if (secret.len == 0) return;
    struct ag_principal who;
    if (ag_authenticate(ctx->scope.core, ctx->scope.arena, AG_CRED_COOKIE, secret, &who) == AG_OK)
        ctx->scope.who = who;
}

static enum ag_err oauth_callback(struct ag_ctx *ctx)
{
    struct ag_oauth_return back = {
        .provider = ctx->name,
        .browser = ag_request_cookie(ctx->req, AG_STR(BROWSER_COOKIE)),
    };
    struct ag_oauth_outcome outcome;
    ag_ctx_note_client(ctx);
    read_return(ctx, &back);
    recognize(ctx);
    enum ag_err err = ag_oauth_finish(&ctx->scope, &back, &outcome);
    if (outcome.error != AG_OAUTH_OK) {
        note_failure(err, outcome.error);
        return fail_to(ctx, outcome.purpose == AG_OAUTH_SIGN_IN ? "/login" : "/settings",
                       outcome.error);
    }
    AG_TRY(err);
    if (outcome.purpose == AG_OAUTH_SIGN_IN)
        AG_TRY(ag_ctx_session_cookie(ctx, outcome.grant.cookie));
    return ag_ctx_redirect(ctx, outcome.next);
}

/* ---- linked accounts ---- */

static struct ag_list_key identity_key(const void *item)
{
    return (struct ag_list_key){.id = ((const struct ag_identity *)item)->id};
}

static enum ag_err identity_list(struct ag_ctx *ctx)
{
    struct ag_page page;
    struct ag_list identities;
    AG_TRY(ag_ctx_page(ctx, ctx->query, &page));
    AG_TRY(ag_identities_list(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.user_id, &page,
                              &identities));
    return ag_ctx_reply_list(ctx, &page, &identities, identity_key);
}

static enum ag_err identity_delete(struct ag_ctx *ctx)
{
    AG_TRY(ag_identity_unlink(&ctx->scope, ctx->id));
    return ag_ctx_reply_empty(ctx);
}

/* An office comes to work at the same time, behind one address. */
static const struct ag_route_limit visit_limit = {
    .per_ip = {.count = 300, .per_ms = 60 * 1000},
};
static const struct ag_route_limit link_limit = {
    .per_user = {.count = 20, .per_ms = 60 * 1000},
};

#define ERROR_DOC(name, code, doc) "- `" code "`: " doc "\n"

const struct ag_route ag_oauth_routes[AG_OAUTH_ROUTES] = {
    AG_ROUTE("getSignInOptions", GET, "/v1/auth/providers", PUBLIC, sign_in_options,
             "Read how people get in", .doc = "What a sign-in page offers.", .tag = "Identity",
             .status = 200, .reply = &ag_sign_in_options_schema),
    AG_ROUTE("beginOAuth", GET, "/v1/auth/oauth/{provider}", PUBLIC, oauth_begin,
             "Sign in with an identity provider",
             .doc = "For a browser to go to, not to be called by a script. It comes back to "
                    "`next`, with the session's cookie. Whatever fails ends at "
                    "`/login?error=CODE`:\n\n" AG_OAUTH_ERROR_TABLE(ERROR_DOC),
             .tag = "Identity", .status = 302, .query = &begin_query_schema, .limit = &visit_limit),
    AG_ROUTE("finishOAuth", GET, "/v1/auth/oauth/{provider}/callback", PUBLIC, oauth_callback,
             "Come back from an identity provider",
             .doc = "The redirect URI to register with the provider. Takes `code`, `state`, "
                    "`error` and `iss`, and passes over what else comes. After linking or proving "
                    "who somebody is, failures end at `/settings?error=CODE`.",
             .tag = "Identity", .status = 302, .limit = &visit_limit),
    AG_ROUTE("linkIdentity", POST, "/v1/auth/oauth/{provider}/link", ACCOUNT_WRITE, oauth_link,
             "Link an account elsewhere, or prove with one who you are",
             .doc = "Linking needs a sign-in within the last 15 minutes; proving renews it. Both "
                    "are for the browser that the session's cookie is in.",
             .tag = "Identity", .status = 200, .credentials = AG_CRED_COOKIE, .body = &link_schema,
             .max_body = AG_SMALL_BODY_BYTES, .reply = &link_reply_schema, .limit = &link_limit,
             .errors = {AG_E_REAUTH, AG_E_CONFLICT, AG_E_EGRESS_DENIED, AG_E_UPSTREAM_UNREACHABLE,
                        AG_E_UPSTREAM_TIMEOUT, AG_E_UPSTREAM_ERROR, AG_E_UPSTREAM_INVALID,
                        AG_E_TIMEOUT}),
    AG_ROUTE("listIdentities", GET, "/v1/auth/identities", ACCOUNT_READ, identity_list,
             "List the linked accounts", .tag = "Identity", .status = 200, .flags = AG_RF_LIST,
             .query = &ag_cursor_query_schema, .reply = &ag_identity_schema),
    AG_ROUTE("deleteIdentity", DELETE, "/v1/auth/identities/{id}", ACCOUNT_WRITE, identity_delete,
             "Unlink an account",
             .doc = "409 when nothing else signs in to this one: no password, and no other "
                    "linked account of a provider that is configured.",
             .resource = "identity", .tag = "Identity", .status = 204,
             .credentials = AG_CRED_TOKEN | AG_CRED_COOKIE, .errors = {AG_E_CONFLICT}),
};
