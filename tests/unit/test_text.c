/* Strings, UTF-8, JSON text and numbers. */
#include "test_help.h"

#include "base/id.h"

#include <math.h>

static void test_slices(void **state)
{
    struct ag_str s = AG_STR("hello");
    assert_str(ag_str_sub(s, 1, 3), "ell");
    assert_str(ag_str_sub(s, 3, SIZE_MAX), "lo");
    assert_str(ag_str_sub(s, 9, 1), "");
    assert_str(ag_str_sub((struct ag_str){NULL, 0}, 2, 2), "");
    assert_true(ag_str_eq((struct ag_str){NULL, 0}, AG_STR("")));
    assert_true(ag_str_eq_nocase(AG_STR("Content-Type"), AG_STR("content-tYPE")));
    /* '@' and '`', '[' and '{' differ by the bit that makes letters lower case. */
    assert_false(ag_str_eq_nocase(AG_STR("@["), AG_STR("`{")));
    assert_false(ag_str_eq_nocase(AG_STR("a"), AG_STR("ab")));
    assert_true(ag_str_starts_with(s, AG_STR("he")) && ag_str_ends_with(s, AG_STR("lo")));
    assert_true(ag_str_starts_with(s, AG_STR("")) && ag_str_ends_with(s, AG_STR("")));
    assert_false(ag_str_starts_with(AG_STR("h"), s) || ag_str_ends_with(AG_STR("o"), s));
    assert_str(ag_str_trim(AG_STR(" \t a b\t ")), "a b");
    assert_str(ag_str_trim(AG_STR(" \t ")), "");
    assert_int_equal(ag_str_find(s, AG_STR("lo")), 3);
    assert_int_equal(ag_str_find(s, AG_STR("lx")), -1);
    assert_int_equal(ag_str_find(s, AG_STR("")), 0);
    assert_int_equal(ag_str_find((struct ag_str){NULL, 0}, s), -1);
    assert_int_equal(ag_str_find_char(s, 'o'), 4);
    assert_int_equal(ag_str_find_char((struct ag_str){NULL, 0}, 'o'), -1);
}

static void test_split(void **state)
{
    static const struct {
        const char *text;
        const char *parts[4];
    } rows[] = {
        {"a,bc,d", {"a", "bc", "d"}}, {"a", {"a"}}, {",", {"", ""}}, {"", {""}}, {"a,", {"a", ""}},
        {",,x", {"", "", "x"}},
    };
    for (size_t i = 0; i < AG_COUNT(rows); i++) {
        struct ag_str rest = ag_str(rows[i].text), part;
        size_t n = 0;
        while (ag_str_split(&rest, ',', &part)) {
            assert_non_null(rows[i].parts[n]);
            assert_str(part, rows[i].parts[n]);
            n++;
        }
        assert_null(rows[i].parts[n]);
    }
    struct ag_str none = {NULL, 0}, part;
    assert_false(ag_str_split(&none, ',', &part));
}

static void test_unescape(void **state)
{
    static const struct {
        const char *text;
        bool form;
        const char *plain; /* NULL: refused */
    } rows[] = {
        {"", false, ""},
        {"abc", false, "abc"},
        {"a%2Fb%2f", false, "a/b/"},
        {"a+b", false, "a+b"},
        {"a+b%2B", true, "a b+"},
        {"%25%34%31", false, "%41"},
        {"%C3%A9", false, "\xC3\xA9"},
        {"%", false, NULL},
        {"a%4", false, NULL},
        {"%4g", false, NULL},
        {"%g4", false, NULL},
        {"%00", false, NULL},
        {"1234567", false, "1234567"},
        {"12345678", false, NULL},
        {"1234567%38", false, NULL},
    };
    for (size_t i = 0; i < AG_COUNT(rows); i++) {
        char out[8];
        size_t len = 99;
        enum ag_err err = ag_str_unescape(ag_str(rows[i].text), rows[i].form, out, sizeof(out),
                                          &len);
        assert_int_equal(err, rows[i].plain ? AG_OK : AG_E_INVALID);
        if (!rows[i].plain) continue;
        assert_string_equal(out, rows[i].plain);
        assert_int_equal(len, strlen(out));
    }
    char none[1];
    size_t len;
    assert_int_equal(ag_str_unescape(AG_STR("a"), false, none, 1, &len), AG_E_INVALID);
    assert_int_equal(ag_str_unescape(AG_STR(""), false, none, 0, &len), AG_E_INVALID);
}

