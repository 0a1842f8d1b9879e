/*
 * Routes: one row says everything about an operation.
 *
 * The router, validation, the guard, OpenAPI, `agentgen routes`, the reference and the tests come
 * from these rows. A row without a permission does not compile. The rows stand in api/<resource>.c
 * and are listed in routes.c.
 */
#pragma once

#include "api/api.h"
#include "base/address.h"
#include "cache/limiter.h"
#include "core/warrant.h"
#include "http/router.h"

struct ag_ctx;

enum ag_route_flag {
    AG_RF_IDEMPOTENT = 1, /* takes an Idempotency-Key */
    AG_RF_ETAG = 2,       /* its reply has an ETag; GET answers 304, others of an {id} take
                             If-Match */
    AG_RF_LIST = 4,       /* replies with a page of `reply` */
    AG_RF_SSE = 8,        /* may answer as server-sent events */
    AG_RF_TEXT = 16,      /* replies with text rather than JSON */
    AG_RF_RECENT = 32,    /* wants a session that signed in lately, ag_require_recent() */
    AG_RF_EXPORT = 64,    /* streams a file: CSV, or JSON objects a line each */
    AG_RF_SPENDS = 128,   /* asking it costs money: it runs a model */
    AG_RF_SIGN_IN = 256,  /* refused to addresses from which too many sign-ins have failed */
};

/* What an API key that is limited to some agents may do with a route. */
enum ag_agent_keys {
    AG_AGENT_KEYS_NONE, /* nothing: 403 */
    AG_AGENT_KEYS_PATH, /* {id} is an agent: one of its own */
    AG_AGENT_KEYS_BODY, /* the body's `agent_id` is one of its own */
    AG_AGENT_KEYS_RUN,  /* {id} is a run of one of its own */
    AG_AGENT_KEYS_SELF, /* anything: the route tells of the key's owner alone */
};

enum { AG_ROUTE_MAX_ERRORS = 8 };

/* `max_body` of what takes names, addresses and secrets alone: nobody needs half an hour to send
 * it, nor is more of it kept while it comes. */
enum { AG_SMALL_BODY_BYTES = 16 * 1024 };

/* How often a route may be used; past that it answers 429 with Retry-After. A rate whose count is 0
 * is none. */
struct ag_route_limit {
    struct ag_rate per_user, per_ip;
};

struct ag_route {
    const char *id; /* operationId */
    enum ag_method method;
    const char *path;
    enum ag_permission permission; /* AG_PERM_PUBLIC for everybody */
    enum ag_err (*handler)(struct ag_ctx *ctx) AG_SUSPENDS;
    const char *summary;
    const char *doc; /* more, in Markdown, or NULL */
    const char *tag;
    const char *resource; /* of what the path's {id} is one: "agent"; NULL without {id} */
    enum ag_agent_keys agent_keys;
    unsigned credentials; /* bits of enum ag_credential; 0: any */
    unsigned flags;       /* bits of enum ag_route_flag */
    const struct ag_schema *query, *body;
    int status;                              /* of success */
    const struct ag_schema *reply;           /* NULL: no body */
    size_t max_body;                         /* bytes; 0: AG_HTTP_MAX_BODY_BYTES */
    const struct ag_route_limit *limit;      /* NULL: none */
    enum ag_err errors[AG_ROUTE_MAX_ERRORS]; /* beyond those that follow from the row itself */
};

/* The value itself; AG_PERM_UNSET does not compile. */
#define AG_PERMISSION_OF(permission_)                                                              \
    ((enum ag_permission)((permission_) +                                                          \
                          0 * sizeof(char[(permission_) != AG_PERM_UNSET ? 1 : -1])))

/* AG_ROUTE("getAgent", GET, "/v1/agents/{id}", AGENTS_READ, agent_get, "Read an agent",
 *          .tag = "Agents", .status = 200, .reply = &ag_agent_schema) */
