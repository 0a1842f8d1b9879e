#include "core/dashboard.h"

#include "core/histogram.h"
#include "core/internal.h"
#include "runtime/fiber.h"

enum {
    PIECE_ROWS = 1000,  /* read and counted in one go, within a few milliseconds */
    MAX_TALLIES = 1024, /* models, agents and codes told apart, of each; later ones are not named */
    TALLY_SLOTS = 4 * MAX_TALLIES,
    MODEL_BYTES = 512,
    HOUR_MS = 60 * 60 * 1000,
    DAY_MS = 24 * HOUR_MS,
};

/* ---- counting ---- */

struct counts {
    int64_t runs, completed, failed, cancelled, input_tokens, output_tokens;
    struct ag_histogram latency;
};

/* What is counted by name: found by a keyed hash, so that nobody can choose names that collide. */
struct tally {
    uint64_t hash;
    struct ag_str name; /* a model, an error code */
    struct ag_uuid id;  /* an agent */
    struct counts *counts;
    int64_t runs, failed;
};
struct tallies {
    struct tally *items; /* MAX_TALLIES */
    uint16_t *slots;     /* TALLY_SLOTS; index + 1, 0: free */
    size_t count;
};

struct window {
    int64_t from, to, bucket_ms, previous_from;
    size_t buckets;
};

struct board {
    struct ag_arena *arena;
    struct window window;
    struct counts totals, previous, *series;
    struct ag_histogram ttft;
    struct tallies models, agents, errors;
};

static enum ag_err tallies_init(struct tallies *tallies, struct ag_arena *arena)
{
    tallies->items = AG_ARENA_ARRAY(arena, struct tally, MAX_TALLIES);
    tallies->slots = AG_ARENA_ARRAY(arena, uint16_t, TALLY_SLOTS);
    if (!tallies->items || !tallies->slots)
        return ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
    return AG_OK;
}

/* The tally of `key`, a new one with `hash` alone if there is none; NULL when there are too many.
 */
static struct tally *tally_of(struct tallies *tallies, struct ag_str key)
{
    uint64_t hash = ag_str_hash(key);
    size_t slot = hash % TALLY_SLOTS;
    for (; tallies->slots[slot] != 0; slot = (slot + 1) % TALLY_SLOTS) {
        struct tally *tally = &tallies->items[tallies->slots[slot] - 1];
        if (tally->hash == hash) return tally;
    }
    if (tallies->count == MAX_TALLIES) return NULL;
    struct tally *tally = &tallies->items[tallies->count++];
    tally->hash = hash;
    tallies->slots[slot] = (uint16_t)tallies->count;
    return tally;
}

static void count_run(struct counts *counts, const struct ag_run_fact *run)
{
    counts->runs++;
    counts->completed += ag_str_eq(run->status, AG_STR("completed"));
    counts->failed += ag_str_eq(run->status, AG_STR("failed"));
    counts->cancelled += ag_str_eq(run->status, AG_STR("cancelled"));
    counts->input_tokens += run->input_tokens;
    counts->output_tokens += run->output_tokens;
    /* How long it took to fail says nothing of how long answers take. */
    if (ag_str_eq(run->status, AG_STR("completed")))
        ag_histogram_add(&counts->latency, run->latency_ms);
}

static enum ag_err count_model(struct board *board, const struct ag_run_fact *run)
{
    char text[MODEL_BYTES];
    int len = snprintf(text, sizeof(text), "%.*s/%.*s", AG_STR_ARG(run->provider),
                       AG_STR_ARG(run->model));
    struct ag_str name = ag_str_n(text, (size_t)AG_MIN(AG_MAX(len, 0), MODEL_BYTES - 1));
    struct tally *tally = tally_of(&board->models, name);
    if (!tally) return AG_OK;
    if (!tally->counts) {
        tally->name = ag_arena_copy(board->arena, name);
        tally->counts = AG_ARENA_NEW(board->arena, struct counts);
        if (!tally->counts || !tally->name.data)
            return ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
    }
    tally->runs++;
    count_run(tally->counts, run);
    return AG_OK;
}

