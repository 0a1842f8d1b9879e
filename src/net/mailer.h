/*
 * Mailer: a bounded queue of mails and the one thread that sends them.
 *
 * Whoever posts a mail goes on at once. A mail that the server does not take for now is tried again
 * after a moment and, where servers make unknown senders wait ("greylisting"), after five minutes;
 * then it is given up and logged. The queue is memory: what waits in it when the process is killed
 * is lost, which is why a person can ask again for everything that is sent.
 */
#pragma once

#include "base/str.h"
#include "net/smtp.h"

enum { AG_MAILER_QUEUE = 256, AG_MAILER_TRIES = 3 };

struct ag_mailer; /* one per process */

struct ag_mailer_options {
    struct ag_smtp_options smtp; /* `helo` is taken from `from` */
    struct ag_str from;          /* "Name <local@domain>" */
};

/* AG_OK when a mailer could be made of these; blocks no thread and makes none. AG_E_CONFIG. */
enum ag_err ag_mailer_check(const struct ag_mailer_options *options) AG_MUST_USE;
/* Starts the thread. The strings of `options` must outlive it. AG_E_CONFIG, AG_E_NO_MEMORY. */
enum ag_err ag_mailer_start(const struct ag_mailer_options *options,
                            struct ag_mailer **ret_mailer) AG_MUST_USE;

struct ag_mailer_mail {
    const char *kind; /* for the log; static */
    struct ag_str to, subject, text, html;
};
/* Any thread; never waits. What cannot be queued (too many, or not a mail) is logged. */
void ag_mailer_post(struct ag_mailer *mailer, const struct ag_mailer_mail *mail);

/* Sends one without a mailer, and waits. Blocks: for the command line. The errors of
 * ag_mailer_check() and ag_smtp_send(), AG_E_INVALID. */
enum ag_err ag_mailer_send_now(const struct ag_mailer_options *options,
                               const struct ag_mailer_mail *mail) AG_MUST_USE;

/* The server goes down: what waits for another try gets it now, and after `ms` all is given up.
 * Any thread; returns at once. */
void ag_mailer_drain(struct ag_mailer *mailer, int64_t ms);
/* Ends the thread once the queue is empty, or at the time that ag_mailer_drain() set, or now. NULL
 * is fine. */
void ag_mailer_free(struct ag_mailer *mailer);

struct ag_mailer_stats {
    uint64_t sent, failed, dropped;
    unsigned queued;
};
/* Any thread. */
void ag_mailer_stats(struct ag_mailer *mailer, struct ag_mailer_stats *ret_stats);
