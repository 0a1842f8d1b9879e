/* A real HTTP server on a free loopback port in the test's own process, and a client that speaks
 * raw bytes from the test's thread. Include it after test_help.h. */
#pragma once

#include "base/clock.h"
#include "http/http.h"
#include "runtime/fiber.h"
#include "runtime/loop.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FIXTURE_LOOPS = 2, CLIENT_TIMEOUT_S = 15 };

struct fixture {
    struct ag_server_options options;
    unsigned loops;
    struct ag_server *server;
    struct fixture_loop {
        struct fixture *fixture;
        unsigned index;
        pthread_t thread;
        struct ag_loop *loop;
        struct ag_post post;
        void (*call)(struct fixture *fixture);
        sem_t ready, called;
    } loop[FIXTURE_LOOPS];
};

static void *fixture_thread(void *arg)
{
    struct fixture_loop *own = arg;
    assert_ok(ag_loop_new(own->index, &own->loop));
    assert_ok(ag_server_listen(own->fixture->server));
    sem_post(&own->ready);
    ag_loop_run(own->loop);
    ag_loop_free(own->loop);
    ag_arena_pool_done();
    return NULL;
}

/* Fill in what differs in `options` first. */
static inline AG_UNUSED void fixture_start(struct fixture *f,
                                           void (*handler)(struct ag_request *, void *))
{
    struct ag_server_options *o = &f->options;
    if (!o->host.data) o->host = AG_STR("127.0.0.1");
    if (!o->max_connections) o->max_connections = 1000;
    if (!o->header_timeout_ms) o->header_timeout_ms = 10000;
    if (!o->idle_timeout_ms) o->idle_timeout_ms = 10000;
    if (!o->write_timeout_ms) o->write_timeout_ms = 10000;
    if (!o->body_min_rate) o->body_min_rate = 500;
    if (!o->heartbeat_ms) o->heartbeat_ms = 10000;
    o->handler = handler;
    o->arg = f;
    if (f->loops == 0) f->loops = 1;
    assert_ok(ag_server_new(o, &f->server));
    for (unsigned i = 0; i < f->loops; i++) {
        struct fixture_loop *own = &f->loop[i];
        own->fixture = f;
        own->index = i;
        sem_init(&own->ready, 0, 0);
        sem_init(&own->called, 0, 0);
        pthread_create(&own->thread, NULL, fixture_thread, own);
        sem_wait(&own->ready);
    }
}

static inline void fixture_on_post(struct ag_post *post)
{
    struct fixture_loop *own = AG_CONTAINER_OF(post, struct fixture_loop, post);
    own->call(own->fixture);
    sem_post(&own->called);
}

/* Runs `call` on each loop's thread and waits for it. */
static inline AG_UNUSED void fixture_call(struct fixture *f, void (*call)(struct fixture *fixture))
{
    for (unsigned i = 0; i < f->loops; i++) {
        f->loop[i].call = call;
        f->loop[i].post.fn = fixture_on_post;
        ag_loop_post(f->loop[i].loop, &f->loop[i].post);
        sem_wait(&f->loop[i].called);
    }
}

static inline AG_UNUSED void call_drain(struct fixture *f)
{
    ag_server_drain(f->server);
}

static inline AG_UNUSED void call_cancel(struct fixture *f)
{
    ag_server_cancel(f->server);
}

/* Ends the loops once their connections have ended. */
static inline AG_UNUSED void fixture_join(struct fixture *f)
{
    for (unsigned i = 0; i < f->loops; i++) {
        ag_loop_stop(f->loop[i].loop);
        pthread_join(f->loop[i].thread, NULL);
        sem_destroy(&f->loop[i].ready);
        sem_destroy(&f->loop[i].called);
    }
    struct ag_server_stats stats;
    ag_server_stats(f->server, &stats);
    assert_int_equal(stats.open, 0);
    ag_server_free(f->server);
}

static inline AG_UNUSED void fixture_stop(struct fixture *f)
{
    fixture_call(f, call_cancel);
    fixture_join(f);
}

static inline AG_UNUSED struct ag_server_stats stats_of(const struct fixture *f)
{
    struct ag_server_stats stats;
    ag_server_stats(f->server, &stats);
    return stats;
}

