#include "core/mail.h"

#include "base/log.h"
#include "net/mailer.h"
#include "net/mime.h"

enum {
    VALUE_CHARACTERS = 100, /* of what somebody typed */
    PART_BYTES = 64 * 1024,
    URL_BYTES = 1024,
};

/* ---- words ---- */

/* What a paragraph is written with: either part of the mail. */
struct writer {
    struct ag_buf *out;
    bool html;
    struct ag_str site;
    const struct ag_mail_values *values;
    bool other_is_address;
};

static void put_char(const struct writer *writer, struct ag_str c)
{
    static const struct {
        char c;
        const char *entity;
    } special[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    for (size_t i = 0; writer->html && c.len == 1 && i < AG_COUNT(special); i++) {
        if (c.data[0] != special[i].c) continue;
        ag_buf_append_str(writer->out, ag_str(special[i].entity));
        return;
    }
    ag_buf_append_str(writer->out, c);
}

static void put_ours(const struct writer *writer, struct ag_str text)
{
    for (size_t i = 0; i < text.len; i++)
        put_char(writer, ag_str_sub(text, i, 1));
}

/* What somebody typed: one line, of bounded length, and without what mail programs make a link of.
 * A word joiner behind a dot or slash is not seen, and keeps "evil.example" from being one. */
static void put_typed(const struct writer *writer, struct ag_str text)
{
    for (size_t at = 0, count = 0; at < text.len && count < VALUE_CHARACTERS; count++) {
        struct ag_str rest = ag_str_sub(text, at, text.len);
        size_t len = ag_utf8_char(rest);
        unsigned char c = (unsigned char)rest.data[0];
        if (len == 0 || c < ' ' || c == 0x7F)
            put_char(writer, AG_STR(" "));
        else
            put_char(writer, ag_str_sub(rest, 0, len));
        if (c == '.' || c == '/' || c == ':') ag_buf_append_lit(writer->out, "\u2060");
        at += len > 0 ? len : 1;
    }
}

static void put_value(const struct writer *writer, struct ag_str name)
{
    if (ag_str_eq(name, AG_STR("site")))
        put_ours(writer, writer->site);
    else if (ag_str_eq(name, AG_STR("name")))
        put_typed(writer, writer->values->name);
    /* An organisation may be called like an address with a path in front of its '@'. */
    else if (writer->other_is_address && ag_mime_check_address(writer->values->other) == AG_OK)
        put_ours(writer, writer->values->other);
    else
        put_typed(writer, writer->values->other);
}

/* `text` with its {values}. */
static void put_words(const struct writer *writer, const char *text)
{
    for (struct ag_str rest = ag_str(text); rest.len > 0;) {
        ptrdiff_t open = ag_str_find_char(rest, '{');
        if (open < 0) {
            put_ours(writer, rest);
            return;
        }
        put_ours(writer, ag_str_sub(rest, 0, (size_t)open));
        rest = ag_str_sub(rest, (size_t)open + 1, rest.len);
        ptrdiff_t end = ag_str_find_char(rest, '}');
        AG_ASSERT(end > 0);
        put_value(writer, ag_str_sub(rest, 0, (size_t)end));
        rest = ag_str_sub(rest, (size_t)end + 1, rest.len);
    }
}

static void put_paragraphs(const struct writer *writer, const char *const *paragraphs)
{
    for (size_t i = 0; i < AG_MAIL_PARAGRAPHS && paragraphs[i]; i++) {
        if (writer->values->other.len == 0 && strstr(paragraphs[i], "{other}")) continue;
        if (writer->html) ag_buf_append_lit(writer->out, "<p>");
        put_words(writer, paragraphs[i]);
        ag_buf_append_str(writer->out, writer->html ? AG_STR("</p>\n") : AG_STR("\n\n"));
    }
}

static void put_action(const struct writer *writer, const char *action)
{
    struct ag_buf *out = writer->out;
    if (!action) return;
    if (!writer->html) {
        ag_buf_printf(out, "%s:\n%.*s%.*s\n\n", action, AG_STR_ARG(writer->site),
                      AG_STR_ARG(writer->values->link));
        return;
    }
    ag_buf_append_lit(out, "<p><a href=\"");
    put_ours(writer, writer->site);
    put_ours(writer, writer->values->link);
    ag_buf_printf(out, "\">%s</a></p>\n<p>Or copy this address into your browser:<br>", action);
    put_ours(writer, writer->site);
    put_ours(writer, writer->values->link);
    ag_buf_append_lit(out, "</p>\n");
}

static enum ag_err put_part(const struct writer *writer, const struct ag_mail_text *text,
                            struct ag_str *ret_part)
{
    if (writer->html)
        ag_buf_printf(writer->out,
                      "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
                      "<title>%s</title></head>\n"
                      "<body style=\"font-family:sans-serif;line-height:1.5\">\n",
                      text->subject);
    put_paragraphs(writer, text->before);
    put_action(writer, text->action);
    put_paragraphs(writer, text->after);
    if (writer->html) ag_buf_append_lit(writer->out, "</body>\n</html>\n");
    AG_TRY(ag_buf_err(writer->out));
    *ret_part = ag_buf_str(writer->out);
    return AG_OK;
}

enum ag_err ag_mail_compose(enum ag_mail_kind kind, struct ag_str site,
                            const struct ag_mail_values *values, struct ag_arena *arena,
                            struct ag_mail *ret_mail)
{
    const struct ag_mail_text *text = ag_mail_text(kind);
    struct ag_mail mail = {.subject = ag_str(text->subject)};
    struct ag_buf buf;
    struct writer writer = {
        .out = &buf, .site = site, .values = values, .other_is_address = text->other_is_address};
    ag_buf_init(&buf, arena, PART_BYTES);
    AG_TRY(put_part(&writer, text, &mail.text));
    ag_buf_init(&buf, arena, PART_BYTES);
    writer.html = true;
    AG_TRY(put_part(&writer, text, &mail.html));
    *ret_mail = mail;
    return AG_OK;
}

/* ---- sending ---- */

bool ag_mail_configured(const struct ag_core *core)
{
    return core->mailer != NULL;
}

/* Without a mail server the operator passes the link on. */
static void log_link(const struct ag_core *core, enum ag_mail_kind kind, struct ag_str to,
                     struct ag_str link)
{
    char url[URL_BYTES];
    int len = snprintf(url, sizeof(url), "%.*s%.*s", AG_STR_ARG(core->options.public_url),
                       AG_STR_ARG(link));
    if (link.len == 0 || len < 0 || (size_t)len >= sizeof(url)) len = 0;
    ag_log(AG_LOG_WARN, "mail_not_sent", AG_LC("kind", ag_mail_text(kind)->name), AG_LS("to", to),
           AG_LS("link", ag_str_n(url, (size_t)len)));
}

void ag_mail_send(struct ag_core *core, enum ag_mail_kind kind, struct ag_str to,
                  const struct ag_mail_values *values)
{
    struct ag_arena arena;
    struct ag_mail mail;
    if (!core->mailer) {
        if (core->sends_mail) log_link(core, kind, to, values->link);
        return;
    }
    ag_arena_init(&arena);
    enum ag_err err = ag_mail_compose(kind, core->options.public_url, values, &arena, &mail);
    if (err == AG_OK) {
        const struct ag_mailer_mail posted = {
            .kind = ag_mail_text(kind)->name,
            .to = to,
            .subject = mail.subject,
            .text = mail.text,
            .html = mail.html,
        };
        ag_mailer_post(core->mailer, &posted);
    } else {
        ag_log_diag(AG_LOG_ERROR, "mail_dropped", err);
    }
    ag_arena_done(&arena);
}
