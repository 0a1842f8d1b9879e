#include "base/buf.h"

#include "base/fault.h"

#include <math.h>
#include <yyjson.h>

enum { FIRST_BYTES = 256 };

void ag_buf_init(struct ag_buf *buf, struct ag_arena *arena, size_t max)
{
    *buf = (struct ag_buf){.max = max, .arena = arena};
}

void ag_buf_done(struct ag_buf *buf)
{
    if (!buf->arena) free(buf->data);
    buf->data = NULL;
    buf->len = buf->cap = 0;
    buf->err = AG_OK;
}

void ag_buf_clear(struct ag_buf *buf)
{
    buf->len = 0;
    buf->err = AG_OK;
}

static enum ag_err grow(struct ag_buf *buf, size_t need)
{
    size_t cap = buf->cap ? buf->cap : FIRST_BYTES;
    while (cap < need)
        cap = cap > buf->max / 2 ? buf->max : cap * 2;
    cap = AG_MIN(cap, buf->max);

    char *data;
    if (buf->arena)
        data = ag_arena_realloc(buf->arena, buf->data, buf->cap, cap);
    else
        data = AG_FAULT(alloc) ? NULL : realloc(buf->data, cap);
    if (!data) {
        buf->err = AG_E_NO_MEMORY;
        return ag_fail(AG_E_NO_MEMORY, "no memory for a buffer of %zu bytes", cap);
    }
    buf->data = data;
    buf->cap = cap;
    return AG_OK;
}

enum ag_err ag_buf_reserve(struct ag_buf *buf, size_t n)
{
    if (AG_UNLIKELY(buf->err)) return buf->err;
    if (AG_LIKELY(n <= buf->cap - buf->len)) return AG_OK;
    if (n > buf->max - buf->len) {
        buf->err = AG_E_TOO_LARGE;
        return ag_fail(AG_E_TOO_LARGE, "more than %zu bytes", buf->max);
    }
    return grow(buf, buf->len + n);
}

enum ag_err ag_buf_append(struct ag_buf *buf, const void *data, size_t n)
{
    AG_TRY(ag_buf_reserve(buf, n));
    if (n > 0) memcpy(buf->data + buf->len, data, n);
    buf->len += n;
    return AG_OK;
}

enum ag_err ag_buf_append_str(struct ag_buf *buf, struct ag_str s)
{
    return ag_buf_append(buf, s.data, s.len);
}

enum ag_err ag_buf_append_char(struct ag_buf *buf, char c)
{
    return ag_buf_append(buf, &c, 1);
}

enum ag_err ag_buf_append_int(struct ag_buf *buf, int64_t value)
{
    char text[20];
    size_t at = sizeof(text);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) text[--at] = '-';
    return ag_buf_append(buf, text + at, sizeof(text) - at);
}

enum ag_err ag_buf_printf(struct ag_buf *buf, const char *format, ...)
{
    if (buf->err) return buf->err;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) return buf->err = ag_fail(AG_E_INTERNAL, "a text cannot be formatted");

    /* vsnprintf() writes a NUL; it needs room under the ceiling's memory, not its length. */
    char text[512];
    bool small = (size_t)len < sizeof(text);
    AG_TRY(ag_buf_reserve(buf, small ? (size_t)len : (size_t)len + 1));
    va_start(args, format);
    vsnprintf(small ? text : buf->data + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    if (small) return ag_buf_append(buf, text, (size_t)len);
    buf->len += (size_t)len;
    return AG_OK;
}

enum ag_err ag_buf_append_escaped(struct ag_buf *buf, struct ag_str s)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (alnum || c == '-' || c == '.' || c == '_' || c == '~')
            ag_buf_append_char(buf, (char)c);
        else
            ag_buf_append(buf, (const char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
    }
    return buf->err;
}

