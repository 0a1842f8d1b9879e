/* JSON fields: a document that is decoded, encoded and decoded again must not change, and must not
 * be refused the second time; mistakes are reported with a path and a text; running out of memory
 * ends in an error. An input that begins with '?' is a query string for a table of scalars. */
#include "base/fields.h"
#include "fuzz.h"

#include <yyjson.h>

enum { INPUT_MAX = 16 * 1024, OUTPUT_MAX = 1024 * 1024, PAIRS_MAX = 64 };

/* ---- a document with a field of every type and flag ---- */

struct part {
    uint64_t set;
    struct ag_str name, kind;
    double weight;
};
static const struct ag_field part_fields[] = {
    AG_FIELD(struct part, name, AG_F_STRING, AG_FF_REQUIRED | AG_FF_ID_TEXT, .min = 1, .max = 20,
             .doc = "Name."),
    AG_FIELD(struct part, kind, AG_F_ENUM, 0, .choices = "string|number|boolean",
             .def = "\"string\"", .doc = "Kind."),
    AG_FIELD(struct part, weight, AG_F_NUMBER, AG_FF_NULLABLE, .min = -2, .max = 2,
             .doc = "Weight."),
};
static AG_SCHEMA(part_schema, "Part", struct part, "A part.", part_fields);

struct document {
    uint64_t set;
    struct ag_str title, note, email, secret, style, extra;
    bool on;
    int64_t count, big, at;
    double share, any;
    struct ag_uuid id;
    struct part main, other;
    struct ag_list words, numbers, flags, ids, parts, free;
};
static const struct ag_field document_fields[] = {
    AG_FIELD(struct document, title, AG_F_STRING, AG_FF_REQUIRED, .min = 1, .max = 12,
             .doc = "Title."),
    AG_FIELD(struct document, note, AG_F_STRING, AG_FF_NO_TRIM | AG_FF_NULLABLE, .max = 64,
             .doc = "Note."),
    AG_FIELD(struct document, email, AG_F_STRING, AG_FF_EMAIL, .max = 255, .doc = "E-mail."),
    AG_FIELD(struct document, secret, AG_F_STRING, AG_FF_SECRET, .doc = "Secret."),
    AG_FIELD(struct document, style, AG_F_ENUM, AG_FF_NULLABLE, .choices = "formal|friendly",
             .doc = "Style."),
    AG_FIELD(struct document, extra, AG_F_JSON, 0, .max = 4096, .doc = "Anything."),
    AG_FIELD(struct document, on, AG_F_BOOL, 0, .def = "true", .doc = "Switch."),
    AG_FIELD(struct document, count, AG_F_INT, 0, .min = 1, .max = 100, .def = "20",
             .doc = "Count."),
    AG_FIELD(struct document, big, AG_F_INT, 0, .doc = "Any whole number."),
    AG_FIELD(struct document, at, AG_F_TIME, AG_FF_NULLABLE, .doc = "When."),
    AG_FIELD(struct document, share, AG_F_NUMBER, 0, .min = 0, .max = 1, .doc = "Share."),
    AG_FIELD(struct document, any, AG_F_NUMBER, 0, .doc = "Any number."),
    AG_FIELD(struct document, id, AG_F_UUID, AG_FF_NULLABLE, .doc = "Id."),
    AG_FIELD(struct document, main, AG_F_OBJECT, AG_FF_NULLABLE, .sub = &part_schema,
             .doc = "Part."),
    AG_FIELD(struct document, other, AG_F_OBJECT, 0, .sub = &part_schema, .doc = "Part."),
    AG_FIELD(struct document, words, AG_F_LIST, 0, .max = 4, .item = AG_F_STRING, .item_min = 1,
             .item_max = 8, .doc = "Words."),
    AG_FIELD(struct document, numbers, AG_F_LIST, AG_FF_NULLABLE, .item = AG_F_INT, .item_min = -5,
             .item_max = 5, .doc = "Numbers."),
    AG_FIELD(struct document, flags, AG_F_LIST, 0, .item = AG_F_BOOL, .doc = "Flags."),
    AG_FIELD(struct document, ids, AG_F_LIST, 0, .max = 3, .item = AG_F_UUID, .doc = "Ids."),
    AG_FIELD(struct document, parts, AG_F_LIST, 0, .max = 5, .item = AG_F_OBJECT,
             .sub = &part_schema, .doc = "Parts."),
    AG_FIELD(struct document, free, AG_F_MAP, AG_FF_ID_TEXT, .max = 6, .item_max = 32,
             .doc = "Free names."),
};
static AG_SCHEMA(document_schema, "Document", struct document, "A document.", document_fields);

