/* What else is generated from the tables: `agentgen routes` and the pages of docs/. */
#include "api/route.h"
#include "core/audit.h"

static void each_route(struct ag_buf *out,
                       void (*fn)(const struct ag_route *route, bool first, struct ag_buf *out))
{
    bool first = true;
    for (size_t i = 0; i < ag_route_table_count; i++) {
        for (size_t k = 0; k < ag_route_tables[i].count; k++) {
            fn(&ag_route_tables[i].routes[k], first, out);
            first = false;
        }
    }
}

static const char *permission_name(const struct ag_route *route)
{
    return route->permission == AG_PERM_PUBLIC ? "public"
                                               : ag_permission_info(route->permission)->name;
}

static void route_json(const struct ag_route *route, bool first, struct ag_buf *out)
{
    static const struct {
        enum ag_credential bit;
        const char *name;
    } kinds[] = {{AG_CRED_TOKEN, "token"}, {AG_CRED_KEY, "api_key"}, {AG_CRED_COOKIE, "cookie"}};
    unsigned taken = route->credentials ? route->credentials : AG_CRED_ANY;
    if (route->permission == AG_PERM_PUBLIC) taken = 0;
    ag_buf_printf(out, "%s{\"id\":\"%s\",\"method\":\"%s\",\"path\":\"%s\",\"permission\":\"%s\",",
                  first ? "" : ",", route->id, ag_method_name(route->method), route->path,
                  permission_name(route));
    ag_buf_append_lit(out, "\"credentials\":[");
    bool first_kind = true;
    for (size_t i = 0; i < AG_COUNT(kinds); i++) {
        if (!(taken & kinds[i].bit)) continue;
        ag_buf_printf(out, "%s\"%s\"", first_kind ? "" : ",", kinds[i].name);
        first_kind = false;
    }
    ag_buf_printf(out, "],\"status\":%d,\"idempotent\":%s,\"etag\":%s,\"list\":%s,\"stream\":%s,",
                  route->status, route->flags & AG_RF_IDEMPOTENT ? "true" : "false",
                  route->flags & AG_RF_ETAG ? "true" : "false",
                  route->flags & AG_RF_LIST ? "true" : "false",
                  route->flags & AG_RF_SSE ? "true" : "false");
    if (route->resource) ag_buf_printf(out, "\"resource\":\"%s\",", route->resource);
    ag_buf_printf(out, "\"recent\":%s,\"spends\":%s,\"agent_keys\":\"%s\",\"summary\":",
                  route->flags & AG_RF_RECENT ? "true" : "false",
                  route->flags & AG_RF_SPENDS ? "true" : "false",
                  ag_agent_keys_name(route->agent_keys));
    ag_buf_json_string(out, ag_str(route->summary));
    ag_buf_append_char(out, '}');
}

enum ag_err ag_api_routes_json(struct ag_buf *out)
{
    ag_buf_append_char(out, '[');
    each_route(out, route_json);
    ag_buf_append_lit(out, "]\n");
    return ag_buf_err(out);
}

static void route_row(const struct ag_route *route, bool first, struct ag_buf *out)
{
    (void)first;
    ag_buf_printf(out, "| `%s` | `%s` | `%s` | %s |\n", ag_method_name(route->method), route->path,
                  permission_name(route), route->summary);
}

enum ag_err ag_api_routes_markdown(struct ag_buf *out)
{
    ag_buf_append_lit(out, "# Routes\n\nGenerated from the route table. `openapi.json` beside this "
                           "page has their fields.\n\n"
                           "| method | path | permission | what it does |\n"
                           "| --- | --- | --- | --- |\n");
    each_route(out, route_row);
    return ag_buf_err(out);
}

enum ag_err ag_api_errors_markdown(struct ag_buf *out)
{
    ag_buf_append_lit(out, "# Errors\n\nGenerated from the error table. A problem document (RFC "
                           "9457) carries `code`; *again* says whether the same request may "
                           "succeed later.\n\n"
                           "| code | status | again | meaning |\n| --- | --- | --- | --- |\n");
    for (int i = 1; i < AG_E_COUNT; i++) {
        const struct ag_err_info *info = ag_err_info((enum ag_err)i);
        ag_buf_printf(out, "| `%s` | %d | %s | %s |\n", info->code, info->status,
                      info->retryable ? "yes" : "no", info->title);
    }
    return ag_buf_err(out);
}

enum ag_err ag_api_permissions_markdown(struct ag_buf *out)
{
    ag_buf_append_lit(
        out, "# Permissions\n\nGenerated from the permission table. Roles of an organisation are "
             "made of them, and API keys can be limited to some of their owner's. A role of its "
             "own holds what is chosen of an admin's permissions; those of one's own account "
             "belong to every role. "
             "`system` is the administrator of the server, in whatever organisation.\n\n"
             "| permission | what it allows |");
    for (int role = 0; role < AG_ROLE_COUNT; role++)
        ag_buf_printf(out, " %s |", ag_role_name((enum ag_role)role));
    ag_buf_append_lit(out, "\n| --- | --- |");
    for (int role = 0; role < AG_ROLE_COUNT; role++)
        ag_buf_append_lit(out, " --- |");
    ag_buf_append_char(out, '\n');
    for (int i = AG_PERM_PUBLIC + 1; i < AG_PERM_COUNT; i++) {
        const struct ag_permission_info *info = ag_permission_info((enum ag_permission)i);
        ag_buf_printf(out, "| `%s` | %s |", info->name, info->doc);
        for (int role = 0; role < AG_ROLE_COUNT; role++)
            ag_buf_append_str(out, info->roles & (1U << role) ? AG_STR(" yes |") : AG_STR("  |"));
        ag_buf_append_char(out, '\n');
    }
    return ag_buf_err(out);
}

enum ag_err ag_api_audit_markdown(struct ag_buf *out)
{
    ag_buf_append_lit(
        out,
        "# The audit log\n\nGenerated from the table of actions. An entry stands in the log of "
        "the organisation that it concerns: signing in and one's own account in the personal "
        "one, what is done to the server in the server's own. `GET /v1/activity` lists, "
        "`/export` exports and `/verify` verifies them; "
        "[how the chain is made](internals/audit.md).\n\n"
        "| action | what happened |\n| --- | --- |\n");
    for (size_t i = 0; i < ag_audit_action_count; i++)
        ag_buf_printf(out, "| `%s` | %s |\n", ag_audit_actions[i].name, ag_audit_actions[i].doc);
    return ag_buf_err(out);
}
