#include "http/conn.h"

enum { PROBLEM_MAX_BYTES = 64 * 1024 };

/* What a client may read about a failure. Texts of internal ones may name hosts, files and
 * statements, so those keep their title. */
static const char *detail_of(enum ag_err err)
{
    const struct ag_err_info *info = ag_err_info(err);
    switch (err) {
    case AG_E_NO_MEMORY:
    case AG_E_STORAGE:
    case AG_E_STORAGE_FULL:
    case AG_E_TIMEOUT:
    case AG_E_CANCELED:
        return info->title;
    default:
        break;
    }
    if (info->status == 500) return info->title;
    /* Only a text recorded for this very failure; others are remains of something dealt with. */
    const struct ag_diag *diag = ag_diag();
    for (int i = 0; i < diag->count; i++)
        if (diag->entries[i].err == err) return diag->entries[i].text;
    return info->title;
}

static void write_problem(struct ag_buf *out, const struct ag_request *req, enum ag_err err,
                          const struct ag_field_errors *errors)
{
    const struct ag_err_info *info = ag_err_info(err);
    ag_buf_append_lit(out, "{\"type\":\"urn:agentgen:problem:");
    ag_buf_append_str(out, ag_str(info->code));
    ag_buf_append_lit(out, "\",\"title\":");
    ag_buf_json_string(out, ag_str(info->title));
    ag_buf_append_lit(out, ",\"status\":");
    ag_buf_append_int(out, info->status);
    ag_buf_append_lit(out, ",\"detail\":");
    ag_buf_json_string(out, ag_str(detail_of(err)));
    ag_buf_append_lit(out, ",\"code\":");
    ag_buf_json_string(out, ag_str(info->code));
    ag_buf_append_lit(out, ",\"request_id\":");
    ag_buf_json_string(out, req->request_id);
    if (errors && errors->count > 0) {
        ag_buf_append_lit(out, ",\"errors\":[");
        for (size_t i = 0; i < errors->count; i++) {
            const struct ag_field_error *error = &errors->items[i];
            if (i > 0) ag_buf_append_char(out, ',');
            ag_buf_append_lit(out, "{\"field\":");
            ag_buf_json_string(out, error->field);
            ag_buf_append_lit(out, ",\"code\":");
            ag_buf_json_string(out, ag_str(error->code));
            ag_buf_append_lit(out, ",\"message\":");
            ag_buf_json_string(out, error->message);
            ag_buf_append_char(out, '}');
        }
        ag_buf_append_char(out, ']');
    }
    ag_buf_append_char(out, '}');
}

enum ag_err ag_reply_problem(struct ag_request *req, enum ag_err err,
                             const struct ag_field_errors *errors)
{
    struct ag_conn *conn = req->conn;
    const struct ag_err_info *info = ag_err_info(err);
    AG_ASSERT(err != AG_OK);
    AG_TRY(ag_reply_check(req));
    struct ag_buf body;
    ag_buf_init(&body, req->arena, PROBLEM_MAX_BYTES);
    write_problem(&body, req, err, errors);
    if (ag_buf_err(&body)) return ag_reply_no_memory(req);

    if (info->status == 401 && !(conn->set & AG_SET_AUTHENTICATE))
        ag_reply_header(req, "WWW-Authenticate", AG_STR("Bearer realm=\"agentgen\""));
    if ((info->status == 503 || info->status == 429) && !(conn->set & AG_SET_RETRY_AFTER))
        ag_reply_header(req, "Retry-After", AG_STR("1"));
    return ag_reply(req, info->status, "application/problem+json", ag_buf_str(&body));
}
