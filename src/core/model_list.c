#include "core/internal.h"
#include "core/providers.h"
#include "runtime/sync.h"

enum {
    FRESH_MS = 10 * 60 * 1000,
    FAILED_FRESH_MS = 30 * 1000, /* a provider that failed is asked again sooner, not at once */
    ASK_MS = 3000,
    WAIT_MS = ASK_MS + 500, /* for somebody else who asks */
};

/* ---- the documents ---- */

static const struct ag_field model_fields[] = {
    AG_FIELD(struct ag_model_doc, id, AG_F_STRING, AG_FF_REQUIRED, .doc = "As `provider/model`",
             .example = "\"openai/gpt-4o-mini\""),
    AG_FIELD(struct ag_model_doc, object, AG_F_ENUM, AG_FF_REQUIRED, .choices = "model",
             .doc = "What it is"),
    AG_FIELD(struct ag_model_doc, created, AG_F_INT, AG_FF_REQUIRED,
             .doc = "0: not every provider tells"),
    AG_FIELD(struct ag_model_doc, owned_by, AG_F_STRING, AG_FF_REQUIRED, .doc = "The provider"),
};
static AG_SCHEMA(model_schema, "Model", struct ag_model_doc, "A model that can be used now",
                 model_fields);

static const struct ag_field problem_fields[] = {
    AG_FIELD(struct ag_model_problem, provider, AG_F_STRING, AG_FF_REQUIRED, .doc = "The provider"),
    AG_FIELD(struct ag_model_problem, code, AG_F_STRING, AG_FF_REQUIRED,
             .doc = "A `code` of the error reference"),
    AG_FIELD(struct ag_model_problem, message, AG_F_STRING, AG_FF_REQUIRED, .doc = "What happened"),
};
static AG_SCHEMA(problem_schema, "ModelListError", struct ag_model_problem,
                 "Why a provider's models are not its own answer", problem_fields);

static const struct ag_field list_fields[] = {
    AG_FIELD(struct ag_model_list, object, AG_F_ENUM, AG_FF_REQUIRED, .choices = "list",
             .doc = "What it is"),
    AG_FIELD(struct ag_model_list, data, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_OBJECT,
             .sub = &model_schema, .max = AG_MAX_PROVIDERS * AG_LLM_MAX_MODELS,
             .doc = "The models, provider by provider"),
    AG_FIELD(struct ag_model_list, errors, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_OBJECT,
             .sub = &problem_schema, .max = AG_MAX_PROVIDERS,
             .doc = "Providers that did not answer"),
};
AG_SCHEMA(ag_model_list_schema, "ModelList", struct ag_model_list,
          "Models in the form of OpenAI's API", list_fields);

/* ---- the cache ---- */

/* What one provider said last. */
struct listing {
    struct ag_arena arena; /* of the names */
    struct ag_list names;  /* struct ag_str; what stands here outlives a later failure */
    int64_t asked_ms;      /* monotonic; 0: never */
    enum ag_err err;       /* of the last time it was asked */
    char why[AG_DIAG_TEXT_BYTES];
    bool busy; /* somebody asks */
    struct ag_cond done;
};

struct ag_model_cache {
    struct listing listings[AG_MAX_PROVIDERS];
};

enum ag_err ag_model_cache_new(struct ag_model_cache **ret_cache)
{
    struct ag_model_cache *cache = calloc(1, sizeof(*cache));
    if (!cache) return ag_fail(AG_E_NO_MEMORY, "no memory for the cache of models");
    for (size_t i = 0; i < AG_MAX_PROVIDERS; i++)
        ag_arena_init(&cache->listings[i].arena);
    *ret_cache = cache;
    return AG_OK;
}

void ag_model_cache_free(struct ag_model_cache *cache)
{
    if (!cache) return;
    for (size_t i = 0; i < AG_MAX_PROVIDERS; i++)
        ag_arena_done(&cache->listings[i].arena);
    free(cache);
}

static bool fresh(const struct listing *listing)
{
    int64_t age_ms = ag_mono_ms() - listing->asked_ms;
    return listing->asked_ms != 0 && age_ms < (listing->err == AG_OK ? FRESH_MS : FAILED_FRESH_MS);
}

/* ---- asking ---- */

/* One provider is asked on a fiber of its own, so that slow ones do not add up. */
struct question {
    struct ag_core *core;
    size_t provider;
    struct listing *listing;
    struct ag_fiber *fiber;
};

static int by_name(const void *a, const void *b)
{
    const struct ag_str *left = a, *right = b;
    int order = memcmp(left->data, right->data, AG_MIN(left->len, right->len));
    return order != 0 ? order : (left->len > right->len) - (left->len < right->len);
}

/* Takes the names over, without the reply they stood in. Nobody waits in between, so a listing is
 * never seen half made. */
static enum ag_err keep(struct listing *listing, struct ag_list names)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_str *copies = AG_ARENA_ARRAY(&arena, struct ag_str, names.count);
    const struct ag_str *said = names.items;
    bool copied = copies != NULL;
    for (size_t i = 0; copied && i < names.count; i++) {
        copies[i] = ag_arena_copy(&arena, said[i]);
        copied = copies[i].data != NULL;
    }
    if (!copied) {
        ag_arena_done(&arena);
        return ag_fail(AG_E_NO_MEMORY, "no memory for a list of models");
    }
    qsort(copies, names.count, sizeof(struct ag_str), by_name);
    ag_arena_done(&listing->arena);
    listing->arena = arena;
    listing->names = (struct ag_list){copies, names.count};
    return AG_OK;
}

