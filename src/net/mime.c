#include "net/mime.h"

#include "base/clock.h"

#include <sodium.h>
#include <time.h>

enum {
    LINE_BYTES = 76, /* of an encoded line (RFC 2045 6.7), without its end */
    WORD_BYTES = 39, /* of text in one encoded word: 64 characters, behind a header's name, too */
    ADDRESS_BYTES = 254,     /* RFC 5321 4.5.3.1 */
    PLAIN_HEADER_BYTES = 70, /* of a text that goes into a header as it is */
    ID_BYTES = AG_UUID_TEXT_BYTES,
};

/* ---- addresses ---- */

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

enum ag_err ag_mime_check_address(struct ag_str address)
{
    ptrdiff_t at = ag_str_find_char(address, '@');
    if (at < 1 || (size_t)at + 1 >= address.len || address.len > ADDRESS_BYTES)
        return ag_fail(AG_E_INVALID, "this is not an e-mail address");
    for (size_t i = 0; i < address.len; i++) {
        char c = address.data[i];
        if (is_alnum(c) || c == '.' || c == '-' || i == (size_t)at) continue;
        if (i > (size_t)at || c == '\0' || !strchr("!#$%&'*+/=?^_`{|}~", c))
            return ag_fail(AG_E_INVALID, "this is not an e-mail address");
    }
    return AG_OK;
}

enum ag_err ag_mime_parse_mailbox(struct ag_str text, struct ag_str *ret_name,
                                  struct ag_str *ret_address)
{
    struct ag_str name = {"", 0}, address = ag_str_trim(text);
    ptrdiff_t open = ag_str_find_char(address, '<');
    if (open >= 0) {
        if (address.data[address.len - 1] != '>')
            return ag_fail(AG_E_INVALID, "this is not `Name <address>`");
        name = ag_str_trim(ag_str_sub(address, 0, (size_t)open));
        address = ag_str_sub(address, (size_t)open + 1, address.len - (size_t)open - 2);
        if (name.len >= 2 && name.data[0] == '"' && name.data[name.len - 1] == '"')
            name = ag_str_sub(name, 1, name.len - 2);
    }
    AG_TRY(ag_mime_check_address(address));
    *ret_name = name;
    *ret_address = address;
    return AG_OK;
}

/* ---- headers ---- */

/* Header values are UTF-8 without control characters, which could begin another header. */
static enum ag_err check_header_text(struct ag_str text)
{
    if (!ag_utf8_valid(text)) return ag_fail(AG_E_INVALID, "a header is not text in UTF-8");
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7F)
            return ag_fail(AG_E_INVALID, "a header has a control character in it");
    return AG_OK;
}

static bool is_plain(struct ag_str text)
{
    if (text.len > PLAIN_HEADER_BYTES || ag_str_find(text, AG_STR("=?")) >= 0) return false;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] > 0x7E) return false;
    return true;
}

/* Words of base64, one on each line (RFC 2047 4.1), none of which cuts a character in two. */
static void put_encoded_words(struct ag_buf *out, struct ag_str text)
{
    char word[64];
    for (bool first = true; text.len > 0; first = false) {
        size_t len = ag_utf8_floor(text, AG_MIN((size_t)WORD_BYTES, text.len));
        sodium_bin2base64(word, sizeof(word), (const unsigned char *)text.data, len,
                          sodium_base64_VARIANT_ORIGINAL);
        ag_buf_printf(out, "%s=?UTF-8?B?%s?=", first ? "" : "\r\n ", word);
        text = ag_str_sub(text, len, text.len);
    }
}

static void put_text(struct ag_buf *out, struct ag_str text)
{
    if (is_plain(text))
        ag_buf_append_str(out, text);
    else
        put_encoded_words(out, text);
}

/* A display name: a quoted string, or encoded words. */
static void put_name(struct ag_buf *out, struct ag_str name)
{
    if (!is_plain(name)) {
        put_encoded_words(out, name);
        return;
    }
    ag_buf_append_char(out, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '"' || name.data[i] == '\\') ag_buf_append_char(out, '\\');
        ag_buf_append_char(out, name.data[i]);
    }
    ag_buf_append_char(out, '"');
}

