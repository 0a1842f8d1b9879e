/* The router: patterns, precedence, methods. */
#include "test_help.h"

#include "http/router.h"

static struct ag_router *router_of(const char *const *patterns, size_t count)
{
    struct ag_router *router;
    assert_ok(ag_router_new(&router));
    for (size_t i = 0; i < count; i++)
        assert_ok(ag_router_add(router, AG_GET, patterns[i], (int)i));
    return router;
}

static int find(const struct ag_router *router, enum ag_method method, const char *path,
                struct ag_route_match *match)
{
    ag_router_find(router, method, ag_str(path), match);
    return match->row;
}

static void paths_find_their_row(void **state)
{
    static const char *const patterns[] = {
        "/",
        "/health",
        "/v1/agents",
        "/v1/agents/{id}",
        "/v1/agents/{id}/versions/{n}",
        "/v1/agents/import",
        "/v1/{kind}/{id}/x/{a}/{b}",
    };
    struct ag_router *router = router_of(patterns, AG_COUNT(patterns));
    struct ag_route_match match;
    assert_int_equal(find(router, AG_GET, "/", &match), 0);
    assert_int_equal(find(router, AG_GET, "/health", &match), 1);
    assert_int_equal(find(router, AG_GET, "/v1/agents", &match), 2);
    assert_int_equal(match.param_count, 0);
    assert_int_equal(find(router, AG_GET, "/v1/agents/7", &match), 3);
    assert_int_equal(match.param_count, 1);
    assert_str(match.params[0].name, "id");
    assert_str(match.params[0].value, "7");
    assert_int_equal(find(router, AG_GET, "/v1/agents/a b/versions/\xC3\xA9", &match), 4);
    assert_int_equal(match.param_count, 2);
    assert_str(match.params[0].value, "a b");
    assert_str(match.params[1].name, "n");
    assert_str(match.params[1].value, "\xC3\xA9");
    /* A literal wins over a parameter. */
    assert_int_equal(find(router, AG_GET, "/v1/agents/import", &match), 5);
    assert_int_equal(match.param_count, 0);
    assert_int_equal(find(router, AG_GET, "/v1/runs/1/x/2/3", &match), 6);
    assert_int_equal(match.param_count, 4);
    assert_str(match.params[3].value, "3");

    static const char *const absent[] = {
        "",
        "v1",
        "//",
        "/v1",
        "/v1/",
        "/v1/agents/",
        "/v1//agents",
        "/health/",
        "/healthy",
        "/healt",
        "/v1/agents//versions/1",
        "/v1/agents/7/versions",
        "/v1/agents/7/versions/",
        "/HEALTH",
    };
    for (size_t i = 0; i < AG_COUNT(absent); i++) {
        assert_int_equal(find(router, AG_GET, absent[i], &match), -1);
        assert_int_equal(match.methods, 0);
    }
    ag_router_free(router);
}

static void methods_are_told_apart(void **state)
{
    struct ag_router *router;
    struct ag_route_match match;
    assert_ok(ag_router_new(&router));
    assert_ok(ag_router_add(router, AG_GET, "/a", 10));
    assert_ok(ag_router_add(router, AG_POST, "/a", 11));
    assert_ok(ag_router_add(router, AG_DELETE, "/b", 12));
    assert_ok(ag_router_add(router, AG_GET, "/c", 13));
    assert_ok(ag_router_add(router, AG_HEAD, "/c", 14));
    assert_int_equal(find(router, AG_GET, "/a", &match), 10);
    assert_int_equal(find(router, AG_HEAD, "/a", &match), 10);
    assert_int_equal(find(router, AG_POST, "/a", &match), 11);
    assert_int_equal(match.methods, 1u << AG_GET | 1u << AG_HEAD | 1u << AG_POST);
    assert_int_equal(find(router, AG_PUT, "/a", &match), -1);
    assert_int_equal(match.methods, 1u << AG_GET | 1u << AG_HEAD | 1u << AG_POST);
    assert_int_equal(find(router, AG_METHOD_OTHER, "/a", &match), -1);
    assert_int_not_equal(match.methods, 0);
    assert_int_equal(find(router, AG_HEAD, "/b", &match), -1);
    assert_int_equal(match.methods, 1u << AG_DELETE);
    assert_int_equal(find(router, AG_HEAD, "/c", &match), 14);
    assert_int_equal(ag_router_add(router, AG_POST, "/a", 15), AG_E_EXISTS);
    ag_router_free(router);
}

static void malformed_patterns_are_refused(void **state)
{
    static const char *const patterns[] = {
        "",    "a",   "//",    "/a/",    "/a//b", "/{}",
        "/{a", "/a}", "/{a}b", "/{{a}}", "/x{a}", "/{a}/{b}/{c}/{d}/{e}",
    };
    struct ag_router *router;
    assert_ok(ag_router_new(&router));
    for (size_t i = 0; i < AG_COUNT(patterns); i++)
        assert_int_equal(ag_router_add(router, AG_GET, patterns[i], 1), AG_E_INVALID);
    assert_int_equal(ag_router_add(router, AG_METHOD_OTHER, "/a", 1), AG_E_INVALID);
    assert_ok(ag_router_add(router, AG_GET, "/x/{id}", 1));
    assert_int_equal(ag_router_add(router, AG_GET, "/x/{name}/y", 1), AG_E_INVALID);
    ag_router_free(router);
    ag_router_free(NULL);
}

static void many_siblings_are_all_found(void **state)
{
    struct ag_router *router;
    struct ag_route_match match;
    assert_ok(ag_router_new(&router));
    char path[32];
    for (int i = 0; i < 500; i++) {
        /* An order that is neither up nor down. */
        snprintf(path, sizeof(path), "/x/%d", i * 7919 % 500);
        assert_ok(ag_router_add(router, AG_GET, path, i * 7919 % 500));
    }
    for (int i = 0; i < 500; i++) {
        snprintf(path, sizeof(path), "/x/%d", i);
        assert_int_equal(find(router, AG_GET, path, &match), i);
    }
    assert_int_equal(find(router, AG_GET, "/x/500", &match), -1);
    ag_router_free(router);
}

static enum ag_err build(void *arg)
{
    struct ag_router *router;
    AG_TRY(ag_router_new(&router));
    enum ag_err err = ag_router_add(router, AG_GET, "/a/{b}/c", 1);
    if (!err) err = ag_router_add(router, AG_GET, "/a/b", 2);
    ag_router_free(router);
    return err;
}

static void out_of_memory_is_told(void **state)
{
    torture(build, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_find_their_row),
        cmocka_unit_test(methods_are_told_apart),
        cmocka_unit_test(malformed_patterns_are_refused),
        cmocka_unit_test(many_siblings_are_all_found),
        cmocka_unit_test(out_of_memory_is_told),
    };
    return cmocka_run_group_tests_name("router", tests, NULL, NULL);
}
