#include "cache/redis.h"

enum { DEFAULT_PORT = 6379, MAX_PORT = 65535, MAX_DB = 65535 };

static enum ag_err bad(const char *why)
{
    return ag_fail(AG_E_CONFIG, "it %s: redis://[user:password@]host[:port][/db]", why);
}

static enum ag_err take_number(struct ag_str text, int64_t most, int *ret_number)
{
    int64_t number;
    if (text.len == 0 || text.data[0] == '-' || ag_str_to_int64(text, &number) != AG_OK ||
        number > most)
        return AG_E_INVALID;
    *ret_number = (int)number;
    return AG_OK;
}

/* "host", "host:port", "[::1]:port". */
static enum ag_err take_host(struct ag_str text, struct ag_redis_address *address)
{
    struct ag_str host = text, port = {0};
    bool bracketed = text.len > 0 && text.data[0] == '[';
    ptrdiff_t colon = ag_str_find_char(text, ':');
    if (bracketed) {
        ptrdiff_t end = ag_str_find_char(text, ']');
        if (end < 0) return AG_E_INVALID;
        host = ag_str_sub(text, 1, (size_t)end - 1);
        struct ag_str rest = ag_str_sub(text, (size_t)end + 1, SIZE_MAX);
        if (rest.len > 0 && rest.data[0] != ':') return AG_E_INVALID;
        port = ag_str_sub(rest, 1, SIZE_MAX);
        colon = rest.len > 0 ? 0 : -1;
    } else if (colon >= 0) {
        host = ag_str_sub(text, 0, (size_t)colon);
        port = ag_str_sub(text, (size_t)colon + 1, SIZE_MAX);
    }
    if (host.len == 0 || host.len >= sizeof(address->host)) return AG_E_INVALID;
    for (size_t i = 0; i < host.len; i++)
        if (host.data[i] <= ' ' || (!bracketed && host.data[i] == ':')) return AG_E_INVALID;
    memcpy(address->host, host.data, host.len);
    address->host[host.len] = '\0';
    if (colon < 0) return AG_OK;
    AG_TRY(take_number(port, MAX_PORT, &address->port));
    return address->port > 0 ? AG_OK : AG_E_INVALID;
}

static enum ag_err take_credentials(struct ag_str text, struct ag_redis_address *address)
{
    ptrdiff_t colon = ag_str_find_char(text, ':');
    struct ag_str user = ag_str_sub(text, 0, colon < 0 ? 0 : (size_t)colon);
    struct ag_str password = ag_str_sub(text, (size_t)(colon + 1), SIZE_MAX);
    size_t len;
    AG_TRY(ag_str_unescape(user, false, address->user, sizeof(address->user), &len));
    AG_TRY(ag_str_unescape(password, false, address->password, sizeof(address->password), &len));
    return len > 0 ? AG_OK : AG_E_INVALID;
}

enum ag_err ag_redis_address_parse(struct ag_str url, struct ag_redis_address *ret_address)
{
    static const struct ag_str scheme = {"redis://", 8};
    struct ag_redis_address address = {.port = DEFAULT_PORT};
    if (ag_str_starts_with(url, AG_STR("rediss://")))
        return ag_fail(AG_E_CONFIG, "it asks for TLS, which is not spoken to Redis: use "
                                    "redis:// within a private network or through a tunnel");
    if (!ag_str_starts_with(url, scheme)) return bad("does not begin with redis://");
    struct ag_str rest = ag_str_sub(url, scheme.len, SIZE_MAX);
    if (ag_str_find_char(rest, '?') >= 0 || ag_str_find_char(rest, '#') >= 0)
        return bad("has parameters, of which there are none");
    ptrdiff_t at = ag_str_find_char(rest, '@');
    if (at >= 0) {
        if (take_credentials(ag_str_sub(rest, 0, (size_t)at), &address) != AG_OK)
            return bad("has a user name or password that cannot be read (escape it like %40)");
        rest = ag_str_sub(rest, (size_t)at + 1, SIZE_MAX);
    }
    ptrdiff_t slash = ag_str_find_char(rest, '/');
    struct ag_str host = slash < 0 ? rest : ag_str_sub(rest, 0, (size_t)slash);
    if (take_host(host, &address) != AG_OK) return bad("has no usable host and port");
    if (slash >= 0 && (size_t)slash + 1 < rest.len &&
        take_number(ag_str_sub(rest, (size_t)slash + 1, SIZE_MAX), MAX_DB, &address.db) != AG_OK)
        return bad("has no number of a database behind its slash");
    *ret_address = address;
    return AG_OK;
}
