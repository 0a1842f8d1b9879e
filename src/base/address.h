/* Internet addresses and ranges of them, as text and as bytes. Pure. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* IPv4 or IPv6. An IPv4 address inside IPv6 (::ffff:192.0.2.1, RFC 4291 2.5.5.2) is kept as what it
 * is, IPv4, so that one machine has one spelling. */
struct ag_address {
    uint8_t bits;      /* 32 or 128 */
    uint8_t bytes[16]; /* network order; IPv4 has the first four, the others are 0 */
};

enum { AG_ADDRESS_TEXT_BYTES = 46 }; /* the longest form and NUL */

/* One address and nothing else: no port, no zone, no brackets. AG_E_INVALID. */
enum ag_err ag_address_parse(struct ag_str text, struct ag_address *ret_address) AG_MUST_USE;
/* The same from 4 or 16 bytes in network order; `bits` says which. */
struct ag_address ag_address_of(const uint8_t *bytes, int bits);
/* Its one spelling (RFC 5952) into `out`; returns it. */
struct ag_str ag_address_format(const struct ag_address *address, char out[AG_ADDRESS_TEXT_BYTES]);
bool ag_address_eq(const struct ag_address *a, const struct ag_address *b);
/* Whether the machine means itself by it: 127.0.0.0/8 or ::1. */
bool ag_address_is_loopback(const struct ag_address *address);

/* Whether two addresses of one length, in network order, begin with the same `bits`. */
bool ag_prefix_eq(const uint8_t *a, const uint8_t *b, int bits);

/* The addresses whose first `bits` are those of `address`. */
struct ag_range {
    struct ag_address address;
    int bits;
};
bool ag_range_has(const struct ag_range *range, const struct ag_address *address);

enum { AG_RANGES_MAX = 64 };
struct ag_ranges {
    size_t count;
    struct ag_range list[AG_RANGES_MAX];
};
/* "10.1.0.0/16, ::1": separated by commas, one without a slash is a single address; empty is none.
 * AG_E_CONFIG names the one that is wrong. */
enum ag_err ag_ranges_parse(struct ag_str text, struct ag_ranges *ret_ranges) AG_MUST_USE;
bool ag_ranges_have(const struct ag_ranges *ranges, const struct ag_address *address);