/* "Sat, 28 Nov 2026 18:00:33 +0000" (RFC 5322 3.3). */
static void put_date(struct ag_buf *out, int64_t wall_ms)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm t;
    gmtime_r(&seconds, &t);
    ag_buf_printf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[t.tm_wday], t.tm_mday,
                  months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

static void put_headers(struct ag_buf *out, const struct ag_mime_mail *mail,
                        const char id[ID_BYTES])
{
    struct ag_str domain = ag_str_sub(mail->from, (size_t)ag_str_find_char(mail->from, '@') + 1,
                                      mail->from.len);
    put_date(out, ag_uuid_time_ms(mail->id));
    ag_buf_append_lit(out, "From: ");
    if (mail->from_name.len > 0) {
        put_name(out, mail->from_name);
        ag_buf_append_lit(out, "\r\n ");
    }
    ag_buf_printf(out, "<%.*s>\r\nTo: <%.*s>\r\nSubject: ", AG_STR_ARG(mail->from),
                  AG_STR_ARG(mail->to));
    put_text(out, mail->subject);
    ag_buf_printf(out,
                  "\r\nMessage-ID: <%s@%.*s>\r\nAuto-Submitted: auto-generated\r\n"
                  "MIME-Version: 1.0\r\n"
                  "Content-Type: multipart/alternative;\r\n boundary=\"=_%s\"\r\n\r\n",
                  id, AG_STR_ARG(domain), id);
}

/* ---- bodies ---- */

/* Whether `c` at `i` of a line may stand as it is. A dot or "From" at its beginning, which some
 * servers take for something else, and white space at its end may not. */
static bool is_literal(struct ag_str line, size_t i, size_t column)
{
    unsigned char c = (unsigned char)line.data[i];
    if (c == ' ' || c == '\t') return i + 1 < line.len;
    if (c < '!' || c > '~' || c == '=') return false;
    return column > 0 || (c != '.' && c != 'F');
}

/* One line in quoted-printable (RFC 2045 6.7), broken softly where it is too long. */
static void put_quoted_line(struct ag_buf *out, struct ag_str line)
{
    size_t column = 0;
    for (size_t i = 0; i < line.len; i++) {
        bool literal = is_literal(line, i, column);
        size_t width = literal ? 1 : 3;
        if (column + width > LINE_BYTES - 1) { /* the soft break wants its '=' */
            ag_buf_append_lit(out, "=\r\n");
            column = 0;
            literal = is_literal(line, i, column);
            width = literal ? 1 : 3;
        }
        if (literal)
            ag_buf_append_char(out, line.data[i]);
        else
            ag_buf_printf(out, "=%02X", (unsigned char)line.data[i]);
        column += width;
    }
    ag_buf_append_lit(out, "\r\n");
}

static void put_part(struct ag_buf *out, const char *id, const char *type, struct ag_str body)
{
    ag_buf_printf(out,
                  "--=_%s\r\nContent-Type: %s; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
                  id, type);
    if (body.len > 0 && body.data[body.len - 1] == '\n') body.len--;
    for (struct ag_str line; ag_str_split(&body, '\n', &line);) {
        if (line.len > 0 && line.data[line.len - 1] == '\r') line.len--;
        put_quoted_line(out, line);
    }
}

enum ag_err ag_mime_write(const struct ag_mime_mail *mail, struct ag_buf *out)
{
    char id[ID_BYTES];
    AG_TRY(ag_mime_check_address(mail->from));
    AG_TRY(ag_mime_check_address(mail->to));
    AG_TRY(check_header_text(mail->from_name));
    AG_TRY(check_header_text(mail->subject));
    ag_uuid_format(mail->id, id);
    put_headers(out, mail, id);
    put_part(out, id, "text/plain", mail->text);
    put_part(out, id, "text/html", mail->html);
    ag_buf_printf(out, "--=_%s--\r\n", id);
    return ag_buf_err(out) == AG_OK
               ? AG_OK
               : ag_fail(ag_buf_err(out), "a mail has more than %zu bytes", out->max);
}
