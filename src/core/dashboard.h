/* The dashboard: what an organisation's runs did over a range of time. */
#pragma once

#include "core/core.h"

enum { AG_DASHBOARD_TOP = AG_NAMED_AGENTS };

struct ag_dashboard_totals {
    uint64_t set;
    int64_t runs, completed, failed, cancelled, input_tokens, output_tokens;
    int64_t latency_ms_p50, latency_ms_p95, ttft_ms_p50;
    int64_t agents, drafts, prompts;
};
struct ag_dashboard_previous {
    uint64_t set;
    int64_t runs, failed, input_tokens, output_tokens, latency_ms_p50;
};
struct ag_dashboard_point {
    uint64_t set;
    int64_t at, runs, failed, input_tokens, output_tokens, latency_ms_p50, latency_ms_p95;
};
struct ag_dashboard_model {
    uint64_t set;
    struct ag_str model;
    int64_t runs, failed, input_tokens, output_tokens, latency_ms_p50;
};
struct ag_dashboard_agent {
    uint64_t set;
    struct ag_uuid agent_id;
    struct ag_str name;
    int64_t runs, failed;
};
struct ag_dashboard_error {
    uint64_t set;
    struct ag_str code;
    int64_t count;
};
struct ag_dashboard_setup {
    uint64_t set;
    bool model_key, model_tested, agent_created, agent_called;
};
struct ag_dashboard {
    uint64_t set;
    struct ag_str range;
    int64_t from, to;
    struct ag_str bucket;
    struct ag_dashboard_totals totals;
    struct ag_dashboard_previous previous;
    struct ag_list series; /* struct ag_dashboard_point */
    struct ag_list models; /* struct ag_dashboard_model */
    struct ag_list agents; /* struct ag_dashboard_agent */
    struct ag_list errors; /* struct ag_dashboard_error */
    struct ag_dashboard_setup setup;
};
extern const struct ag_schema ag_dashboard_schema;

/* `range`: 24h, 7d, 30d or 90d. Reads the runs of twice that time in pieces, and lets others run
 * between two. */
enum ag_err ag_dashboard_read(struct ag_scope *scope, struct ag_str range,
                              struct ag_dashboard *ret_dashboard) AG_MUST_USE AG_SUSPENDS;
