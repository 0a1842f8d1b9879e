#include "net/egress.h"

#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

/*
 * The tables below are the IANA special-purpose registries (RFC 6890, 8190, and what was added to
 * them since), plus the addresses outside them where clouds answer questions about a machine's own
 * credentials. What no table names is public.
 */

enum {
    MAX_URL_BYTES = 4096,
    MAX_HOST_BYTES = 253, /* RFC 1035 */
};

enum verdict {
    PUBLIC,
    PRIVATE, /* the operator may dial it, a user may not */
    NEVER,   /* nobody, unless it is in the allow list */
};

struct range4 {
    uint32_t addr;
    int bits;
    enum verdict verdict;
    const char *what;
};
#define V4(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

/* The first match decides. */
static const struct range4 ranges4[] = {
    {V4(255, 255, 255, 255), 32, NEVER, "the broadcast address"},
    {V4(0, 0, 0, 0), 8, NEVER, "an address of \"this network\""},
    {V4(169, 254, 0, 0), 16, NEVER, "a link-local address"},
    {V4(224, 0, 0, 0), 4, NEVER, "a multicast address"},
    {V4(100, 100, 100, 200), 32, NEVER, "a cloud metadata address"},
    {V4(168, 63, 129, 16), 32, NEVER, "a cloud metadata address"},
    {V4(192, 0, 0, 192), 32, NEVER, "a cloud metadata address"},
    {V4(10, 0, 0, 0), 8, PRIVATE, "a private address"},
    {V4(100, 64, 0, 0), 10, PRIVATE, "a shared (carrier NAT) address"},
    {V4(127, 0, 0, 0), 8, PRIVATE, "a loopback address"},
    {V4(172, 16, 0, 0), 12, PRIVATE, "a private address"},
    {V4(192, 0, 0, 0), 24, PRIVATE, "an address for protocol assignments"},
    {V4(192, 0, 2, 0), 24, PRIVATE, "a documentation address"},
    {V4(192, 88, 99, 0), 24, PRIVATE, "a 6to4 relay address"},
    {V4(192, 168, 0, 0), 16, PRIVATE, "a private address"},
    {V4(198, 18, 0, 0), 15, PRIVATE, "a benchmarking address"},
    {V4(198, 51, 100, 0), 24, PRIVATE, "a documentation address"},
    {V4(203, 0, 113, 0), 24, PRIVATE, "a documentation address"},
    {V4(240, 0, 0, 0), 4, PRIVATE, "a reserved address"},
};

struct range6 {
    uint8_t addr[16];
    int bits;
    enum verdict verdict;
    const char *what;
};

static const struct range6 ranges6[] = {
    {{0}, 128, NEVER, "the unspecified address"},
    {{[15] = 1}, 128, PRIVATE, "a loopback address"},
    {{0xfe, 0x80}, 10, NEVER, "a link-local address"},
    {{0xff}, 8, NEVER, "a multicast address"},
    {{0xfd, 0x00, 0x0e, 0xc2}, 32, NEVER, "a cloud metadata address"},
    {{0xfd, 0x20, 0x00, 0xce}, 32, NEVER, "a cloud metadata address"},
    {{0xfe, 0xc0}, 10, PRIVATE, "a site-local address"},
    {{0xfc}, 7, PRIVATE, "a private address"},
    {{0x01}, 64, PRIVATE, "a discard-only address"},
    {{0x20, 0x01}, 23, PRIVATE, "an address for protocol assignments"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, PRIVATE, "a documentation address"},
    {{0x3f, 0xff}, 20, PRIVATE, "a documentation address"},
    {{0x20}, 3, PUBLIC, "a global unicast address"},
    {{0}, 0, PRIVATE, "an address outside global unicast"},
};

struct ag_egress {
    struct ag_ranges allow;
};

