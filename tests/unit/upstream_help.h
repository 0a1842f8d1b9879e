/*
 * An HTTP server inside the test process: real sockets on 127.0.0.1, a thread per connection, and a
 * function of the test that says what becomes of each request.
 */
#pragma once

#include "test_help.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

enum { UPSTREAM_CONNECTIONS = 256, UPSTREAM_REQUEST_BYTES = 1024 * 1024 };

struct upstream;

/* One request as it arrived. */
struct upstream_call {
    struct upstream *up;
    int fd;
    int number;        /* 1 for the first request of the server's life */
    int on_connection; /* 1 for the first of its connection */
    struct ag_str head, body;
};

struct upstream {
    int listener, port;
    char url[64]; /* http://127.0.0.1:PORT */
    /* Answers; false ends the connection in good order. */
    bool (*serve)(struct upstream_call *call);
    void *arg;
    pthread_t thread;
    atomic_int requests, connections, closed_by_client;
    atomic_bool stopping;
    pthread_mutex_t lock;
    int count;
    struct upstream_connection {
        struct upstream *up;
        pthread_t thread;
        int fd; /* -1 once closed */
    } all[UPSTREAM_CONNECTIONS];
};

static inline AG_UNUSED bool up_send(struct upstream_call *call, const void *data, size_t len)
{
    for (size_t sent = 0; sent < len;) {
        ssize_t n = send(call->fd, (const char *)data + sent, len - sent, MSG_NOSIGNAL);
        if (n <= 0) return false;
        sent += (size_t)n;
    }
    return true;
}

static inline AG_UNUSED bool up_text(struct upstream_call *call, const char *text)
{
    return up_send(call, text, strlen(text));
}

/* A reply with a length. `headers` ends every line with CRLF. */
static inline AG_UNUSED bool up_reply(struct upstream_call *call, int status, const char *headers,
                                      const char *body)
{
    char head[1024];
    snprintf(head, sizeof(head), "HTTP/1.1 %d Because\r\nContent-Length: %zu\r\n%s\r\n", status,
             strlen(body), headers);
    return up_text(call, head) && up_text(call, body);
}

/* Begins a chunked event stream; a chunk; its end. */
static inline AG_UNUSED bool up_stream(struct upstream_call *call)
{
    return up_text(call, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n");
}
static inline AG_UNUSED bool up_chunk_n(struct upstream_call *call, const char *data, size_t len)
{
    char size[24];
    snprintf(size, sizeof(size), "%zx\r\n", len);
    return up_text(call, size) && up_send(call, data, len) && up_text(call, "\r\n");
}
static inline AG_UNUSED bool up_chunk(struct upstream_call *call, const char *text)
{
    return up_chunk_n(call, text, strlen(text));
}
static inline AG_UNUSED bool up_stream_end(struct upstream_call *call)
{
    return up_text(call, "0\r\n\r\n");
}

/* Makes the coming close a reset. */
static inline AG_UNUSED bool up_reset(struct upstream_call *call)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(call->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    return false;
}

/* Waits until the client has closed, at most `ms`; false when it has not. */
static inline AG_UNUSED bool up_wait_closed(struct upstream_call *call, int ms)
{
    struct pollfd p = {.fd = call->fd, .events = POLLRDHUP};
    bool closed = poll(&p, 1, ms) == 1;
    if (closed) atomic_fetch_add(&call->up->closed_by_client, 1);
    return closed;
}

static inline AG_UNUSED void up_sleep(int ms)
{
    poll(NULL, 0, ms);
}

/* Reads one request into `buf`; false at the end of the connection. */
static inline AG_UNUSED bool up_read(int fd, char *buf, size_t *len, struct upstream_call *call)
{
    for (;;) {
        struct ag_str have = {buf, *len};
        ptrdiff_t end = ag_str_find(have, AG_STR("\r\n\r\n"));
        if (end >= 0) {
            struct ag_str head = ag_str_sub(have, 0, (size_t)end + 2);
            ptrdiff_t at = ag_str_find(head, AG_STR("\r\nContent-Length: "));
            size_t size = at < 0 ? 0 : strtoul(head.data + at + 18, NULL, 10);
            if (have.len >= (size_t)end + 4 + size) {
                call->head = head;
                call->body = ag_str_sub(have, (size_t)end + 4, size);
                return true;
            }
        }
        ssize_t n = recv(fd, buf + *len, UPSTREAM_REQUEST_BYTES - *len, 0);
        if (n <= 0) return false;
        *len += (size_t)n;
    }
}

static inline AG_UNUSED void *up_connection(void *arg)
{
    struct upstream_connection *self = arg;
    struct upstream *up = self->up;
    char *buf = malloc(UPSTREAM_REQUEST_BYTES);
    size_t len = 0;
    struct upstream_call call = {.up = up, .fd = self->fd};
    while (buf && up_read(self->fd, buf, &len, &call)) {
        call.number = atomic_fetch_add(&up->requests, 1) + 1;
        call.on_connection++;
        if (!up->serve(&call)) break;
        size_t used = (size_t)(call.body.data + call.body.len - buf);
        memmove(buf, buf + used, len - used);
        len -= used;
    }
    free(buf);
    pthread_mutex_lock(&up->lock);
    close(self->fd);
    self->fd = -1;
    pthread_mutex_unlock(&up->lock);
    return NULL;
}

static inline AG_UNUSED void *up_accept(void *arg)
{
    struct upstream *up = arg;
    for (;;) {
        int fd = accept(up->listener, NULL, NULL);
        if (fd < 0 && errno == EMFILE) { /* a test has taken the process's descriptors away */
            up_sleep(1);
            continue;
        }
        if (fd < 0) return NULL;
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        pthread_mutex_lock(&up->lock);
        if (up->stopping || up->count == UPSTREAM_CONNECTIONS) {
            pthread_mutex_unlock(&up->lock);
            close(fd);
            continue;
        }
        struct upstream_connection *c = &up->all[up->count++];
        *c = (struct upstream_connection){.up = up, .fd = fd};
        atomic_fetch_add(&up->connections, 1);
        if (pthread_create(&c->thread, NULL, up_connection, c) != 0) abort();
        pthread_mutex_unlock(&up->lock);
    }
}

static inline AG_UNUSED void up_start(struct upstream *up, bool (*serve)(struct upstream_call *))
{
    memset(up, 0, sizeof(*up));
    up->serve = serve;
    pthread_mutex_init(&up->lock, NULL);
    up->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    if (bind(up->listener, (struct sockaddr *)&addr, len) != 0 || listen(up->listener, 256) != 0 ||
        getsockname(up->listener, (struct sockaddr *)&addr, &len) != 0)
        abort();
    up->port = ntohs(addr.sin_port);
    snprintf(up->url, sizeof(up->url), "http://127.0.0.1:%d", up->port);
    if (pthread_create(&up->thread, NULL, up_accept, up) != 0) abort();
}

static inline AG_UNUSED void up_stop(struct upstream *up)
{
    pthread_mutex_lock(&up->lock);
    up->stopping = true;
    for (int i = 0; i < up->count; i++)
        if (up->all[i].fd >= 0) shutdown(up->all[i].fd, SHUT_RDWR);
    pthread_mutex_unlock(&up->lock);
    shutdown(up->listener, SHUT_RDWR);
    pthread_join(up->thread, NULL);
    for (int i = 0; i < up->count; i++)
        pthread_join(up->all[i].thread, NULL);
    close(up->listener);
    pthread_mutex_destroy(&up->lock);
}
