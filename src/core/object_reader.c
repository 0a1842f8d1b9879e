#include "core/object_reader.h"

enum state {
    SEEK,        /* before the object */
    OPEN,        /* behind `{`: a name, or nothing */
    KEY,         /* inside of a name */
    COLON,       /* behind it */
    VALUE,       /* behind the colon */
    STRING,      /* inside of a string */
    STRING_DONE, /* behind it, not told yet */
    RAW,         /* inside of a list or object */
    WORD,        /* inside of a number, true, false or null */
    RAW_DONE,    /* behind one of them */
    AFTER,       /* behind a value: a comma, or the end */
    END,         /* behind the object */
};

enum { MAX_WRAPPERS = 2 };

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

void ag_object_reader_init(struct ag_object_reader *reader)
{
    *reader = (struct ag_object_reader){.state = SEEK};
    ag_buf_init(&reader->value, NULL, AG_OBJECT_MAX_VALUE_BYTES);
}

void ag_object_reader_done(struct ag_object_reader *reader)
{
    ag_buf_done(&reader->value);
}

void ag_object_reader_feed(struct ag_object_reader *reader, struct ag_str bytes)
{
    AG_ASSERT(reader->input.len == 0 || reader->state == END || reader->err != AG_OK);
    reader->input = bytes;
}

static void invalid(struct ag_object_reader *reader, const char *what)
{
    reader->err = ag_fail(AG_E_UPSTREAM_INVALID,
                          "the model's answer is not the JSON it was asked "
                          "for: %s",
                          what);
}

/* ---- characters of a string ---- */

static void put(struct ag_object_reader *reader, const char *bytes, size_t len)
{
    if (!reader->in_key) {
        ag_buf_append(&reader->value, bytes, len);
    } else if (reader->key_len + len <= AG_OBJECT_KEY_BYTES) {
        memcpy(reader->key + reader->key_len, bytes, len);
        reader->key_len += len;
    }
}

static void put_replacement(struct ag_object_reader *reader)
{
    put(reader, replacement, sizeof(replacement) - 1);
}

/* A half of a surrogate pair without the other, or the beginning of a character without its end. */
static void settle(struct ag_object_reader *reader)
{
    if (reader->high || reader->utf8_len > 0) put_replacement(reader);
    reader->high = 0;
    reader->utf8_len = 0;
}

static void put_code(struct ag_object_reader *reader, unsigned code)
{
    char out[4];
    size_t n = 0;
    if (code < 0x80) {
        out[n++] = (char)code;
    } else if (code < 0x800) {
        out[n++] = (char)(0xC0 | code >> 6);
    } else if (code < 0x10000) {
        out[n++] = (char)(0xE0 | code >> 12);
        out[n++] = (char)(0x80 | (code >> 6 & 0x3F));
    } else {
        out[n++] = (char)(0xF0 | code >> 18);
        out[n++] = (char)(0x80 | (code >> 12 & 0x3F));
        out[n++] = (char)(0x80 | (code >> 6 & 0x3F));
    }
    if (code >= 0x80) out[n++] = (char)(0x80 | (code & 0x3F));
    put(reader, out, n);
}