struct query {
    uint64_t set;
    int64_t limit, since;
    double share;
    bool all;
    struct ag_str q, sort;
    struct ag_uuid agent_id;
};
static const struct ag_field query_fields[] = {
    AG_FIELD(struct query, limit, AG_F_INT, 0, .min = 1, .max = 100, .def = "20", .doc = "Limit."),
    AG_FIELD(struct query, since, AG_F_TIME, 0, .doc = "Since."),
    AG_FIELD(struct query, share, AG_F_NUMBER, 0, .doc = "Share."),
    AG_FIELD(struct query, all, AG_F_BOOL, 0, .doc = "All."),
    AG_FIELD(struct query, q, AG_F_STRING, 0, .max = 100, .doc = "Search."),
    AG_FIELD(struct query, sort, AG_F_ENUM, 0, .choices = "name|-name", .doc = "Order."),
    AG_FIELD(struct query, agent_id, AG_F_UUID, 0, .doc = "Agent."),
};
static AG_SCHEMA(query_schema, NULL, struct query, "A query.", query_fields);

/* ---- properties ---- */

static void check_mistakes(enum ag_err err, const struct ag_field_errors *errors)
{
    FUZZ_CHECK(err == AG_OK || err == AG_E_INVALID || err == AG_E_BAD_JSON);
    FUZZ_CHECK((err == AG_E_INVALID) == (errors->count > 0));
    FUZZ_CHECK(errors->count <= AG_FIELD_MAX_ERRORS);
    for (size_t i = 0; i < errors->count; i++) {
        FUZZ_CHECK(errors->items[i].code && errors->items[i].message.len > 0);
        FUZZ_CHECK(ag_utf8_valid(errors->items[i].field));
        FUZZ_CHECK(ag_utf8_valid(errors->items[i].message));
    }
}

static struct ag_str encode(struct ag_arena *arena, const struct ag_schema *schema, const void *doc)
{
    struct ag_buf out;
    ag_buf_init(&out, arena, OUTPUT_MAX);
    FUZZ_CHECK(ag_fields_encode(schema, doc, &out) == AG_OK);
    struct ag_str text = ag_buf_str(&out);
    yyjson_doc *parsed = yyjson_read(text.data, text.len, YYJSON_READ_NOFLAG);
    FUZZ_CHECK(parsed);
    yyjson_doc_free(parsed);
    return text;
}

/* `first` was decoded from some input: what it is written as must read back as the same. */
static void check_round_trip(struct ag_arena *arena, const struct ag_schema *schema,
                             const void *first, void *second)
{
    struct ag_field_errors errors = {.count = 0};
    struct ag_str text = encode(arena, schema, first);
    enum ag_err err = ag_fields_decode(schema, text, second, arena, &errors);
    if (err != AG_OK && errors.count > 0)
        fprintf(stderr, "refused the second time: %.*s %s in %.*s\n",
                AG_STR_ARG(errors.items[0].field), errors.items[0].code, AG_STR_ARG(text));
    FUZZ_CHECK(err == AG_OK);
    FUZZ_CHECK(ag_str_eq(text, encode(arena, schema, second)));
}

/* With less memory than it takes, decoding says so or succeeds, and says nothing else. */
static void check_out_of_memory(struct ag_str json, size_t max_bytes)
{
    struct ag_arena arena;
    ag_arena_init(&arena);
    arena.max_bytes = max_bytes;
    struct document doc = {0};
    struct ag_field_errors errors = {.count = 0};
    enum ag_err err = ag_fields_decode(&document_schema, json, &doc, &arena, &errors);
    FUZZ_CHECK(err == AG_OK || err == AG_E_NO_MEMORY);
    ag_arena_done(&arena);
}

static void check_json(struct ag_arena *arena, struct ag_str json)
{
    struct document first = {0}, second = {0};
    struct ag_field_errors errors = {.count = 0};
    enum ag_err err = ag_fields_decode(&document_schema, json, &first, arena, &errors);
    size_t used_bytes = arena->used_bytes;
    check_mistakes(err, &errors);
    if (err != AG_OK) return;
    check_round_trip(arena, &document_schema, &first, &second);
    check_out_of_memory(json, used_bytes / 2);
}

static void check_query(struct ag_arena *arena, struct ag_str text)
{
    /* The HTTP layer has refused these before. */
    if (!ag_utf8_valid(text) || ag_str_find_char(text, '\0') >= 0) return;
    struct ag_pair pairs[PAIRS_MAX];
    size_t count = 0;
    for (struct ag_str rest = text, part; count < PAIRS_MAX && ag_str_split(&rest, '&', &part);) {
        ptrdiff_t equals = ag_str_find_char(part, '=');
        size_t name_len = equals < 0 ? part.len : (size_t)equals;
        pairs[count++] = (struct ag_pair){ag_str_sub(part, 0, name_len),
                                          ag_str_sub(part, name_len + 1, part.len)};
    }
    struct query first = {0}, second = {0};
    struct ag_field_errors errors = {.count = 0};
    enum ag_err err = ag_fields_decode_pairs(&query_schema, pairs, count, &first, arena, &errors);
    check_mistakes(err, &errors);
    if (err == AG_OK) check_round_trip(arena, &query_schema, &first, &second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > INPUT_MAX) return -1;
    struct ag_str input = ag_str_n((const char *)data, size);
    struct ag_arena arena;
    ag_arena_init(&arena);
    if (ag_str_starts_with(input, AG_STR("?")))
        check_query(&arena, ag_str_sub(input, 1, input.len));
    else
        check_json(&arena, input);
    ag_arena_done(&arena);
    return 0;
}
