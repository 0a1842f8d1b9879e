/* Field tables: decoding, mistakes, encoding, JSON Schema. */
#include "test_help.h"

#include "base/fields.h"

#include <yyjson.h>

/* ---- the documents of these tests ---- */

struct variable {
    uint64_t set;
    struct ag_str name;
    struct ag_str type;
    bool required;
};
static const struct ag_field variable_fields[] = {
    AG_FIELD(struct variable, name, AG_F_STRING, AG_FF_REQUIRED | AG_FF_ID_TEXT, .min = 1,
             .max = 64),
    AG_FIELD(struct variable, type, AG_F_ENUM, 0, .choices = "string|number|boolean",
             .def = "\"string\""),
    AG_FIELD(struct variable, required, AG_F_BOOL, 0),
};
static AG_SCHEMA(variable_schema, "Variable", struct variable, "A variable.", variable_fields);

struct config {
    uint64_t set;
    double temperature;
    int64_t max_tokens;
    struct ag_list stop;
    struct ag_list variables;
    struct ag_list models;
    struct ag_str json_schema;
    struct ag_list labels;
};
static const struct ag_field config_fields[] = {
    AG_FIELD(struct config, temperature, AG_F_NUMBER, 0, .max = 2, .def = "0.7",
             .doc = "How \"free\" the answers are."),
    AG_FIELD(struct config, max_tokens, AG_F_INT, AG_FF_NULLABLE, .min = 1, .max = 1000000,
             .example = "4096"),
    AG_FIELD(struct config, stop, AG_F_LIST, AG_FF_NO_TRIM, .max = 4, .item = AG_F_STRING,
             .item_min = 1, .item_max = 8),
    AG_FIELD(struct config, variables, AG_F_LIST, 0, .max = 3, .item = AG_F_OBJECT,
             .sub = &variable_schema),
    AG_FIELD(struct config, models, AG_F_LIST, AG_FF_NULLABLE, .min = 1, .item = AG_F_ENUM,
             .choices = "a|b"),
    AG_FIELD(struct config, json_schema, AG_F_JSON, 0, .max = 2000),
    AG_FIELD(struct config, labels, AG_F_MAP, AG_FF_ID_TEXT, .max = 20, .item_max = 10),
};
static AG_SCHEMA(config_schema, "Config", struct config, "A configuration.", config_fields);

struct thing {
    uint64_t set;
    struct ag_uuid id;
    struct ag_str name;
    struct ag_str email;
    struct ag_str password;
    struct ag_str note;
    int64_t expires_at;
    int64_t limit;
    int64_t offset;
    struct ag_uuid owner;
    bool active;
    struct config config;
    struct config spare;
};
static const struct ag_field thing_fields[] = {
    AG_FIELD(struct thing, id, AG_F_UUID, AG_FF_REQUIRED | AG_FF_READ_ONLY),
    AG_FIELD(struct thing, name, AG_F_STRING, AG_FF_REQUIRED, .min = 2, .max = 10),
    AG_FIELD(struct thing, email, AG_F_STRING, AG_FF_EMAIL),
    AG_FIELD(struct thing, password, AG_F_STRING, AG_FF_SECRET | AG_FF_NO_TRIM, .min = 4,
             .max = 12),
    AG_FIELD(struct thing, note, AG_F_STRING, AG_FF_NULLABLE),
    AG_FIELD(struct thing, expires_at, AG_F_TIME, AG_FF_NULLABLE | AG_FF_REQUIRED),
    AG_FIELD(struct thing, limit, AG_F_INT, 0, .min = 1, .max = 100, .def = "20"),
    AG_FIELD(struct thing, offset, AG_F_INT, 0),
    AG_FIELD(struct thing, owner, AG_F_UUID, 0),
    AG_FIELD(struct thing, active, AG_F_BOOL, 0, .def = "true"),
    AG_FIELD(struct thing, config, AG_F_OBJECT, 0, .sub = &config_schema, .def = "{}"),
    AG_FIELD(struct thing, spare, AG_F_OBJECT, AG_FF_NULLABLE, .sub = &config_schema),
};
static AG_SCHEMA(thing_schema, "Thing", struct thing, "A thing.", thing_fields);

/* ---- helpers ---- */

static struct ag_arena arena;
static struct thing thing;
static struct ag_field_errors errors;

static enum ag_err decode_n(const char *json, size_t len)
{
    /* A copy of exactly this length, so that reading past its end is found. */
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, json, len);
    ag_arena_reset(&arena);
    memset(&thing, 0, sizeof(thing));
    memset(&errors, 0xA5, sizeof(errors)); /* the caller need not clear it */
    enum ag_err err = ag_fields_decode(&thing_schema, ag_str_n(copy, len), &thing, &arena, &errors);
    free(copy);
    return err;
}

static enum ag_err decode(const char *json)
{
    return decode_n(json, strlen(json));
}

/* The body `{"name":"Ana","expires_at":null, EXTRA}`. */
static enum ag_err decode_with(const char *extra)
{
    char json[70000];
    snprintf(json, sizeof(json), "{\"name\":\"Ana\",\"expires_at\":null%s%s}", *extra ? "," : "",
             extra);
    return decode(json);
}

static void expect_mistake(size_t i, const char *field, const char *code, const char *message)
{
    assert_true(i < errors.count);
    assert_str(errors.items[i].field, field);
    assert_string_equal(errors.items[i].code, code);
    if (message) assert_str(errors.items[i].message, message);
}

