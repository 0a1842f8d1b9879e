/* The Redis client and limits shared through it, beside a real Redis. */
#include "redis_help.h"

#include "base/log.h"
#include "cache/limiter.h"
#include "cache/redis.h"
#include "runtime/fiber.h"
#include "runtime/offload.h"

static const char add_script[] =
    "local n = redis.call('INCRBY', KEYS[1], ARGV[1])\n"
    "if ARGV[2] == 'fail' then return redis.error_reply('OOM no room') end\n"
    "return {n, tonumber(ARGV[1])}\n";

static struct redis server;

static int setup(void **state)
{
    ag_log_set_level(AG_LOG_OFF);
    server = (struct redis){0};
    redis_start(&server);
    return 0;
}

static int teardown(void **state)
{
    redis_stop(&server);
    return 0;
}

/* Runs `fn(arg)` on a fiber of a loop. */
static void on_loop(void (*fn)(void *arg), void *arg)
{
    struct ag_loop *loop;
    assert_ok(ag_loop_new(0, &loop));
    assert_ok(ag_fiber_spawn("test", fn, arg));
    ag_loop_stop(loop);
    ag_loop_run(loop);
    ag_loop_free(loop);
    ag_offload_done();
    ag_arena_pool_done();
}

/* ---- the address ---- */

static void addresses(void **state)
{
    static const struct {
        const char *url, *host, *user, *password;
        int port, db;
    } good[] = {
        {"redis://localhost", "localhost", "", "", 6379, 0},
        {"redis://10.0.0.1:7000", "10.0.0.1", "", "", 7000, 0},
        {"redis://h/", "h", "", "", 6379, 0},
        {"redis://h:1/15", "h", "", "", 1, 15},
        {"redis://[::1]:6380/2", "::1", "", "", 6380, 2},
        {"redis://[::1]", "::1", "", "", 6379, 0},
        {"redis://:secret@h", "h", "", "secret", 6379, 0},
        {"redis://ada:p%40ss%3a%2F@h/1", "h", "ada", "p@ss:/", 6379, 1},
        {"redis://secret@h", "h", "", "secret", 6379, 0},
    };
    static const char *const bad[] = {
        "",
        "redis:",
        "redis://",
        "http://h",
        "rediss://h",
        "redis://h:0",
        "redis://h:65536",
        "redis://h:x",
        "redis://h:",
        "redis://[::1",
        "redis://[::1]x",
        "redis://::1",
        "redis://h/x",
        "redis://h/-1",
        "redis://h/1/2",
        "redis://h?db=1",
        "redis://h#x",
        "redis://a:@h",
        "redis://@h",
        "redis://a:%4@h",
        "redis://a:%00@h",
        "redis://a:b@",
        "redis://h h",
    };
    struct ag_redis_address address;
    for (size_t i = 0; i < AG_COUNT(good); i++) {
        if (ag_redis_address_parse(ag_str(good[i].url), &address) != AG_OK)
            fail_msg("%s: %s", good[i].url, ag_diag_text(AG_OK));
        assert_string_equal(address.host, good[i].host);
        assert_string_equal(address.user, good[i].user);
        assert_string_equal(address.password, good[i].password);
        assert_int_equal(address.port, good[i].port);
        assert_int_equal(address.db, good[i].db);
    }
    for (size_t i = 0; i < AG_COUNT(bad); i++)
        if (ag_redis_address_parse(ag_str(bad[i]), &address) != AG_E_CONFIG) fail_msg("%s", bad[i]);
    char url[700] = "redis://:";
    memset(url + 9, 'x', 600);
    memcpy(url + 609, "@h", 3);
    assert_int_equal(ag_redis_address_parse(ag_str(url), &address), AG_E_CONFIG);
    assert_null(strstr(ag_diag_text(AG_OK), "xxx"));
}

/* ---- the client ---- */

