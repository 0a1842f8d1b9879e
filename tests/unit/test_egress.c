/* The egress judge: every special range, its first and last address and the neighbours on both
 * sides, every form that carries an IPv4 address, the allow list, and URLs. */
#include "test_help.h"

#include "net/egress.h"

#include <arpa/inet.h>

static struct ag_egress *plain;

static int setup(void **state)
{
    (void)state;
    return ag_egress_new((struct ag_str){NULL, 0}, &plain) == AG_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    ag_egress_free(plain);
    ag_egress_free(NULL);
    return 0;
}

static enum ag_err judge_with(const struct ag_egress *egress, enum ag_egress_trust trust,
                              const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(443)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        return ag_egress_judge(egress, trust, (struct sockaddr *)&in, sizeof(in));
    if (inet_pton(AF_INET6, text, &in6.sin6_addr) != 1) fail_msg("%s", text);
    return ag_egress_judge(egress, trust, (struct sockaddr *)&in6, sizeof(in6));
}

enum { ALL, OPERATOR, NOBODY }; /* who may dial it */

static void check(const char *text, int who)
{
    enum ag_err user = judge_with(plain, AG_EGRESS_USER, text);
    enum ag_err owner = judge_with(plain, AG_EGRESS_OPERATOR, text);
    enum ag_err want_user = who == ALL ? AG_OK : AG_E_EGRESS_DENIED;
    enum ag_err want_operator = who == NOBODY ? AG_E_EGRESS_DENIED : AG_OK;
    if (user != want_user) fail_msg("%s for a user", text);
    if (owner != want_operator) fail_msg("%s for the operator", text);
}

struct address {
    const char *text;
    int who;
};

static const struct address addresses4[] = {
    {"0.0.0.0", NOBODY},
    {"0.255.255.255", NOBODY},
    {"1.0.0.0", ALL},
    {"9.255.255.255", ALL},
    {"10.0.0.0", OPERATOR},
    {"10.255.255.255", OPERATOR},
    {"11.0.0.0", ALL},
    {"100.63.255.255", ALL},
    {"100.64.0.0", OPERATOR},
    {"100.100.100.199", OPERATOR},
    {"100.100.100.200", NOBODY}, /* a cloud's metadata */
    {"100.100.100.201", OPERATOR},
    {"100.127.255.255", OPERATOR},
    {"100.128.0.0", ALL},
    {"126.255.255.255", ALL},
    {"127.0.0.0", OPERATOR},
    {"127.0.0.1", OPERATOR},
    {"127.255.255.255", OPERATOR},
    {"128.0.0.0", ALL},
    {"168.63.129.15", ALL},
    {"168.63.129.16", NOBODY}, /* a cloud's metadata */
    {"168.63.129.17", ALL},
    {"169.253.255.255", ALL},
    {"169.254.0.0", NOBODY},
    {"169.254.169.254", NOBODY},
    {"169.254.255.255", NOBODY},
    {"169.255.0.0", ALL},
    {"172.15.255.255", ALL},
    {"172.16.0.0", OPERATOR},
    {"172.31.255.255", OPERATOR},
    {"172.32.0.0", ALL},
    {"191.255.255.255", ALL},
    {"192.0.0.0", OPERATOR},
    {"192.0.0.192", NOBODY},
    {"192.0.0.255", OPERATOR},
    {"192.0.1.0", ALL},
    {"192.0.2.0", OPERATOR},
    {"192.0.2.255", OPERATOR},
    {"192.0.3.0", ALL},
    {"192.88.98.255", ALL},
    {"192.88.99.1", OPERATOR},
    {"192.88.100.0", ALL},
    {"192.167.255.255", ALL},
    {"192.168.0.0", OPERATOR},
    {"192.168.255.255", OPERATOR},
    {"192.169.0.0", ALL},
    {"198.17.255.255", ALL},
    {"198.18.0.0", OPERATOR},
    {"198.19.255.255", OPERATOR},
    {"198.20.0.0", ALL},
    {"198.51.99.255", ALL},
    {"198.51.100.0", OPERATOR},
    {"198.51.100.255", OPERATOR},
    {"198.51.101.0", ALL},
    {"203.0.112.255", ALL},
    {"203.0.113.0", OPERATOR},
    {"203.0.113.255", OPERATOR},
    {"203.0.114.0", ALL},
    {"223.255.255.255", ALL},
    {"224.0.0.0", NOBODY},
    {"239.255.255.255", NOBODY},
    {"240.0.0.0", OPERATOR},
    {"255.255.255.254", OPERATOR},
    {"255.255.255.255", NOBODY},
    {"8.8.8.8", ALL},
};

static void ipv4_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < AG_COUNT(addresses4); i++)
        check(addresses4[i].text, addresses4[i].who);
}

