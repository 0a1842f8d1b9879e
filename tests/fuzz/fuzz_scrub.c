/* What browsers report: whatever it is made of, what comes out is text of bounded length in which
 * no credential of ours begins a word; and statistics, which are read as carefully. An input that
 * begins with the byte 1 is statistics, everything else a report. */
#include "core/run_stats.h"
#include "core/scrub.h"
#include "fuzz.h"

enum { INPUT_MAX = 16 * 1024, TEXT_MAX = 8000 };

static bool begins_word(struct ag_str text, size_t at)
{
    char before = at > 0 ? text.data[at - 1] : ' ';
    return !((before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z') ||
             (before >= '0' && before <= '9') || strchr("_-+]", before));
}

static void check_text(struct ag_arena *arena, struct ag_str text)
{
    static const char *const ours[] = {"agk_", "ags_", "agr_"};
    struct ag_str scrubbed;
    FUZZ_CHECK(ag_scrub(text, TEXT_MAX, arena, &scrubbed) == AG_OK);
    FUZZ_CHECK(scrubbed.len <= TEXT_MAX && ag_utf8_valid(scrubbed));
    for (size_t i = 0; i < scrubbed.len; i++) {
        unsigned char c = (unsigned char)scrubbed.data[i];
        FUZZ_CHECK((c >= ' ' && c != 0x7f) || c == '\n');
        struct ag_str rest = ag_str_sub(scrubbed, i, scrubbed.len);
        for (size_t k = 0; k < AG_COUNT(ours); k++) {
            if (!ag_str_starts_with(rest, ag_str(ours[k])) || !begins_word(scrubbed, i)) continue;
            char next = rest.len > 4 ? rest.data[4] : ' ';
            FUZZ_CHECK(!(next >= 'a' && next <= 'z') && !(next >= '0' && next <= '9'));
        }
    }
}

static void check_stats(struct ag_arena *arena, struct ag_str bytes)
{
    struct ag_run_stats *stats;
    struct ag_counts also = {0};
    FUZZ_CHECK(ag_run_stats_new(arena, &stats) == AG_OK);
    enum ag_err err = ag_run_stats_add(stats, bytes, &also);
    FUZZ_CHECK(err == AG_OK || err == AG_E_INVALID);
    if (err != AG_OK) return;
    /* What was read can be written and read again, to the same end. */
    struct ag_buf first, second;
    ag_buf_init(&first, arena, AG_STATS_MAX_BYTES);
    ag_buf_init(&second, arena, AG_STATS_MAX_BYTES);
    FUZZ_CHECK(ag_run_stats_encode(stats, &first) == AG_OK);
    FUZZ_CHECK(ag_run_stats_new(arena, &stats) == AG_OK);
    FUZZ_CHECK(ag_run_stats_add(stats, ag_buf_str(&first), NULL) == AG_OK);
    FUZZ_CHECK(ag_run_stats_encode(stats, &second) == AG_OK);
    FUZZ_CHECK(ag_str_eq(ag_buf_str(&first), ag_buf_str(&second)));
    FUZZ_CHECK(ag_histogram_percentile(&also.latency, 95) >=
               ag_histogram_percentile(&also.latency, 50));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > INPUT_MAX) return -1;
    struct ag_str input = ag_str_n((const char *)data, size);
    struct ag_arena arena;
    ag_arena_init(&arena);
    if (size > 0 && data[0] == 1)
        check_stats(&arena, input);
    else
        check_text(&arena, input);
    ag_arena_done(&arena);
    return 0;
}
