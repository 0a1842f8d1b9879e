/*
 * Proposals: an agent's configuration, written by a model from a sentence of description.
 *
 * The model is asked for one JSON object; its text is read while it comes, so that a form fills
 * field by field. What it says is hostile input: only known members are taken, each is cleaned by
 * itself, and what is left passes every check of a configuration.
 */
#pragma once

#include "core/object_reader.h"
#include "core/runs.h"

struct ag_proposal_input {
    uint64_t set;
    struct ag_str description, language, model, field, current;
    bool stream;
};
enum {
    AG_PROPOSAL_INPUT_LANGUAGE = 1,
    AG_PROPOSAL_INPUT_MODEL,
    AG_PROPOSAL_INPUT_FIELD,
    AG_PROPOSAL_INPUT_CURRENT,
};
extern const struct ag_schema ag_proposal_input_schema;

struct ag_proposal {
    uint64_t set;
    struct ag_str name, description;
    struct ag_agent_config config;
    struct ag_str model; /* "provider/model" */
    struct ag_str template_id;
    struct ag_uuid run_id;
    struct ag_usage_doc usage;
    int64_t latency_ms;
};
enum { AG_PROPOSAL_NAME, AG_PROPOSAL_DESCRIPTION, AG_PROPOSAL_TEMPLATE = 4 };
extern const struct ag_schema ag_proposal_schema;

/* What becomes of the fields while they come; NULL functions are left out. */
struct ag_proposal_sink {
    void *arg;
    /* The run's row is there. */
    enum ag_err (*started)(void *arg, const struct ag_run *run) AG_SUSPENDS;
    /* More of the text of a field ("name", "config.instructions"). */
    enum ag_err (*delta)(void *arg, const char *path, struct ag_str text) AG_SUSPENDS;
    /* A field is complete: its value as JSON, which counts from now on. */
    enum ag_err (*field)(void *arg, const char *path, struct ag_str json) AG_SUSPENDS;
    /* As in struct ag_run_sink. */
    enum ag_err (*flush)(void *arg) AG_SUSPENDS;
    ag_deadline_ms (*idle_at)(void *arg);
    enum ag_err (*idle)(void *arg) AG_SUSPENDS;
};

/* Asks the model and records the run, as kind `draft`, whatever becomes of it; `ret_run` is as
 * ag_run_execute() leaves it. `sink` NULL: the proposal is wanted whole. AG_E_MODEL_UNAVAILABLE,
 * AG_E_UPSTREAM_INVALID and AG_E_UPSTREAM_INCOMPLETE (the answer is no usable proposal), and what
 * ag_run_execute() returns. */
enum ag_err ag_propose(struct ag_scope *scope, const struct ag_proposal_input *input,
                       const struct ag_proposal_sink *sink, struct ag_run *ret_run,
                       struct ag_proposal *ret_proposal,
                       int64_t *ret_retry_after_s) AG_MUST_USE AG_SUSPENDS;

/* ---- the parts of a proposal: pure ---- */

/* In the order in which a model is asked for them. */
enum ag_part {
    AG_PART_NAME,
    AG_PART_DESCRIPTION,
    AG_PART_PERSONA,
    AG_PART_INSTRUCTIONS,
    AG_PART_STYLE,
    AG_PART_TEMPERATURE,
    AG_PART_FORMAT,
    AG_PART_JSON_SCHEMA,
    AG_PART_GREETING,
    AG_PART_QUESTIONS,
    AG_PART_VARIABLES,
    AG_PART_COUNT,
};
struct ag_part_info {
    const char *key;  /* as the model names it */
    const char *path; /* in the reply */
    const char *rule; /* what the model is told about it */
    bool grows;       /* a text that is shown while it comes */
};
const struct ag_part_info *ag_part_info(enum ag_part part);
/* The part that a model, or a request, calls `key`; AG_PART_COUNT for none. */
enum ag_part ag_part_find(struct ag_str key);
/* Most characters of a part that grows. */
size_t ag_part_max(enum ag_part part);
/* The text of such a part without blanks around it and not longer than allowed; empty when it holds
 * a NUL. */
struct ag_str ag_part_text(enum ag_part part, struct ag_str text);
/* Makes of a member what the field's rules allow, as JSON; empty when nothing is left. */
enum ag_err ag_part_clean(enum ag_part part, bool is_string, struct ag_str text,
                          struct ag_arena *arena, struct ag_str *ret_json) AG_MUST_USE;
/* The first `max` characters of well-formed UTF-8. */
struct ag_str ag_utf8_first(struct ag_str text, size_t max);

/* A configuration in the making: one JSON value per row of ag_agent_config_schema, empty for none.
 */
struct ag_config_slots {
    struct ag_str json[AG_SCHEMA_MAX_FIELDS];
};
struct ag_str *ag_config_slot(struct ag_config_slots *slots, const char *key);
/* Takes from `current`, a document {name, description, config} in any state, what is valid. */
enum ag_err ag_slots_from_current(struct ag_str current, struct ag_arena *arena,
                                  struct ag_str *ret_name, struct ag_str *ret_description,
                                  struct ag_config_slots *slots) AG_MUST_USE;
/* Drops a schema that no format wants and a format that lacks its schema. */
void ag_slots_settle(struct ag_config_slots *slots);
enum ag_err ag_slots_config(const struct ag_config_slots *slots, struct ag_arena *arena,
                            struct ag_agent_config *ret_config) AG_MUST_USE;
