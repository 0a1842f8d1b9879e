#include "llm/wire.h"

#include <math.h>

/* ---- reading ---- */

/*
 * Memory for one document at a time, per thread: a chunk of a stream is parsed, looked at and let
 * go without a suspension in between, so all streams of a thread share it and no chunk costs an
 * allocation. What does not fit comes from the heap.
 */
enum { SCRATCH_BYTES = 16 * 1024, SCRATCH_ALIGN = 16 };

static _Thread_local struct {
    size_t used;
    _Alignas(SCRATCH_ALIGN) char bytes[SCRATCH_BYTES];
} scratch;

static bool in_scratch(const void *p)
{
    return (const char *)p >= scratch.bytes && (const char *)p < scratch.bytes + SCRATCH_BYTES;
}

static void *scratch_malloc(void *ctx, size_t size)
{
    (void)ctx;
    size_t need = (size + SCRATCH_ALIGN - 1) & ~(size_t)(SCRATCH_ALIGN - 1);
    if (need < size || need > SCRATCH_BYTES - scratch.used) return malloc(size);
    void *p = scratch.bytes + scratch.used;
    scratch.used += need;
    return p;
}

static void *scratch_realloc(void *ctx, void *old, size_t old_size, size_t size)
{
    if (old && !in_scratch(old)) return realloc(old, size);
    void *p = scratch_malloc(ctx, size);
    if (p && old) memcpy(p, old, AG_MIN(old_size, size));
    return p;
}

static void scratch_free(void *ctx, void *p)
{
    (void)ctx;
    if (p && !in_scratch(p)) free(p);
}

enum ag_err ag_wire_parse(struct ag_str json, yyjson_doc **ret_doc)
{
    static const yyjson_alc alc = {scratch_malloc, scratch_realloc, scratch_free, NULL};
    scratch.used = 0;
    yyjson_read_err why;
    /* Without flags yyjson takes `const` input: it parses a copy of its own. */
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)json.data, json.len, YYJSON_READ_NOFLAG,
                                       &alc, &why);
    if (!doc && why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return ag_fail(AG_E_NO_MEMORY, "no memory for a reply");
    if (!doc)
        return ag_fail(AG_E_UPSTREAM_INVALID, "the reply is not JSON: %s at byte %zu", why.msg,
                       why.pos);
    if (!yyjson_is_obj(yyjson_doc_get_root(doc))) {
        yyjson_doc_free(doc);
        return ag_fail(AG_E_UPSTREAM_INVALID, "the reply is JSON, but not an object");
    }
    *ret_doc = doc;
    return AG_OK;
}

static enum ag_err append_string(struct ag_buf *text, struct ag_str s)
{
    /* NUL cannot be stored in PostgreSQL and ends C strings too early. */
    for (struct ag_str part; s.len > 0 && memchr(s.data, 0, s.len);) {
        if (!ag_str_split(&s, '\0', &part)) break;
        AG_TRY(ag_buf_append_str(text, part));
        AG_TRY(ag_buf_append_lit(text, "\xEF\xBF\xBD"));
    }
    return ag_buf_append_str(text, s);
}

static enum ag_err append_value(struct ag_buf *text, yyjson_val *value)
{
    if (!value || yyjson_is_null(value)) return AG_OK;
    if (yyjson_is_str(value)) return append_string(text, ag_wire_str(value));
    if (!yyjson_is_arr(value))
        return ag_fail(AG_E_UPSTREAM_INVALID, "the text of the reply is neither string nor list");
    size_t i, count;
    yyjson_val *part;
    yyjson_arr_foreach(value, i, count, part)
    {
        if (!ag_str_eq(ag_wire_str(yyjson_obj_get(part, "type")), AG_STR("text"))) continue;
        AG_TRY(append_string(text, ag_wire_str(yyjson_obj_get(part, "text"))));
    }
    return AG_OK;
}

enum ag_err ag_wire_text(struct ag_buf *text, yyjson_val *value)
{
    enum ag_err err = append_value(text, value);
    if (err == AG_E_TOO_LARGE)
        return ag_fail(AG_E_UPSTREAM_TOO_LARGE, "the text of the reply passes %zu bytes",
                       text->max);
    return err;
}

int64_t ag_wire_count(yyjson_val *value)
{
    if (yyjson_is_uint(value))
        return (int64_t)AG_MIN(yyjson_get_uint(value), (uint64_t)AG_LLM_MAX_TOKENS);
    if (yyjson_is_sint(value)) return 0; /* yyjson keeps numbers below zero as these */
    if (!yyjson_is_real(value)) return -1;
    double number = yyjson_get_real(value);
    return number > 0 ? (int64_t)fmin(number, AG_LLM_MAX_TOKENS) : 0;
}

