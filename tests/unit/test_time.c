/* Clocks, dates, identifiers, random numbers. */
#include "test_help.h"

#include "base/clock.h"
#include "base/id.h"

#include <pthread.h>

static void test_clocks_advance(void **state)
{
    assert_true(ag_wall_ms() > 1767225600000); /* 2026 */
    int64_t last = ag_mono_ns();
    for (int i = 0; i < 1000; i++) {
        int64_t now = ag_mono_ns();
        assert_true(now >= last);
        last = now;
    }
    assert_in_range(ag_mono_us() - last / 1000, 0, 1000000);
    assert_in_range(ag_mono_ms() - last / 1000000, 0, 1000);
    assert_true(ag_deadline_in(AG_NEVER) == AG_NEVER);
    assert_in_range(ag_deadline_in(5000) - ag_mono_ms(), 4000, 5000);
}

static void test_time_known(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {951868800000, "2000-03-01T00:00:00.000Z"},
        {1709164799999, "2024-02-28T23:59:59.999Z"},
        {1709164800000, "2024-02-29T00:00:00.000Z"},
        {4107542400000, "2100-03-01T00:00:00.000Z"},
        {2147483648000, "2038-01-19T03:14:08.000Z"},
        {-2208988800000, "1900-01-01T00:00:00.000Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {-62167219200000, "0000-01-01T00:00:00.000Z"},
        {-62162035200001, "0000-02-29T23:59:59.999Z"},
    };
    char text[AG_TIME_TEXT_BYTES];
    for (size_t i = 0; i < AG_COUNT(rows); i++) {
        int64_t ms = 0;
        assert_str(ag_time_format(rows[i].ms, text), rows[i].text);
        assert_int_equal(text[24], '\0');
        assert_ok(ag_time_parse(ag_str(rows[i].text), &ms));
        assert_true(ms == rows[i].ms);
    }
    /* Beyond the four-digit years it stays at their ends. */
    assert_str(ag_time_format(INT64_MAX, text), "9999-12-31T23:59:59.999Z");
    assert_str(ag_time_format(INT64_MIN, text), "0000-01-01T00:00:00.000Z");
}

/* Every day of ten thousand years against a calendar that counts on its fingers. */
static void test_time_every_day(void **state)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const char *const weekdays[] = {"Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri"};
    int64_t ms = -62167219200000;
    size_t weekday = 0; /* 0000-01-01 was a Saturday */
    char have[AG_TIME_TEXT_BYTES], want[64], http[30];
    for (int year = 0; year <= 9999; year++) {
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (int month = 1; month <= 12; month++) {
            int days = lengths[month - 1] + (month == 2 && leap);
            for (int day = 1; day <= days; day++, ms += 86400000) {
                snprintf(want, sizeof(want), "%04d-%02d-%02dT00:00:00.000Z", year, month, day);
                ag_time_format(ms, have);
                if (memcmp(have, want, 24) != 0) fail_msg("%s is not %s", have, want);
                ag_time_http(ms, http);
                if (memcmp(http, weekdays[weekday], 3) != 0) fail_msg("%s: %s", want, http);
                weekday = (weekday + 1) % 7;
            }
            snprintf(want, sizeof(want), "%04d-%02d-%02dT00:00:00Z", year, month, days + 1);
            int64_t none = 7;
            assert_int_equal(ag_time_parse(ag_str(want), &none), AG_E_INVALID);
            assert_int_equal(none, 7);
        }
    }
    assert_true(ms == 253402300800000);
}

