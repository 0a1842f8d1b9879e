/* Statistics of runs: percentiles within their error, counting, and bytes that come back. */
#include "test_help.h"

#include "core/run_stats.h"

/* ---- percentiles ---- */

static void a_percentile_is_within_its_error(void **state)
{
    for (int64_t value = 0; value < INT64_C(1) << 23; value += 1 + value / 500) {
        struct ag_histogram histogram = {0};
        ag_histogram_add(&histogram, value);
        int64_t told = ag_histogram_percentile(&histogram, 50);
        int64_t off = told > value ? told - value : value - told;
        assert_true(off * 64 <= value);
    }
}

static void a_percentile_is_the_right_one(void **state)
{
    struct ag_histogram histogram = {0};
    assert_int_equal(ag_histogram_percentile(&histogram, 50), -1);
    ag_histogram_add(&histogram, -1);
    assert_int_equal(ag_histogram_percentile(&histogram, 50), -1);
    for (int i = 1; i <= 40; i++)
        ag_histogram_add(&histogram, i);
    assert_int_equal(ag_histogram_percentile(&histogram, 0), 1);
    assert_int_equal(ag_histogram_percentile(&histogram, 50), 20);
    assert_int_equal(ag_histogram_percentile(&histogram, 95), 38);
    assert_int_equal(ag_histogram_percentile(&histogram, 100), 40);
    ag_histogram_add(&histogram, INT64_MAX);
    assert_in_range(ag_histogram_percentile(&histogram, 100), 1 << 22, 1 << 23);
}

/* ---- counting ---- */

static struct ag_run_fact run_of(const char *status, const char *model, uint8_t agent, int64_t ms)
{
    struct ag_run_fact run = {
        .status = ag_str(status),
        .provider = AG_STR("openai"),
        .model = ag_str(model),
        .input_tokens = 10,
        .output_tokens = 3,
        .latency_ms = ms,
        .ttft_ms = ms / 2,
    };
    run.agent_id.bytes[15] = agent;
    if (strcmp(status, "failed") == 0) run.error_code = AG_STR("upstream_timeout");
    return run;
}

static struct ag_run_stats *stats_of(struct ag_arena *arena, const struct ag_run_fact *runs,
                                     size_t count)
{
    struct ag_run_stats *stats;
    assert_ok(ag_run_stats_new(arena, &stats));
    for (size_t i = 0; i < count; i++)
        assert_ok(ag_run_stats_count(stats, &runs[i]));
    return stats;
}

static struct ag_str bytes_of(struct ag_arena *arena, const struct ag_run_stats *stats)
{
    struct ag_buf *buf = AG_ARENA_NEW(arena, struct ag_buf);
    ag_buf_init(buf, arena, AG_STATS_MAX_BYTES);
    assert_ok(ag_run_stats_encode(stats, buf));
    return ag_buf_str(buf);
}

static void check_twice(struct ag_run_stats *stats, const struct ag_counts *also)
{
    assert_int_equal(stats->totals.runs, 10);
    assert_int_equal(stats->totals.completed, 4);
    assert_int_equal(stats->totals.failed, 2);
    assert_int_equal(stats->totals.cancelled, 2);
    assert_int_equal(stats->totals.input_tokens, 100);
    assert_int_equal(stats->totals.output_tokens, 30);
    assert_int_equal(stats->totals.latency.total, 4);
    assert_int_equal(ag_histogram_percentile(&stats->ttft, 100), 20);
    assert_int_equal(also->runs, 5);
    assert_int_equal(ag_histogram_percentile(&also->latency, 100), 40);
    assert_int_equal(ag_tallies_top(&stats->models, 8), 2);
    assert_str(stats->models.items[0].name, "openai/large");
    assert_int_equal(stats->models.items[0].runs, 6);
    assert_int_equal(stats->models.items[0].counts->failed, 2);
    assert_int_equal(ag_tallies_top(&stats->agents, 1), 1);
    assert_int_equal(stats->agents.items[0].name.len, 16);
    assert_int_equal(stats->agents.items[0].name.data[15], 7);
    assert_int_equal(stats->agents.items[0].runs, 4);
    assert_int_equal(stats->agents.items[0].failed, 2);
    assert_int_equal(stats->errors.count, 1);
    assert_str(stats->errors.items[0].name, "upstream_timeout");
    assert_int_equal(stats->errors.items[0].runs, 2);
}

