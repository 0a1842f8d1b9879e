/*
 * Accounts: what people do with their own, beyond signing in (core.h), and what administrators of
 * the server do with those of others.
 */
#pragma once

#include "core/core.h"
#include "store/accounts.h"

/* ---- links in mails ---- */

enum {
    AG_VERIFY_TTL_MS = 24 * 60 * 60 * 1000, /* of a link that proves an address */
    AG_RESET_TTL_MS = 60 * 60 * 1000,       /* of one that sets a password */
};

struct ag_token_input {
    uint64_t set;
    struct ag_str token;
};
struct ag_email_input {
    uint64_t set;
    struct ag_str email;
};
struct ag_reset_input {
    uint64_t set;
    struct ag_str token, password;
};
struct ag_password_input {
    uint64_t set;
    struct ag_str password;
};
extern const struct ag_schema ag_token_input_schema, ag_email_input_schema, ag_forgot_schema,
    ag_reset_schema, ag_reauthenticate_schema;

/* E-mail addresses are compared without case: the form they are kept in. */
enum ag_err ag_email_normal(struct ag_arena *arena, struct ag_str email,
                            struct ag_str *ret_email) AG_MUST_USE;

/* Nobody's mailbox is filled through this server: AG_E_RATE_LIMITED when this address got several
 * mails for `purpose` just now. */
enum ag_err ag_check_may_mail(struct ag_scope *scope, struct ag_str purpose,
                              struct ag_str email) AG_MUST_USE;
/* The purpose of a link to a new password, of an account whose address is proved or not. */
struct ag_str ag_reset_purpose(bool proved);

/* A link that proves the address of an account: its hash is stored in the transaction, its secret
 * mailed once that is durable. */
struct ag_verification {
    struct ag_str secret;
    uint8_t hash[AG_SECRET_HASH_BYTES];
};
enum ag_err ag_verification_new(struct ag_scope *scope,
                                struct ag_verification *ret_verification) AG_MUST_USE;
enum ag_err ag_verification_insert(struct ag_tx *tx, const struct ag_verification *verification,
                                   const struct ag_user *user) AG_MUST_USE;
/* Of a new account. An address that got several just now gets none: who registers it may be
 * anybody, and can ask again later. */
void ag_verification_mail(struct ag_scope *scope, const struct ag_verification *verification,
                          const struct ag_user *user);

/* Mails the principal's address another link. AG_E_CONFLICT: it is proved already;
 * AG_E_RATE_LIMITED. */
enum ag_err ag_verification_resend(struct ag_scope *scope) AG_MUST_USE AG_SUSPENDS;
/* Follows a link that proves an address; one to a new address makes it the account's.
 * AG_E_INVALID (field token), AG_E_EMAIL_TAKEN. */
enum ag_err ag_email_verify(struct ag_scope *scope, struct ag_str token) AG_MUST_USE AG_SUSPENDS;
/* Mails a link to a new address and a notice to the present one; nothing changes yet.
 * AG_E_EMAIL_TAKEN, AG_E_INVALID, AG_E_RATE_LIMITED. */
enum ag_err ag_email_change(struct ag_scope *scope, struct ag_str email) AG_MUST_USE AG_SUSPENDS;
/* Mails a link that sets a new password, if there is such an account; the caller learns nothing
 * of that, nor from the time it takes. */
enum ag_err ag_password_forgot(struct ag_scope *scope, struct ag_str email) AG_MUST_USE AG_SUSPENDS;
/* Sets a password by such a link and ends every session. AG_E_INVALID (field token or password),
 * AG_E_OVERLOADED. */
enum ag_err ag_password_reset(struct ag_scope *scope,
                              const struct ag_reset_input *input) AG_MUST_USE AG_SUSPENDS;

/* ---- sessions ---- */

/* The session has signed in lately from now on. AG_E_INVALID (field password), AG_E_OVERLOADED. */
enum ag_err ag_reauthenticate(struct ag_scope *scope,
                              struct ag_str password) AG_MUST_USE AG_SUSPENDS;
/* Ends one of the principal's sessions, or all but the one that asks; at once on every loop of this
 * process. AG_E_NOT_FOUND. */
enum ag_err ag_session_end(struct ag_scope *scope, struct ag_uuid id) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_session_end_others(struct ag_scope *scope) AG_MUST_USE AG_SUSPENDS;

/* ---- everything of one's own ---- */

/* Takes the document piece by piece; waits while whoever reads it is slow. */
struct ag_export_sink {
    enum ag_err (*write)(void *arg, struct ag_str piece) AG_SUSPENDS;
    void *arg;
};
extern const struct ag_schema ag_account_export_schema;
/* Writes everything that there is of the principal as one JSON document: account, linked accounts,
 * sessions, and for each organisation keys (without secrets), agents, prompts, runs with their
 * texts, and what they did. Memory stays bounded. AG_E_REAUTH before anything is written. */
enum ag_err ag_account_export(struct ag_scope *scope,
                              const struct ag_export_sink *sink) AG_MUST_USE AG_SUSPENDS;

/* ---- the end ---- */

/* Deletes the principal's account: at once every way in, the memberships, the name and address;
 * what was theirs alone is purged later. What they made in organisations that others share stays
 * there. AG_E_CONFLICT: the last administrator, or the last owner of an organisation with other
 * members; AG_E_REAUTH. */
enum ag_err ag_me_delete(struct ag_scope *scope) AG_MUST_USE AG_SUSPENDS;
/* The same with somebody else's, for administrators of the server. AG_E_NOT_FOUND. */
enum ag_err ag_account_delete(struct ag_scope *scope, struct ag_uuid id) AG_MUST_USE AG_SUSPENDS;

/* ---- accounts of others, for administrators of the server ---- */

struct ag_standing_input {
    uint64_t set;
    struct ag_str status, role;
};
enum { AG_STANDING_STATUS, AG_STANDING_ROLE };
extern const struct ag_schema ag_account_query_schema, ag_standing_input_schema;

/* Suspends, resumes, promotes or demotes; in force at once in this process. AG_E_NOT_FOUND,
 * AG_E_CONFLICT (oneself, or the last administrator). */
enum ag_err ag_account_set_standing(struct ag_scope *scope, struct ag_uuid id,
                                    const struct ag_standing_input *input,
                                    struct ag_account *ret_account) AG_MUST_USE AG_SUSPENDS;
/* Mails the account a link that sets a new password. AG_E_NOT_FOUND, AG_E_CONFLICT (suspended). */
enum ag_err ag_account_send_reset(struct ag_scope *scope,
                                  struct ag_uuid id) AG_MUST_USE AG_SUSPENDS;
/* The same without a mail, for the operator: the link itself, a path on this site. */
enum ag_err ag_account_reset_link(struct ag_scope *scope, const struct ag_user *user,
                                  struct ag_str *ret_link) AG_MUST_USE AG_SUSPENDS;
/* Ends all of the account's sessions, at once in this process. AG_E_NOT_FOUND. */
enum ag_err ag_account_sign_out(struct ag_scope *scope, struct ag_uuid id) AG_MUST_USE AG_SUSPENDS;