enum ag_err ag_egress_new(struct ag_str allow, struct ag_egress **ret_egress)
{
    struct ag_egress *egress = calloc(1, sizeof(*egress));
    if (!egress) return ag_fail(AG_E_NO_MEMORY, "no memory for the egress rules");
    enum ag_err err = ag_ranges_parse(allow, &egress->allow);
    if (err != AG_OK) {
        free(egress);
        return err;
    }
    *ret_egress = egress;
    return AG_OK;
}

void ag_egress_free(struct ag_egress *egress)
{
    free(egress);
}

static bool allowed(const struct ag_egress *egress, uint8_t bits, const uint8_t *bytes)
{
    struct ag_address address = {.bits = bits};
    memcpy(address.bytes, bytes, bits / 8);
    return ag_ranges_have(&egress->allow, &address);
}

/* ---- the judge ---- */

static enum ag_err pronounce(enum ag_egress_trust trust, enum verdict verdict, const char *what)
{
    if (verdict == PUBLIC || (verdict == PRIVATE && trust == AG_EGRESS_OPERATOR)) return AG_OK;
    /* The address itself is not named: a user could map a network with it. */
    return ag_fail(AG_E_EGRESS_DENIED, "the host is %s, which this server does not dial", what);
}

static enum ag_err judge4(const struct ag_egress *egress, enum ag_egress_trust trust,
                          const uint8_t bytes[4])
{
    if (allowed(egress, 32, bytes)) return AG_OK;
    uint32_t addr = V4(bytes[0], bytes[1], bytes[2], bytes[3]);
    for (size_t i = 0; i < AG_COUNT(ranges4); i++) {
        const struct range4 *range = &ranges4[i];
        if ((addr ^ range->addr) >> (32 - range->bits) == 0)
            return pronounce(trust, range->verdict, range->what);
    }
    return AG_OK;
}

static enum ag_err judge6(const struct ag_egress *egress, enum ag_egress_trust trust,
                          const uint8_t a[16])
{
    static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff}; /* ::ffff:0:0/96 */
    static const uint8_t nat64[16] = {0x00, 0x64, 0xff, 0x9b};    /* 64:ff9b::/96 */
    static const uint8_t teredo[16] = {0x20, 0x01};               /* 2001::/32 */
    static const uint8_t zero[16];

    if (allowed(egress, 128, a)) return AG_OK;
    /* What carries an IPv4 address ends at that address, so that one is judged. */
    if (ag_prefix_eq(a, mapped, 96) || ag_prefix_eq(a, nat64, 96))
        return judge4(egress, trust, a + 12);
    if (a[0] == 0x20 && a[1] == 0x02) return judge4(egress, trust, a + 2); /* 6to4, 2002::/16 */
    if (ag_prefix_eq(a, teredo, 32)) {
        AG_TRY(judge4(egress, trust, a + 4)); /* its server */
        const uint8_t client[4] = {(uint8_t)~a[12], (uint8_t)~a[13], (uint8_t)~a[14],
                                   (uint8_t)~a[15]};
        return judge4(egress, trust, client);
    }
    /* The obsolete IPv4-compatible form: never public, and metadata stays metadata in it. */
    bool compatible = ag_prefix_eq(a, zero, 96) && (a[12] | a[13] | a[14]) != 0;
    if (compatible) AG_TRY(judge4(egress, trust, a + 12));

    for (size_t i = 0; i < AG_COUNT(ranges6); i++) {
        const struct range6 *range = &ranges6[i];
        if (ag_prefix_eq(a, range->addr, range->bits))
            return pronounce(trust, range->verdict, range->what);
    }
    return AG_OK; /* the last row matches everything */
}

