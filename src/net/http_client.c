#include "net/client_internal.h"

#include "base/fault.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

/*
 * The loop's side: curl tells which sockets and which moment it waits for, the loop tells curl when
 * they have come. curl runs on the loop's own stack only, a TLS handshake included; a fiber merely
 * queues a transfer (which asks for a turn at once, see on_timeout_change()) or takes one away.
 *
 * Two habits save system calls. A connection that is kept for later stays registered for reading,
 * so that the next call on it changes nothing in the kernel's set. And the one timer of a door is
 * only ever set earlier: when it fires before its time it is set again.
 */

/* ---- the library ---- */

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_result;
/* From 7.88 to 8.1 curl closes a socket that never got connected itself, past our callback, and
 * only then says that it is done with it. Nothing may be asked of the kernel about such a
 * descriptor any more (libuv would abort). The pipes of its resolver it always closes itself. */
static bool closes_silently;

static void global_init(void)
{
    global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
    unsigned version = curl_version_info(CURLVERSION_NOW)->version_num;
    closes_silently = version >= 0x075800 && version < 0x080200;
}

/* ---- curl's sockets on the loop ---- */

static void on_handle_closed(struct ag_http_client *client)
{
    AG_ASSERT(client->open_handles > 0);
    if (--client->open_handles > 0 || !client->closing) return;
    free(client->sockets);
    free(client);
}

static void on_socket_closed(uv_handle_t *handle)
{
    struct ag_client_socket *sock = handle->data;
    struct ag_http_client *client = sock->door->client;
    free(sock);
    on_handle_closed(client);
}

static struct ag_client_socket *socket_find(struct ag_http_client *client, int fd)
{
    return fd >= 0 && (size_t)fd < client->socket_slots ? client->sockets[fd] : NULL;
}

static void socket_remove(struct ag_client_socket *sock)
{
    struct ag_http_client *client = sock->door->client;
    client->sockets[sock->fd] = NULL;
    client->connections -= sock->ours;
    uv_close((uv_handle_t *)&sock->poll, on_socket_closed);
}

static struct ag_client_socket *socket_add(struct ag_client_door *door, int fd, bool ours)
{
    struct ag_http_client *client = door->client;
    if ((size_t)fd >= client->socket_slots) {
        size_t slots = client->socket_slots ? client->socket_slots : 64;
        while (slots <= (size_t)fd)
            slots *= 2;
        void *sockets = realloc(client->sockets, slots * sizeof(*client->sockets));
        if (!sockets) return NULL;
        client->sockets = sockets;
        memset(client->sockets + client->socket_slots, 0,
               (slots - client->socket_slots) * sizeof(*client->sockets));
        client->socket_slots = slots;
    }
    /* curl closed that descriptor without a word, see closes_silently, and opens it again. */
    if (client->sockets[fd]) socket_remove(client->sockets[fd]);
    struct ag_client_socket *sock = calloc(1, sizeof(*sock));
    if (!sock) return NULL;
    if (uv_poll_init(client->uv, &sock->poll, fd) != 0) {
        free(sock);
        return NULL;
    }
    uv_unref((uv_handle_t *)&sock->poll);
    sock->poll.data = sock;
    sock->door = door;
    sock->fd = fd;
    sock->ours = ours;
    client->sockets[fd] = sock;
    client->open_handles++;
    client->connections += ours;
    return sock;
}

curl_socket_t ag_client_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
    struct ag_call *call = arg;
    if (purpose != CURLSOCKTYPE_IPCXN) return CURL_SOCKET_BAD;
    enum ag_err verdict = ag_egress_judge(call->client->egress, call->trust, &addr->addr,
                                          addr->addrlen);
    if (verdict != AG_OK) {
        call->denied = true;
        snprintf(call->why, sizeof(call->why), "%s", ag_diag_text(verdict));
        return CURL_SOCKET_BAD;
    }
    call->dialled = true;
    if (AG_FAULT(upstream_connect)) {
        call->dial_error = ECONNREFUSED;
        return CURL_SOCKET_BAD;
    }
    int fd = socket(addr->family, addr->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, addr->protocol);
    if (fd >= 0 && socket_add(call->door, fd, true)) return fd;
    call->dial_error = fd < 0 ? errno : ENOMEM;
    if (fd >= 0) close(fd);
    return CURL_SOCKET_BAD;
}

int ag_client_close_socket(void *arg, curl_socket_t fd)
{
    struct ag_client_socket *sock = socket_find(arg, fd);
    if (sock) socket_remove(sock);
    return close(fd);
}

/* ---- giving curl its turns ---- */

static void collect(struct ag_client_door *door)
{
    int left = 0;
    for (CURLMsg *msg; (msg = curl_multi_info_read(door->multi, &left));) {
        if (msg->msg != CURLMSG_DONE) continue;
        struct ag_call *call = NULL;
        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        ag_call_finish(call, msg->data.result);
    }
}

