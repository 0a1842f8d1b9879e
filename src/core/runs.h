/*
 * Runs: one call of a model, from the request to its row.
 *
 * generate, preview and validate are the same life cycle: the prompt is put together, a model is
 * chosen, its stream is read and relayed, the outcome becomes a row. A run's id is told to nobody
 * before its row is durable.
 */
#pragma once

#include "core/core.h"
#include "runtime/sync.h"

struct ag_generate_input {
    uint64_t set;
    struct ag_uuid agent_id;
    struct ag_str input_text;
    struct ag_uuid conversation_id;
    struct ag_list variables; /* struct ag_pair */
    bool stream;
    struct ag_str metadata;
};
enum { AG_GENERATE_CONVERSATION = 2, AG_GENERATE_STREAM = 4, AG_GENERATE_METADATA };
extern const struct ag_schema ag_generate_schema;

struct ag_compare_input {
    uint64_t set;
    struct ag_agent_config config;
    struct ag_str input_text;
    struct ag_list messages; /* struct ag_chat_message */
    struct ag_list variables;
    struct ag_list models; /* struct ag_str: "provider/model" */
};
extern const struct ag_schema ag_compare_schema;

struct ag_chat_message {
    uint64_t set;
    struct ag_str role, content;
};
struct ag_preview_input {
    uint64_t set;
    struct ag_agent_config config;
    struct ag_str input_text;
    struct ag_list messages; /* struct ag_chat_message: the conversation so far */
    struct ag_list variables;
    bool stream;
};
extern const struct ag_schema ag_preview_schema;

struct ag_validate_input {
    uint64_t set;
    struct ag_str prompt_text;
    struct ag_uuid prompt_id;
    struct ag_list models; /* struct ag_str: "provider/model" */
    struct ag_list variables;
    struct ag_str input_text;
    bool stream;
};
enum { AG_VALIDATE_PROMPT_TEXT, AG_VALIDATE_PROMPT_ID, AG_VALIDATE_MODELS };
extern const struct ag_schema ag_validate_schema;

struct ag_usage_doc {
    uint64_t set;
    int64_t input_tokens, output_tokens;
};
extern const struct ag_schema ag_usage_schema;

/* What generate and preview answer. */
struct ag_generation {
    uint64_t set;
    struct ag_str response;
    struct ag_uuid run_id;
    struct ag_uuid conversation_id;
    int64_t agent_version;
    struct ag_str model; /* "provider/model" */
    bool cached;
    struct ag_usage_doc usage;
    int64_t latency_ms, ttft_ms;
    struct ag_str finish_reason;
};
enum { AG_GENERATION_CONVERSATION = 2, AG_GENERATION_VERSION = 3, AG_GENERATION_FINISH = 9 };
extern const struct ag_schema ag_generation_schema;

struct ag_validation_error {
    uint64_t set;
    struct ag_str code, message;
};
struct ag_validation_result {
    uint64_t set;
    struct ag_str model;
    struct ag_uuid run_id;
    struct ag_str response;
    struct ag_usage_doc usage;
    int64_t latency_ms, ttft_ms;
    struct ag_str finish_reason;
    struct ag_validation_error error;
};
enum { AG_RESULT_FINISH = 6, AG_RESULT_ERROR = 7 };
struct ag_finding {
    uint64_t set;
    struct ag_str code, severity, message;
};
struct ag_validation {
    uint64_t set;
    struct ag_list results;  /* struct ag_validation_result */
    struct ag_list findings; /* struct ag_finding */
};
extern const struct ag_schema ag_validation_schema;
extern const struct ag_schema ag_findings_schema; /* of a validation, the findings alone */

/* ---- choosing a model ---- */

struct ag_model_choice {
    const struct ag_provider *provider;
    const struct ag_llm_endpoint *endpoint;
    struct ag_str model; /* the provider's own name */
};
/* "provider/model", or a provider alone for its default. AG_E_MODEL_UNAVAILABLE. */
enum ag_err ag_model_parse(struct ag_core *core, struct ag_str name,
                           struct ag_model_choice *ret_choice) AG_MUST_USE;