static enum ag_err add(struct ag_redis *redis, const char *key, const char *how, int64_t *ret_sum)
{
    const struct ag_str args[] = {ag_str(key), AG_STR("3"), ag_str(how)};
    int64_t values[2];
    enum ag_err err = ag_redis_run(redis, args, AG_COUNT(args), 500, values, AG_COUNT(values));
    if (err != AG_OK) return err;
    assert_int_equal(values[1], 3);
    *ret_sum = values[0];
    return AG_OK;
}

static void wait_until_ready(struct ag_redis *redis)
{
    ag_deadline_ms until = ag_deadline_in(10 * 1000);
    while (!ag_redis_ready(redis) && ag_mono_ms() < until)
        assert_ok(ag_fiber_sleep(5));
    assert_true(ag_redis_ready(redis));
}

static struct ag_redis *attached(const char *url)
{
    struct ag_redis *redis;
    assert_ok(ag_redis_new(ag_str(url), add_script, &redis));
    assert_ok(ag_redis_attach(redis));
    return redis;
}

static void detached(struct ag_redis *redis)
{
    ag_redis_detach(redis);
    ag_redis_free(redis);
}

static void flush_scripts(void)
{
    char command[160];
    snprintf(command, sizeof(command), "redis-cli -p %d script flush >/dev/null", server.port);
    assert_int_equal(system(command), 0);
}

static void run_scripts(void *arg)
{
    struct ag_redis *redis = attached(server.url);
    int64_t sum = 0;
    assert_true(ag_redis_ready(redis));
    for (int i = 1; i <= 100; i++) {
        assert_ok(add(redis, "sum", "", &sum));
        assert_int_equal(sum, 3 * i);
    }
    /* What nobody waits for is done in its turn, also when the script must be sent again. */
    const struct ag_str args[] = {AG_STR("sum"), AG_STR("7"), AG_STR("")};
    flush_scripts();
    ag_redis_tell(redis, args, AG_COUNT(args));
    ag_redis_tell(redis, args, AG_COUNT(args));
    assert_ok(add(redis, "sum", "", &sum));
    assert_ok(add(redis, "sum", "", &sum));
    assert_int_equal(sum, 300 + 2 * 7 + 2 * 3);
    detached(redis);
}

static void scripts_run(void **state)
{
    on_loop(run_scripts, NULL);
}

static void forgotten_script(void *arg)
{
    struct ag_redis *redis = attached(server.url);
    struct ag_redis_stats stats;
    int64_t sum;
    flush_scripts();
    assert_ok(add(redis, "forgotten", "", &sum));
    assert_ok(add(redis, "forgotten", "", &sum));
    assert_int_equal(sum, 6);
    ag_redis_stats(redis, &stats);
    assert_int_equal(stats.lost, 0);
    detached(redis);
}

static void a_forgotten_script_is_sent_again(void **state)
{
    on_loop(forgotten_script, NULL);
}

/* What makes the answers no use ends the connection, and a new one is made. */
static void failing_script(void *arg)
{
    struct ag_redis *redis = attached(server.url);
    struct ag_redis_stats stats;
    int64_t sum;
    assert_int_equal(add(redis, "x", "fail", &sum), AG_E_CLOSED);
    assert_false(ag_redis_ready(redis));
    assert_int_equal(add(redis, "x", "", &sum), AG_E_CLOSED);
    wait_until_ready(redis);
    assert_ok(add(redis, "x", "", &sum));
    ag_redis_stats(redis, &stats);
    assert_int_equal(stats.lost, 1);
    assert_int_equal(stats.connected, 1);
    detached(redis);
}

static void errors_end_the_connection(void **state)
{
    on_loop(failing_script, NULL);
}

