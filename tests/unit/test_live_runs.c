/* Live runs: one writes, others on the same and on another loop read, and some run is cancelled. */
#include "test_help.h"

#include "core/live_runs.h"
#include "runtime/fiber.h"
#include "runtime/sync.h"

#include <pthread.h>
#include <semaphore.h>

enum { PIECES = 3000, READERS = 6 };

/* "é😀x" has 7 bytes, so that pieces end within characters. */
static const char pattern[] = "\xC3\xA9\xF0\x9F\x98\x80x";
enum { PATTERN_BYTES = sizeof(pattern) - 1 };

static struct ag_live_runs registry;
static struct ag_uuid org, id;
static sem_t entered;
static atomic_int found; /* loops whose readers have begun */
static atomic_int done;
static bool cancelled; /* the writer's fiber, when it ended */

static struct ag_run run_of(struct ag_uuid run_id)
{
    return (struct ag_run){
        .id = run_id,
        .kind = AG_STR("generate"),
        .status = AG_STR("running"),
        .provider = AG_STR("sandbox"),
        .model = AG_STR("first"),
        .input_text = AG_STR("not kept"),
    };
}

/* Runs `fn` on a fiber of a fresh loop and waits for everything to end. */
static void on_loop(unsigned index, void (*fn)(void *arg), void *arg)
{
    struct ag_loop *loop;
    assert_ok(ag_loop_new(index, &loop));
    assert_ok(ag_fiber_spawn("test", fn, arg));
    ag_loop_stop(loop);
    ag_loop_run(loop);
    ag_loop_free(loop);
    ag_arena_pool_done();
}

static void begin(void)
{
    ag_live_runs_init(&registry);
    org = ag_uuid_new();
    id = ag_uuid_new();
    atomic_store(&found, 0);
    atomic_store(&done, 0);
    cancelled = false;
    assert_int_equal(sem_init(&entered, 0, 0), 0);
}

static void end(void)
{
    ag_live_runs_done(&registry);
    sem_destroy(&entered);
}

/* ---- reading what grows ---- */

static void check_whole_characters(struct ag_str text, size_t offset)
{
    assert_true(ag_utf8_valid(text));
    for (size_t i = 0; i < text.len; i++)
        assert_int_equal(text.data[i], pattern[(offset - text.len + i) % PATTERN_BYTES]);
}

static void read_from(struct ag_live_run *live, size_t from)
{
    struct ag_live_watch watch;
    ag_live_watch_begin(&watch, live, from);
    size_t at = watch.offset;
    for (;;) {
        struct ag_str text;
        assert_ok(ag_live_watch_next(&watch, AG_NEVER, &text));
        if (text.len == 0) break;
        assert_true(text.len <= AG_LIVE_PIECE_BYTES);
        at += text.len;
        assert_int_equal(at, watch.offset);
        check_whole_characters(text, at);
    }
    assert_int_equal(at, PIECES * PATTERN_BYTES);
    assert_true(ag_live_watch_ready(&watch));
    ag_live_watch_end(&watch);
}

static void reader(void *arg)
{
    AG_CLEANUP(ag_live_run_unref_p) struct ag_live_run *live = arg;
    struct ag_str message;
    read_from(live, 0);
    const struct ag_run row = ag_live_run_row(live);
    assert_str(row.status, "completed");
    assert_str(row.model, "second");
    assert_int_equal(row.output_text.len, PIECES * PATTERN_BYTES);
    assert_int_equal(ag_live_run_outcome(live, &message), AG_OK);
    assert_int_equal(message.len, 0);
    read_from(live, 1); /* within the first character: all of it again */
    atomic_fetch_add(&done, 1);
}

static void spawn_readers(void *arg)
{
    (void)arg;
    for (int i = 0; i < READERS; i++) {
        struct ag_live_run *live = ag_live_runs_find(&registry, org, id);
        assert_non_null(live);
        assert_ok(ag_fiber_spawn("reader", reader, live));
    }
    atomic_fetch_add(&found, 1);
}

static void *other_thread(void *arg)
{
    while (sem_wait(&entered) != 0) {}
    on_loop(1, arg, NULL);
    return NULL;
}

static void write_all(void *arg)
{
    (void)arg;
    struct ag_run run = run_of(id);
    struct ag_live_run *live;
    assert_ok(ag_live_run_enter(&registry, org, &run, &live));
    assert_null(ag_live_runs_find(&registry, id, id)); /* another organisation */
    assert_str(ag_live_run_row(live).model, "first");
    assert_null(ag_live_run_row(live).input_text.data);
    spawn_readers(NULL);
    sem_post(&entered);
    for (int i = 0; i < PIECES; i++) {
        assert_ok(ag_live_run_append(live, ag_str_n(pattern, PATTERN_BYTES)));
        if (i % 7 == 0) ag_fiber_yield();
        if (i == PIECES / 2) assert_ok(ag_fiber_sleep(30)); /* readers catch up, and wait */
    }
    /* Those of the other loop must find it before it leaves. */
    while (atomic_load(&found) < 2)
        assert_ok(ag_fiber_sleep(1));
    run.status = AG_STR("completed");
    run.model = AG_STR("second");
    ag_live_run_leave(live, &run, AG_OK);
    assert_null(ag_live_runs_find(&registry, org, id));
    ag_live_run_unref(live);
}

