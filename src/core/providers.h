/* Providers as people see them: which there are, whether they answer, which models they offer. */
#pragma once

#include "core/core.h"

struct ag_provider_doc {
    uint64_t set;
    struct ag_str id, title;
    bool configured, offline, is_default;
    struct ag_str default_model;
    struct ag_str base_url_host, setting;
    struct ag_list models; /* struct ag_str */
};
extern const struct ag_schema ag_provider_schema;

/* All of them as struct ag_provider_doc, in the order in which a default is chosen. */
enum ag_err ag_providers_list(struct ag_core *core, struct ag_arena *arena,
                              struct ag_list *ret_providers) AG_MUST_USE;

struct ag_provider_test_input {
    uint64_t set;
    struct ag_str model;
};
struct ag_provider_failure {
    uint64_t set;
    struct ag_str code, message;
    bool retryable;
};
struct ag_provider_test {
    uint64_t set;
    bool ok;
    struct ag_str model; /* "provider/model" */
    int64_t latency_ms, ttft_ms;
    struct ag_str response;
    struct ag_provider_failure error;
};
extern const struct ag_schema ag_provider_test_input_schema, ag_provider_test_schema;

/* Asks a model of the provider for a word and records it as a run of kind `test`. That it does not
 * answer is a result, not an error. AG_E_NOT_FOUND: there is no such provider. */
enum ag_err ag_provider_try(struct ag_scope *scope, struct ag_str provider,
                            const struct ag_provider_test_input *input,
                            struct ag_provider_test *ret_test) AG_MUST_USE AG_SUSPENDS;

/* ---- models ---- */

struct ag_model_doc {
    uint64_t set;
    struct ag_str id; /* "provider/model" */
    struct ag_str object;
    int64_t created;
    struct ag_str owned_by;
};
struct ag_model_problem {
    uint64_t set;
    struct ag_str provider, code, message;
};
struct ag_model_list {
    uint64_t set;
    struct ag_str object;
    struct ag_list data;   /* struct ag_model_doc */
    struct ag_list errors; /* struct ag_model_problem */
};
extern const struct ag_schema ag_model_list_schema;

/* The models that can be used now: what configured providers say, at most ten minutes old, or,
 * where one does not answer within three seconds, what is known of it. */
enum ag_err ag_models_list(struct ag_core *core, struct ag_arena *arena,
                           struct ag_model_list *ret_list) AG_MUST_USE AG_SUSPENDS;
