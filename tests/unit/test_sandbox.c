/* The built-in stand-in for a model: what it says, and that it says it every time. */
#include "test_help.h"

#include "llm/llm.h"

static const struct ag_provider *sandbox;

static int setup(void **state)
{
    (void)state;
    sandbox = ag_provider_find(AG_STR("sandbox"));
    return sandbox ? 0 : -1;
}

static const struct ag_llm_message hello[] = {{AG_ROLE_USER, {"Hi \"you\"\n", 9}}};
static const struct ag_llm_message turns[] = {
    {AG_ROLE_USER, {"one", 3}}, {AG_ROLE_ASSISTANT, {"welcome!", 8}}, {AG_ROLE_USER, {"five", 4}}};

static struct ag_llm_request simple_request(void)
{
    return (struct ag_llm_request){
        .model = AG_STR("sandbox"), .messages = hello, .message_count = 1};
}

static struct ag_llm_event sandbox_answer(const struct ag_llm_request *request,
                                          struct ag_arena *arena)
{
    struct ag_llm_event event = {0};
    assert_ok(sandbox->answer(request, arena, &event));
    assert_true(event.done);
    assert_true(ag_utf8_valid(event.text));
    return event;
}

static bool has(struct ag_str text, const char *part)
{
    return ag_str_find(text, ag_str(part)) >= 0;
}

static void sandbox_says_what_it_is(void **state)
{
    (void)state;
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_llm_request request = simple_request();
    request.system = AG_STR("You are a pirate.");
    request.messages = turns;
    request.message_count = AG_COUNT(turns);
    request.has_temperature = true;
    request.temperature = 1.5;
    struct ag_llm_event event = sandbox_answer(&request, &arena);
    assert_true(has(event.text, "Sandbox, not an AI model"));
    assert_true(has(event.text, "> five\n"));
    assert_true(has(event.text, "> You are a pirate.\n"));
    assert_true(has(event.text, "temperature 1.5"));
    assert_int_equal(event.finish, AG_FINISH_STOP);
    assert_int_equal(event.usage.output_tokens, (int64_t)(event.text.len + 3) / 4);
    assert_int_equal(event.usage.input_tokens, (17 + 15 + 3) / 4);
    struct ag_llm_event again = sandbox_answer(&request, &arena);
    assert_true(ag_str_eq(event.text, again.text));

    request.has_max_tokens = true;
    request.max_tokens = 5;
    event = sandbox_answer(&request, &arena);
    assert_int_equal(event.text.len, 20);
    assert_int_equal(event.finish, AG_FINISH_LENGTH);
    request.has_max_tokens = false;
    static const struct ag_str stop = {"built-in", 8};
    request.stop = &stop;
    request.stop_count = 1;
    event = sandbox_answer(&request, &arena);
    assert_str(event.text, "This is the ");

    request = simple_request();
    assert_true(has(sandbox_answer(&request, &arena).text, "no instructions yet"));
    char *text = malloc(9001);
    for (int i = 0; i < 9000; i += 3)
        memcpy(text + i, "€", 4);
    struct ag_llm_message message = {AG_ROLE_USER, {text, 9000}};
    request.system = message.text;
    request.messages = &message;
    event = sandbox_answer(&request, &arena);
    assert_true(has(event.text, " …\n"));
    assert_true(event.text.len < 3000);
    free(text);
    ag_arena_done(&arena);
}

static void sandbox_fills_schemas(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *sample;
    } cases[] = {
        {"{}", "\"Sandbox, not an AI model\""},
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\",\"minimum\":3},"
         "\"b\":{\"type\":\"array\",\"minItems\":2,\"items\":{\"type\":\"boolean\"}},"
         "\"c\":{\"enum\":[\"x\",\"y\"]},\"d\":{\"const\":{\"k\":1}},\"e\":{\"default\":[]},"
         "\"f\":{\"type\":[\"null\",\"string\"]},\"g\":{\"$ref\":\"#/$defs/n\"},"
         "\"h\":{\"anyOf\":[{\"type\":\"number\"},{}]}},\"$defs\":{\"n\":{\"type\":\"null\"}}}",
         "{\"a\":3,\"b\":[true,true],\"c\":\"x\",\"d\":{\"k\":1},\"e\":[],\"f\":null,\"g\":null,"
         "\"h\":1}"},
        {"{\"type\":\"string\",\"minLength\":30}",
         "\"Sandbox, not an AI modelSandbox, not an AI model\""},
        {"{\"$ref\":\"#\"}", "\"Sandbox, not an AI model\""},
    };
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_llm_request request = simple_request();
    request.format = AG_FORMAT_JSON_SCHEMA;
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        request.json_schema = ag_str(cases[i].schema);
        assert_str(sandbox_answer(&request, &arena).text, cases[i].sample);
    }
    struct ag_llm_event event;
    request.json_schema = AG_STR("nonsense");
    assert_int_equal(sandbox->answer(&request, &arena, &event), AG_E_INVALID);
    /* One that refers to itself ten times over. */
    char wide[1024] = "{\"type\":\"object\",\"properties\":{";
    for (int i = 0; i < 10; i++)
        snprintf(wide + strlen(wide), sizeof(wide) - strlen(wide), "%s\"p%d\":{\"$ref\":\"#\"}",
                 i > 0 ? "," : "", i);
    snprintf(wide + strlen(wide), sizeof(wide) - strlen(wide), "}}");
    request.json_schema = ag_str(wide);
    assert_int_equal(sandbox->answer(&request, &arena, &event), AG_E_INVALID);
    ag_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sandbox_says_what_it_is),
        cmocka_unit_test(sandbox_fills_schemas),
    };
    return cmocka_run_group_tests_name("sandbox", tests, setup, NULL);
}