static void test_time_parse_forms(void **state)
{
    static const struct {
        const char *text, *same;
    } rows[] = {
        {"2026-11-22T09:40:27Z", "2026-11-22T09:40:27.000Z"},
        {"2026-11-22t09:40:27z", "2026-11-22T09:40:27.000Z"},
        {"2026-11-22T09:40:27.1Z", "2026-11-22T09:40:27.100Z"},
        {"2026-11-22T09:40:27.12Z", "2026-11-22T09:40:27.120Z"},
        {"2026-11-22T09:40:27.123999999Z", "2026-11-22T09:40:27.123Z"},
        {"2026-11-22T09:40:27+00:00", "2026-11-22T09:40:27.000Z"},
        {"2026-11-22T09:40:27-00:00", "2026-11-22T09:40:27.000Z"},
        {"2026-11-22T09:40:27.5+05:30", "2026-11-22T04:10:27.500Z"},
        {"2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00.000Z"},
        {"2026-01-01T00:00:00+23:59", "2025-12-31T00:01:00.000Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"}, /* leap seconds */
        {"2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.500Z"},
        {"2017-01-01T08:59:60+09:00", "2017-01-01T00:00:00.000Z"},
        {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"},
        {"9999-12-31T23:59:59.999+00:00", "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < AG_COUNT(rows); i++) {
        int64_t ms;
        char text[AG_TIME_TEXT_BYTES];
        assert_ok(ag_time_parse(ag_str(rows[i].text), &ms));
        assert_str(ag_time_format(ms, text), rows[i].same);
    }
}

static void test_time_parse_refuses(void **state)
{
    static const char *const bad[] = {
        "",
        "2026-11-22",
        "2026-11-22T09:40:27",
        "2026-11-22 09:40:27Z",
        "2026-11-22T09:40Z",
        "2026-11-22T9:40:27Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T09:60:00Z",
        "2026-11-22T09:40:60Z", /* no leap second there */
        "2026-11-22T09:40:61Z",
        "2026-12-31T23:59:60+01:00",
        "2026-00-22T09:40:27Z",
        "2026-13-22T09:40:27Z",
        "2026-11-00T09:40:27Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-11-22T09:40:27.Z",
        "2026-11-22T09:40:27.1234567890Z",
        "2026-11-22T09:40:27+5:30",
        "2026-11-22T09:40:27+0530",
        "2026-11-22T09:40:27+24:00",
        "2026-11-22T09:40:27+00:60",
        "2026-11-22T09:40:27ZZ",
        "2026-11-22T09:40:27Z ",
        " 2026-11-22T09:40:27Z",
        "+2026-11-22T09:40:27Z",
        "12026-11-22T09:40:27Z",
        "0000-01-01T00:00:00+00:01", /* before year 0 */
        "9999-12-31T23:59:59-00:01", /* after 9999 */
        "9999-12-31T23:59:60Z",
        "2026-11-22T09:40:-7Z",
    };
    for (size_t i = 0; i < AG_COUNT(bad); i++) {
        int64_t ms = 7;
        if (ag_time_parse(ag_str(bad[i]), &ms) != AG_E_INVALID) fail_msg("%s is taken", bad[i]);
        assert_int_equal(ms, 7);
    }
    /* Every proper prefix is incomplete. */
    struct ag_str whole = AG_STR("2026-11-22T09:40:27.123+05:30");
    for (size_t len = 0; len < whole.len; len++) {
        int64_t ms;
        assert_int_equal(ag_time_parse(ag_str_n(whole.data, len), &ms), AG_E_INVALID);
    }
}

static void test_http_dates(void **state)
{
    /* The three forms of the same moment in RFC 9110 5.6.7. */
    static const char *const same[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                       "Sunday, 06-Nov-94 08:49:37 GMT",
                                       "Sun Nov  6 08:49:37 1994"};
    for (size_t i = 0; i < AG_COUNT(same); i++) {
        int64_t ms = 0;
        assert_ok(ag_time_parse_http(ag_str(same[i]), &ms));
        assert_true(ms == 784111777000);
    }
    char text[30];
    assert_str(ag_time_http(784111777999, text), same[0]);
    for (int64_t at = -62167219200000; at < 253402300799999; at += 86399999999) {
        int64_t ms;
        assert_ok(ag_time_parse_http(ag_time_http(at, text), &ms));
        int64_t second = ((at % 1000) + 1000) % 1000;
        assert_true(ms == at - second);
    }
    static const char *const bad[] = {"",
                                      "120",
                                      "Sun, 06 Nov 1994 08:49:37",
                                      "Sun, 06 Nov 1994 08:49:37 UTC",
                                      "Sun, 06 Nov 1994 08:49:37 GMT ",
                                      "Sun, 6 Nov 1994 08:49:37 GMT",
                                      "Sun, 31 Nov 1994 08:49:37 GMT",
                                      "Xyz, 06 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 24:49:37 GMT",
                                      "Sun Nov 6 08:49:37 1994",
                                      "Sun, 06-Nov-94 08:49:37 GMT"};
    for (size_t i = 0; i < AG_COUNT(bad); i++) {
        int64_t ms = 7;
        assert_int_equal(ag_time_parse_http(ag_str(bad[i]), &ms), AG_E_INVALID);
        assert_int_equal(ms, 7);
    }
}

/* ---- identifiers ---- */

static void test_uuid_order(void **state)
{
    int64_t before = ag_wall_ms();
    struct ag_uuid last = ag_uuid_new();
    assert_in_range(ag_uuid_time_ms(last) - before, 0, 10000);
    for (int i = 0; i < 100000; i++) {
        struct ag_uuid id = ag_uuid_new();
        assert_true(memcmp(id.bytes, last.bytes, 16) > 0);
        assert_int_equal(id.bytes[6] >> 4, 7);
        assert_int_equal(id.bytes[8] >> 6, 2);
        last = id;
    }
    /* The smallest of a moment stands before all of it and behind all that came earlier. */
    struct ag_uuid floor = ag_uuid_at(ag_uuid_time_ms(last));
    assert_true(memcmp(floor.bytes, last.bytes, 16) <= 0);
    struct ag_uuid next = ag_uuid_at(ag_uuid_time_ms(last) + 1);
    assert_true(memcmp(next.bytes, last.bytes, 16) > 0);
    assert_int_equal(ag_uuid_time_ms(ag_uuid_at(-5)), 0);
}

enum { THREADS = 4, IDS = 20000 };
static struct ag_uuid made[THREADS][IDS];

static void *make_ids(void *arg)
{
    struct ag_uuid *ids = arg;
    for (int i = 0; i < IDS; i++)
        ids[i] = ag_uuid_new();
    return NULL;
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct ag_uuid));
}