static void silence(void *arg)
{
    struct ag_redis *redis = attached(server.url);
    int64_t sum, before = ag_mono_ms();
    redis_signal(&server, SIGSTOP);
    assert_int_equal(add(redis, "y", "", &sum), AG_E_CLOSED);
    assert_in_range(ag_mono_ms() - before, 490, 2000);
    /* The wait was lost once; nobody waits again. */
    before = ag_mono_ms();
    for (int i = 0; i < 1000; i++)
        assert_int_equal(add(redis, "y", "", &sum), AG_E_CLOSED);
    assert_true(ag_mono_ms() - before < 200);
    redis_signal(&server, SIGCONT);
    wait_until_ready(redis);
    assert_ok(add(redis, "z", "", &sum));
    detached(redis);
}

static void silence_costs_one_wait(void **state)
{
    on_loop(silence, NULL);
}

static void restart(void *arg)
{
    struct ag_redis *redis = attached(server.url);
    int64_t sum;
    for (int i = 0; i < 3; i++) {
        assert_ok(add(redis, "kept", "", &sum));
        assert_int_equal(sum, 3); /* it keeps nothing */
        redis_stop(&server);
        while (ag_redis_ready(redis))
            assert_ok(ag_fiber_sleep(1));
        redis_start(&server);
        wait_until_ready(redis);
    }
    detached(redis);
}

static void a_restart_is_got_over(void **state)
{
    on_loop(restart, NULL);
}

static void nobody_there(void *arg)
{
    int64_t sum, before = ag_mono_ms();
    char url[64];
    snprintf(url, sizeof(url), "redis://127.0.0.1:%d", free_port());
    struct ag_redis *redis = attached(url);
    assert_false(ag_redis_ready(redis));
    assert_int_equal(add(redis, "x", "", &sum), AG_E_CLOSED);
    ag_redis_tell(redis, (struct ag_str[]){AG_STR("x")}, 1);
    assert_true(ag_mono_ms() - before < 1000);
    detached(redis);
    redis = attached("redis://nowhere.invalid");
    assert_false(ag_redis_ready(redis));
    detached(redis);
}

static void a_start_without_redis_goes_on(void **state)
{
    on_loop(nobody_there, NULL);
}

static void passwords(void *arg)
{
    char url[128];
    int64_t sum;
    struct redis locked = {.password = "open-sesame"};
    redis_start(&locked);
    static const struct {
        const char *credentials;
        bool right;
    } cases[] = {{"", false},
                 {":wrong@", false},
                 {":open-sesame@", true},
                 {"default:open%2dsesame@", true},
                 {"ada:open-sesame@", false}};
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        snprintf(url, sizeof(url), "redis://%s127.0.0.1:%d/3", cases[i].credentials, locked.port);
        struct ag_redis *redis = attached(url);
        if (ag_redis_ready(redis) != cases[i].right) fail_msg("%s", url);
        if (cases[i].right) assert_ok(add(redis, "x", "", &sum));
        detached(redis);
    }
    redis_stop(&locked);
}

static void passwords_and_databases_are_chosen(void **state)
{
    on_loop(passwords, NULL);
}

/* Waiting fibers that are cancelled leave their answer to nobody. */
struct canceled {
    struct ag_redis *redis;
    enum ag_err err;
};

static void waits_for_answer(void *arg)
{
    struct canceled *c = arg;
    int64_t sum;
    c->err = add(c->redis, "c", "", &sum);
}

static void cancel(void *arg)
{
    struct canceled all[8];
    struct ag_fiber *fibers[AG_COUNT(all)];
    struct ag_redis *redis = attached(server.url);
    int64_t sum;
    for (size_t i = 0; i < AG_COUNT(all); i++) {
        all[i] = (struct canceled){.redis = redis};
        assert_ok(ag_fiber_spawn_joinable("asks", waits_for_answer, &all[i], &fibers[i]));
    }
    ag_fiber_yield();
    for (size_t i = 0; i < AG_COUNT(all); i += 2)
        ag_fiber_cancel(fibers[i]);
    for (size_t i = 0; i < AG_COUNT(all); i++) {
        ag_fiber_join(fibers[i]);
        if (i % 2 == 1) assert_ok(all[i].err);
    }
    assert_ok(add(redis, "c", "", &sum));
    assert_int_equal(sum, 3 * 9);
    detached(redis);
}

