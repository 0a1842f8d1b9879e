#include "runtime/sync.h"

static void cond_push(struct ag_cond *cond, struct ag_waiter *waiter)
{
    waiter->next = NULL;
    if (cond->tail)
        cond->tail->next = waiter;
    else
        cond->head = waiter;
    cond->tail = waiter;
}

static void cond_remove(struct ag_cond *cond, struct ag_waiter *waiter)
{
    struct ag_waiter *before = NULL;
    for (struct ag_waiter *w = cond->head; w; before = w, w = w->next) {
        if (w != waiter) continue;
        if (before)
            before->next = w->next;
        else
            cond->head = w->next;
        if (cond->tail == w) cond->tail = before;
        return;
    }
}

enum ag_err ag_cond_wait(struct ag_cond *cond, ag_deadline_ms deadline)
{
    struct ag_waiter waiter = {.fiber = ag_fiber_self()};
    cond_push(cond, &waiter);
    for (;;) {
        enum ag_err err = ag_fiber_park(deadline);
        if (err == AG_OK && !waiter.signaled) continue;
        if (err == AG_OK) return AG_OK;
        if (!waiter.signaled)
            cond_remove(cond, &waiter);
        else
            ag_cond_signal(cond); /* not ours to swallow */
        return err;
    }
}

void ag_cond_signal(struct ag_cond *cond)
{
    struct ag_waiter *waiter = cond->head;
    if (!waiter) return;
    cond->head = waiter->next;
    if (!cond->head) cond->tail = NULL;
    waiter->signaled = true;
    ag_fiber_wake(waiter->fiber);
}

void ag_cond_broadcast(struct ag_cond *cond)
{
    while (cond->head)
        ag_cond_signal(cond);
}

enum ag_err ag_channel_init(struct ag_channel *channel, size_t size)
{
    AG_ASSERT(size >= 1);
    void **items = calloc(size, sizeof(*items));
    if (!items) return ag_fail(AG_E_NO_MEMORY, "no memory for a channel");
    *channel = (struct ag_channel){.items = items, .size = size};
    return AG_OK;
}

void ag_channel_done(struct ag_channel *channel)
{
    AG_ASSERT(!channel->readable.head && !channel->writable.head);
    free(channel->items);
    *channel = (struct ag_channel){0};
}

enum ag_err ag_channel_put(struct ag_channel *channel, void *item, ag_deadline_ms deadline)
{
    while (!channel->closed && channel->count == channel->size)
        AG_TRY(ag_cond_wait(&channel->writable, deadline));
    if (channel->closed) return ag_fail(AG_E_CLOSED, "the channel is closed");
    channel->items[(channel->first + channel->count) % channel->size] = item;
    channel->count++;
    ag_cond_signal(&channel->readable);
    return AG_OK;
}

enum ag_err ag_channel_get(struct ag_channel *channel, ag_deadline_ms deadline, void **ret_item)
{
    while (!channel->closed && channel->count == 0)
        AG_TRY(ag_cond_wait(&channel->readable, deadline));
    if (channel->count == 0) return ag_fail(AG_E_CLOSED, "the channel is closed");
    *ret_item = channel->items[channel->first];
    channel->first = (channel->first + 1) % channel->size;
    channel->count--;
    ag_cond_signal(&channel->writable);
    return AG_OK;
}

void ag_channel_close(struct ag_channel *channel)
{
    channel->closed = true;
    ag_cond_broadcast(&channel->readable);
    ag_cond_broadcast(&channel->writable);
}
