/* Loops, fibers, conditions, channels, offload, descriptors. */
#include "base/arena.h"
#include "base/fault.h"
#include "runtime/io.h"
#include "runtime/offload.h"
#include "runtime/sync.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>
/* cmocka wants the four above first */
#include <cmocka.h>

/* Runs `fn` on a fiber of a fresh loop and waits for everything to end. */
static void on_loop(void (*fn)(void *arg), void *arg)
{
    struct ag_loop *loop;
    assert_int_equal(ag_loop_new(0, &loop), AG_OK);
    assert_int_equal(ag_fiber_spawn("test", fn, arg), AG_OK);
    ag_loop_stop(loop);
    ag_loop_run(loop);
    assert_int_equal(ag_loop_fibers(loop), 0);
    ag_loop_free(loop);
    ag_arena_pool_done();
}

/* ---- fibers ---- */

static void count_up(void *arg)
{
    int *n = arg;
    ag_fiber_yield();
    (*n)++;
}

static void spawn_many(void *arg)
{
    int *n = arg;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(ag_fiber_spawn("count", count_up, n), AG_OK);
    while (*n < 1000)
        ag_fiber_yield();
}

static void many_fibers_run_and_end(void **state)
{
    (void)state;
    int n = 0;
    on_loop(spawn_many, &n);
    assert_int_equal(n, 1000);
}

struct sleeper {
    enum ag_err err;
    int64_t took_ms;
    int64_t ms;
};

static void sleep_once(void *arg)
{
    struct sleeper *s = arg;
    int64_t start = ag_mono_ms();
    s->err = ag_fiber_sleep(s->ms);
    s->took_ms = ag_mono_ms() - start;
}

static void sleep_body(void *arg)
{
    (void)arg;
    struct sleeper s = {.ms = 20};
    sleep_once(&s);
    assert_int_equal(s.err, AG_OK);
    assert_true(s.took_ms >= 19);

    /* A shorter wait after a longer one, and the other way round, on the same lazily armed timer.
     */
    ag_deadline_ms before = ag_fiber_set_deadline(ag_deadline_in(10));
    s.ms = 10000;
    sleep_once(&s);
    assert_int_equal(s.err, AG_E_TIMEOUT);
    assert_true(s.took_ms < 5000);
    ag_fiber_set_deadline(before);
    s.ms = 15;
    sleep_once(&s);
    assert_int_equal(s.err, AG_OK);
    assert_true(s.took_ms >= 14);
}

static void sleeping_and_deadlines(void **state)
{
    (void)state;
    on_loop(sleep_body, NULL);
}

static void cancel_body(void *arg)
{
    (void)arg;
    struct sleeper s = {.ms = 60000};
    struct ag_fiber *fiber;
    assert_int_equal(ag_fiber_spawn_joinable("sleeper", sleep_once, &s, &fiber), AG_OK);
    ag_fiber_yield();
    ag_fiber_cancel(fiber);
    ag_fiber_join(fiber);
    assert_int_equal(s.err, AG_E_CANCELED);
    assert_true(s.took_ms < 5000);

    /* Cancelled before it ever ran: its first wait says so. */
    assert_int_equal(ag_fiber_spawn_joinable("sleeper", sleep_once, &s, &fiber), AG_OK);
    ag_fiber_cancel(fiber);
    ag_fiber_join(fiber);
    assert_int_equal(s.err, AG_E_CANCELED);
}

static void cancelling_ends_waits(void **state)
{
    (void)state;
    on_loop(cancel_body, NULL);
}

static void shielded(void *arg)
{
    struct sleeper *s = arg;
    ag_fiber_shield();
    enum ag_err err = ag_fiber_sleep(s->ms);
    assert_true(ag_fiber_canceled());
    ag_fiber_unshield();
    s->err = ag_fiber_sleep(1);
    assert_int_equal(err, AG_OK);
}

static void shield_body(void *arg)
{
    (void)arg;
    struct sleeper s = {.ms = 20};
    struct ag_fiber *fiber;
    assert_int_equal(ag_fiber_spawn_joinable("shielded", shielded, &s, &fiber), AG_OK);
    ag_fiber_yield();
    ag_fiber_cancel(fiber);
    ag_fiber_join(fiber);
    assert_int_equal(s.err, AG_E_CANCELED);
}

static void a_shield_holds_cancellation_off(void **state)
{
    (void)state;
    on_loop(shield_body, NULL);
}

