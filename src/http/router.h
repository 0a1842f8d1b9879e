/* Router: finds the row of a path. Patterns are "/v1/agents/{id}"; a parameter is one whole path
 * element; literal elements win over parameters. A path is matched in time linear in its length. */
#pragma once

#include "http/http.h"

enum { AG_ROUTER_MAX_PARAMS = 4 };

struct ag_router;

struct ag_route_match {
    int row;          /* index given to ag_router_add(), or -1 */
    unsigned methods; /* bit (1 << method) of every method the path has; 0: no such path */
    struct ag_pair params[AG_ROUTER_MAX_PARAMS]; /* in the order of the pattern */
    size_t param_count;
};

enum ag_err ag_router_new(struct ag_router **ret_router) AG_MUST_USE;
void ag_router_free(struct ag_router *router);
/* AG_E_EXISTS when method and pattern are there already, AG_E_INVALID on a malformed pattern. */
enum ag_err ag_router_add(struct ag_router *router, enum ag_method method, const char *pattern,
                          int row) AG_MUST_USE;
/* HEAD finds the row of GET when it has none of its own. Immutable after the adds: any thread. */
void ag_router_find(const struct ag_router *router, enum ag_method method, struct ag_str path,
                    struct ag_route_match *ret_match);
