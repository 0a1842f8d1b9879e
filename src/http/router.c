#include "http/router.h"

/*
 * A trie of path elements. A node keeps its literal children sorted, so that finding one costs a
 * comparison or two of that element; at most one child stands for "any element". Nothing is tried
 * twice: where a literal fits, the parameter beside it is out of the question.
 */
struct node {
    struct ag_str element;     /* "" for a parameter and for the root */
    int rows[AG_METHOD_OTHER]; /* by method, -1: none; index 0 is unused */
    unsigned methods;
    struct node **literals; /* sorted by length, then bytes */
    size_t literal_count;
    struct node *any;
    struct ag_str param; /* the name of `any` */
};

struct ag_router {
    struct ag_arena arena;
    struct node *root;
};

static struct node *node_new(struct ag_router *router, struct ag_str element)
{
    struct node *node = AG_ARENA_NEW(&router->arena, struct node);
    if (!node) return NULL;
    for (size_t i = 0; i < AG_COUNT(node->rows); i++)
        node->rows[i] = -1;
    node->element = ag_arena_copy(&router->arena, element);
    return node->element.data ? node : NULL;
}

enum ag_err ag_router_new(struct ag_router **ret_router)
{
    struct ag_router *router = calloc(1, sizeof(*router));
    if (!router) return ag_fail(AG_E_NO_MEMORY, "no memory for a router");
    ag_arena_init(&router->arena);
    router->root = node_new(router, AG_STR(""));
    if (!router->root) {
        ag_router_free(router);
        return ag_fail(AG_E_NO_MEMORY, "no memory for a router");
    }
    *ret_router = router;
    return AG_OK;
}

void ag_router_free(struct ag_router *router)
{
    if (!router) return;
    ag_arena_done(&router->arena);
    free(router);
}

static int compare(struct ag_str a, struct ag_str b)
{
    if (a.len != b.len) return a.len < b.len ? -1 : 1;
    return memcmp(a.data, b.data, a.len);
}

/* The literal child called `element`; `*ret_place` is where it is or would be. */
static struct node *literal_find(const struct node *node, struct ag_str element, size_t *ret_place)
{
    size_t low = 0, high = node->literal_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(node->literals[middle]->element, element);
        if (order == 0) {
            *ret_place = middle;
            return node->literals[middle];
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_place = low;
    return NULL;
}

static enum ag_err literal_child(struct ag_router *router, struct node *node, struct ag_str element,
                                 struct node **ret_child)
{
    size_t place;
    struct node *child = literal_find(node, element, &place);
    if (!child) {
        child = node_new(router, element);
        struct node **list = AG_ARENA_ARRAY(&router->arena, struct node *, node->literal_count + 1);
        if (!child || !list) return ag_fail(AG_E_NO_MEMORY, "no memory for a route");
        for (size_t i = 0; i < node->literal_count; i++)
            list[i < place ? i : i + 1] = node->literals[i];
        list[place] = child;
        node->literals = list;
        node->literal_count++;
    }
    *ret_child = child;
    return AG_OK;
}

static enum ag_err param_child(struct ag_router *router, struct node *node, struct ag_str name,
                               struct node **ret_child)
{
    if (!node->any) {
        node->any = node_new(router, AG_STR(""));
        node->param = ag_arena_copy(&router->arena, name);
        if (!node->any || !node->param.data)
            return ag_fail(AG_E_NO_MEMORY, "no memory for a route");
    } else if (!ag_str_eq(node->param, name)) {
        return ag_fail(AG_E_INVALID, "the parameter {%.*s} has another name in a sibling",
                       AG_STR_ARG(name));
    }
    *ret_child = node->any;
    return AG_OK;
}

static bool is_param(struct ag_str element)
{
    return element.len > 2 && element.data[0] == '{' && element.data[element.len - 1] == '}' &&
           ag_str_find_char(ag_str_sub(element, 1, element.len - 2), '{') < 0 &&
           ag_str_find_char(ag_str_sub(element, 1, element.len - 2), '}') < 0;
}

static bool is_literal(struct ag_str element)
{
    return element.len > 0 && ag_str_find_char(element, '{') < 0 &&
           ag_str_find_char(element, '}') < 0;
}

enum ag_err ag_router_add(struct ag_router *router, enum ag_method method, const char *pattern,
                          int row)
{
    struct ag_str rest = ag_str(pattern), element;
    if (rest.len == 0 || rest.data[0] != '/' || method < AG_GET || method >= AG_METHOD_OTHER)
        return ag_fail(AG_E_INVALID, "malformed route: %s", pattern);
    struct node *node = router->root;
    size_t params = 0;
    rest = ag_str_sub(rest, 1, rest.len);
    while (rest.len > 0 && ag_str_split(&rest, '/', &element)) {
        if (is_param(element)) {
            if (++params > AG_ROUTER_MAX_PARAMS)
                return ag_fail(AG_E_INVALID, "a route has more than %d parameters: %s",
                               AG_ROUTER_MAX_PARAMS, pattern);
            AG_TRY(param_child(router, node, ag_str_sub(element, 1, element.len - 2), &node));
        } else if (is_literal(element)) {
            AG_TRY(literal_child(router, node, element, &node));
        } else {
            return ag_fail(AG_E_INVALID, "malformed route: %s", pattern);
        }
        if (rest.data && rest.len == 0)
            return ag_fail(AG_E_INVALID, "a route ends in a slash: %s", pattern);
    }
    if (node->rows[method] >= 0)
        return ag_fail(AG_E_EXISTS, "the route %s %s is there already", ag_method_name(method),
                       pattern);
    node->rows[method] = row;
    node->methods |= 1u << method;
    return AG_OK;
}

/* Walks down the elements of `path`; NULL when one fits nothing. */
static const struct node *walk(const struct node *node, struct ag_str path,
                               struct ag_route_match *match)
{
    const char *at = path.data + 1, *end = path.data + path.len;
    if (at == end) return node;
    for (;;) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        struct ag_str element = {at, (size_t)((slash ? slash : end) - at)};
        size_t place;
        const struct node *child = literal_find(node, element, &place);
        if (!child) {
            if (!node->any || element.len == 0) return NULL;
            match->params[match->param_count++] = (struct ag_pair){node->param, element};
            child = node->any;
        }
        node = child;
        if (!slash) return node;
        at = slash + 1;
    }
}

void ag_router_find(const struct ag_router *router, enum ag_method method, struct ag_str path,
                    struct ag_route_match *ret_match)
{
    ret_match->row = -1;
    ret_match->methods = 0;
    ret_match->param_count = 0;
    if (path.len == 0 || path.data[0] != '/') return;
    const struct node *node = walk(router->root, path, ret_match);
    if (!node || node->methods == 0) return;
    ret_match->methods = node->methods;
    if (node->rows[AG_GET] >= 0) ret_match->methods |= 1u << AG_HEAD;
    if (method < AG_GET || method >= AG_METHOD_OTHER) return;
    ret_match->row = node->rows[method];
    if (method == AG_HEAD && ret_match->row < 0) ret_match->row = node->rows[AG_GET];
}
