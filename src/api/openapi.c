/* OpenAPI 3.1 from the route and field tables. */
#include "api/route.h"

enum { MAX_SCHEMAS = 256, MAX_STATUSES = 32 };

static void key(struct ag_buf *out, const char *name)
{
    ag_buf_json_string(out, ag_str(name));
    ag_buf_append_char(out, ':');
}

static void text(struct ag_buf *out, const char *name, const char *value)
{
    key(out, name);
    ag_buf_json_string(out, ag_str(value));
}

/* ---- components ---- */

struct schema_set {
    const struct ag_schema *items[MAX_SCHEMAS];
    size_t count;
};

static void add_schema(const struct ag_schema *schema, void *arg)
{
    struct schema_set *set = arg;
    if (!schema->name) return;
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->items[i]->name, schema->name) == 0) return;
    AG_ASSERT(set->count < MAX_SCHEMAS);
    set->items[set->count++] = schema;
}

static void collect_schemas(struct schema_set *set)
{
    for (size_t i = 0; i < ag_route_table_count; i++) {
        for (size_t k = 0; k < ag_route_tables[i].count; k++) {
            const struct ag_route *route = &ag_route_tables[i].routes[k];
            if (route->body) ag_schema_walk(route->body, add_schema, set);
            if (route->reply) ag_schema_walk(route->reply, add_schema, set);
        }
    }
}

/* RFC 9457, with what this API adds. */
static void problem_schema(struct ag_buf *out)
{
    key(out, "FieldError");
    ag_buf_append_lit(out, "{\"type\":\"object\",\"description\":\"A mistake in one field\","
                           "\"required\":[\"field\",\"code\",\"message\"],\"properties\":{"
                           "\"field\":{\"type\":\"string\",\"description\":\"Its path\"},"
                           "\"code\":{\"type\":\"string\",\"description\":\"Kind of mistake\"},"
                           "\"message\":{\"type\":\"string\",\"description\":\"How to mend it\"}},"
                           "\"additionalProperties\":false},");
    key(out, "Problem");
    ag_buf_append_lit(
        out, "{\"type\":\"object\",\"description\":\"What went wrong (RFC 9457)\","
             "\"required\":[\"type\",\"title\",\"status\",\"code\",\"request_id\"],\"properties\":{"
             "\"type\":{\"type\":\"string\",\"format\":\"uri-reference\"},"
             "\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},"
             "\"detail\":{\"type\":\"string\"},"
             "\"code\":{\"type\":\"string\",\"description\":\"Stable name of the error\"},"
             "\"request_id\":{\"type\":\"string\"},"
             "\"errors\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/"
             "FieldError\"}}},\"additionalProperties\":false}");
}

static enum ag_err components(struct ag_buf *out)
{
    struct schema_set set = {.count = 0};
    collect_schemas(&set);
    ag_buf_append_lit(out, "\"components\":{\"schemas\":{");
    for (size_t i = 0; i < set.count; i++) {
        key(out, set.items[i]->name);
        AG_TRY(ag_fields_schema(set.items[i], out));
        ag_buf_append_char(out, ',');
    }
    problem_schema(out);
    ag_buf_append_lit(
        out,
        "},\"securitySchemes\":{"
        "\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"An access token "
        "of sign-in, or an API key\"},"
        "\"apiKey\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"x-api-key\","
        "\"description\":\"An API key\"},"
        "\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\","
        "\"name\":\"__Host-agentgen_session\",\"description\":\"The browser's session\"}}}");
    return ag_buf_err(out);
}

/* ---- parameters ---- */

static void header_parameter(struct ag_buf *out, bool *first, const char *name, const char *doc)
{
    ag_buf_append_str(out, *first ? AG_STR("") : AG_STR(","));
    *first = false;
    ag_buf_append_lit(out,
                      "{\"in\":\"header\",\"required\":false,\"schema\":{\"type\":\"string\"},");
    text(out, "name", name);
    ag_buf_append_char(out, ',');
    text(out, "description", doc);
    ag_buf_append_char(out, '}');
}

