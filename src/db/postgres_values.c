/* PostgreSQL's binary form of values, both ways. Numbers are in network order. */
#include "db/postgres.h"

#include <endian.h>
#include <limits.h>

enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_NAME = 19,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_JSON = 114,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_BPCHAR = 1042,
    OID_VARCHAR = 1043,
    OID_TIMESTAMPTZ = 1184,
    OID_VOID = 2278,
    OID_UUID = 2950,
    OID_JSONB = 3802,
    JSONB_VERSION = 1,
    PARAM_MAX_BYTES = 256 * 1024 * 1024,
};

static const int64_t epoch_2000_ms = 946684800000; /* 2000-01-01T00:00:00Z */

Oid ag_pg_oid(enum ag_value_type type)
{
    switch (type) {
    case AG_V_UUID:
        return OID_UUID;
    case AG_V_TEXT:
        return OID_TEXT;
    case AG_V_JSON:
        return OID_JSONB;
    case AG_V_INT:
        return OID_INT8;
    case AG_V_REAL:
        return OID_FLOAT8;
    case AG_V_BOOL:
        return OID_BOOL;
    case AG_V_TIME:
        return OID_TIMESTAMPTZ;
    case AG_V_BYTES:
        return OID_BYTEA;
    case AG_V_NULL:
        break;
    }
    return InvalidOid;
}

/* ---- parameters ---- */

static void put_int64(char room[8], int64_t value)
{
    uint64_t wire = htobe64((uint64_t)value);
    memcpy(room, &wire, sizeof(wire));
}

/* jsonb travels as a version number and the text. */
static enum ag_err bind_json(struct ag_arena *arena, struct ag_str json, const char **ret)
{
    char *copy = ag_arena_alloc(arena, json.len + 1);
    if (!copy) return ag_fail(AG_E_NO_MEMORY, "no memory for a parameter");
    copy[0] = JSONB_VERSION;
    if (json.len > 0) memcpy(copy + 1, json.data, json.len);
    *ret = copy;
    return AG_OK;
}

static enum ag_err bind_value(const struct ag_value *value, struct ag_arena *arena,
                              struct ag_pg_params *p, int i)
{
    p->data[i] = p->room[i];
    p->bytes[i] = 8;
    p->formats[i] = 1;
    switch (value->type) {
    case AG_V_NULL:
        p->data[i] = NULL;
        return AG_OK;
    case AG_V_UUID:
        p->data[i] = (const char *)value->uuid.bytes;
        p->bytes[i] = sizeof(value->uuid.bytes);
        return AG_OK;
    case AG_V_INT:
        put_int64(p->room[i], value->num);
        return AG_OK;
    case AG_V_TIME:
        put_int64(p->room[i], (value->num - epoch_2000_ms) * 1000);
        return AG_OK;
    case AG_V_BOOL:
        p->room[i][0] = value->num != 0;
        p->bytes[i] = 1;
        return AG_OK;
    case AG_V_REAL: {
        int64_t bits;
        memcpy(&bits, &value->real, sizeof(bits));
        put_int64(p->room[i], bits);
        return AG_OK;
    }
    case AG_V_TEXT:
    case AG_V_JSON:
    case AG_V_BYTES:
        break;
    }
    if (value->str.len > PARAM_MAX_BYTES)
        return ag_fail(AG_E_INTERNAL, "a parameter has more than %d bytes", PARAM_MAX_BYTES);
    bool json = value->type == AG_V_JSON;
    p->bytes[i] = (int)value->str.len + json;
    if (json) return bind_json(arena, value->str, &p->data[i]);
    p->data[i] = value->str.data ? value->str.data : ""; /* a NULL pointer would mean NULL */
    return AG_OK;
}

enum ag_err ag_pg_bind(const struct ag_stmt *stmt, const struct ag_value *params,
                       struct ag_arena *arena, struct ag_pg_params *ret)
{
    ret->count = (int)strlen(stmt->params);
    for (int i = 0; i < ret->count; i++)
        AG_TRY(bind_value(&params[i], arena, ret, i));
    return AG_OK;
}

/* ---- results ---- */

static bool type_fits(Oid oid, enum ag_value_type type)
{
    switch (type) {
    case AG_V_TEXT:
        return oid == OID_TEXT || oid == OID_VARCHAR || oid == OID_BPCHAR || oid == OID_NAME ||
               oid == OID_VOID;
    case AG_V_JSON:
        return oid == OID_JSONB || oid == OID_JSON;
    case AG_V_INT:
        return oid == OID_INT8 || oid == OID_INT4 || oid == OID_INT2;
    case AG_V_REAL:
        return oid == OID_FLOAT8 || oid == OID_FLOAT4;
    default:
        return oid == ag_pg_oid(type);
    }
}

static enum ag_err check_columns(const PGresult *result, const struct ag_stmt *stmt)
{
    size_t count = strlen(stmt->columns);
    if (PQnfields(result) != (int)count)
        return ag_fail(AG_E_INTERNAL, "statement %s has %d columns, %zu are declared", stmt->name,
                       PQnfields(result), count);
    for (size_t i = 0; i < count; i++)
        if (!type_fits(PQftype(result, (int)i), (enum ag_value_type)stmt->columns[i]))
            return ag_fail(AG_E_INTERNAL,
                           "statement %s: column %zu (%s) is of PostgreSQL type %u, declared '%c'",
                           stmt->name, i + 1, PQfname(result, (int)i), PQftype(result, (int)i),
                           stmt->columns[i]);
    return AG_OK;
}