static void ipv6_ranges(void **state)
{
    (void)state;
    static const struct address addresses[] = {
        {"::", NOBODY},
        {"::1", OPERATOR},
        {"::2", OPERATOR},
        {"100::1", OPERATOR},
        {"1fff:ffff::1", OPERATOR},
        {"2000::1", ALL},
        {"2001:1ff:ffff::1", OPERATOR}, /* 2001::/23 */
        {"2001:2::1", OPERATOR},
        {"2001:10::1", OPERATOR},
        {"2001:20::1", OPERATOR},
        {"2001:200::1", ALL},
        {"2001:db7:ffff::1", ALL},
        {"2001:db8::1", OPERATOR},
        {"2001:db8:ffff::1", OPERATOR},
        {"2001:db9::1", ALL},
        {"2606:4700::1111", ALL},
        {"3ffe:ffff::1", ALL},
        {"3fff::1", OPERATOR},
        {"3fff:fff::1", OPERATOR},
        {"3fff:1000::1", ALL},
        {"4000::1", OPERATOR},
        {"5f00::1", OPERATOR},
        {"64:ff9b:1::a00:1", OPERATOR},
        {"fbff::1", OPERATOR},
        {"fc00::1", OPERATOR},
        {"fd00:ec2::254", NOBODY},
        {"fd00:ec3::254", OPERATOR},
        {"fd20:ce::254", NOBODY},
        {"fdff::1", OPERATOR},
        {"fe00::1", OPERATOR},
        {"fe80::1", NOBODY},
        {"febf:ffff::1", NOBODY},
        {"fec0::1", OPERATOR},
        {"feff::1", OPERATOR},
        {"ff00::1", NOBODY},
        {"ff02::1", NOBODY},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NOBODY},
    };
    for (size_t i = 0; i < AG_COUNT(addresses); i++)
        check(addresses[i].text, addresses[i].who);
}

/* Each address of the IPv4 table in each form that carries one. */
static void ipv4_inside_ipv6(void **state)
{
    (void)state;
    for (size_t i = 0; i < AG_COUNT(addresses4); i++) {
        unsigned char a[4];
        char text[64];
        int who = addresses4[i].who;
        assert_int_equal(inet_pton(AF_INET, addresses4[i].text, a), 1);
        snprintf(text, sizeof(text), "::ffff:%s", addresses4[i].text);
        check(text, who);
        snprintf(text, sizeof(text), "64:ff9b::%s", addresses4[i].text);
        check(text, who);
        snprintf(text, sizeof(text), "2002:%02x%02x:%02x%02x::1", a[0], a[1], a[2], a[3]);
        check(text, who);
        snprintf(text, sizeof(text), "2001:0:808:808:0:0:%02x%02x:%02x%02x", a[0] ^ 0xff,
                 a[1] ^ 0xff, a[2] ^ 0xff, a[3] ^ 0xff);
        check(text, who);
        snprintf(text, sizeof(text), "2001:0:%02x%02x:%02x%02x:0:0:f7f7:f7f7", a[0], a[1], a[2],
                 a[3]);
        check(text, who);
        if (a[0] == 0) continue; /* would be :: and ::1 */
        snprintf(text, sizeof(text), "::%s", addresses4[i].text);
        check(text, who == ALL ? OPERATOR : who);
    }
}

static void other_families(void **state)
{
    (void)state;
    struct sockaddr_in in = {.sin_family = AF_UNIX};
    inet_pton(AF_INET, "8.8.8.8", &in.sin_addr);
    const struct sockaddr *addr = (struct sockaddr *)&in;
    assert_int_equal(ag_egress_judge(plain, AG_EGRESS_OPERATOR, addr, sizeof(in)),
                     AG_E_EGRESS_DENIED);
    in.sin_family = AF_INET;
    assert_int_equal(ag_egress_judge(plain, AG_EGRESS_OPERATOR, addr, 4), AG_E_EGRESS_DENIED);
    in.sin_family = AF_INET6;
    assert_int_equal(ag_egress_judge(plain, AG_EGRESS_OPERATOR, addr, sizeof(in)),
                     AG_E_EGRESS_DENIED);
}

static void allow_lists(void **state)
{
    (void)state;
    struct ag_egress *egress;
    assert_ok(ag_egress_new(AG_STR(" 127.0.0.0/8,10.1.2.3 , ::1/128,169.254.169.254,fd00::/8,,"),
                            &egress));
    static const struct {
        const char *text;
        enum ag_err user;
    } cases[] = {
        {"127.0.0.1", AG_OK},
        {"127.255.0.1", AG_OK},
        {"10.1.2.3", AG_OK},
        {"10.1.2.4", AG_E_EGRESS_DENIED},
        {"::1", AG_OK},
        {"::2", AG_E_EGRESS_DENIED},
        {"::ffff:127.0.0.1", AG_OK},
        {"64:ff9b::10.1.2.3", AG_OK},
        {"169.254.169.254", AG_OK},
        {"169.254.169.253", AG_E_EGRESS_DENIED},
        {"fd12::1", AG_OK},
        {"fc00::1", AG_E_EGRESS_DENIED},
        {"::ffff:10.0.0.1", AG_E_EGRESS_DENIED},
    };
    for (size_t i = 0; i < AG_COUNT(cases); i++)
        if (judge_with(egress, AG_EGRESS_USER, cases[i].text) != cases[i].user)
            fail_msg("%s", cases[i].text);
    ag_egress_free(egress);
    assert_ok(ag_egress_new(AG_STR("0.0.0.0/0"), &egress));
    assert_ok(judge_with(egress, AG_EGRESS_USER, "10.0.0.1"));
    assert_int_equal(judge_with(egress, AG_EGRESS_USER, "::1"), AG_E_EGRESS_DENIED);
    ag_egress_free(egress);
    assert_ok(ag_egress_new(AG_STR("192.168.77.77/17"), &egress)); /* bits beyond do not count */
    assert_ok(judge_with(egress, AG_EGRESS_USER, "192.168.127.255"));
    assert_int_equal(judge_with(egress, AG_EGRESS_USER, "192.168.128.0"), AG_E_EGRESS_DENIED);
    ag_egress_free(egress);
}

