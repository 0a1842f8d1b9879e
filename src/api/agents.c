#include "api/route.h"

enum { MARK_CHARS = 8 };

/* Whom it is there for changes the document and neither counter: the ETag ends in a word on it. */
static enum ag_err reply(struct ag_ctx *ctx, const struct ag_agent *agent)
{
    struct ag_str mark = {0};
    if (!ag_str_eq(agent->visibility, AG_STR("organization"))) mark = agent->visibility;
    if (ag_doc_has(agent, AG_AGENT_PUBLIC_ID)) mark = ag_str_sub(agent->public_id, 0, MARK_CHARS);
    return ag_ctx_reply_revision(ctx, agent, agent->version, agent->draft_revision, mark);
}

static enum ag_err agent_create(struct ag_ctx *ctx)
{
    struct ag_agent agent;
    AG_TRY(ag_agent_create(&ctx->scope, ctx->body, &agent));
    return reply(ctx, &agent);
}

static struct ag_list_key agent_key(const void *item)
{
    const struct ag_agent *agent = item;
    return (struct ag_list_key){agent->id, agent->updated_at, agent->name};
}

static enum ag_err agent_list(struct ag_ctx *ctx)
{
    struct ag_page page;
    struct ag_list agents;
    AG_TRY(ag_ctx_page(ctx, ctx->query, &page));
    AG_TRY(ag_agents_list(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.org_id,
                          ag_principal_viewer(&ctx->scope.who), &page, &agents));
    return ag_ctx_reply_list(ctx, &page, &agents, agent_key);
}

static enum ag_err agent_get(struct ag_ctx *ctx)
{
    struct ag_agent agent;
    AG_TRY(ag_agents_get(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.org_id,
                         ag_principal_viewer(&ctx->scope.who), ctx->id, &agent));
    return reply(ctx, &agent);
}

static enum ag_err agent_replace(struct ag_ctx *ctx)
{
    struct ag_agent agent;
    AG_TRY(ag_agent_replace(&ctx->scope, ctx->id, ctx->if_version, ctx->body, &agent));
    return reply(ctx, &agent);
}

static enum ag_err agent_patch(struct ag_ctx *ctx)
{
    struct ag_agent agent;
    AG_TRY(
        ag_agent_patch(&ctx->scope, ctx->id, ctx->if_version, ctx->if_revision, ctx->body, &agent));
    return reply(ctx, &agent);
}

static enum ag_err agent_delete(struct ag_ctx *ctx)
{
    AG_TRY(ag_agent_delete(&ctx->scope, ctx->id, ctx->if_version));
    return ag_ctx_reply_empty(ctx);
}

static enum ag_err agent_restore(struct ag_ctx *ctx)
{
    struct ag_agent agent;
    AG_TRY(ag_agent_restore(&ctx->scope, ctx->id, &agent));
    return reply(ctx, &agent);
}

static enum ag_err agent_duplicate(struct ag_ctx *ctx)
{
    struct ag_agent agent;
    AG_TRY(ag_agent_duplicate(&ctx->scope, ctx->id, ctx->if_version, &agent));
    return reply(ctx, &agent);
}

static enum ag_err agent_share(struct ag_ctx *ctx)
{
    struct ag_agent agent;
    AG_TRY(ag_agent_share(&ctx->scope, ctx->id, ctx->if_version, ctx->body, &agent));
    return reply(ctx, &agent);
}

/* The working copy's own ETag is its revision; the agent's holds it behind the dot. */
static int64_t if_revision(const struct ag_ctx *ctx)
{
    return ctx->if_revision == AG_ANY_VERSION ? ctx->if_version : ctx->if_revision;
}

static enum ag_err draft_save(struct ag_ctx *ctx)
{
    struct ag_agent agent;
    AG_TRY(ag_agent_save_draft(&ctx->scope, ctx->id, if_revision(ctx), ctx->body, &agent));
    return ag_ctx_reply_version(ctx, &agent, agent.draft_revision);
}

static enum ag_err draft_discard(struct ag_ctx *ctx)
{
    AG_TRY(ag_agent_discard_draft(&ctx->scope, ctx->id, if_revision(ctx)));
    return ag_ctx_reply_empty(ctx);
}

static enum ag_err draft_publish(struct ag_ctx *ctx)
{
    struct ag_agent agent;
    AG_TRY(ag_agent_publish(&ctx->scope, ctx->id, if_revision(ctx), &agent));
    return reply(ctx, &agent);
}

#define ETAG_DOC                                                                                   \
    " The ETag is the version, followed by a dot and the working copy's revision when it ever "    \
    "had one, and a word after a dash unless it is there for the organisation; `If-Match` "        \
    "compares the version."
#define DRAFT_MATCH_DOC " `If-Match` takes `draft_revision`."