static inline AG_UNUSED void sleep_ms(int ms)
{
    struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

/* Waits up to a few seconds for `cond`. */
#define wait_until(cond)                                                                           \
    do {                                                                                           \
        for (int _turn = 0; !(cond) && _turn < 5000; _turn++)                                      \
            sleep_ms(1);                                                                           \
        assert_true(cond);                                                                         \
    } while (0)

/* ---- client ---- */

static inline AG_UNUSED int dial(const struct fixture *f)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval timeout = {CLIENT_TIMEOUT_S, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)ag_server_port(f->server)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(connect(fd, (struct sockaddr *)(void *)&to, sizeof(to)), 0);
    return fd;
}

static inline AG_UNUSED void say_n(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0) return; /* the server may close early: what it answered tells */
        data += n;
        len -= (size_t)n;
    }
}

static inline AG_UNUSED void say(int fd, const char *text)
{
    say_n(fd, text, strlen(text));
}

struct heard {
    char text[64 * 1024];
    size_t len;
    bool closed; /* in order, not by a reset */
};

/* Everything until the server closes. */
static inline AG_UNUSED void hear_all(int fd, struct heard *h)
{
    h->len = 0;
    h->closed = false;
    while (h->len < sizeof(h->text) - 1) {
        ssize_t n = recv(fd, h->text + h->len, sizeof(h->text) - 1 - h->len, 0);
        if (n == 0) h->closed = true;
        if (n <= 0) break;
        h->len += (size_t)n;
    }
    h->text[h->len] = '\0';
}

/* Until `text` was heard, `count` times; not a byte more. */
static inline AG_UNUSED void hear_text(int fd, struct heard *h, const char *text, int count)
{
    h->len = 0;
    h->closed = false;
    h->text[0] = '\0';
    size_t want = strlen(text);
    while (count > 0 && h->len < sizeof(h->text) - 1) {
        ssize_t n = recv(fd, h->text + h->len, 1, 0);
        if (n == 0) h->closed = true;
        if (n <= 0) break;
        h->text[++h->len] = '\0';
        if (h->len >= want && strcmp(h->text + h->len - want, text) == 0) count--;
    }
    if (count > 0) fail_msg("not heard: %s\nbut: %s", text, h->text);
}

/* One reply with Content-Length or without a body. */
static inline AG_UNUSED void hear_reply(int fd, struct heard *h, bool body_follows)
{
    hear_text(fd, h, "\r\n\r\n", 1);
    const char *field = strstr(h->text, "Content-Length: ");
    if (!field || !body_follows) return;
    size_t left = strtoul(field + 16, NULL, 10);
    assert_true(h->len + left < sizeof(h->text));
    while (left > 0) {
        ssize_t n = recv(fd, h->text + h->len, left, 0);
        assert_true(n > 0);
        h->len += (size_t)n;
        left -= (size_t)n;
    }
    h->text[h->len] = '\0';
}

static inline AG_UNUSED void ask(int fd, const char *request, struct heard *h)
{
    say(fd, request);
    hear_reply(fd, h, strncmp(request, "HEAD", 4) != 0);
}

static inline int status_of(const struct heard *h)
{
    return strncmp(h->text, "HTTP/1.1 ", 9) == 0 ? (int)strtol(h->text + 9, NULL, 10) : 0;
}

static inline AG_UNUSED const char *body_of(const struct heard *h)
{
    const char *end = strstr(h->text, "\r\n\r\n");
    return end ? end + 4 : "";
}

#define assert_has(h, part)                                                                        \
    do {                                                                                           \
        if (!strstr((h)->text, part)) {                                                            \
            print_error("no %s in:\n%s\n", part, (h)->text);                                       \
            _fail(__FILE__, __LINE__);                                                             \
        }                                                                                          \
    } while (0)
#define assert_has_not(h, part) assert_null(strstr((h)->text, part))
#define assert_status(h, status)                                                                   \
    do {                                                                                           \
        if (status_of(h) != (status)) {                                                            \
            print_error("not %d:\n%s\n", status, (h)->text);                                       \
            _fail(__FILE__, __LINE__);                                                             \
        }                                                                                          \
    } while (0)
