/* Runs that need no client: each has a fiber and an arena of its own. */
#include "base/log.h"
#include "core/internal.h"

/* Shared by the run's fiber and, until it has begun, the one that asked for it; both on one loop.
 */
struct ag_detached_run {
    struct ag_detached_run *prev, *next; /* in the loop's list */
    unsigned refs;
    struct ag_arena arena;
    struct ag_scope scope;
    struct ag_field_errors errors;
    struct ag_generate_input input;
    struct ag_fiber *fiber; /* NULL until it runs */
    bool stopped;           /* by the server */

    /* for who asked */
    struct ag_cond changed;
    bool begun, ended;
    struct ag_live_run *live; /* a reference, once begun */
    enum ag_err err;          /* why it did not begin */
    struct ag_diag diag;
};

static struct ag_detached_run *unref(struct ag_detached_run *detached)
{
    if (!detached || --detached->refs > 0) return NULL;
    ag_live_run_unref(detached->live);
    ag_arena_done(&detached->arena);
    free(detached);
    return NULL;
}
AG_DEFINE_CLEANUP(struct ag_detached_run *, unref)

/* ---- what it needs of the request ---- */

static bool copy_str(struct ag_arena *arena, struct ag_str *s)
{
    if (s->len > 0) *s = ag_arena_copy(arena, *s);
    return s->len == 0 || s->data;
}

static bool copy_input(struct ag_arena *arena, const struct ag_generate_input *from,
                       struct ag_generate_input *to)
{
    *to = *from;
    struct ag_pair *pairs = AG_ARENA_ARRAY(arena, struct ag_pair, from->variables.count);
    if (!pairs || !copy_str(arena, &to->input_text) || !copy_str(arena, &to->metadata))
        return false;
    const struct ag_pair *items = from->variables.items;
    for (size_t i = 0; i < from->variables.count; i++) {
        pairs[i] = items[i];
        if (!copy_str(arena, &pairs[i].name) || !copy_str(arena, &pairs[i].value)) return false;
    }
    to->variables.items = pairs;
    return true;
}

static struct ag_detached_run *detached_new(const struct ag_scope *scope,
                                            const struct ag_generate_input *input)
{
    struct ag_detached_run *detached = calloc(1, sizeof(*detached));
    if (!detached) return NULL;
    detached->refs = 1;
    ag_arena_init(&detached->arena);
    detached->scope = (struct ag_scope){
        .core = scope->core,
        .arena = &detached->arena,
        .who = scope->who,
        .reserved_id = scope->reserved_id,
        .errors = &detached->errors,
    };
    if (copy_input(&detached->arena, input, &detached->input)) return detached;
    return unref(detached);
}

/* ---- the loop's list ---- */

static void enter_list(struct ag_detached_run *detached)
{
    struct ag_core_loop *loop = ag_core_loop(detached->scope.core);
    detached->next = loop->detached;
    if (detached->next) detached->next->prev = detached;
    loop->detached = detached;
    atomic_fetch_add_explicit(&loop->detached_count, 1, memory_order_relaxed);
}

static void leave_list(struct ag_detached_run *detached)
{
    struct ag_core_loop *loop = ag_core_loop(detached->scope.core);
    if (detached->prev)
        detached->prev->next = detached->next;
    else
        loop->detached = detached->next;
    if (detached->next) detached->next->prev = detached->prev;
    atomic_fetch_sub_explicit(&loop->detached_count, 1, memory_order_relaxed);
}

unsigned ag_core_detached(struct ag_core *core)
{
    return atomic_load_explicit(&ag_core_loop(core)->detached_count, memory_order_relaxed);
}

unsigned ag_core_detached_everywhere(struct ag_core *core)
{
    unsigned count = 0;
    for (size_t i = 0; i < AG_MAX_LOOPS; i++)
        count += atomic_load_explicit(&core->loops[i].detached_count, memory_order_relaxed);
    return count;
}

void ag_core_stop_detached(struct ag_core *core)
{
    for (struct ag_detached_run *d = ag_core_loop(core)->detached; d; d = d->next) {
        d->stopped = true;
        if (d->fiber) ag_fiber_cancel(d->fiber);
    }
}

/* ---- its life ---- */

static enum ag_err on_started(void *arg, const struct ag_run *run)
{
    struct ag_detached_run *detached = arg;
    const struct ag_scope *scope = &detached->scope;
    detached->live = ag_live_runs_find(&scope->core->live, scope->who.org_id, run->id);
    detached->begun = true;
    ag_cond_broadcast(&detached->changed);
    return AG_OK;
}

static void run_fiber(void *arg)
{
    struct ag_detached_run *detached = arg;
    const struct ag_run_sink sink = {.arg = detached, .started = on_started};
    struct ag_run run;
    int64_t retry_after_s;
    detached->fiber = ag_fiber_self();
    ag_db_tenant_swap(ag_tenant(detached->scope.who.org_id));
    if (detached->stopped) ag_fiber_cancel(detached->fiber);
    enum ag_err err = ag_generate_stoppable(&detached->scope, &detached->input, false, &sink,
                                            &detached->stopped, &run, &retry_after_s);
    if (!detached->begun) {
        detached->err = err;
        detached->diag = *ag_diag();
    } else if (err != AG_OK && ag_err_info(err)->status == 500) {
        ag_log_diag(AG_LOG_ERROR, "run failed", err);
    }
    detached->ended = true;
    ag_cond_broadcast(&detached->changed);
    leave_list(detached);
    unref(detached);
}

static enum ag_err check_room(const struct ag_scope *scope)
{
    unsigned own = 0;
    for (const struct ag_detached_run *d = ag_core_loop(scope->core)->detached; d; d = d->next)
        own += ag_uuid_eq(d->scope.who.user_id, scope->who.user_id);
    if (own >= AG_DETACHED_PER_USER)
        return ag_fail(AG_E_RATE_LIMITED, "%u runs of yours go on; try again when some have ended",
                       own);
    if (ag_core_detached(scope->core) >= AG_DETACHED_MAX)
        return ag_fail(AG_E_OVERLOADED, "too many runs go on; try again when some have ended");
    return AG_OK;
}

/* Hands the mistakes over to the request, whose memory lives longer. */
static enum ag_err refuse(struct ag_scope *scope, const struct ag_detached_run *detached)
{
    for (size_t i = 0; i < detached->errors.count; i++) {
        const struct ag_field_error *error = &detached->errors.items[i];
        struct ag_str field = ag_arena_copy(scope->arena, error->field);
        if (!field.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a message");
        ag_field_error(scope->errors, scope->arena, field.data, error->code, "%.*s",
                       AG_STR_ARG(error->message));
    }
    *ag_diag() = detached->diag;
    return detached->err;
}

enum ag_err ag_generate_detached(struct ag_scope *scope, const struct ag_generate_input *input,
                                 struct ag_live_run **ret_live)
{
    AG_TRY(check_room(scope));
    AG_CLEANUP(unref_p) struct ag_detached_run *detached = detached_new(scope, input);
    if (!detached) return ag_fail(AG_E_NO_MEMORY, "no memory for a run");
    AG_TRY(ag_fiber_spawn("run", run_fiber, detached));
    detached->refs++;
    enter_list(detached);
    while (!detached->begun && !detached->ended)
        AG_TRY(ag_cond_wait(&detached->changed, AG_NEVER));
    if (!detached->begun) return refuse(scope, detached);
    *ret_live = ag_live_run_ref(detached->live);
    return AG_OK;
}