static void give_turn(struct ag_client_door *door, curl_socket_t fd, int events)
{
    int running = 0;
    curl_multi_socket_action(door->multi, fd, events, &running);
    collect(door);
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void arm(struct ag_client_socket *sock, int events)
{
    if (sock->armed == events) return;
    sock->armed = events;
    if (events)
        uv_poll_start(&sock->poll, events, on_poll);
    else
        uv_poll_stop(&sock->poll);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct ag_client_socket *sock = poll->data;
    if (status < 0) sock->armed = 0; /* libuv has stopped watching it */
    if (!sock->wanted) {
        /* A kept connection was closed by its peer, or a paused one has more: not now. */
        arm(sock, 0);
        return;
    }
    int bits = 0;
    if (status < 0) bits = CURL_CSELECT_ERR;
    if (events & UV_READABLE) bits |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE) bits |= CURL_CSELECT_OUT;
    give_turn(sock->door, sock->fd, bits);
}

static int on_socket_change(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    (void)easy;
    (void)unused;
    struct ag_client_door *door = arg;
    struct ag_client_socket *sock = socket_find(door->client, fd);
    if (what == CURL_POLL_REMOVE) {
        if (!sock) return 0;
        sock->wanted = 0;
        if (!sock->ours || (!sock->established && closes_silently))
            socket_remove(sock);
        else if (sock->armed & UV_WRITABLE)
            arm(sock, UV_READABLE);
        return 0;
    }
    if (!sock) sock = socket_add(door, fd, false);
    if (!sock) return -1;
    if (what & CURL_POLL_IN) sock->established = true;
    sock->wanted = (what & CURL_POLL_IN ? UV_READABLE : 0) |
                   (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    arm(sock, sock->wanted);
    return 0;
}

static void on_idle(uv_idle_t *idle)
{
    struct ag_client_door *door = idle->data;
    uv_idle_stop(idle);
    door->due_ms = AG_NEVER;
    give_turn(door, CURL_SOCKET_TIMEOUT, 0);
}

static void on_timer(uv_timer_t *timer);

static void set_timer(struct ag_client_door *door)
{
    if (door->due_ms >= door->timer_at_ms) return;
    int64_t left = door->due_ms - (int64_t)uv_now(door->client->uv);
    door->timer_at_ms = door->due_ms;
    uv_timer_start(&door->timer, on_timer, left > 0 ? (uint64_t)left : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct ag_client_door *door = timer->data;
    door->timer_at_ms = AG_NEVER;
    if (door->due_ms > (int64_t)uv_now(timer->loop)) {
        set_timer(door);
        return;
    }
    door->due_ms = AG_NEVER;
    give_turn(door, CURL_SOCKET_TIMEOUT, 0);
}

/* May be called by curl on a fiber's stack (when a transfer is added), hence only takes a note. The
 * idle handle has its turn before the loop waits again. */
static int on_timeout_change(CURLM *multi, long timeout_ms, void *arg)
{
    (void)multi;
    struct ag_client_door *door = arg;
    if (timeout_ms == 0) {
        uv_idle_start(&door->idle, on_idle);
        return 0;
    }
    door->due_ms = timeout_ms < 0 ? AG_NEVER : (int64_t)uv_now(door->client->uv) + timeout_ms;
    set_timer(door);
    return 0;
}

enum ag_err ag_client_door(struct ag_http_client *client, enum ag_egress_trust trust,
                           struct ag_client_door **ret_door)
{
    struct ag_client_door *door = &client->doors[trust];
    if (!door->multi) {
        CURLM *multi = curl_multi_init();
        if (!multi) return ag_fail(AG_E_NO_MEMORY, "no memory for outgoing connections");
        curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket_change);
        curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, door);
        curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout_change);
        curl_multi_setopt(multi, CURLMOPT_TIMERDATA, door);
        curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)AG_CLIENT_KEPT_CONNECTIONS);
        curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
        door->multi = multi;
    }
    *ret_door = door;
    return AG_OK;
}

/* ---- parsed URLs ---- */

void ag_client_url_unref(struct ag_client_url *url)
{
    if (!url || --url->refs > 0) return;
    curl_url_cleanup(url->parsed);
    free(url);
}

static enum ag_err url_new(const char *text, size_t len, struct ag_client_url **ret_url)
{
    AG_TRY(ag_egress_check_url((struct ag_str){text, len}));
    struct ag_client_url *url = malloc(sizeof(*url) + len + 1);
    CURLU *parsed = curl_url();
    if (!url || !parsed) {
        free(url);
        curl_url_cleanup(parsed);
        return ag_fail(AG_E_NO_MEMORY, "no memory for a URL");
    }
    *url = (struct ag_client_url){.refs = 1, .parsed = parsed, .len = len};
    memcpy(url->text, text, len + 1);
    CURLUcode rc = curl_url_set(parsed, CURLUPART_URL, text, 0);
    if (rc != CURLUE_OK) {
        ag_client_url_unref(url);
        if (rc == CURLUE_OUT_OF_MEMORY) return ag_fail(AG_E_NO_MEMORY, "no memory for a URL");
        return ag_fail(AG_E_EGRESS_DENIED, "this URL is not dialled: %s", curl_url_strerror(rc));
    }
    *ret_url = url;
    return AG_OK;
}

