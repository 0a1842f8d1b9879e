#include "api/route.h"

static enum ag_err agent_create(struct ag_ctx *ctx)
{
    struct ag_agent agent;
    AG_TRY(ag_agent_create(&ctx->scope, ctx->body, &agent));
    return ag_ctx_reply_version(ctx, &agent, agent.version);
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
    AG_TRY(ag_agents_list(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.org_id, &page,
                          &agents));
    return ag_ctx_reply_list(ctx, &page, &agents, agent_key);
}

static enum ag_err agent_get(struct ag_ctx *ctx)
{
    struct ag_agent agent;
    AG_TRY(ag_agents_get(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.org_id, ctx->id,
                         &agent));
    return ag_ctx_reply_version(ctx, &agent, agent.version);
}

static enum ag_err agent_replace(struct ag_ctx *ctx)
{
    struct ag_agent agent;
    AG_TRY(ag_agent_replace(&ctx->scope, ctx->id, ctx->if_version, ctx->body, &agent));
    return ag_ctx_reply_version(ctx, &agent, agent.version);
}

static enum ag_err agent_delete(struct ag_ctx *ctx)
{
    AG_TRY(ag_agent_delete(&ctx->scope, ctx->id, ctx->if_version));
    return ag_ctx_reply_empty(ctx);
}

const struct ag_route ag_agent_routes[AG_AGENT_ROUTES] = {
    AG_ROUTE("createAgent", POST, "/v1/agents", AGENTS_WRITE, agent_create, "Create an agent",
             .tag = "Agents", .status = 201, .flags = AG_RF_IDEMPOTENT | AG_RF_ETAG,
             .body = &ag_agent_input_schema, .reply = &ag_agent_schema),
    AG_ROUTE("listAgents", GET, "/v1/agents", AGENTS_READ, agent_list, "List agents",
             .doc = "`q` searches names and descriptions.", .tag = "Agents", .status = 200,
             .flags = AG_RF_LIST, .query = &ag_list_query_schema, .reply = &ag_agent_schema),
    AG_ROUTE("getAgent", GET, "/v1/agents/{id}", AGENTS_READ, agent_get, "Read an agent",
             .tag = "Agents", .status = 200, .flags = AG_RF_ETAG, .reply = &ag_agent_schema),
    AG_ROUTE("replaceAgent", PUT, "/v1/agents/{id}", AGENTS_WRITE, agent_replace, "Change an agent",
             .doc = "Replaces the whole agent. With `If-Match` nothing is overwritten that you "
                    "have not seen.",
             .tag = "Agents", .status = 200, .flags = AG_RF_ETAG, .body = &ag_agent_input_schema,
             .reply = &ag_agent_schema),
    AG_ROUTE("deleteAgent", DELETE, "/v1/agents/{id}", AGENTS_WRITE, agent_delete,
             "Delete an agent", .doc = "Its creator may, and who holds `agents:delete`.",
             .tag = "Agents", .status = 204, .flags = AG_RF_ETAG),
};
