#include "base/fault.h"

#include <stdatomic.h>

#ifdef AG_DEBUG

static const char *const names[AG_FAULT_COUNT] = {
#define AG_FAULT_NAME(name, doc) [AG_FAULT_##name] = #name,
    AG_FAULT_TABLE(AG_FAULT_NAME)
#undef AG_FAULT_NAME
};

static struct {
    atomic_llong wait; /* questions answered with no before it fails */
    atomic_llong left; /* failures to come; below zero: for ever */
} faults[AG_FAULT_COUNT];

bool ag_fault_fires(enum ag_fault fault)
{
    if (AG_LIKELY(atomic_load_explicit(&faults[fault].left, memory_order_relaxed) == 0))
        return false;
    if (atomic_load(&faults[fault].wait) > 0 && atomic_fetch_sub(&faults[fault].wait, 1) > 0)
        return false;
    long long left = atomic_load(&faults[fault].left);
    while (left > 0)
        if (atomic_compare_exchange_weak(&faults[fault].left, &left, left - 1)) return true;
    return left < 0;
}

static int fault_index(struct ag_str name)
{
    for (int i = 0; i < AG_FAULT_COUNT; i++)
        if (ag_str_eq(name, ag_str(names[i]))) return i;
    return -1;
}

static enum ag_err arm_one(struct ag_str part)
{
    struct ag_str rest = ag_str_trim(part), name, count;
    if (rest.len == 0) return AG_OK; /* nothing between two commas */
    ag_str_split(&rest, '=', &name);
    int fault = fault_index(name);
    if (fault < 0) return ag_fail(AG_E_INVALID, "no fault is called '%.*s'", AG_STR_ARG(name));

    int64_t left = 0, nth = 1;
    bool good = ag_str_split(&rest, '@', &count) && ag_str_to_int64(count, &left) == AG_OK;
    if (good && rest.data) good = ag_str_to_int64(rest, &nth) == AG_OK && nth >= 1;
    if (!good)
        return ag_fail(AG_E_INVALID, "fault '%s' needs a count, as in %s=1 or %s=1@5", names[fault],
                       names[fault], names[fault]);
    atomic_store(&faults[fault].left, 0);
    atomic_store(&faults[fault].wait, nth - 1);
    atomic_store(&faults[fault].left, left);
    return AG_OK;
}

enum ag_err ag_fault_arm(struct ag_str text)
{
    for (struct ag_str rest = text, part; ag_str_split(&rest, ',', &part);)
        AG_TRY(arm_one(part));
    return AG_OK;
}

#else

enum ag_err ag_fault_arm(struct ag_str text)
{
    if (ag_str_trim(text).len == 0) return AG_OK;
    return ag_fail(AG_E_INVALID, "this build has no faults; build with -Dbuildtype=debug");
}

#endif
