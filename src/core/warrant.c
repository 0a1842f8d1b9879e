#include "core/warrant.h"

#include "core/internal.h"

enum {
    WATCH_MS = 100, /* how often the warden compares the epoch */
    LOOK_MS = 500,  /* how often the database is asked about one session or key, at most */
    LOOKS = 64,     /* without letting the others run */
};

/* ---- the warden ---- */

static bool is_due(const struct ag_warrant *warrant, int64_t now)
{
    if (warrant->ended != AG_OK || now - warrant->looked_ms < LOOK_MS) return false;
    return !ag_principal_fresh(warrant->core, &warrant->who);
}

/* When it was last known, or tried to know, that it holds. */
static int64_t looked_at(const struct ag_warrant *warrant)
{
    return AG_MAX(warrant->looked_ms, warrant->who.read_at_ms);
}

/* The one that waits longest: where looks take longer than the time until the next, taking any one
 * would forget the rest. */
static const struct ag_warrant *next_due(const struct ag_core_loop *loop)
{
    const struct ag_warrant *due = NULL;
    int64_t now = ag_mono_ms();
    for (const struct ag_warrant *w = loop->warrants; w; w = w->next)
        if ((!due || looked_at(w) < looked_at(due)) && is_due(w, now)) due = w;
    return due;
}

static bool is_same(const struct ag_principal *a, const struct ag_principal *b)
{
    return ag_uuid_eq(a->session_id, b->session_id) && ag_uuid_eq(a->key_id, b->key_id) &&
           ag_uuid_eq(a->org_id, b->org_id);
}

/* A database that cannot say so now takes nobody's rights away. */
static void settle(struct ag_warrant *warrant, enum ag_err err, const struct ag_principal *now)
{
    warrant->looked_ms = ag_mono_ms();
    if (err != AG_OK && ag_err_info(err)->status >= 500) return;
    if (err == AG_OK) {
        warrant->who = *now;
        if (ag_principal_may(now, warrant->permission)) return;
        err = AG_E_FORBIDDEN;
    }
    warrant->ended = err;
    ag_fiber_cancel(warrant->fiber);
}

/* One look answers for every request of the same session or key. */
static void look(struct ag_core *core, const struct ag_principal who)
{
    struct ag_principal now = who;
    enum ag_err err = ag_principal_look(core, &who, &now);
    for (struct ag_warrant *s = ag_core_loop(core)->warrants; s; s = s->next)
        if (s->ended == AG_OK && is_same(&s->who, &who)) settle(s, err, &now);
}

static void warden_fiber(void *arg)
{
    struct ag_core *core = arg;
    struct ag_core_loop *loop = ag_core_loop(core);
    enum ag_err err = AG_OK;
    for (int looks = 0; err != AG_E_CANCELED;) {
        const struct ag_warrant *due = next_due(loop);
        if (due) {
            /* A copy: the request may have ended when the database has answered. */
            look(core, due->who);
            if (++looks % LOOKS == 0) ag_fiber_yield();
            continue;
        }
        err = ag_cond_wait(&loop->warrants_begun,
                           loop->warrants ? ag_deadline_in(WATCH_MS) : AG_NEVER);
    }
}

void ag_warrants_end(struct ag_core *core)
{
    struct ag_core_loop *loop = ag_core_loop(core);
    AG_ASSERT(!loop->warrants);
    if (!loop->warden) return;
    ag_fiber_cancel(loop->warden);
    ag_fiber_join(AG_TAKE(loop->warden));
}

/* ---- requests ---- */

enum ag_err ag_warrant_begin(struct ag_warrant *warrant, struct ag_scope *scope,
                             enum ag_permission permission)
{
    struct ag_core_loop *loop = ag_core_loop(scope->core);
    if (scope->who.credential == AG_CRED_NONE) return AG_OK;
    AG_TRY(ag_principal_renew(scope, permission));
    if (!loop->warden)
        AG_TRY(ag_fiber_spawn_joinable("warden", warden_fiber, scope->core, &loop->warden));
    AG_ASSERT(!warrant->core);
    *warrant = (struct ag_warrant){
        .next = loop->warrants,
        .core = scope->core,
        .fiber = ag_fiber_self(),
        .who = scope->who,
        .permission = permission,
    };
    if (warrant->next)
        warrant->next->prev = warrant;
    else
        ag_cond_signal(&loop->warrants_begun);
    loop->warrants = warrant;
    return AG_OK;
}

enum ag_err ag_warrant_end(struct ag_warrant *warrant, enum ag_err err)
{
    if (warrant->core) {
        if (warrant->prev)
            warrant->prev->next = warrant->next;
        else
            ag_core_loop(warrant->core)->warrants = warrant->next;
        if (warrant->next) warrant->next->prev = warrant->prev;
        warrant->core = NULL;
    }
    return ag_warrant_why(warrant, err);
}

enum ag_err ag_warrant_why(const struct ag_warrant *warrant, enum ag_err err)
{
    if (warrant->ended == AG_OK || (err != AG_E_CANCELED && err != AG_E_CLOSED)) return err;
    return ag_fail(warrant->ended, "what authorised this was revoked while it was answered");
}
