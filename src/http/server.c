#include "http/conn.h"

#include "base/fault.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <unistd.h>

enum { UNSENT_BYTES = 128 * 1024 };

/* ---- pools ---- */

char *ag_block_get(struct ag_home *home)
{
    char *block = home->blocks;
    if (!block) return AG_FAULT(alloc) ? NULL : malloc(AG_BLOCK_BYTES);
    memcpy(&home->blocks, block, sizeof(char *));
    home->block_count--;
    return block;
}

void ag_block_put(struct ag_home *home, char *block)
{
    if (home->block_count == AG_POOLED_BLOCKS) {
        free(block);
        return;
    }
    memcpy(block, &home->blocks, sizeof(char *));
    home->blocks = block;
    home->block_count++;
}

static struct ag_conn *conn_new(struct ag_home *home)
{
    struct ag_conn *conn = home->spare;
    if (conn) {
        home->spare = conn->next;
        home->spare_count--;
    } else {
        conn = AG_FAULT(alloc) ? NULL : malloc(sizeof(*conn));
        if (!conn) return NULL;
    }
    memset(conn, 0, sizeof(*conn));
    conn->home = home;
    conn->drained = true;
    ag_arena_init(&conn->arena);
    return conn;
}

static void conn_recycle(struct ag_conn *conn)
{
    struct ag_home *home = conn->home;
    if (home->spare_count == AG_POOLED_CONNS) {
        free(conn);
        return;
    }
    conn->next = home->spare;
    home->spare = conn;
    home->spare_count++;
}

struct ag_str ag_home_date(struct ag_home *home)
{
    int64_t now_ms = ag_wall_ms();
    if (now_ms / 1000 != home->date_s) {
        home->date_s = now_ms / 1000;
        ag_time_http(now_ms, home->date);
    }
    return (struct ag_str){home->date, 29};
}

/* ---- connections ---- */

static void conn_link(struct ag_conn *conn)
{
    struct ag_home *home = conn->home;
    conn->next = home->conns;
    if (conn->next) conn->next->prev = conn;
    home->conns = conn;
    home->conn_count++;
    home->refusals += conn->refusal;
    atomic_fetch_add_explicit(&home->counters.open, 1, memory_order_relaxed);
}

static void conn_unlink(struct ag_conn *conn)
{
    struct ag_home *home = conn->home;
    if (conn->prev)
        conn->prev->next = conn->next;
    else
        home->conns = conn->next;
    if (conn->next) conn->next->prev = conn->prev;
    home->conn_count--;
    home->refusals -= conn->refusal;
    atomic_fetch_sub_explicit(&home->counters.open, 1, memory_order_relaxed);
    if (!conn->refusal) atomic_fetch_sub_explicit(&home->server->open, 1, memory_order_relaxed);
}

void ag_conn_close(struct ag_conn *conn)
{
    conn_unlink(conn);
    conn->in_start = conn->in_end;
    ag_conn_release_buffer(conn);
    ag_arena_done(&conn->arena);
    ag_io_free(conn->io);
    conn_recycle(conn);
}

/* Whether the connection may stay; it counts as open then. */
static bool take_place(struct ag_server *server)
{
    unsigned before = atomic_fetch_add_explicit(&server->open, 1, memory_order_relaxed);
    if (before < server->options.max_connections) return true;
    atomic_fetch_sub_explicit(&server->open, 1, memory_order_relaxed);
    return false;
}

/* Takes over `fd` in any case. */
static void conn_start(struct ag_home *home, int fd, const union ag_sockaddr *peer)
{
    bool refusal = !take_place(home->server);
    struct ag_conn *conn = NULL;
    if (refusal) ag_count(&home->counters.refused, 1);
    if (!refusal || home->refusals < AG_REFUSALS_MAX) conn = conn_new(home);
    if (conn) {
        conn->peer = *peer;
        conn->refusal = refusal;
        if (ag_io_new(fd, &conn->io) == AG_OK) {
            conn_link(conn);
            if (ag_fiber_spawn("connection", ag_conn_main, conn) == AG_OK) return;
            ag_count(&home->counters.refused, !refusal);
            ag_conn_close(conn);
            return;
        }
        conn_recycle(conn);
    }
    if (!refusal) {
        ag_count(&home->counters.refused, 1);
        atomic_fetch_sub_explicit(&home->server->open, 1, memory_order_relaxed);
    }
    close(fd);
}