/* That `extra` has exactly one mistake. */
static void refuses(const char *extra, const char *field, const char *code, const char *message)
{
    enum ag_err err = decode_with(extra);
    if (err != AG_E_INVALID || errors.count != 1)
        fail_msg("%s: %s, %zu mistakes", extra, ag_err_info(err)->name, errors.count);
    expect_mistake(0, field, code, message);
}

static void accepts(const char *extra)
{
    enum ag_err err = decode_with(extra);
    if (err != AG_OK) fail_msg("%s: %s", extra, ag_diag_text(err));
    assert_int_equal(errors.count, 0);
}

static const char *encoded(void)
{
    struct ag_buf buf;
    ag_buf_init(&buf, &arena, 1 << 20);
    assert_ok(ag_fields_encode(&thing_schema, &thing, &buf));
    assert_ok(ag_buf_append_char(&buf, '\0'));
    return buf.data;
}

/* ---- decoding what is right ---- */

static void test_decode_all(void **state)
{
    assert_ok(decode(
        " {\"name\":\"  Ana \\u00e9\\n\", \"email\":\"ana@example.com\", \"password\":\" a b \","
        "\"note\":\"\", \"expires_at\":\"2030-01-31T12:00:00+01:00\", \"limit\":7.0, \"offset\":-3,"
        "\"owner\":\"0190F5D7-7cf8-7a3b-8c4d-0123456789ab\", \"active\":false,"
        "\"config\":{\"temperature\":2, \"max_tokens\":1, \"stop\":[\"\\n\", \" \"],"
        "\"variables\":[{\"name\":\"x.y-z_1\", \"required\":true}, {\"name\":\"_\","
        "\"type\":\"number\"}], \"models\":[\"b\",\"a\"],"
        "\"json_schema\": { \"a\" : [ 1 , { \"b\" : null } ] },"
        "\"labels\":{\"n\":1.50, \"i\":-7, \"t\":true, \"s\":\" v \", \"big\":1234567890}}} \n"));
    assert_str(thing.name, "Ana \xC3\xA9");
    assert_str(thing.password, " a b ");
    assert_str(thing.note, "");
    assert_true(thing.expires_at == 1896087600000);
    assert_int_equal(thing.limit, 7);
    assert_int_equal(thing.offset, -3);
    assert_false(thing.active);
    assert_true(thing.config.temperature == 2);
    assert_int_equal(thing.config.stop.count, 2);
    assert_str(((struct ag_str *)thing.config.stop.items)[0], "\n");
    assert_str(((struct ag_str *)thing.config.stop.items)[1], " ");
    const struct variable *variables = thing.config.variables.items;
    assert_int_equal(thing.config.variables.count, 2);
    assert_str(variables[0].name, "x.y-z_1");
    assert_str(variables[0].type, "string");
    assert_true(variables[0].required);
    assert_str(variables[1].type, "number");
    assert_true(ag_doc_is_set(&variable_schema, &variables[0], "required"));
    assert_false(ag_doc_is_set(&variable_schema, &variables[1], "required"));
    assert_str(((struct ag_str *)thing.config.models.items)[0], "b");
    assert_str(thing.config.json_schema, "{\"a\":[1,{\"b\":null}]}");
    const struct ag_pair *labels = thing.config.labels.items;
    assert_int_equal(thing.config.labels.count, 5);
    assert_str(labels[0].value, "1.5");
    assert_str(labels[1].value, "-7");
    assert_str(labels[2].value, "true");
    assert_str(labels[3].value, " v ");
    assert_str(labels[4].value, "1234567890");
    assert_false(ag_doc_is_set(&thing_schema, &thing, "spare"));
    assert_false(ag_doc_is_set(&thing_schema, &thing, "id"));
}

static void test_decode_defaults(void **state)
{
    accepts("");
    assert_int_equal(thing.limit, 20);
    assert_true(thing.active);
    assert_true(thing.config.temperature == 0.7);
    assert_true(ag_doc_is_set(&thing_schema, &thing, "config"));
    assert_true(ag_doc_is_set(&config_schema, &thing.config, "temperature"));
    assert_false(ag_doc_is_set(&config_schema, &thing.config, "max_tokens"));
    assert_false(ag_doc_is_set(&thing_schema, &thing, "note"));
    assert_false(ag_doc_is_set(&thing_schema, &thing, "expires_at"));
    accepts("\"config\":{\"temperature\":0,\"stop\":[],\"labels\":{},\"json_schema\":{}}");
    assert_true(thing.config.temperature == 0);
    assert_true(ag_doc_is_set(&config_schema, &thing.config, "stop"));
    assert_int_equal(thing.config.stop.count, 0);
    assert_int_equal(thing.config.labels.count, 0);
    assert_str(thing.config.json_schema, "{}");
    accepts("\"note\":null,\"spare\":null,\"config\":{\"max_tokens\":null,\"models\":null}");
    assert_false(ag_doc_is_set(&thing_schema, &thing, "note"));
    assert_false(ag_doc_is_set(&config_schema, &thing.config, "max_tokens"));
}

static void test_decode_numbers(void **state)
{
    accepts("\"offset\":9223372036854775807");
    assert_true(thing.offset == INT64_MAX);
    accepts("\"offset\":-9223372036854775808");
    assert_true(thing.offset == INT64_MIN);
    accepts("\"offset\":1e3");
    assert_int_equal(thing.offset, 1000);
    refuses("\"offset\":9223372036854775808", "offset", "range", "is too large a number");
    refuses("\"offset\":-9223372036854775809", "offset", "range", NULL);
    refuses("\"offset\":1e300", "offset", "range", NULL);
    refuses("\"offset\":1.5", "offset", "type", "must be a whole number");
    refuses("\"limit\":0", "limit", "range", "must be between 1 and 100");
    refuses("\"limit\":101", "limit", "range", NULL);
    refuses("\"limit\":1e18", "limit", "range", "must be between 1 and 100");
    refuses("\"config\":{\"temperature\":2.01}", "config.temperature", "range",
            "must be between 0 and 2");
    refuses("\"config\":{\"temperature\":-1e-9}", "config.temperature", "range", NULL);
    refuses("\"config\":{\"max_tokens\":18446744073709551615}", "config.max_tokens", "range",
            "must be between 1 and 1000000");
}

