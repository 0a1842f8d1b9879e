/* The templates that come with the program, and what is left of what a model proposes. */
#include "test_help.h"

#include "core/internal.h"
#include "core/proposals.h"
#include "core/templates.h"

static struct ag_arena arena;

static int begin(void **state)
{
    (void)state;
    ag_arena_init(&arena);
    return 0;
}

static int end(void **state)
{
    (void)state;
    ag_arena_done(&arena);
    ag_arena_pool_done();
    return 0;
}

/* ---- templates ---- */

struct usage {
    const struct ag_agent_config *config;
    unsigned long used; /* bit per variable */
};

static void note_use(struct ag_str name, void *arg)
{
    struct usage *usage = arg;
    const struct ag_variable *variables = usage->config->variables.items;
    for (size_t i = 0; i < usage->config->variables.count; i++) {
        if (!ag_str_eq(variables[i].name, name)) continue;
        usage->used |= 1UL << i;
        return;
    }
    fail_msg("a template uses {{%.*s}} without declaring it", AG_STR_ARG(name));
}

static void check_template(const struct ag_template *template)
{
    const struct ag_agent_config *config = &template->config;
    assert_true(config->instructions.len > 1200 && config->persona.len > 100);
    assert_true(config->greeting.len > 0 && config->temperature <= 1);
    assert_true(ag_doc_has(config, AG_CONFIG_TEMPERATURE));
    assert_in_range(config->suggested_questions.count, 2, 6);
    assert_in_range(template->sample_questions.count, 2, 6);
    /* No model, so that the server's own answers. */
    assert_int_equal(config->provider.len + config->model.len + config->fallback_models.count, 0);
    struct usage usage = {.config = config};
    ag_template_each(config->instructions, note_use, &usage);
    ag_template_each(config->persona, note_use, &usage);
    assert_int_equal(usage.used, (1UL << config->variables.count) - 1);
    const struct ag_variable *variables = config->variables.items;
    for (size_t i = 0; i < config->variables.count; i++)
        assert_true(ag_doc_has(&variables[i], AG_VARIABLE_DEFAULT));
    struct ag_field_errors errors = {0};
    struct ag_scope scope = {.arena = &arena, .errors = &errors};
    assert_ok(ag_agent_config_check(&scope, config, (struct ag_uuid){{0}}));
}

static void templates_are_complete(void **state)
{
    (void)state;
    struct ag_list list;
    assert_ok(ag_templates_list(&arena, &list));
    assert_true(list.count >= 14);
    const struct ag_template *items = list.items;
    for (size_t i = 0; i < list.count; i++) {
        check_template(&items[i]);
        assert_str(items[i].id, ag_template_sources[i].id);
        for (size_t j = 0; j < i; j++)
            assert_false(ag_str_eq(items[i].name, items[j].name) ||
                         ag_str_eq(items[i].icon, items[j].icon));
    }
    assert_int_equal(strlen(ag_templates_digest), 16);
}

static void nearest_is(const char *sentence, const char *id)
{
    int index = ag_template_nearest(ag_str(sentence));
    if (!id) {
        assert_int_equal(index, -1);
        return;
    }
    assert_true(index >= 0);
    assert_string_equal(ag_template_sources[index].id, id);
}

static void sentences_find_their_template(void **state)
{
    (void)state;
    nearest_is("Answers customers' questions about refunds and delivery", "support-desk");
    nearest_is("Qualify inbound leads for our sales team", "sales-qualifier");
    nearest_is("TRANSLATES our website into French and Spanish", "translator");
    nearest_is("an agent which reviews pull requests for security bugs", "code-reviewer");
    nearest_is("writes SQL queries for our Postgres database", "sql-helper");
    nearest_is("Turn transcripts of meetings into minutes", "meeting-notes");
    nearest_is("Helps pupils with maths homework", "tutor");
    nearest_is("plan weekend trips with kids", "travel-planner");
    nearest_is("extracts fields from invoices as json", "data-extractor");
    nearest_is("screen applicants before the interview", "recruiter-screener");
    nearest_is("", NULL);
    nearest_is("\xF0\x9F\x98\x80 zzz qqq", NULL);
    char *text = malloc(100000);
    memset(text, 'a', 100000);
    assert_int_equal(ag_template_nearest(ag_str_n(text, 100000)), -1);
    free(text);
}