/* ---- accepting ---- */

/* One connection. AG_E_TIMEOUT when none waits, AG_E_OVERLOADED when the process cannot have more
 * for the moment. */
static enum ag_err accept_one(struct ag_listener *listener)
{
    union ag_sockaddr peer = {.sa = {.sa_family = AF_UNSPEC}};
    socklen_t size = sizeof(peer);
    int fd;
    if (AG_FAULT(accept)) {
        errno = EMFILE;
        fd = -1;
    } else {
        fd = accept4(ag_io_fd(listener->io), &peer.sa, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    }
    if (fd >= 0) {
        ag_count(&listener->home->counters.accepted, 1);
        conn_start(listener->home, fd, &peer);
        return AG_OK;
    }
    switch (errno) {
    case EAGAIN:
        return AG_E_TIMEOUT;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return AG_E_OVERLOADED;
    default:
        /* The connection failed before it was taken; the next one may be fine (accept(2)). */
        return AG_OK;
    }
}

static enum ag_err accept_batch(struct ag_listener *listener)
{
    for (int i = 0; i < AG_ACCEPT_BATCH; i++)
        AG_TRY(accept_one(listener));
    return AG_OK;
}

static void accept_main(void *arg)
{
    struct ag_listener *listener = arg;
    struct ag_home *home = listener->home;
    listener->fiber = ag_fiber_self();
    while (!home->draining) {
        if (ag_io_wait_readable(listener->io, AG_NEVER) != AG_OK) break;
        enum ag_err err = accept_batch(listener);
        if (err == AG_E_OVERLOADED) {
            ag_log(AG_LOG_WARN, "accept_paused", AG_LI("pause_ms", AG_ACCEPT_PAUSE_MS),
                   AG_LI("connections", home->conn_count));
            if (ag_fiber_sleep(AG_ACCEPT_PAUSE_MS) != AG_OK) break;
        } else if (err == AG_OK) {
            ag_fiber_yield();
        }
    }
    /* Who is in the backlog by now has been promised a connection; closing would reset it. */
    (void)!accept_batch(listener);
    listener->fiber = NULL;
    ag_io_free(AG_TAKE(listener->io));
}

/* ---- addresses ---- */

static socklen_t address_size(const union ag_sockaddr *address)
{
    return address->sa.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
}

static void address_set_port(union ag_sockaddr *address, int port)
{
    if (address->sa.sa_family == AF_INET6)
        address->v6.sin6_port = htons((uint16_t)port);
    else
        address->v4.sin_port = htons((uint16_t)port);
}

static int address_port(const union ag_sockaddr *address)
{
    return ntohs(address->sa.sa_family == AF_INET6 ? address->v6.sin6_port : address->v4.sin_port);
}

static enum ag_err resolve(struct ag_server *server, const char *host)
{
    char port[16];
    snprintf(port, sizeof(port), "%d", server->options.port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found;
    int rc = getaddrinfo(host, port, &hints, &found);
    if (rc != 0) return ag_fail(AG_E_CONFIG, "cannot listen on %s: %s", host, gai_strerror(rc));
    for (struct addrinfo *info = found; info; info = info->ai_next) {
        union ag_sockaddr *address = &server->addresses[server->address_count];
        if (server->address_count == AG_SERVER_MAX_ADDRESSES) break;
        if (info->ai_family != AF_INET && info->ai_family != AF_INET6) continue;
        memcpy(address, info->ai_addr, info->ai_addrlen);
        server->address_count++;
    }
    freeaddrinfo(found);
    if (server->address_count == 0)
        return ag_fail(AG_E_CONFIG, "cannot listen on %s: no such address", host);
    return AG_OK;
}

/* `localhost` is both loopback addresses whatever the resolver says. */
static void use_loopback(struct ag_server *server)
{
    server->addresses[0].v4 = (struct sockaddr_in){.sin_family = AF_INET,
                                                   .sin_addr = {htonl(INADDR_LOOPBACK)}};
    server->addresses[1].v6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                                    .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    server->address_count = 2;
}

/* A bound socket, -1 with errno. */
static int bind_socket(const union ag_sockaddr *address, bool shared)
{
    int fd = socket(address->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (shared) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    /* Taken over by the connections accepted here, so that each saves the call. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    /* A client that does not read fills this much of the kernel's memory, not the megabytes that
     * its send buffer would grow to. */
    int unsent_bytes = UNSENT_BYTES;
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes, sizeof(unsent_bytes));
    if (address->sa.sa_family == AF_INET6) {
        /* "::" stands for every address, those of IPv4 included. */
        int only = !IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
    }
    if (bind(fd, &address->sa, address_size(address)) == 0) return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static enum ag_err bind_failed(const struct ag_server *server, const union ag_sockaddr *address)
{
    bool absent = errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT;
    return ag_fail(absent ? AG_E_CONFIG : AG_E_IO, "cannot listen on %s port %d: %s", server->host,
                   address_port(address), strerror(errno));
}

/* Binds address number `i` and learns the port. */
static enum ag_err reserve(struct ag_server *server, size_t i)
{
    union ag_sockaddr *address = &server->addresses[i];
    if (server->port > 0) address_set_port(address, server->port);
    /* A socket that does not share its port first: it fails when somebody else listens there, even
     * one that shares. */
    int fd = bind_socket(address, false);
    if (fd < 0) return bind_failed(server, address);
    socklen_t size = sizeof(*address);
    getsockname(fd, &address->sa, &size);
    close(fd);
    fd = bind_socket(address, true);
    if (fd < 0) return bind_failed(server, address);
    server->reserved[i] = fd;
    server->port = address_port(address);
    return AG_OK;
}

static enum ag_err reserve_all(struct ag_server *server, bool loopback)
{
    for (size_t i = 0; i < server->address_count; i++) {
        enum ag_err err = reserve(server, i);
        if (loopback && i > 0 && (err == AG_E_CONFIG || (err && server->options.port == 0))) {
            /* A machine without IPv6 listens on IPv4 only; so does one whose port, chosen at
             * random, is free there only. */
            server->address_count = i;
            ag_diag_clear();
            return AG_OK;
        }
        AG_TRY(err);
    }
    return AG_OK;
}

static enum ag_err open_addresses(struct ag_server *server)
{
    struct ag_str host = server->options.host;
    if (host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']')
        host = ag_str_sub(host, 1, host.len - 2);
    if (host.len == 0 || host.len >= sizeof(server->host))
        return ag_fail(AG_E_CONFIG, "the host to listen on is empty or too long");
    memcpy(server->host, host.data, host.len);
    server->host[host.len] = '\0';
    if (server->options.port < 0 || server->options.port > 65535)
        return ag_fail(AG_E_CONFIG, "%d is not a port", server->options.port);

    bool loopback = ag_str_eq_nocase(host, AG_STR("localhost"));
    if (loopback)
        use_loopback(server);
    else
        AG_TRY(resolve(server, server->host));
    server->port = server->options.port;
    AG_TRY(reserve_all(server, loopback));

    bool bracket = strchr(server->host, ':') != NULL;
    snprintf(server->url, sizeof(server->url), "http://%s%s%s:%d", bracket ? "[" : "", server->host,
             bracket ? "]" : "", server->port);
    return AG_OK;
}

/* ---- server ---- */

enum ag_err ag_server_new(const struct ag_server_options *options, struct ag_server **ret_server)
{
    AG_ASSERT(options->handler);
    struct ag_server *server = calloc(1, sizeof(*server));
    if (!server) return ag_fail(AG_E_NO_MEMORY, "no memory for a server");
    server->options = *options;
    for (size_t i = 0; i < AG_SERVER_MAX_ADDRESSES; i++)
        server->reserved[i] = -1;
    enum ag_err err = open_addresses(server);
    server->options.host = ag_str(server->host);
    if (err) {
        ag_server_free(server);
        return err;
    }
    *ret_server = server;
    return AG_OK;
}

struct ag_str ag_server_url(const struct ag_server *server)
{
    return ag_str(server->url);
}

int ag_server_port(const struct ag_server *server)
{
    return server->port;
}

static struct ag_home *home_of(const struct ag_server *server, unsigned index)
{
    return atomic_load_explicit(&server->homes[index], memory_order_acquire);
}

/* NULL when the server does not listen on this loop. */
static struct ag_home *home_here(const struct ag_server *server)
{
    return home_of(server, ag_loop_index(ag_loop_self()));
}

static enum ag_err listen_on(struct ag_home *home, const union ag_sockaddr *address)
{
    int fd = bind_socket(address, true);
    if (fd < 0 || listen(fd, AG_SERVER_BACKLOG) != 0) {
        enum ag_err err = ag_fail(AG_E_IO, "cannot listen on %s port %d: %s", home->server->host,
                                  home->server->port, strerror(errno));
        if (fd >= 0) close(fd);
        return err;
    }
    struct ag_listener *listener = &home->listeners[home->listener_count];
    listener->home = home;
    enum ag_err err = ag_io_new(fd, &listener->io);
    if (err) {
        close(fd);
        return err;
    }
    err = ag_fiber_spawn("accept", accept_main, listener);
    if (err) {
        ag_io_free(AG_TAKE(listener->io));
        return err;
    }
    home->listener_count++;
    return AG_OK;
}

enum ag_err ag_server_listen(struct ag_server *server)
{
    unsigned index = ag_loop_index(ag_loop_self());
    AG_ASSERT(index < AG_SERVER_MAX_LOOPS && !home_of(server, index));
    struct ag_home *home = calloc(1, sizeof(*home));
    if (!home) return ag_fail(AG_E_NO_MEMORY, "no memory for a server");
    home->server = server;
    atomic_store_explicit(&server->homes[index], home, memory_order_release);
    for (size_t i = 0; i < server->address_count; i++)
        AG_TRY(listen_on(home, &server->addresses[i]));
    return AG_OK;
}

/* Whether the client of an idle connection has begun to send: then it is answered. */
static bool has_sent(const struct ag_conn *conn)
{
    char byte;
    return ag_conn_buffered(conn) > 0 ||
           recv(ag_io_fd(conn->io), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void ag_server_drain(struct ag_server *server)
{
    struct ag_home *home = home_here(server);
    atomic_store_explicit(&server->draining, true, memory_order_relaxed);
    if (!home || home->draining) return;
    home->draining = true;
    for (size_t i = 0; i < home->listener_count; i++)
        if (home->listeners[i].fiber) ag_fiber_cancel(home->listeners[i].fiber);
    for (struct ag_conn *conn = home->conns; conn; conn = conn->next)
        if (conn->state == AG_CONN_IDLE && conn->fiber && !has_sent(conn))
            ag_fiber_cancel(conn->fiber);
}

void ag_server_cancel(struct ag_server *server)
{
    struct ag_home *home = home_here(server);
    ag_server_drain(server);
    if (!home) return;
    home->canceled = true;
    for (struct ag_conn *conn = home->conns; conn; conn = conn->next)
        if (conn->fiber) ag_fiber_cancel(conn->fiber);
}

unsigned ag_server_connections(const struct ag_server *server)
{
    const struct ag_home *home = home_here(server);
    return home ? home->conn_count : 0;
}

bool ag_server_draining(const struct ag_server *server)
{
    return atomic_load_explicit(&server->draining, memory_order_relaxed);
}

void ag_server_stats(const struct ag_server *server, struct ag_server_stats *ret_stats)
{
    *ret_stats = (struct ag_server_stats){0};
    for (unsigned i = 0; i < AG_SERVER_MAX_LOOPS; i++) {
        struct ag_home *home = home_of(server, i);
        if (!home) continue;
#define ADD(name)                                                                                  \
    ret_stats->name += atomic_load_explicit(&home->counters.name, memory_order_relaxed)
        ADD(accepted);
        ADD(refused);
        ADD(requests);
        ADD(malformed);
        ADD(timeouts);
        ADD(hangups);
        ADD(bytes_in);
        ADD(bytes_out);
        ADD(open);
#undef ADD
    }
}

static void home_free(struct ag_home *home)
{
    if (!home) return;
    AG_ASSERT(home->conn_count == 0);
    while (home->blocks) {
        char *block = home->blocks;
        memcpy(&home->blocks, block, sizeof(char *));
        free(block);
    }
    while (home->spare) {
        struct ag_conn *conn = home->spare;
        home->spare = conn->next;
        free(conn);
    }
    free(home);
}

void ag_server_free(struct ag_server *server)
{
    if (!server) return;
    for (size_t i = 0; i < AG_SERVER_MAX_ADDRESSES; i++)
        if (server->reserved[i] >= 0) close(server->reserved[i]);
    for (unsigned i = 0; i < AG_SERVER_MAX_LOOPS; i++)
        home_free(home_of(server, i));
    free(server);
}
