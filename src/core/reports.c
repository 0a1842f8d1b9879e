#include "core/reports.h"

#include "core/internal.h"
#include "core/scrub.h"

enum {
    MESSAGE_BYTES = 4 * 1000,
    STACK_BYTES = 4 * 8000,
    PATH_BYTES = 4 * 500,
    FINGERPRINT_FRAMES = 3, /* lines of a stack that tell one mistake from another */
    FINGERPRINT_BYTES = 16,
    REPEAT_MS = 24 * 60 * 60 * 1000,
    KEPT_REPORTS = 1000, /* of an organisation: at 44 KB at the most */
};
/* Longer than any time a dashboard shows. */
static const int64_t KEPT_MS = INT64_C(30) * 24 * 60 * 60 * 1000;

static const struct ag_field report_fields[] = {
    AG_FIELD(struct ag_report_input, kind, AG_F_ENUM, AG_FF_REQUIRED,
             .choices = "error|rejection|render|csp",
             .doc = "An uncaught error, an unhandled rejection, a part of a page that could not be "
                    "shown, or something the Content-Security-Policy stopped"),
    AG_FIELD(struct ag_report_input, message, AG_F_STRING, AG_FF_REQUIRED, .min = 1, .max = 1000,
             .doc = "What happened", .example = "\"TypeError: x is undefined\""),
    AG_FIELD(struct ag_report_input, stack, AG_F_STRING, 0, .max = 8000,
             .doc = "Where in the program"),
    AG_FIELD(struct ag_report_input, path, AG_F_STRING, 0, .max = 500, .doc = "On which page",
             .example = "\"/agents\""),
};
AG_SCHEMA(ag_report_input_schema, "ErrorReport", struct ag_report_input,
          "Something that went wrong in a browser", report_fields);

struct put_args {
    struct ag_uuid org;
    struct ag_client_error report;
};

static enum ag_err put_tx(struct ag_tx *tx, void *arg)
{
    const struct put_args *args = arg;
    int64_t now = args->report.created_at;
    return ag_client_errors_put(tx, args->org, &args->report, now - REPEAT_MS, now - KEPT_MS,
                                KEPT_REPORTS);
}

static struct ag_str first_lines(struct ag_str text, int lines)
{
    size_t end = 0;
    for (; end < text.len && lines > 0; end++)
        if (text.data[end] == '\n') lines--;
    return ag_str_sub(text, 0, end);
}

/* What two reports of one mistake have in common. */
static enum ag_err fingerprint(const struct ag_client_error *report, struct ag_arena *arena,
                               struct ag_str *ret_fingerprint)
{
    struct ag_buf text;
    uint8_t hash[AG_SECRET_HASH_BYTES];
    ag_buf_init(&text, arena, MESSAGE_BYTES + STACK_BYTES + 64);
    ag_buf_append_str(&text, report->kind);
    ag_buf_append_char(&text, '\0');
    ag_buf_append_str(&text, report->message);
    ag_buf_append_char(&text, '\0');
    AG_TRY(ag_buf_append_str(&text, first_lines(report->stack, FINGERPRINT_FRAMES)));
    ag_secret_hash(ag_buf_str(&text), hash);
    ag_buf_clear(&text);
    for (size_t i = 0; i < FINGERPRINT_BYTES; i++)
        ag_buf_printf(&text, "%02x", hash[i]);
    AG_TRY(ag_buf_err(&text));
    *ret_fingerprint = ag_buf_str(&text);
    return AG_OK;
}

/* A page's address without what it was called with. */
static struct ag_str bare_path(struct ag_str path)
{
    for (size_t i = 0; i < path.len; i++)
        if (path.data[i] == '?' || path.data[i] == '#') return ag_str_sub(path, 0, i);
    return path;
}

enum ag_err ag_report(struct ag_scope *scope, const struct ag_report_input *input)
{
    struct put_args args = {
        .org = scope->who.org_id,
        .report = {.id = ag_uuid_new(),
                   .user_id = scope->who.user_id,
                   .kind = input->kind,
                   .user_agent = scope->user_agent,
                   .created_at = ag_wall_ms()},
    };
    struct ag_client_error *report = &args.report;
    AG_TRY(ag_scrub(input->message, MESSAGE_BYTES, scope->arena, &report->message));
    AG_TRY(ag_scrub(input->stack, STACK_BYTES, scope->arena, &report->stack));
    AG_TRY(ag_scrub(bare_path(input->path), PATH_BYTES, scope->arena, &report->path));
    AG_TRY(fingerprint(report, scope->arena, &report->fingerprint));
    return ag_db_write(scope->core->db, scope->arena, put_tx, &args);
}