static void test_to_int64(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"-0", 0},
                {"007", 7},
                {"-42", -42},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    for (size_t i = 0; i < AG_COUNT(good); i++) {
        int64_t value = 99;
        assert_ok(ag_str_to_int64(ag_str(good[i].text), &value));
        assert_true(value == good[i].value);
    }
    static const char *const bad[] = {"",
                                      "-",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1.0",
                                      "0x1",
                                      "--1",
                                      "1e3",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999999"};
    for (size_t i = 0; i < AG_COUNT(bad); i++) {
        int64_t value = 99;
        assert_int_equal(ag_str_to_int64(ag_str(bad[i]), &value), AG_E_INVALID);
        assert_int_equal(value, 99);
    }
}

static void test_to_double(void **state)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},           {"-1.5", -1.5},
                {"1e3", 1000},      {"0.1", 0.1},
                {"1E-2", 0.01},     {"18446744073709551616", 18446744073709551616.0},
                {"5e-324", 5e-324}, {"1e-400", 0}};
    for (size_t i = 0; i < AG_COUNT(good); i++) {
        double value = 99;
        assert_ok(ag_str_to_double(ag_str(good[i].text), &value));
        assert_true(value == good[i].value);
    }
    static const char *const bad[] = {"",   "-",   "+1",  ".5",   "1.",  "1e",  "01",    " 1",
                                      "1 ", "nan", "inf", "-inf", "0x1", "1,5", "1e999", "1..2"};
    for (size_t i = 0; i < AG_COUNT(bad); i++) {
        double value = 99;
        assert_int_equal(ag_str_to_double(ag_str(bad[i]), &value), AG_E_INVALID);
        assert_true(value == 99);
    }
    double value;
    assert_int_equal(ag_str_to_double(ag_str_n("1\0", 2), &value), AG_E_INVALID);
    char digits[600];
    memset(digits, '1', sizeof(digits));
    assert_int_equal(ag_str_to_double(ag_str_n(digits, sizeof(digits)), &value), AG_E_INVALID);
}

/* ---- UTF-8 ---- */

static size_t encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    out[0] = (char)((0xF00 >> len) | c);
    return len;
}

static void test_utf8_all_characters(void **state)
{
    char text[16] = "1234567";
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        size_t len = encode(c, text + 7);
        struct ag_str s = {text, 7 + len};
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        assert_int_equal(ag_utf8_valid(s), !surrogate);
        assert_int_equal(ag_utf8_char(ag_str_sub(s, 7, len)), surrogate ? 0 : len);
        /* Cut anywhere, only what stands before it is complete. */
        for (size_t cut = 1; cut < len; cut++) {
            assert_int_equal(ag_utf8_complete(ag_str_sub(s, 0, 7 + cut)), 7);
            assert_int_equal(ag_utf8_floor(s, 7 + cut), 7);
        }
        assert_int_equal(ag_utf8_floor(s, 7), 7);
        assert_int_equal(ag_utf8_floor(s, 7 + len), 7 + len);
        assert_int_equal(ag_utf8_floor(s, 100), 100);
        if (!surrogate) assert_int_equal(ag_utf8_length(s), 8);
    }
}

/* Every pair of bytes against the table of RFC 3629. */
static void test_utf8_all_pairs(void **state)
{
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            char text[2] = {(char)a, (char)b};
            bool two = a >= 0xC2 && a <= 0xDF && b >= 0x80 && b <= 0xBF;
            assert_int_equal(ag_utf8_valid(ag_str_n(text, 2)), two || (a < 0x80 && b < 0x80));
        }
    }
}