struct ag_str ag_wire_str(yyjson_val *value)
{
    const char *data = yyjson_get_str(value);
    return data ? (struct ag_str){data, yyjson_get_len(value)} : AG_STR("");
}

/* ---- failures ---- */

enum ag_err ag_wire_status_err(int status)
{
    switch (status) {
    case 401:
    case 403:
        return AG_E_UPSTREAM_AUTH;
    case 404:
        return AG_E_UPSTREAM_NOT_FOUND;
    case 408:
    case 504:
        return AG_E_UPSTREAM_TIMEOUT;
    case 429:
        return AG_E_UPSTREAM_RATE_LIMITED;
    case 503:
    case 529:
        return AG_E_UPSTREAM_OVERLOADED;
    default:
        if (status >= 500) return AG_E_UPSTREAM_ERROR;
        return status >= 400 ? AG_E_UPSTREAM_REJECTED : AG_E_UPSTREAM_INVALID;
    }
}

enum ag_err ag_wire_word_err(struct ag_str word)
{
    static const struct {
        const char *word;
        enum ag_err err;
    } words[] = {
        /* OpenAI: `code` and `type`; waiting does not mend a spent quota. */
        {"insufficient_quota", AG_E_UPSTREAM_REJECTED},
        {"invalid_api_key", AG_E_UPSTREAM_AUTH},
        {"model_not_found", AG_E_UPSTREAM_NOT_FOUND},
        {"rate_limit_exceeded", AG_E_UPSTREAM_RATE_LIMITED},
        {"requests", AG_E_UPSTREAM_RATE_LIMITED},
        {"tokens", AG_E_UPSTREAM_RATE_LIMITED},
        {"server_error", AG_E_UPSTREAM_ERROR},
        {"invalid_request_error", AG_E_UPSTREAM_REJECTED},
        /* Anthropic: `type` */
        {"authentication_error", AG_E_UPSTREAM_AUTH},
        {"permission_error", AG_E_UPSTREAM_AUTH},
        {"billing_error", AG_E_UPSTREAM_REJECTED},
        {"not_found_error", AG_E_UPSTREAM_NOT_FOUND},
        {"request_too_large", AG_E_UPSTREAM_REJECTED},
        {"rate_limit_error", AG_E_UPSTREAM_RATE_LIMITED},
        {"timeout_error", AG_E_UPSTREAM_TIMEOUT},
        {"overloaded_error", AG_E_UPSTREAM_OVERLOADED},
        {"api_error", AG_E_UPSTREAM_ERROR},
    };
    for (size_t i = 0; i < AG_COUNT(words); i++)
        if (ag_str_eq(word, ag_str(words[i].word))) return words[i].err;
    return AG_E_COUNT;
}

enum { MESSAGE_BYTES = 150 }; /* of a provider's message; the diagnostic has 192 */

/* One line of printable UTF-8. */
static struct ag_str plain_text(struct ag_str message, char out[MESSAGE_BYTES])
{
    struct ag_str cut = ag_str_sub(message, 0, MESSAGE_BYTES);
    cut.len = ag_utf8_complete(cut);
    for (size_t i = 0; i < cut.len; i++) {
        unsigned char c = (unsigned char)cut.data[i];
        out[i] = c < ' ' || c == 0x7f ? ' ' : (char)c;
    }
    return ag_str_trim((struct ag_str){out, cut.len});
}

enum ag_err ag_wire_fail(enum ag_err err, int status, struct ag_str message)
{
    char text[MESSAGE_BYTES], code[24] = "";
    struct ag_str said = plain_text(message, text);
    if (status > 0) snprintf(code, sizeof(code), " (status %d)", status);
    if (err == AG_E_UPSTREAM_AUTH || said.len == 0)
        return ag_fail(err, "%s%s", ag_err_info(err)->title, code);
    return ag_fail(err, "the provider says%s: %.*s", code, AG_STR_ARG(said));
}

static enum ag_err error_kind(int status, yyjson_val *error)
{
    yyjson_val *code = yyjson_obj_get(error, "code");
    enum ag_err by_code = ag_wire_word_err(ag_wire_str(code));
    if (by_code != AG_E_COUNT) return by_code;
    /* Gateways put the status of their own upstream there. */
    uint64_t number = yyjson_get_uint(code);
    if (status < 400 && number >= 400 && number < 600) status = (int)number;

    enum ag_err by_type = ag_wire_word_err(ag_wire_str(yyjson_obj_get(error, "type")));
    if (status < 400) return by_type != AG_E_COUNT ? by_type : AG_E_UPSTREAM_ERROR;
    enum ag_err by_status = ag_wire_status_err(status);
    return by_status == AG_E_UPSTREAM_REJECTED && by_type != AG_E_COUNT ? by_type : by_status;
}