static void the_canceled_leave_no_trace(void **state)
{
    on_loop(cancel, NULL);
}

/* ---- shared limits ---- */

enum { MINUTE_MS = 60 * 1000 };

/* As many processes as share a limit; here they are limiters beside one another. */
enum { SHARERS = 2 };
struct sharers {
    struct ag_limiter *limiters[SHARERS];
};

/* Each loop has one connection of a limiter, so each of them is one's own. */
static struct sharers sharing(void)
{
    struct sharers s;
    for (int i = 0; i < SHARERS; i++) {
        assert_ok(ag_limiter_new(1000, &s.limiters[i]));
        assert_ok(ag_limiter_share(s.limiters[i], ag_str(server.url)));
        assert_ok(ag_limiter_attach(s.limiters[i]));
    }
    return s;
}

static void shared_no_more(struct sharers *s)
{
    for (int i = 0; i < SHARERS; i++) {
        ag_limiter_detach(s->limiters[i]);
        ag_limiter_free(s->limiters[i]);
    }
}

static struct ag_str fresh_key(void)
{
    static char key[32];
    static int number;
    snprintf(key, sizeof(key), "key %d", number++);
    return ag_str(key);
}

static struct ag_limit_verdict take(struct ag_limiter *limiter, struct ag_str key, int64_t count,
                                    int64_t per_ms)
{
    const struct ag_rate rate = {.count = count, .per_ms = per_ms};
    return ag_limiter_take(limiter, key, &rate, ag_mono_us());
}

static bool is_connected(struct ag_limiter *limiter)
{
    struct ag_limiter_stats stats;
    ag_limiter_stats(limiter, &stats);
    return stats.redis_connected == 1;
}

static void wait_for(struct sharers *s, bool connected)
{
    ag_deadline_ms until = ag_deadline_in(10 * 1000);
    for (int i = 0; i < SHARERS; i++) {
        while (is_connected(s->limiters[i]) != connected && ag_mono_ms() < until)
            assert_ok(ag_fiber_sleep(2));
        assert_int_equal(is_connected(s->limiters[i]), connected);
    }
}

/* Of every size: all of it, no more, by turns or by one after the other. */
static void counts(void *arg)
{
    struct sharers s = sharing();
    for (int64_t count = 1; count <= 1000; count = count * 3 / 2 + 1) {
        struct ag_str key = fresh_key();
        int64_t allowed = 0, begun_us = ag_mono_us();
        for (int64_t i = 0; i < 2 * count + 4; i++)
            allowed += take(s.limiters[i % SHARERS], key, count, MINUTE_MS).allowed;
        int64_t regained = (ag_mono_us() - begun_us) * count / (MINUTE_MS * 1000) + 1;
        assert_in_range(allowed, count - count / 20 - 1, count + regained);
    }
    shared_no_more(&s);
}

static void a_limit_is_one_for_all(void **state)
{
    on_loop(counts, NULL);
}

static void one_by_one(void *arg)
{
    struct sharers s = sharing();
    struct ag_str key = fresh_key();
    for (int64_t i = 1; i <= 5; i++) {
        struct ag_limit_verdict verdict = take(s.limiters[i % SHARERS], key, 5, MINUTE_MS);
        assert_true(verdict.allowed);
        assert_int_equal(verdict.limit, 5);
        assert_int_equal(verdict.remaining, 5 - i);
        assert_in_range(verdict.reset_ms, i * 12000 - 500, i * 12000);
    }
    for (int i = 0; i < 100; i++) {
        struct ag_limit_verdict verdict = take(s.limiters[i % SHARERS], key, 5, MINUTE_MS);
        assert_false(verdict.allowed);
        assert_int_equal(verdict.remaining, 0);
        assert_in_range(verdict.retry_after_ms, 11000, 12000);
    }
    /* One that refuses knows until when, and does not ask again. */
    struct ag_limiter_stats stats;
    ag_limiter_stats(s.limiters[0], &stats);
    assert_true(stats.leases <= 5);
    assert_int_equal(stats.decided_alone, 0);
    shared_no_more(&s);
}