/* The four digits of a \u are together. */
static void take_code(struct ag_object_reader *reader)
{
    unsigned code = reader->code;
    bool is_low = code >= 0xDC00 && code <= 0xDFFF;
    if (reader->high && is_low) {
        put_code(reader, 0x10000 + ((reader->high - 0xD800) << 10) + (code - 0xDC00));
        reader->high = 0;
        return;
    }
    settle(reader);
    if (code >= 0xD800 && code <= 0xDBFF)
        reader->high = code;
    else if (is_low || code == 0)
        put_replacement(reader);
    else
        put_code(reader, code);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Bytes of the character that begins with `c`; 0 when none does. */
static size_t utf8_size(unsigned char c)
{
    if (c >= 0xC2 && c <= 0xDF) return 2;
    if (c >= 0xE0 && c <= 0xEF) return 3;
    return c >= 0xF0 && c <= 0xF4 ? 4 : 0;
}

/* A byte of a character beyond ASCII; what does not go together becomes U+FFFD. */
static void take_high_byte(struct ag_object_reader *reader, char c)
{
    bool goes_on = ((unsigned char)c & 0xC0) == 0x80;
    if (!goes_on || reader->utf8_len == 0) {
        settle(reader);
        if (utf8_size((unsigned char)c) == 0) {
            put_replacement(reader);
            return;
        }
        reader->utf8[reader->utf8_len++] = c;
        return;
    }
    reader->utf8[reader->utf8_len++] = c;
    if (reader->utf8_len < utf8_size((unsigned char)reader->utf8[0])) return;
    if (ag_utf8_char(ag_str_n(reader->utf8, reader->utf8_len)) == reader->utf8_len)
        put(reader, reader->utf8, reader->utf8_len);
    else
        put_replacement(reader);
    reader->utf8_len = 0;
}

static void take_escape(struct ag_object_reader *reader, char c)
{
    static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
    reader->escaped = false;
    if (c == 'u') {
        reader->hex_left = 4;
        reader->code = 0;
        return;
    }
    settle(reader);
    const char *at = c != '\0' ? strchr(names, c) : NULL;
    if (at) c = values[at - names];
    if (c == '\0')
        put_replacement(reader);
    else if ((unsigned char)c >= 0x80)
        take_high_byte(reader, c);
    else
        put(reader, &c, 1);
}

/* One byte inside of a string; true when it was the closing quote. */
static bool take_string_byte(struct ag_object_reader *reader, char c)
{
    if (reader->hex_left > 0) {
        int digit = hex_value(c);
        if (digit >= 0) {
            reader->code = reader->code << 4 | (unsigned)digit;
            if (--reader->hex_left == 0) take_code(reader);
            return false;
        }
        reader->hex_left = 0; /* no escape after all */
        settle(reader);
        put_replacement(reader);
    }
    if (reader->escaped) {
        take_escape(reader, c);
        return false;
    }
    if (c == '\\') {
        reader->escaped = true;
        if (reader->utf8_len > 0) settle(reader);
        return false;
    }
    if ((unsigned char)c >= 0x80) {
        take_high_byte(reader, c);
        return false;
    }
    settle(reader);
    if (c == '"') return true;
    if ((unsigned char)c >= ' ' || c == '\n' || c == '\r' || c == '\t')
        put(reader, &c, 1);
    else
        put_replacement(reader);
    return false;
}

/* ---- structure ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static struct ag_str key_of(const struct ag_object_reader *reader)
{
    return ag_str_n(reader->key, reader->key_len);
}

static void begin_value(struct ag_object_reader *reader, char c)
{
    bool wraps = ag_str_eq(key_of(reader), AG_STR("agent")) ||
                 ag_str_eq(key_of(reader), AG_STR("config"));
    if (c == '{' && wraps && reader->wrappers < MAX_WRAPPERS) {
        reader->wrappers++;
        reader->state = OPEN;
        return;
    }
    ag_buf_clear(&reader->value);
    reader->told_bytes = 0;
    reader->is_string = c == '"';
    if (c == '"') {
        reader->state = STRING;
    } else if (c == '{' || c == '[') {
        reader->nesting = 1;
        reader->raw_string = false;
        reader->state = RAW;
        put(reader, &c, 1);
    } else if (c == '}' || c == ']' || c == ',' || c == ':') {
        invalid(reader, "a member has no value");
    } else {
        reader->state = WORD;
        put(reader, &c, 1);
    }
}

static void end_object(struct ag_object_reader *reader)
{
    reader->state = reader->wrappers > 0 ? AFTER : END;
    if (reader->wrappers > 0) reader->wrappers--;
}

/* Between the members. Until the first colon has come, this may be no object at all. */
static void take_open(struct ag_object_reader *reader, char c)
{
    if (c == '"') {
        reader->state = KEY;
        reader->in_key = true;
        reader->key_len = 0;
    } else if (!reader->committed) {
        reader->state = c == '{' ? OPEN : SEEK;
    } else if (c == '}') {
        end_object(reader);
    } else {
        invalid(reader, "a name is missing");
    }
}

static void take_colon(struct ag_object_reader *reader, char c)
{
    if (c == ':') {
        reader->committed = true;
        reader->state = VALUE;
    } else if (!reader->committed) {
        reader->state = c == '{' ? OPEN : SEEK;
    } else {
        invalid(reader, "a colon is missing");
    }
}

static void take_after(struct ag_object_reader *reader, char c)
{
    if (c == ',')
        reader->state = OPEN;
    else if (c == '}')
        end_object(reader);
    else
        invalid(reader, "a comma is missing");
}

/* Inside of a list or object: only its end is looked for. */
static void take_raw(struct ag_object_reader *reader, char c)
{
    put(reader, &c, 1);
    if (reader->raw_string) {
        if (reader->escaped)
            reader->escaped = false;
        else if (c == '\\')
            reader->escaped = true;
        else if (c == '"')
            reader->raw_string = false;
        return;
    }
    if (c == '"') reader->raw_string = true;
    if (c == '{' || c == '[') reader->nesting++;
    if ((c == '}' || c == ']') && --reader->nesting == 0) reader->state = RAW_DONE;
}

static void take_string(struct ag_object_reader *reader, char c)
{
    if (!take_string_byte(reader, c)) return;
    reader->state = reader->in_key ? COLON : STRING_DONE;
    reader->in_key = false;
}

/* One byte; false when it ended a word and is to be looked at again. */
static bool take(struct ag_object_reader *reader, char c)
{
    bool between = reader->state == OPEN || reader->state == COLON || reader->state == VALUE ||
                   reader->state == AFTER;
    if (between && is_space(c)) return true;
    switch ((enum state)reader->state) {
    case SEEK:
        if (c == '{') reader->state = OPEN;
        break;
    case OPEN:
        take_open(reader, c);
        break;
    case KEY:
    case STRING:
        take_string(reader, c);
        break;
    case COLON:
        take_colon(reader, c);
        break;
    case VALUE:
        begin_value(reader, c);
        break;
    case RAW:
        take_raw(reader, c);
        break;
    case WORD:
        if (is_space(c) || c == ',' || c == '}' || c == ']') {
            reader->state = RAW_DONE;
            return false;
        }
        put(reader, &c, 1);
        break;
    case AFTER:
        take_after(reader, c);
        break;
    case STRING_DONE:
    case RAW_DONE:
    case END:
        AG_ASSERT(false);
    }
    return true;
}

static void note_size(struct ag_object_reader *reader)
{
    enum ag_err err = ag_buf_err(&reader->value);
    if (err == AG_E_TOO_LARGE || reader->total_bytes > AG_OBJECT_MAX_INPUT_BYTES)
        reader->err = ag_fail(AG_E_UPSTREAM_TOO_LARGE, "the model's answer is too long");
    else if (err != AG_OK)
        reader->err = err;
}

/* What was read of a string and not told; true when there is some. */
static bool tell_text(struct ag_object_reader *reader, struct ag_object_event *ret_event)
{
    if (reader->told_bytes == reader->value.len) return false;
    *ret_event = (struct ag_object_event){
        .kind = AG_OBJECT_TEXT,
        .is_string = true,
        .key = key_of(reader),
        .text = ag_str_sub(ag_buf_str(&reader->value), reader->told_bytes, SIZE_MAX),
    };
    reader->told_bytes = reader->value.len;
    return true;
}

bool ag_object_reader_next(struct ag_object_reader *reader, struct ag_object_event *ret_event)
{
    while (reader->err == AG_OK) {
        if (reader->state == STRING_DONE && tell_text(reader, ret_event)) return true;
        if (reader->state == STRING_DONE || reader->state == RAW_DONE) {
            reader->state = AFTER;
            *ret_event = (struct ag_object_event){
                .kind = AG_OBJECT_VALUE,
                .is_string = reader->is_string,
                .key = key_of(reader),
                .text = ag_buf_str(&reader->value),
            };
            return true;
        }
        if (reader->state == END) reader->input.len = 0;
        if (reader->input.len == 0) return reader->state == STRING && tell_text(reader, ret_event);
        if (take(reader, reader->input.data[0])) {
            reader->input = ag_str_sub(reader->input, 1, SIZE_MAX);
            reader->total_bytes++;
        }
        note_size(reader);
    }
    return false;
}

enum ag_err ag_object_reader_end(const struct ag_object_reader *reader)
{
    if (reader->err != AG_OK) return reader->err;
    if (reader->state == END) return AG_OK;
    if (reader->committed) return ag_fail(AG_E_UPSTREAM_INCOMPLETE, "the model's answer broke off");
    return ag_fail(AG_E_UPSTREAM_INVALID,
                   "the model did not answer with the JSON it was asked for");
}
