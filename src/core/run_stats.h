/*
 * Run statistics: what the runs of an hour or a day add up to. Pure.
 *
 * They are counted from the runs' rows, kept as bytes, and added to one another. The bytes are read
 * as carefully as if somebody else had written them.
 */
#pragma once

#include "core/histogram.h"
#include "store/store.h"

enum {
    /* Told apart; the runs of later ones count in the totals alone. */
    AG_STATS_MAX_MODELS = 128,
    AG_STATS_MAX_AGENTS = 1024,
    AG_STATS_MAX_ERRORS = 128,
    AG_STATS_MAX_NAME_BYTES = 511,
    AG_STATS_MAX_BYTES = 1024 * 1024, /* encoded */
};

struct ag_counts {
    int64_t runs, completed, failed, cancelled, input_tokens, output_tokens;
    struct ag_histogram latency; /* of completed runs */
};

/* What is counted by name: found by a keyed hash, so that nobody can choose names that collide. */
struct ag_tally {
    uint64_t hash;
    struct ag_str name; /* "provider/model", an error code, or the 16 bytes of an agent's id */
    struct ag_counts *counts; /* models; the others have what follows */
    int64_t runs, failed;
};
struct ag_tallies {
    struct ag_tally *items; /* max */
    uint16_t *slots;        /* four times as many; index + 1, 0: free */
    size_t count, max;
};

struct ag_run_stats {
    struct ag_arena *arena;
    struct ag_counts totals;
    struct ag_histogram ttft; /* of completed runs */
    struct ag_tallies models, agents, errors;
    int64_t unfinished; /* runs that may still change */
};

/* Empty statistics, in the arena. AG_E_NO_MEMORY. */
enum ag_err ag_run_stats_new(struct ag_arena *arena, struct ag_run_stats **ret_stats) AG_MUST_USE;
/* Counts one run. AG_E_NO_MEMORY. */
enum ag_err ag_run_stats_count(struct ag_run_stats *stats,
                               const struct ag_run_fact *run) AG_MUST_USE;
/* Appends them as bytes. */
enum ag_err ag_run_stats_encode(const struct ag_run_stats *stats, struct ag_buf *out);
/* Adds what ag_run_stats_encode() wrote to `stats`, and its totals to `also` (NULL: to nothing).
 * AG_E_INVALID: these are no such bytes; `stats` may have taken a part of them. AG_E_NO_MEMORY. */
enum ag_err ag_run_stats_add(struct ag_run_stats *stats, struct ag_str bytes,
                             struct ag_counts *also) AG_MUST_USE;
/* Sorts the tallies by runs, most first; nothing can be counted afterwards. Returns how many of the
 * first `most` there are. */
size_t ag_tallies_top(struct ag_tallies *tallies, size_t most);
