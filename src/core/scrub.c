#include "core/scrub.h"

#include "base/buf.h"

enum {
    LONG_RUN = 32, /* characters that look like a secret */
    KEY_TAIL = 8,  /* characters after the prefix of somebody's key */
    UUID_CHARS = 36,
    LOCAL_MAX = 64,   /* of an e-mail address (RFC 5321 4.5.3.1), which also */
    DOMAIN_MAX = 255, /* bounds the work for a text that is nothing but dots */
};

/* ---- characters ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_alnum(char c)
{
    return is_digit(c) || is_upper(c) || is_lower(c);
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* base64url, and what names are made of */
static bool is_word(char c)
{
    return is_alnum(c) || c == '_' || c == '-';
}

/* What an address with its query may hold without a break. */
static bool is_token(char c)
{
    return (unsigned char)c > ' ' && c != 0x7f && !strchr("\"'`()<>", c);
}

/* Of an e-mail address, letters of other scripts included. */
static bool is_email(char c)
{
    return is_alnum(c) || (c && strchr("._%+-", c)) || (unsigned char)c >= 0x80;
}

static size_t span(struct ag_str s, bool (*fits)(char c))
{
    size_t n = 0;
    while (n < s.len && fits(s.data[n]))
        n++;
    return n;
}

/* ---- what is found at the beginning of a slice: how long it is, or 0 ---- */

/* Keys say what they are. */
static size_t known_key(struct ag_str s)
{
    static const struct {
        const char *prefix;
        size_t tail;
    } kinds[] = {
        {"agk_", 1},         {"ags_", 1},         {"agr_", 1},
        {"sk-", KEY_TAIL},   {"agm_", KEY_TAIL},  {"agi_", KEY_TAIL},
        {"ago_", KEY_TAIL},  {"sk_", KEY_TAIL},   {"pk_", KEY_TAIL},
        {"rk_", KEY_TAIL},   {"ghp_", KEY_TAIL},  {"gho_", KEY_TAIL},
        {"ghs_", KEY_TAIL},  {"ghu_", KEY_TAIL},  {"github_pat_", KEY_TAIL},
        {"hf_", KEY_TAIL},   {"gsk_", KEY_TAIL},  {"glpat-", KEY_TAIL},
        {"xoxb-", KEY_TAIL}, {"xoxp-", KEY_TAIL}, {"AIza", KEY_TAIL},
        {"AKIA", KEY_TAIL},
    };
    size_t len = span(s, is_word);
    for (size_t i = 0; i < AG_COUNT(kinds); i++) {
        struct ag_str prefix = ag_str(kinds[i].prefix);
        if (ag_str_starts_with(s, prefix) && len >= prefix.len + kinds[i].tail) return len;
    }
    return 0;
}

/* RFC 7519: eyJ is {" in base64url. */
static size_t json_web_token(struct ag_str s)
{
    if (!ag_str_starts_with(s, AG_STR("eyJ"))) return 0;
    size_t len = span(s, is_word);
    if (len < KEY_TAIL || len == s.len || s.data[len] != '.') return 0;
    while (len < s.len && s.data[len] == '.')
        len += 1 + span(ag_str_sub(s, len + 1, s.len), is_word);
    return len;
}

static size_t email(struct ag_str s)
{
    size_t local = span(ag_str_sub(s, 0, LOCAL_MAX), is_email);
    if (local == 0 || local == s.len || s.data[local] != '@') return 0;
    struct ag_str rest = ag_str_sub(s, local + 1, DOMAIN_MAX);
    size_t domain = span(rest, is_email);
    while (domain > 0 && !is_alnum(rest.data[domain - 1]) &&
           (unsigned char)rest.data[domain - 1] < 0x80)
        domain--; /* the full stop of the sentence */
    ptrdiff_t dot = -1;
    for (size_t i = 0; i < domain; i++)
        if (rest.data[i] == '.') dot = (ptrdiff_t)i;
    /* name@1.2.3 is a package, not a person. */
    if (dot < 1 || domain - (size_t)dot < 3 || is_digit(rest.data[dot + 1])) return 0;
    return local + 1 + domain;
}

static bool is_uuid(struct ag_str s)
{
    if (s.len != UUID_CHARS) return false;
    for (size_t i = 0; i < s.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s.data[i] != '-' : !is_hex(s.data[i])) return false;
    }
    return true;
}

static bool is_base64(char c)
{
    return is_word(c) || c == '+';
}

/* A long run without a pattern. Long names have no digits, or no capitals, or neither. */
static size_t long_run(struct ag_str s)
{
    size_t len = span(s, is_base64);
    struct ag_str run = ag_str_sub(s, 0, len);
    if (len < LONG_RUN || is_uuid(run)) return 0;
    bool digit = false, upper = false, lower = false;
    for (size_t i = 0; i < len; i++) {
        digit |= is_digit(run.data[i]);
        upper |= is_upper(run.data[i]);
        lower |= is_lower(run.data[i]);
    }
    if (!digit || !(span(run, is_hex) == len || (upper && lower))) return 0;
    while (len < s.len && s.data[len] == '=') /* padding */
        len++;
    return len;
}

/* ---- addresses ---- */