static void test_utf8_malformed(void **state)
{
    static const char *const bad[] = {
        "\x80",     /* continues nothing */
        "\xC0\x80", /* NUL, overlong */
        "\xC1\xBF",
        "\xE0\x80\x80",
        "\xE0\x9F\xBF",
        "\xF0\x80\x80\x80",
        "\xF0\x8F\xBF\xBF",
        "\xED\xA0\x80", /* surrogates */
        "\xED\xBF\xBF",
        "\xF4\x90\x80\x80", /* above U+10FFFF */
        "\xF5\x80\x80\x80",
        "\xF8\x88\x80\x80\x80",
        "\xFE",
        "\xFF",
        "\xE2\x28\xA1",
        "\xE2\x82\x28",
        "\xF0\x9F\x98\x28",
        "\xF0\x28\x8C\xBC",
    };
    for (size_t i = 0; i < AG_COUNT(bad); i++) {
        for (int before = 0; before < 12; before++) {
            char text[40];
            int len = snprintf(text, sizeof(text), "%.*s%sabcdefghij", before, "abcdefghijkl",
                               bad[i]);
            struct ag_str s = {text, (size_t)len};
            assert_false(ag_utf8_valid(s));
            assert_int_equal(ag_utf8_complete(s), before);
        }
    }
    assert_true(ag_utf8_valid((struct ag_str){NULL, 0}));
    assert_int_equal(ag_utf8_char((struct ag_str){NULL, 0}), 0);
    assert_int_equal(ag_utf8_length((struct ag_str){NULL, 0}), 0);
    assert_true(ag_utf8_valid(ag_str_n("\0", 1)));
}

/* A stream cut into pieces anywhere gives the same text, never half a character. */
static void test_utf8_stream_holds_back(void **state)
{
    struct ag_str text = AG_STR("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 end of the text");
    for (size_t step = 1; step < text.len; step++) {
        char out[64];
        size_t sent = 0;
        for (size_t have = step; sent < text.len; have = AG_MIN(have + step, text.len)) {
            struct ag_str waiting = ag_str_sub(text, sent, have - sent);
            size_t n = ag_utf8_complete(waiting);
            assert_true(waiting.len - n <= 3);
            assert_true(ag_utf8_valid(ag_str_sub(waiting, 0, n)));
            memcpy(out + sent, waiting.data, n);
            sent += n;
        }
        assert_memory_equal(out, text.data, text.len);
    }
}

static void test_utf8_length(void **state)
{
    char text[400];
    size_t len = 0, count = 0;
    for (uint32_t c = 1; len + 4 <= sizeof(text); c = c * 3 + 1) {
        uint32_t code = c % 0xD7FF;
        len += encode(code, text + len);
        count++;
        assert_int_equal(ag_utf8_length(ag_str_n(text, len)), count);
    }
}

/* ---- JSON text ---- */

static void json_is(struct ag_str s, const char *expected)
{
    struct ag_buf buf;
    ag_buf_init(&buf, NULL, 4096);
    assert_ok(ag_buf_json_string(&buf, s));
    assert_str(ag_buf_str(&buf), expected);
    ag_buf_done(&buf);
}

