#include "core/run_stats.h"

#include <stdlib.h>

/* Bytes of another format are damaged ones: whoever changes it empties the table run_stats in a
 * migration. */
enum { FORMAT = 1, SLOTS_EACH = 4 };

/* ---- counting ---- */

static enum ag_err tallies_init(struct ag_tallies *tallies, size_t max, struct ag_arena *arena)
{
    tallies->max = max;
    tallies->items = AG_ARENA_ARRAY(arena, struct ag_tally, max);
    tallies->slots = AG_ARENA_ARRAY(arena, uint16_t, SLOTS_EACH * max);
    if (!tallies->items || !tallies->slots)
        return ag_fail(AG_E_NO_MEMORY, "no memory for statistics");
    return AG_OK;
}

enum ag_err ag_run_stats_new(struct ag_arena *arena, struct ag_run_stats **ret_stats)
{
    struct ag_run_stats *stats = AG_ARENA_NEW(arena, struct ag_run_stats);
    if (!stats) return ag_fail(AG_E_NO_MEMORY, "no memory for statistics");
    stats->arena = arena;
    AG_TRY(tallies_init(&stats->models, AG_STATS_MAX_MODELS, arena));
    AG_TRY(tallies_init(&stats->agents, AG_STATS_MAX_AGENTS, arena));
    AG_TRY(tallies_init(&stats->errors, AG_STATS_MAX_ERRORS, arena));
    *ret_stats = stats;
    return AG_OK;
}

/* The tally of `name`, a new one if there is none. NULL when there are too many. */
static enum ag_err tally_of(struct ag_tallies *tallies, struct ag_str name, bool counted,
                            struct ag_arena *arena, struct ag_tally **ret_tally)
{
    uint64_t hash = ag_str_hash(name);
    size_t slots = SLOTS_EACH * tallies->max, slot = hash % slots;
    *ret_tally = NULL;
    for (; tallies->slots[slot] != 0; slot = (slot + 1) % slots) {
        struct ag_tally *tally = &tallies->items[tallies->slots[slot] - 1];
        if (tally->hash != hash) continue;
        *ret_tally = tally;
        return AG_OK;
    }
    if (tallies->count == tallies->max) return AG_OK;
    struct ag_tally tally = {.hash = hash, .name = ag_arena_copy(arena, name)};
    if (counted) tally.counts = AG_ARENA_NEW(arena, struct ag_counts);
    if (!tally.name.data || (counted && !tally.counts))
        return ag_fail(AG_E_NO_MEMORY, "no memory for statistics");
    tallies->items[tallies->count] = tally;
    *ret_tally = &tallies->items[tallies->count++];
    tallies->slots[slot] = (uint16_t)tallies->count;
    return AG_OK;
}

static void count_run(struct ag_counts *counts, const struct ag_run_fact *run)
{
    bool completed = ag_str_eq(run->status, AG_STR("completed"));
    counts->runs++;
    counts->completed += completed;
    counts->failed += ag_str_eq(run->status, AG_STR("failed"));
    counts->cancelled += ag_str_eq(run->status, AG_STR("cancelled"));
    counts->input_tokens += run->input_tokens;
    counts->output_tokens += run->output_tokens;
    /* How long it took to fail says nothing of how long answers take. */
    if (completed) ag_histogram_add(&counts->latency, run->latency_ms);
}

static enum ag_err count_model(struct ag_run_stats *stats, const struct ag_run_fact *run)
{
    char text[AG_STATS_MAX_NAME_BYTES + 1];
    struct ag_tally *tally;
    int len = snprintf(text, sizeof(text), "%.*s/%.*s", AG_STR_ARG(run->provider),
                       AG_STR_ARG(run->model));
    struct ag_str name = ag_str_n(text, (size_t)AG_MIN(AG_MAX(len, 0), AG_STATS_MAX_NAME_BYTES));
    name.len = ag_utf8_complete(name);
    AG_TRY(tally_of(&stats->models, name, true, stats->arena, &tally));
    if (!tally) return AG_OK;
    tally->runs++;
    count_run(tally->counts, run);
    return AG_OK;
}

