/*
 * Egress: the one door for outgoing connections.
 *
 * The judge looks at the address that is about to be connected, not at the text of the URL, so a
 * name that resolves to a private address, an address in an odd notation and a redirect all meet
 * the same verdict.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <sys/socket.h>

struct ag_egress; /* the operator's rules; immutable once made, shared by all loops */

/* `allow`: comma-separated CIDR ranges ("127.0.0.0/8,10.1.0.0/16,::1/128") that may be dialled
 * though they are not public. AG_E_CONFIG names a bad one. */
enum ag_err ag_egress_new(struct ag_str allow, struct ag_egress **ret_egress) AG_MUST_USE;
void ag_egress_free(struct ag_egress *egress);

/* Who chose the address: the operator's configuration may name private ones, a user may not. Link
 * local, multicast, unspecified and broadcast addresses (and so cloud metadata) are refused to
 * both unless in `allow`. */
enum ag_egress_trust { AG_EGRESS_USER, AG_EGRESS_OPERATOR };

/* AG_OK or AG_E_EGRESS_DENIED. IPv4-mapped, 6to4, Teredo and NAT64 forms are judged by the IPv4
 * address inside. Pure. */
enum ag_err ag_egress_judge(const struct ag_egress *egress, enum ag_egress_trust trust,
                            const struct sockaddr *addr, socklen_t addr_len) AG_MUST_USE;
/* Whether `url` is one we dial at all: http or https, a host, no user info, port 1..65535. Pure.
 * AG_E_EGRESS_DENIED. */
enum ag_err ag_egress_check_url(struct ag_str url) AG_MUST_USE;
