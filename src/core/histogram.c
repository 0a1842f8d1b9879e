#include "core/histogram.h"

enum { EXACT_BITS = 6, PART_BITS = 5, MAX_BITS = 23 };

static size_t counter_of(int64_t ms)
{
    if (ms < AG_HISTOGRAM_EXACT) return (size_t)ms;
    uint64_t value = AG_MIN((uint64_t)ms, (UINT64_C(1) << MAX_BITS) - 1);
    unsigned exponent = 63 - (unsigned)__builtin_clzll(value);
    size_t part = (value >> (exponent - PART_BITS)) & (AG_HISTOGRAM_PARTS - 1);
    return AG_HISTOGRAM_EXACT + (exponent - EXACT_BITS) * AG_HISTOGRAM_PARTS + part;
}

static int64_t middle_of(size_t counter)
{
    if (counter < AG_HISTOGRAM_EXACT) return (int64_t)counter;
    size_t above = counter - AG_HISTOGRAM_EXACT;
    unsigned shift = (unsigned)(above / AG_HISTOGRAM_PARTS) + EXACT_BITS - PART_BITS;
    int64_t low = (int64_t)(AG_HISTOGRAM_PARTS + above % AG_HISTOGRAM_PARTS) << shift;
    return low + ((INT64_C(1) << shift) - 1) / 2;
}

void ag_histogram_add(struct ag_histogram *histogram, int64_t ms)
{
    if (ms < 0) return;
    histogram->total++;
    histogram->counters[counter_of(ms)]++;
}

int64_t ag_histogram_percentile(const struct ag_histogram *histogram, int percent)
{
    if (histogram->total == 0) return -1;
    uint64_t rank = (histogram->total * (uint64_t)percent + 99) / 100;
    uint64_t seen = 0;
    for (size_t i = 0; i < AG_HISTOGRAM_COUNTERS; i++) {
        seen += histogram->counters[i];
        if (seen >= rank && seen > 0) return middle_of(i);
    }
    return -1;
}
