/* Addresses and ranges: one spelling for one machine, and nothing taken for an address that is
 * none. */
#include "test_help.h"

#include "base/address.h"

static struct ag_address parsed(const char *text)
{
    struct ag_address address;
    if (ag_address_parse(ag_str(text), &address) != AG_OK) fail_msg("%s", text);
    return address;
}

static void one_spelling(void **state)
{
    static const char *const cases[][2] = {
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::FFFF:c000:0201", "192.0.2.1"},
        {"0:0:0:0:0:ffff:c000:201", "192.0.2.1"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"::", "::"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };
    (void)state;
    char text[AG_ADDRESS_TEXT_BYTES];
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        struct ag_address address = parsed(cases[i][0]);
        assert_str(ag_address_format(&address, text), cases[i][1]);
    }
    struct ag_address inner = parsed("::ffff:192.0.2.1"), plain = parsed("192.0.2.1");
    assert_true(ag_address_eq(&inner, &plain));
    struct ag_address other = parsed("c000:201::");
    assert_false(ag_address_eq(&other, &plain));
}

static void no_addresses(void **state)
{
    static const char *const bad[] = {
        "",
        " 1.2.3.4",
        "1.2.3.4 ",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "01.2.3.4",
        "1.2.3.4:5",
        "[::1]",
        "[::1]:80",
        "fe80::1%eth0",
        ":::",
        "1::2::3",
        "localhost",
        "0x7f.1",
        "12345::",
        "1.2.3.4/32",
        "unknown",
        "_hidden",
        "::ffff:1.2.3.256",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "0000:0000:0000:0000:0000:ffff:192.168.100.100.100.100.100.100",
    };
    (void)state;
    struct ag_address address;
    for (size_t i = 0; i < AG_COUNT(bad); i++)
        if (ag_address_parse(ag_str(bad[i]), &address) != AG_E_INVALID) fail_msg("%s", bad[i]);
    assert_int_equal(ag_address_parse(ag_str_n("1.2.3.4\0x", 9), &address), AG_E_INVALID);
}

static void loopback(void **state)
{
    static const struct {
        const char *text;
        bool is;
    } cases[] = {{"127.0.0.1", true},  {"127.255.0.9", true}, {"::1", true},
                 {"128.0.0.1", false}, {"::2", false},        {"::ffff:127.0.0.1", true}};
    (void)state;
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        struct ag_address address = parsed(cases[i].text);
        assert_int_equal(ag_address_is_loopback(&address), cases[i].is);
    }
}

static void ranges(void **state)
{
    (void)state;
    struct ag_ranges list;
    assert_ok(ag_ranges_parse(AG_STR("10.0.0.0/8, 192.0.2.7,2001:db8::/33,::ffff:172.16.0.0/108"),
                              &list));
    assert_int_equal(list.count, 4);
    static const struct {
        const char *text;
        bool in;
    } cases[] = {
        {"10.255.0.1", true},     {"11.0.0.0", false},        {"192.0.2.7", true},
        {"192.0.2.6", false},     {"2001:db8:7fff::1", true}, {"2001:db8:8000::1", false},
        {"172.31.255.255", true}, {"172.32.0.0", false},      {"::ffff:10.0.0.1", true},
        {"a00:1::", false},
    };
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        struct ag_address address = parsed(cases[i].text);
        if (ag_ranges_have(&list, &address) != cases[i].in) fail_msg("%s", cases[i].text);
    }
    struct ag_address any = parsed("192.0.2.7");
    assert_ok(ag_ranges_parse(AG_STR(" , "), &list));
    assert_int_equal(list.count, 0);
    assert_false(ag_ranges_have(&list, &any));
    assert_ok(ag_ranges_parse(AG_STR("0.0.0.0/0"), &list));
    assert_true(ag_ranges_have(&list, &any));
    assert_int_equal(ag_ranges_parse(AG_STR("::ffff:1.2.3.4/95"), &list), AG_E_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_spelling),
        cmocka_unit_test(no_addresses),
        cmocka_unit_test(loopback),
        cmocka_unit_test(ranges),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