/* ---- each mistake ---- */

static void test_mistake_types(void **state)
{
    static const char *const values[] = {"null", "true", "1", "\"x\"", "[]", "{}"};
    static const char *const kinds[] = {"null",     "a boolean", "a number",
                                        "a string", "a list",    "an object"};
    static const struct {
        const char *field, *wants;
        int fits; /* index of the kind it takes */
    } fields[] = {{"email", "a string", 3},   {"limit", "a whole number", 2},
                  {"owner", "a string", 3},   {"active", "true or false", 1},
                  {"config", "an object", 5}, {"password", "a string", 3}};
    for (size_t f = 0; f < AG_COUNT(fields); f++) {
        for (int v = 0; v < (int)AG_COUNT(values); v++) {
            if (v == fields[f].fits) continue;
            char extra[64], message[64];
            snprintf(extra, sizeof(extra), "\"%s\":%s", fields[f].field, values[v]);
            snprintf(message, sizeof(message), "must be %s, not %s", fields[f].wants, kinds[v]);
            refuses(extra, fields[f].field, "type", message);
        }
    }
    refuses("\"config\":{\"stop\":{}}", "config.stop", "type", "must be a list, not an object");
    refuses("\"config\":{\"stop\":[1]}", "config.stop[0]", "type",
            "must be a string, not a number");
    refuses("\"config\":{\"variables\":[[]]}", "config.variables[0]", "type", NULL);
    refuses("\"config\":{\"json_schema\":[]}", "config.json_schema", "type",
            "must be an object, not a list");
    refuses("\"config\":{\"labels\":\"x\"}", "config.labels", "type", NULL);
    refuses("\"config\":{\"labels\":{\"a\":null}}", "config.labels.a", "type",
            "must be a string, number or boolean, not null");
    refuses("\"config\":{\"temperature\":\"1\"}", "config.temperature", "type",
            "must be a number, not a string");
}

static void test_mistake_required(void **state)
{
    assert_int_equal(decode("{}"), AG_E_INVALID);
    assert_int_equal(errors.count, 2);
    expect_mistake(0, "name", "required", "is required");
    expect_mistake(1, "expires_at", "required", "is required");
    assert_string_equal(ag_diag_text(AG_E_INVALID), "name is required (and 1 more)");
    refuses("\"config\":{\"variables\":[{\"name\":\"a\"},{}]}", "config.variables[1].name",
            "required", NULL);
    assert_string_equal(ag_diag_text(AG_E_INVALID), "config.variables[1].name is required");
    /* null does not stand for a value where it is not allowed */
    assert_int_equal(decode("{\"name\":null,\"expires_at\":null}"), AG_E_INVALID);
    expect_mistake(0, "name", "type", "must be a string, not null");
    assert_int_equal(errors.count, 1);
}

static void test_mistake_unknown(void **state)
{
    refuses("\"nonsense\":1", "nonsense", "unknown", "is not known here");
    refuses("\"\":1", "", "unknown", "is not known here");
    refuses("\"Email\":1", "Email", "unknown", "is not known here; did you mean \"email\"?");
    refuses("\"emial\":1", "emial", "unknown", "is not known here; did you mean \"email\"?");
    refuses("\"expiresAt\":1", "expiresAt", "unknown",
            "is not known here; did you mean \"expires_at\"?");
    refuses("\"config\":{\"temprature\":1}", "config.temprature", "unknown",
            "is not known here; did you mean \"temperature\"?");
    refuses("\"config\":{\"max-tokns\":1}", "config.max-tokns", "unknown",
            "is not known here; did you mean \"max_tokens\"?");
    /* short words and fields that cannot be sent are not proposed */
    refuses("\"ix\":1", "ix", "unknown", "is not known here");
    refuses("\"id\":\"x\"", "id", "unknown", "is set by the server and cannot be sent");

    /* A long name is shown in part, cut between characters. */
    char extra[400] = "\"x", want[100];
    for (int i = 0; i < 100; i++)
        memcpy(extra + 2 + 2 * i, "\xC3\xA9", 2);
    memcpy(extra + 202, "\":1", 4);
    assert_int_equal(decode_with(extra), AG_E_INVALID);
    snprintf(want, sizeof(want), "%.63s...", extra + 1);
    expect_mistake(0, want, "unknown", NULL);
}