static void test_json_string(void **state)
{
    json_is((struct ag_str){NULL, 0}, "\"\"");
    json_is(AG_STR("plain"), "\"plain\"");
    json_is(AG_STR("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    json_is(AG_STR("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
    json_is(ag_str_n("\0\x1f\x7f", 3), "\"\\u0000\\u001f\x7f\"");
    json_is(AG_STR("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"");
    json_is(AG_STR("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
    json_is(AG_STR("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    json_is(AG_STR("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

/* Every byte in every place of a word of eight: the fast path must not miss one. */
static void test_json_string_every_byte_everywhere(void **state)
{
    struct ag_buf buf;
    ag_buf_init(&buf, NULL, 256);
    for (unsigned c = 0; c < 256; c++) {
        for (size_t at = 0; at < 20; at++) {
            char text[20];
            memset(text, '~', sizeof(text));
            text[at] = (char)c;
            ag_buf_clear(&buf);
            assert_ok(ag_buf_json_string(&buf, ag_str_n(text, sizeof(text))));
            bool plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
            assert_int_equal(buf.len == sizeof(text) + 2, plain);
            assert_true(ag_utf8_valid(ag_buf_str(&buf)));
            for (size_t i = 1; i < buf.len - 1; i++) {
                assert_true((unsigned char)buf.data[i] >= 0x20);
                assert_true(buf.data[i] != '"' || buf.data[i - 1] == '\\');
            }
        }
    }
    ag_buf_done(&buf);
}

static void test_json_double(void **state)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0, "0"},
        {1, "1"},
        {-3, "-3"},
        {0.7, "0.7"},
        {0.1, "0.1"},
        {1e21, "1e21"},
        {1e-7, "1e-7"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
        {5e-324, "5e-324"},
        {9007199254740991.0, "9007199254740991"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.7976931348623157e308, "1.7976931348623157e308"},
    };
    struct ag_buf buf;
    ag_buf_init(&buf, NULL, 256);
    for (size_t i = 0; i < AG_COUNT(rows); i++) {
        ag_buf_clear(&buf);
        assert_ok(ag_buf_json_double(&buf, rows[i].value));
        assert_str(ag_buf_str(&buf), rows[i].text);
    }
    ag_buf_clear(&buf);
    assert_ok(ag_buf_json_double(&buf, -0.0));
    double minus_zero = 1;
    assert_ok(ag_str_to_double(ag_buf_str(&buf), &minus_zero));
    assert_true(minus_zero == 0 && signbit(minus_zero));
    ag_buf_done(&buf);
}

static void test_json_double_reads_back(void **state)
{
    struct ag_buf buf;
    ag_buf_init(&buf, NULL, 64);
    for (int i = 0; i < 50000; i++) {
        double value, back;
        ag_random_bytes(&value, sizeof(value));
        if (i % 2) value = (double)ag_random_below(1000000) / 1000;
        if (!isfinite(value)) continue;
        ag_buf_clear(&buf);
        assert_ok(ag_buf_json_double(&buf, value));
        assert_ok(ag_str_to_double(ag_buf_str(&buf), &back));
        assert_memory_equal(&value, &back, sizeof(value));
    }
    ag_buf_done(&buf);
}

/* ---- secrets and hashes ---- */

static void test_secret_comparison(void **state)
{
    assert_true(ag_str_eq_secret(AG_STR("token"), AG_STR("token")));
    assert_false(ag_str_eq_secret(AG_STR("token"), AG_STR("tokem")));
    assert_false(ag_str_eq_secret(AG_STR("token"), AG_STR("toke")));
    assert_true(ag_str_eq_secret((struct ag_str){NULL, 0}, AG_STR("")));
}

static void test_hash(void **state)
{
    assert_true(ag_str_hash((struct ag_str){NULL, 0}) == ag_str_hash(AG_STR("")));
    assert_true(ag_str_hash(AG_STR("a")) == ag_str_hash(ag_str_n("ab", 1)));
    assert_true(ag_str_hash(AG_STR("a")) != ag_str_hash(AG_STR("b")));
    /* Spread over a small table: a bucket far above its share would show a broken hash. */
    int buckets[64] = {0};
    char name[16];
    for (int i = 0; i < 6400; i++) {
        int len = snprintf(name, sizeof(name), "name%d", i);
        buckets[ag_str_hash(ag_str_n(name, (size_t)len)) % 64]++;
    }
    for (size_t i = 0; i < AG_COUNT(buckets); i++)
        assert_in_range(buckets[i], 30, 190);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_unescape),
        cmocka_unit_test(test_to_int64),
        cmocka_unit_test(test_to_double),
        cmocka_unit_test(test_utf8_all_characters),
        cmocka_unit_test(test_utf8_all_pairs),
        cmocka_unit_test(test_utf8_malformed),
        cmocka_unit_test(test_utf8_stream_holds_back),
        cmocka_unit_test(test_utf8_length),
        cmocka_unit_test(test_json_string),
        cmocka_unit_test(test_json_string_every_byte_everywhere),
        cmocka_unit_test(test_json_double),
        cmocka_unit_test(test_json_double_reads_back),
        cmocka_unit_test(test_secret_comparison),
        cmocka_unit_test(test_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