static void small_limits_are_exact(void **state)
{
    on_loop(one_by_one, NULL);
}

/* Over time: in no stretch more than the burst, what is regained in it, and a tenth. */
static void over_time(void *arg)
{
    enum { COUNT = 100, PER_MS = 1000, RUN_MS = 3000, MAX = 4000 };
    static int64_t at_us[MAX];
    struct sharers s = sharing();
    struct ag_str key = fresh_key();
    size_t n = 0;
    int64_t begun = ag_mono_ms();
    while (ag_mono_ms() - begun < RUN_MS) {
        int which = (int)ag_random_below(SHARERS);
        for (uint32_t burst = ag_random_below(40); burst > 0; burst--)
            if (take(s.limiters[which], key, COUNT, PER_MS).allowed && n < MAX)
                at_us[n++] = ag_mono_us();
        assert_ok(ag_fiber_sleep(ag_random_below(30)));
    }
    assert_true(n >= (size_t)(COUNT + RUN_MS / 1000 * COUNT) * 8 / 10);
    for (size_t i = 0; i < n; i++)
        for (size_t k = i; k < n; k++) {
            double bound = COUNT + (double)(at_us[k] - at_us[i]) * COUNT / (PER_MS * 1000.0) + 1;
            if ((double)(k - i + 1) > 1.1 * bound)
                fail_msg("%zu in %.3f s", k - i + 1, (double)(at_us[k] - at_us[i]) / 1e6);
        }
    shared_no_more(&s);
}

static void over_time_they_stay_within_a_tenth(void **state)
{
    on_loop(over_time, NULL);
}

/* Who asks now and then, at one and the other, gets all of it: nothing is left in leases. */
static void sparse(void *arg)
{
    struct sharers s = sharing();
    struct ag_str key = fresh_key();
    int allowed = 0;
    for (int i = 0; i < 100; i++) {
        allowed += take(s.limiters[i % SHARERS], key, 60, 1000).allowed;
        assert_ok(ag_fiber_sleep(20)); /* 50 a second of 60 */
    }
    assert_int_equal(allowed, 100);
    shared_no_more(&s);
}

static void nothing_is_left_in_leases(void **state)
{
    on_loop(sparse, NULL);
}

/* Redis goes: each goes on from what it has given out, and nobody waits. */
static void away(void *arg)
{
    struct sharers s = sharing();
    struct ag_str key = fresh_key();
    for (int i = 0; i < 6; i++)
        assert_true(take(s.limiters[0], key, 10, MINUTE_MS).allowed);
    redis_stop(&server);
    wait_for(&s, false);
    int64_t before = ag_mono_ms();
    int allowed[SHARERS] = {0};
    for (int i = 0; i < 1000; i++)
        for (int k = 0; k < SHARERS; k++)
            allowed[k] += take(s.limiters[k], key, 10, MINUTE_MS).allowed;
    assert_true(ag_mono_ms() - before < 100);
    assert_int_equal(allowed[0], 4);
    assert_int_equal(allowed[1], 10);
    /* It comes back, and knows nothing: what each has given out it is told. */
    redis_start(&server);
    wait_for(&s, true);
    for (int i = 0; i < 100; i++)
        assert_false(take(s.limiters[i % SHARERS], key, 10, MINUTE_MS).allowed);
    assert_true(take(s.limiters[0], fresh_key(), 10, MINUTE_MS).allowed);
    shared_no_more(&s);
}

static void without_redis_limits_are_local(void **state)
{
    on_loop(away, NULL);
}

