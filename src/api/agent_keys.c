/* What a key that is limited to some agents may use: each kind of door is judged here and nowhere
 * else, before the handler runs and before a stored reply is found. And which stored replies may
 * still be told. */
#include "api/route.h"
#include "core/runs.h"

static const struct ag_field *agent_field(const struct ag_schema *body)
{
    int index = body ? ag_schema_index(body, AG_STR("agent_id")) : -1;
    return index < 0 ? NULL : &body->fields[index];
}

enum ag_err ag_agent_keys_check(const struct ag_route *route)
{
    const char *resource = route->resource ? route->resource : "";
    const struct ag_field *field = agent_field(route->body);
    bool fits = true;
    if (route->agent_keys == AG_AGENT_KEYS_PATH) fits = strcmp(resource, "agent") == 0;
    if (route->agent_keys == AG_AGENT_KEYS_RUN) fits = strcmp(resource, "run") == 0;
    if (route->agent_keys == AG_AGENT_KEYS_BODY)
        fits = field && field->type == AG_F_UUID && (field->flags & AG_FF_REQUIRED);
    return fits ? AG_OK
                : ag_fail(AG_E_CONFIG, "route %s: .agent_keys does not fit its path or body",
                          route->id);
}

const char *ag_agent_keys_name(enum ag_agent_keys kind)
{
    static const char *const names[] = {"none", "path", "body", "run", "self"};
    return names[kind];
}

enum ag_err ag_guard_agent_door(const struct ag_ctx *ctx)
{
    if (!ctx->scope.who.agents_limited || ctx->route->agent_keys != AG_AGENT_KEYS_NONE)
        return AG_OK;
    return ag_fail(AG_E_FORBIDDEN,
                   "this key is limited to some agents, and this is not one of their operations");
}

static struct ag_uuid agent_of_body(const struct ag_ctx *ctx)
{
    const struct ag_field *field = agent_field(ctx->route->body);
    AG_ASSERT(field); /* ag_agent_keys_check() */
    return *(const struct ag_uuid *)((const char *)ctx->body + field->offset);
}

enum ag_err ag_guard_replay(struct ag_ctx *ctx)
{
    const char *resource = ctx->route->resource ? ctx->route->resource : "";
    if (strcmp(resource, "agent") == 0) return ag_agent_hidden(&ctx->scope, ctx->id);
    if (agent_field(ctx->route->body)) return ag_agent_hidden(&ctx->scope, agent_of_body(ctx));
    return AG_OK;
}

enum ag_err ag_guard_agent(struct ag_ctx *ctx)
{
    const struct ag_principal *who = &ctx->scope.who;
    struct ag_uuid id = ctx->id;
    if (!who->agents_limited) return AG_OK;
    switch (ctx->route->agent_keys) {
    case AG_AGENT_KEYS_NONE:
        return ag_guard_agent_door(ctx);
    case AG_AGENT_KEYS_SELF:
        return AG_OK;
    case AG_AGENT_KEYS_RUN:
        return ag_run_reached(&ctx->scope, ctx->id);
    case AG_AGENT_KEYS_BODY:
        id = agent_of_body(ctx);
        break;
    case AG_AGENT_KEYS_PATH:
        break;
    }
    /* As for an agent that is not there. */
    return ag_principal_reaches(who, id) ? AG_OK
                                         : ag_fail(AG_E_NOT_FOUND, "there is no such agent");
}