static void diag_other(void *arg)
{
    assert_int_equal(ag_fail(AG_E_NOT_FOUND, "the other"), AG_E_NOT_FOUND);
    ag_fiber_yield();
    assert_string_equal(ag_diag_text(AG_E_NOT_FOUND), "the other");
    *(bool *)arg = true;
}

static void diag_body(void *arg)
{
    (void)arg;
    bool done = false;
    assert_int_equal(ag_fail(AG_E_INVALID, "mine"), AG_E_INVALID);
    assert_int_equal(ag_fiber_spawn("other", diag_other, &done), AG_OK);
    while (!done)
        ag_fiber_yield();
    assert_string_equal(ag_diag_text(AG_E_INVALID), "mine");
}

static void each_fiber_has_its_diagnostic(void **state)
{
    (void)state;
    on_loop(diag_body, NULL);
}

static void use_stack(void *arg)
{
    volatile char room[40 * 1024];
    for (size_t i = 0; i < sizeof(room); i += 512)
        room[i] = (char)i;
    assert_true(ag_fiber_stack_left() > 4096);
    assert_true(ag_fiber_stack_left() < AG_FIBER_STACK_BYTES - sizeof(room));
    *(int *)arg += room[512] ? 1 : 1;
}

static void stacks_body(void *arg)
{
    int *n = arg;
    for (int i = 0; i < 600; i++)
        assert_int_equal(ag_fiber_spawn("stack", use_stack, n), AG_OK);
    while (*n < 600)
        ag_fiber_yield();
    assert_true(ag_loop_pooled_stacks(ag_loop_self()) > 0);
    assert_true(ag_loop_pooled_stacks(ag_loop_self()) <= 256);
}

static void stacks_are_pooled_within_bounds(void **state)
{
    (void)state;
    int n = 0;
    on_loop(stacks_body, &n);
    assert_int_equal(n, 600);
}

/* ---- conditions and channels ---- */

struct turn {
    struct ag_cond cond;
    int order[4], count;
    int next;
};

static void take_turn(void *arg)
{
    struct turn *turn = arg;
    int me = turn->next++;
    assert_int_equal(ag_cond_wait(&turn->cond, AG_NEVER), AG_OK);
    turn->order[turn->count++] = me;
}