/* The configuration's own choice, else the server's default. AG_E_MODEL_UNAVAILABLE. */
enum ag_err ag_model_choose(struct ag_core *core, const struct ag_agent_config *config,
                            struct ag_model_choice *ret_choice) AG_MUST_USE;

/* ---- the prompt: pure ---- */

/* Puts the system text together: prompt, instructions, persona, style, language and format, with
 * {{variables}} replaced. `prompt_text` is the saved prompt's, or empty. AG_E_INVALID names missing
 * and unknown variables in `errors`. */
enum ag_err ag_prompt_assemble(const struct ag_agent_config *config, struct ag_str agent_name,
                               struct ag_str prompt_text, const struct ag_list *variables,
                               struct ag_arena *arena, struct ag_field_errors *errors,
                               struct ag_str *ret_system) AG_MUST_USE;
/* Replaces {{name}} by the variable's value; what has none is left as it stands. */
enum ag_err ag_template_render(struct ag_str text, const struct ag_list *variables,
                               struct ag_arena *arena, struct ag_str *ret_text) AG_MUST_USE;
/* Calls `fn` for every {{name}} of `text`, in order. */
void ag_template_each(struct ag_str text, void (*fn)(struct ag_str name, void *arg), void *arg);
/* What an experienced author would say about a prompt, as struct ag_finding. */
enum ag_err ag_prompt_lint(struct ag_str prompt_text, const struct ag_list *variables,
                           struct ag_arena *arena, struct ag_list *ret_findings) AG_MUST_USE;

/* ---- the life of a run ---- */

/* What becomes of the pieces of an answer while it comes; every call may wait for its reader. */
struct ag_run_sink {
    void *arg;
    /* The run's row is there. NULL functions are left out. */
    enum ag_err (*started)(void *arg, const struct ag_run *run) AG_SUSPENDS;
    enum ag_err (*delta)(void *arg, struct ag_str text) AG_SUSPENDS;
    /* The answer is whole; what this returns is what becomes of the run. */
    enum ag_err (*complete)(void *arg) AG_SUSPENDS;
    /* Nothing more is at hand right now: what was held back should leave. */
    enum ag_err (*flush)(void *arg) AG_SUSPENDS;
    /* When `idle` wants to be called at the latest, and what it does (heartbeats). */
    ag_deadline_ms (*idle_at)(void *arg);
    enum ag_err (*idle)(void *arg) AG_SUSPENDS;
};

/* A run as the caller declares it; runs.c fills the rest. */
struct ag_run_plan {
    const char *kind; /* generate | preview | validate | draft | test; static */
    struct ag_model_choice model;
    const struct ag_agent_config *config;
    struct ag_llm_request request; /* complete but for `stream` */
    struct ag_uuid run_id;         /* nil: a new one */
    struct ag_uuid agent_id;       /* nil: none */
    int64_t agent_version;
    bool agent_private;
    struct ag_uuid conversation_id; /* nil with an agent: the run's own id */
    struct ag_str metadata;
    bool keep_texts;                /* store what was asked and answered */
    bool relaxed;                   /* do not wait for the row's commit */
    const struct ag_run_sink *sink; /* NULL: the answer is wanted whole */
    const bool *stopped;            /* set when the server ends it; NULL: never */
};

/* Runs it to its end and stores the row. On AG_OK `ret_run` is completed; otherwise it is failed or
 * cancelled with what came until then, and its error is returned, unless storing failed too, then
 * that one. `ret_retry_after_s` is what the provider asked for, or -1. */
enum ag_err ag_run_execute(struct ag_scope *scope, const struct ag_run_plan *plan,
                           struct ag_run *ret_run,
                           int64_t *ret_retry_after_s) AG_MUST_USE AG_SUSPENDS;

/* Looks everything up and executes. */
enum ag_err ag_generate(struct ag_scope *scope, const struct ag_generate_input *input, bool relaxed,
                        const struct ag_run_sink *sink, struct ag_run *ret_run,
                        int64_t *ret_retry_after_s) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_preview(struct ag_scope *scope, const struct ag_preview_input *input,
                       const struct ag_run_sink *sink, struct ag_run *ret_run,
                       int64_t *ret_retry_after_s) AG_MUST_USE AG_SUSPENDS;
/* The reply document of a completed run. */
enum ag_err ag_generation_from_run(const struct ag_run *run, struct ag_arena *arena,
                                   struct ag_generation *ret_generation) AG_MUST_USE;