/* ---- the parts of a proposal ---- */

static void cleans(enum ag_part part, bool is_string, const char *text, const char *json)
{
    struct ag_str out;
    assert_ok(ag_part_clean(part, is_string, ag_str(text), &arena, &out));
    assert_str(out, json);
}

static void parts_match_the_tables(void **state)
{
    (void)state;
    for (enum ag_part part = 0; part < AG_PART_COUNT; part++) {
        const struct ag_part_info *info = ag_part_info(part);
        assert_int_equal(ag_part_find(ag_str(info->key)), part);
        bool own = part <= AG_PART_DESCRIPTION;
        const struct ag_schema *schema = own ? &ag_agent_input_schema : &ag_agent_config_schema;
        assert_true(ag_schema_index(schema, ag_str(info->key)) >= 0);
        assert_string_equal(info->path + (own ? 0 : strlen("config.")), info->key);
    }
    assert_int_equal(ag_part_find(AG_STR("provider")), AG_PART_COUNT);
    assert_int_equal(ag_part_find(AG_STR("prompt_id")), AG_PART_COUNT);
    assert_int_equal(ag_part_find(AG_STR("")), AG_PART_COUNT);
    assert_int_equal(ag_part_max(AG_PART_NAME), 100);
}

static void texts_are_trimmed_and_cut(void **state)
{
    (void)state;
    cleans(AG_PART_NAME, true, " \n Desk \t", "\"Desk\"");
    cleans(AG_PART_NAME, true, " \n\t", "");
    cleans(AG_PART_NAME, false, "42", "");
    cleans(AG_PART_GREETING, false, "[\"Hi\"]", "");
    char text[301] = "", want[303] = "\"";
    for (size_t i = 0; i < 150; i++)
        memcpy(text + 2 * i, "\xC3\xA9", 2);
    memcpy(want + 1, text, 200);
    memcpy(want + 201, "\"", 2);
    cleans(AG_PART_NAME, true, text, want);
    struct ag_str out;
    assert_ok(ag_part_clean(AG_PART_NAME, true, AG_STR("a\0b"), &arena, &out));
    assert_str(out, "");
}

static void values_follow_their_table(void **state)
{
    (void)state;
    cleans(AG_PART_STYLE, true, "formal", "\"formal\"");
    cleans(AG_PART_STYLE, true, "pirate", "");
    cleans(AG_PART_STYLE, false, "null", "");
    cleans(AG_PART_TEMPERATURE, false, "0.50", "0.5");
    cleans(AG_PART_TEMPERATURE, false, "7", "");
    cleans(AG_PART_TEMPERATURE, true, "0.5", "");
    cleans(AG_PART_TEMPERATURE, false, "1\"model\":2", "");
    cleans(AG_PART_TEMPERATURE, false, "nope", "");
    cleans(AG_PART_FORMAT, true, "markdown", "\"markdown\"");
    cleans(AG_PART_JSON_SCHEMA, false, "{ \"type\" : \"object\" }", "{\"type\":\"object\"}");
    cleans(AG_PART_JSON_SCHEMA, false, "[1]", "");
    cleans(AG_PART_JSON_SCHEMA, false, "{\"a\":1,\"a\":2}", "");
    cleans(AG_PART_JSON_SCHEMA, true, "{}", "");
}

