#include "net/mailer.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/mime.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
    CONNECT_TIMEOUT_MS = 10 * 1000,
    TOTAL_TIMEOUT_MS = 60 * 1000, /* of one mail */
    ADDRESS_BYTES = 256,
};

/* How long until the second try, and the third. */
static const int64_t pauses_ms[AG_MAILER_TRIES - 1] = {2 * 1000, 5 * 60 * 1000};

struct queued {
    struct queued *next;
    const char *kind;
    int tries;
    int64_t due_ms; /* monotonic */
    char to[ADDRESS_BYTES];
    struct ag_buf message;
};

struct ag_mailer {
    struct ag_smtp *smtp;
    struct ag_str from_name, from;
    char from_address[ADDRESS_BYTES];
    pthread_t thread;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct queued *first; /* the one that is due first */
    struct ag_mailer_stats stats;
    bool hurry, closed, ended;
    int64_t end_ms; /* monotonic; AG_NEVER */

    atomic_bool stop; /* gives up what is being sent */
};

/* ---- making one ---- */

static enum ag_err read_options(const struct ag_mailer_options *options, struct ag_str *ret_name,
                                struct ag_str *ret_from, struct ag_smtp **ret_smtp)
{
    struct ag_smtp_options smtp = options->smtp;
    struct ag_str name, from;
    if (ag_mime_parse_mailbox(options->from, &name, &from) != AG_OK || !ag_utf8_valid(name))
        return ag_fail(AG_E_CONFIG, "this is not an address such as `Agents <agents@example.com>`");
    smtp.helo = ag_str_sub(from, (size_t)ag_str_find_char(from, '@') + 1, from.len);
    if (smtp.connect_timeout_ms == 0) smtp.connect_timeout_ms = CONNECT_TIMEOUT_MS;
    if (smtp.total_timeout_ms == 0) smtp.total_timeout_ms = TOTAL_TIMEOUT_MS;
    AG_TRY(ag_smtp_new(&smtp, ret_smtp));
    *ret_name = name;
    *ret_from = from;
    return AG_OK;
}

enum ag_err ag_mailer_check(const struct ag_mailer_options *options)
{
    struct ag_str name, from;
    struct ag_smtp *smtp = NULL;
    AG_TRY(read_options(options, &name, &from, &smtp));
    ag_smtp_free(smtp);
    return AG_OK;
}

static void *mailer_thread(void *arg);

static void make_lock(struct ag_mailer *mailer)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&mailer->changed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&mailer->lock, NULL);
}

enum ag_err ag_mailer_start(const struct ag_mailer_options *options, struct ag_mailer **ret_mailer)
{
    struct ag_mailer *mailer = calloc(1, sizeof(*mailer));
    if (!mailer) return ag_fail(AG_E_NO_MEMORY, "no memory for mails");
    enum ag_err err = read_options(options, &mailer->from_name, &mailer->from, &mailer->smtp);
    if (err != AG_OK) {
        free(mailer);
        return err;
    }
    snprintf(mailer->from_address, sizeof(mailer->from_address), "%.*s", AG_STR_ARG(mailer->from));
    mailer->end_ms = AG_NEVER;
    make_lock(mailer);
    int rc = pthread_create(&mailer->thread, NULL, mailer_thread, mailer);
    if (rc != 0) {
        pthread_cond_destroy(&mailer->changed);
        pthread_mutex_destroy(&mailer->lock);
        ag_smtp_free(mailer->smtp);
        free(mailer);
        return ag_fail(AG_E_NO_MEMORY, "cannot start a thread for mails: %s", strerror(rc));
    }
    *ret_mailer = mailer;
    return AG_OK;
}

/* ---- the queue ---- */

static void queued_free(struct queued *queued)
{
    /* It may hold a link that sets a password. */
    if (queued->message.data) explicit_bzero(queued->message.data, queued->message.len);
    ag_buf_done(&queued->message);
    free(queued);
}