static enum ag_err count_error(struct board *board, const struct ag_run_fact *run)
{
    struct tally *tally = tally_of(&board->errors, run->error_code);
    if (!tally) return AG_OK;
    if (tally->runs++ == 0) tally->name = ag_arena_copy(board->arena, run->error_code);
    return tally->name.data ? AG_OK : ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
}

static enum ag_err count_fact(struct board *board, const struct ag_run_fact *run)
{
    const struct window *window = &board->window;
    int64_t at = ag_uuid_time_ms(run->id);
    if (at < window->from) {
        count_run(&board->previous, run);
        return AG_OK;
    }
    size_t bucket = AG_MIN((size_t)((at - window->from) / window->bucket_ms), window->buckets - 1);
    count_run(&board->totals, run);
    count_run(&board->series[bucket], run);
    if (ag_str_eq(run->status, AG_STR("completed"))) ag_histogram_add(&board->ttft, run->ttft_ms);
    if (!ag_uuid_is_nil(run->agent_id)) {
        struct ag_str key = ag_str_n((const char *)run->agent_id.bytes, sizeof(run->agent_id));
        struct tally *tally = tally_of(&board->agents, key);
        if (tally) {
            tally->id = run->agent_id;
            tally->runs++;
            tally->failed += ag_str_eq(run->status, AG_STR("failed"));
        }
    }
    if (run->error_code.len > 0) AG_TRY(count_error(board, run));
    return count_model(board, run);
}

/* ---- reading ---- */

static const struct {
    const char *name, *bucket;
    int64_t bucket_ms;
    size_t buckets;
} ranges[] = {
    {"24h", "hour", HOUR_MS, 24},
    {"7d", "day", DAY_MS, 7},
    {"30d", "day", DAY_MS, 30},
    {"90d", "day", DAY_MS, 90},
};

/* The newest bucket is the one that goes on now; the period before is as long as this one is so
 * far. */
static struct window window_of(size_t range, int64_t now)
{
    int64_t bucket_ms = ranges[range].bucket_ms;
    int64_t last = now - now % bucket_ms;
    struct window window = {.to = now, .bucket_ms = bucket_ms, .buckets = ranges[range].buckets};
    window.from = last - (int64_t)(window.buckets - 1) * bucket_ms;
    window.previous_from = window.from - (now - window.from);
    return window;
}

/* One piece; its rows are gone when it returns. `*after` moves to the last run read. */
static enum ag_err read_piece(struct ag_scope *scope, struct board *board, struct ag_uuid *after,
                              struct ag_uuid before, bool *ret_more)
{
    struct ag_arena arena;
    struct ag_list list;
    ag_arena_init(&arena);
    enum ag_err err = ag_runs_facts(scope->core->db, &arena, scope->who.org_id, *after, before,
                                    PIECE_ROWS, &list);
    const struct ag_run_fact *facts = list.items;
    for (size_t i = 0; err == AG_OK && i < list.count; i++)
        err = count_fact(board, &facts[i]);
    if (err == AG_OK) {
        *ret_more = list.count == PIECE_ROWS;
        if (list.count > 0) *after = facts[list.count - 1].id;
    }
    ag_arena_done(&arena);
    return err;
}

static enum ag_err read_runs(struct ag_scope *scope, struct board *board)
{
    struct ag_uuid after = ag_uuid_at(board->window.previous_from);
    struct ag_uuid before = ag_uuid_at(board->window.to + 1);
    for (bool more = true; more;) {
        AG_TRY(read_piece(scope, board, &after, before, &more));
        /* On SQLite a read does not wait for anything, so nobody else would have had a turn. */
        ag_fiber_yield();
        if (ag_fiber_canceled()) return ag_fail(AG_E_CANCELED, "the client has left");
    }
    return AG_OK;
}

/* ---- telling ---- */