static void cond_body(void *arg)
{
    (void)arg;
    struct turn turn = {0};
    struct ag_fiber *fibers[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(ag_fiber_spawn_joinable("turn", take_turn, &turn, &fibers[i]), AG_OK);
    ag_fiber_yield();
    ag_cond_signal(&turn.cond);
    ag_cond_signal(&turn.cond);
    ag_fiber_yield();
    assert_int_equal(turn.count, 2);
    ag_cond_broadcast(&turn.cond);
    for (int i = 0; i < 4; i++) {
        ag_fiber_join(fibers[i]);
        assert_int_equal(turn.order[i], i);
    }
    assert_int_equal(ag_cond_wait(&turn.cond, ag_deadline_in(5)), AG_E_TIMEOUT);
    assert_null(turn.cond.head);
}

static void conditions_wake_in_order(void **state)
{
    (void)state;
    on_loop(cond_body, NULL);
}

static void cond_waiter(void *arg)
{
    struct turn *turn = arg;
    enum ag_err err = ag_cond_wait(&turn->cond, AG_NEVER);
    if (err == AG_OK) turn->count++;
}

static void cond_cancel_body(void *arg)
{
    (void)arg;
    struct turn turn = {0};
    struct ag_fiber *first, *second;
    assert_int_equal(ag_fiber_spawn_joinable("first", cond_waiter, &turn, &first), AG_OK);
    assert_int_equal(ag_fiber_spawn_joinable("second", cond_waiter, &turn, &second), AG_OK);
    ag_fiber_yield();
    /* The signal meets a waiter that is being cancelled: the next one gets it. */
    ag_cond_signal(&turn.cond);
    ag_fiber_cancel(first);
    ag_fiber_join(first);
    ag_fiber_join(second);
    assert_int_equal(turn.count, 1);
}

static void a_signal_is_never_lost(void **state)
{
    (void)state;
    on_loop(cond_cancel_body, NULL);
}

struct pipe_line {
    struct ag_channel channel;
    long sum;
    bool closed;
};

static void consume(void *arg)
{
    struct pipe_line *line = arg;
    void *item;
    enum ag_err err;
    while ((err = ag_channel_get(&line->channel, AG_NEVER, &item)) == AG_OK)
        line->sum += (long)(intptr_t)item;
    line->closed = err == AG_E_CLOSED;
}

static void channel_body(void *arg)
{
    (void)arg;
    struct pipe_line line = {0};
    struct ag_fiber *fiber;
    assert_int_equal(ag_channel_init(&line.channel, 3), AG_OK);
    assert_int_equal(ag_fiber_spawn_joinable("consume", consume, &line, &fiber), AG_OK);
    for (intptr_t i = 1; i <= 100; i++)
        assert_int_equal(ag_channel_put(&line.channel, (void *)i, AG_NEVER), AG_OK);
    ag_channel_close(&line.channel);
    ag_fiber_join(fiber);
    assert_int_equal(line.sum, 5050);
    assert_true(line.closed);
    assert_int_equal(ag_channel_put(&line.channel, &line, AG_NEVER), AG_E_CLOSED);
    ag_channel_done(&line.channel);

    assert_int_equal(ag_channel_init(&line.channel, 1), AG_OK);
    assert_int_equal(ag_channel_put(&line.channel, &line, AG_NEVER), AG_OK);
    assert_int_equal(ag_channel_put(&line.channel, &line, ag_deadline_in(5)), AG_E_TIMEOUT);
    ag_channel_done(&line.channel);
}

static void channels_deliver_everything(void **state)
{
    (void)state;
    on_loop(channel_body, NULL);
}

/* ---- other threads ---- */

static enum ag_err work(void *arg)
{
    usleep(1000);
    (*(int *)arg)++;
    return *(int *)arg == 3 ? ag_fail(AG_E_STORAGE, "three") : AG_OK;
}

static void offload_body(void *arg)
{
    (void)arg;
    int n = 0;
    assert_int_equal(ag_offload(work, &n), AG_OK);
    assert_int_equal(ag_offload(work, &n), AG_OK);
    assert_int_equal(ag_offload(work, &n), AG_E_STORAGE);
    assert_string_equal(ag_diag_text(AG_E_STORAGE), "three");
}

static void offloaded_work_brings_its_error_back(void **state)
{
    (void)state;
    on_loop(offload_body, NULL);
    ag_offload_done();
}

struct crowd {
    struct ag_pool *pool;
    int done, refused;
};

static enum ag_err slow(void *arg)
{
    (void)arg;
    usleep(20000);
    return AG_OK;
}

static void crowd_one(void *arg)
{
    struct crowd *crowd = arg;
    enum ag_err err = ag_pool_run(crowd->pool, slow, NULL);
    if (err == AG_OK)
        crowd->done++;
    else if (err == AG_E_OVERLOADED)
        crowd->refused++;
}

static void crowd_body(void *arg)
{
    struct crowd *crowd = arg;
    struct ag_fiber *fibers[10];
    for (int i = 0; i < 10; i++)
        assert_int_equal(ag_fiber_spawn_joinable("crowd", crowd_one, crowd, &fibers[i]), AG_OK);
    for (int i = 0; i < 10; i++)
        ag_fiber_join(fibers[i]);
}

static void a_full_pool_refuses(void **state)
{
    (void)state;
    struct crowd crowd = {0};
    assert_int_equal(ag_pool_new("crowd", 2, 3, &crowd.pool), AG_OK);
    on_loop(crowd_body, &crowd);
    ag_pool_free(crowd.pool);
    assert_int_equal(crowd.done, 5);
    assert_int_equal(crowd.refused, 5);
}

/* ---- descriptors ---- */

struct ends {
    struct ag_io *near;
    int far;
};

static void ends_open(struct ends *ends)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    assert_int_equal(ag_io_new(fds[0], &ends->near), AG_OK);
    ends->far = fds[1];
}

static void write_later(void *arg)
{
    struct ends *ends = arg;
    assert_int_equal(ag_fiber_sleep(5), AG_OK);
    assert_int_equal(write(ends->far, "hello", 5), 5);
}