static void test_mistake_lengths(void **state)
{
    assert_int_equal(decode("{\"name\":\"\",\"expires_at\":null}"), AG_E_INVALID);
    expect_mistake(0, "name", "too_short", "must not be empty");
    assert_int_equal(decode("{\"name\":\" \\t\\n \",\"expires_at\":null}"), AG_E_INVALID);
    expect_mistake(0, "name", "too_short", "must not be empty");
    assert_int_equal(decode("{\"name\":\" a \",\"expires_at\":null}"), AG_E_INVALID);
    expect_mistake(0, "name", "too_short", "must have at least 2 characters");
    /* characters, not bytes */
    assert_ok(decode("{\"name\":\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"
                     "1234567\",\"expires_at\":null}"));
    assert_int_equal(decode("{\"name\":\"12345678901\",\"expires_at\":null}"), AG_E_INVALID);
    expect_mistake(0, "name", "too_long", "must have at most 10 characters");
    accepts("\"password\":\"    \"");
    refuses("\"password\":\"   \"", "password", "too_short", "must have at least 4 characters");
    refuses("\"config\":{\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}", "config.stop", "too_long",
            "must have at most 4 items");
    refuses("\"config\":{\"stop\":[\"a\",\"\"]}", "config.stop[1]", "too_short", NULL);
    refuses("\"config\":{\"stop\":[\"123456789\"]}", "config.stop[0]", "too_long", NULL);
    refuses("\"config\":{\"models\":[]}", "config.models", "too_short",
            "must have at least 1 item");
    refuses("\"config\":{\"labels\":{\"a\":\"12345678901\"}}", "config.labels.a", "too_long", NULL);
    refuses("\"config\":{\"labels\":{\"\":1}}", "config.labels.", "too_short", NULL);
    char extra[70000] = "\"note\":\"";
    memset(extra + 8, 'x', AG_FIELD_MAX_STRING);
    memcpy(extra + 8 + AG_FIELD_MAX_STRING, "\"", 2);
    accepts(extra);
    memcpy(extra + 8 + AG_FIELD_MAX_STRING, "x\"", 3);
    refuses(extra, "note", "too_long", "must have at most 65536 characters");
}

static void test_mistake_counts(void **state)
{
    char extra[8000];
    size_t len = (size_t)snprintf(extra, sizeof(extra), "\"config\":{\"labels\":{");
    for (int i = 0; i < 21; i++)
        len += (size_t)snprintf(extra + len, sizeof(extra) - len, "%s\"k%d\":1", i ? "," : "", i);
    snprintf(extra + len, sizeof(extra) - len, "}}");
    refuses(extra, "config.labels", "too_long", "must have at most 20 entries");

    len = (size_t)snprintf(extra, sizeof(extra), "\"config\":{\"models\":[\"a\"");
    for (int i = 1; i < AG_FIELD_MAX_ITEMS; i++)
        len += (size_t)snprintf(extra + len, sizeof(extra) - len, ",\"a\"");
    snprintf(extra + len, sizeof(extra) - len, "]}");
    accepts(extra);
    snprintf(extra + len, sizeof(extra) - len, ",\"a\"]}");
    refuses(extra, "config.models", "too_long", "must have at most 256 items");

    memset(extra, ' ', sizeof(extra));
    len = (size_t)snprintf(extra, sizeof(extra), "\"config\":{\"json_schema\":{\"a\":\"");
    memset(extra + len, 'x', 2000);
    memcpy(extra + len + 2000, "\"}}", 4);
    refuses(extra, "config.json_schema", "too_long", "must have at most 2000 bytes");
    memmove(extra + len, extra + len + 8, strlen(extra + len + 8) + 1);
    accepts(extra);
}

static void test_mistake_formats(void **state)
{
    static const char *const good[] = {"a@b", "ana.maria+x@mail.example.co", "x_y@a-b.c1",
                                       "!#$%&'*+/=?^_`{|}~-@x"};
    static const char *const bad[] = {"a",     "@b",    "a@",         "a@b@c", "a b@c",     "a@b c",
                                      "a@-b",  "a@b-",  "a@b..c",     "a@.b",  "a@b.",      "<a@b>",
                                      "a@b_c", "a@[1]", "\xC3\xA9@b", "a,b@c", "a@b\\u0000"};
    char extra[400];
    for (size_t i = 0; i < AG_COUNT(good); i++) {
        snprintf(extra, sizeof(extra), "\"email\":\" %s \"", good[i]);
        accepts(extra);
        assert_str(thing.email, good[i]);
    }
    for (size_t i = 0; i < AG_COUNT(bad); i++) {
        snprintf(extra, sizeof(extra), "\"email\":\"%s\"", bad[i]);
        refuses(extra, "email", "format", NULL);
    }
    snprintf(extra, sizeof(extra), "\"email\":\"%0*d@b\"", 64, 1);
    accepts(extra);
    snprintf(extra, sizeof(extra), "\"email\":\"%0*d@b\"", 65, 1);
    refuses(extra, "email", "format", NULL);
    snprintf(extra, sizeof(extra), "\"email\":\"a@%0*d\"", 64, 1);
    refuses(extra, "email", "format", NULL);

    refuses("\"owner\":\"0190f5d7\"", "owner", "format", NULL);
    assert_int_equal(decode("{\"name\":\"Ana\",\"expires_at\":\"tomorrow\"}"), AG_E_INVALID);
    expect_mistake(0, "expires_at", "format",
                   "must be an RFC 3339 time such as 2030-01-31T12:00:00Z");
    static const char *const names[] = {"a b", "-a", ".a", "\xC3\xA9", "a/b", "a{"};
    for (size_t i = 0; i < AG_COUNT(names); i++) {
        snprintf(extra, sizeof(extra), "\"config\":{\"variables\":[{\"name\":\"%s\"}]}", names[i]);
        refuses(extra, "config.variables[0].name", "format", NULL);
        snprintf(extra, sizeof(extra), "\"config\":{\"labels\":{\"%s\":1}}", names[i]);
        assert_int_equal(decode_with(extra), AG_E_INVALID);
        assert_string_equal(errors.items[0].code, "format");
    }
    refuses("\"config\":{\"models\":[\"A\"]}", "config.models[0]", "choice",
            "must be one of \"a\", \"b\"");
    refuses("\"config\":{\"models\":[\"\"]}", "config.models[0]", "choice", NULL);
    refuses("\"config\":{\"models\":[\"a|b\"]}", "config.models[0]", "choice", NULL);
}