static enum ag_err count_name(struct ag_run_stats *stats, struct ag_tallies *tallies,
                              struct ag_str name, bool failed)
{
    struct ag_tally *tally;
    AG_TRY(tally_of(tallies, ag_str_sub(name, 0, AG_STATS_MAX_NAME_BYTES), false, stats->arena,
                    &tally));
    if (!tally) return AG_OK;
    tally->runs++;
    tally->failed += failed;
    return AG_OK;
}

enum ag_err ag_run_stats_count(struct ag_run_stats *stats, const struct ag_run_fact *run)
{
    bool failed = ag_str_eq(run->status, AG_STR("failed"));
    count_run(&stats->totals, run);
    stats->unfinished += ag_str_eq(run->status, AG_STR("running"));
    if (ag_str_eq(run->status, AG_STR("completed"))) ag_histogram_add(&stats->ttft, run->ttft_ms);
    if (!ag_uuid_is_nil(run->agent_id))
        AG_TRY(count_name(stats, &stats->agents,
                          ag_str_n((const char *)run->agent_id.bytes, sizeof(run->agent_id.bytes)),
                          failed));
    if (run->error_code.len > 0) AG_TRY(count_name(stats, &stats->errors, run->error_code, failed));
    return count_model(stats, run);
}

/* ---- bytes ---- */

/* LEB128: seven bits a byte, the lowest first; what is negative counts as nothing. */
static void put_number(struct ag_buf *out, int64_t number)
{
    uint64_t rest = number > 0 ? (uint64_t)number : 0;
    for (; rest >= 0x80; rest >>= 7)
        ag_buf_append_char(out, (char)(0x80 | (rest & 0x7f)));
    ag_buf_append_char(out, (char)rest);
}

/* Only counters that count something, each with its distance from the one before. */
static void put_histogram(struct ag_buf *out, const struct ag_histogram *histogram)
{
    size_t used = 0, last = 0;
    for (size_t i = 0; i < AG_HISTOGRAM_COUNTERS; i++)
        used += histogram->counters[i] != 0;
    put_number(out, (int64_t)used);
    for (size_t i = 0; i < AG_HISTOGRAM_COUNTERS; i++) {
        if (histogram->counters[i] == 0) continue;
        put_number(out, (int64_t)(i - last));
        put_number(out, histogram->counters[i]);
        last = i;
    }
}

static void put_counts(struct ag_buf *out, const struct ag_counts *counts)
{
    put_number(out, counts->runs);
    put_number(out, counts->completed);
    put_number(out, counts->failed);
    put_number(out, counts->cancelled);
    put_number(out, counts->input_tokens);
    put_number(out, counts->output_tokens);
    put_histogram(out, &counts->latency);
}

static void put_tallies(struct ag_buf *out, const struct ag_tallies *tallies)
{
    put_number(out, (int64_t)tallies->count);
    for (size_t i = 0; i < tallies->count; i++) {
        const struct ag_tally *tally = &tallies->items[i];
        put_number(out, (int64_t)tally->name.len);
        ag_buf_append_str(out, tally->name);
        put_number(out, tally->runs);
        put_number(out, tally->failed);
        if (tally->counts) put_counts(out, tally->counts);
    }
}

enum ag_err ag_run_stats_encode(const struct ag_run_stats *stats, struct ag_buf *out)
{
    put_number(out, FORMAT);
    put_counts(out, &stats->totals);
    put_histogram(out, &stats->ttft);
    put_tallies(out, &stats->models);
    put_tallies(out, &stats->agents);
    put_tallies(out, &stats->errors);
    return ag_buf_err(out);
}

/* Reads what the functions above wrote; `bad` once something was not as they write it. */
struct reader {
    struct ag_str rest;
    bool bad;
};

static int64_t take_number(struct reader *reader)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        if (reader->rest.len == 0) break;
        uint8_t byte = (uint8_t)reader->rest.data[0];
        reader->rest = ag_str_sub(reader->rest, 1, reader->rest.len);
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return (int64_t)number;
    }
    reader->bad = true;
    return 0;
}

