/* Field tables over `name=value` pairs: query strings and path parameters. */
#include "test_help.h"

#include "base/fields.h"

struct query {
    uint64_t set;
    struct ag_str q;
    int64_t limit;
    struct ag_str sort;
    struct ag_uuid agent_id;
    int64_t since;
    bool deep;
    double ratio;
    struct ag_list status;
};
static const struct ag_field query_fields[] = {
    AG_FIELD(struct query, q, AG_F_STRING, 0, .max = 5),
    AG_FIELD(struct query, limit, AG_F_INT, 0, .min = 1, .max = 100, .def = "20"),
    AG_FIELD(struct query, sort, AG_F_ENUM, 0, .choices = "name|-name", .def = "\"-name\""),
    AG_FIELD(struct query, agent_id, AG_F_UUID, AG_FF_REQUIRED),
    AG_FIELD(struct query, since, AG_F_TIME, 0),
    AG_FIELD(struct query, deep, AG_F_BOOL, 0),
    AG_FIELD(struct query, ratio, AG_F_NUMBER, 0, .min = 0, .max = 1),
    AG_FIELD(struct query, status, AG_F_LIST, 0, .max = 3, .item = AG_F_ENUM, .choices = "a|b"),
};
static AG_SCHEMA(query_schema, NULL, struct query, NULL, query_fields);

static struct query query;
static struct ag_arena arena;
static struct ag_field_errors errors;

static enum ag_err decode_query(const char *text)
{
    static struct ag_pair pairs[64];
    size_t count = 0;
    struct ag_str part;
    for (struct ag_str rest = ag_str(*text ? text : NULL); ag_str_split(&rest, '&', &part);) {
        ag_str_split(&part, '=', &pairs[count].name);
        pairs[count++].value = part;
    }
    ag_arena_reset(&arena);
    memset(&query, 0, sizeof(query));
    return ag_fields_decode_pairs(&query_schema, pairs, count, &query, &arena, &errors);
}

#define SOME_ID "agent_id=0190f5d7-7cf8-7a3b-8c4d-0123456789ab"

static void test_pairs(void **state)
{
    assert_ok(decode_query(SOME_ID));
    assert_int_equal(query.limit, 20);
    assert_str(query.sort, "-name");
    assert_false(ag_doc_is_set(&query_schema, &query, "q"));
    assert_ok(decode_query(SOME_ID "&q= x &limit=100&sort=name&deep=true&ratio=0.5&status=b"
                                   "&since=1970-01-01T00:00:01Z&status=a"));
    assert_str(query.q, "x");
    assert_int_equal(query.limit, 100);
    assert_str(query.sort, "name");
    assert_true(query.deep);
    assert_true(query.ratio == 0.5);
    assert_true(query.since == 1000);
    assert_int_equal(query.status.count, 2);
    assert_str(((struct ag_str *)query.status.items)[0], "b");
    assert_str(((struct ag_str *)query.status.items)[1], "a");
    assert_ok(decode_query(SOME_ID "&q="));
    assert_true(ag_doc_is_set(&query_schema, &query, "q"));
}

static void test_pairs_mistakes(void **state)
{
    static const struct {
        const char *text, *field, *code;
    } rows[] = {
        {"limit=0", "limit", "range"},
        {"limit=x", "limit", "type"},
        {"limit=", "limit", "type"},
        {"limit=1.0", "limit", "type"},
        {"limit= 1", "limit", "type"},
        {"sort=up", "sort", "choice"},
        {"deep=1", "deep", "type"},
        {"deep=", "deep", "type"},
        {"ratio=x", "ratio", "type"},
        {"ratio=1.1", "ratio", "range"},
        {"since=now", "since", "format"},
        {"status=c", "status[0]", "choice"},
        {"status=a&status=c", "status[1]", "choice"},
        {"status=a&status=a&status=a&status=a", "status", "too_long"},
        {"q=123456", "q", "too_long"},
        {"q=\xFF", "q", "format"},
        {"q=a&q=b", "q", "duplicate"},
        {"lim=1", "lim", "unknown"},
        {"agent_id=1", "agent_id", "format"},
    };
    for (size_t i = 0; i < AG_COUNT(rows); i++) {
        char text[200];
        bool with_id = strncmp(rows[i].text, "agent_id", 8) != 0;
        snprintf(text, sizeof(text), "%s%s", with_id ? SOME_ID "&" : "", rows[i].text);
        assert_int_equal(decode_query(text), AG_E_INVALID);
        assert_int_equal(errors.count, 1);
        assert_str(errors.items[0].field, rows[i].field);
        assert_string_equal(errors.items[0].code, rows[i].code);
    }
    assert_int_equal(decode_query(""), AG_E_INVALID);
    assert_str(errors.items[0].field, "agent_id");
    assert_string_equal(errors.items[0].code, "required");
    assert_int_equal(decode_query(SOME_ID "&limits=5"), AG_E_INVALID);
    assert_str(errors.items[0].message, "is not known here; did you mean \"limit\"?");
}

static enum ag_err decode_fresh(void *arg)
{
    ag_arena_done(&arena);
    return decode_query(arg);
}

static void test_pairs_out_of_memory(void **state)
{
    static char text[] = SOME_ID "&status=a&status=b&limit=7";
    torture(decode_fresh, text);
    assert_int_equal(query.status.count, 2);
}

/* What a parameter of the API's description shows. */
static void test_parameter_schema(void **state)
{
    struct ag_buf buf;
    ag_buf_init(&buf, NULL, 4096);
    assert_ok(
        ag_field_schema(&query_fields[ag_schema_index(&query_schema, AG_STR("limit"))], &buf));
    assert_str(ag_buf_str(&buf), "{\"type\":\"integer\",\"minimum\":1,\"maximum\":100,"
                                 "\"format\":\"int64\",\"default\":20}");
    ag_buf_clear(&buf);
    assert_ok(ag_field_schema(&query_fields[ag_schema_index(&query_schema, AG_STR("sort"))], &buf));
    assert_str(ag_buf_str(&buf), "{\"type\":\"string\",\"enum\":[\"name\",\"-name\"],"
                                 "\"default\":\"-name\"}");
    ag_buf_done(&buf);
}

static int set_up(void **state)
{
    ag_arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    ag_arena_done(&arena);
    ag_arena_pool_done();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_pairs_mistakes),
        cmocka_unit_test(test_pairs_out_of_memory),
        cmocka_unit_test(test_parameter_schema),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