/* {id} is an id, a parameter called otherwise a name: as the guard reads them. */
static void path_parameters(const struct ag_route *route, struct ag_buf *out, bool *first)
{
    struct ag_str rest = ag_str(route->path), element;
    while (ag_str_split(&rest, '/', &element)) {
        if (!ag_str_starts_with(element, AG_STR("{"))) continue;
        struct ag_str name = ag_str_sub(element, 1, element.len - 2);
        ag_buf_append_str(out, *first ? AG_STR("") : AG_STR(","));
        *first = false;
        ag_buf_append_lit(out, "{\"name\":");
        ag_buf_json_string(out, name);
        ag_buf_append_lit(out, ",\"in\":\"path\",\"required\":true,\"schema\":{"
                               "\"type\":\"string\",");
        ag_buf_append_str(out, ag_str_eq(name, AG_STR("id"))
                                   ? AG_STR("\"format\":\"uuid\"}}")
                                   : AG_STR("\"minLength\":1,\"maxLength\":64}}"));
    }
}

static enum ag_err parameters(const struct ag_route *route, struct ag_buf *out)
{
    bool first = true;
    ag_buf_append_lit(out, "\"parameters\":[");
    path_parameters(route, out, &first);
    for (size_t i = 0; route->query && i < route->query->count; i++) {
        const struct ag_field *field = &route->query->fields[i];
        ag_buf_append_str(out, first ? AG_STR("{") : AG_STR(",{"));
        first = false;
        text(out, "name", field->name);
        ag_buf_append_lit(out, ",\"in\":\"query\",");
        text(out, "description", field->doc);
        ag_buf_append_lit(out, ",\"schema\":");
        AG_TRY(ag_field_schema(field, out));
        ag_buf_append_char(out, '}');
    }
    if (route->flags & AG_RF_IDEMPOTENT)
        header_parameter(out, &first, "Idempotency-Key",
                         "Repeats of the request with the same key get the first reply; kept for "
                         "24 hours");
    if ((route->flags & AG_RF_SSE) && route->method == AG_GET)
        header_parameter(out, &first, "Last-Event-ID",
                         "The `id` of the last event that was read; goes on behind it");
    if (ag_route_takes_if_match(route))
        header_parameter(out, &first, "If-Match",
                         "The ETag you have seen; 412 when it has changed");
    if ((route->flags & AG_RF_ETAG) && route->method == AG_GET)
        header_parameter(out, &first, "If-None-Match",
                         "The ETag you have; 304 when it still holds");
    ag_buf_append_lit(out, "],");
    return ag_buf_err(out);
}

/* ---- responses ---- */

static enum ag_err success(const struct ag_route *route, struct ag_buf *out)
{
    ag_buf_printf(out, "\"%d\":{\"description\":\"%s\"", route->status,
                  route->status == 201   ? "Created"
                  : route->status == 204 ? "Done"
                  : route->status == 302 ? "Go on there"
                                         : "OK");
    if (route->flags & AG_RF_ETAG && route->reply)
        ag_buf_append_lit(out, ",\"headers\":{\"ETag\":{\"schema\":{\"type\":\"string\"}}}");
    if (route->status == 302)
        ag_buf_append_lit(out, ",\"headers\":{\"Location\":{\"required\":true,\"schema\":{"
                               "\"type\":\"string\"}}}");
    if (route->flags & AG_RF_TEXT)
        ag_buf_append_str(out, strcmp(route->id, "openapi") == 0
                                   ? AG_STR(",\"content\":{\"application/json\":{\"schema\":{"
                                            "\"type\":\"object\"}}}")
                                   : AG_STR(",\"content\":{\"text/plain\":{\"schema\":{\"type\":"
                                            "\"string\"}}}"));
    if (route->flags & AG_RF_EXPORT)
        ag_buf_append_lit(out, ",\"content\":{\"text/csv\":{\"schema\":{\"type\":\"string\"}},"
                               "\"application/x-ndjson\":{\"schema\":{\"type\":\"string\"}}}");
    if (route->reply) {
        ag_buf_append_lit(out, ",\"content\":{\"application/json\":{\"schema\":");
        if (route->flags & AG_RF_LIST)
            ag_buf_append_lit(out, "{\"type\":\"object\",\"required\":[\"data\",\"next_cursor\"],"
                                   "\"properties\":{\"data\":{\"type\":\"array\",\"items\":");
        ag_buf_printf(out, "{\"$ref\":\"#/components/schemas/%s\"}", route->reply->name);
        if (route->flags & AG_RF_LIST)
            ag_buf_append_lit(out, "},\"next_cursor\":{\"type\":[\"string\",\"null\"],"
                                   "\"description\":\"Give it as `cursor` for the next page\"}},"
                                   "\"additionalProperties\":false}");
        ag_buf_append_char(out, '}');
        if (route->flags & AG_RF_SSE)
            ag_buf_append_lit(out, ",\"text/event-stream\":{\"schema\":{\"type\":\"string\"}}");
        ag_buf_append_char(out, '}');
    } else if (route->flags & AG_RF_SSE) {
        ag_buf_append_lit(out, ",\"content\":{\"text/event-stream\":{\"schema\":{"
                               "\"type\":\"string\"}}}");
    }
    ag_buf_append_char(out, '}');
    if ((route->flags & AG_RF_ETAG) && route->method == AG_GET)
        ag_buf_append_lit(out, ",\"304\":{\"description\":\"Unchanged\"}");
    return ag_buf_err(out);
}