static void every_reader_gets_every_byte_once(void **state)
{
    (void)state;
    pthread_t thread;
    begin();
    assert_int_equal(pthread_create(&thread, NULL, other_thread, spawn_readers), 0);
    on_loop(0, write_all, NULL);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&done), 2 * READERS);
    end();
}

/* ---- readers that leave ---- */

static void leave_again_and_again(void *arg)
{
    (void)arg;
    AG_CLEANUP(ag_live_run_unref_p)
    struct ag_live_run *live = ag_live_runs_find(&registry, org, id);
    for (int i = 0; i < 2000; i++) {
        struct ag_live_watch watch;
        struct ag_str text;
        ag_live_watch_begin(&watch, live, SIZE_MAX);
        enum ag_err err = ag_live_watch_next(&watch, ag_mono_ms() + i % 2, &text);
        ag_live_watch_end(&watch);
        assert_true(err == AG_OK || err == AG_E_TIMEOUT);
    }
    atomic_store(&done, 1);
}

static void write_until_left(void *arg)
{
    (void)arg;
    struct ag_run run = run_of(id);
    struct ag_live_run *live;
    assert_ok(ag_live_run_enter(&registry, org, &run, &live));
    sem_post(&entered);
    while (!atomic_load(&done)) {
        if (ag_live_run_text(live).len < AG_RUN_MAX_OUTPUT_BYTES - 16)
            assert_ok(ag_live_run_append(live, AG_STR("x")));
        ag_fiber_yield();
    }
    ag_live_run_leave(live, &run, AG_OK);
    ag_live_run_unref(live);
}

static void a_reader_may_leave_while_news_is_on_its_way(void **state)
{
    (void)state;
    pthread_t thread;
    begin();
    assert_int_equal(pthread_create(&thread, NULL, other_thread, leave_again_and_again), 0);
    on_loop(0, write_until_left, NULL);
    pthread_join(thread, NULL);
    end();
}

/* ---- cancelling ---- */

static void cancel_it(void *arg)
{
    (void)arg;
    struct ag_live_run *live = ag_live_runs_find(&registry, org, id);
    struct ag_str message;
    ag_live_run_cancel(live);
    ag_live_run_cancel(live);
    assert_ok(ag_live_run_wait(live, ag_deadline_in(5000)));
    assert_int_equal(ag_live_run_outcome(live, &message), AG_E_CANCELED);
    assert_str(message, "told to stop");
    assert_str(ag_live_run_row(live).output_text, "partial");
    ag_live_run_cancel(live); /* nothing any more */
    ag_live_run_unref(live);
}

static void wait_for_cancel(void *arg)
{
    (void)arg;
    struct ag_run run = run_of(id);
    struct ag_live_run *live;
    assert_ok(ag_live_run_enter(&registry, org, &run, &live));
    assert_ok(ag_live_run_append(live, AG_STR("partial")));
    sem_post(&entered);
    cancelled = ag_fiber_sleep(10000) == AG_E_CANCELED;
    run.status = AG_STR("cancelled");
    ag_live_run_leave(live, &run, ag_fail(AG_E_CANCELED, "told to stop"));
    ag_live_run_unref(live);
}

static void cancelling_reaches_another_loop(void **state)
{
    (void)state;
    pthread_t thread;
    begin();
    assert_int_equal(pthread_create(&thread, NULL, other_thread, cancel_it), 0);
    on_loop(0, wait_for_cancel, NULL);
    pthread_join(thread, NULL);
    assert_true(cancelled);
    end();
}

/* ---- bounds ---- */

static enum ag_err enter_and_leave(void *arg)
{
    (void)arg;
    struct ag_run run = run_of(ag_uuid_new());
    struct ag_live_run *live;
    AG_TRY(ag_live_run_enter(&registry, org, &run, &live));
    ag_live_run_leave(live, &run, AG_OK);
    ag_live_run_unref(live);
    return AG_OK;
}

static void overfill(void *arg)
{
    (void)arg;
    static char block[1024 * 1024];
    memset(block, 'x', sizeof(block));
    struct ag_run run = run_of(id);
    struct ag_live_run *live;
    assert_ok(ag_live_run_enter(&registry, org, &run, &live));
    for (size_t i = 0; i < AG_RUN_MAX_OUTPUT_BYTES / sizeof(block); i++)
        assert_ok(ag_live_run_append(live, ag_str_n(block, sizeof(block))));
    assert_int_equal(ag_live_run_append(live, AG_STR("x")), AG_E_UPSTREAM_TOO_LARGE);
    assert_int_equal(ag_live_run_text(live).len, AG_RUN_MAX_OUTPUT_BYTES);
    ag_live_run_leave(live, &run, AG_OK);
    ag_live_run_unref(live);
    torture(enter_and_leave, NULL);
}

static void an_answer_is_bounded_and_memory_may_end(void **state)
{
    (void)state;
    begin();
    on_loop(0, overfill, NULL);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reader_gets_every_byte_once),
        cmocka_unit_test(a_reader_may_leave_while_news_is_on_its_way),
        cmocka_unit_test(cancelling_reaches_another_loop),
        cmocka_unit_test(an_answer_is_bounded_and_memory_may_end),
    };
    return cmocka_run_group_tests_name("live_runs", tests, NULL, NULL);
}
