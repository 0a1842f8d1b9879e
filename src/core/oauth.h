/*
 * Signing in with an account elsewhere: the authorization code flow with PKCE (RFC 6749, 7636,
 * 9700) at OpenID Connect providers and at GitHub.
 *
 * A visit to a provider begins here and comes back here, to the same browser. What the provider
 * then says about the person is trusted as far as it was verified: an account elsewhere is known by
 * its issuer and subject, and joins an account here by e-mail only when both sides have verified
 * it.
 */
#pragma once

#include "core/core.h"

/* X(NAME, "code", "what it means"): how a visit ends that does not succeed. The browser is sent to
 * a page of ours with `?error=code`, and learns nothing else. */
#define AG_OAUTH_ERROR_TABLE(X)                                                                    \
    X(DENIED, "access_denied", "they, or the provider, said no")                                   \
    X(STATE, "state_invalid", "the visit was not begun in this browser, or is over: begin again")  \
    X(UNAVAILABLE, "provider_unavailable", "the provider does not answer, or is not configured")   \
    X(INVALID, "provider_invalid", "the provider's answer did not pass the checks")                \
    X(EMAIL_UNVERIFIED, "email_unverified", "the provider has not verified their e-mail address")  \
    X(LINK_REQUIRED, "link_required",                                                              \
      "an account has this e-mail address, unverified: sign in to it and link the two in "         \
      "settings")                                                                                  \
    X(REGISTRATION_CLOSED, "registration_closed", "there is no account, and none may be made")     \
    X(SUSPENDED, "account_suspended", "the account is suspended")                                  \
    X(TAKEN, "identity_taken", "that account is linked to another one here")                       \
    X(MISMATCH, "identity_mismatch", "that account is not linked to the one that asks")            \
    X(NOT_RECENT, "reauthentication_refused", "the provider did not ask them to sign in again")    \
    X(FAILED, "server_error", "something went wrong here")

enum ag_oauth_error {
    AG_OAUTH_OK = 0,
#define AG_OAUTH_ERROR_ENUM(name, code, doc) AG_OAUTH_##name,
    AG_OAUTH_ERROR_TABLE(AG_OAUTH_ERROR_ENUM)
#undef AG_OAUTH_ERROR_ENUM
        AG_OAUTH_ERROR_COUNT
};
/* The code of the table; "" for AG_OAUTH_OK. Static. */
const char *ag_oauth_error_code(enum ag_oauth_error error);
/* What a failure means to a browser. */
enum ag_oauth_error ag_oauth_error_of(enum ag_err err);

enum ag_oauth_purpose {
    AG_OAUTH_SIGN_IN,
    AG_OAUTH_LINK,           /* to the account that asks */
    AG_OAUTH_REAUTHENTICATE, /* prove once more who asks */
};

enum {
    AG_OAUTH_VISIT_MS = 10 * 60 * 1000, /* to come back in */
    AG_OAUTH_BROWSER_BYTES = 47,        /* of the browser's secret: "ago_" and 43 characters */
    AG_OAUTH_NEXT_MAX_BYTES = 512,
};

/* ---- what can be done without being signed in ---- */

struct ag_sign_in_provider {
    uint64_t set;
    struct ag_str id, name;
};
struct ag_sign_in_options {
    uint64_t set;
    struct ag_str registration; /* open | invited */
    bool mail;                  /* whether mails can be sent */
    struct ag_list providers;   /* struct ag_sign_in_provider */
};
extern const struct ag_schema ag_sign_in_options_schema;
enum ag_err ag_sign_in_options(struct ag_scope *scope,
                               struct ag_sign_in_options *ret_options) AG_MUST_USE AG_SUSPENDS;

/* ---- there and back ---- */

struct ag_oauth_begin {
    struct ag_str provider; /* its id */
    enum ag_oauth_purpose purpose;
    struct ag_str next;    /* where to go on; what is no path of this site counts as none */
    struct ag_str browser; /* the secret the browser has of an earlier visit, or empty */
};
struct ag_oauth_visit {
    struct ag_str url;     /* where to send the browser */
    struct ag_str browser; /* the secret that it keeps meanwhile */
};
/* Begins a visit; linking and proving are for the principal's session. AG_E_NOT_FOUND (no such
 * provider), AG_E_UPSTREAM_*, AG_E_EGRESS_DENIED, AG_E_TIMEOUT. */
enum ag_err ag_oauth_begin(struct ag_scope *scope, const struct ag_oauth_begin *begin,
                           struct ag_oauth_visit *ret_visit) AG_MUST_USE AG_SUSPENDS;

/* What came back: the query of the redirect, and the browser's secret. Empty: not sent. */
struct ag_oauth_return {
    struct ag_str provider, browser;
    struct ag_str state, code, error, iss;
};
struct ag_oauth_outcome {
    enum ag_oauth_error error;
    enum ag_oauth_purpose purpose; /* AG_OAUTH_SIGN_IN where nobody knows */
    struct ag_str next;            /* the path to go on to */
    struct ag_grant grant;         /* after signing in */
};
/* Ends the visit, once. The principal is whoever the browser's session is, or nobody. Fills the
 * outcome in any case; the error returned is for the log. */
enum ag_err ag_oauth_finish(struct ag_scope *scope, const struct ag_oauth_return *back,
                            struct ag_oauth_outcome *ret_outcome) AG_MUST_USE AG_SUSPENDS;

/* Takes a linked account away. AG_E_NOT_FOUND, AG_E_CONFLICT (nothing else signs them in). */
enum ag_err ag_identity_unlink(struct ag_scope *scope, struct ag_uuid id) AG_MUST_USE AG_SUSPENDS;

/* `path` when it is one of this site's, else `otherwise`. Pure. */
struct ag_str ag_oauth_next(struct ag_str path, struct ag_str otherwise);
