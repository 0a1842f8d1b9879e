/* The egress judge: an address that a user may dial is public by a second, independent reckoning,
 * whatever form it comes in; the operator may dial all that a user may; a URL that passes has the
 * shape that curl's own parser sees. Input: a mode byte, then an address or a URL. */
#include "fuzz.h"
#include "net/egress.h"

#include <arpa/inet.h>
#include <curl/curl.h>

static struct ag_egress *plain;

/* Not public: first byte, lowest and highest second byte, lowest and highest third byte. */
static const uint8_t special4[][5] = {
    {0, 0, 255, 0, 255},     {10, 0, 255, 0, 255},    {127, 0, 255, 0, 255},
    {100, 64, 127, 0, 255},  {169, 254, 254, 0, 255}, {172, 16, 31, 0, 255},
    {192, 168, 168, 0, 255}, {192, 0, 0, 0, 0},       {192, 0, 0, 2, 2},
    {192, 88, 88, 99, 99},   {198, 18, 19, 0, 255},   {198, 51, 51, 100, 100},
    {203, 0, 0, 113, 113},
};

static bool is_public4(const uint8_t a[4])
{
    for (size_t i = 0; i < AG_COUNT(special4); i++) {
        const uint8_t *s = special4[i];
        if (a[0] == s[0] && a[1] >= s[1] && a[1] <= s[2] && a[2] >= s[3] && a[2] <= s[4])
            return false;
    }
    return a[0] < 224 && !(a[0] == 168 && a[1] == 63 && a[2] == 129 && a[3] == 16);
}

static bool all_zero(const uint8_t *a, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (a[i]) return false;
    return true;
}

static bool begins(const uint8_t a[16], const char *prefix, size_t len)
{
    return memcmp(a, prefix, len) == 0;
}

static bool is_public6(const uint8_t a[16])
{
    if (all_zero(a, 0, 10) && a[10] == 0xff && a[11] == 0xff) return is_public4(a + 12);
    if (begins(a, "\x00\x64\xff\x9b", 4) && all_zero(a, 4, 12)) return is_public4(a + 12);
    if (begins(a, "\x20\x02", 2)) return is_public4(a + 2);
    if (begins(a, "\x20\x01\x00\x00", 4)) {
        const uint8_t client[4] = {a[12] ^ 0xff, a[13] ^ 0xff, a[14] ^ 0xff, a[15] ^ 0xff};
        return is_public4(a + 4) && is_public4(client);
    }
    if ((a[0] & 0xe0) != 0x20) return false; /* global unicast is 2000::/3 */
    if (begins(a, "\x20\x01", 2) && a[2] < 2) return false;
    if (begins(a, "\x20\x01\x0d\xb8", 4)) return false;
    return !(begins(a, "\x3f\xff", 2) && a[2] < 0x10);
}

static void check_address(const struct sockaddr *addr, socklen_t len, bool is_public)
{
    enum ag_err user = ag_egress_judge(plain, AG_EGRESS_USER, addr, len);
    enum ag_err owner = ag_egress_judge(plain, AG_EGRESS_OPERATOR, addr, len);
    FUZZ_CHECK(user == AG_OK || user == AG_E_EGRESS_DENIED);
    FUZZ_CHECK(owner == AG_OK || owner == AG_E_EGRESS_DENIED);
    FUZZ_CHECK((user == AG_OK) == is_public);
    FUZZ_CHECK(user != AG_OK || owner == AG_OK);
}

static void check_url(struct ag_str text)
{
    if (ag_egress_check_url(text) != AG_OK) return;
    char *copy = malloc(text.len + 1), *host = NULL, *user = NULL, *scheme = NULL;
    FUZZ_CHECK(copy);
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    CURLU *url = curl_url();
    /* curl may refuse more, such as "%" in odd places; it must not read another host into it. */
    if (url && curl_url_set(url, CURLUPART_URL, copy, 0) == CURLUE_OK) {
        FUZZ_CHECK(curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK);
        FUZZ_CHECK(strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
        FUZZ_CHECK(curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK && host[0]);
        FUZZ_CHECK(curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_NO_USER);
    }
    curl_free(host);
    curl_free(scheme);
    curl_url_cleanup(url);
    free(copy);
}

static void check_allow(struct ag_str text)
{
    struct ag_egress *egress = NULL;
    enum ag_err err = ag_egress_new(text, &egress);
    FUZZ_CHECK(err == AG_OK || err == AG_E_CONFIG);
    ag_egress_free(egress);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return -1;
    if (!plain) FUZZ_CHECK(ag_egress_new(AG_STR(""), &plain) == AG_OK);
    const uint8_t *rest = data + 1;
    struct ag_str text = ag_str_n((const char *)rest, size - 1);
    if (data[0] == '4' && size >= 5) {
        struct sockaddr_in in = {.sin_family = AF_INET};
        memcpy(&in.sin_addr, rest, 4);
        check_address((struct sockaddr *)&in, sizeof(in), is_public4(rest));
    } else if (data[0] == '6' && size >= 17) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
        memcpy(&in6.sin6_addr, rest, 16);
        check_address((struct sockaddr *)&in6, sizeof(in6), is_public6(rest));
    } else if (data[0] == 'a') {
        check_allow(text);
    } else {
        check_url(text);
    }
    return 0;
}
