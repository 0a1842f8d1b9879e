#include "runtime/resolve.h"

#include "runtime/offload.h"

#include <arpa/inet.h>
#include <netdb.h>

struct look_up {
    const char *host;
    struct ag_host_addresses found;
};

static enum ag_err look_up(void *arg)
{
    struct look_up *look = arg;
    struct ag_host_addresses *found = &look->found;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *list;
    int rc = getaddrinfo(look->host, NULL, &hints, &list);
    if (rc != 0)
        return ag_fail(AG_E_IO, "cannot find the host %s: %s", look->host, gai_strerror(rc));
    for (struct addrinfo *a = list; a && found->count < AG_HOST_ADDRESSES; a = a->ai_next)
        if (getnameinfo(a->ai_addr, a->ai_addrlen, found->text[found->count], AG_HOST_ADDRESS_BYTES,
                        NULL, 0, NI_NUMERICHOST) == 0)
            found->count++;
    freeaddrinfo(list);
    return found->count > 0 ? AG_OK : ag_fail(AG_E_IO, "the host %s has no address", look->host);
}

bool ag_host_is_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

enum ag_err ag_host_resolve(const char *host, struct ag_host_addresses *ret_addresses)
{
    struct look_up look = {.host = host};
    if (ag_host_is_address(host)) {
        look.found.count = 1;
        snprintf(look.found.text[0], AG_HOST_ADDRESS_BYTES, "%s", host);
    } else {
        AG_TRY(ag_offload(look_up, &look));
    }
    *ret_addresses = look.found;
    return AG_OK;
}
