#include "auth/claims.h"

enum { NAME_CHARACTERS = 100 };
static const int64_t LAST_S = INT64_C(253402300799); /* 9999-12-31T23:59:59Z */

enum ag_err ag_claims_parse(struct ag_str json, size_t max, yyjson_doc **ret_doc)
{
    if (json.len > max)
        return ag_fail(AG_E_UPSTREAM_TOO_LARGE, "the identity provider's answer passes %zu bytes",
                       max);
    yyjson_read_err why;
    /* Without flags yyjson takes `const` input: it parses a copy of its own. */
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)json.data, json.len, YYJSON_READ_NOFLAG,
                                       NULL, &why);
    if (!doc && why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return ag_fail(AG_E_NO_MEMORY, "no memory for an identity provider's answer");
    if (!doc)
        return ag_fail(AG_E_UPSTREAM_INVALID,
                       "the identity provider's answer is not JSON: %s at "
                       "byte %zu",
                       why.msg, why.pos);
    *ret_doc = doc;
    return AG_OK;
}

enum ag_err ag_claim(yyjson_val *object, const char *name, yyjson_val **ret_value)
{
    yyjson_val *found = NULL, *key, *value;
    size_t i, count;
    yyjson_obj_foreach(object, i, count, key, value)
    {
        if (!yyjson_equals_str(key, name)) continue;
        if (found) return ag_fail(AG_E_UPSTREAM_INVALID, "\"%s\" stands there twice", name);
        found = value;
    }
    *ret_value = found;
    return AG_OK;
}

struct ag_str ag_claim_str(yyjson_val *value)
{
    const char *data = yyjson_get_str(value);
    return data ? (struct ag_str){data, yyjson_get_len(value)} : AG_STR("");
}

static bool is_plain(struct ag_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f) return false;
    return true;
}

enum ag_err ag_claim_text(yyjson_val *object, const char *name, size_t max, struct ag_arena *arena,
                          struct ag_str *ret_text)
{
    yyjson_val *value;
    AG_TRY(ag_claim(object, name, &value));
    if (!value || yyjson_is_null(value)) {
        *ret_text = AG_STR("");
        return AG_OK;
    }
    struct ag_str text = ag_claim_str(value);
    if (text.len == 0 || text.len > max || !is_plain(text))
        return ag_fail(AG_E_UPSTREAM_INVALID, "\"%s\" is not a text of 1 to %zu bytes", name, max);
    text = ag_arena_copy(arena, text);
    if (!text.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a claim");
    *ret_text = text;
    return AG_OK;
}

enum ag_err ag_claim_needed(yyjson_val *object, const char *name, size_t max,
                            struct ag_arena *arena, struct ag_str *ret_text)
{
    AG_TRY(ag_claim_text(object, name, max, arena, ret_text));
    return ret_text->len > 0 ? AG_OK : ag_fail(AG_E_UPSTREAM_INVALID, "\"%s\" is missing", name);
}

enum ag_err ag_claim_time(yyjson_val *object, const char *name, int64_t *ret_seconds,
                          bool *ret_there)
{
    yyjson_val *value;
    AG_TRY(ag_claim(object, name, &value));
    *ret_there = value != NULL;
    if (!value) return AG_OK;
    /* RFC 7519 allows fractions. What is no number compares false with everything. */
    double seconds = yyjson_is_num(value) ? yyjson_get_num(value) : -1;
    if (!(seconds >= 0 && seconds <= (double)LAST_S))
        return ag_fail(AG_E_UPSTREAM_INVALID, "\"%s\" is not a moment", name);
    *ret_seconds = (int64_t)seconds;
    return AG_OK;
}

enum ag_err ag_claims_name(struct ag_str text, struct ag_arena *arena, struct ag_str *ret_name)
{
    struct ag_str name = ag_str_trim(text), rest = name;
    *ret_name = AG_STR("");
    if (!is_plain(name)) return AG_OK;
    for (size_t characters = 0; rest.len > 0 && characters < NAME_CHARACTERS; characters++)
        rest = ag_str_sub(rest, AG_MAX(ag_utf8_char(rest), (size_t)1), SIZE_MAX);
    name.len -= rest.len;
    name = ag_arena_copy(arena, ag_str_trim(name));
    if (!name.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a name");
    *ret_name = name;
    return AG_OK;
}

enum ag_err ag_claims_profile(yyjson_val *object, struct ag_arena *arena,
                              struct ag_oidc_identity *identity)
{
    yyjson_val *email, *verified, *name;
    AG_TRY(ag_claim(object, "email", &email));
    AG_TRY(ag_claim(object, "email_verified", &verified));
    AG_TRY(ag_claim(object, "name", &name));
    AG_TRY(ag_claims_name(ag_claim_str(name), arena, &identity->name));
    identity->says_email = email != NULL;
    /* Some providers write it as a text. */
    identity->email_verified = yyjson_is_true(verified) || yyjson_equals_str(verified, "true");
    struct ag_str address = ag_claim_str(email);
    identity->email = AG_STR("");
    if (!ag_is_email(address)) return AG_OK;
    identity->email = ag_arena_copy(arena, address);
    return identity->email.data ? AG_OK : ag_fail(AG_E_NO_MEMORY, "no memory for an e-mail");
}
