/* The pure parts of core/: templates, the system text, remarks on prompts, cursors, and the caches.
 */
#include "test_help.h"

#include "core/internal.h"

static struct ag_arena arena;
static struct ag_field_errors errors;

static int begin(void **state)
{
    (void)state;
    ag_arena_init(&arena);
    errors.count = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    ag_arena_done(&arena);
    ag_arena_pool_done();
    return 0;
}

static struct ag_list pairs(struct ag_pair *items, size_t count)
{
    return (struct ag_list){items, count};
}

/* ---- templates ---- */

static void render_is(const char *text, const char *expected)
{
    struct ag_pair values[] = {{AG_STR("name"), AG_STR("Ada")},
                               {AG_STR("x"), AG_STR("{{name}}")},
                               {AG_STR("empty"), AG_STR("")}};
    struct ag_list list = pairs(values, AG_COUNT(values));
    struct ag_str out;
    assert_ok(ag_template_render(ag_str(text), &list, &arena, &out));
    assert_str(out, expected);
}

static void placeholders_are_replaced_once(void **state)
{
    (void)state;
    render_is("Hello {{name}}!", "Hello Ada!");
    render_is("{{ name }}{{name}}", "AdaAda");
    render_is("{{x}}", "{{name}}"); /* a value is not looked into */
    render_is("[{{empty}}]", "[]");
    render_is("{{other}} stays", "{{other}} stays");
}

static void what_is_no_placeholder_stays(void **state)
{
    (void)state;
    const char *const texts[] = {
        "",          "{",         "{{",     "{{name", "{{name}",  "{{}}",   "{{ }}",
        "{{na me}}", "{{1name}}", "{name}", "}} {{",  "{{name\n", "{{{}}}", "{{na{me}}",
    };
    for (size_t i = 0; i < AG_COUNT(texts); i++)
        render_is(texts[i], texts[i]);
    render_is("{{name}}{", "Ada{");
    render_is("{{{name}}}", "{Ada}");
}

static enum ag_err render_long(void *arg)
{
    (void)arg;
    struct ag_pair values[] = {{AG_STR("name"), AG_STR("Ada Lovelace")}};
    struct ag_list list = pairs(values, 1);
    struct ag_arena own;
    ag_arena_init(&own);
    char text[6000];
    for (size_t i = 0; i + 8 <= sizeof(text); i += 8)
        memcpy(text + i, "{{name}}", 8);
    struct ag_str out;
    enum ag_err err = ag_template_render(ag_str_n(text, sizeof(text)), &list, &own, &out);
    if (err == AG_OK) assert_int_equal(out.len, sizeof(text) / 8 * 12);
    ag_arena_done(&own);
    return err;
}

static void rendering_survives_the_end_of_memory(void **state)
{
    (void)state;
    torture(render_long, NULL);
}

/* ---- the system text ---- */

static enum ag_err decode(const char *json, struct ag_agent_config *config)
{
    return ag_agent_config_decode(ag_str(json), &arena, config);
}

static enum ag_err assemble(const char *config_json, const char *prompt, struct ag_pair *values,
                            size_t count, struct ag_str *ret_text)
{
    struct ag_agent_config config;
    struct ag_list list = pairs(values, count);
    assert_ok(decode(config_json, &config));
    return ag_prompt_assemble(&config, AG_STR("Support"), ag_str(prompt), &list, &arena, &errors,
                              ret_text);
}

static void system_text_has_its_parts_in_order(void **state)
{
    (void)state;
    struct ag_pair values[] = {{AG_STR("shop"), AG_STR("Acme")}};
    struct ag_str text;
    assert_ok(
        assemble("{\"instructions\":\"Answer for {{shop}}.\",\"persona\":\"A {{shop}} clerk\","
                 "\"response_style\":\"concise\",\"language\":\"German\","
                 "\"response_format\":\"markdown\"}",
                 "Saved for {{shop}}.", values, 1, &text));
    assert_str(text, "Saved for Acme.\n\nAnswer for Acme.\n\nYour persona: A Acme clerk\n\n"
                     "Answer as briefly as the question allows.\n\nAlways answer in German.\n\n"
                     "Format your answers in Markdown.");
    assert_ok(assemble("{}", "", NULL, 0, &text));
    assert_str(text, "You are Support, a helpful assistant.");
    assert_ok(assemble("{\"response_style\":\"custom\"}", "", NULL, 0, &text));
    assert_str(text, "You are Support, a helpful assistant.");
}