enum ag_err ag_buf_append_pair(struct ag_buf *buf, const char *name, struct ag_str value)
{
    if (buf->len > 0 && buf->data[buf->len - 1] != '?') ag_buf_append_char(buf, '&');
    ag_buf_append_str(buf, ag_str(name));
    ag_buf_append_char(buf, '=');
    return ag_buf_append_escaped(buf, value);
}

void ag_buf_consume(struct ag_buf *buf, size_t n)
{
    n = AG_MIN(n, buf->len);
    if (n == 0) return;
    buf->len -= n;
    if (buf->len > 0) memmove(buf->data, buf->data + n, buf->len);
}

/* ---- JSON ---- */

/* Whether one of eight bytes is not to be copied as it is: a control character, '"', '\\', or not
 * ASCII. A byte is below n when subtracting n borrows from its top bit. */
static bool needs_care(const char *p)
{
    const uint64_t ones = 0x0101010101010101ULL, tops = 0x8080808080808080ULL;
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    uint64_t quote = word ^ (ones * '"'), slash = word ^ (ones * '\\');
    uint64_t hit = word | (word - ones * 0x20) | (quote - ones) | (slash - ones);
    return (hit & tops) != 0;
}

static enum ag_err json_escape(struct ag_buf *buf, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    switch (c) {
    case '"':
        return ag_buf_append_lit(buf, "\\\"");
    case '\\':
        return ag_buf_append_lit(buf, "\\\\");
    case '\n':
        return ag_buf_append_lit(buf, "\\n");
    case '\r':
        return ag_buf_append_lit(buf, "\\r");
    case '\t':
        return ag_buf_append_lit(buf, "\\t");
    case '\b':
        return ag_buf_append_lit(buf, "\\b");
    case '\f':
        return ag_buf_append_lit(buf, "\\f");
    default: {
        const char code[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        return ag_buf_append(buf, code, sizeof(code));
    }
    }
}

/* Where the run of bytes that need no escape ends. */
static size_t clean_end(struct ag_str s, size_t at)
{
    while (at < s.len) {
        if (s.len - at >= 8 && !needs_care(s.data + at)) {
            at += 8;
            continue;
        }
        unsigned char c = (unsigned char)s.data[at];
        if (c < 0x20 || c == '"' || c == '\\') break;
        size_t len = ag_utf8_char((struct ag_str){s.data + at, s.len - at});
        if (len == 0) break;
        at += len;
    }
    return at;
}

enum ag_err ag_buf_json_string(struct ag_buf *buf, struct ag_str s)
{
    AG_TRY(ag_buf_append_char(buf, '"'));
    for (size_t at = 0; at < s.len;) {
        size_t end = clean_end(s, at);
        AG_TRY(ag_buf_append(buf, s.data + at, end - at));
        if (end == s.len) break;
        unsigned char c = (unsigned char)s.data[end];
        if (c < 0x80)
            AG_TRY(json_escape(buf, c));
        else
            AG_TRY(ag_buf_append_lit(buf, "\xEF\xBF\xBD"));
        at = end + 1;
    }
    return ag_buf_append_char(buf, '"');
}

enum ag_err ag_buf_json_double(struct ag_buf *buf, double value)
{
    if (!isfinite(value)) return ag_buf_append_lit(buf, "null");
    /* Integers a double holds exactly; the sign of minus zero needs the other way. */
    if (value == trunc(value) && fabs(value) < 9007199254740992.0 &&
        !(value == 0 && signbit(value)))
        return ag_buf_append_int(buf, (int64_t)value);

    /* yyjson finds the shortest digits and knows no locale. */
    char memory[1024];
    yyjson_alc alc;
    AG_ASSERT(yyjson_alc_pool_init(&alc, memory, sizeof(memory)));
    yyjson_val number = {0};
    yyjson_set_real(&number, value);
    size_t len = 0;
    char *text = yyjson_val_write_opts(&number, YYJSON_WRITE_NOFLAG, &alc, &len, NULL);
    AG_ASSERT(text);
    return ag_buf_append(buf, text, len);
}