/* ---- runs that need no client ---- */

/* Per loop. Each keeps a fiber, and up to AG_RUN_MAX_OUTPUT_BYTES of text, that no connection of
 * its user pays for: one user takes a small part of them. */
enum { AG_DETACHED_MAX = 256, AG_DETACHED_PER_USER = 32 };

/* As ag_generate(), on a fiber of its own that goes on whatever becomes of the caller. Returns once
 * the run has begun, with a reference to follow it by. What ag_generate() refuses before there is a
 * run, AG_E_RATE_LIMITED when AG_DETACHED_PER_USER of the user's go on on this loop, and
 * AG_E_OVERLOADED when AG_DETACHED_MAX do. */
enum ag_err ag_generate_detached(struct ag_scope *scope, const struct ag_generate_input *input,
                                 struct ag_live_run **ret_live) AG_MUST_USE AG_SUSPENDS;

/* A reference to the organisation's live run, if the principal may see it, or NULL. */
struct ag_live_run *ag_run_live(const struct ag_scope *scope, struct ag_uuid id);
/* AG_E_NOT_FOUND, also for a run of an agent that the principal is kept from. */
enum ag_err ag_run_reached(struct ag_scope *scope, struct ag_uuid id) AG_MUST_USE AG_SUSPENDS;
/* Ends a run of the organisation, wherever it goes on, and returns its row. AG_E_NOT_FOUND,
 * AG_E_CONFLICT when it has ended by itself, AG_E_FORBIDDEN: another credential began it, and the
 * principal may not read runs. */
enum ag_err ag_run_cancel(struct ag_scope *scope, struct ag_uuid id,
                          struct ag_run *ret_run) AG_MUST_USE AG_SUSPENDS;
/* Whether the run of a row that says `running` goes on: here, or perhaps in another instance. What
 * nobody works on any more will be failed by ag_core_recover(). */
bool ag_run_goes_on(const struct ag_core *core, const struct ag_run_state *state);

/* ---- several runs side by side ---- */

enum { AG_MAX_LANES = 4 };

/* One of them: the caller says what to ask and how its answer is relayed. */
struct ag_lane {
    struct ag_run_plan plan;
    /* set when `ended` is */
    struct ag_run run;
    enum ag_err err;
    char message[AG_DIAG_TEXT_BYTES]; /* of `err` */
    bool ended;
    /* private */
    struct ag_lanes *lanes;
    struct ag_scope scope;
    struct ag_fiber *fiber;
};
struct ag_lanes {
    struct ag_lane items[AG_MAX_LANES];
    size_t count;
    struct ag_cond changed; /* signalled by every lane that ends; callers may signal it too */
};
/* Starts every lane on a fiber of its own. The scope, the arena and `lanes` must outlive
 * ag_lanes_end(), which must be called also when this fails. AG_E_NO_MEMORY. */
enum ag_err ag_lanes_start(struct ag_lanes *lanes, struct ag_scope *scope) AG_MUST_USE;
/* Those that have not ended. */
size_t ag_lanes_left(const struct ag_lanes *lanes);
/* Cancels what goes on and waits until all have ended. */
void ag_lanes_end(struct ag_lanes *lanes) AG_SUSPENDS;

/* The lanes of a comparison: the same question to every model. */
enum ag_err ag_compare_lanes(struct ag_scope *scope, const struct ag_compare_input *input,
                             struct ag_lanes *ret_lanes) AG_MUST_USE AG_SUSPENDS;
/* The lanes of a validation, and what is to be said about the prompt. */
enum ag_err ag_validate_lanes(struct ag_scope *scope, const struct ag_validate_input *input,
                              struct ag_lanes *ret_lanes,
                              struct ag_list *ret_findings) AG_MUST_USE AG_SUSPENDS;
/* The reply of a validation whose lanes have ended. AG_E_STORAGE, AG_E_STORAGE_FULL: what could not
 * be recorded was not answered. */
enum ag_err ag_validation_from_lanes(struct ag_scope *scope, const struct ag_lanes *lanes,
                                     const struct ag_list *findings,
                                     struct ag_validation *ret_validation) AG_MUST_USE;