static void variables_are_held_to_what_is_declared(void **state)
{
    (void)state;
    const char *config = "{\"instructions\":\"{{used}}\",\"variables\":["
                         "{\"name\":\"n\",\"type\":\"number\"},"
                         "{\"name\":\"b\",\"type\":\"boolean\",\"default\":\"true\"},"
                         "{\"name\":\"must\",\"required\":true}]}";
    struct ag_pair good[] = {
        {AG_STR("n"), AG_STR("1.5")}, {AG_STR("must"), AG_STR("x")}, {AG_STR("used"), AG_STR("y")}};
    struct ag_str text;
    assert_ok(assemble(config, "", good, 3, &text));
    assert_str(text, "y");

    struct ag_pair bad[] = {{AG_STR("n"), AG_STR("one")},
                            {AG_STR("b"), AG_STR("yes")},
                            {AG_STR("stranger"), AG_STR("z")}};
    assert_int_equal(assemble(config, "", bad, 3, &text), AG_E_INVALID);
    assert_int_equal(errors.count, 4);
    assert_str(errors.items[0].field, "variables.stranger");
    assert_string_equal(errors.items[0].code, "unknown");
    assert_str(errors.items[1].field, "variables.n");
    assert_string_equal(errors.items[1].code, "type");
    assert_str(errors.items[2].field, "variables.b");
    assert_str(errors.items[3].field, "variables.must");
    assert_string_equal(errors.items[3].code, "required");
}

/* ---- remarks ---- */

static bool has_finding(const struct ag_list *findings, const char *code)
{
    const struct ag_finding *items = findings->items;
    for (size_t i = 0; i < findings->count; i++)
        if (ag_str_eq(items[i].code, ag_str(code))) return true;
    return false;
}

static struct ag_list lint(const char *text, struct ag_pair *values, size_t count)
{
    struct ag_list list = pairs(values, count), findings;
    assert_ok(ag_prompt_lint(ag_str(text), &list, &arena, &findings));
    return findings;
}

static void remarks_find_what_is_there(void **state)
{
    (void)state;
    struct ag_pair values[] = {{AG_STR("a"), AG_STR("1")}};
    struct ag_list found = lint("Write an e-mail to {{a}} about the order.", values, 1);
    assert_int_equal(found.count, 0);
    found = lint("Write an e-mail to {{b}}, {{b}} and {{c}} now.", values, 1);
    assert_int_equal(found.count, 3);
    assert_true(has_finding(&found, "unset_variable"));
    assert_true(has_finding(&found, "unused_variable"));
    found = lint("Hi {{", NULL, 0);
    assert_true(has_finding(&found, "unbalanced_braces"));
    assert_true(has_finding(&found, "very_short"));
}

/* ---- cursors ---- */

static void cursors_come_back_as_they_went(void **state)
{
    (void)state;
    struct ag_uuid id = ag_uuid_new();
    for (int key = 0; key < AG_SORT_KEYS; key++) {
        struct ag_page page = {.key = (enum ag_sort_key)key, .descending = key == 1}, read = page;
        struct ag_str cursor;
        assert_ok(ag_cursor_encode(&page, id, 1234567890123, AG_STR("Zoë"), &arena, &cursor));
        assert_ok(ag_cursor_decode(cursor, &read, &arena, &errors));
        assert_true(read.has_after);
        assert_true(ag_uuid_eq(read.after_id, id));
        if (key == AG_SORT_UPDATED) assert_int_equal(read.after_time, 1234567890123);
        if (key == AG_SORT_NAME) assert_str(read.after_name, "Zoë");

        /* Of another order, cut short, or not ours at all. */
        struct ag_page other = {.key = page.key, .descending = !page.descending};
        assert_int_equal(ag_cursor_decode(cursor, &other, &arena, &errors), AG_E_INVALID);
        if (key != AG_SORT_NAME)
            assert_int_equal(
                ag_cursor_decode(ag_str_sub(cursor, 0, cursor.len - 2), &page, &arena, &errors),
                AG_E_INVALID);
        assert_int_equal(ag_cursor_decode(AG_STR("!!"), &page, &arena, &errors), AG_E_INVALID);
        assert_int_equal(ag_cursor_decode(AG_STR("AAAA"), &page, &arena, &errors), AG_E_INVALID);
    }
}

static void search_texts_match_literally(void **state)
{
    (void)state;
    struct ag_page page = {.search = AG_STR("50%_Off\\")};
    struct ag_str pattern;
    assert_ok(ag_page_pattern(&page, &arena, &pattern));
    assert_str(pattern, "%50\\%\\_Off\\\\%");
    page.search = (struct ag_str){0};
    assert_ok(ag_page_pattern(&page, &arena, &pattern));
    assert_str(pattern, "%");
}