static void ask(void *arg)
{
    struct question *question = arg;
    struct listing *listing = question->listing;
    struct ag_arena arena;
    struct ag_list names;
    ag_arena_init(&arena);
    enum ag_err err = ag_llm_models(
        ag_core_loop(question->core)->http, ag_providers[question->provider],
        &question->core->endpoints[question->provider], ASK_MS, &arena, &names);
    if (err == AG_OK) err = keep(listing, names);
    if (err != AG_E_CANCELED) { /* then nobody knows, and the next one asks anew */
        listing->asked_ms = ag_mono_ms();
        listing->err = err;
        snprintf(listing->why, sizeof(listing->why), "%s", ag_diag_text(err));
    }
    ag_arena_done(&arena);
    listing->busy = false;
    ag_cond_broadcast(&listing->done);
}

static bool is_asked(const struct ag_core *core, size_t provider)
{
    return core->usable[provider] && !ag_providers[provider]->offline;
}

/* Asks those that nobody asks already, all at once. */
static enum ag_err ask_stale(struct ag_core *core, struct ag_model_cache *cache)
{
    struct question questions[AG_MAX_PROVIDERS];
    size_t count = 0;
    enum ag_err err = AG_OK;
    for (size_t i = 0; ag_providers[i] && err == AG_OK; i++) {
        struct listing *listing = &cache->listings[i];
        if (!is_asked(core, i) || listing->busy || fresh(listing)) continue;
        questions[count] = (struct question){core, i, listing, NULL};
        err = ag_fiber_spawn_joinable("models", ask, &questions[count], &questions[count].fiber);
        if (err == AG_OK) questions[count++].listing->busy = true;
    }
    /* The fibers hold on to this stack: they are waited for whatever happens. */
    for (size_t i = 0; i < count; i++) {
        while (err == AG_OK && questions[i].listing->busy)
            err = ag_cond_wait(&questions[i].listing->done, AG_NEVER);
        if (err != AG_OK) ag_fiber_cancel(questions[i].fiber);
        ag_fiber_join(questions[i].fiber);
    }
    return err;
}

/* Waits for the questions of others. One that was given up is asked again by whoever comes next. */
static enum ag_err wait_busy(struct ag_core *core, struct ag_model_cache *cache)
{
    ag_deadline_ms deadline = ag_deadline_in(WAIT_MS);
    for (size_t i = 0; ag_providers[i]; i++) {
        enum ag_err err = AG_OK;
        while (err == AG_OK && is_asked(core, i) && cache->listings[i].busy)
            err = ag_cond_wait(&cache->listings[i].done, deadline);
        if (err != AG_OK && err != AG_E_TIMEOUT) return err;
    }
    return AG_OK;
}

/* ---- telling ---- */

static enum ag_err add_model(const struct ag_provider *provider, struct ag_str name,
                             struct ag_arena *arena, struct ag_list *models)
{
    struct ag_model_doc *model = (struct ag_model_doc *)models->items + models->count;
    model->id = ag_arena_printf(arena, "%s/%.*s", provider->name, AG_STR_ARG(name));
    model->object = AG_STR("model");
    model->owned_by = ag_str(provider->name);
    if (!model->id.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a list of models");
    models->count++;
    return AG_OK;
}

static size_t known_count(const struct ag_provider *provider)
{
    size_t count = 0;
    while (provider->models[count])
        count++;
    return count;
}

/* What the provider said, now or some time ago; else what is known of it. */
static enum ag_err add_provider(const struct ag_provider *provider, const struct listing *listing,
                                struct ag_arena *arena, struct ag_list *models)
{
    const struct ag_str *names = listing->names.items;
    for (size_t i = 0; i < listing->names.count; i++)
        AG_TRY(add_model(provider, names[i], arena, models));
    for (size_t i = 0; listing->names.count == 0 && provider->models[i]; i++)
        AG_TRY(add_model(provider, ag_str(provider->models[i]), arena, models));
    return AG_OK;
}

static enum ag_err add_problem(const struct ag_provider *provider, const struct listing *listing,
                               struct ag_arena *arena, struct ag_list *problems)
{
    struct ag_model_problem *problem = (struct ag_model_problem *)problems->items +
                                       problems->count++;
    const struct ag_err_info *info = ag_err_info(listing->err);
    problem->provider = ag_str(provider->name);
    problem->code = ag_str(info->code);
    problem->message = ag_arena_copy(arena,
                                     ag_str(info->status == 500 ? info->title : listing->why));
    return problem->message.data ? AG_OK : ag_fail(AG_E_NO_MEMORY, "no memory for a message");
}

enum ag_err ag_models_list(struct ag_core *core, struct ag_arena *arena,
                           struct ag_model_list *ret_list)
{
    struct ag_model_cache *cache = ag_core_loop(core)->models;
    AG_TRY(ask_stale(core, cache));
    AG_TRY(wait_busy(core, cache));
    size_t most = 0;
    for (size_t i = 0; ag_providers[i]; i++)
        most += cache->listings[i].names.count + known_count(ag_providers[i]);
    struct ag_model_list list = {
        .object = AG_STR("list"),
        .data.items = AG_ARENA_ARRAY(arena, struct ag_model_doc, most),
        .errors.items = AG_ARENA_ARRAY(arena, struct ag_model_problem, AG_MAX_PROVIDERS),
    };
    if (!list.data.items || !list.errors.items)
        return ag_fail(AG_E_NO_MEMORY, "no memory for a list of models");
    for (size_t i = 0; ag_providers[i]; i++) {
        const struct listing *listing = &cache->listings[i];
        if (!core->usable[i]) continue;
        AG_TRY(add_provider(ag_providers[i], listing, arena, &list.data));
        if (listing->err != AG_OK)
            AG_TRY(add_problem(ag_providers[i], listing, arena, &list.errors));
    }
    *ret_list = list;
    return AG_OK;
}
