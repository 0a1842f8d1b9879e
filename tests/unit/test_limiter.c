/* The rate limiter: what is allowed, what it tells, and that it stays small. */
#include "test_help.h"

#include "base/id.h"
#include "cache/limiter.h"

#include <pthread.h>

enum { SECOND_US = 1000 * 1000, START_US = 5 * SECOND_US };

static struct ag_limiter *limiter_new(size_t keys)
{
    struct ag_limiter *limiter;
    assert_ok(ag_limiter_new(keys, &limiter));
    return limiter;
}

static void a_burst_then_one_by_one(void **state)
{
    struct ag_limiter *limiter = limiter_new(1000);
    const struct ag_rate rate = {.count = 10, .per_ms = 60 * 1000};
    struct ag_str key = AG_STR("ada");
    int64_t now = START_US;
    for (int64_t i = 1; i <= 10; i++) {
        struct ag_limit_verdict verdict = ag_limiter_take(limiter, key, &rate, now);
        assert_true(verdict.allowed);
        assert_int_equal(verdict.limit, 10);
        assert_int_equal(verdict.remaining, 10 - i);
        assert_int_equal(verdict.reset_ms, i * 6000);
        assert_int_equal(verdict.retry_after_ms, i < 10 ? 0 : 6000);
    }
    /* What is refused costs nothing, however often it is tried. */
    for (int i = 0; i < 100; i++) {
        struct ag_limit_verdict verdict = ag_limiter_take(limiter, key, &rate, now);
        assert_false(verdict.allowed);
        assert_int_equal(verdict.remaining, 0);
        assert_int_equal(verdict.retry_after_ms, 6000);
    }
    assert_false(ag_limiter_take(limiter, key, &rate, now + 6 * SECOND_US - 1).allowed);
    assert_true(ag_limiter_take(limiter, key, &rate, now + 6 * SECOND_US).allowed);
    assert_false(ag_limiter_take(limiter, key, &rate, now + 6 * SECOND_US).allowed);
    /* After a rest everything is there again, and not more than that. */
    now += 1000 * SECOND_US;
    for (int i = 0; i < 10; i++)
        assert_true(ag_limiter_take(limiter, key, &rate, now).allowed);
    assert_false(ag_limiter_take(limiter, key, &rate, now).allowed);
    ag_limiter_free(limiter);
    ag_limiter_free(NULL);
}

static void over_time_the_rate_holds(void **state)
{
    struct ag_limiter *limiter = limiter_new(1000);
    const struct ag_rate rate = {.count = 7, .per_ms = 1000};
    int allowed = 0;
    for (int ms = 0; ms < 10 * 1000; ms++)
        allowed += ag_limiter_take(limiter, AG_STR("x"), &rate, START_US + ms * 1000).allowed;
    assert_in_range(allowed, 7 * 10, 7 * 11);
    ag_limiter_free(limiter);
}

/* Whatever comes whenever: in no stretch of time more is allowed than the burst and what is
 * regained in it; and whoever waits as long as they are told, and no shorter, is let through. */
static void bounds_hold_for_any_arrivals(void **state)
{
    enum { ARRIVALS = 1500 };
    static int64_t at_us[ARRIVALS];
    for (int round = 0; round < 60; round++) {
        struct ag_limiter *limiter = limiter_new(100);
        const struct ag_rate rate = {
            .count = 1 + ag_random_below(round % 2 ? 5 : 300),
            .per_ms = 1 + ag_random_below(round % 3 ? 100 : 100000),
        };
        double per_us = (double)rate.count / ((double)rate.per_ms * 1000);
        int64_t now = START_US, gap_us = (int64_t)(1 / per_us);
        size_t n = 0;
        for (int i = 0; i < ARRIVALS; i++) {
            if (ag_random_below(3) == 0)
                now += ag_random_below((uint32_t)AG_MIN(3 * gap_us, 1 << 30) + 1);
            struct ag_limit_verdict peeked = ag_limiter_peek(limiter, AG_STR("k"), &rate, now);
            struct ag_limit_verdict verdict = ag_limiter_take(limiter, AG_STR("k"), &rate, now);
            assert_int_equal(peeked.allowed, verdict.allowed);
            assert_in_range(verdict.remaining, 0, rate.count);
            if (verdict.allowed) {
                at_us[n++] = now;
                continue;
            }
            assert_true(verdict.retry_after_ms >= 1);
            int64_t then = now + verdict.retry_after_ms * 1000;
            assert_true(ag_limiter_peek(limiter, AG_STR("k"), &rate, then).allowed);
            assert_false(ag_limiter_peek(limiter, AG_STR("k"), &rate, then - 1001).allowed);
        }
        for (size_t i = 0; i < n; i++)
            for (size_t k = i; k < n; k++) {
                double bound = (double)rate.count + (double)(at_us[k] - at_us[i]) * per_us;
                if ((double)(k - i + 1) > bound + 1e-6)
                    fail_msg("%zu of %lld a %lld ms in %lld us", k - i + 1, (long long)rate.count,
                             (long long)rate.per_ms, (long long)(at_us[k] - at_us[i]));
            }
        ag_limiter_free(limiter);
    }
}