const struct ag_route ag_agent_routes[AG_AGENT_ROUTES] = {
    AG_ROUTE("createAgent", POST, "/v1/agents", AGENTS_WRITE, agent_create, "Create an agent",
             .doc = "With `name` and `config` it is published at once, as version 1. With `draft` "
                    "alone it is a working copy that cannot run until it is published.",
             .tag = "Agents", .status = 201, .flags = AG_RF_IDEMPOTENT | AG_RF_ETAG,
             .body = &ag_new_agent_schema, .reply = &ag_agent_schema),
    AG_ROUTE("listAgents", GET, "/v1/agents", AGENTS_READ, agent_list, "List agents",
             .doc = "`q` searches names and descriptions.", .tag = "Agents", .status = 200,
             .flags = AG_RF_LIST, .query = &ag_agent_query_schema,
             .reply = &ag_agent_summary_schema),
    AG_ROUTE("getAgent", GET, "/v1/agents/{id}", AGENTS_READ, agent_get, "Read an agent",
             .doc = "With its working copy." ETAG_DOC, .resource = "agent",
             .agent_keys = AG_AGENT_KEYS_PATH, .tag = "Agents", .status = 200, .flags = AG_RF_ETAG,
             .reply = &ag_agent_schema),
    AG_ROUTE("replaceAgent", PUT, "/v1/agents/{id}", AGENTS_WRITE, agent_replace, "Change an agent",
             .doc = "Replaces the whole of what is published; a working copy stays. With "
                    "`If-Match` nothing is overwritten that you have not seen." ETAG_DOC,
             .resource = "agent", .agent_keys = AG_AGENT_KEYS_PATH, .tag = "Agents", .status = 200,
             .flags = AG_RF_ETAG, .body = &ag_agent_input_schema, .reply = &ag_agent_schema),
    AG_ROUTE("patchAgent", PATCH, "/v1/agents/{id}", AGENTS_WRITE, agent_patch,
             "Change a part of an agent",
             .doc = "What is left out stays; `config` is replaced as a whole. Of an agent that was "
                    "never published the working copy changes, and `If-Match` compares its "
                    "revision, too.",
             .resource = "agent", .agent_keys = AG_AGENT_KEYS_PATH, .tag = "Agents", .status = 200,
             .flags = AG_RF_ETAG, .body = &ag_agent_patch_schema, .reply = &ag_agent_schema),
    AG_ROUTE("deleteAgent", DELETE, "/v1/agents/{id}", AGENTS_WRITE, agent_delete,
             "Delete an agent",
             .doc = "Its creator may, and who holds `agents:delete`. It can be restored for 30 "
                    "days.",
             .resource = "agent", .agent_keys = AG_AGENT_KEYS_PATH, .tag = "Agents", .status = 204,
             .flags = AG_RF_ETAG),
    AG_ROUTE(
        "restoreAgent", POST, "/v1/agents/{id}/restore", AGENTS_WRITE, agent_restore,
        "Undo the deletion of an agent",
        .doc = "For whoever may delete it. An agent that is there stays as it is. A public one "
               "comes back with its link for who holds `agents:share`, else without.",
        .resource = "agent", .agent_keys = AG_AGENT_KEYS_PATH, .tag = "Agents", .status = 200,
        .reply = &ag_agent_schema),
    AG_ROUTE("duplicateAgent", POST, "/v1/agents/{id}/duplicate", AGENTS_WRITE, agent_duplicate,
             "Copy an agent", .doc = "With its working copy, as \"X (copy)\".", .resource = "agent",
             .tag = "Agents", .status = 201, .flags = AG_RF_IDEMPOTENT | AG_RF_ETAG,
             .reply = &ag_agent_schema),
    AG_ROUTE("shareAgent", PUT, "/v1/agents/{id}/visibility", AGENTS_WRITE, agent_share,
             "Change whom an agent is there for",
             .doc = "`private`: its creator alone; for everybody else it is not there, and nor are "
                    "its runs from then on. `organization`: all members. `public`: also everybody "
                    "who has its link, `/a/{public_id}`; each time it is opened the link is a new "
                    "one, and closing it ends the one before. Its creator may, and who holds "
                    "`agents:delete`, but only its creator makes it private; to open it needs "
                    "`agents:share`, too.",
             .resource = "agent", .tag = "Agents", .status = 200, .flags = AG_RF_ETAG,
             .body = &ag_visibility_schema, .max_body = AG_SMALL_BODY_BYTES,
             .reply = &ag_agent_schema, .errors = {AG_E_AGENT_NOT_PUBLISHED}),
    AG_ROUTE("saveAgentDraft", PUT, "/v1/agents/{id}/draft", AGENTS_WRITE, draft_save,
             "Save an agent's working copy",
             .doc = "What runs stays as it is. Made to be called while somebody types: nothing is "
                    "checked but the form, and the activity log has no entry. The ETag is "
                    "`draft_revision`.",
             .resource = "agent", .agent_keys = AG_AGENT_KEYS_PATH, .tag = "Agents", .status = 200,
             .flags = AG_RF_ETAG, .body = &ag_agent_draft_schema,
             .max_body = AG_AGENT_DRAFT_MAX_BYTES, .reply = &ag_agent_schema),
    AG_ROUTE(
        "discardAgentDraft", DELETE, "/v1/agents/{id}/draft", AGENTS_WRITE, draft_discard,
        "Discard an agent's working copy",
        .doc = "An agent that was never published is deleted, as by `deleteAgent`." DRAFT_MATCH_DOC,
        .resource = "agent", .agent_keys = AG_AGENT_KEYS_PATH, .tag = "Agents", .status = 204,
        .flags = AG_RF_ETAG),
    AG_ROUTE("publishAgent", POST, "/v1/agents/{id}/publish", AGENTS_WRITE, draft_publish,
             "Publish an agent's working copy",
             .doc = "It runs from now on, as the next version. What it lacks is told field by "
                    "field." DRAFT_MATCH_DOC,
             .resource = "agent", .agent_keys = AG_AGENT_KEYS_PATH, .tag = "Agents", .status = 200,
             .flags = AG_RF_ETAG, .reply = &ag_agent_schema,
             .errors = {AG_E_INVALID, AG_E_CONFLICT}),
};
