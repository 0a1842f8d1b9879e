#include "runtime/offload.h"

#include <pthread.h>

struct call {
    enum ag_err (*fn)(void *arg);
    void *arg;
    enum ag_err err;
    struct ag_diag diag;
    struct ag_completion completion;
    struct call *next;
};

struct ag_pool {
    const char *name;
    unsigned threads, queue_max;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work;
    struct call *head, *tail;
    unsigned waiting, running, started;
    bool stopping;
    pthread_t ids[];
};

enum ag_err ag_pool_new(const char *name, unsigned threads, unsigned queue_max,
                        struct ag_pool **ret_pool)
{
    AG_ASSERT(threads >= 1);
    struct ag_pool *pool = calloc(1, sizeof(*pool) + threads * sizeof(pool->ids[0]));
    if (!pool) return ag_fail(AG_E_NO_MEMORY, "no memory for the %s threads", name);
    pool->name = name;
    pool->threads = threads;
    pool->queue_max = queue_max;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    *ret_pool = pool;
    return AG_OK;
}

static void run_call(struct call *call)
{
    ag_diag_clear();
    call->err = call->fn(call->arg);
    if (call->err != AG_OK) call->diag = *ag_diag();
    ag_completion_signal(&call->completion); /* the call is gone after this */
}

static void *pool_thread(void *arg)
{
    struct ag_pool *pool = arg;
    pthread_setname_np(pthread_self(), pool->name);
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->head && !pool->stopping)
            pthread_cond_wait(&pool->work, &pool->lock);
        struct call *call = pool->head;
        if (!call) break;
        pool->head = call->next;
        if (!pool->head) pool->tail = NULL;
        pool->waiting--;
        pool->running++;
        pthread_mutex_unlock(&pool->lock);
        run_call(call);
        pthread_mutex_lock(&pool->lock);
        pool->running--;
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

void ag_pool_free(struct ag_pool *pool)
{
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->started; i++)
        pthread_join(pool->ids[i], NULL);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* Starts one more thread when calls wait and not all run; the lock is held. */
static enum ag_err grow(struct ag_pool *pool)
{
    if (pool->started == pool->threads || pool->running + pool->waiting < pool->started)
        return AG_OK;
    if (pthread_create(&pool->ids[pool->started], NULL, pool_thread, pool) == 0) {
        pool->started++;
        return AG_OK;
    }
    /* With a thread already there the call only waits longer. */
    if (pool->started > 0) return AG_OK;
    return ag_fail(AG_E_OVERLOADED, "cannot start a %s thread", pool->name);
}

enum ag_err ag_pool_run(struct ag_pool *pool, enum ag_err (*fn)(void *arg), void *arg)
{
    struct call call = {.fn = fn, .arg = arg};
    ag_completion_init(&call.completion);

    pthread_mutex_lock(&pool->lock);
    enum ag_err err = AG_OK;
    if (pool->waiting >= pool->queue_max + (pool->threads - AG_MIN(pool->threads, pool->running)))
        err = ag_fail(AG_E_OVERLOADED, "all %s threads are busy", pool->name);
    else
        err = grow(pool);
    if (err == AG_OK) {
        if (pool->tail)
            pool->tail->next = &call;
        else
            pool->head = &call;
        pool->tail = &call;
        pool->waiting++;
        pthread_cond_signal(&pool->work);
    }
    pthread_mutex_unlock(&pool->lock);
    if (err != AG_OK) return err;

    ag_completion_wait(&call.completion);
    if (call.err != AG_OK) {
        ag_diag_clear();
        ag_diag_append(&call.diag);
    }
    return call.err;
}

void ag_pool_load(struct ag_pool *pool, unsigned *ret_waiting, unsigned *ret_running)
{
    pthread_mutex_lock(&pool->lock);
    *ret_waiting = pool->waiting;
    *ret_running = pool->running;
    pthread_mutex_unlock(&pool->lock);
}

static struct ag_pool *shared_pool;
static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;

enum ag_err ag_offload(enum ag_err (*fn)(void *arg), void *arg)
{
    enum ag_err err = AG_OK;
    pthread_mutex_lock(&shared_lock);
    if (!shared_pool) err = ag_pool_new("offload", 4, 1024, &shared_pool);
    struct ag_pool *pool = shared_pool;
    pthread_mutex_unlock(&shared_lock);
    return err == AG_OK ? ag_pool_run(pool, fn, arg) : err;
}

void ag_offload_done(void)
{
    ag_pool_free(AG_TAKE(shared_pool));
}
