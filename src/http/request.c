#include "http/conn.h"

/* ---- decoding ---- */

enum ag_err ag_percent_decode(struct ag_arena *arena, struct ag_str raw, bool query,
                              struct ag_str *ret_text)
{
    bool escaped = ag_str_find_char(raw, '%') >= 0;
    if (!escaped && !(query && ag_str_find_char(raw, '+') >= 0)) {
        *ret_text = raw;
        return AG_OK;
    }
    char *out = ag_arena_alloc(arena, raw.len + 1);
    if (!out) return ag_fail(AG_E_NO_MEMORY, "no memory for an address");
    size_t len;
    if (ag_str_unescape(raw, query, out, raw.len + 1, &len) != AG_OK)
        return ag_fail(AG_E_BAD_REQUEST, "the address has a malformed escape");
    for (size_t i = 0; i < len && !query; i++)
        if ((unsigned char)out[i] < ' ' || out[i] == 0x7F)
            return ag_fail(AG_E_BAD_REQUEST, "the address has an escaped control character");
    struct ag_str text = {out, len};
    if (!ag_utf8_valid(text)) return ag_fail(AG_E_BAD_REQUEST, "the address is not UTF-8");
    *ret_text = text;
    return AG_OK;
}

/* Whether `path` has an element "." or "..". */
static bool has_dot_segment(struct ag_str path)
{
    for (size_t i = 0; i + 1 < path.len; i++) {
        if (path.data[i] != '/' || path.data[i + 1] != '.') continue;
        size_t end = i + 2;
        if (end < path.len && path.data[end] == '.') end++;
        if (end == path.len || path.data[end] == '/') return true;
    }
    return false;
}

/* RFC 3986 5.2.4 over whole elements; ".." at the root stays there. */
static struct ag_str remove_dot_segments(struct ag_str path, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < path.len;) {
        /* At each turn i stands on a slash. */
        size_t end = i + 1;
        while (end < path.len && path.data[end] != '/')
            end++;
        struct ag_str element = {path.data + i + 1, end - i - 1};
        bool last = end == path.len;
        if (ag_str_eq(element, AG_STR("."))) {
            if (last) out[n++] = '/';
        } else if (ag_str_eq(element, AG_STR(".."))) {
            while (n > 0 && out[--n] != '/') {}
            if (last) out[n++] = '/';
        } else {
            memmove(out + n, path.data + i, end - i);
            n += end - i;
        }
        i = end;
    }
    if (n == 0) out[n++] = '/';
    return (struct ag_str){out, n};
}

enum ag_err ag_path_normalize(struct ag_arena *arena, struct ag_str raw, struct ag_str *ret_path)
{
    AG_ASSERT(raw.len > 0 && raw.data[0] == '/');
    for (size_t i = 0; i + 2 < raw.len; i++)
        if (raw.data[i] == '%' && raw.data[i + 1] == '2' && (raw.data[i + 2] | 0x20) == 'f')
            return ag_fail(AG_E_BAD_REQUEST, "the address has an escaped slash");
    struct ag_str path;
    AG_TRY(ag_percent_decode(arena, raw, false, &path));
    if (has_dot_segment(path)) {
        char *out = ag_arena_alloc(arena, path.len + 1);
        if (!out) return ag_fail(AG_E_NO_MEMORY, "no memory for an address");
        path = remove_dot_segments(path, out);
    }
    *ret_path = path;
    return AG_OK;
}

/* ---- what handlers ask ---- */

const char *ag_method_name(enum ag_method method)
{
    switch (method) {
    case AG_GET:
        return "GET";
    case AG_HEAD:
        return "HEAD";
    case AG_POST:
        return "POST";
    case AG_PUT:
        return "PUT";
    case AG_PATCH:
        return "PATCH";
    case AG_DELETE:
        return "DELETE";
    case AG_OPTIONS:
        return "OPTIONS";
    default:
        return "OTHER";
    }
}

struct ag_str ag_request_header(const struct ag_request *req, struct ag_str name)
{
    for (size_t i = 0; i < req->header_count; i++)
        if (ag_str_eq_nocase(req->headers[i].name, name)) return req->headers[i].value;
    return (struct ag_str){NULL, 0};
}

struct ag_str ag_request_cookie(const struct ag_request *req, struct ag_str name)
{
    for (size_t i = 0; i < req->header_count; i++) {
        if (!ag_str_eq_nocase(req->headers[i].name, AG_STR("Cookie"))) continue;
        struct ag_str rest = req->headers[i].value, pair;
        while (ag_str_split(&rest, ';', &pair)) {
            pair = ag_str_trim(pair);
            ptrdiff_t equals = ag_str_find_char(pair, '=');
            if (equals < 0 || !ag_str_eq(ag_str_n(pair.data, (size_t)equals), name)) continue;
            return ag_str_sub(pair, (size_t)equals + 1, pair.len);
        }
    }
    return (struct ag_str){NULL, 0};
}

enum ag_err ag_request_query(const struct ag_request *req, struct ag_pair *pairs, size_t max,
                             size_t *ret_count)
{
    size_t count = 0;
    struct ag_str rest = req->query, part;
    while (ag_str_split(&rest, '&', &part)) {
        if (part.len == 0) continue;
        if (count == max)
            return ag_fail(AG_E_BAD_REQUEST, "there are more than %zu query parameters", max);
        ptrdiff_t equals = ag_str_find_char(part, '=');
        size_t name_len = equals < 0 ? part.len : (size_t)equals;
        struct ag_pair *pair = &pairs[count++];
        AG_TRY(ag_percent_decode(req->arena, ag_str_n(part.data, name_len), true, &pair->name));
        AG_TRY(ag_percent_decode(req->arena, ag_str_sub(part, name_len + 1, part.len), true,
                                 &pair->value));
    }
    *ret_count = count;
    return AG_OK;
}

struct ag_address ag_request_peer_address(const struct ag_request *req)
{
    const union ag_sockaddr *peer = &req->conn->peer;
    if (peer->sa.sa_family == AF_INET)
        return ag_address_of((const uint8_t *)&peer->v4.sin_addr, 32);
    if (peer->sa.sa_family == AF_INET6) return ag_address_of(peer->v6.sin6_addr.s6_addr, 128);
    return (struct ag_address){0};
}

struct ag_str ag_request_peer(const struct ag_request *req)
{
    struct ag_address peer = ag_request_peer_address(req);
    char text[AG_ADDRESS_TEXT_BYTES];
    if (peer.bits == 0) return AG_STR("unknown");
    struct ag_str copy = ag_arena_copy(req->arena, ag_address_format(&peer, text));
    return copy.data ? copy : AG_STR("unknown");
}

bool ag_request_from_loopback(const struct ag_request *req)
{
    struct ag_address peer = ag_request_peer_address(req);
    return ag_address_is_loopback(&peer);
}

bool ag_request_has_body(const struct ag_request *req)
{
    const struct ag_framing *framing = &req->conn->framing;
    return framing->chunked || framing->content_length > 0;
}

void ag_request_cancel_on_hangup(struct ag_request *req)
{
    ag_io_watch_hangup(req->conn->io, ag_conn_on_hangup, req->conn);
}

bool ag_request_draining(const struct ag_request *req)
{
    return ag_server_draining(req->conn->home->server);
}
