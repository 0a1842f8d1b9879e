#include "base/log.h"

#include "base/clock.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

enum { LINE_BYTES = 2048 }; /* below PIPE_BUF, so lines of several threads do not mix */

static const char *const level_names[] = {"debug", "info", "warn", "error", "off"};
static atomic_int threshold = AG_LOG_INFO;

void ag_log_set_level(enum ag_log_level level)
{
    atomic_store_explicit(&threshold, (int)level, memory_order_relaxed);
}

bool ag_log_enabled(enum ag_log_level level)
{
    return (int)level >= atomic_load_explicit(&threshold, memory_order_relaxed);
}

enum ag_err ag_log_level_parse(struct ag_str name, enum ag_log_level *ret_level)
{
    for (size_t i = 0; i < AG_COUNT(level_names); i++) {
        if (!ag_str_eq(name, ag_str(level_names[i]))) continue;
        *ret_level = (enum ag_log_level)i;
        return AG_OK;
    }
    return ag_fail(AG_E_INVALID, "the log level is one of debug, info, warn, error, off");
}

struct line {
    size_t len;
    bool cut;
    char data[LINE_BYTES];
};

static const char cut_mark[] = "...\n";

/* Whole pieces only, so that neither an escape nor a character is split at the line's end. */
static void put(struct line *line, const char *data, size_t n)
{
    if (line->cut || n > sizeof(line->data) - sizeof(cut_mark) - line->len) {
        line->cut = true;
        return;
    }
    memcpy(line->data + line->len, data, n);
    line->len += n;
}

static void put_cstr(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static bool is_bare(struct ag_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (c <= ' ' || c >= 0x7F || c == '"' || c == '=' || c == '\\') return false;
    }
    return s.len > 0;
}

static void put_quoted(struct line *line, struct ag_str s)
{
    put(line, "\"", 1);
    for (size_t at = 0; at < s.len && !line->cut;) {
        unsigned char c = (unsigned char)s.data[at];
        size_t n = ag_utf8_char((struct ag_str){s.data + at, s.len - at});
        char code[5];
        if (c == '"' || c == '\\') {
            put(line, c == '"' ? "\\\"" : "\\\\", 2);
        } else if (c == '\n') {
            put(line, "\\n", 2);
        } else if (c < ' ' || c == 0x7F || n == 0) {
            /* Control characters could forge a line or drive a terminal. */
            snprintf(code, sizeof(code), "\\x%02x", c);
            put(line, code, 4);
        } else {
            put(line, s.data + at, n);
        }
        at += n > 0 ? n : 1;
    }
    put(line, "\"", 1);
}

static void put_field(struct line *line, const struct ag_log_field *field)
{
    put(line, " ", 1);
    put_cstr(line, field->key);
    put(line, "=", 1);
    if (field->kind == AG_LOG_INT) {
        char number[24];
        snprintf(number, sizeof(number), "%lld", (long long)field->num);
        put_cstr(line, number);
    } else if (is_bare(field->str)) {
        /* Cut a long word rather than lose it. */
        size_t room = sizeof(line->data) - sizeof(cut_mark) - line->len;
        put(line, field->str.data, AG_MIN(field->str.len, room));
        line->cut = line->cut || field->str.len > room;
    } else {
        put_quoted(line, field->str);
    }
}

static void line_begin(struct line *line, enum ag_log_level level, const char *event)
{
    char now[AG_TIME_TEXT_BYTES];
    line->len = 0;
    line->cut = false;
    ag_time_format(ag_wall_ms(), now);
    put_cstr(line, now);
    put(line, " ", 1);
    put_cstr(line, level_names[AG_MIN(level, AG_LOG_OFF)]);
    put(line, " ", 1);
    put_cstr(line, event);
}

static void line_end(struct line *line)
{
    const char *end = line->cut ? cut_mark : "\n";
    size_t n = strlen(end);
    memcpy(line->data + line->len, end, n);
    line->len += n;
    int saved = errno;
    ssize_t wrote;
    do {
        wrote = write(STDERR_FILENO, line->data, line->len);
    } while (wrote < 0 && errno == EINTR);
    errno = saved; /* a lost line is no error of the caller's */
}

void ag_log_write(enum ag_log_level level, const char *event, const struct ag_log_field *fields,
                  size_t count)
{
    struct line line;
    line_begin(&line, level, event);
    for (size_t i = 0; i < count; i++)
        put_field(&line, &fields[i]);
    line_end(&line);
}

/* Below src/, wherever the build directory stands. */
static const char *short_file(const char *file)
{
    const char *best = file;
    for (const char *at = file; (at = strstr(at, "src/")) != NULL; at += 4)
        best = at + 4;
    return best;
}

void ag_log_diag(enum ag_log_level level, const char *event, enum ag_err err)
{
    if (!ag_log_enabled(level)) return;
    struct line line;
    line_begin(&line, level, event);
    put_field(&line, &AG_LC("code", ag_err_info(err)->code));
    const struct ag_diag *diag = ag_diag();
    for (int i = 0; i < diag->count; i++) {
        char at[160];
        snprintf(at, sizeof(at), "%s:%d", short_file(diag->entries[i].file), diag->entries[i].line);
        put_field(&line, &AG_LC(i == 0 ? "error" : "then", diag->entries[i].text));
        put_field(&line, &AG_LC("at", at));
    }
    line_end(&line);
}