static void lists_keep_what_is_good(void **state)
{
    (void)state;
    cleans(AG_PART_QUESTIONS, false, "[\" How? \",3,null,\"\",{\"a\":1},\"a\\u0000\",\"Why?\"]",
           "[\"How?\",\"Why?\"]");
    cleans(AG_PART_QUESTIONS, false, "[]", "");
    cleans(AG_PART_QUESTIONS, false, "{\"a\":\"b\"}", "");
    cleans(AG_PART_QUESTIONS, false, "[1}", "");
    cleans(AG_PART_QUESTIONS, true, "How?", "");
    cleans(AG_PART_QUESTIONS, false, "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\"]",
           "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\"]");
    cleans(AG_PART_VARIABLES, false, "[]", "[]");
    cleans(AG_PART_VARIABLES, false, "{}", "");
    cleans(AG_PART_VARIABLES, false,
           "[{\"name\":\"shop\",\"type\":\"string\",\"default\":\" A \",\"required\":true,\"x\":1},"
           "{\"name\":\"n\",\"type\":\"number\",\"default\":5},{\"name\":\"shop\"},"
           "{\"name\":\"b\",\"type\":\"list\",\"default\":false,\"description\":\"Be?\"},"
           "{\"name\":\"my shop\"},{\"name\":7},{},\"shop2\",{\"name\":\"1x\"}]",
           "[{\"name\":\"shop\",\"type\":\"string\",\"default\":\"A\",\"required\":true},"
           "{\"name\":\"n\",\"type\":\"number\",\"default\":\"5\",\"required\":false},"
           "{\"name\":\"b\",\"type\":\"string\",\"default\":\"false\",\"description\":\"Be?\","
           "\"required\":false}]");
}

static void current_is(const char *current, const char *name, const char *config_json)
{
    struct ag_config_slots slots = {0};
    struct ag_str got_name, description, json;
    struct ag_agent_config config;
    assert_ok(ag_slots_from_current(ag_str(current), &arena, &got_name, &description, &slots));
    assert_str(got_name, name);
    ag_slots_settle(&slots);
    assert_ok(ag_slots_config(&slots, &arena, &config));
    assert_ok(ag_agent_config_encode(&config, &arena, &json));
    assert_str(json, config_json);
}

static void unfinished_configurations_are_taken_as_far_as_they_go(void **state)
{
    (void)state;
    current_is("{}", "", "{}");
    current_is("{\"name\":\" X \",\"config\":{\"temperature\":0.1,\"model\":\"m\"}}", "X",
               "{\"model\":\"m\",\"temperature\":0.1}");
    current_is("{\"name\":7,\"description\":[],\"config\":[1]}", "", "{}");
    current_is("{\"config\":{\"temperature\":9,\"colour\":1,\"greeting\":\"Hi\",\"stop\":[\"a\"]}}",
               "", "{\"stop\":[\"a\"],\"greeting\":\"Hi\"}");
    current_is("{\"config\":{\"response_format\":\"json_schema\",\"greeting\":\"Hi\"}}", "",
               "{\"greeting\":\"Hi\"}");
    current_is("{\"config\":{\"response_format\":\"text\",\"json_schema\":{}}}", "",
               "{\"response_format\":\"text\"}");
}

static enum ag_err clean_and_compose(void *arg)
{
    (void)arg;
    struct ag_arena own;
    ag_arena_init(&own);
    struct ag_config_slots slots = {0};
    struct ag_str name, description;
    struct ag_agent_config config;
    enum ag_err err = ag_slots_from_current(
        AG_STR("{\"name\":\"x\",\"config\":{\"greeting\":\"Hi\",\"temperature\":1}}"), &own, &name,
        &description, &slots);
    if (err == AG_OK)
        err = ag_part_clean(AG_PART_VARIABLES, false, AG_STR("[{\"name\":\"a\"}]"), &own,
                            ag_config_slot(&slots, "variables"));
    if (err == AG_OK)
        err = ag_part_clean(AG_PART_QUESTIONS, false, AG_STR("[\"a\"]"), &own,
                            ag_config_slot(&slots, "suggested_questions"));
    if (err == AG_OK) err = ag_slots_config(&slots, &own, &config);
    ag_arena_done(&own);
    ag_arena_pool_done();
    return err;
}

static void the_end_of_memory_is_told(void **state)
{
    (void)state;
    torture(clean_and_compose, NULL);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(templates_are_complete),
        TEST(sentences_find_their_template),
        TEST(parts_match_the_tables),
        TEST(texts_are_trimmed_and_cut),
        TEST(values_follow_their_table),
        TEST(lists_keep_what_is_good),
        TEST(unfinished_configurations_are_taken_as_far_as_they_go),
        TEST(the_end_of_memory_is_told),
    };
    return cmocka_run_group_tests_name("proposals", tests, NULL, NULL);
}