static void what_was_counted_can_be_added(void **state)
{
    const struct ag_run_fact runs[] = {
        run_of("completed", "small", 7, 40), run_of("completed", "large", 0, 20),
        run_of("failed", "large", 7, 5000),  run_of("cancelled", "large", 0, 100),
        run_of("running", "small", 9, -1),
    };
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_run_stats *stats = stats_of(&arena, runs, AG_COUNT(runs)), *sum;
    assert_int_equal(stats->unfinished, 1);
    struct ag_str bytes = bytes_of(&arena, stats);
    struct ag_counts also = {0};
    assert_ok(ag_run_stats_new(&arena, &sum));
    assert_ok(ag_run_stats_add(sum, bytes, &also));
    assert_true(ag_str_eq(bytes_of(&arena, sum), bytes));
    assert_ok(ag_run_stats_add(sum, bytes, NULL));
    check_twice(sum, &also);
    ag_arena_done(&arena);
}

static void too_many_names_count_in_the_totals(void **state)
{
    struct ag_arena arena;
    struct ag_run_stats *stats, *sum;
    char model[16];
    ag_arena_init(&arena);
    assert_ok(ag_run_stats_new(&arena, &stats));
    assert_ok(ag_run_stats_new(&arena, &sum));
    for (int i = 0; i < 2 * AG_STATS_MAX_MODELS; i++) {
        snprintf(model, sizeof(model), "m%d", i);
        struct ag_run_fact run = run_of("completed", model, 1, i);
        assert_ok(ag_run_stats_count(stats, &run));
        if (i == AG_STATS_MAX_MODELS / 2)
            assert_ok(ag_run_stats_add(sum, bytes_of(&arena, stats), NULL));
    }
    assert_int_equal(stats->models.count, AG_STATS_MAX_MODELS);
    assert_int_equal(stats->totals.runs, 2 * AG_STATS_MAX_MODELS);
    struct ag_run_fact other = run_of("completed", "another", 1, 1);
    assert_ok(ag_run_stats_count(sum, &other));
    assert_ok(ag_run_stats_add(sum, bytes_of(&arena, stats), NULL));
    assert_int_equal(sum->models.count, AG_STATS_MAX_MODELS);
    ag_arena_done(&arena);
}

static void damaged_bytes_are_refused(void **state)
{
    const struct ag_run_fact runs[] = {run_of("completed", "small", 7, 400),
                                       run_of("failed", "large", 7, 50)};
    struct ag_arena arena;
    ag_arena_init(&arena);
    struct ag_str bytes = bytes_of(&arena, stats_of(&arena, runs, AG_COUNT(runs)));
    struct ag_run_stats *sum;
    assert_ok(ag_run_stats_new(&arena, &sum));
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(ag_run_stats_add(sum, ag_str_sub(bytes, 0, len), NULL), AG_E_INVALID);
    char *copy = ag_arena_alloc(&arena, bytes.len + 1);
    memcpy(copy, bytes.data, bytes.len);
    copy[bytes.len] = 0;
    assert_int_equal(ag_run_stats_add(sum, ag_str_n(copy, bytes.len + 1), NULL), AG_E_INVALID);
    /* Any byte may be wrong; what comes of it is a sum or a refusal. */
    for (size_t i = 0; i < bytes.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            struct ag_counts also = {0};
            copy[i] = (char)(bytes.data[i] ^ (1 << bit));
            enum ag_err err = ag_run_stats_add(sum, ag_str_n(copy, bytes.len), &also);
            assert_true(err == AG_OK || err == AG_E_INVALID);
            copy[i] = bytes.data[i];
        }
    }
    memset(copy, 0xff, bytes.len);
    copy[0] = 1;
    assert_int_equal(ag_run_stats_add(sum, ag_str_n(copy, bytes.len), NULL), AG_E_INVALID);
    ag_arena_done(&arena);
}

static enum ag_err build(void *arg)
{
    struct ag_arena arena;
    struct ag_run_stats *stats;
    struct ag_run_fact run = run_of("failed", "small", 3, 5);
    ag_arena_init(&arena);
    enum ag_err err = ag_run_stats_new(&arena, &stats);
    if (!err) err = ag_run_stats_count(stats, &run);
    ag_arena_done(&arena);
    return err;
}

static void out_of_memory_is_told(void **state)
{
    torture(build, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_percentile_is_within_its_error),
        cmocka_unit_test(a_percentile_is_the_right_one),
        cmocka_unit_test(what_was_counted_can_be_added),
        cmocka_unit_test(too_many_names_count_in_the_totals),
        cmocka_unit_test(damaged_bytes_are_refused),
        cmocka_unit_test(out_of_memory_is_told),
    };
    return cmocka_run_group_tests_name("run_stats", tests, NULL, NULL);
}
