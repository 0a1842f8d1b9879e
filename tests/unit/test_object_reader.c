/* The reader of a model's JSON: what it takes out of good, broken and hostile answers, wherever
 * they are cut. */
#include "test_help.h"

#include "core/object_reader.h"

/* What was read, as `key=text|`, strings with the pieces they came in told apart by the caller. */
struct told {
    struct ag_buf values; /* `key:"text"` or `key:raw`, one a line */
    struct ag_buf pieces; /* of strings, together */
    enum ag_err err;
};

static void note(struct told *told, const struct ag_object_event *event)
{
    assert_true(ag_utf8_valid(event->key));
    if (event->kind == AG_OBJECT_TEXT) {
        assert_true(event->is_string && event->text.len > 0);
        assert_true(ag_utf8_valid(event->text) && ag_str_find_char(event->text, '\0') < 0);
        assert_ok(ag_buf_append_str(&told->pieces, event->text));
        return;
    }
    if (event->is_string) assert_true(ag_str_eq(event->text, ag_buf_str(&told->pieces)));
    ag_buf_clear(&told->pieces);
    ag_buf_append_str(&told->values, event->key);
    ag_buf_append_char(&told->values, ':');
    if (event->is_string)
        ag_buf_json_string(&told->values, event->text);
    else
        ag_buf_append_str(&told->values, event->text);
    assert_ok(ag_buf_append_char(&told->values, '\n'));
}

static void read_pieces(struct ag_str text, size_t first, size_t then, struct told *told)
{
    struct ag_object_reader reader;
    struct ag_object_event event;
    ag_object_reader_init(&reader);
    ag_buf_init(&told->values, NULL, 4 * 1024 * 1024);
    ag_buf_init(&told->pieces, NULL, 4 * 1024 * 1024);
    for (size_t at = 0, n = first; at < text.len && reader.err == AG_OK; at += n, n = then) {
        ag_object_reader_feed(&reader, ag_str_sub(text, at, n));
        while (ag_object_reader_next(&reader, &event))
            note(told, &event);
    }
    told->err = ag_object_reader_end(&reader);
    ag_object_reader_done(&reader);
}

static void told_done(struct told *told)
{
    ag_buf_done(&told->values);
    ag_buf_done(&told->pieces);
}

/* Reads `text` whole, cut once at every byte, and byte by byte. */
static void reads(struct ag_str text, const char *values, enum ag_err err)
{
    for (size_t cut = 1; cut <= text.len + 1; cut++) {
        struct told told;
        read_pieces(text, cut <= text.len ? cut : 1, cut <= text.len ? SIZE_MAX / 2 : 1, &told);
        assert_int_equal(told.err, err);
        assert_str(ag_buf_str(&told.values), values);
        told_done(&told);
    }
}

#define READS(text, values, err) reads(AG_STR(text), values, err)

static void members_come_in_order(void **state)
{
    (void)state;
    READS("{\"name\":\"Desk\",\"n\":0.3,\"list\":[\"a\",{\"b\":\"]}\"}],\"yes\":true,\"no\":null}",
          "name:\"Desk\"\nn:0.3\nlist:[\"a\",{\"b\":\"]}\"}]\nyes:true\nno:null\n", AG_OK);
    READS("{ \"a\" : \"x\" ,\n\t\"b\" : 1 }", "a:\"x\"\nb:1\n", AG_OK);
    READS("{\"empty\":\"\",\"list\":[],\"object\":{}}", "empty:\"\"\nlist:[]\nobject:{}\n", AG_OK);
    READS("{\"a\":{\"b\":\"\\\"}\"},\"c\":[[1,[2]],\"\\\\\"]}",
          "a:{\"b\":\"\\\"}\"}\nc:[[1,[2]],\"\\\\\"]\n", AG_OK);
}

static void what_stands_around_is_passed_over(void **state)
{
    (void)state;
    READS("Sure! Here it is:\n```json\n{\"a\":\"x\"}\n```\nAnything else? {\"a\":\"y\"}",
          "a:\"x\"\n", AG_OK);
    READS("Use {{company}} and {this}: {} {\"x\"} {\"a\":1}", "a:1\n", AG_OK);
    READS("{{\"a\":1}", "a:1\n", AG_OK);
    READS("[{\"a\":1},{\"b\":2}]", "a:1\n", AG_OK);
    READS("\xEF\xBB\xBF{\"a\":1}", "a:1\n", AG_OK);
}

