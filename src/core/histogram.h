/* Histograms of durations: percentiles with a known error, in a fixed size. Pure. */
#pragma once

#include "base/macros.h"

/*
 * Below 64 ms every value has a counter of its own; above, each power of two is cut into 32 equal
 * parts, up to 2^23 ms (more than two hours), which also stands for everything longer. A percentile
 * is the middle of its part, so it is off by at most 1/64 of itself.
 */
enum {
    AG_HISTOGRAM_EXACT = 64,
    AG_HISTOGRAM_PARTS = 32,
    AG_HISTOGRAM_COUNTERS = AG_HISTOGRAM_EXACT + 17 * AG_HISTOGRAM_PARTS,
};

struct ag_histogram {
    uint64_t total;
    uint32_t counters[AG_HISTOGRAM_COUNTERS];
};

/* Adds a duration; one below zero is none. */
void ag_histogram_add(struct ag_histogram *histogram, int64_t ms);
/* The smallest duration that `percent` (0..100) of all do not exceed; -1 when there are none. */
int64_t ag_histogram_percentile(const struct ag_histogram *histogram, int percent);