#define AG_ROUTE(id_, method_, path_, permission_, handler_, summary_, ...)                        \
    {                                                                                              \
        .id = (id_), .method = AG_##method_, .path = (path_),                                      \
        .permission = AG_PERMISSION_OF(AG_PERM_##permission_), .handler = (handler_),              \
        .summary = (summary_), __VA_ARGS__                                                         \
    }

struct ag_route_table {
    const struct ag_route *routes;
    size_t count;
};
/* Every route of the product, table by table. */
extern const struct ag_route_table ag_route_tables[];
extern const size_t ag_route_table_count;

extern const struct ag_route ag_system_routes[], ag_auth_routes[], ag_account_routes[],
    ag_org_routes[], ag_member_routes[], ag_invitation_routes[], ag_role_routes[],
    ag_admin_user_routes[], ag_api_key_routes[], ag_agent_routes[], ag_prompt_routes[],
    ag_ai_routes[], ag_run_routes[], ag_activity_routes[], ag_template_routes[],
    ag_proposal_routes[], ag_dashboard_routes[], ag_error_routes[], ag_provider_routes[],
    ag_oauth_routes[], ag_public_routes[];
extern const struct ag_route ag_limit_routes[];
enum {
    AG_SYSTEM_ROUTES = 4,
    AG_AUTH_ROUTES = 7,
    AG_ACCOUNT_ROUTES = 10,
    AG_ADMIN_USER_ROUTES = 6,
    AG_ORG_ROUTES = 8,
    AG_MEMBER_ROUTES = 3,
    AG_INVITATION_ROUTES = 6,
    AG_ROLE_ROUTES = 5,
    AG_API_KEY_ROUTES = 4,
    AG_AGENT_ROUTES = 12,
    AG_PROMPT_ROUTES = 7,
    AG_AI_ROUTES = 4,
    AG_PUBLIC_ROUTES = 2,
    AG_RUN_ROUTES = 4,
    AG_ACTIVITY_ROUTES = 6,
    AG_TEMPLATE_ROUTES = 1,
    AG_PROPOSAL_ROUTES = 1,
    AG_DASHBOARD_ROUTES = 1,
    AG_ERROR_ROUTES = 2,
    AG_PROVIDER_ROUTES = 3,
    AG_OAUTH_ROUTES = 6,
    AG_LIMIT_ROUTES = 7,
};

/* Whether the row takes If-Match. */
static inline bool ag_route_takes_if_match(const struct ag_route *route)
{
    return (route->flags & AG_RF_ETAG) && route->method != AG_GET && strchr(route->path, '{');
}

/* ---- what a handler gets ---- */

/* What a request has taken of which limit, to be given back when another one refuses it. */
enum { AG_LIMITS_MAX = 6, AG_LIMIT_KEY_BYTES = 112 };
struct ag_limits {
    struct ag_limit_verdict least; /* the one that leaves least; `limit` 0: none was asked */
    bool told;
    size_t count;
    struct ag_limit_taken {
        struct ag_rate rate;
        size_t len;
        char key[AG_LIMIT_KEY_BYTES];
    } taken[AG_LIMITS_MAX];
};

struct ag_ctx {
    struct ag_scope scope; /* the principal, the arena, the core */
    struct ag_request *req;
    struct ag_address address; /* the client's; `bits` 0 when it cannot be told */
    struct ag_api *api;
    const struct ag_route *route;
    struct ag_uuid id;  /* the path's {id} */
    struct ag_str name; /* a parameter of the path that is called otherwise */
    const void *query;  /* the documents of the row's schemas */
    const void *body;
    int64_t if_version;  /* of If-Match, or AG_ANY_VERSION, AG_NO_VERSION */
    int64_t if_revision; /* what stands behind its dot, or AG_ANY_VERSION */
    /* the reply, sent by the guard once the handler has returned */
    int status;
    const char *content_type;
    struct ag_buf reply;
    struct ag_buf stored;  /* what an Idempotency-Key keeps when it must differ from the reply */
    struct ag_str etag;    /* with AG_RF_ETAG */
    int64_t retry_after_s; /* -1: none */
    struct ag_limits limits;
    struct ag_warrant warrant; /* of an answer that takes long */
};

/* Each encodes the reply and returns AG_OK or AG_E_NO_MEMORY: handlers end with one of them. */
enum ag_err ag_ctx_reply(struct ag_ctx *ctx, const void *doc);
enum ag_err ag_ctx_reply_empty(struct ag_ctx *ctx);
/* The same with an ETag made of `version`; on GET a matching If-None-Match makes it 304. */
enum ag_err ag_ctx_reply_version(struct ag_ctx *ctx, const void *doc, int64_t version);
/* The same where a second counter changes the document, too: "version.revision" once it has; and
 * something beside both, which `mark` tells unless it is empty: "version.revision-mark". */
enum ag_err ag_ctx_reply_revision(struct ag_ctx *ctx, const void *doc, int64_t version,
                                  int64_t revision, struct ag_str mark);
/* Whether the client has the version of `etag` (If-None-Match, RFC 9110 13.1.2): the status is 304
 * then, and the handler is done. */
bool ag_ctx_not_modified(struct ag_ctx *ctx, struct ag_str etag);
/* Sends a browser on to `location`, which holds neither control characters nor spaces. */
enum ag_err ag_ctx_redirect(struct ag_ctx *ctx, struct ag_str location) AG_MUST_USE;
/* What a browser keeps: no script reads it, no other site sends it, and no other host can have set
 * it (RFC 6265bis 4.1.3, 5.6). `max_age_s` 0 takes it away. */
#define AG_SESSION_COOKIE "__Host-agentgen_session"
enum ag_err ag_ctx_set_cookie(struct ag_ctx *ctx, const char *name, struct ag_str secret,
                              int64_t max_age_s) AG_MUST_USE;
/* The session's own, for as long as the session lasts. */
enum ag_err ag_ctx_session_cookie(struct ag_ctx *ctx, struct ag_str secret) AG_MUST_USE;
/* A page: `items` holds up to one more than asked for, which only says that a page follows. `key`
 * gives the sort key of an item for the cursor. */
struct ag_list_key {
    struct ag_uuid id;
    int64_t updated_at;
    struct ag_str name;
};
enum ag_err ag_ctx_reply_list(struct ag_ctx *ctx, const struct ag_page *page,
                              const struct ag_list *items,
                              struct ag_list_key (*key)(const void *item));
/* The page asked for by a struct ag_list_query; mistakes go to the scope's errors. */
enum ag_err ag_ctx_page(struct ag_ctx *ctx, const struct ag_list_query *query,
                        struct ag_page *ret_page) AG_MUST_USE;
/* For an answer that takes seconds or longer: the client's leaving cancels the fiber from now on,
 * and so does whatever ends the session or key, or takes the route's permission from it. Errors as
 * of ag_warrant_begin(). */
enum ag_err ag_ctx_answers_long(struct ag_ctx *ctx) AG_MUST_USE AG_SUSPENDS;
/* The second alone. */
enum ag_err ag_ctx_warrant(struct ag_ctx *ctx) AG_MUST_USE AG_SUSPENDS;
/* Whether the reply is to be server-sent events: the body's `stream`, or Accept. */
bool ag_ctx_wants_stream(const struct ag_ctx *ctx, bool asked);
/* Puts the client's User-Agent, cut to what is kept of it, into the scope. */
void ag_ctx_note_client(struct ag_ctx *ctx);

/* ---- client_address.c ---- */

/* Where a request comes from: the peer, or, while that is one of the proxies, whom it names in
 * X-Forwarded-For. The header is read from the right, because what stands left of a proxy's own
 * entry is whatever its client sent; what is no address ends the walk. */
struct ag_address ag_client_address(const struct ag_request *req, const struct ag_ranges *proxies);
/* The same of its parts. Pure. */
struct ag_address ag_forwarded_client(struct ag_address peer, const struct ag_ranges *proxies,
                                      const struct ag_header *headers, size_t count);

/* Whether the request came through a proxy that nobody named, so that its address is that of many
 * clients: a machine of one's own network that says whom it speaks for. The first one is logged. */
bool ag_proxy_unnamed(const struct ag_request *req, const struct ag_ranges *proxies);

/* ---- keys that are limited to some agents: agent_keys.c ---- */

/* AG_E_CONFIG when the row's `agent_keys` does not fit it. */
enum ag_err ag_agent_keys_check(const struct ag_route *route) AG_MUST_USE;
/* "none", "path", ... */
const char *ag_agent_keys_name(enum ag_agent_keys kind);
/* AG_E_FORBIDDEN: the principal is such a key, and the route is for no such one. */
enum ag_err ag_guard_agent_door(const struct ag_ctx *ctx) AG_MUST_USE;
/* AG_E_NOT_FOUND: what the request names is of no agent that the principal may use. */
enum ag_err ag_guard_agent(struct ag_ctx *ctx) AG_MUST_USE AG_SUSPENDS;
/* AG_E_NOT_FOUND: the request names an agent that has become somebody else's private one, so a
 * reply from before is told no more. */
enum ag_err ag_guard_replay(struct ag_ctx *ctx) AG_MUST_USE AG_SUSPENDS;

/* ---- guard_limits.c: how often. Each of them AG_E_RATE_LIMITED, with `retry_after_s` ---- */

/* Before anything is known of who asks: blocks, and what everybody may ask for. */
enum ag_err ag_limits_arrive(struct ag_ctx *ctx) AG_MUST_USE AG_SUSPENDS;
/* Before a credential that is not known at once is looked up; after that, whether it was one. */
enum ag_err ag_limits_before_look_up(struct ag_ctx *ctx) AG_MUST_USE AG_SUSPENDS;
void ag_limits_after_look_up(struct ag_ctx *ctx, enum ag_err err);
/* What the principal's key and plan allow. */
enum ag_err ag_limits_of_principal(struct ag_ctx *ctx) AG_MUST_USE AG_SUSPENDS;
/* What the route's row allows. */
enum ag_err ag_limits_of_route(struct ag_ctx *ctx) AG_MUST_USE AG_SUSPENDS;
/* Of who came by a public link, once it is known whose that is: visitors of an organisation count
 * together, as one of its members. */
enum ag_err ag_limits_of_visitor(struct ag_ctx *ctx) AG_MUST_USE AG_SUSPENDS;
/* Whether that is still to come. */
bool ag_limits_more(const struct ag_ctx *ctx);
/* Writes the headers that tell of the limit that leaves least, unless they are written. */
void ag_limits_tell(struct ag_ctx *ctx);

/* ---- guard.c and its helpers ---- */

struct ag_api {
    struct ag_core *core;
    struct ag_router *router;
    struct ag_server *server;
    struct ag_api_options options;
    struct ag_buf openapi; /* made once, with its ETag */
    struct ag_str openapi_etag;
    char openapi_etag_text[24];
    const struct ag_route **rows; /* by router row */
    size_t row_count;
};

/* The principal behind a request's credentials; AG_E_UNAUTHENTICATED, also when there are none. */
enum ag_err ag_guard_authenticate(struct ag_ctx *ctx) AG_MUST_USE AG_SUSPENDS;
/* Runs the route behind every check; the reply is in `ctx`. */
enum ag_err ag_guard_run(struct ag_ctx *ctx,
                         const struct ag_route_match *match) AG_MUST_USE AG_SUSPENDS;

/* Idempotency: `begin` may find the stored reply (`ret_replayed`), then the handler does not run.
 */
struct ag_idempotent {
    struct ag_str key; /* empty: none given */
    uint8_t hash[AG_SECRET_HASH_BYTES];
};
enum ag_err ag_idempotent_begin(struct ag_ctx *ctx, struct ag_str body, struct ag_idempotent *idem,
                                bool *ret_replayed) AG_MUST_USE AG_SUSPENDS;
/* Keeps the reply in `ctx`, or frees the key when `err` says that there is none. */
enum ag_err ag_idempotent_end(struct ag_ctx *ctx, const struct ag_idempotent *idem,
                              enum ag_err err) AG_MUST_USE AG_SUSPENDS;
