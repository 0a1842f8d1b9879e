#include "base/err.h"

#include "base/str.h"

#include <stdarg.h>

static const struct ag_err_info rows[AG_E_COUNT] = {[AG_OK] = {"OK", "ok", 200, false, "OK"},
#define AG_ERR_ROW(name, code, status, retryable, title)                                           \
    [AG_E_##name] = {#name, code, status, retryable, title},
                                                    AG_ERR_TABLE(AG_ERR_ROW)
#undef AG_ERR_ROW
};

static _Thread_local struct ag_diag own_diag;
static _Thread_local struct ag_diag *current_diag;

const struct ag_err_info *ag_err_info(enum ag_err err)
{
    if ((unsigned)err >= AG_E_COUNT) err = AG_E_INTERNAL;
    return &rows[err];
}

enum ag_err ag_err_from_code(const char *code)
{
    for (int i = 0; i < AG_E_COUNT; i++)
        if (strcmp(rows[i].code, code) == 0) return (enum ag_err)i;
    return AG_E_COUNT;
}

struct ag_diag *ag_diag_swap(struct ag_diag *diag)
{
    struct ag_diag *before = current_diag;
    current_diag = diag;
    return before;
}

struct ag_diag *ag_diag(void)
{
    return current_diag ? current_diag : &own_diag;
}

void ag_diag_clear(void)
{
    ag_diag()->count = 0;
}

void ag_diag_append(const struct ag_diag *from)
{
    struct ag_diag *to = ag_diag();
    for (int i = 0; i < from->count && to->count < AG_DIAG_DEPTH; i++)
        to->entries[to->count++] = from->entries[i];
}

const char *ag_diag_text(enum ag_err err)
{
    const struct ag_diag *diag = ag_diag();
    return diag->count > 0 ? diag->entries[0].text : ag_err_info(err)->title;
}

/* What is cut in the middle of a character, or quotes bytes that are no text, becomes text: rows
 * and replies that hold it take nothing else. */
static void make_text(char *text)
{
    size_t len = strlen(text);
    for (size_t at = 0; (at += ag_utf8_complete(ag_str_n(text + at, len - at))) < len; at++)
        text[at] = '?';
}

enum ag_err ag_diag_record(enum ag_err err, bool first, const char *file, int line,
                           const char *format, ...)
{
    struct ag_diag *diag = ag_diag();
    if (first) diag->count = 0;
    /* When the chain is full the newest cause gives way: the first ones say the most. */
    if (diag->count == AG_DIAG_DEPTH) return err;

    struct ag_diag_entry *entry = &diag->entries[diag->count++];
    entry->err = err;
    entry->file = file;
    entry->line = line;
    va_list args;
    va_start(args, format);
    vsnprintf(entry->text, sizeof(entry->text), format, args);
    va_end(args);
    make_text(entry->text);
    return err;
}

_Noreturn void ag_assert_failed(const char *cond, const char *file, int line)
{
    fprintf(stderr, "agentgen: impossible state at %s:%d: %s\n", file, line, cond);
    abort();
}
