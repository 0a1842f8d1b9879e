/*
 * Mail: what the server writes to people, and how it leaves.
 *
 * Nobody waits for a mail: how long one takes would tell known addresses from unknown ones, and a
 * mail server that is slow must not make this one slow. Where no mail server is configured the line
 * `mail_not_sent` of the log has the link, for the operator to pass on.
 */
#pragma once

#include "core/core.h"

enum ag_mail_kind {
    AG_MAIL_VERIFY,           /* is this your address? `name`, `link` */
    AG_MAIL_RESET,            /* choose a new password: `name`, `link` */
    AG_MAIL_PASSWORD_CHANGED, /* it was changed: `name`, `other` (what signs in without it) */
    AG_MAIL_IDENTITY_LINKED,  /* another way to sign in: `name`, `other` (at which provider) */
    AG_MAIL_CHANGE_CONFIRM,   /* to the new address: `name`, `other` (the old one), `link` */
    AG_MAIL_CHANGE_NOTICE,    /* to the old one: `name`, `other` (the new one) */
    AG_MAIL_ADDRESS_CHANGED,  /* to the old one, afterwards: `name`, `other` */
    AG_MAIL_INVITATION,       /* `name` (who invites), `other` (the organisation), `link` */
    AG_MAIL_ACCOUNT_DELETED,  /* `name` */
    AG_MAIL_TEST,             /* nothing */
    AG_MAIL_KINDS
};

/* A paragraph about an `other` that is empty is left out. What somebody typed is shown as text and
 * never becomes a link or markup. */
struct ag_mail_values {
    struct ag_str name, other;
    struct ag_str link; /* path and fragment on this site: "/reset-password#token=agm_..." */
};

/* Whether mails are sent, or only written into the log. */
bool ag_mail_configured(const struct ag_core *core);
/* Hands a mail over and returns; everything is copied. What cannot be sent is logged. */
void ag_mail_send(struct ag_core *core, enum ag_mail_kind kind, struct ag_str to,
                  const struct ag_mail_values *values);

/* A mail in words, without a server: subject, text and HTML in the arena. AG_E_NO_MEMORY. */
struct ag_mail {
    struct ag_str subject, text, html;
};
enum ag_err ag_mail_compose(enum ag_mail_kind kind, struct ag_str site,
                            const struct ag_mail_values *values, struct ag_arena *arena,
                            struct ag_mail *ret_mail) AG_MUST_USE;

/* ---- mail_texts.c ---- */

enum { AG_MAIL_PARAGRAPHS = 3 };
struct ag_mail_text {
    const char *name; /* of the kind, for the log */
    const char *subject;
    bool other_is_address; /* `other` was checked to be one, and is written as it is */
    const char *before[AG_MAIL_PARAGRAPHS]; /* NULL behind the last one */
    const char *action;                     /* what the link is called; NULL: no link */
    const char *after[AG_MAIL_PARAGRAPHS];
};
/* Static. */
const struct ag_mail_text *ag_mail_text(enum ag_mail_kind kind);
