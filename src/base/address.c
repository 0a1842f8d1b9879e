#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

struct ag_address ag_address_of(const uint8_t *bytes, int bits)
{
    struct ag_address address = {.bits = (uint8_t)bits};
    if (bits == 128 && memcmp(bytes, mapped, sizeof(mapped)) == 0) {
        address.bits = 32;
        bytes += sizeof(mapped);
    }
    memcpy(address.bytes, bytes, address.bits / 8);
    return address;
}

enum ag_err ag_address_parse(struct ag_str text, struct ag_address *ret_address)
{
    char name[AG_ADDRESS_TEXT_BYTES];
    uint8_t bytes[16];
    if (text.len == 0 || text.len >= sizeof(name) || memchr(text.data, '\0', text.len))
        return AG_E_INVALID;
    memcpy(name, text.data, text.len);
    name[text.len] = '\0';
    bool six = memchr(name, ':', text.len) != NULL;
    if (inet_pton(six ? AF_INET6 : AF_INET, name, bytes) != 1) return AG_E_INVALID;
    *ret_address = ag_address_of(bytes, six ? 128 : 32);
    return AG_OK;
}

struct ag_str ag_address_format(const struct ag_address *address, char out[AG_ADDRESS_TEXT_BYTES])
{
    int family = address->bits == 32 ? AF_INET : AF_INET6;
    const char *text = inet_ntop(family, address->bytes, out, AG_ADDRESS_TEXT_BYTES);
    AG_ASSERT(text);
    return ag_str(text);
}

bool ag_address_eq(const struct ag_address *a, const struct ag_address *b)
{
    return a->bits == b->bits && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool ag_address_is_loopback(const struct ag_address *address)
{
    static const struct ag_address one = {.bits = 128, .bytes = {[15] = 1}};
    return address->bits == 32 ? address->bytes[0] == 127 : ag_address_eq(address, &one);
}

bool ag_prefix_eq(const uint8_t *a, const uint8_t *b, int bits)
{
    int bytes = bits / 8, rest = bits % 8;
    if (memcmp(a, b, (size_t)bytes) != 0) return false;
    return rest == 0 || ((a[bytes] ^ b[bytes]) >> (8 - rest)) == 0;
}

bool ag_range_has(const struct ag_range *range, const struct ag_address *address)
{
    return range->address.bits == address->bits &&
           ag_prefix_eq(range->address.bytes, address->bytes, range->bits);
}

static enum ag_err range_parse(struct ag_str text, struct ag_range *ret_range)
{
    struct ag_str rest = text, name;
    struct ag_range range;
    if (!ag_str_split(&rest, '/', &name)) return AG_E_INVALID;
    AG_TRY(ag_address_parse(name, &range.address));
    /* A range is as long as its text says: one of ::ffff:0:0/96 and longer is one of IPv4. */
    int64_t width = ag_str_find_char(name, ':') < 0 ? 32 : 128, bits = width;
    if (name.len < text.len) {
        if (rest.len == 0 || rest.len > 3 || rest.data[0] == '-') return AG_E_INVALID;
        AG_TRY(ag_str_to_int64(rest, &bits));
    }
    if (bits > width) return AG_E_INVALID;
    bits -= width - range.address.bits;
    if (bits < 0) return AG_E_INVALID;
    range.bits = (int)bits;
    *ret_range = range;
    return AG_OK;
}

enum ag_err ag_ranges_parse(struct ag_str text, struct ag_ranges *ret_ranges)
{
    struct ag_ranges ranges = {.count = 0};
    for (struct ag_str rest = text, part; ag_str_split(&rest, ',', &part);) {
        part = ag_str_trim(part);
        if (part.len == 0) continue;
        if (ranges.count == AG_RANGES_MAX)
            return ag_fail(AG_E_CONFIG, "there may be %d address ranges at most", AG_RANGES_MAX);
        if (range_parse(part, &ranges.list[ranges.count]) != AG_OK)
            return ag_fail(AG_E_CONFIG, "\"%.*s\" is not an address range like 10.1.0.0/16",
                           AG_STR_ARG(ag_str_sub(part, 0, 64)));
        ranges.count++;
    }
    *ret_ranges = ranges;
    return AG_OK;
}

bool ag_ranges_have(const struct ag_ranges *ranges, const struct ag_address *address)
{
    for (size_t i = 0; i < ranges->count; i++)
        if (ag_range_has(&ranges->list[i], address)) return true;
    return false;
}