static void test_uuid_threads(void **state)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_ids, made[i]), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    struct ag_uuid *all = &made[0][0];
    qsort(all, THREADS * IDS, sizeof(*all), compare_ids);
    for (int i = 1; i < THREADS * IDS; i++)
        assert_false(ag_uuid_eq(all[i - 1], all[i]));
}

static void test_uuid_text(void **state)
{
    char text[AG_UUID_TEXT_BYTES];
    struct ag_uuid id, back;
    assert_ok(ag_uuid_parse(AG_STR("0190F5D7-7CF8-7a3b-8c4d-0123456789AB"), &id));
    assert_str(ag_uuid_format(id, text), "0190f5d7-7cf8-7a3b-8c4d-0123456789ab");
    assert_int_equal(text[36], '\0');
    assert_true(ag_uuid_time_ms(id) == 0x0190F5D77CF8);
    for (int i = 0; i < 1000; i++) {
        id = ag_uuid_new();
        assert_ok(ag_uuid_parse(ag_uuid_format(id, text), &back));
        assert_true(ag_uuid_eq(id, back));
    }
    assert_ok(ag_uuid_parse(AG_STR("00000000-0000-0000-0000-000000000000"), &back));
    assert_true(ag_uuid_is_nil(back));
    assert_false(ag_uuid_is_nil(id));

    static const char *const bad[] = {
        "",
        "0190f5d77cf87a3b8c4d0123456789ab",
        "0190f5d7-7cf8-7a3b-8c4d-0123456789a",
        "0190f5d7-7cf8-7a3b-8c4d-0123456789abc",
        "0190f5d7-7cf8-7a3b-8c4d0-123456789ab",
        "0190f5d7_7cf8-7a3b-8c4d-0123456789ab",
        "0190f5d7-7cf8-7a3b-8c4d-0123456789ag",
        "{190f5d7-7cf8-7a3b-8c4d-0123456789a}",
        "0190f5d7-7cf8-7a3b-8c4d-01234567 9ab",
        "0190f5d7-7cf8-7a3b-8c4d-0123456789\020b",
    };
    for (size_t i = 0; i < AG_COUNT(bad); i++)
        assert_int_equal(ag_uuid_parse(ag_str(bad[i]), &back), AG_E_INVALID);
    assert_true(ag_uuid_is_nil(back));
}

static void test_random(void **state)
{
    unsigned char a[32], b[32];
    ag_random_bytes(a, sizeof(a));
    ag_random_bytes(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
    int seen[10] = {0};
    for (int i = 0; i < 10000; i++) {
        uint32_t n = ag_random_below(10);
        assert_true(n < 10);
        seen[n]++;
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(seen[i], 700, 1300);
    assert_int_equal(ag_random_below(1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clocks_advance),     cmocka_unit_test(test_time_known),
        cmocka_unit_test(test_time_every_day),     cmocka_unit_test(test_time_parse_forms),
        cmocka_unit_test(test_time_parse_refuses), cmocka_unit_test(test_http_dates),
        cmocka_unit_test(test_uuid_order),         cmocka_unit_test(test_uuid_threads),
        cmocka_unit_test(test_uuid_text),          cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