enum ag_err ag_wire_error(int status, yyjson_val *error)
{
    struct ag_str message = ag_wire_str(error); /* some servers send the bare sentence */
    if (yyjson_is_obj(error)) message = ag_wire_str(yyjson_obj_get(error, "message"));
    return ag_wire_fail(error_kind(status, error), status, message);
}

enum ag_err ag_wire_error_body(int status, struct ag_str body)
{
    AG_CLEANUP(ag_wire_free) yyjson_doc *doc = NULL;
    if (status < 300) return ag_wire_fail(AG_E_UPSTREAM_INVALID, status, AG_STR(""));
    if (status < 400)
        return ag_fail(AG_E_UPSTREAM_INVALID, "the provider redirects (status %d)", status);
    if (ag_wire_parse(body, &doc) != AG_OK)
        return ag_wire_fail(ag_wire_status_err(status), status, AG_STR(""));
    return ag_wire_error(status, yyjson_obj_get(yyjson_doc_get_root(doc), "error"));
}

void ag_wire_hide_key(struct ag_str key)
{
    struct ag_diag *diag = ag_diag();
    if (key.len < 8) return; /* not a secret, and too likely a word */
    for (int i = 0; i < diag->count; i++) {
        char *text = diag->entries[i].text;
        struct ag_str rest = ag_str(text);
        for (ptrdiff_t at; (at = ag_str_find(rest, key)) >= 0;) {
            memset((char *)(uintptr_t)rest.data + at, '*', key.len);
            rest = ag_str_sub(rest, (size_t)at + key.len, SIZE_MAX);
        }
    }
}

/* ---- requests ---- */

enum ag_err ag_wire_body(struct ag_buf *out, struct ag_str *ret_body)
{
    if (ag_buf_err(out) == AG_E_TOO_LARGE)
        return ag_fail(AG_E_INVALID, "the conversation passes %zu bytes", out->max);
    if (ag_buf_err(out)) return ag_buf_err(out);
    *ret_body = ag_buf_str(out);
    return AG_OK;
}

enum ag_err ag_wire_header(struct ag_arena *arena, const char *name, struct ag_str value,
                           const char **ret_header)
{
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.data[i] <= ' ' || (unsigned char)value.data[i] >= 0x7f)
            return ag_fail(AG_E_INVALID, "the API key has a character that no header can carry");
    struct ag_str header = ag_arena_printf(arena, "%s%.*s", name, AG_STR_ARG(value));
    if (!header.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a request header");
    *ret_header = header.data;
    return AG_OK;
}

enum ag_err ag_wire_url(struct ag_arena *arena, struct ag_str base, const char *path,
                        const char **ret_url)
{
    while (base.len > 0 && base.data[base.len - 1] == '/')
        base.len--;
    struct ag_str url = ag_arena_printf(arena, "%.*s%s", AG_STR_ARG(base), path);
    if (!url.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a URL");
    *ret_url = url.data;
    return AG_OK;
}

/* ---- lists of models ---- */

/* A name that can stand in an address and on a line. */
static bool is_name(struct ag_str name)
{
    if (name.len == 0 || name.len > AG_LLM_MAX_MODEL_BYTES) return false;
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.data[i] <= ' ' || name.data[i] == 0x7f) return false;
    return true;
}

enum ag_err ag_wire_models(struct ag_str body, bool (*wanted)(struct ag_str name),
                           struct ag_arena *arena, struct ag_list *ret_names)
{
    AG_CLEANUP(ag_wire_free) yyjson_doc *doc = NULL;
    AG_TRY(ag_wire_parse(body, &doc));
    yyjson_val *data = yyjson_obj_get(yyjson_doc_get_root(doc), "data"), *model;
    if (!yyjson_is_arr(data)) return ag_fail(AG_E_UPSTREAM_INVALID, "the reply lists no models");
    size_t room = AG_MIN(yyjson_arr_size(data), (size_t)AG_LLM_MAX_MODELS), count = 0, i, total;
    struct ag_str *names = AG_ARENA_ARRAY(arena, struct ag_str, room);
    if (!names) return ag_fail(AG_E_NO_MEMORY, "no memory for a list of models");
    yyjson_arr_foreach(data, i, total, model)
    {
        struct ag_str name = ag_wire_str(yyjson_obj_get(model, "id"));
        if (count == room) break;
        if (!is_name(name) || (wanted && !wanted(name))) continue;
        names[count] = ag_arena_copy(arena, name);
        if (!names[count++].data) return ag_fail(AG_E_NO_MEMORY, "no memory for a list of models");
    }
    *ret_names = (struct ag_list){names, count};
    return AG_OK;
}