/* Every status the row can lead to: what follows from its columns, then its own errors. */
static size_t collect_errors(const struct ag_route *route, enum ag_err errors[MAX_STATUSES])
{
    size_t n = 0;
    errors[n++] = AG_E_BAD_REQUEST;
    if (route->permission != AG_PERM_PUBLIC) {
        errors[n++] = AG_E_UNAUTHENTICATED;
        errors[n++] = AG_E_FORBIDDEN;
    }
    if (route->flags & AG_RF_RECENT) errors[n++] = AG_E_REAUTH;
    if (strchr(route->path, '{')) errors[n++] = AG_E_NOT_FOUND;
    if (route->body || route->query) errors[n++] = AG_E_INVALID;
    if (route->body) {
        errors[n++] = AG_E_REQUEST_TIMEOUT;
        errors[n++] = AG_E_TOO_LARGE;
        errors[n++] = AG_E_MEDIA_TYPE;
    }
    if (route->flags & AG_RF_IDEMPOTENT) {
        errors[n++] = AG_E_IDEMPOTENCY_BUSY;
        errors[n++] = AG_E_IDEMPOTENCY_MISMATCH;
    }
    if (ag_route_takes_if_match(route)) errors[n++] = AG_E_STALE;
    if (strncmp(route->path, "/v1/", 4) == 0) errors[n++] = AG_E_RATE_LIMITED;
    for (size_t i = 0; i < AG_ROUTE_MAX_ERRORS && route->errors[i] != AG_OK; i++)
        errors[n++] = route->errors[i];
    errors[n++] = AG_E_INTERNAL;
    errors[n++] = AG_E_OVERLOADED;
    return n;
}

static void failures(const struct ag_route *route, struct ag_buf *out)
{
    enum ag_err errors[MAX_STATUSES];
    size_t count = collect_errors(route, errors);
    for (size_t i = 0; i < count; i++) {
        int status = ag_err_info(errors[i])->status;
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen |= ag_err_info(errors[k])->status == status;
        if (seen) continue;
        ag_buf_printf(out, ",\"%d\":{\"description\":\"", status);
        bool first = true;
        for (size_t k = i; k < count; k++) {
            if (ag_err_info(errors[k])->status != status) continue;
            ag_buf_printf(out, "%s`%s`", first ? "" : ", ", ag_err_info(errors[k])->code);
            first = false;
        }
        ag_buf_append_lit(out, "\",\"content\":{\"application/problem+json\":{\"schema\":{"
                               "\"$ref\":\"#/components/schemas/Problem\"}}}}");
    }
}

/* ---- operations ---- */

static void security(const struct ag_route *route, struct ag_buf *out)
{
    if (route->permission == AG_PERM_PUBLIC) {
        ag_buf_append_lit(out, "\"security\":[],");
        return;
    }
    unsigned taken = route->credentials ? route->credentials : AG_CRED_ANY;
    bool first = true;
    static const struct {
        unsigned bits;
        const char *name;
    } schemes[] = {{AG_CRED_TOKEN | AG_CRED_KEY, "bearer"},
                   {AG_CRED_KEY, "apiKey"},
                   {AG_CRED_COOKIE, "session"}};
    ag_buf_append_lit(out, "\"security\":[");
    for (size_t i = 0; i < AG_COUNT(schemes); i++) {
        if (!(taken & schemes[i].bits)) continue;
        ag_buf_printf(out, "%s{\"%s\":[]}", first ? "" : ",", schemes[i].name);
        first = false;
    }
    ag_buf_append_lit(out, "],");
    text(out, "x-permission", ag_permission_info(route->permission)->name);
    ag_buf_append_char(out, ',');
    text(out, "x-agent-keys", ag_agent_keys_name(route->agent_keys));
    ag_buf_append_char(out, ',');
}