static void what_is_given_back_can_be_taken_again(void **state)
{
    struct ag_limiter *limiter = limiter_new(100);
    const struct ag_rate rate = {.count = 3, .per_ms = 60 * 1000};
    struct ag_str key = AG_STR("k");
    ag_limiter_refund(limiter, key, &rate, START_US); /* nothing was taken */
    ag_limiter_forget(limiter, key, &rate);
    for (int i = 0; i < 3; i++)
        assert_true(ag_limiter_take(limiter, key, &rate, START_US).allowed);
    assert_false(ag_limiter_peek(limiter, key, &rate, START_US).allowed);
    ag_limiter_refund(limiter, key, &rate, START_US);
    assert_int_equal(ag_limiter_peek(limiter, key, &rate, START_US).remaining, 0);
    assert_true(ag_limiter_take(limiter, key, &rate, START_US).allowed);
    assert_false(ag_limiter_take(limiter, key, &rate, START_US).allowed);
    ag_limiter_forget(limiter, key, &rate);
    for (int i = 0; i < 3; i++)
        assert_true(ag_limiter_take(limiter, key, &rate, START_US).allowed);
    assert_false(ag_limiter_take(limiter, key, &rate, START_US).allowed);
    /* More can never be given back than was taken. */
    for (int i = 0; i < 10; i++)
        ag_limiter_refund(limiter, key, &rate, START_US);
    for (int i = 0; i < 3; i++)
        assert_true(ag_limiter_take(limiter, key, &rate, START_US).allowed);
    assert_false(ag_limiter_take(limiter, key, &rate, START_US).allowed);
    ag_limiter_free(limiter);
}

/* Whoever waited for a long window waits no longer than the one that holds now. */
static void a_shorter_window_holds_at_once(void **state)
{
    struct ag_limiter *limiter = limiter_new(100);
    const struct ag_rate slow = {.count = 2, .per_ms = 900 * 1000};
    const struct ag_rate quick = {.count = 2, .per_ms = 10 * 1000};
    struct ag_str key = AG_STR("k");
    int64_t now = START_US;
    assert_true(ag_limiter_take(limiter, key, &slow, now).allowed);
    assert_true(ag_limiter_take(limiter, key, &slow, now).allowed);
    struct ag_limit_verdict verdict = ag_limiter_take(limiter, key, &quick, now);
    assert_false(verdict.allowed);
    assert_int_equal(verdict.retry_after_ms, 5000);
    assert_int_equal(verdict.reset_ms, 10000);
    assert_true(ag_limiter_take(limiter, key, &quick, now + 5 * SECOND_US).allowed);
    assert_false(ag_limiter_take(limiter, key, &quick, now + 5 * SECOND_US).allowed);
    ag_limiter_free(limiter);
}

static void keys_are_strangers(void **state)
{
    struct ag_limiter *limiter = limiter_new(1000);
    const struct ag_rate rate = {.count = 1, .per_ms = 1000};
    char key[16];
    for (int i = 0; i < 200; i++) {
        snprintf(key, sizeof(key), "key %d", i);
        assert_true(ag_limiter_take(limiter, ag_str(key), &rate, START_US).allowed);
    }
    assert_true(ag_limiter_take(limiter, AG_STR(""), &rate, START_US).allowed);
    assert_false(ag_limiter_take(limiter, AG_STR(""), &rate, START_US).allowed);
    ag_limiter_free(limiter);
}

/* Whoever owes much is remembered through a flood of others: what is forgotten is who owes least.
 */
static void a_flood_forgives_nobody_who_owes_more(void **state)
{
    struct ag_limiter *limiter = limiter_new(1);
    const struct ag_rate rate = {.count = 100, .per_ms = 60 * 1000};
    for (int i = 0; i < 100; i++)
        assert_true(ag_limiter_take(limiter, AG_STR("greedy"), &rate, START_US).allowed);
    char key[16];
    for (int i = 0; i < 100000; i++) {
        snprintf(key, sizeof(key), "key %d", i);
        assert_true(ag_limiter_take(limiter, ag_str(key), &rate, START_US).allowed);
    }
    assert_false(ag_limiter_take(limiter, AG_STR("greedy"), &rate, START_US).allowed);
    ag_limiter_free(limiter);
}

struct shared {
    struct ag_limiter *limiter;
    int allowed;
};

static void *take_many(void *arg)
{
    struct shared *shared = arg;
    const struct ag_rate rate = {.count = 1000, .per_ms = 1000 * 1000};
    for (int i = 0; i < 1000; i++)
        shared->allowed += ag_limiter_take(shared->limiter, AG_STR("all"), &rate, START_US).allowed;
    return NULL;
}

static void threads_share_one_limit(void **state)
{
    pthread_t threads[4];
    struct shared shared[4];
    struct ag_limiter *limiter = limiter_new(1000);
    int allowed = 0;
    for (size_t i = 0; i < AG_COUNT(threads); i++) {
        shared[i] = (struct shared){.limiter = limiter};
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &shared[i]), 0);
    }
    for (size_t i = 0; i < AG_COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
        allowed += shared[i].allowed;
    }
    assert_int_equal(allowed, 1000);
    ag_limiter_free(limiter);
}

static enum ag_err build(void *arg)
{
    struct ag_limiter *limiter;
    AG_TRY(ag_limiter_new(10, &limiter));
    ag_limiter_free(limiter);
    return AG_OK;
}

static void out_of_memory_is_told(void **state)
{
    torture(build, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_then_one_by_one),
        cmocka_unit_test(over_time_the_rate_holds),
        cmocka_unit_test(bounds_hold_for_any_arrivals),
        cmocka_unit_test(what_is_given_back_can_be_taken_again),
        cmocka_unit_test(a_shorter_window_holds_at_once),
        cmocka_unit_test(keys_are_strangers),
        cmocka_unit_test(a_flood_forgives_nobody_who_owes_more),
        cmocka_unit_test(threads_share_one_limit),
        cmocka_unit_test(out_of_memory_is_told),
    };
    return cmocka_run_group_tests_name("limiter", tests, NULL, NULL);
}
