/* The connection the load modes share: one request at a time over a kept-alive socket, the reply
 * parsed by llhttp and handed to the mode through three calls. One thread, one epoll. */
#pragma once

#include "load.h"

#include <llhttp.h>

struct ag_conn {
    int fd; /* -1 when closed */
    llhttp_t parser;
    bool wants_write;
    bool busy;     /* a request is out and its reply not complete */
    bool answered; /* the reply's head was read */
    bool reusable; /* the server keeps the connection after this reply */
    size_t index;  /* 0..conns-1 */
    size_t sent;   /* bytes of `request` already sent */
    uint64_t sent_at_ns;
    struct ag_bytes request;
    void *state; /* the mode's own, not owned */
};

struct ag_client;

/* Called inside ag_client_poll. None may free the connection; on_done and on_broken may begin the
 * next request on it. on_body may be NULL. */
struct ag_client_calls {
    void (*on_body)(struct ag_client *client, struct ag_conn *conn, const char *data, size_t len);
    void (*on_done)(struct ag_client *client, struct ag_conn *conn, unsigned status);
    /* The connection was refused, reset or closed, or the reply was not HTTP; `why` is static text.
     * It is closed already; conn->busy tells whether a reply was owed. */
    void (*on_broken)(struct ag_client *client, struct ag_conn *conn, const char *why);
};

struct ag_client {
    const struct ag_load_options *options;
    const struct ag_client_calls *calls;
    void *state; /* the mode's own, not owned */
    int epoll_fd;
    struct ag_conn *conns;
    size_t conns_len;
    uint64_t requests_begun; /* also the value of the next @SEQ@ */
    uint64_t connects;
    uint64_t bytes_read;
    uint64_t now_ns; /* when the present round of events began */
    llhttp_settings_t settings;
};

/* Prepares `count` connections without opening them. Release with ag_client_done. */
void ag_client_init(struct ag_client *client, const struct ag_load_options *options,
                    const struct ag_client_calls *calls, void *state, size_t count);
void ag_client_done(struct ag_client *client);

/* Sends the request on a connection that is not busy, opening it first when it is closed. A failure
 * is told through on_broken in a later round, never from inside this call. */
void ag_client_request(struct ag_client *client, struct ag_conn *conn);

/* Waits at most until `until_ns` for events and handles one round of them. */
void ag_client_poll(struct ag_client *client, uint64_t until_ns);