/* Sets a percentile and its bit, when there is one. */
static void set_percentile(uint64_t *set, unsigned index, int64_t *value,
                           const struct ag_histogram *histogram, int percent)
{
    int64_t ms = ag_histogram_percentile(histogram, percent);
    if (ms < 0) return;
    *value = ms;
    *set |= UINT64_C(1) << index;
}

static int by_runs(const void *a, const void *b)
{
    int64_t left = ((const struct tally *)a)->runs, right = ((const struct tally *)b)->runs;
    return (left < right) - (left > right);
}

static size_t top_of(struct tallies *tallies)
{
    qsort(tallies->items, tallies->count, sizeof(*tallies->items), by_runs);
    return AG_MIN(tallies->count, (size_t)AG_DASHBOARD_TOP);
}

enum {
    TOTALS_P50 = 6,
    TOTALS_P95,
    TOTALS_TTFT,
    PREVIOUS_P50 = 4,
    POINT_P50 = 5,
    POINT_P95,
    MODEL_P50 = 5,
    AGENT_NAME = 1
};

static void tell_totals(const struct board *board, const struct ag_inventory *inventory,
                        struct ag_dashboard *ret)
{
    const struct counts *now = &board->totals, *before = &board->previous;
    struct ag_dashboard_totals *totals = &ret->totals;
    *totals = (struct ag_dashboard_totals){
        .runs = now->runs,
        .completed = now->completed,
        .failed = now->failed,
        .cancelled = now->cancelled,
        .input_tokens = now->input_tokens,
        .output_tokens = now->output_tokens,
        .agents = inventory->agents,
        .drafts = inventory->drafts,
        .prompts = inventory->prompts,
    };
    set_percentile(&totals->set, TOTALS_P50, &totals->latency_ms_p50, &now->latency, 50);
    set_percentile(&totals->set, TOTALS_P95, &totals->latency_ms_p95, &now->latency, 95);
    set_percentile(&totals->set, TOTALS_TTFT, &totals->ttft_ms_p50, &board->ttft, 50);
    ret->previous = (struct ag_dashboard_previous){
        .runs = before->runs,
        .failed = before->failed,
        .input_tokens = before->input_tokens,
        .output_tokens = before->output_tokens,
    };
    set_percentile(&ret->previous.set, PREVIOUS_P50, &ret->previous.latency_ms_p50,
                   &before->latency, 50);
}

static enum ag_err tell_series(const struct board *board, struct ag_dashboard *ret)
{
    const struct window *window = &board->window;
    struct ag_dashboard_point *points = AG_ARENA_ARRAY(board->arena, struct ag_dashboard_point,
                                                       window->buckets);
    if (!points) return ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
    for (size_t i = 0; i < window->buckets; i++) {
        const struct counts *counts = &board->series[i];
        points[i] = (struct ag_dashboard_point){
            .at = window->from + (int64_t)i * window->bucket_ms,
            .runs = counts->runs,
            .failed = counts->failed,
            .input_tokens = counts->input_tokens,
            .output_tokens = counts->output_tokens,
        };
        set_percentile(&points[i].set, POINT_P50, &points[i].latency_ms_p50, &counts->latency, 50);
        set_percentile(&points[i].set, POINT_P95, &points[i].latency_ms_p95, &counts->latency, 95);
    }
    ret->series = (struct ag_list){points, window->buckets};
    return AG_OK;
}

static enum ag_err tell_models(struct board *board, struct ag_dashboard *ret)
{
    size_t count = top_of(&board->models);
    struct ag_dashboard_model *models = AG_ARENA_ARRAY(board->arena, struct ag_dashboard_model,
                                                       count);
    if (!models) return ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
    for (size_t i = 0; i < count; i++) {
        const struct tally *tally = &board->models.items[i];
        models[i] = (struct ag_dashboard_model){
            .model = tally->name,
            .runs = tally->runs,
            .failed = tally->counts->failed,
            .input_tokens = tally->counts->input_tokens,
            .output_tokens = tally->counts->output_tokens,
        };
        set_percentile(&models[i].set, MODEL_P50, &models[i].latency_ms_p50,
                       &tally->counts->latency, 50);
    }
    ret->models = (struct ag_list){models, count};
    return AG_OK;
}

