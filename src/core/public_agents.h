/*
 * Public agents: what everybody who has an agent's link may know of it and ask it.
 *
 * A visitor is nobody: no credential, no account. What they ask is a run of the agent's
 * organisation with its creator as the user, marked as public. They learn neither ids, models nor
 * instructions, and go on with no conversation but those that began by such a link.
 */
#pragma once

#include "core/runs.h"

struct ag_public_agent {
    uint64_t set;
    struct ag_str name, description, greeting;
    struct ag_list suggested_questions; /* struct ag_str */
    struct ag_list variables;           /* struct ag_variable */
    struct ag_str language;
};
enum { AG_PUBLIC_DESCRIPTION = 1, AG_PUBLIC_GREETING, AG_PUBLIC_LANGUAGE = 5 };
extern const struct ag_schema ag_public_agent_schema;

struct ag_public_question {
    uint64_t set;
    struct ag_str input_text;
    struct ag_uuid conversation_id;
    struct ag_list variables; /* struct ag_pair */
    bool stream;
};
enum { AG_QUESTION_CONVERSATION = 1 };
extern const struct ag_schema ag_public_question_schema;

struct ag_public_answer {
    uint64_t set;
    struct ag_str response;
    struct ag_uuid conversation_id;
};
extern const struct ag_schema ag_public_answer_schema;

/* AG_E_NOT_FOUND: no link names it, or not any more. */
enum ag_err ag_public_agent(struct ag_scope *scope, struct ag_str public_id,
                            struct ag_public_agent *ret_agent) AG_MUST_USE AG_SUSPENDS;
/* Makes the scope a visitor's, in the agent's organisation: it may run agents there and nothing
 * else. AG_E_NOT_FOUND. */
enum ag_err ag_public_enter(struct ag_scope *scope, struct ag_str public_id,
                            struct ag_uuid *ret_agent_id) AG_MUST_USE AG_SUSPENDS;
/* As ag_generate(), for such a scope. */
enum ag_err ag_public_ask(struct ag_scope *scope, struct ag_uuid agent_id,
                          const struct ag_public_question *question, const struct ag_run_sink *sink,
                          struct ag_run *ret_run,
                          int64_t *ret_retry_after_s) AG_MUST_USE AG_SUSPENDS;
/* What a visitor is told of a failure: what is theirs to mend, and what is the server's. How the
 * agent is made, and what its provider says, is nobody's business: AG_E_AGENT_UNAVAILABLE. */
enum ag_err ag_public_err(enum ag_err err) AG_MUST_USE;