/* The one that waits when Redis falls silent decides by itself after a moment. */
static void silent(void *arg)
{
    struct sharers s = sharing();
    struct ag_str key = fresh_key();
    assert_true(take(s.limiters[0], key, 3, MINUTE_MS).allowed);
    redis_signal(&server, SIGSTOP);
    int64_t before = ag_mono_ms();
    assert_true(take(s.limiters[0], key, 3, MINUTE_MS).allowed);
    assert_true(ag_mono_ms() - before < 400);
    before = ag_mono_ms();
    assert_true(take(s.limiters[0], key, 3, MINUTE_MS).allowed);
    assert_false(take(s.limiters[0], key, 3, MINUTE_MS).allowed);
    assert_true(ag_mono_ms() - before < 40);
    redis_signal(&server, SIGCONT);
    wait_for(&s, true);
    assert_false(take(s.limiters[1], key, 1, MINUTE_MS).allowed);
    shared_no_more(&s);
}

static void a_silent_redis_costs_a_moment(void **state)
{
    on_loop(silent, NULL);
}

static void giving_back(void *arg)
{
    struct sharers s = sharing();
    struct ag_str key = fresh_key();
    const struct ag_rate rate = {.count = 3, .per_ms = MINUTE_MS};
    for (int i = 0; i < 3; i++)
        assert_true(take(s.limiters[0], key, 3, MINUTE_MS).allowed);
    assert_false(take(s.limiters[0], key, 3, MINUTE_MS).allowed);
    assert_false(ag_limiter_peek(s.limiters[0], key, &rate, ag_mono_us()).allowed);
    ag_limiter_refund(s.limiters[0], key, &rate, ag_mono_us());
    assert_true(ag_limiter_peek(s.limiters[0], key, &rate, ag_mono_us()).allowed);
    assert_true(take(s.limiters[0], key, 3, MINUTE_MS).allowed);
    assert_false(take(s.limiters[0], key, 3, MINUTE_MS).allowed);
    /* Forgotten here is forgotten there. */
    ag_limiter_forget(s.limiters[0], key, &rate);
    assert_true(take(s.limiters[0], key, 3, MINUTE_MS).allowed);
    assert_true(take(s.limiters[1], key, 3, MINUTE_MS).allowed);
    assert_true(take(s.limiters[1], key, 3, MINUTE_MS).allowed);
    assert_false(take(s.limiters[1], key, 3, MINUTE_MS).allowed);
    shared_no_more(&s);
}

static void what_is_given_back_is_there(void **state)
{
    on_loop(giving_back, NULL);
}

/* Redis has done what was told before. */
static void wait_for_what_was_told(struct ag_limiter *limiter)
{
    assert_true(take(limiter, fresh_key(), 3, MINUTE_MS).allowed);
}

static void giving_back_elsewhere(void *arg)
{
    struct sharers s = sharing();
    char name[] = "given back";
    struct ag_str key = ag_str(name);
    const struct ag_rate rate = {.count = 1, .per_ms = MINUTE_MS};
    for (int i = 0; i < 10; i++) {
        struct ag_limiter *limiter = s.limiters[i % SHARERS];
        assert_true(take(limiter, key, 1, MINUTE_MS).allowed);
        ag_limiter_refund(limiter, key, &rate, ag_mono_us());
        wait_for_what_was_told(limiter);
    }
    /* And no more than was taken. */
    ag_limiter_refund(s.limiters[0], key, &rate, ag_mono_us());
    wait_for_what_was_told(s.limiters[0]);
    assert_true(take(s.limiters[0], key, 1, MINUTE_MS).allowed);
    assert_false(take(s.limiters[1], key, 1, MINUTE_MS).allowed);
    shared_no_more(&s);
}

static void what_is_given_back_is_everybodys(void **state)
{
    on_loop(giving_back_elsewhere, NULL);
}