static void test_mistake_nul(void **state)
{
    refuses("\"note\":\"a\\u0000b\"", "note", "format", "must not hold a NUL character");
    refuses("\"config\":{\"stop\":[\"\\u0000\"]}", "config.stop[0]", "format", NULL);
    refuses("\"config\":{\"json_schema\":{\"a\":[\"\\u0000\"]}}", "config.json_schema.a[0]",
            "format", NULL);
    assert_int_equal(decode_with("\"config\":{\"json_schema\":{\"a\\u0000\":1}}"), AG_E_INVALID);
    assert_string_equal(errors.items[0].code, "format");
    assert_int_equal(decode_with("\"config\":{\"labels\":{\"a\\u0000\":1}}"), AG_E_INVALID);
    assert_string_equal(errors.items[0].code, "format");
    refuses("\"config\":{\"labels\":{\"a\":\"\\u0000\"}}", "config.labels.a", "format", NULL);
    /* a name with NUL is not the name before it */
    assert_int_equal(decode_with("\"note\\u0000\":1"), AG_E_INVALID);
    assert_string_equal(errors.items[0].code, "unknown");
}

static void test_mistake_duplicates(void **state)
{
    refuses("\"note\":\"a\",\"note\":\"b\"", "note", "duplicate", "is given more than once");
    refuses("\"note\":null,\"note\":\"b\"", "note", "duplicate", NULL);
    refuses("\"note\":\"a\",\"no\\u0074e\":\"b\"", "note", "duplicate", NULL);
    refuses("\"config\":{\"stop\":[],\"stop\":[]}", "config.stop", "duplicate", NULL);
    refuses("\"config\":{\"labels\":{\"a\":1,\"b\":2,\"a\":1}}", "config.labels.a", "duplicate",
            NULL);
    refuses("\"config\":{\"json_schema\":{\"x\":[{\"a\":1,\"a\":1}]}}", "config.json_schema.x[0].a",
            "duplicate", NULL);
    for (int count = 2; count < 150; count++) {
        char extra[3000];
        size_t len = (size_t)snprintf(extra, sizeof(extra), "\"config\":{\"json_schema\":{");
        for (int i = 0; i < count; i++)
            len += (size_t)snprintf(extra + len, sizeof(extra) - len, "\"k%d\":1,", i);
        size_t last = len;
        snprintf(extra + last, sizeof(extra) - last, "\"k%d\":1}}", count);
        accepts(extra);
        snprintf(extra + last, sizeof(extra) - last, "\"k%d\":1}}", count / 2);
        assert_int_equal(decode_with(extra), AG_E_INVALID);
        assert_string_equal(errors.items[0].code, "duplicate");
    }
}

static void nest(char *out, size_t size, int levels, const char *open, const char *close)
{
    size_t len = (size_t)snprintf(out, size, "\"config\":{\"json_schema\":{\"a\":");
    for (int i = 0; i < levels; i++)
        len += (size_t)snprintf(out + len, size - len, "%s", open);
    len += (size_t)snprintf(out + len, size - len, "1");
    for (int i = 0; i < levels; i++)
        len += (size_t)snprintf(out + len, size - len, "%s", close);
    snprintf(out + len, size - len, "}}");
}

static void test_mistake_depth(void **state)
{
    static const char *const pairs[][2] = {{"[", "]"}, {"{\"a\":", "}"}};
    for (size_t i = 0; i < AG_COUNT(pairs); i++) {
        char extra[3000];
        /* the document, config and json_schema are three levels */
        nest(extra, sizeof(extra), AG_FIELD_MAX_DEPTH - 3, pairs[i][0], pairs[i][1]);
        accepts(extra);
        nest(extra, sizeof(extra), AG_FIELD_MAX_DEPTH - 2, pairs[i][0], pairs[i][1]);
        assert_int_equal(decode_with(extra), AG_E_INVALID);
        assert_int_equal(errors.count, 1);
        assert_string_equal(errors.items[0].code, "depth");
        assert_str(errors.items[0].message, "is nested more than 32 levels deep");
    }
    /* Very deep text neither overflows a stack nor takes long, wherever it stands. */
    enum { LEVELS = 500000 };
    char *json = malloc(2 * LEVELS + 64);
    assert_non_null(json);
    static const char *const places[] = {
        "{\"note\":", "{\"unknown\":", "{\"config\":{\"json_schema\":{\"a\":", ""};
    for (size_t i = 0; i < AG_COUNT(places); i++) {
        size_t len = strlen(places[i]);
        memcpy(json, places[i], len);
        memset(json + len, '[', LEVELS);
        assert_int_equal(decode_n(json, len + LEVELS), AG_E_BAD_JSON);
        memset(json + len + LEVELS, ']', LEVELS);
        size_t end = len + 2 * LEVELS;
        for (const char *p = places[i]; *p; p++)
            if (*p == '{') json[end++] = '}';
        enum ag_err err = decode_n(json, end);
        assert_true(err == (i == 3 ? AG_E_BAD_JSON : AG_E_INVALID));
    }
    free(json);
}

