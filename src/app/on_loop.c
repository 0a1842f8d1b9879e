#include "app/on_loop.h"

#include "base/arena.h"

struct call {
    enum ag_err (*fn)(void *arg);
    void *arg;
    struct ag_loop *loop;
    enum ag_err err;
    struct ag_diag diag;
};

static void call_fiber(void *arg)
{
    struct call *call = arg;
    call->err = call->fn(call->arg);
    call->diag = *ag_diag();
    ag_loop_stop(call->loop);
}

enum ag_err ag_on_loop(enum ag_err (*fn)(void *arg), void *arg)
{
    struct call call = {.fn = fn, .arg = arg};
    AG_TRY(ag_loop_new(0, &call.loop));
    enum ag_err err = ag_fiber_spawn("command", call_fiber, &call);
    if (err == AG_OK) {
        ag_loop_run(call.loop);
        err = call.err;
        if (err != AG_OK) {
            ag_diag_clear();
            ag_diag_append(&call.diag);
        }
    }
    ag_loop_free(call.loop);
    ag_arena_pool_done();
    return err;
}