/* Puts it behind those that are due at the same time or earlier; with the lock held. */
static void enqueue(struct ag_mailer *mailer, struct queued *queued)
{
    struct queued **link = &mailer->first;
    while (*link && (*link)->due_ms <= queued->due_ms)
        link = &(*link)->next;
    queued->next = *link;
    *link = queued;
    mailer->stats.queued++;
    pthread_cond_signal(&mailer->changed);
}

static void log_lost(const char *event, const struct queued *queued)
{
    ag_log(AG_LOG_ERROR, event, AG_LC("kind", queued->kind), AG_LC("to", queued->to),
           AG_LI("tries", queued->tries));
}

static enum ag_err compose(struct ag_str from_name, struct ag_str from,
                           const struct ag_mailer_mail *mail, struct queued *queued)
{
    const struct ag_mime_mail mime = {
        .id = ag_uuid_new(),
        .from_name = from_name,
        .from = from,
        .to = mail->to,
        .subject = mail->subject,
        .text = mail->text,
        .html = mail->html,
    };
    ag_buf_init(&queued->message, NULL, AG_MIME_MAX_BYTES);
    queued->kind = mail->kind;
    queued->due_ms = ag_mono_ms();
    int len = snprintf(queued->to, sizeof(queued->to), "%.*s", AG_STR_ARG(mail->to));
    if (len < 0 || (size_t)len >= sizeof(queued->to))
        return ag_fail(AG_E_INVALID, "this is not an e-mail address");
    return ag_mime_write(&mime, &queued->message);
}

void ag_mailer_post(struct ag_mailer *mailer, const struct ag_mailer_mail *mail)
{
    struct queued *queued = calloc(1, sizeof(*queued));
    enum ag_err err = queued ? compose(mailer->from_name, mailer->from, mail, queued)
                             : ag_fail(AG_E_NO_MEMORY, "no memory for a mail");
    pthread_mutex_lock(&mailer->lock);
    if (err == AG_OK && mailer->stats.queued >= AG_MAILER_QUEUE)
        err = ag_fail(AG_E_OVERLOADED, "%d mails wait already", AG_MAILER_QUEUE);
    if (err == AG_OK)
        enqueue(mailer, queued);
    else
        mailer->stats.dropped++;
    pthread_mutex_unlock(&mailer->lock);
    if (err == AG_OK) return;
    ag_log_diag(AG_LOG_ERROR, "mail_dropped", err);
    if (queued) queued_free(queued);
}

enum ag_err ag_mailer_send_now(const struct ag_mailer_options *options,
                               const struct ag_mailer_mail *mail)
{
    struct ag_smtp *smtp = NULL;
    struct ag_str name, from;
    char sender[ADDRESS_BYTES];
    AG_TRY(read_options(options, &name, &from, &smtp));
    struct queued *queued = calloc(1, sizeof(*queued));
    enum ag_err err = queued ? compose(name, from, mail, queued)
                             : ag_fail(AG_E_NO_MEMORY, "no memory for a mail");
    if (err == AG_OK) {
        snprintf(sender, sizeof(sender), "%.*s", AG_STR_ARG(from));
        err = ag_smtp_send(smtp, sender, queued->to, ag_buf_str(&queued->message), NULL);
    }
    if (queued) queued_free(queued);
    ag_smtp_free(smtp);
    return err;
}

/* ---- the thread ---- */

static void wait_until(struct ag_mailer *mailer, int64_t until_ms)
{
    if (until_ms == AG_NEVER) {
        pthread_cond_wait(&mailer->changed, &mailer->lock);
        return;
    }
    struct timespec at = {.tv_sec = (time_t)(until_ms / 1000),
                          .tv_nsec = (long)(until_ms % 1000) * 1000 * 1000};
    pthread_cond_timedwait(&mailer->changed, &mailer->lock, &at);
}

