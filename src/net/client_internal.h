/* What http_client.c (the loop's side) and call.c (the fiber's side) share. Internal to net/. */
#pragma once

#include "net/http_client.h"
#include "runtime/loop.h"
#include "runtime/sync.h"

#include <curl/curl.h>

enum {
    AG_CLIENT_KEPT_CONNECTIONS = 256, /* idle ones kept per door */
    AG_CLIENT_KEPT_CALLS = 128,       /* call records with their easy handle, ready for reuse */
    AG_CLIENT_URLS = 16,              /* parsed URLs remembered */
    AG_CLIENT_LINGER_MS = 1000,       /* ag_call_release(): how long the rest may take */
    AG_CLIENT_LINGER_BYTES = 64 * 1024,
};

/* A URL that was checked and parsed. curl reads it again when it repeats a request on a fresh
 * connection, so a call holds a reference as long as it lasts; the client's cache holds one more.
 */
struct ag_client_url {
    unsigned refs;
    uint64_t used; /* the client's count of calls when it was last asked for */
    CURLU *parsed;
    size_t len;
    char text[];
};

/* A descriptor that curl uses. Ours were made by our callback and judged; the others are pipes of
 * curl's resolver threads. */
struct ag_client_socket {
    uv_poll_t poll;
    struct ag_client_door *door;
    int fd;
    int armed;  /* UV_* events registered with the loop */
    int wanted; /* those curl wants; 0 while the connection is kept for later */
    bool ours;
    bool established; /* curl has read from it */
};

/*
 * One curl multi handle. Addresses chosen by users and by the operator go through different doors:
 * a connection that was opened for the operator must not be reused by a user who names the same
 * host, because nobody would judge it again.
 */
struct ag_client_door {
    struct ag_http_client *client;
    CURLM *multi; /* NULL until first used */
    uv_timer_t timer;
    uv_idle_t idle;      /* active when curl wants to run at once */
    int64_t due_ms;      /* when curl wants to run, by the loop's clock; AG_NEVER */
    int64_t timer_at_ms; /* when the timer fires; AG_NEVER: not armed */
};

struct ag_http_client {
    uv_loop_t *uv;
    const struct ag_egress *egress;
    const char *ca_file;            /* NULL: the system's */
    struct ag_client_door doors[2]; /* by enum ag_egress_trust */
    uv_timer_t linger_timer;

    unsigned calls; /* in flight, lingering ones not counted */
    unsigned connections;
    unsigned open_handles; /* loop handles not closed yet; the memory goes with the last */
    bool closing;

    struct ag_client_socket **sockets; /* by descriptor */
    size_t socket_slots;

    struct ag_client_url *urls[AG_CLIENT_URLS];
    uint64_t calls_made;

    struct ag_call *pool;
    unsigned pooled;
    struct ag_call *lingering; /* oldest first */
};

struct ag_call {
    struct ag_http_client *client;
    struct ag_client_door *door;
    struct ag_call *next; /* in the pool or among the lingering */
    CURL *easy;
    struct ag_client_url *url;

    /* options set on `easy` last time, so that only what differs is set again */
    bool is_post;
    bool has_custom_method;
    long buffer_bytes, connect_timeout_ms;

    struct curl_slist headers[AG_CALL_MAX_HEADERS + 1];
    enum ag_egress_trust trust;
    bool stream;
    int64_t first_byte_timeout_ms, idle_timeout_ms, total_timeout_ms; /* for messages */
    ag_deadline_ms first_byte_at, total_at;
    size_t max_body_bytes;
    size_t request_bytes; /* of the request's body */

    bool in_multi;   /* curl works on it */
    bool head_done;  /* the final header section is in */
    bool paused;     /* curl holds back until the fiber has read */
    bool done;       /* nothing more will come */
    bool denied;     /* the judge said no to an address */
    bool dialled;    /* and yes to one */
    int dial_error;  /* errno of a socket that could not be made */
    enum ag_err err; /* why it failed; AG_OK with `done`: whole */

    int status;
    size_t received;     /* bytes of the body so far */
    int64_t arrived_ms;  /* when the last piece came, by the loop's clock */
    struct ag_buf head;  /* header lines as they came */
    struct ag_buf body;  /* arrived, not yet returned */
    struct ag_buf piece; /* returned last */
    struct ag_cond changed;
    ag_deadline_ms linger_until;
    char why[128];                /* the text of `err` */
    char detail[CURL_ERROR_SIZE]; /* curl's own words; they name addresses, so only parts go on */
};

/* ---- http_client.c, for call.c ---- */

/* The door for `trust`, made on first use. AG_E_NO_MEMORY. */
enum ag_err ag_client_door(struct ag_http_client *client, enum ag_egress_trust trust,
                           struct ag_client_door **ret_door) AG_MUST_USE;
/* The parsed form of `text`, checked, with a reference. AG_E_EGRESS_DENIED, AG_E_NO_MEMORY. */
enum ag_err ag_client_url_get(struct ag_http_client *client, const char *text,
                              struct ag_client_url **ret_url) AG_MUST_USE;
void ag_client_url_unref(struct ag_client_url *url);
/* Watches over a released call until its reply is read or its time is up. */
void ag_client_linger(struct ag_call *call);
/* curl's callbacks about sockets. */
curl_socket_t ag_client_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *addr);
int ag_client_close_socket(void *arg, curl_socket_t fd);

/* ---- call.c, for http_client.c ---- */

/* curl is through with the call: takes it off its door and wakes who waits. */
void ag_call_finish(struct ag_call *call, CURLcode result);
/* Ends and pools it, in whatever state it is. */
void ag_call_recycle(struct ag_call *call);
/* Frees a pooled call. */
void ag_call_destroy(struct ag_call *call);
