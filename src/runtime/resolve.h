/*
 * Host names. The C library waits while it looks one up, so that happens on the offload pool.
 */
#pragma once

#include "runtime/fiber.h"

enum {
    AG_HOST_ADDRESSES = 4,      /* of one host; more are left out */
    AG_HOST_ADDRESS_BYTES = 80, /* longest address with its zone ("fe80::1%eth0"), and its end */
};

struct ag_host_addresses {
    unsigned count;
    char text[AG_HOST_ADDRESSES][AG_HOST_ADDRESS_BYTES];
};

/* Whether `host` is an IPv4 or IPv6 address already. */
bool ag_host_is_address(const char *host);
/* The addresses of `host`, which may be one, in the order in which to try them.
 * AG_E_IO: it cannot be found. */
enum ag_err ag_host_resolve(const char *host,
                            struct ag_host_addresses *ret_addresses) AG_MUST_USE AG_SUSPENDS;