/* The next mail to send, or NULL when it is time to end; with the lock held. */
static struct queued *next_due(struct ag_mailer *mailer)
{
    for (;;) {
        int64_t now = ag_mono_ms();
        struct queued *first = mailer->first;
        if (now >= mailer->end_ms || (mailer->closed && !first)) return NULL;
        if (first && (mailer->hurry || first->due_ms <= now)) {
            mailer->first = first->next;
            mailer->stats.queued--;
            return first;
        }
        wait_until(mailer, AG_MIN(first ? first->due_ms : AG_NEVER, mailer->end_ms));
    }
}

/* Whether another try may help and there is time for it; with the lock held. */
static bool try_again(struct ag_mailer *mailer, struct queued *queued, enum ag_err err)
{
    bool final = err == AG_E_UPSTREAM_REJECTED || err == AG_E_UPSTREAM_AUTH ||
                 err == AG_E_EGRESS_DENIED;
    if (final || mailer->hurry || queued->tries >= AG_MAILER_TRIES) return false;
    queued->due_ms = ag_mono_ms() + pauses_ms[queued->tries - 1];
    enqueue(mailer, queued);
    return true;
}

static void send_one(struct ag_mailer *mailer, struct queued *queued)
{
    queued->tries++;
    enum ag_err err = ag_smtp_send(mailer->smtp, mailer->from_address, queued->to,
                                   ag_buf_str(&queued->message), &mailer->stop);
    pthread_mutex_lock(&mailer->lock);
    bool again = err != AG_OK && try_again(mailer, queued, err);
    mailer->stats.sent += err == AG_OK;
    mailer->stats.failed += err != AG_OK && !again;
    pthread_mutex_unlock(&mailer->lock);
    if (err != AG_OK) ag_log_diag(AG_LOG_WARN, "mail_refused", err);
    if (again) return;
    if (err != AG_OK) log_lost("mail_failed", queued);
    queued_free(queued);
}

static void *mailer_thread(void *arg)
{
    struct ag_mailer *mailer = arg;
    pthread_setname_np(pthread_self(), "mail");
    for (;;) {
        pthread_mutex_lock(&mailer->lock);
        struct queued *queued = next_due(mailer);
        mailer->ended = !queued;
        if (!queued) pthread_cond_broadcast(&mailer->changed);
        pthread_mutex_unlock(&mailer->lock);
        if (!queued) return NULL;
        send_one(mailer, queued);
    }
}

/* ---- ending ---- */

void ag_mailer_drain(struct ag_mailer *mailer, int64_t ms)
{
    pthread_mutex_lock(&mailer->lock);
    mailer->hurry = true;
    mailer->end_ms = ag_mono_ms() + ms;
    pthread_cond_signal(&mailer->changed);
    pthread_mutex_unlock(&mailer->lock);
}

/* Waits for the thread until `end_ms`, then gives up what it is sending; with the lock held. */
static void await_end(struct ag_mailer *mailer)
{
    while (!mailer->ended && ag_mono_ms() < mailer->end_ms)
        wait_until(mailer, mailer->end_ms);
    atomic_store(&mailer->stop, true);
}

void ag_mailer_free(struct ag_mailer *mailer)
{
    if (!mailer) return;
    pthread_mutex_lock(&mailer->lock);
    mailer->hurry = mailer->closed = true;
    if (mailer->end_ms == AG_NEVER) mailer->end_ms = ag_mono_ms();
    pthread_cond_broadcast(&mailer->changed);
    await_end(mailer);
    pthread_mutex_unlock(&mailer->lock);
    pthread_join(mailer->thread, NULL);
    while (mailer->first) {
        struct queued *queued = mailer->first;
        mailer->first = queued->next;
        log_lost("mail_lost", queued);
        queued_free(queued);
    }
    pthread_cond_destroy(&mailer->changed);
    pthread_mutex_destroy(&mailer->lock);
    ag_smtp_free(mailer->smtp);
    free(mailer);
}

void ag_mailer_stats(struct ag_mailer *mailer, struct ag_mailer_stats *ret_stats)
{
    pthread_mutex_lock(&mailer->lock);
    *ret_stats = mailer->stats;
    pthread_mutex_unlock(&mailer->lock);
}