/* ---- the access cache ---- */

static void access_is_remembered_until_rights_change(void **state)
{
    (void)state;
    struct ag_access_cache *cache;
    assert_ok(ag_access_cache_new(&cache));
    struct ag_principal who = {.credential = AG_CRED_KEY, .user_id = ag_uuid_new(), .epoch = 7};
    struct ag_principal found;
    who.read_at_ms = ag_mono_ms();
    ag_access_cache_put(cache, AG_STR("secret-1"), 0, &who);
    assert_true(ag_access_cache_get(cache, AG_STR("secret-1"), 7, &found));
    assert_true(ag_uuid_eq(found.user_id, who.user_id));
    assert_false(ag_access_cache_get(cache, AG_STR("secret-2"), 7, &found));
    assert_false(ag_access_cache_get(cache, AG_STR("secret-1"), 8, &found));
    who.epoch = 8;
    ag_access_cache_put(cache, AG_STR("secret-1"), ag_wall_ms() - 1, &who);
    assert_false(ag_access_cache_get(cache, AG_STR("secret-1"), 8, &found));

    who.read_at_ms -= AG_ACCESS_TTL_MS + 1;
    ag_access_cache_put(cache, AG_STR("secret-1"), 0, &who);
    assert_false(ag_access_cache_get(cache, AG_STR("secret-1"), 8, &found));

    /* Many more than it holds: each is found right after it was put. */
    who.read_at_ms = ag_mono_ms();
    for (int i = 0; i < 5000; i++) {
        char secret[32];
        int len = snprintf(secret, sizeof(secret), "secret %d", i);
        struct ag_str text = ag_str_n(secret, (size_t)len);
        ag_access_cache_put(cache, text, 0, &who);
        assert_true(ag_access_cache_get(cache, text, 8, &found));
    }
    ag_access_cache_free(cache);
}

/* ---- models ---- */

static struct ag_core *core_with(struct ag_str openai_key, struct ag_str default_model)
{
    static struct ag_core core;
    memset(&core, 0, sizeof(core));
    const struct ag_core_options options = {
        .openai_key = openai_key,
        .openai_base_url = AG_STR("https://api.openai.com/v1"),
        .anthropic_base_url = AG_STR("https://api.anthropic.com"),
        .default_model = default_model,
    };
    ag_core_init(&core, &options);
    return &core;
}

static void the_model_is_chosen_from_what_is_usable(void **state)
{
    (void)state;
    struct ag_model_choice choice;
    struct ag_agent_config config = {0};
    struct ag_core *core = core_with(AG_STR(""), AG_STR(""));
    assert_ok(ag_model_choose(core, &config, &choice));
    assert_string_equal(choice.provider->name, "sandbox");
    assert_int_equal(ag_model_parse(core, AG_STR("openai/gpt-4o"), &choice),
                     AG_E_MODEL_UNAVAILABLE);
    assert_int_equal(ag_model_parse(core, AG_STR("nobody/x"), &choice), AG_E_MODEL_UNAVAILABLE);

    core = core_with(AG_STR("key"), AG_STR(""));
    assert_ok(ag_model_choose(core, &config, &choice));
    assert_string_equal(choice.provider->name, "openai");
    assert_true(choice.model.len > 0);
    assert_ok(ag_model_parse(core, AG_STR("openai/org/model"), &choice));
    assert_str(choice.model, "org/model");

    core = core_with(AG_STR("key"), AG_STR("sandbox/sandbox"));
    assert_ok(ag_model_choose(core, &config, &choice));
    assert_string_equal(choice.provider->name, "sandbox");
    config.provider = AG_STR("openai");
    config.model = AG_STR("gpt-x");
    assert_ok(ag_model_choose(core, &config, &choice));
    assert_str(choice.model, "gpt-x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(placeholders_are_replaced_once, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_placeholder_stays, begin, end),
        cmocka_unit_test_setup_teardown(rendering_survives_the_end_of_memory, begin, end),
        cmocka_unit_test_setup_teardown(system_text_has_its_parts_in_order, begin, end),
        cmocka_unit_test_setup_teardown(variables_are_held_to_what_is_declared, begin, end),
        cmocka_unit_test_setup_teardown(remarks_find_what_is_there, begin, end),
        cmocka_unit_test_setup_teardown(cursors_come_back_as_they_went, begin, end),
        cmocka_unit_test_setup_teardown(search_texts_match_literally, begin, end),
        cmocka_unit_test_setup_teardown(access_is_remembered_until_rights_change, begin, end),
        cmocka_unit_test_setup_teardown(the_model_is_chosen_from_what_is_usable, begin, end),
    };
    return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