static void wrappers_are_looked_through(void **state)
{
    (void)state;
    READS("{\"name\":\"x\",\"config\":{\"a\":1,\"b\":\"y\"},\"c\":2}",
          "name:\"x\"\na:1\nb:\"y\"\nc:2\n", AG_OK);
    READS("{\"agent\":{\"name\":\"x\",\"config\":{\"a\":1}}}", "name:\"x\"\na:1\n", AG_OK);
    READS("{\"config\":{\"config\":{\"config\":{\"a\":1}}},\"b\":2}", "config:{\"a\":1}\nb:2\n",
          AG_OK);
    READS("{\"config\":\"text\",\"agent\":[1]}", "config:\"text\"\nagent:[1]\n", AG_OK);
    READS("{\"config\":{},\"b\":2}", "b:2\n", AG_OK);
}

static void strings_are_decoded(void **state)
{
    (void)state;
    READS("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "a:\"\\\"\\\\/\\b\\f\\n\\r\\t\"\n", AG_OK);
    READS("{\"a\":\"\\u00e9\\u20AC\\ud83d\\ude00\"}",
          "a:\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"\n", AG_OK);
    READS("{\"a\":\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"}",
          "a:\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"\n", AG_OK);
    READS("{\"n\\u0061me\":1}", "name:1\n", AG_OK);
    /* what models get wrong */
    READS("{\"a\":\"two\nlines\tand \\_this\\_ \\'one\\'\",}",
          "a:\"two\\nlines\\tand _this_ 'one'\"\n", AG_OK);
}

#define FFFD "\xEF\xBF\xBD"

static void what_is_no_text_is_replaced(void **state)
{
    (void)state;
    READS("{\"a\":\"\\u0000|\\ud83d|\\ude00|\\ud83d\\u0041|\\ud83d\\n\"}",
          "a:\"" FFFD "|" FFFD "|" FFFD "|" FFFD "A|" FFFD "\\n\"\n", AG_OK);
    READS("{\"a\":\"\\u12\",\"b\":\"\\u12x\"}", "a:\"" FFFD "\"\nb:\"" FFFD "x\"\n", AG_OK);
    READS("{\"a\":\"\x01|\xFF|\xC3|\xE2\x82|\x80|\xC0\xAF\"}",
          "a:\"" FFFD "|" FFFD "|" FFFD "|" FFFD "|" FFFD "|" FFFD FFFD "\"\n", AG_OK);
    READS("{\"a\":\"\0|\\\0|\xED\xA0\x80|\xF4\x90\x80\x80\"}",
          "a:\"" FFFD "|" FFFD "|" FFFD "|" FFFD "\"\n", AG_OK);
    READS("{\"a\":\"\\\xC3\xA9\"}", "a:\"\xC3\xA9\"\n", AG_OK);
}

static void what_breaks_off_is_incomplete(void **state)
{
    (void)state;
    struct ag_str whole = AG_STR("{\"a\":\"x\\u00e9\",\"config\":{\"b\":[1,\"]\"],\"c\":12}}");
    for (size_t len = 0; len < whole.len; len++) {
        struct told told;
        read_pieces(ag_str_sub(whole, 0, len), 3, 3, &told);
        assert_int_equal(told.err, len < 5 ? AG_E_UPSTREAM_INVALID : AG_E_UPSTREAM_INCOMPLETE);
        told_done(&told);
    }
    READS("{\"a\":\"x\",\"b\":\"half", "a:\"x\"\n", AG_E_UPSTREAM_INCOMPLETE);
}

static void what_is_no_object_is_invalid(void **state)
{
    (void)state;
    static const char *const none[] = {"I cannot help with that.",
                                       "[1,2]",
                                       "\"name\"",
                                       "{}",
                                       "{name: 1}",
                                       "{\"a\" 1}",
                                       "<html>{</html>"};
    for (size_t i = 0; i < AG_COUNT(none); i++)
        reads(ag_str(none[i]), "", AG_E_UPSTREAM_INVALID);
    READS("{\"a\":1 \"b\":2}", "a:1\n", AG_E_UPSTREAM_INVALID);
    READS("{\"a\":1,b:2}", "a:1\n", AG_E_UPSTREAM_INVALID);
    READS("{\"a\":1,\"b\";2}", "a:1\n", AG_E_UPSTREAM_INVALID);
    READS("{\"a\":,\"b\":2}", "", AG_E_UPSTREAM_INVALID);
    READS("{\"a\":}", "", AG_E_UPSTREAM_INVALID);
    READS("{\"a\":1]", "a:1\n", AG_E_UPSTREAM_INVALID);
    READS("{\"a\":\"x\"\"b\":1}", "a:\"x\"\n", AG_E_UPSTREAM_INVALID);
}

static void raw_text_is_the_callers_to_judge(void **state)
{
    (void)state;
    READS("{\"a\":nope,\"b\":[1}}", "a:nope\nb:[1}\n", AG_OK);
    READS("{\"a\":1\"x\":2,\"b\":3}", "a:1\"x\":2\nb:3\n", AG_OK);
}

static enum ag_err read_repeated(const char *head, char c, size_t count)
{
    struct ag_object_reader reader;
    struct ag_object_event event;
    char block[4096];
    memset(block, c, sizeof(block));
    ag_object_reader_init(&reader);
    ag_object_reader_feed(&reader, ag_str(head));
    while (ag_object_reader_next(&reader, &event))
        continue;
    for (size_t i = 0; i < count / sizeof(block) && reader.err == AG_OK; i++) {
        ag_object_reader_feed(&reader, ag_str_n(block, sizeof(block)));
        while (ag_object_reader_next(&reader, &event))
            continue;
    }
    enum ag_err err = ag_object_reader_end(&reader);
    ag_object_reader_done(&reader);
    return err;
}

static void everything_has_a_limit(void **state)
{
    (void)state;
    assert_int_equal(read_repeated("{\"a\":\"", 'x', AG_OBJECT_MAX_VALUE_BYTES + 8192),
                     AG_E_UPSTREAM_TOO_LARGE);
    assert_int_equal(read_repeated("{\"a\":[", '[', AG_OBJECT_MAX_VALUE_BYTES + 8192),
                     AG_E_UPSTREAM_TOO_LARGE);
    assert_int_equal(read_repeated("chatter ", '{', AG_OBJECT_MAX_INPUT_BYTES + 8192),
                     AG_E_UPSTREAM_TOO_LARGE);
    /* A long name is nobody's; what comes behind the object is nobody's either. */
    assert_int_equal(read_repeated("{\"", 'k', 100000), AG_E_UPSTREAM_INVALID);
    assert_int_equal(read_repeated("{\"a\":1}", 'x', AG_OBJECT_MAX_INPUT_BYTES * 2), AG_OK);
}

static enum ag_err read_good(void *arg)
{
    (void)arg;
    struct ag_object_reader reader;
    struct ag_object_event event;
    ag_object_reader_init(&reader);
    ag_object_reader_feed(&reader, AG_STR("{\"a\":\"a string that has to be kept somewhere while "
                                          "it comes\",\"b\":[1,2,3]}"));
    while (ag_object_reader_next(&reader, &event))
        continue;
    enum ag_err err = ag_object_reader_end(&reader);
    ag_object_reader_done(&reader);
    return err;
}

static void the_end_of_memory_is_told(void **state)
{
    (void)state;
    torture(read_good, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_in_order),
        cmocka_unit_test(what_stands_around_is_passed_over),
        cmocka_unit_test(wrappers_are_looked_through),
        cmocka_unit_test(strings_are_decoded),
        cmocka_unit_test(what_is_no_text_is_replaced),
        cmocka_unit_test(what_breaks_off_is_incomplete),
        cmocka_unit_test(what_is_no_object_is_invalid),
        cmocka_unit_test(raw_text_is_the_callers_to_judge),
        cmocka_unit_test(everything_has_a_limit),
        cmocka_unit_test(the_end_of_memory_is_told),
    };
    return cmocka_run_group_tests_name("object_reader", tests, NULL, NULL);
}