static enum ag_err operation(const struct ag_route *route, struct ag_buf *out)
{
    static const char *const lower[] = {[AG_GET] = "get",
                                        [AG_POST] = "post",
                                        [AG_PUT] = "put",
                                        [AG_PATCH] = "patch",
                                        [AG_DELETE] = "delete"};
    key(out, lower[route->method]);
    ag_buf_append_char(out, '{');
    text(out, "operationId", route->id);
    ag_buf_append_char(out, ',');
    text(out, "summary", route->summary);
    ag_buf_append_char(out, ',');
    if (route->doc) {
        text(out, "description", route->doc);
        ag_buf_append_char(out, ',');
    }
    ag_buf_printf(out, "\"tags\":[\"%s\"],", route->tag);
    security(route, out);
    AG_TRY(parameters(route, out));
    if (route->body)
        ag_buf_printf(out,
                      "\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{"
                      "\"schema\":{\"$ref\":\"#/components/schemas/%s\"}}}},",
                      route->body->name);
    ag_buf_append_lit(out, "\"responses\":{");
    AG_TRY(success(route, out));
    failures(route, out);
    ag_buf_append_lit(out, "}}");
    return ag_buf_err(out);
}

/* The routes of one path stand together, whatever table they are in. */
static enum ag_err paths(struct ag_buf *out)
{
    bool first_path = true;
    ag_buf_append_lit(out, "\"paths\":{");
    for (size_t i = 0; i < ag_route_table_count; i++) {
        const struct ag_route_table *table = &ag_route_tables[i];
        for (size_t k = 0; k < table->count; k++) {
            const char *path = table->routes[k].path;
            bool seen = false;
            for (size_t before = 0; before < k; before++)
                seen |= strcmp(table->routes[before].path, path) == 0;
            if (seen) continue;
            ag_buf_append_str(out, first_path ? AG_STR("") : AG_STR(","));
            first_path = false;
            key(out, path);
            ag_buf_append_char(out, '{');
            bool first = true;
            for (size_t same = k; same < table->count; same++) {
                if (strcmp(table->routes[same].path, path) != 0) continue;
                ag_buf_append_str(out, first ? AG_STR("") : AG_STR(","));
                first = false;
                AG_TRY(operation(&table->routes[same], out));
            }
            ag_buf_append_char(out, '}');
        }
    }
    ag_buf_append_lit(out, "},");
    return ag_buf_err(out);
}

static void tags(struct ag_buf *out)
{
    static const char *const rows[][2] = {
        {"System", "The server itself"},
        {"Identity", "Accounts and sessions"},
        {"Organisation", "Organisations, their members, roles and invitations"},
        {"API keys", "Credentials for programs"},
        {"Agents", "Configured agents"},
        {"Prompts", "The prompt library"},
        {"AI", "Running agents and testing prompts"},
        {"Public agents", "Agents that were opened to everybody who has their link"},
        {"Runs", "What was asked, answered and used"},
        {"Monitoring", "What was done by whom, how it goes, what went wrong"},
        {"Providers", "Where models come from"},
        {"Administration", "Accounts, plans, limits and blocks of the whole server"},
    };
    ag_buf_append_lit(out, "\"tags\":[");
    for (size_t i = 0; i < AG_COUNT(rows); i++)
        ag_buf_printf(out, "%s{\"name\":\"%s\",\"description\":\"%s\"}", i > 0 ? "," : "",
                      rows[i][0], rows[i][1]);
    ag_buf_append_lit(out, "],");
}

enum ag_err ag_api_openapi(struct ag_buf *out, struct ag_str version)
{
    ag_buf_append_lit(out,
                      "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"agentgen\",\"description\":"
                      "\"Create, run and watch AI agents. Errors are problem documents (RFC "
                      "9457) with a stable `code`.\",\"version\":");
    ag_buf_json_string(out, version);
    ag_buf_append_lit(out, "},\"servers\":[{\"url\":\"/\"}],");
    tags(out);
    AG_TRY(paths(out));
    AG_TRY(components(out));
    ag_buf_append_char(out, '}');
    return ag_buf_err(out);
}
