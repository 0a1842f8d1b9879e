/*
 * SMTP: handing one mail to the operator's mail server (RFC 5321, RFC 3207, RFC 4954).
 *
 * This is the one door for mail as http_client.h is for HTTP: the connected address passes the
 * egress judge. libcurl waits within SMTP's last step without giving the thread back, so it may
 * not run on a loop; net/mailer.h has a thread for it.
 */
#pragma once

#include "base/str.h"
#include "net/egress.h"

#include <stdatomic.h>

/* What becomes of a connection to smtp://, which begins without TLS. One to smtps:// has it from
 * its first byte. */
enum ag_starttls { AG_STARTTLS_REQUIRED, AG_STARTTLS_OPTIONAL, AG_STARTTLS_OFF };

struct ag_smtp_options {
    struct ag_str url; /* smtp[s]://[user:password@]host[:port]; port 587, or 465 with smtps */
    enum ag_starttls starttls;
    struct ag_str helo;             /* the domain that this server names itself by */
    const struct ag_egress *egress; /* outlives it */
    int64_t connect_timeout_ms, total_timeout_ms;
};

struct ag_smtp; /* immutable once made */

/* "required", "optional" or "off". AG_E_CONFIG. */
enum ag_err ag_starttls_parse(struct ag_str name, enum ag_starttls *ret_starttls) AG_MUST_USE;
/* AG_E_CONFIG: a URL that is not one of a mail server, or a password that would go out in clear. */
enum ag_err ag_smtp_new(const struct ag_smtp_options *options,
                        struct ag_smtp **ret_smtp) AG_MUST_USE;
/* Wipes the password. NULL is fine. */
void ag_smtp_free(struct ag_smtp *smtp);

/* Sends a message of ag_mime_write(), whole when it returns AG_OK. Blocks; within a second of
 * `stop` becoming true it gives up. AG_E_UPSTREAM_UNREACHABLE, AG_E_UPSTREAM_TIMEOUT,
 * AG_E_EGRESS_DENIED, AG_E_UPSTREAM_AUTH, AG_E_UPSTREAM_REJECTED (for good: another try is
 * useless), AG_E_UPSTREAM_ERROR (for now), AG_E_CANCELED. */
enum ag_err ag_smtp_send(const struct ag_smtp *smtp, const char *from, const char *to,
                         struct ag_str message, const atomic_bool *stop) AG_MUST_USE;
