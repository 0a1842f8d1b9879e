/*
 * Limits: the settings of the server, who is blocked, and what an administrator does about both.
 *
 * Settings and blocks stand in the database. Each loop keeps a copy that is at most
 * AG_POLICY_TTL_MS old, and none at all once something was changed in this process.
 */
#pragma once

#include "base/address.h"
#include "core/core.h"
#include "store/limits.h"

enum { AG_POLICY_TTL_MS = 5000, AG_PER_MINUTE_MAX = 100 * 1000 * 1000 };

/* ---- settings ---- */

/* As a change of them, only what `set` says. */
struct ag_settings {
    uint64_t set;
    struct ag_str registration; /* open | invited; static */
    int64_t free_per_minute, premium_per_minute;
    int64_t address_per_minute, public_per_minute;
    int64_t login_failures_per_account, login_failures_per_address;
    int64_t login_window_s, login_block_s;
};
extern const struct ag_schema ag_settings_schema, ag_settings_input_schema;

/* Those in force; brings this loop's copy up to date. While the database is away, the last known
 * ones. */
struct ag_settings ag_settings(struct ag_core *core) AG_SUSPENDS;
/* Whether everybody may make an account. */
bool ag_registration_is_open(struct ag_core *core) AG_SUSPENDS;
/* Changes those that are set. */
enum ag_err ag_settings_change(struct ag_scope *scope, const struct ag_settings *input,
                               struct ag_settings *ret_settings) AG_MUST_USE AG_SUSPENDS;

/* ---- blocks ---- */

enum { AG_BLOCK_SUBJECT_BYTES = 320 };

/* What stands for an address among blocks and counts: itself, or of IPv6 the network of 64 bits,
 * which is what one customer gets. Into `out`; empty for an unknown one. */
struct ag_str ag_address_subject(const struct ag_address *address,
                                 char out[AG_BLOCK_SUBJECT_BYTES]);

struct ag_block_verdict {
    int64_t left_ms; /* 0: not blocked */
    bool by_hand; /* an administrator made it: it holds for everything, not for signing in alone */
};
/* As of this loop's copy, brought up to date. */
struct ag_block_verdict ag_blocked(struct ag_core *core, const char *kind,
                                   struct ag_str subject) AG_SUSPENDS;
struct ag_block_verdict ag_blocked_address(struct ag_core *core,
                                           const struct ag_address *address) AG_SUSPENDS;

struct ag_block_input {
    uint64_t set;
    struct ag_str address;
    int64_t minutes;
    struct ag_str reason;
};
enum { AG_BLOCK_INPUT_REASON = 2 };
extern const struct ag_schema ag_block_input_schema;

/* Refuses everything from an address. `own` is where the request comes from, which may not be
 * blocked. AG_E_INVALID. */
enum ag_err ag_block_create(struct ag_scope *scope, const struct ag_block_input *input,
                            const struct ag_address *own,
                            struct ag_block *ret_block) AG_MUST_USE AG_SUSPENDS;
/* Ends a block and forgets the failures that led to it. AG_E_NOT_FOUND. */
enum ag_err ag_block_lift(struct ag_scope *scope, struct ag_uuid id) AG_MUST_USE AG_SUSPENDS;
/* The same by what is blocked: an address or an e-mail address in any spelling. AG_E_NOT_FOUND. */
enum ag_err ag_block_lift_subject(struct ag_scope *scope, struct ag_str text,
                                  struct ag_str *ret_subject) AG_MUST_USE AG_SUSPENDS;

/* ---- plans ---- */

struct ag_plan_input {
    uint64_t set;
    struct ag_str plan;
    int64_t requests_per_minute; /* 0: as the plan has it */
};
enum { AG_PLAN_INPUT_PLAN, AG_PLAN_INPUT_PER_MINUTE };
extern const struct ag_schema ag_plan_input_schema;

/* In force at once on every loop of this process. AG_E_NOT_FOUND. */
enum ag_err ag_plan_change(struct ag_scope *scope, struct ag_uuid org,
                           const struct ag_plan_input *input,
                           struct ag_org_plan *ret_org) AG_MUST_USE AG_SUSPENDS;

/* ---- attempts to sign in ---- */

/*
 * Whoever compares a secret that people choose goes through these two: it counts against the
 * account, known here or not, and against the address. An attempt is reserved before and becomes a
 * failure, or is given back, after; so a hundred at the same time are no more than one by one.
 */
struct ag_attempt {
    bool counted;
    struct ag_str email, address; /* what stands for them; empty: none */
};
/* `email` in lower case, empty for what is tried against no account. AG_E_RATE_LIMITED, with
 * `scope->retry_after_s`: blocked, or too many at the same time. */
enum ag_err ag_attempt_begin(struct ag_scope *scope, struct ag_str email,
                             struct ag_attempt *ret_attempt) AG_MUST_USE AG_SUSPENDS;
/* Once for each that began. AG_OK forgets the account's failures, AG_E_BAD_CREDENTIALS is one, and
 * anything else says nothing about the secret. The one too many makes a block. Returns `err`. */
enum ag_err ag_attempt_end(struct ag_scope *scope, const struct ag_attempt *attempt,
                           enum ag_err err) AG_SUSPENDS;
/* Compares a password with an account's hash (NULL: there is none, which takes as long), as one
 * attempt. AG_E_BAD_CREDENTIALS, AG_E_RATE_LIMITED, AG_E_OVERLOADED. */
enum ag_err ag_attempt_password(struct ag_scope *scope, struct ag_str email, struct ag_str password,
                                const char *hash) AG_MUST_USE AG_SUSPENDS;