static enum ag_err tell_agents(struct ag_scope *scope, struct board *board,
                               struct ag_dashboard *ret)
{
    size_t count = top_of(&board->agents);
    struct ag_uuid ids[AG_NAMED_AGENTS];
    struct ag_str names[AG_NAMED_AGENTS];
    struct ag_dashboard_agent *agents = AG_ARENA_ARRAY(board->arena, struct ag_dashboard_agent,
                                                       count);
    if (!agents) return ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
    for (size_t i = 0; i < count; i++)
        ids[i] = board->agents.items[i].id;
    AG_TRY(ag_agents_names(scope->core->db, board->arena, scope->who.org_id, ids, count, names));
    for (size_t i = 0; i < count; i++) {
        const struct tally *tally = &board->agents.items[i];
        agents[i] = (struct ag_dashboard_agent){
            .agent_id = ids[i], .name = names[i], .runs = tally->runs, .failed = tally->failed};
        if (names[i].data) AG_SET(&agents[i], AGENT_NAME);
    }
    ret->agents = (struct ag_list){agents, count};
    return AG_OK;
}

static enum ag_err tell_errors(struct board *board, struct ag_dashboard *ret)
{
    size_t count = top_of(&board->errors);
    struct ag_dashboard_error *errors = AG_ARENA_ARRAY(board->arena, struct ag_dashboard_error,
                                                       count);
    if (!errors) return ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
    for (size_t i = 0; i < count; i++)
        errors[i] = (struct ag_dashboard_error){.code = board->errors.items[i].name,
                                                .count = board->errors.items[i].runs};
    ret->errors = (struct ag_list){errors, count};
    return AG_OK;
}

static struct ag_dashboard_setup setup_of(const struct ag_core *core,
                                          const struct ag_inventory *inventory)
{
    struct ag_dashboard_setup setup = {
        .model_tested = inventory->model_answered,
        .agent_created = inventory->agents > 0,
        .agent_called = inventory->agent_called,
    };
    for (size_t i = 0; ag_providers[i]; i++)
        setup.model_key |= core->usable[i] && !ag_providers[i]->offline;
    return setup;
}

static enum ag_err board_new(struct ag_arena *arena, const struct window *window,
                             struct board **ret_board)
{
    struct board *board = AG_ARENA_NEW(arena, struct board);
    if (!board) return ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
    board->arena = arena;
    board->window = *window;
    board->series = AG_ARENA_ARRAY(arena, struct counts, window->buckets);
    if (!board->series) return ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
    AG_TRY(tallies_init(&board->models, arena));
    AG_TRY(tallies_init(&board->agents, arena));
    AG_TRY(tallies_init(&board->errors, arena));
    *ret_board = board;
    return AG_OK;
}

enum ag_err ag_dashboard_read(struct ag_scope *scope, struct ag_str range,
                              struct ag_dashboard *ret_dashboard)
{
    size_t row = 0;
    while (row + 1 < AG_COUNT(ranges) && !ag_str_eq(range, ag_str(ranges[row].name)))
        row++;
    struct window window = window_of(row, ag_wall_ms());
    struct board *board;
    struct ag_inventory inventory;
    AG_TRY(board_new(scope->arena, &window, &board));
    AG_TRY(ag_inventory_read(scope->core->db, scope->arena, scope->who.org_id, &inventory));
    AG_TRY(read_runs(scope, board));
    struct ag_dashboard dashboard = {
        .range = ag_str(ranges[row].name),
        .from = window.from,
        .to = window.to,
        .bucket = ag_str(ranges[row].bucket),
        .setup = setup_of(scope->core, &inventory),
    };
    tell_totals(board, &inventory, &dashboard);
    AG_TRY(tell_series(board, &dashboard));
    AG_TRY(tell_models(board, &dashboard));
    AG_TRY(tell_agents(scope, board, &dashboard));
    AG_TRY(tell_errors(board, &dashboard));
    *ret_dashboard = dashboard;
    return AG_OK;
}