/* What others know of a debt that was forgotten does not bring it back. */
static void forgetting(void *arg)
{
    struct sharers s = sharing();
    char name[] = "forgotten";
    struct ag_str key = ag_str(name);
    const struct ag_rate rate = {.count = 3, .per_ms = MINUTE_MS};
    for (int round = 0; round < 3; round++) {
        assert_true(take(s.limiters[1], key, 3, MINUTE_MS).allowed);
        assert_true(take(s.limiters[1], key, 3, MINUTE_MS).allowed);
        ag_limiter_forget(s.limiters[0], key, &rate);
        wait_for_what_was_told(s.limiters[0]);
    }
    assert_true(take(s.limiters[0], key, 3, MINUTE_MS).allowed);
    assert_true(take(s.limiters[1], key, 3, MINUTE_MS).allowed);
    assert_true(take(s.limiters[0], key, 3, MINUTE_MS).allowed);
    assert_false(take(s.limiters[0], key, 3, MINUTE_MS).allowed);
    shared_no_more(&s);
}

static void what_was_forgotten_stays_so(void **state)
{
    on_loop(forgetting, NULL);
}

/* Many at once, as requests are: no more than the limit is let through. */
struct crowd {
    struct sharers *s;
    struct ag_str key;
    int turn, allowed;
};

static void one_of_many(void *arg)
{
    struct crowd *crowd = arg;
    int turn = crowd->turn++;
    crowd->allowed += take(crowd->s->limiters[turn % SHARERS], crowd->key, 40, MINUTE_MS).allowed;
}

/* How many were decided here because Redis did not answer in time. */
static uint64_t decided_alone(struct sharers *s)
{
    uint64_t sum = 0;
    for (int i = 0; i < SHARERS; i++) {
        struct ag_limiter_stats stats;
        ag_limiter_stats(s->limiters[i], &stats);
        sum += stats.decided_alone + stats.redis_lost;
    }
    return sum;
}

static int crowd_of(struct sharers *s)
{
    enum { MANY = 400 };
    static struct ag_fiber *fibers[MANY];
    struct crowd crowd = {.s = s, .key = fresh_key()};
    for (int i = 0; i < MANY; i++)
        assert_ok(ag_fiber_spawn_joinable("one", one_of_many, &crowd, &fibers[i]));
    for (int i = 0; i < MANY; i++)
        ag_fiber_join(fibers[i]);
    return crowd.allowed;
}

/* A crowd that a busy machine keeps waiting is counted by each server for itself, as it should. */
static void crowds(void *arg)
{
    enum { TRIES = 20 };
    struct sharers s = sharing();
    int allowed = 0, tries = 0;
    uint64_t before;
    do {
        wait_for(&s, true);
        before = decided_alone(&s);
        allowed = crowd_of(&s);
    } while (decided_alone(&s) > before && ++tries < TRIES);
    assert_int_equal(allowed, 40);
    shared_no_more(&s);
}

static void a_crowd_gets_the_limit(void **state)
{
    on_loop(crowds, NULL);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(scripts_run),
        cmocka_unit_test(a_forgotten_script_is_sent_again),
        cmocka_unit_test(errors_end_the_connection),
        cmocka_unit_test(silence_costs_one_wait),
        cmocka_unit_test(a_restart_is_got_over),
        cmocka_unit_test(a_start_without_redis_goes_on),
        cmocka_unit_test(passwords_and_databases_are_chosen),
        cmocka_unit_test(the_canceled_leave_no_trace),
        cmocka_unit_test(a_limit_is_one_for_all),
        cmocka_unit_test(small_limits_are_exact),
        cmocka_unit_test(over_time_they_stay_within_a_tenth),
        cmocka_unit_test(nothing_is_left_in_leases),
        cmocka_unit_test(without_redis_limits_are_local),
        cmocka_unit_test(a_silent_redis_costs_a_moment),
        cmocka_unit_test(what_is_given_back_is_there),
        cmocka_unit_test(what_is_given_back_is_everybodys),
        cmocka_unit_test(what_was_forgotten_stays_so),
        cmocka_unit_test(a_crowd_gets_the_limit),
    };
    return cmocka_run_group_tests_name("redis", tests, setup, teardown);
}
