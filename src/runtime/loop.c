#include "runtime/internal.h"

static _Thread_local struct ag_loop *self_loop;

struct ag_loop *ag_loop_self(void)
{
    return self_loop;
}

uv_loop_t *ag_loop_uv(struct ag_loop *loop)
{
    return &loop->uv;
}

unsigned ag_loop_index(const struct ag_loop *loop)
{
    return loop->index;
}

unsigned ag_loop_fibers(const struct ag_loop *loop)
{
    return loop->fibers;
}

unsigned ag_loop_pooled_stacks(const struct ag_loop *loop)
{
    return loop->pooled;
}

static void on_prepare(uv_prepare_t *handle)
{
    ag_loop_run_ready(handle->data);
}

static void on_check(uv_check_t *handle)
{
    ag_loop_run_ready(handle->data);
}

static void on_idle(uv_idle_t *handle)
{
    /* Its being active is all that matters. */
    (void)handle;
}

static void run_posts(struct ag_loop *loop)
{
    struct ag_post *newest = atomic_exchange_explicit(&loop->posts, NULL, memory_order_acquire);
    struct ag_post *oldest = NULL;
    while (newest) {
        struct ag_post *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest) {
        struct ag_post *next = oldest->next; /* the post may be gone once it ran */
        oldest->fn(oldest);
        oldest = next;
    }
}

static void on_async(uv_async_t *handle)
{
    run_posts(handle->data);
}

void ag_loop_post(struct ag_loop *loop, struct ag_post *post)
{
    struct ag_post *head = atomic_load_explicit(&loop->posts, memory_order_relaxed);
    do {
        post->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&loop->posts, &head, post, memory_order_release,
                                                    memory_order_relaxed));
    /* Whoever found the list empty rings the bell; later ones are taken along. */
    if (!head) uv_async_send(&loop->async);
}

enum ag_err ag_loop_new(unsigned index, struct ag_loop **ret_loop)
{
    AG_ASSERT(!self_loop);
    struct ag_loop *loop = calloc(1, sizeof(*loop));
    if (!loop) return ag_fail(AG_E_NO_MEMORY, "no memory for a loop");
    loop->index = index;
    int rc = uv_loop_init(&loop->uv);
    if (rc != 0) {
        free(loop);
        return ag_fail(AG_E_IO, "cannot make an event loop: %s", uv_strerror(rc));
    }
    rc = uv_async_init(&loop->uv, &loop->async, on_async);
    if (rc != 0) {
        uv_loop_close(&loop->uv);
        free(loop);
        return ag_fail(AG_E_IO, "cannot make an event descriptor: %s", uv_strerror(rc));
    }
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_check_init(&loop->uv, &loop->check);
    uv_idle_init(&loop->uv, &loop->idle);
    loop->prepare.data = loop->check.data = loop->async.data = loop;
    uv_prepare_start(&loop->prepare, on_prepare);
    uv_check_start(&loop->check, on_check);
    ag_context_of_thread(&loop->context);
    self_loop = loop;
    *ret_loop = loop;
    return AG_OK;
}

void ag_loop_run(struct ag_loop *loop)
{
    while (!loop->stopping || loop->fibers > 0)
        uv_run(&loop->uv, UV_RUN_ONCE);
}

struct stop_post {
    struct ag_post post;
    struct ag_loop *loop;
};

static void on_stop(struct ag_post *post)
{
    struct stop_post *stop = AG_CONTAINER_OF(post, struct stop_post, post);
    stop->loop->stopping = true;
    if (stop->loop->fibers == 0) uv_stop(&stop->loop->uv);
    free(stop);
}

void ag_loop_stop(struct ag_loop *loop)
{
    struct stop_post *stop = calloc(1, sizeof(*stop));
    AG_ASSERT(stop);
    stop->post.fn = on_stop;
    stop->loop = loop;
    ag_loop_post(loop, &stop->post);
}

void ag_loop_free(struct ag_loop *loop)
{
    if (!loop) return;
    AG_ASSERT(loop == self_loop && loop->fibers == 0 && !loop->ready_head);
    ag_fiber_pool_close_timers(loop);
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_close((uv_handle_t *)&loop->idle, NULL);
    uv_close((uv_handle_t *)&loop->async, NULL);
    /* Only closing handles are left; a foreign one still open would make this wait for ever, so
     * the number of turns is bounded and what is left fails the assertion below. */
    for (int turn = 0; turn < 8 && uv_run(&loop->uv, UV_RUN_NOWAIT) != 0; turn++) {}
    int rc = uv_loop_close(&loop->uv);
    AG_ASSERT(rc == 0);
    self_loop = NULL;
    free(loop);
}

void ag_loop_run_ready(struct ag_loop *loop)
{
    /* Fibers woken by the ones that run here get their turn too, a bounded number of times, so that
     * two that wake each other for ever do not keep the loop from its descriptors. */
    for (int pass = 0; pass < 16 && loop->ready_head; pass++) {
        struct ag_fiber *fiber = loop->ready_head;
        loop->ready_head = loop->ready_tail = NULL;
        while (fiber) {
            struct ag_fiber *next = fiber->next;
            fiber->next = NULL;
            fiber->queued = false;
            loop->current = fiber;
            struct ag_diag *diag = ag_diag_swap(&fiber->diag);
            ag_context_switch(&loop->context, &fiber->context, false);
            ag_diag_swap(diag);
            loop->current = NULL;
            if (fiber->finished) {
                ag_fiber_retire(fiber);
            }
            fiber = next;
        }
    }
    if (loop->ready_head)
        uv_idle_start(&loop->idle, on_idle);
    else
        uv_idle_stop(&loop->idle);
}
