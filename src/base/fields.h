/*
 * Field tables: one declaration of a document's fields, from which JSON is decoded into a struct,
 * a struct is encoded to JSON, query strings are read and JSON Schema (2020-12) is printed.
 *
 * A document is a plain struct whose first member is `uint64_t set`: bit i says that field i of the
 * table has a value. Decoding refuses what the table does not name, checks every limit and reports
 * all mistakes together, each with its path, so a form can show them at its fields.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/id.h"

enum ag_field_type {
    AG_F_STRING, /* struct ag_str; min/max count characters */
    AG_F_ENUM,   /* struct ag_str, one of `choices` */
    AG_F_BOOL,   /* bool */
    AG_F_INT,    /* int64_t; min/max are values */
    AG_F_NUMBER, /* double; min/max are values */
    AG_F_UUID,   /* struct ag_uuid */
    AG_F_TIME,   /* int64_t wall milliseconds; RFC 3339 text in JSON */
    AG_F_JSON,   /* struct ag_str: an object kept as compact JSON text; max counts bytes */
    AG_F_OBJECT, /* the struct of `sub`, embedded */
    AG_F_LIST,   /* struct ag_list of `item`; min/max count items */
    AG_F_MAP,    /* struct ag_list of struct ag_pair: free names, string, number or boolean values
                    (all kept as text); max counts pairs */
};

/* What AG_F_LIST decodes to: items of the item type's C type, one after the other. */
struct ag_list {
    void *items;
    size_t count;
};

struct ag_pair {
    struct ag_str name;
    struct ag_str value;
};

enum {
    AG_FF_REQUIRED = 1,   /* decoding fails without it; encoding always writes it */
    AG_FF_NULLABLE = 2,   /* decoding takes null as no value, also for a required field; encoding
                             writes null when absent */
    AG_FF_SECRET = 4,     /* writeOnly in the schema; never shown in an error message */
    AG_FF_EMAIL = 8,      /* an e-mail address (format: email) */
    AG_FF_READ_ONLY = 16, /* a reply field: readOnly in the schema; decoding refuses it */
    AG_FF_NO_TRIM = 32,   /* keep surrounding white space, which other strings lose, so that one
                             with min >= 1 must not be blank */
    AG_FF_ID_TEXT = 64,   /* [A-Za-z0-9_][A-Za-z0-9_.-]* only, as for variable names */
    AG_FF_CLEARS = 128,   /* with NULLABLE: null is a value, the zeroed one; it takes away what a
                             change would otherwise leave as it is */
};

struct ag_schema;

struct ag_field {
    const char *name;
    enum ag_field_type type;
    unsigned flags;
    size_t offset;       /* in the document's struct */
    double min, max;     /* both 0: no limit (strings and lists always have one: AG_FIELD_MAX_*) */
    const char *choices; /* AG_F_ENUM: "formal|friendly|concise" */
    const struct ag_schema *sub; /* AG_F_OBJECT, and AG_F_LIST of objects; AG_F_JSON: its form in
                                    the schema, unchecked */
    enum ag_field_type item;     /* AG_F_LIST: the items' type */
    double item_min, item_max;   /* AG_F_LIST: the items' limits; AG_F_MAP: the values' */
    const char *def;             /* default as JSON text ("20", "\"text\""), applied when absent */
    const char *doc;             /* one sentence for the reference */
    const char *example;         /* JSON text, or NULL */
};

enum {
    AG_FIELD_MAX_STRING = 65536, /* characters, where a row gives no limit */
    AG_FIELD_MAX_ITEMS = 256,    /* list items, where a row gives no limit */
    AG_FIELD_MAX_DEPTH = 32,     /* nesting of a JSON document */
    AG_FIELD_MAX_ERRORS = 32,    /* mistakes reported at once */
    AG_SCHEMA_MAX_FIELDS = 64,   /* bits of `set` */
};

struct ag_schema {
    const char *name; /* component name in OpenAPI: "Agent"; NULL for query tables */
    const char *doc;
    size_t size; /* sizeof the document's struct */
    const struct ag_field *fields;
    size_t count;
};

