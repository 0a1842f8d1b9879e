#include "runtime/fiber.h"

#include "base/fault.h"
#include "base/log.h"
#include "runtime/internal.h"

/* The fiber's own record sits at the top of its stack's mapping: one allocation for both. */
enum { RECORD_BYTES = (sizeof(struct ag_fiber) + 63) & ~63UL };

static void make_ready(struct ag_fiber *fiber)
{
    struct ag_loop *loop = fiber->loop;
    AG_ASSERT(loop == ag_loop_self());
    if (fiber->queued) return;
    fiber->queued = true;
    fiber->next = NULL;
    if (loop->ready_tail)
        loop->ready_tail->next = fiber;
    else
        loop->ready_head = fiber;
    loop->ready_tail = fiber;
}

struct ag_fiber *ag_fiber_self(void)
{
    struct ag_loop *loop = ag_loop_self();
    return loop ? loop->current : NULL;
}

/* The running fiber, for what may be called on one only. */
static struct ag_fiber *running(void)
{
    struct ag_fiber *fiber = ag_fiber_self();
    AG_ASSERT(fiber);
    return fiber;
}

const char *ag_fiber_name(const struct ag_fiber *fiber)
{
    return fiber->name;
}

void *ag_fiber_local(void)
{
    struct ag_fiber *fiber = ag_fiber_self();
    return fiber ? fiber->local : NULL;
}

size_t ag_fiber_stack_left(void)
{
    char here;
    struct ag_fiber *fiber = ag_fiber_self();
    if (!fiber) return SIZE_MAX;
    return (size_t)(&here - fiber->stack.base);
}

/* ---- life ---- */

static void fiber_entry(struct ag_transfer transfer)
{
    struct ag_loop *loop = AG_CONTAINER_OF(transfer.data, struct ag_loop, context);
    struct ag_fiber *fiber = loop->current;
    ag_context_entered(&fiber->context, &loop->context, transfer);
    fiber->fn(fiber->arg);
    AG_ASSERT(fiber->shield == 0);
    fiber->finished = true;
    ag_context_switch(&fiber->context, &loop->context, true);
    AG_ASSERT(!"a finished fiber was resumed");
}

static void on_timer(uv_timer_t *timer)
{
    struct ag_fiber *fiber = timer->data;
    fiber->timer_due = AG_NEVER;
    if (!fiber->parked || fiber->wait_deadline == AG_NEVER) return;
    int64_t left = fiber->wait_deadline - (int64_t)uv_now(timer->loop);
    if (left > 0) {
        fiber->timer_due = fiber->wait_deadline;
        uv_timer_start(timer, on_timer, (uint64_t)left, 0);
        return;
    }
    fiber->timed_out = true;
    make_ready(fiber);
}

static enum ag_err fiber_map(struct ag_loop *loop, struct ag_fiber **ret_fiber)
{
    struct ag_stack stack;
    AG_TRY(ag_stack_map(&stack));
    stack.size -= RECORD_BYTES;
    struct ag_fiber *fiber = (struct ag_fiber *)(void *)(stack.base + stack.size);
    fiber->stack = stack;
    fiber->loop = loop;
    fiber->timer_due = AG_NEVER;
    uv_timer_init(&loop->uv, &fiber->timer);
    uv_unref((uv_handle_t *)&fiber->timer);
    fiber->timer.data = fiber;
    *ret_fiber = fiber;
    return AG_OK;
}

static enum ag_err spawn(const char *name, void (*fn)(void *arg), void *arg, bool joinable,
                         struct ag_fiber **ret_fiber)
{
    struct ag_loop *loop = ag_loop_self();
    AG_ASSERT(loop);
    if (AG_FAULT(spawn)) return ag_fail(AG_E_NO_MEMORY, "fault: no fiber");
    struct ag_fiber *fiber = loop->pool;
    if (fiber) {
        loop->pool = fiber->next;
        loop->pooled--;
    } else {
        AG_TRY(fiber_map(loop, &fiber));
    }
    ag_stack_prepare(&fiber->stack);
    fiber->name = name;
    fiber->fn = fn;
    fiber->arg = arg;
    fiber->next = fiber->joiner = NULL;
    fiber->queued = fiber->parked = fiber->woken = fiber->timed_out = false;
    fiber->canceled = fiber->finished = false;
    fiber->joinable = joinable;
    fiber->shield = 0;
    fiber->deadline = fiber->wait_deadline = AG_NEVER;
    fiber->diag.count = 0;
    memset(fiber->local, 0, sizeof(fiber->local));
    fiber->context = (struct ag_context){
        .ctx = make_fcontext(fiber->stack.base + fiber->stack.size, fiber->stack.size, fiber_entry),
        .stack_base = fiber->stack.base,
        .stack_size = fiber->stack.size,
        .tsan_fiber = fiber->stack.tsan_fiber,
    };
    loop->fibers++;
    make_ready(fiber);
    *ret_fiber = fiber;
    return AG_OK;
}

enum ag_err ag_fiber_spawn(const char *name, void (*fn)(void *arg), void *arg)
{
    struct ag_fiber *fiber;
    return spawn(name, fn, arg, false, &fiber);
}

enum ag_err ag_fiber_spawn_joinable(const char *name, void (*fn)(void *arg), void *arg,
                                    struct ag_fiber **ret_fiber)
{
    return spawn(name, fn, arg, true, ret_fiber);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct ag_fiber *fiber = handle->data;
    struct ag_stack stack = fiber->stack;
    stack.size += RECORD_BYTES;
    ag_stack_unmap(&stack);
}