/* An integer of 2, 4 or 8 bytes. */
static int64_t get_int(const char *data, size_t bytes)
{
    const unsigned char *p = (const unsigned char *)data;
    uint64_t value = bytes > 0 && p[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | p[i];
    return (int64_t)value;
}

static double get_real(const char *data, size_t bytes)
{
    int64_t bits = get_int(data, bytes);
    if (bytes == sizeof(float)) {
        uint32_t single_bits = (uint32_t)bits;
        float single;
        memcpy(&single, &single_bits, sizeof(single));
        return (double)single;
    }
    double real;
    memcpy(&real, &bits, sizeof(real));
    return real;
}

/* Microseconds since 2000 to milliseconds since 1970, rounded down. */
static int64_t get_time(const char *data)
{
    int64_t us = get_int(data, 8);
    int64_t ms = us / 1000 - (us % 1000 < 0);
    return ms + epoch_2000_ms;
}

/* jsonb comes back as PostgreSQL prints it, with a space after ':' and ','. */
static size_t compact_json(char *text, size_t len)
{
    size_t n = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (!quoted && (c == ' ' || c == '\n' || c == '\t' || c == '\r')) continue;
        text[n++] = c;
        if (c == '"') quoted = !quoted;
        if (quoted && c == '\\' && i + 1 < len) text[n++] = text[++i];
    }
    text[n] = '\0';
    return n;
}

static enum ag_err copy_text(struct ag_rows_builder *b, Oid oid, const char *data, size_t len,
                             struct ag_str *ret)
{
    if (oid == OID_JSONB) {
        if (len == 0 || data[0] != JSONB_VERSION)
            return ag_fail(AG_E_INTERNAL, "statement %s: a jsonb of an unknown form",
                           b->stmt->name);
        data++;
        len--;
    }
    char *copy;
    AG_TRY(ag_rows_text(b, len, &copy));
    memcpy(copy, data, len);
    if (oid == OID_JSONB || oid == OID_JSON) len = compact_json(copy, len);
    *ret = ag_str_n(copy, len);
    return AG_OK;
}

/* The width of a value of fixed size, or 0. */
static size_t fixed_bytes(Oid oid)
{
    switch (oid) {
    case OID_BOOL:
        return 1;
    case OID_INT2:
        return 2;
    case OID_INT4:
    case OID_FLOAT4:
        return 4;
    case OID_INT8:
    case OID_FLOAT8:
    case OID_TIMESTAMPTZ:
        return 8;
    case OID_UUID:
        return 16;
    default:
        return 0;
    }
}

static enum ag_err read_value(struct ag_rows_builder *b, const PGresult *result, int row,
                              int column, struct ag_value *ret)
{
    *ret = (struct ag_value){.type = AG_V_NULL};
    if (PQgetisnull(result, row, column)) return AG_OK;
    Oid oid = PQftype(result, column);
    const char *data = PQgetvalue(result, row, column);
    size_t bytes = (size_t)PQgetlength(result, row, column), fixed = fixed_bytes(oid);
    if (fixed && bytes != fixed)
        return ag_fail(AG_E_INTERNAL, "statement %s: column %d has %zu bytes", b->stmt->name,
                       column + 1, bytes);
    ret->type = (enum ag_value_type)b->stmt->columns[column];
    switch (ret->type) {
    case AG_V_UUID:
        memcpy(ret->uuid.bytes, data, sizeof(ret->uuid.bytes));
        return AG_OK;
    case AG_V_INT:
        ret->num = get_int(data, bytes);
        return AG_OK;
    case AG_V_BOOL:
        ret->num = data[0] != 0;
        return AG_OK;
    case AG_V_TIME:
        ret->num = get_time(data);
        return AG_OK;
    case AG_V_REAL:
        ret->real = get_real(data, bytes);
        return AG_OK;
    default:
        return copy_text(b, oid, data, bytes, &ret->str);
    }
}

/* Rows inserted, updated or deleted: the last word of tags such as "INSERT 0 1" or "UPDATE 3". */
static int64_t changed_rows(const PGresult *result)
{
    struct ag_str tag = ag_str(PQcmdStatus((PGresult *)result));
    if (ag_str_starts_with(tag, AG_STR("SELECT"))) return 0;
    int64_t n = 0;
    struct ag_str count = ag_str(PQcmdTuples((PGresult *)result));
    if (count.len == 0 || ag_str_to_int64(count, &n) != AG_OK) return 0;
    return n;
}

enum ag_err ag_pg_rows(const PGresult *result, const struct ag_stmt *stmt, struct ag_arena *arena,
                       size_t max_bytes, struct ag_rows *ret_rows)
{
    struct ag_rows_builder b;
    ag_rows_begin(&b, arena, stmt, max_bytes);
    AG_TRY(check_columns(result, stmt));
    int rows = b.columns > 0 ? PQntuples(result) : 0;
    for (int i = 0; i < rows; i++) {
        enum ag_err err = AG_OK;
        struct ag_value *row = ag_rows_next(&b, &err);
        if (!row) return err;
        for (size_t column = 0; column < b.columns; column++)
            AG_TRY(read_value(&b, result, i, (int)column, &row[column]));
    }
    ag_rows_end(&b, changed_rows(result), ret_rows);
    return AG_OK;
}