static void read_body(void *arg)
{
    (void)arg;
    struct ends ends;
    ends_open(&ends);
    char buf[16];
    size_t n = 0;
    assert_int_equal(ag_io_read(ends.near, buf, sizeof(buf), ag_deadline_in(5), &n), AG_E_TIMEOUT);
    assert_int_equal(ag_fiber_spawn("writer", write_later, &ends), AG_OK);
    assert_int_equal(ag_io_read(ends.near, buf, sizeof(buf), ag_deadline_in(5000), &n), AG_OK);
    assert_int_equal(n, 5);
    assert_memory_equal(buf, "hello", 5);
    close(ends.far);
    assert_int_equal(ag_io_read(ends.near, buf, sizeof(buf), AG_NEVER, &n), AG_E_CLOSED);
    ag_io_free(ends.near);
}

static void reading_waits_and_ends(void **state)
{
    (void)state;
    on_loop(read_body, NULL);
}

static void drain_slowly(void *arg)
{
    struct ends *ends = arg;
    static char buf[65536];
    for (;;) {
        ssize_t n = read(ends->far, buf, sizeof(buf));
        if (n == 0) break;
        if (n < 0) assert_int_equal(ag_fiber_sleep(1), AG_OK);
    }
    close(ends->far);
}

static void write_body(void *arg)
{
    (void)arg;
    struct ends ends;
    ends_open(&ends);
    static char big[3 * 1024 * 1024];
    struct iovec iov[2] = {{big, sizeof(big)}, {big, 100}};
    /* Nobody reads: the stall limit ends it. */
    assert_int_equal(ag_io_writev(ends.near, iov, 2, 10), AG_E_TIMEOUT);
    struct ag_fiber *fiber;
    assert_int_equal(ag_fiber_spawn_joinable("drain", drain_slowly, &ends, &fiber), AG_OK);
    struct iovec again[2] = {{big, sizeof(big)}, {big, 100}};
    assert_int_equal(ag_io_writev(ends.near, again, 2, 5000), AG_OK);
    ag_io_free(ends.near);
    ag_fiber_join(fiber);
}

static void writing_respects_a_slow_reader(void **state)
{
    (void)state;
    on_loop(write_body, NULL);
}

static void on_hangup(void *arg)
{
    ag_fiber_cancel(arg);
}

static void close_later(void *arg)
{
    struct ends *ends = arg;
    assert_int_equal(write(ends->far, "more", 4), 4); /* pipelined data must not hide the end */
    assert_int_equal(ag_fiber_sleep(10), AG_OK);
    close(ends->far);
}

static void hangup_body(void *arg)
{
    struct ends *ends = arg;
    ends_open(ends);
    assert_int_equal(ag_fiber_spawn("closer", close_later, ends), AG_OK);
    ag_io_watch_hangup(ends->near, on_hangup, ag_fiber_self());
    int64_t start = ag_mono_ms();
    assert_int_equal(ag_fiber_sleep(5000), AG_E_CANCELED);
    assert_true(ag_mono_ms() - start < 100);
    ag_io_free(ends->near);
}

static void a_hangup_is_noticed_while_busy(void **state)
{
    (void)state;
    struct ends ends;
    on_loop(hangup_body, &ends);
}

static void faults_fire_as_often_as_armed(void **state)
{
    (void)state;
#ifdef AG_DEBUG
    assert_int_equal(ag_fault_arm(AG_STR("spawn=2")), AG_OK);
    assert_true(AG_FAULT(spawn));
    assert_true(AG_FAULT(spawn));
    assert_false(AG_FAULT(spawn));
#endif
    assert_int_equal(ag_fault_arm(AG_STR("nonsense=1")), AG_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_fibers_run_and_end),
        cmocka_unit_test(sleeping_and_deadlines),
        cmocka_unit_test(cancelling_ends_waits),
        cmocka_unit_test(a_shield_holds_cancellation_off),
        cmocka_unit_test(each_fiber_has_its_diagnostic),
        cmocka_unit_test(stacks_are_pooled_within_bounds),
        cmocka_unit_test(conditions_wake_in_order),
        cmocka_unit_test(a_signal_is_never_lost),
        cmocka_unit_test(channels_deliver_everything),
        cmocka_unit_test(offloaded_work_brings_its_error_back),
        cmocka_unit_test(a_full_pool_refuses),
        cmocka_unit_test(reading_waits_and_ends),
        cmocka_unit_test(writing_respects_a_slow_reader),
        cmocka_unit_test(a_hangup_is_noticed_while_busy),
        cmocka_unit_test(faults_fire_as_often_as_armed),
    };
    return cmocka_run_group_tests_name("runtime", tests, NULL, NULL);
}