static void test_mistakes_are_collected(void **state)
{
    assert_int_equal(
        decode("{\"name\":1,\"limit\":0,\"nope\":1,\"config\":{\"temperature\":9,\"variables\":"
               "[{\"name\":\"a\"},{\"name\":\"\",\"type\":\"x\"}]}}"),
        AG_E_INVALID);
    assert_int_equal(errors.count, 7);
    expect_mistake(0, "name", "type", NULL);
    expect_mistake(1, "limit", "range", NULL);
    expect_mistake(2, "nope", "unknown", NULL);
    expect_mistake(3, "config.temperature", "range", NULL);
    expect_mistake(4, "config.variables[1].name", "too_short", NULL);
    expect_mistake(5, "config.variables[1].type", "choice", NULL);
    expect_mistake(6, "expires_at", "required", NULL);

    char extra[2000];
    size_t len = 0;
    for (int i = 0; i < 100; i++)
        len += (size_t)snprintf(extra + len, sizeof(extra) - len, "%s\"u%d\":1", i ? "," : "", i);
    assert_int_equal(decode_with(extra), AG_E_INVALID);
    assert_int_equal(errors.count, AG_FIELD_MAX_ERRORS);

    /* The message never repeats a value, least of all a secret one. */
    refuses("\"password\":\"a very secret word\"", "password", "too_long",
            "must have at most 12 characters");
    assert_null(strstr(ag_diag_text(AG_E_INVALID), "secret"));

    errors.count = 0;
    ag_field_error(&errors, &arena, "password", "too_common", "is on a list of %s ones", "common");
    expect_mistake(0, "password", "too_common", "is on a list of common ones");
    for (int i = 0; i < 100; i++)
        ag_field_error(&errors, &arena, "x", "range", "y");
    assert_int_equal(errors.count, AG_FIELD_MAX_ERRORS);
}

static void test_bad_json(void **state)
{
    static const struct {
        const char *json, *text;
    } rows[] = {
        {"", "the body is empty at byte 0"},
        {" \n ", "input data is empty at byte 0"},
        {"[]", "the body is a list at byte 0; expected a JSON object"},
        {"null", "the body is null at byte 0"},
        {"\"x\"", "the body is a string"},
        {"12", "the body is a number"},
        {"{", "at byte 1"},
        {"{\"a\"}", "at byte 4"},
        {"{\"a\":1,}", "at byte 6"},
        {"{'a':1}", "at byte 1"},
        {"{} x", "at byte 3"},
        {"{}{}", "at byte 2"},
        {"{\"a\":01}", "at byte"},
        {"{\"a\":NaN}", "at byte"},
        {"{\"a\":1e999}", "at byte"},
        {"{\"a\":\"\\ud800\"}", "at byte"},
        {"{\"a\":\"\xFF\"}", "at byte"},
        {"{\"a\":\"\xED\xA0\x80\"}", "at byte"},
        {"{\"a\":\"\n\"}", "at byte"},
        {"{\"a\":/* */1}", "at byte"},
        {"\xEF\xBB\xBF{}", "at byte 0"},
        {"{\"a\":\"x", "at byte"},
    };
    for (size_t i = 0; i < AG_COUNT(rows); i++) {
        assert_int_equal(decode(rows[i].json), AG_E_BAD_JSON);
        const char *text = ag_diag_text(AG_E_BAD_JSON);
        if (!strstr(text, rows[i].text)) fail_msg("%s: %s", rows[i].json, text);
    }
    assert_int_equal(decode_n("{\"a\":\"\0\"}", 9), AG_E_BAD_JSON);
    assert_int_equal(decode_n("{}\0", 3), AG_E_BAD_JSON);
    /* Every proper prefix of a document is malformed. */
    const char *whole =
        "{\"name\":\"A\\u00e9\xC3\xA9\",\"config\":{\"stop\":[\"x\",null],\"t\":-1.5e3}}";
    for (size_t len = 0; len < strlen(whole); len++)
        assert_int_equal(decode_n(whole, len), AG_E_BAD_JSON);
}

/* ---- encoding ---- */

static void test_encode(void **state)
{
    accepts("\"spare\":null");
    thing.id = ag_uuid_at(0);
    assert_string_equal(encoded(), "{\"id\":\"00000000-0000-7000-8000-000000000000\","
                                   "\"name\":\"Ana\",\"note\":null,\"expires_at\":null,"
                                   "\"limit\":20,\"active\":true,"
                                   "\"config\":{\"temperature\":0.7,\"max_tokens\":null,"
                                   "\"models\":null},\"spare\":null}");
    thing.expires_at = 1000;
    ag_doc_mark(&thing_schema, &thing, "expires_at");
    thing.note = AG_STR("a \"note\"\n");
    ag_doc_mark(&thing_schema, &thing, "note");
    assert_non_null(strstr(encoded(), "\"note\":\"a \\\"note\\\"\\n\","
                                      "\"expires_at\":\"1970-01-01T00:00:01.000Z\""));
    /* What is required is written, marked or not. */
    memset(&thing, 0, sizeof(thing));
    assert_string_equal(encoded(), "{\"id\":\"00000000-0000-0000-0000-000000000000\",\"name\":\"\","
                                   "\"note\":null,\"expires_at\":null,\"spare\":null}");
}

