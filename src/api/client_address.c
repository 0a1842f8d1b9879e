#include "api/route.h"
#include "base/log.h"

#include <stdatomic.h>

enum { MAX_HOPS = 32 };

/* "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711". */
static enum ag_err parse_entry(struct ag_str entry, struct ag_address *ret_address)
{
    entry = ag_str_trim(entry);
    if (entry.len > 0 && entry.data[0] == '[') {
        ptrdiff_t end = ag_str_find_char(entry, ']');
        if (end < 0) return AG_E_INVALID;
        struct ag_str rest = ag_str_sub(entry, (size_t)end + 1, SIZE_MAX);
        if (rest.len > 0 && rest.data[0] != ':') return AG_E_INVALID;
        return ag_address_parse(ag_str_sub(entry, 1, (size_t)end - 1), ret_address);
    }
    ptrdiff_t colon = ag_str_find_char(entry, ':');
    bool has_port = colon >= 0 && ag_str_find_char(entry, '.') >= 0 &&
                    ag_str_find_char(ag_str_sub(entry, (size_t)colon + 1, SIZE_MAX), ':') < 0;
    return ag_address_parse(has_port ? ag_str_sub(entry, 0, (size_t)colon) : entry, ret_address);
}

/* Cuts the last entry off `*list`; false when it is spent. */
static bool take_last(struct ag_str *list, struct ag_str *ret_entry)
{
    if (!list->data) return false;
    size_t start = list->len;
    while (start > 0 && list->data[start - 1] != ',')
        start--;
    *ret_entry = ag_str_sub(*list, start, SIZE_MAX);
    struct ag_str rest = {0};
    if (start > 0) rest = ag_str_sub(*list, 0, start - 1);
    *list = rest;
    return true;
}

struct ag_address ag_forwarded_client(struct ag_address peer, const struct ag_ranges *proxies,
                                      const struct ag_header *headers, size_t count)
{
    struct ag_address client = peer, next;
    int hops = 0;
    if (!ag_ranges_have(proxies, &client)) return client;
    /* Several fields of one name are one list (RFC 9110 5.3). */
    for (size_t i = count; i-- > 0;) {
        if (!ag_str_eq_nocase(headers[i].name, AG_STR("x-forwarded-for"))) continue;
        struct ag_str list = headers[i].value, entry;
        while (take_last(&list, &entry)) {
            if (++hops > MAX_HOPS || parse_entry(entry, &next) != AG_OK) return client;
            client = next;
            if (!ag_ranges_have(proxies, &client)) return client;
        }
    }
    return client;
}

struct ag_address ag_client_address(const struct ag_request *req, const struct ag_ranges *proxies)
{
    return ag_forwarded_client(ag_request_peer_address(req), proxies, req->headers,
                               req->header_count);
}

/* Of one's own network: loopback, RFC 1918, RFC 6598, link-local, RFC 4193. */
static bool is_near(const struct ag_address *address)
{
    static const struct ag_range near[] = {
        {{32, {10}}, 8},       {{32, {172, 16}}, 12},  {{32, {192, 168}}, 16},
        {{32, {100, 64}}, 10}, {{32, {169, 254}}, 16}, {{128, {0xfe, 0x80}}, 10},
        {{128, {0xfc}}, 7},
    };
    if (ag_address_is_loopback(address)) return true;
    for (size_t i = 0; i < AG_COUNT(near); i++)
        if (ag_range_has(&near[i], address)) return true;
    return false;
}

bool ag_proxy_unnamed(const struct ag_request *req, const struct ag_ranges *proxies)
{
    static atomic_bool told;
    if (!ag_request_header(req, AG_STR("x-forwarded-for")).data &&
        !ag_request_header(req, AG_STR("forwarded")).data)
        return false;
    struct ag_address peer = ag_request_peer_address(req);
    if (peer.bits == 0 || ag_ranges_have(proxies, &peer) || !is_near(&peer)) return false;
    if (!atomic_exchange(&told, true)) {
        char text[AG_ADDRESS_TEXT_BYTES];
        ag_log(AG_LOG_WARN, "proxy_not_trusted", AG_LS("peer", ag_address_format(&peer, text)),
               AG_LC("hint", "if it is your proxy, name it in AGENTGEN_TRUSTED_PROXIES; until then "
                             "all its clients count as one address"));
    }
    return true;
}
