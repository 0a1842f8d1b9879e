#include "core/providers.h"

#include "core/internal.h"

enum {
    TEST_TOKENS = 16,
    TEST_TIMEOUT_S = 30,
    DOC_DEFAULT_HOST = 6,
    DOC_SETTING,
    TEST_LATENCY = 2,
    TEST_TTFT,
    TEST_RESPONSE,
    TEST_ERROR,
};

static const struct ag_field provider_fields[] = {
    AG_FIELD(struct ag_provider_doc, id, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "Its name in `provider/model`", .example = "\"openai\""),
    AG_FIELD(struct ag_provider_doc, title, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "Its name for people", .example = "\"OpenAI\""),
    AG_FIELD(struct ag_provider_doc, configured, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether the server can call it"),
    AG_FIELD(struct ag_provider_doc, offline, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether it is built in and no AI model"),
    AG_FIELD(struct ag_provider_doc, is_default, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether agents that name no provider use it"),
    AG_FIELD(struct ag_provider_doc, default_model, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "The model of agents that name none", .example = "\"gpt-4o-mini\""),
    [DOC_DEFAULT_HOST] = AG_FIELD(
        struct ag_provider_doc, base_url_host, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NULLABLE,
        .doc = "The host it is called at", .example = "\"api.openai.com\""),
    [DOC_SETTING] = AG_FIELD(
        struct ag_provider_doc, setting, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NULLABLE,
        .doc = "The server's setting that holds its key", .example = "\"OPENAI_API_KEY\""),
    AG_FIELD(struct ag_provider_doc, models, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_STRING,
             .doc = "Models known without asking it"),
};
AG_SCHEMA(ag_provider_schema, "Provider", struct ag_provider_doc, "Where models come from",
          provider_fields);

static const struct ag_field test_input_fields[] = {
    AG_FIELD(struct ag_provider_test_input, model, AG_F_STRING, 0, .min = 1, .max = 200,
             .doc = "The provider's own name of the model; its default without",
             .example = "\"gpt-4o-mini\""),
};
AG_SCHEMA(ag_provider_test_input_schema, "ProviderTestInput", struct ag_provider_test_input,
          "Which model to ask", test_input_fields);

static const struct ag_field failure_fields[] = {
    AG_FIELD(struct ag_provider_failure, code, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "A `code` of the error reference"),
    AG_FIELD(struct ag_provider_failure, message, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "What happened"),
    AG_FIELD(struct ag_provider_failure, retryable, AG_F_BOOL, AG_FF_REQUIRED,
             .doc = "Whether it may work later without a change"),
};
static AG_SCHEMA(failure_schema, "ProviderFailure", struct ag_provider_failure,
                 "Why a provider did not answer", failure_fields);

static const struct ag_field test_fields[] = {
    AG_FIELD(struct ag_provider_test, ok, AG_F_BOOL, AG_FF_REQUIRED, .doc = "Whether it answered"),
    AG_FIELD(struct ag_provider_test, model, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "The model asked, as `provider/model`"),
    [TEST_LATENCY] = AG_FIELD(struct ag_provider_test, latency_ms, AG_F_INT,
                              AG_FF_REQUIRED | AG_FF_NULLABLE,
                              .doc = "Time to the end of the answer, milliseconds"),
    [TEST_TTFT] = AG_FIELD(struct ag_provider_test, ttft_ms, AG_F_INT,
                           AG_FF_REQUIRED | AG_FF_NULLABLE,
                           .doc = "Time to the first token, milliseconds"),
    [TEST_RESPONSE] = AG_FIELD(struct ag_provider_test, response, AG_F_STRING,
                               AG_FF_REQUIRED | AG_FF_NULLABLE, .max = AG_RUN_MAX_OUTPUT_BYTES,
                               .doc = "What it said"),
    [TEST_ERROR] = AG_FIELD(struct ag_provider_test, error, AG_F_OBJECT,
                            AG_FF_REQUIRED | AG_FF_NULLABLE, .sub = &failure_schema,
                            .doc = "Why it did not"),
};
AG_SCHEMA(ag_provider_test_schema, "ProviderTest", struct ag_provider_test,
          "What came of asking a provider", test_fields);

/* ---- the list ---- */

/* "https://api.openai.com/v1" -> "api.openai.com"; what an operator wrote before an @ is not told.
 */
static struct ag_str host_of(struct ag_str url)
{
    ptrdiff_t mark = ag_str_find(url, AG_STR("://"));
    struct ag_str host = ag_str_sub(url, mark < 0 ? 0 : (size_t)mark + 3, url.len);
    for (size_t i = 0; i < host.len; i++) {
        if (host.data[i] != '/' && host.data[i] != '?' && host.data[i] != '#') continue;
        host.len = i;
        break;
    }
    for (ptrdiff_t at; (at = ag_str_find_char(host, '@')) >= 0;)
        host = ag_str_sub(host, (size_t)at + 1, host.len);
    return host;
}

static enum ag_err describe(struct ag_core *core, size_t index,
                            const struct ag_model_choice *chosen, struct ag_arena *arena,
                            struct ag_provider_doc *doc)
{
    const struct ag_provider *provider = ag_providers[index];
    bool is_default = chosen->provider == provider;
    *doc = (struct ag_provider_doc){
        .id = ag_str(provider->name),
        .title = ag_str(provider->title),
        .configured = core->usable[index],
        .offline = provider->offline,
        .is_default = is_default,
        .default_model = is_default ? chosen->model : ag_str(provider->default_model),
        .base_url_host = host_of(core->endpoints[index].base_url),
    };
    if (!provider->offline && doc->base_url_host.len > 0) AG_SET(doc, DOC_DEFAULT_HOST);
    if (provider->setting) {
        doc->setting = ag_str(provider->setting);
        AG_SET(doc, DOC_SETTING);
    }
    size_t count = 0;
    while (provider->models[count])
        count++;
    struct ag_str *names = AG_ARENA_ARRAY(arena, struct ag_str, count);
    if (!names) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < count; i++)
        names[i] = ag_str(provider->models[i]);
    doc->models = (struct ag_list){names, count};
    return AG_OK;
}

enum ag_err ag_providers_list(struct ag_core *core, struct ag_arena *arena,
                              struct ag_list *ret_providers)
{
    struct ag_model_choice chosen = {0};
    enum ag_err err = ag_model_choose(core, NULL, &chosen);
    /* A default that is not configured is nobody's; what is wrong with it, a run tells. */
    if (err != AG_OK && err != AG_E_MODEL_UNAVAILABLE) return err;
    size_t count = 0;
    while (ag_providers[count])
        count++;
    struct ag_provider_doc *docs = AG_ARENA_ARRAY(arena, struct ag_provider_doc, count);
    if (!docs) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < count; i++)
        AG_TRY(describe(core, i, &chosen, arena, &docs[i]));
    *ret_providers = (struct ag_list){docs, count};
    return AG_OK;
}

/* ---- the test ---- */

static enum ag_err tell_failure(struct ag_arena *arena, enum ag_err err,
                                struct ag_provider_test *test)
{
    const struct ag_err_info *info = ag_err_info(err);
    test->error = (struct ag_provider_failure){
        .code = ag_str(info->code),
        .message = ag_arena_copy(arena,
                                 ag_str(info->status == 500 ? info->title : ag_diag_text(err))),
        .retryable = info->retryable,
    };
    if (!test->error.message.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a message");
    AG_SET(test, TEST_ERROR);
    return AG_OK;
}

/* Streamed, so that there is a time to the first token. */
static enum ag_err ask(struct ag_scope *scope, const struct ag_model_choice *choice,
                       struct ag_run *run)
{
    const struct ag_llm_message question = {AG_ROLE_USER,
                                            AG_STR("Answer with the one word: ready")};
    static const struct ag_agent_config config = {.limits = {.timeout_s = TEST_TIMEOUT_S}};
    static const struct ag_run_sink sink = {.arg = NULL};
    const struct ag_run_plan plan = {
        .kind = "test",
        .model = *choice,
        .config = &config,
        .request = {.messages = &question,
                    .message_count = 1,
                    .has_max_tokens = true,
                    .max_tokens = TEST_TOKENS},
        .run_id = ag_scope_new_id(scope),
        .sink = &sink,
    };
    int64_t retry_after_s;
    return ag_run_execute(scope, &plan, run, &retry_after_s);
}

static enum ag_err try_model(struct ag_scope *scope, const struct ag_model_choice *choice,
                             struct ag_provider_test *test)
{
    struct ag_run run;
    enum ag_err err = ask(scope, choice, &run);
    if (err == AG_E_STORAGE || err == AG_E_STORAGE_FULL || err == AG_E_CANCELED) return err;
    test->latency_ms = run.latency_ms;
    AG_SET(test, TEST_LATENCY);
    if (ag_doc_has(&run, AG_RUN_TTFT)) {
        test->ttft_ms = run.ttft_ms;
        AG_SET(test, TEST_TTFT);
    }
    if (err != AG_OK) return tell_failure(scope->arena, err, test);
    test->ok = true;
    test->response = run.output_text;
    AG_SET(test, TEST_RESPONSE);
    return AG_OK;
}

enum ag_err ag_provider_try(struct ag_scope *scope, struct ag_str provider,
                            const struct ag_provider_test_input *input,
                            struct ag_provider_test *ret_test)
{
    const struct ag_provider *known = ag_provider_find(provider);
    if (!known) return ag_fail(AG_E_NOT_FOUND, "there is no such provider");
    struct ag_model_choice chosen = {0};
    struct ag_str model = input->model;
    if (model.len == 0)
        model = ag_model_choose(scope->core, NULL, &chosen) == AG_OK && chosen.provider == known
                    ? chosen.model
                    : ag_str(known->default_model);
    struct ag_provider_test test = {
        .model = ag_arena_printf(scope->arena, "%s/%.*s", known->name, AG_STR_ARG(model))};
    if (!test.model.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a test");
    struct ag_model_choice choice;
    enum ag_err err = ag_model_parse(scope->core, test.model, &choice);
    if (err == AG_E_MODEL_UNAVAILABLE)
        AG_TRY(tell_failure(scope->arena, err, &test));
    else if (err != AG_OK)
        return err;
    else
        AG_TRY(try_model(scope, &choice, &test));
    *ret_test = test;
    return AG_OK;
}
