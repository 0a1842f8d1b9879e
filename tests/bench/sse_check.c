#include "sse_check.h"

#include "script.h"

#include <string.h>

void ag_sse_check_reset(struct ag_sse_check *check)
{
    struct ag_bytes line = check->line, data = check->data;

    line.len = data.len = 0;
    *check = (struct ag_sse_check){.line = line, .data = data};
}

void ag_sse_check_done(struct ag_sse_check *check)
{
    ag_bytes_done(&check->line);
    ag_bytes_done(&check->data);
}

/* Reads a fixed count of decimal digits; false when one is not. */
static bool read_digits(const char *at, size_t count, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (size_t i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9') return false;
        value = value * 10 + (uint64_t)(at[i] - '0');
    }
    *ret_value = value;
    return true;
}

/* Finds the next mark at or behind *at and moves *at past it. */
static bool next_mark(const char **at, const char *end, uint64_t *ret_seq, uint64_t *ret_time_ns)
{
    while ((size_t)(end - *at) >= AG_MARK_BYTES) {
        const char *hit = memchr(*at, AG_MARK_CHAR, (size_t)(end - *at));
        if (hit == NULL || (size_t)(end - hit) < AG_MARK_BYTES) return false;
        *at = hit + 1;
        if (hit[1 + AG_MARK_SEQ_DIGITS] == ':' &&
            read_digits(hit + 1, AG_MARK_SEQ_DIGITS, ret_seq) &&
            read_digits(hit + 2 + AG_MARK_SEQ_DIGITS, AG_MARK_TIME_DIGITS, ret_time_ns)) {
            *at = hit + AG_MARK_BYTES;
            return true;
        }
    }
    return false;
}

static void text_event(struct ag_sse_check *check, uint64_t now_ns, struct ag_samples *delays,
                       struct ag_samples *gaps)
{
    const char *at = check->data.data, *end = at + check->data.len;
    uint64_t seq, made_ns;
    bool any = false;

    while (next_mark(&at, end, &seq, &made_ns)) {
        any = true;
        check->marks++;
        if (seq != check->next_seq) check->disorder++;
        check->next_seq = (unsigned)seq + 1;
        ag_samples_add(delays, now_ns > made_ns ? now_ns - made_ns : 0);
    }
    if (!any) return; /* an opening event without text, such as OpenAI's role */
    check->frames++;
    if (check->first_frame_ns == 0)
        check->first_frame_ns = now_ns;
    else
        ag_samples_add(gaps, now_ns - check->last_frame_ns);
    check->last_frame_ns = now_ns;
}

static void terminal_event(struct ag_sse_check *check, bool completed)
{
    const char *at = check->data.data, *end = at + check->data.len;
    uint64_t seq, made_ns;

    if (completed)
        check->completed++;
    else
        check->failed++;
    while (completed && next_mark(&at, end, &seq, &made_ns))
        check->final_marks++;
}

static bool data_is(const struct ag_sse_check *check, const char *text)
{
    return check->data.len == strlen(text) && memcmp(check->data.data, text, check->data.len) == 0;
}

static void dispatch(struct ag_sse_check *check, uint64_t now_ns, struct ag_samples *delays,
                     struct ag_samples *gaps)
{
    const char *event = check->event;

    if (check->data.len == 0) {
        check->event[0] = '\0';
        return;
    }
    if (check->completed + check->failed > 0) check->after_end++;
    if (strcmp(event, "run.completed") == 0 || strcmp(event, "message_stop") == 0 ||
        data_is(check, "[DONE]"))
        terminal_event(check, true);
    else if (strcmp(event, "run.failed") == 0 || strcmp(event, "run.cancelled") == 0 ||
             strcmp(event, "error") == 0)
        terminal_event(check, false);
    else if (event[0] == '\0' || strcmp(event, "delta") == 0 ||
             strcmp(event, "content_block_delta") == 0)
        text_event(check, now_ns, delays, gaps);
    check->event[0] = '\0';
    check->data.len = 0;
}

/* The value of "name: value" when the line is that field, else NULL. */
static const char *field_value(const struct ag_bytes *line, const char *name, size_t *ret_len)
{
    size_t skip = strlen(name);

    if (line->len <= skip || memcmp(line->data, name, skip) != 0 || line->data[skip] != ':')
        return NULL;
    skip++;
    if (line->len > skip && line->data[skip] == ' ') skip++;
    *ret_len = line->len - skip;
    return line->data + skip;
}

/* Ids that are not decimal say nothing about order and are let through. */
static void check_id(struct ag_sse_check *check, const char *text, size_t len)
{
    uint64_t id;

    if (len == 0 || len > 19 || !read_digits(text, len, &id)) return;
    if (id + 1 <= check->last_id) check->id_errors++;
    check->last_id = id + 1;
}

static void line_done(struct ag_sse_check *check, uint64_t now_ns, struct ag_samples *delays,
                      struct ag_samples *gaps)
{
    const char *value;
    size_t len;

    if (check->line.len > 0 && check->line.data[check->line.len - 1] == '\r') check->line.len--;
    if (check->line.len == 0) {
        dispatch(check, now_ns, delays, gaps);
    } else if ((value = field_value(&check->line, "data", &len)) != NULL) {
        if (!ag_bytes_add(&check->data, value, len, AG_SSE_LINE_MAX_BYTES)) check->overflow = true;
    } else if ((value = field_value(&check->line, "event", &len)) != NULL) {
        len = len < AG_SSE_EVENT_MAX_BYTES ? len : AG_SSE_EVENT_MAX_BYTES;
        memcpy(check->event, value, len);
        check->event[len] = '\0';
    } else if ((value = field_value(&check->line, "id", &len)) != NULL) {
        check_id(check, value, len);
    }
    check->line.len = 0;
}

void ag_sse_check_feed(struct ag_sse_check *check, const char *data, size_t len, uint64_t now_ns,
                       struct ag_samples *delays, struct ag_samples *gaps)
{
    const char *end = data + len;

    while (data < end) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        const char *stop = newline != NULL ? newline : end;
        if (!ag_bytes_add(&check->line, data, (size_t)(stop - data), AG_SSE_LINE_MAX_BYTES))
            check->overflow = true;
        if (newline == NULL) return;
        line_done(check, now_ns, delays, gaps);
        data = newline + 1;
    }
}