static void bad_allow_lists(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "localhost", "10.0.0.0/33",  "10.0.0.0/-1",  "10.0.0.0/", "10.0.0/8",
        "::1/129",   "10.0.0.0/8x",  "10.0.0.0 /8",  "/8",        "fe80::1%eth0",
        "1.2.3.4.5", "010.0.0.1/8x", "10.0.0.0/8/8",
    };
    struct ag_egress *egress = NULL;
    for (size_t i = 0; i < AG_COUNT(bad); i++) {
        if (ag_egress_new(ag_str(bad[i]), &egress) != AG_E_CONFIG) fail_msg("%s", bad[i]);
        assert_non_null(strstr(ag_diag_text(AG_OK), "is not an address range"));
    }
    char many[65 * 8 + 1] = "";
    for (int i = 0; i < 65; i++)
        memcpy(many + i * 8, "1.2.3.4,", 9);
    assert_int_equal(ag_egress_new(ag_str(many), &egress), AG_E_CONFIG);
    assert_ok(ag_egress_new(ag_str_n(many, 64 * 8), &egress));
    ag_egress_free(egress);
}

static const char *const good_urls[] = {
    "http://a",
    "https://api.openai.com/v1",
    "HTTPS://API.OPENAI.COM:443/v1",
    "http://127.0.0.1:11434/v1",
    "http://[::1]:8080/v1?x=%20y",
    "http://[::ffff:1.2.3.4]",
    "http://under_score.example?q=1",
    "http://x.example.:1/",
    "http://2130706433/", /* an address, to be judged when it is dialled */
    "http://x/@y:z",
};

static const char *const bad_urls[] = {
    "",
    "x",
    "//x",
    "http:/x",
    "http://",
    "http:///x",
    "http://?x",
    "ftp://x",
    "file:///etc/passwd",
    "gopher://x/",
    "javascript:alert(1)",
    " http://x",
    "http://x /",
    "http://x\n/",
    "http://x\t",
    "http://x\\@y/",
    "http://x#@y/",
    "http://user@x/",
    "http://user:pass@x/",
    "http://@x/",
    "http://x:0/",
    "http://x:65536/",
    "http://x:-1/",
    "http://x:+1/",
    "http://x:/",
    "http://x:1:2/",
    "http://x:000080/",
    "http://x:8 0/",
    "http://-x/",
    "http://.x/",
    "http://x%2ey/",
    "http://x,y/",
    "http://\xc3\xbc.example/",
    "http://::1/",
    "http://[::1/",
    "http://[::1]x/",
    "http://[fe80::1%25eth0]/",
    "http://[v1.x]/",
    "http://[1.2.3.4]/",
    "http://[]/",
    "http://x/\x7f",
    "http://x/\"y",
    "http://x/{y}",
};

static void urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < AG_COUNT(good_urls); i++)
        if (ag_egress_check_url(ag_str(good_urls[i])) != AG_OK) fail_msg("%s", good_urls[i]);
    for (size_t i = 0; i < AG_COUNT(bad_urls); i++)
        if (ag_egress_check_url(ag_str(bad_urls[i])) != AG_E_EGRESS_DENIED)
            fail_msg("%s", bad_urls[i]);
    assert_int_equal(ag_egress_check_url(ag_str_n("http://x/\0y", 11)), AG_E_EGRESS_DENIED);
    char big[5000];
    memset(big, 'x', sizeof(big));
    memcpy(big, "http://x/", 9);
    assert_ok(ag_egress_check_url(ag_str_n(big, 4096)));
    assert_int_equal(ag_egress_check_url(ag_str_n(big, 4097)), AG_E_EGRESS_DENIED);
    memcpy(big, "http://xx", 9);
    assert_ok(ag_egress_check_url(ag_str_n(big, 7 + 253)));
    assert_int_equal(ag_egress_check_url(ag_str_n(big, 7 + 254)), AG_E_EGRESS_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4_ranges),
        cmocka_unit_test(ipv6_ranges),
        cmocka_unit_test(ipv4_inside_ipv6),
        cmocka_unit_test(other_families),
        cmocka_unit_test(allow_lists),
        cmocka_unit_test(bad_allow_lists),
        cmocka_unit_test(urls),
    };
    return cmocka_run_group_tests_name("egress", tests, setup, teardown);
}