enum ag_err ag_egress_judge(const struct ag_egress *egress, enum ag_egress_trust trust,
                            const struct sockaddr *addr, socklen_t addr_len)
{
    if (addr_len >= sizeof(struct sockaddr_in) && addr->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, addr, sizeof(in));
        return judge4(egress, trust, (const uint8_t *)&in.sin_addr);
    }
    if (addr_len >= sizeof(struct sockaddr_in6) && addr->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, addr, sizeof(in6));
        return judge6(egress, trust, in6.sin6_addr.s6_addr);
    }
    return ag_fail(AG_E_EGRESS_DENIED, "only Internet addresses are dialled");
}

/* ---- the URL ---- */

static enum ag_err bad_url(const char *why)
{
    return ag_fail(AG_E_EGRESS_DENIED, "this URL is not dialled: %s", why);
}

static bool host_name_ok(struct ag_str host)
{
    if (host.len == 0 || host.len > MAX_HOST_BYTES) return false;
    for (size_t i = 0; i < host.len; i++) {
        char c = host.data[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_';
        if (!ok) return false;
    }
    return host.data[0] != '-' && host.data[0] != '.';
}

static bool host_ipv6_ok(struct ag_str host)
{
    char text[INET6_ADDRSTRLEN];
    if (host.len == 0 || host.len >= sizeof(text)) return false;
    memcpy(text, host.data, host.len);
    text[host.len] = '\0';
    struct in6_addr addr;
    return inet_pton(AF_INET6, text, &addr) == 1;
}

static enum ag_err check_authority(struct ag_str authority)
{
    if (ag_str_find_char(authority, '@') >= 0) return bad_url("it carries a user name");
    struct ag_str host = authority, port = {0};
    bool has_port = false;
    if (authority.len > 0 && authority.data[0] == '[') {
        ptrdiff_t end = ag_str_find_char(authority, ']');
        if (end < 0) return bad_url("its host is malformed");
        host = ag_str_sub(authority, 1, (size_t)end - 1);
        struct ag_str rest = ag_str_sub(authority, (size_t)end + 1, SIZE_MAX);
        has_port = rest.len > 0;
        if (has_port && rest.data[0] != ':') return bad_url("its host is malformed");
        port = ag_str_sub(rest, 1, SIZE_MAX);
        if (!host_ipv6_ok(host)) return bad_url("its host is malformed");
    } else {
        ptrdiff_t colon = ag_str_find_char(authority, ':');
        has_port = colon >= 0;
        if (has_port) {
            host = ag_str_sub(authority, 0, (size_t)colon);
            port = ag_str_sub(authority, (size_t)colon + 1, SIZE_MAX);
        }
        if (!host_name_ok(host)) return bad_url("its host is malformed");
    }
    if (!has_port) return AG_OK;
    int64_t number = 0;
    if (port.len == 0 || port.len > 5 || port.data[0] == '-' ||
        ag_str_to_int64(port, &number) != AG_OK || number < 1 || number > 65535)
        return bad_url("its port is not 1..65535");
    return AG_OK;
}

enum ag_err ag_egress_check_url(struct ag_str url)
{
    if (url.len > MAX_URL_BYTES) return bad_url("it is too long");
    /* Parsers disagree about these bytes, and disagreement is how filters are fooled. */
    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.data[i];
        if (c <= ' ' || c >= 0x7f || strchr("\\\"<>^`{|}#", c))
            return bad_url("it contains a character that URLs do not have");
    }
    ptrdiff_t mark = ag_str_find(url, AG_STR("://"));
    if (mark < 0) return bad_url("it does not begin with http:// or https://");
    struct ag_str scheme = ag_str_sub(url, 0, (size_t)mark);
    if (!ag_str_eq_nocase(scheme, AG_STR("http")) && !ag_str_eq_nocase(scheme, AG_STR("https")))
        return bad_url("it does not begin with http:// or https://");

    struct ag_str rest = ag_str_sub(url, (size_t)mark + 3, SIZE_MAX);
    size_t end = 0;
    while (end < rest.len && rest.data[end] != '/' && rest.data[end] != '?')
        end++;
    return check_authority(ag_str_sub(rest, 0, end));
}
