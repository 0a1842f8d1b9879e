#include "core/dashboard.h"

#include "base/log.h"
#include "core/internal.h"
#include "core/run_stats.h"
#include "runtime/fiber.h"

enum {
    HOUR_MS = 60 * 60 * 1000,
    DAY_MS = 24 * HOUR_MS,
    PIECE_ROWS = 1000, /* runs read and counted in one go: a few milliseconds */
    PAGE_ROWS = 16,    /* statistics read in one go */
    RUN_MODELS = 5,    /* a run may ask: the first and its fallbacks, each within the total limit */
    GRACE_MS = 5 * 60 * 1000,   /* until the row of a run that has ended is there */
    HOURS_KEPT_MS = 4 * DAY_MS, /* statistics of hours; days stand for what is older */
};
/* Twice the longest range, and some. */
static const int64_t DAYS_KEPT_MS = INT64_C(200) * DAY_MS;

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

struct window {
    int64_t previous_from, from, to, bucket_ms;
    size_t buckets;
};

/* Statistics that nobody had kept yet. */
struct fresh {
    struct fresh *next;
    int64_t hours, at;
    struct ag_str bytes;
};

struct board {
    struct ag_scope *scope;
    struct window window;
    struct ag_run_stats *now, *before; /* the range, and the time before it */
    struct ag_counts *series;          /* of the range, by bucket */
    struct fresh *fresh;
    /* stored statistics, a page ahead */
    struct ag_arena page_arena;
    struct ag_list page; /* struct ag_stats_row */
    size_t page_next;
    int64_t page_hours, page_end; /* what was looked for: nothing before page_end is missing */
};

/* ---- what is asked ---- */

/* The newest bucket is the one that goes on now; the time before is as long as the range is so far,
 * to the hour. */
static struct window window_of(size_t range, int64_t now)
{
    int64_t bucket_ms = ranges[range].bucket_ms;
    struct window window = {.to = now, .bucket_ms = bucket_ms, .buckets = ranges[range].buckets};
    window.from = now - now % bucket_ms - (int64_t)(window.buckets - 1) * bucket_ms;
    window.previous_from = window.from - (now - window.from);
    window.previous_from -= window.previous_from % HOUR_MS;
    return window;
}

/* How long the next part is that has statistics of its own: a day where one fits, else an hour. */
static int64_t part_hours(const struct window *window, int64_t at)
{
    int64_t end = at < window->from ? window->from : window->to;
    bool day = at % DAY_MS == 0 && at + DAY_MS <= end && window->bucket_ms == DAY_MS;
    return day ? DAY_MS / HOUR_MS : 1;
}

/* Whether every run that began before `end` has ended. */
static bool is_over(const struct board *board, int64_t end)
{
    int64_t longest_ms = RUN_MODELS * board->scope->core->options.limits.total_timeout_ms;
    return end + longest_ms + GRACE_MS <= board->window.to;
}

/* ---- counting what was not counted before ---- */

/* One piece; its rows are gone when it returns. `*after` moves to the last run read. */
static enum ag_err count_piece(struct ag_scope *scope, struct ag_run_stats *stats,
                               struct ag_uuid *after, struct ag_uuid before, bool *ret_more)
{
    struct ag_arena arena;
    struct ag_list list;
    ag_arena_init(&arena);
    enum ag_err err = ag_runs_facts(scope->core->db, &arena, scope->who.org_id, *after, before,
                                    PIECE_ROWS, &list);
    const struct ag_run_fact *facts = list.items;
    for (size_t i = 0; err == AG_OK && i < list.count; i++)
        err = ag_run_stats_count(stats, &facts[i]);
    if (err == AG_OK) {
        *ret_more = list.count == PIECE_ROWS;
        if (list.count > 0) *after = facts[list.count - 1].id;
    }
    ag_arena_done(&arena);
    return err;
}

static enum ag_err count_runs(struct ag_scope *scope, int64_t from, int64_t to,
                              struct ag_run_stats *stats)
{
    struct ag_uuid after = ag_uuid_at(from), before = ag_uuid_at(to);
    for (bool more = true; more;) {
        AG_TRY(count_piece(scope, stats, &after, before, &more));
        /* On SQLite a read does not wait for anything, so nobody else would have had a turn. */
        ag_fiber_yield();
        if (ag_fiber_canceled()) return ag_fail(AG_E_CANCELED, "the client has left");
    }
    return AG_OK;
}

