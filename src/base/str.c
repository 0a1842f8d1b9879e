#include "base/str.h"

#include "base/id.h"

#include <pthread.h>
#include <sodium.h>
#include <yyjson.h>

struct ag_str ag_str_sub(struct ag_str s, size_t start, size_t len)
{
    start = AG_MIN(start, s.len);
    len = AG_MIN(len, s.len - start);
    return (struct ag_str){s.data ? s.data + start : NULL, len};
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool ag_str_eq_nocase(struct ag_str a, struct ag_str b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.data[i]) != lower(b.data[i])) return false;
    return true;
}

bool ag_str_starts_with(struct ag_str s, struct ag_str prefix)
{
    return s.len >= prefix.len && ag_str_eq(ag_str_sub(s, 0, prefix.len), prefix);
}

bool ag_str_ends_with(struct ag_str s, struct ag_str suffix)
{
    return s.len >= suffix.len && ag_str_eq(ag_str_sub(s, s.len - suffix.len, suffix.len), suffix);
}

struct ag_str ag_str_trim(struct ag_str s)
{
    while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.len--;
    }
    while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
        s.len--;
    return s;
}

ptrdiff_t ag_str_find(struct ag_str s, struct ag_str needle)
{
    if (needle.len == 0) return 0;
    if (s.len < needle.len) return -1;
    const char *at = memmem(s.data, s.len, needle.data, needle.len);
    return at ? at - s.data : -1;
}

ptrdiff_t ag_str_find_char(struct ag_str s, char c)
{
    if (s.len == 0) return -1;
    const char *at = memchr(s.data, c, s.len);
    return at ? at - s.data : -1;
}

/* `rest->data` becomes NULL when the last part is taken, so "a," has an empty second part. */
bool ag_str_split(struct ag_str *rest, char separator, struct ag_str *ret_part)
{
    if (!rest->data) return false;
    ptrdiff_t at = ag_str_find_char(*rest, separator);
    if (at < 0) {
        *ret_part = *rest;
        *rest = (struct ag_str){NULL, 0};
        return true;
    }
    *ret_part = (struct ag_str){rest->data, (size_t)at};
    *rest = (struct ag_str){rest->data + at + 1, rest->len - (size_t)at - 1};
    return true;
}

enum ag_err ag_str_unescape(struct ag_str s, bool form, char *out, size_t size, size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (c == '%') {
            int high = i + 2 < s.len ? ag_hex_digit(s.data[i + 1]) : -1;
            int low = i + 2 < s.len ? ag_hex_digit(s.data[i + 2]) : -1;
            if (high < 0 || low < 0) return AG_E_INVALID;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && form) {
            c = ' ';
        }
        if (c == '\0' || len + 1 >= size) return AG_E_INVALID;
        out[len++] = c;
    }
    if (len >= size) return AG_E_INVALID;
    out[len] = '\0';
    *ret_len = len;
    return AG_OK;
}

enum ag_err ag_str_to_int64(struct ag_str s, int64_t *ret_value)
{
    bool negative = s.len > 0 && s.data[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == s.len) return AG_E_INVALID;
    int64_t value = 0;
    for (; i < s.len; i++) {
        unsigned digit = (unsigned char)s.data[i] - (unsigned)'0';
        if (digit > 9) return AG_E_INVALID;
        int64_t signed_digit = negative ? -(int64_t)digit : (int64_t)digit;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, signed_digit, &value))
            return AG_E_INVALID;
    }
    *ret_value = value;
    return AG_OK;
}

enum ag_err ag_str_to_double(struct ag_str s, double *ret_value)
{
    /* yyjson's reader, because strtod() follows the locale. The longest sensible number, a
     * denormal written out, has some 330 digits before the first that counts. */
    char text[512];
    if (s.len == 0 || s.len >= sizeof(text)) return AG_E_INVALID;
    memcpy(text, s.data, s.len);
    text[s.len] = '\0';
    yyjson_val value;
    const char *end = yyjson_read_number(text, &value, 0, NULL, NULL);
    if (end != text + s.len || !yyjson_is_num(&value)) return AG_E_INVALID;
    *ret_value = yyjson_get_num(&value);
    return AG_OK;
}

/* ---- UTF-8 ---- */

static uint64_t load8(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    return word;
}

size_t ag_utf8_char(struct ag_str s)
{
    if (s.len == 0) return 0;
    const unsigned char *p = (const unsigned char *)s.data;
    unsigned lead = p[0];
    if (lead < 0x80) return 1;

    /* RFC 3629 section 4: the second byte's range carries all the exceptions. */
    size_t len;
    unsigned low = 0x80, high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        len = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        len = 3;
        if (lead == 0xE0) low = 0xA0;
        if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        len = 4;
        if (lead == 0xF0) low = 0x90;
        if (lead == 0xF4) high = 0x8F;
    } else {
        return 0;
    }
    if (s.len < len || p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    return len;
}

size_t ag_utf8_complete(struct ag_str s)
{
    size_t at = 0;
    while (at < s.len) {
        if (s.len - at >= 8 && (load8(s.data + at) & 0x8080808080808080ULL) == 0) {
            at += 8;
            continue;
        }
        size_t len = ag_utf8_char((struct ag_str){s.data + at, s.len - at});
        if (len == 0) break;
        at += len;
    }
    return at;
}

bool ag_utf8_valid(struct ag_str s)
{
    return ag_utf8_complete(s) == s.len;
}

size_t ag_utf8_floor(struct ag_str s, size_t at)
{
    while (at > 0 && at < s.len && ((unsigned char)s.data[at] & 0xC0) == 0x80)
        at--;
    return at;
}

size_t ag_utf8_length(struct ag_str s)
{
    size_t continuation = 0, at = 0;
    for (; s.len - at >= 8; at += 8) {
        uint64_t word = load8(s.data + at);
        /* Top bits 10: a byte that continues a character. */
        uint64_t marks = (word >> 7) & ~(word >> 6) & 0x0101010101010101ULL;
        continuation += (size_t)__builtin_popcountll(marks);
    }
    for (; at < s.len; at++)
        continuation += ((unsigned char)s.data[at] & 0xC0) == 0x80;
    return s.len - continuation;
}

/* ---- secrets and hashes ---- */

bool ag_str_eq_secret(struct ag_str a, struct ag_str b)
{
    if (a.len != b.len) return false;
    return a.len == 0 || sodium_memcmp(a.data, b.data, a.len) == 0;
}

static unsigned char hash_key[crypto_shorthash_KEYBYTES];
static pthread_once_t hash_once = PTHREAD_ONCE_INIT;

static void hash_key_make(void)
{
    ag_random_bytes(hash_key, sizeof(hash_key));
}

uint64_t ag_str_hash(struct ag_str s)
{
    pthread_once(&hash_once, hash_key_make);
    uint64_t hash;
    _Static_assert(sizeof(hash) == crypto_shorthash_BYTES, "the hash fills 64 bits");
    const char *data = s.data ? s.data : "";
    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)data, s.len, hash_key);
    return hash;
}