/* Where a stack writes ":12:34" at the end of `token`, else its length. */
static size_t before_position(struct ag_str token)
{
    size_t end = token.len;
    for (int numbers = 0; numbers < 2; numbers++) {
        size_t at = end;
        while (at > 0 && is_digit(token.data[at - 1]))
            at--;
        if (at == end || at == 0 || token.data[at - 1] != ':') break;
        end = at - 1;
    }
    return end;
}

static bool is_address(struct ag_str token)
{
    return token.data[0] == '/' || ag_str_find(token, AG_STR("://")) >= 0;
}

/* Where the query or fragment of an address begins; its length when it has neither. */
static size_t query_at(struct ag_str token, size_t end)
{
    bool address = is_address(token);
    size_t equals = 0; /* the last one */
    for (size_t i = 0; i < end; i++)
        if (token.data[i] == '=') equals = i;
    for (size_t i = 0; i + 1 < end; i++) {
        if (token.data[i] == '#' && address) return i;
        /* Elsewhere a?.b and a?b:c are code, and only name=value is a query. */
        if (token.data[i] == '?' && (address || equals > i)) return i;
    }
    return end;
}

/* ---- putting it together ---- */

static size_t secret_at(struct ag_str s)
{
    size_t len = known_key(s);
    if (len == 0) len = json_web_token(s);
    return len;
}

/* Copies a part of a token, its secrets replaced. Every round begins where a word does. */
static void append_part(struct ag_buf *out, struct ag_str s)
{
    for (size_t i = 0, len; i < s.len; i += len) {
        struct ag_str rest = ag_str_sub(s, i, s.len);
        if ((len = secret_at(rest)) > 0) {
            ag_buf_append_lit(out, "[token]");
        } else if ((len = email(rest)) > 0) {
            ag_buf_append_lit(out, "[email]");
        } else if ((len = long_run(rest)) > 0) {
            ag_buf_append_lit(out, "[secret]");
        } else {
            len = AG_MAX(span(rest, is_base64), (size_t)1);
            ag_buf_append_str(out, ag_str_sub(rest, 0, len));
        }
    }
}

/* user:password@ between "://" and the host. */
static size_t append_authority(struct ag_buf *out, struct ag_str address)
{
    ptrdiff_t scheme = ag_str_find(address, AG_STR("://"));
    if (scheme < 0) return 0;
    size_t host = (size_t)scheme + 3, end = host;
    ptrdiff_t at = -1;
    for (; end < address.len && address.data[end] != '/'; end++)
        if (address.data[end] == '@') at = (ptrdiff_t)end;
    if (at < 0) return 0;
    append_part(out, ag_str_sub(address, 0, (size_t)scheme));
    ag_buf_append_lit(out, "://…@");
    return (size_t)at + 1;
}

static void append_token(struct ag_buf *out, struct ag_str token)
{
    size_t end = before_position(token), query = query_at(token, end);
    struct ag_str address = ag_str_sub(token, 0, query);
    size_t start = append_authority(out, address);
    append_part(out, ag_str_sub(address, start, address.len));
    if (query < end) {
        ag_buf_append_char(out, token.data[query]);
        ag_buf_append_lit(out, "…");
    }
    ag_buf_append_str(out, ag_str_sub(token, end, token.len));
}

/* Whether the token is "Bearer": what follows is secret, whatever it looks like. */
static bool announces(struct ag_str token)
{
    size_t word = AG_MIN(token.len, (size_t)6);
    return ag_str_eq_nocase(ag_str_sub(token, token.len - word, word), AG_STR("bearer"));
}

static void append_all(struct ag_buf *out, struct ag_str text)
{
    bool hidden = false; /* the next token is a credential */
    for (size_t i = 0; i < text.len;) {
        struct ag_str rest = ag_str_sub(text, i, text.len);
        struct ag_str token = ag_str_sub(rest, 0, span(rest, is_token));
        if (token.len == 0) {
            char c = rest.data[0];
            ag_buf_append_char(out, ((unsigned char)c < ' ' && c != '\n') || c == 0x7f ? ' ' : c);
            i++;
            continue;
        }
        if (hidden)
            ag_buf_append_lit(out, "[token]");
        else
            append_token(out, token);
        hidden = !hidden && announces(token);
        i += token.len;
    }
}

/* Valid UTF-8, cut to `max`. */
static enum ag_err mend(struct ag_buf *out, struct ag_str text, size_t max, struct ag_str *ret)
{
    while (text.len > 0) {
        size_t len = ag_utf8_char(text);
        if (out->len + AG_MAX(len, (size_t)3) > max) break;
        if (len > 0)
            ag_buf_append_str(out, ag_str_sub(text, 0, len));
        else
            ag_buf_append_lit(out, "\xEF\xBF\xBD");
        text = ag_str_sub(text, AG_MAX(len, (size_t)1), text.len);
    }
    AG_TRY(ag_buf_err(out));
    *ret = ag_buf_str(out);
    return AG_OK;
}

enum ag_err ag_scrub(struct ag_str text, size_t max, struct ag_arena *arena,
                     struct ag_str *ret_text)
{
    struct ag_buf scrubbed, mended;
    /* A stand-in is longer than the shortest thing it stands for by less than this. */
    ag_buf_init(&scrubbed, arena, 4 * text.len + 16);
    append_all(&scrubbed, text);
    AG_TRY(ag_buf_err(&scrubbed));
    ag_buf_init(&mended, arena, max + 4);
    return mend(&mended, ag_buf_str(&scrubbed), max, ret_text);
}