static void test_round_trip(void **state)
{
    static const char body[] =
        "{\"name\":\"Ana\",\"email\":\"a@b\",\"password\":\"pass\",\"note\":\"n\","
        "\"expires_at\":\"2030-01-31T11:00:00.000Z\",\"limit\":7,\"offset\":-3,"
        "\"owner\":\"0190f5d7-7cf8-7a3b-8c4d-0123456789ab\",\"active\":false,"
        "\"config\":{\"temperature\":0.25,\"max_tokens\":5,\"stop\":[\"\\n\",\"\xE2\x82\xAC\"],"
        "\"variables\":[{\"name\":\"x\",\"type\":\"number\",\"required\":true}],"
        "\"models\":[\"b\"],\"json_schema\":{\"a\":[1,2.5,{\"b\":null}]},"
        "\"labels\":{\"k\":\"v\"}},"
        "\"spare\":{\"temperature\":1,\"max_tokens\":null,\"stop\":[],\"models\":null,"
        "\"json_schema\":{},\"labels\":{}}}";
    assert_ok(decode(body));
    const char *out = encoded();
    const char *id = "{\"id\":\"00000000-0000-0000-0000-000000000000\",";
    assert_memory_equal(out, id, strlen(id));
    assert_string_equal(out + strlen(id), body + 1);
}

static void test_encode_at_the_ceiling(void **state)
{
    accepts("\"config\":{\"stop\":[\"a\",\"b\"],\"labels\":{\"a\":1,\"b\":2}}");
    size_t whole = strlen(encoded());
    for (size_t max = 0; max <= whole; max++) {
        struct ag_buf buf;
        ag_buf_init(&buf, NULL, max);
        assert_int_equal(ag_fields_encode(&thing_schema, &thing, &buf),
                         max < whole ? AG_E_TOO_LARGE : AG_OK);
        assert_true(buf.len <= max);
        ag_buf_done(&buf);
    }
}

static void test_marks(void **state)
{
    memset(&thing, 0, sizeof(thing));
    assert_int_equal(ag_schema_index(&thing_schema, AG_STR("name")), 1);
    assert_int_equal(ag_schema_index(&thing_schema, AG_STR("nam")), -1);
    ag_doc_mark(&thing_schema, &thing, "name");
    assert_true(thing.set == 2);
    assert_true(ag_doc_has(&thing, 1));
    assert_false(ag_doc_has(&thing, 0));
}

/* ---- out of memory ---- */

static enum ag_err decode_arg(void *arg)
{
    const char *json = arg;
    ag_arena_done(&arena);
    memset(&thing, 0, sizeof(thing));
    enum ag_err err = ag_fields_decode(&thing_schema, ag_str(json), &thing, &arena, &errors);
    if (err == AG_E_INVALID) err = AG_OK; /* the mistakes were told in full */
    if (err) return err;
    struct ag_buf buf;
    ag_buf_init(&buf, NULL, 1 << 20);
    err = ag_fields_encode(&thing_schema, &thing, &buf);
    if (err == AG_OK) err = ag_fields_schema(&thing_schema, &buf);
    ag_buf_done(&buf);
    return err;
}

static void test_out_of_memory(void **state)
{
    static char good[] =
        "{\"name\":\"Ana\",\"expires_at\":null,\"config\":{\"stop\":[\"x\"],\"variables\":[{"
        "\"name\":\"x\"}],\"json_schema\":{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,"
        "\"g\":7,\"h\":8,\"i\":9},\"labels\":{\"a\":1.5,\"b\":true}}}";
    static char bad[] =
        "{\"nam\":\"Ana\",\"limit\":0,\"config\":{\"stop\":[\"\"],\"models\":[\"x\"],"
        "\"variables\":[{}],\"labels\":{\"a\":null}}}";
    torture(decode_arg, good);
    assert_int_equal(errors.count, 0);
    torture(decode_arg, bad);
    assert_true(errors.count > 5);

    /* An arena too small for the document. */
    ag_arena_reset(&arena);
    arena.max_bytes = 300;
    assert_int_equal(ag_fields_decode(&thing_schema, ag_str(good), &thing, &arena, &errors),
                     AG_E_NO_MEMORY);
    arena.max_bytes = AG_ARENA_MAX_BYTES;
}

/* ---- JSON Schema ---- */

static yyjson_doc *schema_of(const struct ag_schema *schema)
{
    struct ag_buf buf;
    ag_buf_init(&buf, NULL, 1 << 16);
    assert_ok(ag_fields_schema(schema, &buf));
    yyjson_doc *doc = yyjson_read(buf.data, buf.len, 0);
    assert_non_null(doc);
    ag_buf_done(&buf);
    return doc;
}

/* That the schema has `json` at `pointer`; NULL: nothing is there. */
static void schema_has(yyjson_doc *doc, const char *pointer, const char *json)
{
    yyjson_val *value = yyjson_doc_ptr_get(doc, pointer);
    char *text = value ? yyjson_val_write(value, 0, NULL) : NULL;
    bool same = json ? text && strcmp(text, json) == 0 : text == NULL;
    if (!same) print_error("%s: have %s, want %s\n", pointer, text, json);
    free(text);
    assert_true(same);
}