/* AG_FIELD(struct login, email, AG_F_STRING, AG_FF_REQUIRED, .max = 255, .doc = "...") */
#define AG_FIELD(struct_type, member, field_type, field_flags, ...)                                \
    {                                                                                              \
        .name = #member, .type = (field_type), .flags = (field_flags),                             \
        .offset = offsetof(struct_type, member), __VA_ARGS__                                       \
    }
#define AG_SCHEMA(var, schema_name, struct_type, schema_doc, table)                                \
    const struct ag_schema var = {.name = (schema_name),                                           \
                                  .doc = (schema_doc),                                             \
                                  .size = sizeof(struct_type),                                     \
                                  .fields = (table),                                               \
                                  .count = AG_COUNT(table)};                                       \
    _Static_assert(AG_COUNT(table) <= AG_SCHEMA_MAX_FIELDS, "too many fields for the set mask");   \
    _Static_assert(offsetof(struct_type, set) == 0, "the first member is the set mask")

/* Whether field number `index` of the table has a value in `doc`. */
static inline bool ag_doc_has(const void *doc, size_t index)
{
    return (*(const uint64_t *)doc >> index) & 1;
}
/* The index of the field called `name`, or -1. */
int ag_schema_index(const struct ag_schema *schema, struct ag_str name);
/* Marks the field called `name` as having a value; the name must exist. */
void ag_doc_mark(const struct ag_schema *schema, void *doc, const char *name);
/* Whether the field called `name` has a value. */
bool ag_doc_is_set(const struct ag_schema *schema, const void *doc, const char *name);

struct ag_field_error {
    struct ag_str field;   /* "config.stop[2]" */
    const char *code;      /* required, unknown, type, too_short, too_long, range, choice, format,
                              duplicate, depth */
    struct ag_str message; /* says how to mend it */
};
struct ag_field_errors {
    struct ag_field_error *items; /* in the arena, made for the first mistake */
    size_t count;                 /* at most AG_FIELD_MAX_ERRORS */
};
/* Adds a mistake found by product rules, e.g. a password on the list of common ones. */
void ag_field_error(struct ag_field_errors *errors, struct ag_arena *arena, const char *field,
                    const char *code, const char *format, ...) AG_PRINTF(5, 6);

/*
 * Decodes `json` into the zeroed struct `doc`; strings live in the arena.
 * AG_E_BAD_JSON (diagnostic: what and where), AG_E_INVALID with `errors` filled, AG_E_NO_MEMORY.
 * Duplicate names, NUL characters and documents deeper than AG_FIELD_MAX_DEPTH are refused.
 */
enum ag_err ag_fields_decode(const struct ag_schema *schema, struct ag_str json, void *doc,
                             struct ag_arena *arena, struct ag_field_errors *errors) AG_MUST_USE;
/* The same from `name=value` pairs (query strings, path parameters). */
enum ag_err ag_fields_decode_pairs(const struct ag_schema *schema, const struct ag_pair *pairs,
                                   size_t count, void *doc, struct ag_arena *arena,
                                   struct ag_field_errors *errors) AG_MUST_USE;
/* Appends `doc` as compact JSON. Optional fields without a value are left out. */
enum ag_err ag_fields_encode(const struct ag_schema *schema, const void *doc, struct ag_buf *out);
/* Appends the JSON Schema; objects of other schemas become "#/components/schemas/NAME". */
enum ag_err ag_fields_schema(const struct ag_schema *schema, struct ag_buf *out);
/* Appends the JSON Schema of one field, as a parameter of a path or query has it. */
enum ag_err ag_field_schema(const struct ag_field *field, struct ag_buf *out);
/* Whether `text` is an address that a browser's e-mail field takes (HTML, "valid e-mail address"),
 * within the lengths of RFC 5321 4.5.3.1. Whether one is real only a message to it can tell. */
bool ag_is_email(struct ag_str text);
/* Calls `fn` once for every schema reachable from `schema`, itself last. */
void ag_schema_walk(const struct ag_schema *schema,
                    void (*fn)(const struct ag_schema *schema, void *arg), void *arg);
