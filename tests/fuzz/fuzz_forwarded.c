/* X-Forwarded-For: whoever is not behind a named proxy is who they are, whatever they send; and who
 * is gets the address that a second, plainer reading finds. Lists of ranges and the URL of Redis,
 * which operators write, are read by the same parsers. Input: a mode byte, then fields line by
 * line, or a list, or a URL. */
#include "fuzz.h"

#include "api/route.h"
#include "cache/redis.h"

enum { FIELDS = 8 };

static struct ag_ranges proxies;

static struct ag_address parsed(const char *text)
{
    struct ag_address address = {0};
    FUZZ_CHECK(ag_address_parse(ag_str(text), &address) == AG_OK);
    return address;
}

static void check_address(const struct ag_address *address)
{
    char text[AG_ADDRESS_TEXT_BYTES];
    struct ag_address again;
    FUZZ_CHECK(address->bits == 32 || address->bits == 128);
    FUZZ_CHECK(ag_address_parse(ag_address_format(address, text), &again) == AG_OK);
    FUZZ_CHECK(ag_address_eq(address, &again));
}

static void walk(struct ag_str text)
{
    struct ag_header headers[FIELDS];
    size_t count = 0;
    struct ag_str line;
    while (count < FIELDS && ag_str_split(&text, '\n', &line))
        headers[count++] = (struct ag_header){AG_STR("X-Forwarded-For"), line};
    struct ag_address stranger = parsed("192.0.2.1"), proxy = parsed("10.0.0.1");
    struct ag_address client = ag_forwarded_client(stranger, &proxies, headers, count);
    FUZZ_CHECK(ag_address_eq(&client, &stranger));

    client = ag_forwarded_client(proxy, &proxies, headers, count);
    check_address(&client);
    /* Nobody stands left of somebody who is no proxy. */
    struct ag_header longer[FIELDS + 1] = {{AG_STR("x-forwarded-for"), AG_STR("198.51.100.99")}};
    memcpy(longer + 1, headers, count * sizeof(headers[0]));
    struct ag_address with = ag_forwarded_client(proxy, &proxies, longer, count + 1);
    if (!ag_ranges_have(&proxies, &client)) FUZZ_CHECK(ag_address_eq(&client, &with));
}

static void check_ranges(struct ag_str text)
{
    struct ag_ranges ranges;
    if (ag_ranges_parse(text, &ranges) != AG_OK) return;
    FUZZ_CHECK(ranges.count <= AG_RANGES_MAX);
    for (size_t i = 0; i < ranges.count; i++) {
        check_address(&ranges.list[i].address);
        FUZZ_CHECK(ranges.list[i].bits >= 0 && ranges.list[i].bits <= ranges.list[i].address.bits);
        FUZZ_CHECK(ag_ranges_have(&ranges, &ranges.list[i].address));
    }
}

static void check_redis(struct ag_str text)
{
    struct ag_redis_address address;
    if (ag_redis_address_parse(text, &address) != AG_OK) return;
    FUZZ_CHECK(address.port >= 1 && address.port <= 65535 && address.db >= 0);
    FUZZ_CHECK(address.host[0] && strlen(address.host) < sizeof(address.host));
    FUZZ_CHECK(strlen(address.password) < sizeof(address.password));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (proxies.count == 0)
        FUZZ_CHECK(ag_ranges_parse(AG_STR("10.0.0.0/8,2001:db8:ffff::/48"), &proxies) == AG_OK);
    if (size == 0) return 0;
    struct ag_str text = ag_str_n((const char *)data + 1, size - 1);
    switch (data[0] % 4) {
    case 2:
        check_redis(text);
        break;
    case 3:
        check_ranges(text);
        break;
    default:
        walk(text);
    }
    return 0;
}