static void test_schema(void **state)
{
    yyjson_doc *doc = schema_of(&thing_schema);
    schema_has(doc, "/type", "\"object\"");
    schema_has(doc, "/description", "\"A thing.\"");
    schema_has(doc, "/additionalProperties", "false");
    schema_has(doc, "/required", "[\"id\",\"name\",\"expires_at\"]");
    schema_has(doc, "/properties/id",
               "{\"type\":\"string\",\"format\":\"uuid\",\"readOnly\":true}");
    schema_has(doc, "/properties/name", "{\"type\":\"string\",\"minLength\":2,\"maxLength\":10}");
    schema_has(doc, "/properties/email",
               "{\"type\":\"string\",\"format\":\"email\",\"maxLength\":65536}");
    schema_has(doc, "/properties/password/writeOnly", "true");
    schema_has(doc, "/properties/note/type", "[\"string\",\"null\"]");
    schema_has(doc, "/properties/expires_at",
               "{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}");
    schema_has(doc, "/properties/limit/default", "20");
    schema_has(doc, "/properties/offset", "{\"type\":\"integer\",\"format\":\"int64\"}");
    schema_has(doc, "/properties/config/$ref", "\"#/components/schemas/Config\"");
    schema_has(doc, "/properties/spare/anyOf",
               "[{\"$ref\":\"#/components/schemas/Config\"},{\"type\":\"null\"}]");
    yyjson_doc_free(doc);

    doc = schema_of(&config_schema);
    schema_has(doc, "/required", NULL);
    schema_has(doc, "/properties/temperature",
               "{\"type\":\"number\",\"minimum\":0,\"maximum\":2,"
               "\"description\":\"How \\\"free\\\" the answers are.\",\"default\":0.7}");
    schema_has(doc, "/properties/max_tokens/examples", "[4096]");
    schema_has(doc, "/properties/max_tokens/maximum", "1000000");
    schema_has(doc, "/properties/stop",
               "{\"type\":\"array\",\"items\":{\"type\":\"string\",\"minLength\":1,"
               "\"maxLength\":8},\"maxItems\":4}");
    schema_has(doc, "/properties/variables/items", "{\"$ref\":\"#/components/schemas/Variable\"}");
    schema_has(doc, "/properties/models",
               "{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\","
               "\"enum\":[\"a\",\"b\"]},\"minItems\":1,\"maxItems\":256}");
    schema_has(doc, "/properties/labels/maxProperties", "20");
    schema_has(doc, "/properties/labels/additionalProperties/type",
               "[\"string\",\"number\",\"boolean\"]");
    schema_has(doc, "/properties/json_schema/type", "\"object\"");
    yyjson_doc_free(doc);
    yyjson_doc_free(schema_of(&variable_schema));
}

static void test_schema_at_the_ceiling(void **state)
{
    struct ag_buf buf;
    ag_buf_init(&buf, NULL, 1 << 16);
    assert_ok(ag_fields_schema(&config_schema, &buf));
    size_t whole = buf.len;
    ag_buf_done(&buf);
    for (size_t max = 0; max < whole; max++) {
        ag_buf_init(&buf, NULL, max);
        assert_int_equal(ag_fields_schema(&config_schema, &buf), AG_E_TOO_LARGE);
        ag_buf_done(&buf);
    }
}

static void note_schema(const struct ag_schema *schema, void *arg)
{
    struct ag_buf *buf = arg;
    ag_buf_printf(buf, "%s ", schema->name);
}

/* What changes of something: null takes away, what is left out stays. */
struct change {
    uint64_t set;
    struct ag_str note;
    struct ag_str form; /* as JSON of a Config */
};
static const struct ag_field change_fields[] = {
    AG_FIELD(struct change, note, AG_F_STRING, AG_FF_NULLABLE | AG_FF_CLEARS),
    AG_FIELD(struct change, form, AG_F_JSON, AG_FF_NULLABLE, .sub = &config_schema),
};
static AG_SCHEMA(change_schema, "Change", struct change, "A change.", change_fields);

static void test_null_takes_away(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        bool set;
        const char *note;
    } rows[] = {{"{\"note\":null}", true, ""}, {"{}", false, ""}, {"{\"note\":\"a\"}", true, "a"}};
    for (size_t i = 0; i < AG_COUNT(rows); i++) {
        struct change change = {0};
        assert_ok(ag_fields_decode(&change_schema, ag_str(rows[i].json), &change, &arena, &errors));
        assert_int_equal(ag_doc_has(&change, 0), rows[i].set);
        assert_str(change.note, rows[i].note);
    }
}

static void test_json_of_a_known_form(void **state)
{
    (void)state;
    yyjson_doc *doc = schema_of(&change_schema);
    schema_has(doc, "/properties/form/anyOf",
               "[{\"$ref\":\"#/components/schemas/Config\"},{\"type\":\"null\"}]");
    yyjson_doc_free(doc);
    /* The form is told, not checked, and the text is kept as it is. */
    struct change change = {0};
    assert_ok(ag_fields_decode(&change_schema, AG_STR("{\"form\":{\"temperature\":\"hot\"}}"),
                               &change, &arena, &errors));
    assert_str(change.form, "{\"temperature\":\"hot\"}");
}

static void test_schema_walk(void **state)
{
    struct ag_buf buf;
    ag_buf_init(&buf, NULL, 1000);
    ag_schema_walk(&thing_schema, note_schema, &buf); /* Config is reached twice */
    assert_str(ag_buf_str(&buf), "Variable Config Thing ");
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
        cmocka_unit_test(test_decode_all),
        cmocka_unit_test(test_decode_defaults),
        cmocka_unit_test(test_decode_numbers),
        cmocka_unit_test(test_mistake_types),
        cmocka_unit_test(test_mistake_required),
        cmocka_unit_test(test_mistake_unknown),
        cmocka_unit_test(test_mistake_lengths),
        cmocka_unit_test(test_mistake_counts),
        cmocka_unit_test(test_mistake_formats),
        cmocka_unit_test(test_mistake_nul),
        cmocka_unit_test(test_mistake_duplicates),
        cmocka_unit_test(test_mistake_depth),
        cmocka_unit_test(test_mistakes_are_collected),
        cmocka_unit_test(test_bad_json),
        cmocka_unit_test(test_encode),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_encode_at_the_ceiling),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_schema),
        cmocka_unit_test(test_schema_at_the_ceiling),
        cmocka_unit_test(test_null_takes_away),
        cmocka_unit_test(test_json_of_a_known_form),
        cmocka_unit_test(test_schema_walk),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
