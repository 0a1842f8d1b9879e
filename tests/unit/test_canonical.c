/* Canonical JSON: RFC 8785's own examples where they hold integers, and what is refused. */
#include "test_help.h"

#include "base/canonical.h"

static enum ag_err canonical(const char *json, struct ag_arena *arena, struct ag_str *ret)
{
    struct ag_buf out;
    ag_buf_init(&out, arena, 64 * 1024);
    enum ag_err err = ag_json_canonical(arena, ag_str(json), &out);
    *ret = ag_buf_str(&out);
    return err;
}

static void one_text_for_one_value(void **state)
{
    (void)state;
    static const struct {
        const char *json, *want;
    } cases[] = {
        {"{}", "{}"},
        {" { \"b\" : [ 1 , 2.0, 1e2 ] ,\n\"a\":null }", "{\"a\":null,\"b\":[1,2,100]}"},
        {"[true,false,null,\"\",[],{}]", "[true,false,null,\"\",[],{}]"},
        {"-0.0", "0"},
        {"-9007199254740991", "-9007199254740991"},
        {"9007199254740991", "9007199254740991"},
        {"{\"aa\":1,\"a\":2,\"\":3,\"B\":4}", "{\"\":3,\"B\":4,\"a\":2,\"aa\":1}"},
        /* RFC 8785 3.2.2.2 */
        {"\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\"",
         "\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\""},
        /* RFC 8785 3.2.3: as UTF-16, an emoji is before U+FB33. */
        {"{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,"
         "\"\\u00f6\":7}",
         "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,"
         "\"\xf0\x9f\x98\x80\":5,\"\xef\xac\xb3\":3}"},
        {"[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]", "[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]"},
    };
    struct ag_arena arena;
    ag_arena_init(&arena);
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        struct ag_str have, again;
        assert_ok(canonical(cases[i].json, &arena, &have));
        if (!ag_str_eq(have, ag_str(cases[i].want)))
            fail_msg("have: %.*s\nwant: %s", AG_STR_ARG(have), cases[i].want);
        assert_ok(canonical(ag_arena_cstr(&arena, have), &arena, &again));
        assert_true(ag_str_eq(have, again));
    }
    ag_arena_done(&arena);
}

static void what_has_no_such_text_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "{",
        "{\"a\":1,}",
        "{\"a\":1,\"b\":2,\"a\":3}",
        "0.5",
        "9007199254740992",
        "-9007199254740993",
        "1e300",
        "1e999",
        "18446744073709551616",
        "\"\xff\"",
        "\"\\ud800\"",
        "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]",
        "{\"a\":1} x",
    };
    struct ag_arena arena;
    ag_arena_init(&arena);
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        struct ag_str have;
        if (canonical(cases[i], &arena, &have) != AG_E_INVALID)
            fail_msg("%s: %.*s", cases[i], AG_STR_ARG(have));
    }
    /* However deep it is, it is read without a deep stack. */
    enum { LEVELS = 200000 };
    char *deep = ag_arena_alloc(&arena, 2 * LEVELS + 1);
    memset(deep, '[', LEVELS);
    memset(deep + LEVELS, ']', LEVELS);
    deep[2 * LEVELS] = '\0';
    struct ag_str have;
    assert_int_equal(canonical(deep, &arena, &have), AG_E_INVALID);

    struct ag_buf small;
    ag_buf_init(&small, &arena, 4);
    assert_int_equal(ag_json_canonical(&arena, AG_STR("[1,2,3]"), &small), AG_E_TOO_LARGE);
    ag_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_text_for_one_value),
        cmocka_unit_test(what_has_no_such_text_is_refused),
    };
    return cmocka_run_group_tests_name("canonical", tests, NULL, NULL);
}
