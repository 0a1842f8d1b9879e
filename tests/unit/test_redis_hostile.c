/* The Redis client beside a server that is none: what it says is believed as far as it can be, and
 * nothing of it ends the process. */
#include "redis_help.h"

#include "base/log.h"
#include "cache/limiter.h"
#include "cache/redis.h"
#include "runtime/fiber.h"
#include "runtime/offload.h"

#include <pthread.h>

#define ANSWER "*2\r\n:3\r\n:3\r\n"

/* Loads any script, and answers each use of it as it was told to. */
struct fake {
    const char *answer;
    const char *unasked; /* said a moment after that, or NULL */
    int64_t answer_ms;   /* what the answer takes */
    int listener, port;
    pthread_t thread;
    char url[64];
};

static void wait_ms(int64_t ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static void say(int fd, const char *text)
{
    ssize_t n = send(fd, text, strlen(text), MSG_NOSIGNAL);
    (void)n; /* a client that has left is met by the next recv() */
}

static void serve(const struct fake *fake, int fd)
{
    char text[8192];
    ssize_t n;
    while ((n = recv(fd, text, sizeof(text) - 1, 0)) > 0) {
        text[n] = '\0';
        if (strstr(text, "SCRIPT")) {
            say(fd, "$40\r\n0123456789012345678901234567890123456789\r\n");
            continue;
        }
        wait_ms(fake->answer_ms);
        say(fd, fake->answer);
        if (!fake->unasked) continue;
        wait_ms(30);
        say(fd, fake->unasked);
    }
    close(fd);
}

static void *fake_thread(void *arg)
{
    struct fake *fake = arg;
    int fd;
    while ((fd = accept(fake->listener, NULL, NULL)) >= 0)
        serve(fake, fd);
    return NULL;
}

static void fake_start(struct fake *fake)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    fake->port = free_port();
    address.sin_port = htons((uint16_t)fake->port);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    snprintf(fake->url, sizeof(fake->url), "redis://127.0.0.1:%d", fake->port);
    fake->listener = socket(AF_INET, SOCK_STREAM, 0);
    int yes = 1;
    setsockopt(fake->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    assert_int_equal(bind(fake->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fake->listener, 8), 0);
    assert_int_equal(pthread_create(&fake->thread, NULL, fake_thread, fake), 0);
}

/* The client has left. */
static void fake_stop(struct fake *fake)
{
    shutdown(fake->listener, SHUT_RDWR);
    pthread_join(fake->thread, NULL);
    close(fake->listener);
}

static void on_loop(void (*fn)(void *arg), struct fake *fake)
{
    struct ag_loop *loop;
    fake_start(fake);
    assert_ok(ag_loop_new(0, &loop));
    assert_ok(ag_fiber_spawn("test", fn, fake));
    ag_loop_stop(loop);
    ag_loop_run(loop);
    ag_loop_free(loop);
    ag_offload_done();
    ag_arena_pool_done();
    fake_stop(fake);
}

static enum ag_err ask(struct ag_redis *redis)
{
    const struct ag_str args[] = {AG_STR("key")};
    int64_t values[2];
    enum ag_err err = ag_redis_run(redis, args, AG_COUNT(args), 500, values, AG_COUNT(values));
    if (err == AG_OK) assert_int_equal(values[0], 3);
    return err;
}

static struct ag_redis *attached(const struct fake *fake)
{
    struct ag_redis *redis;
    assert_ok(ag_redis_new(ag_str(fake->url), "return {3, 3}", &redis));
    assert_ok(ag_redis_attach(redis));
    assert_true(ag_redis_ready(redis));
    return redis;
}

static void detached(struct ag_redis *redis)
{
    ag_redis_detach(redis);
    ag_redis_free(redis);
}

static void wait_until_lost(struct ag_redis *redis, uint64_t lost)
{
    struct ag_redis_stats stats = {.lost = 0};
    ag_deadline_ms until = ag_deadline_in(10 * 1000);
    while ((stats.lost < lost || !ag_redis_ready(redis)) && ag_mono_ms() < until) {
        assert_ok(ag_fiber_sleep(2));
        ag_redis_stats(redis, &stats);
    }
    assert_int_equal(stats.lost, lost);
    assert_true(ag_redis_ready(redis));
}

/* ---- what nobody asked for ---- */

static void loses_each(void *arg)
{
    struct ag_redis *redis = attached(arg);
    for (uint64_t lost = 1; lost <= 3; lost++) {
        assert_ok(ask(redis));
        wait_until_lost(redis, lost);
    }
    detached(redis);
}

static void words_in_the_silence_end_the_connection(void **state)
{
    static const char *const words[] = {":7\r\n", "+what\r\n", "-ERR who\r\n", "*1\r\n:", "\1\2"};
    for (size_t i = 0; i < AG_COUNT(words); i++)
        on_loop(loses_each, &(struct fake){.answer = ANSWER, .unasked = words[i]});
}

static void words_behind_an_answer_end_the_connection(void **state)
{
    static const char *const answers[] = {ANSWER ANSWER, ANSWER ":7\r\n", ANSWER "*"};
    for (size_t i = 0; i < AG_COUNT(answers); i++)
        on_loop(loses_each, &(struct fake){.answer = answers[i]});
}

/* ---- numbers that cannot be ---- */

static void decides_alone(void *arg)
{
    const struct fake *fake = arg;
    const struct ag_rate rate = {.count = 10, .per_ms = 60 * 1000};
    struct ag_limiter *limiter;
    struct ag_limiter_stats stats;
    assert_ok(ag_limiter_new(1000, &limiter));
    assert_ok(ag_limiter_share(limiter, ag_str(fake->url)));
    assert_ok(ag_limiter_attach(limiter));
    for (int64_t i = 1; i <= 12; i++) {
        struct ag_limit_verdict verdict = ag_limiter_take(limiter, AG_STR("k"), &rate,
                                                          ag_mono_us());
        assert_int_equal(verdict.allowed, i <= 10);
        assert_int_equal(verdict.remaining, AG_MAX(10 - i, 0));
    }
    ag_limiter_stats(limiter, &stats);
    assert_int_equal(stats.decided_alone, 12);
    assert_int_equal(stats.leases, 0);
    ag_limiter_detach(limiter);
    ag_limiter_free(limiter);
}

static void numbers_that_cannot_be_are_no_answer(void **state)
{
    static const char *const answers[] = {
        "*2\r\n:2\r\n:6000000\r\n",  "*2\r\n:1000000000000\r\n:0\r\n",
        "*2\r\n:-1\r\n:0\r\n",       "*2\r\n:1\r\n:-1\r\n",
        "*2\r\n:1\r\n:60000001\r\n", "*2\r\n:0\r\n:9223372036854775807\r\n",
    };
    for (size_t i = 0; i < AG_COUNT(answers); i++)
        on_loop(decides_alone, &(struct fake){.answer = answers[i]});
}

/* ---- a loop that stands still ---- */

struct asking {
    struct ag_redis *redis;
    enum ag_err err;
};

static void asks(void *arg)
{
    struct asking *asking = arg;
    asking->err = ask(asking->redis);
}

static enum ag_err a_moment(void *arg)
{
    (void)arg;
    wait_ms(30);
    return AG_OK;
}

static void stands_still(void *arg)
{
    struct asking all[4];
    struct ag_fiber *fibers[AG_COUNT(all)];
    struct ag_redis *redis = attached(arg);
    struct ag_redis_stats stats;
    for (size_t i = 0; i < AG_COUNT(all); i++) {
        all[i] = (struct asking){.redis = redis};
        assert_ok(ag_fiber_spawn_joinable("asks", asks, &all[i], &fibers[i]));
    }
    /* What they ask is on its way; then all of it is answered, and nobody looks. This fiber goes on
     * behind the loop's look at its sockets, so that timers are next. */
    assert_ok(ag_offload(a_moment, NULL));
    wait_ms(700);
    for (size_t i = 0; i < AG_COUNT(all); i++) {
        ag_fiber_join(fibers[i]);
        assert_ok(all[i].err);
    }
    ag_redis_stats(redis, &stats);
    assert_int_equal(stats.lost, 0);
    detached(redis);
}

static void answers_that_came_in_time_count(void **state)
{
    on_loop(stands_still, &(struct fake){.answer = ANSWER ANSWER ANSWER ANSWER, .answer_ms = 100});
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    ag_log_set_level(AG_LOG_OFF);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_in_the_silence_end_the_connection),
        cmocka_unit_test(words_behind_an_answer_end_the_connection),
        cmocka_unit_test(numbers_that_cannot_be_are_no_answer),
        cmocka_unit_test(answers_that_came_in_time_count),
    };
    return cmocka_run_group_tests_name("redis-hostile", tests, NULL, NULL);
}