enum ag_err ag_client_url_get(struct ag_http_client *client, const char *text,
                              struct ag_client_url **ret_url)
{
    size_t len = strlen(text);
    size_t slot = 0; /* the one to replace: empty, or longest not used */
    for (size_t i = 0; i < AG_CLIENT_URLS; i++) {
        struct ag_client_url *url = client->urls[i];
        if (url && url->len == len && memcmp(url->text, text, len) == 0) {
            url->used = client->calls_made;
            url->refs++;
            *ret_url = url;
            return AG_OK;
        }
        struct ag_client_url *worst = client->urls[slot];
        if (worst && (!url || url->used < worst->used)) slot = i;
    }
    struct ag_client_url *url = NULL;
    AG_TRY(url_new(text, len, &url));
    ag_client_url_unref(client->urls[slot]);
    client->urls[slot] = url;
    url->used = client->calls_made;
    url->refs++;
    *ret_url = url;
    return AG_OK;
}

/* ---- released calls ---- */

static void on_linger_timer(uv_timer_t *timer)
{
    struct ag_http_client *client = timer->data;
    int64_t now = (int64_t)uv_now(client->uv);
    while (client->lingering && client->lingering->linger_until <= now) {
        struct ag_call *call = client->lingering;
        client->lingering = call->next;
        ag_call_recycle(call);
    }
    if (client->lingering)
        uv_timer_start(timer, on_linger_timer, (uint64_t)(client->lingering->linger_until - now),
                       0);
}

void ag_client_linger(struct ag_call *call)
{
    struct ag_http_client *client = call->client;
    call->linger_until = (int64_t)uv_now(client->uv) + AG_CLIENT_LINGER_MS;
    call->next = NULL;
    struct ag_call **link = &client->lingering;
    while (*link)
        link = &(*link)->next;
    *link = call;
    if (!uv_is_active((uv_handle_t *)&client->linger_timer))
        uv_timer_start(&client->linger_timer, on_linger_timer, AG_CLIENT_LINGER_MS, 0);
}

/* ---- life ---- */

enum ag_err ag_http_client_new(const struct ag_egress *egress, struct ag_http_client **ret_client)
{
    pthread_once(&global_once, global_init);
    if (global_result != CURLE_OK)
        return ag_fail(AG_E_NO_MEMORY, "curl does not start: %s",
                       curl_easy_strerror(global_result));
    struct ag_http_client *client = calloc(1, sizeof(*client));
    if (!client) return ag_fail(AG_E_NO_MEMORY, "no memory for the HTTP client");
    client->uv = ag_loop_uv(ag_loop_self());
    client->egress = egress;
    const char *ca_file = getenv("SSL_CERT_FILE");
    client->ca_file = ca_file && *ca_file ? ca_file : NULL;
    for (size_t i = 0; i < AG_COUNT(client->doors); i++) {
        struct ag_client_door *door = &client->doors[i];
        *door = (struct ag_client_door){
            .client = client, .due_ms = AG_NEVER, .timer_at_ms = AG_NEVER};
        uv_timer_init(client->uv, &door->timer);
        uv_idle_init(client->uv, &door->idle);
        uv_unref((uv_handle_t *)&door->timer);
        uv_unref((uv_handle_t *)&door->idle);
        door->timer.data = door->idle.data = door;
        client->open_handles += 2;
    }
    uv_timer_init(client->uv, &client->linger_timer);
    uv_unref((uv_handle_t *)&client->linger_timer);
    client->linger_timer.data = client;
    client->open_handles++;
    *ret_client = client;
    return AG_OK;
}

static void on_part_closed(uv_handle_t *handle)
{
    struct ag_client_door *door = handle->data;
    on_handle_closed(door->client);
}

static void on_linger_timer_closed(uv_handle_t *handle)
{
    on_handle_closed(handle->data);
}

void ag_http_client_free(struct ag_http_client *client)
{
    if (!client) return;
    AG_ASSERT(client->calls == 0);
    while (client->lingering) {
        struct ag_call *call = client->lingering;
        client->lingering = call->next;
        ag_call_recycle(call);
    }
    while (client->pool) {
        struct ag_call *call = client->pool;
        client->pool = call->next;
        ag_call_destroy(call);
    }
    client->closing = true;
    for (size_t i = 0; i < AG_COUNT(client->doors); i++) {
        struct ag_client_door *door = &client->doors[i];
        curl_multi_cleanup(door->multi); /* closes the kept connections */
        uv_close((uv_handle_t *)&door->timer, on_part_closed);
        uv_close((uv_handle_t *)&door->idle, on_part_closed);
    }
    for (size_t i = 0; i < AG_CLIENT_URLS; i++)
        ag_client_url_unref(client->urls[i]);
    uv_close((uv_handle_t *)&client->linger_timer, on_linger_timer_closed);
}

unsigned ag_http_client_calls(const struct ag_http_client *client)
{
    return client->calls;
}

unsigned ag_http_client_connections(const struct ag_http_client *client)
{
    return client->connections;
}