/* Sums stay far from the end of their type, whatever the bytes say. */
static void add_number(struct reader *reader, int64_t *sum)
{
    int64_t number = take_number(reader), total;
    if (__builtin_add_overflow(*sum, number, &total))
        reader->bad = true;
    else
        *sum = total;
}

static void add_histogram(struct reader *reader, struct ag_histogram *histogram)
{
    int64_t used = take_number(reader);
    uint64_t at = 0;
    for (int64_t i = 0; i < used && !reader->bad; i++) {
        at += (uint64_t)take_number(reader);
        uint64_t count = (uint64_t)take_number(reader);
        if (at >= AG_HISTOGRAM_COUNTERS || count > UINT32_MAX) {
            reader->bad = true;
            return;
        }
        uint64_t sum = histogram->counters[at] + count;
        histogram->counters[at] = (uint32_t)AG_MIN(sum, (uint64_t)UINT32_MAX);
        histogram->total += count;
    }
}

static void add_counts(struct reader *reader, struct ag_counts *counts)
{
    add_number(reader, &counts->runs);
    add_number(reader, &counts->completed);
    add_number(reader, &counts->failed);
    add_number(reader, &counts->cancelled);
    add_number(reader, &counts->input_tokens);
    add_number(reader, &counts->output_tokens);
    add_histogram(reader, &counts->latency);
}

static enum ag_err add_tallies(struct reader *reader, struct ag_tallies *tallies, bool counted,
                               struct ag_arena *arena)
{
    struct ag_counts *beyond = NULL; /* where the counts of names go that are too many */
    int64_t count = take_number(reader);
    for (int64_t i = 0; i < count && !reader->bad; i++) {
        int64_t len = take_number(reader);
        if (len > AG_STATS_MAX_NAME_BYTES || (size_t)len > reader->rest.len) reader->bad = true;
        if (reader->bad) break;
        struct ag_tally *tally, dropped = {0};
        AG_TRY(tally_of(tallies, ag_str_sub(reader->rest, 0, (size_t)len), counted, arena, &tally));
        reader->rest = ag_str_sub(reader->rest, (size_t)len, reader->rest.len);
        if (!tally) {
            if (counted && !beyond) beyond = AG_ARENA_NEW(arena, struct ag_counts);
            if (counted && !beyond) return ag_fail(AG_E_NO_MEMORY, "no memory for statistics");
            dropped.counts = beyond;
            tally = &dropped;
        }
        add_number(reader, &tally->runs);
        add_number(reader, &tally->failed);
        if (counted) add_counts(reader, tally->counts);
    }
    return AG_OK;
}

enum ag_err ag_run_stats_add(struct ag_run_stats *stats, struct ag_str bytes,
                             struct ag_counts *also)
{
    struct reader reader = {.rest = bytes};
    if (take_number(&reader) != FORMAT) reader.bad = true;
    struct reader totals = reader;
    if (also && !reader.bad) add_counts(&totals, also);
    add_counts(&reader, &stats->totals);
    add_histogram(&reader, &stats->ttft);
    AG_TRY(add_tallies(&reader, &stats->models, true, stats->arena));
    AG_TRY(add_tallies(&reader, &stats->agents, false, stats->arena));
    AG_TRY(add_tallies(&reader, &stats->errors, false, stats->arena));
    if (reader.bad || totals.bad || reader.rest.len > 0)
        return ag_fail(AG_E_INVALID, "the statistics kept are damaged");
    return AG_OK;
}

static int by_runs(const void *a, const void *b)
{
    const struct ag_tally *left = a, *right = b;
    return (left->runs < right->runs) - (left->runs > right->runs);
}

size_t ag_tallies_top(struct ag_tallies *tallies, size_t most)
{
    qsort(tallies->items, tallies->count, sizeof(*tallies->items), by_runs);
    return AG_MIN(tallies->count, most);
}
