/* The API: routes, guard and controllers on one core. What the server calls for every request. */
#pragma once

#include "base/address.h"
#include "core/core.h"
#include "http/http.h"

struct ag_api;

struct ag_api_options {
    struct ag_str metrics_token; /* empty: /metrics answers loopback alone */
    struct ag_str version;       /* of the program, for OpenAPI */
    struct ag_str web_dir;       /* empty: the packed web pages; else a folder, ends with NUL */
    struct ag_ranges proxies;    /* whose X-Forwarded-For is believed */
};

/* Compiles the route table. The core must outlive it. AG_E_CONFIG names a route that is wrong, or a
 * folder without web pages. Blocks. */
enum ag_err ag_api_new(struct ag_core *core, const struct ag_api_options *options,
                       struct ag_api **ret_api) AG_MUST_USE;
void ag_api_free(struct ag_api *api);
/* Lets /metrics read the server's counters. Before the first request. */
void ag_api_set_server(struct ag_api *api, struct ag_server *server);
/* Answers one request: the handler given to the server, with the api as `arg`. */
void ag_api_handle(struct ag_request *req, void *arg) AG_SUSPENDS;

/* Documents generated from the tables; they need no core. */
/* OpenAPI 3.1 as JSON. */
enum ag_err ag_api_openapi(struct ag_buf *out, struct ag_str version);
/* [{"id", "method", "path", "permission", "credentials": [...], "summary", ...}] */
enum ag_err ag_api_routes_json(struct ag_buf *out);
/* Markdown: docs/routes.md, docs/errors.md, docs/permissions.md, docs/audit.md. */
enum ag_err ag_api_routes_markdown(struct ag_buf *out);
enum ag_err ag_api_errors_markdown(struct ag_buf *out);
enum ag_err ag_api_permissions_markdown(struct ag_buf *out);
enum ag_err ag_api_audit_markdown(struct ag_buf *out);