static enum ag_err note_fresh(struct board *board, int64_t hours, int64_t at, struct ag_str bytes)
{
    struct fresh *fresh = AG_ARENA_NEW(board->scope->arena, struct fresh);
    if (!fresh) return ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
    *fresh = (struct fresh){.next = board->fresh, .hours = hours, .at = at};
    fresh->bytes = ag_arena_copy(board->scope->arena, bytes);
    if (!fresh->bytes.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
    board->fresh = fresh;
    return AG_OK;
}

static enum ag_err add_bytes(struct board *board, int64_t at, struct ag_str bytes)
{
    const struct window *window = &board->window;
    if (at < window->from) return ag_run_stats_add(board->before, bytes, NULL);
    size_t bucket = (size_t)((at - window->from) / window->bucket_ms);
    return ag_run_stats_add(board->now, bytes, &board->series[AG_MIN(bucket, window->buckets - 1)]);
}

/* Counts a part from its runs' rows, in memory of its own. */
static enum ag_err add_counted(struct board *board, int64_t hours, int64_t at)
{
    struct ag_arena arena;
    struct ag_run_stats *stats;
    struct ag_buf bytes;
    int64_t end = at + hours * HOUR_MS;
    ag_arena_init(&arena);
    ag_buf_init(&bytes, &arena, AG_STATS_MAX_BYTES);
    enum ag_err err = ag_run_stats_new(&arena, &stats);
    if (err == AG_OK) err = count_runs(board->scope, at, AG_MIN(end, board->window.to + 1), stats);
    if (err == AG_OK) err = ag_run_stats_encode(stats, &bytes);
    if (err == AG_OK) err = add_bytes(board, at, ag_buf_str(&bytes));
    if (err == AG_OK && is_over(board, end) && stats->unfinished == 0)
        err = note_fresh(board, hours, at, ag_buf_str(&bytes));
    ag_arena_done(&arena);
    return err;
}

/* ---- what was counted before ---- */

static enum ag_err read_page(struct board *board, int64_t hours, int64_t at)
{
    struct ag_scope *scope = board->scope;
    ag_arena_done(&board->page_arena);
    board->page = (struct ag_list){0};
    board->page_next = 0;
    AG_TRY(ag_run_stats_read(scope->core->db, &board->page_arena, scope->who.org_id, hours, at,
                             board->window.to, PAGE_ROWS, &board->page));
    const struct ag_stats_row *rows = board->page.items;
    bool whole = board->page.count < PAGE_ROWS;
    board->page_hours = hours;
    board->page_end = whole ? board->window.to + 1 : rows[board->page.count - 1].at + 1;
    return AG_OK;
}

/* The kept statistics of a part; data NULL when there are none. Parts are asked for in order. */
static enum ag_err find_kept(struct board *board, int64_t hours, int64_t at,
                             struct ag_str *ret_bytes)
{
    if (hours != board->page_hours || at >= board->page_end) AG_TRY(read_page(board, hours, at));
    const struct ag_stats_row *rows = board->page.items;
    while (board->page_next < board->page.count && rows[board->page_next].at < at)
        board->page_next++;
    bool found = board->page_next < board->page.count && rows[board->page_next].at == at;
    *ret_bytes = found ? rows[board->page_next].data : (struct ag_str){0};
    return AG_OK;
}

static enum ag_err add_part(struct board *board, int64_t hours, int64_t at)
{
    struct ag_str bytes = {0};
    if (is_over(board, at + hours * HOUR_MS)) AG_TRY(find_kept(board, hours, at, &bytes));
    if (!bytes.data) return add_counted(board, hours, at);
    enum ag_err err = add_bytes(board, at, bytes);
    return err == AG_E_INVALID ? ag_fail_more(AG_E_INTERNAL, "run_stats cannot be read") : err;
}

struct keep_args {
    struct ag_uuid org;
    const struct fresh *fresh;
    int64_t now;
};

static enum ag_err keep_tx(struct ag_tx *tx, void *arg)
{
    const struct keep_args *args = arg;
    for (const struct fresh *fresh = args->fresh; fresh; fresh = fresh->next)
        AG_TRY(ag_run_stats_put(tx, args->org, fresh->hours, fresh->at, fresh->bytes));
    AG_TRY(ag_run_stats_expire(tx, args->org, 1, args->now - HOURS_KEPT_MS));
    return ag_run_stats_expire(tx, args->org, DAY_MS / HOUR_MS, args->now - DAYS_KEPT_MS);
}

/* What cannot be kept is counted again next time. */
static void keep_fresh(struct board *board)
{
    struct keep_args args = {board->scope->who.org_id, board->fresh, board->window.to};
    if (!board->fresh) return;
    enum ag_err err = ag_db_write(board->scope->core->db, board->scope->arena, keep_tx, &args);
    if (err != AG_OK) ag_log_diag(AG_LOG_WARN, "run statistics not kept", err);
}

/* When the first run after the beginning began, or the end where there is none. */
static enum ag_err first_run(struct board *board, int64_t *ret_at)
{
    struct ag_scope *scope = board->scope;
    struct ag_list list;
    AG_TRY(ag_runs_facts(scope->core->db, scope->arena, scope->who.org_id,
                         ag_uuid_at(board->window.previous_from), ag_uuid_at(board->window.to + 1),
                         1, &list));
    const struct ag_run_fact *first = list.items;
    *ret_at = list.count > 0 ? ag_uuid_time_ms(first->id) : board->window.to;
    return AG_OK;
}

static enum ag_err read_parts(struct board *board)
{
    int64_t first;
    AG_TRY(first_run(board, &first));
    enum ag_err err = AG_OK;
    ag_arena_init(&board->page_arena);
    for (int64_t at = board->window.previous_from; at <= board->window.to && err == AG_OK;) {
        int64_t hours = part_hours(&board->window, at), next = at + hours * HOUR_MS;
        if (next > first) err = add_part(board, hours, at);
        at = next;
    }
    ag_arena_done(&board->page_arena);
    if (err == AG_OK) keep_fresh(board);
    return err;
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
    const struct ag_counts *now = &board->now->totals, *before = &board->before->totals;
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
    set_percentile(&totals->set, TOTALS_TTFT, &totals->ttft_ms_p50, &board->now->ttft, 50);
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
    struct ag_dashboard_point *points = AG_ARENA_ARRAY(board->scope->arena,
                                                       struct ag_dashboard_point, window->buckets);
    if (!points) return ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
    for (size_t i = 0; i < window->buckets; i++) {
        const struct ag_counts *counts = &board->series[i];
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
    size_t count = ag_tallies_top(&board->now->models, AG_DASHBOARD_TOP);
    struct ag_dashboard_model *models = AG_ARENA_ARRAY(board->scope->arena,
                                                       struct ag_dashboard_model, count);
    if (!models) return ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
    for (size_t i = 0; i < count; i++) {
        const struct ag_tally *tally = &board->now->models.items[i];
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
    size_t count = ag_tallies_top(&board->now->agents, AG_DASHBOARD_TOP);
    struct ag_uuid ids[AG_NAMED_AGENTS];
    struct ag_str names[AG_NAMED_AGENTS];
    struct ag_dashboard_agent *agents = AG_ARENA_ARRAY(board->scope->arena,
                                                       struct ag_dashboard_agent, count);
    if (!agents) return ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
    for (size_t i = 0; i < count; i++)
        memcpy(ids[i].bytes, board->now->agents.items[i].name.data, sizeof(ids[i].bytes));
    AG_TRY(ag_agents_names(scope->core->db, board->scope->arena, scope->who.org_id,
                           ag_viewer(scope), ids, count, names));
    for (size_t i = 0; i < count; i++) {
        const struct ag_tally *tally = &board->now->agents.items[i];
        agents[i] = (struct ag_dashboard_agent){
            .agent_id = ids[i], .name = names[i], .runs = tally->runs, .failed = tally->failed};
        if (names[i].data) AG_SET(&agents[i], AGENT_NAME);
    }
    ret->agents = (struct ag_list){agents, count};
    return AG_OK;
}

static enum ag_err tell_errors(struct board *board, struct ag_dashboard *ret)
{
    size_t count = ag_tallies_top(&board->now->errors, AG_DASHBOARD_TOP);
    struct ag_dashboard_error *errors = AG_ARENA_ARRAY(board->scope->arena,
                                                       struct ag_dashboard_error, count);
    if (!errors) return ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
    for (size_t i = 0; i < count; i++)
        errors[i] = (struct ag_dashboard_error){.code = board->now->errors.items[i].name,
                                                .count = board->now->errors.items[i].runs};
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

static enum ag_err board_new(struct ag_scope *scope, const struct window *window,
                             struct board **ret_board)
{
    struct board *board = AG_ARENA_NEW(scope->arena, struct board);
    if (!board) return ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
    board->scope = scope;
    board->window = *window;
    board->series = AG_ARENA_ARRAY(scope->arena, struct ag_counts, window->buckets);
    if (!board->series) return ag_fail(AG_E_NO_MEMORY, "no memory for a dashboard");
    AG_TRY(ag_run_stats_new(scope->arena, &board->now));
    AG_TRY(ag_run_stats_new(scope->arena, &board->before));
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
    AG_TRY(board_new(scope, &window, &board));
    AG_TRY(ag_inventory_read(scope->core->db, scope->arena, scope->who.org_id, ag_viewer(scope),
                             &inventory));
    AG_TRY(read_parts(board));
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