/* Pools the stack, or gives it back to the system when enough are kept. */
static void release(struct ag_fiber *fiber)
{
    struct ag_loop *loop = fiber->loop;
    if (loop->pooled < AG_LOOP_POOLED_STACKS) {
        fiber->next = loop->pool;
        loop->pool = fiber;
        loop->pooled++;
    } else {
        uv_close((uv_handle_t *)&fiber->timer, on_timer_closed);
    }
}

void ag_fiber_retire(struct ag_fiber *fiber)
{
    struct ag_loop *loop = fiber->loop;
    loop->fibers--;
    if (fiber->joinable) {
        if (fiber->joiner) ag_fiber_wake(fiber->joiner);
    } else {
        release(fiber);
    }
    if (loop->stopping && loop->fibers == 0) uv_stop(&loop->uv);
}

void ag_fiber_join(struct ag_fiber *fiber)
{
    AG_ASSERT(fiber->joinable && !fiber->joiner && fiber != ag_fiber_self());
    fiber->joiner = ag_fiber_self();
    ag_fiber_shield();
    while (!fiber->finished) {
        enum ag_err err = ag_fiber_park(AG_NEVER);
        AG_ASSERT(err == AG_OK);
    }
    ag_fiber_unshield();
    release(fiber);
}

void ag_fiber_pool_close_timers(struct ag_loop *loop)
{
    for (struct ag_fiber *fiber = loop->pool, *next; fiber; fiber = next) {
        next = fiber->next;
        uv_close((uv_handle_t *)&fiber->timer, on_timer_closed);
    }
    loop->pool = NULL;
    loop->pooled = 0;
}

/* ---- parking ---- */

enum ag_err ag_fiber_park(ag_deadline_ms deadline)
{
    struct ag_fiber *fiber = running();
    AG_ASSERT(!fiber->parked);
    if (fiber->shield == 0) {
        if (fiber->canceled) return ag_fail(AG_E_CANCELED, "cancelled");
        deadline = AG_MIN(deadline, fiber->deadline);
    }
    if (fiber->woken) {
        fiber->woken = false;
        return AG_OK;
    }
    if (deadline != AG_NEVER && deadline < fiber->timer_due) {
        int64_t left = deadline - (int64_t)uv_now(&fiber->loop->uv);
        fiber->timer_due = deadline;
        uv_timer_start(&fiber->timer, on_timer, left > 0 ? (uint64_t)left : 0, 0);
    }
    fiber->wait_deadline = deadline;
    fiber->timed_out = false;
    fiber->parked = true;
    ag_context_switch(&fiber->context, &fiber->loop->context, false);
    fiber->parked = false;
    fiber->wait_deadline = AG_NEVER;

    bool woken = fiber->woken;
    fiber->woken = false;
    if (fiber->canceled && fiber->shield == 0) return ag_fail(AG_E_CANCELED, "cancelled");
    if (!woken && fiber->timed_out) return ag_fail(AG_E_TIMEOUT, "the wait timed out");
    return AG_OK;
}

void ag_fiber_wake(struct ag_fiber *fiber)
{
    fiber->woken = true;
    if (fiber->parked) make_ready(fiber);
}

enum ag_err ag_fiber_sleep(int64_t ms)
{
    ag_deadline_ms until = ag_deadline_in(ms);
    struct ag_fiber *fiber = running();
    for (;;) {
        enum ag_err err = ag_fiber_park(until);
        if (err == AG_E_TIMEOUT) {
            if (fiber->shield == 0 && fiber->deadline < until) return err;
            ag_diag_clear();
            return AG_OK;
        }
        if (err != AG_OK) return err;
    }
}

void ag_fiber_yield(void)
{
    struct ag_fiber *fiber = running();
    make_ready(fiber);
    ag_context_switch(&fiber->context, &fiber->loop->context, false);
}

void ag_fiber_cancel(struct ag_fiber *fiber)
{
    if (fiber->finished) return;
    fiber->canceled = true;
    if (fiber->parked && fiber->shield == 0) make_ready(fiber);
}

bool ag_fiber_canceled(void)
{
    return running()->canceled;
}

void ag_fiber_shield(void)
{
    running()->shield++;
}

void ag_fiber_unshield(void)
{
    struct ag_fiber *fiber = running();
    AG_ASSERT(fiber->shield > 0);
    fiber->shield--;
}

ag_deadline_ms ag_fiber_set_deadline(ag_deadline_ms deadline)
{
    struct ag_fiber *fiber = running();
    ag_deadline_ms before = fiber->deadline;
    fiber->deadline = deadline;
    return before;
}

/* ---- completion ---- */

static void on_completion(struct ag_post *post)
{
    struct ag_completion *completion = AG_CONTAINER_OF(post, struct ag_completion, post);
    completion->done = true;
    ag_fiber_wake(completion->fiber);
}

void ag_completion_init(struct ag_completion *completion)
{
    *completion = (struct ag_completion){
        .post = {.fn = on_completion},
        .loop = ag_loop_self(),
        .fiber = ag_fiber_self(),
    };
    AG_ASSERT(completion->fiber);
}

void ag_completion_signal(struct ag_completion *completion)
{
    ag_loop_post(completion->loop, &completion->post);
}

void ag_completion_wait(struct ag_completion *completion)
{
    AG_ASSERT(completion->fiber == ag_fiber_self());
    ag_fiber_shield();
    while (!completion->done) {
        enum ag_err err = ag_fiber_park(AG_NEVER);
        AG_ASSERT(err == AG_OK);
    }
    ag_fiber_unshield();
}
