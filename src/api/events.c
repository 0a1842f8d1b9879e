/* The documents of a run's events. */
#include "core/public_agents.h"

#include "api/relay.h"

static void put_string(struct ag_buf *out, const char *name, struct ag_str value)
{
    ag_buf_printf(out, "\"%s\":", name);
    ag_buf_json_string(out, value);
}

static void put_uuid(struct ag_buf *out, const char *name, struct ag_uuid id)
{
    char text[AG_UUID_TEXT_BYTES];
    ag_buf_printf(out, "\"%s\":\"%s\"", name, ag_uuid_format(id, text).data);
}

static void begin(struct ag_buf *out, int lane)
{
    ag_buf_clear(out);
    ag_buf_append_char(out, '{');
    if (lane >= 0) ag_buf_printf(out, "\"lane\":%d,", lane);
}

void ag_event_started(struct ag_buf *out, struct ag_arena *arena, int lane,
                      const struct ag_run *run)
{
    begin(out, lane);
    put_uuid(out, "run_id", run->id);
    if (ag_doc_has(run, AG_RUN_CONVERSATION_ID)) {
        ag_buf_append_char(out, ',');
        put_uuid(out, "conversation_id", run->conversation_id);
    }
    if (ag_doc_has(run, AG_RUN_AGENT_VERSION))
        ag_buf_printf(out, ",\"agent_version\":%lld", (long long)run->agent_version);
    ag_buf_append_char(out, ',');
    put_string(
        out, "model",
        ag_arena_printf(arena, "%.*s/%.*s", AG_STR_ARG(run->provider), AG_STR_ARG(run->model)));
    ag_buf_append_char(out, '}');
}

void ag_event_delta(struct ag_buf *out, int lane, struct ag_str text)
{
    ag_buf_clear(out);
    if (lane < 0)
        ag_buf_append_lit(out, "{\"text\":");
    else
        ag_buf_printf(out, "{\"lane\":%d,\"text\":", lane);
    ag_buf_json_string(out, text);
    ag_buf_append_char(out, '}');
}

static void put_completed(struct ag_buf *out, struct ag_arena *arena, int lane,
                          const struct ag_run *run)
{
    struct ag_generation generation;
    enum ag_err err = ag_generation_from_run(run, arena, &generation);
    begin(out, lane);
    /* The document brings a brace of its own: alone it is the one, behind the lane it is a space.
     */
    if (lane < 0) ag_buf_clear(out);
    size_t brace = out->len;
    if (err == AG_OK) err = ag_fields_encode(&ag_generation_schema, &generation, out);
    if (err == AG_OK && lane >= 0) out->data[brace] = ' ';
    if (err != AG_OK) out->err = err;
}

static void put_failed(struct ag_buf *out, int lane, enum ag_err err, struct ag_str message)
{
    const struct ag_err_info *info = ag_err_info(err);
    begin(out, lane);
    put_string(out, "code", ag_str(info->code));
    ag_buf_append_char(out, ',');
    put_string(out, "message", info->status == 500 ? ag_str(info->title) : message);
    ag_buf_printf(out, ",\"retryable\":%s}", info->retryable ? "true" : "false");
}

const char *ag_event_end(struct ag_buf *out, struct ag_arena *arena, int lane, enum ag_err err,
                         struct ag_str message, const struct ag_run *run)
{
    if (err == AG_OK) {
        put_completed(out, arena, lane, run);
        return "run.completed";
    }
    if (err == AG_E_CANCELED || err == AG_E_CLOSED) {
        begin(out, lane);
        put_uuid(out, "run_id", run->id);
        ag_buf_append_char(out, '}');
        return "run.cancelled";
    }
    put_failed(out, lane, err, message);
    return "run.failed";
}

void ag_event_visitor_started(struct ag_buf *out, const struct ag_run *run)
{
    begin(out, -1);
    put_uuid(out, "conversation_id", run->conversation_id);
    ag_buf_append_char(out, '}');
}

const char *ag_event_visitor_end(struct ag_buf *out, enum ag_err err, struct ag_str message,
                                 const struct ag_run *run)
{
    if (err == AG_OK) {
        const struct ag_public_answer answer = {.response = run->output_text,
                                                .conversation_id = run->conversation_id};
        ag_buf_clear(out);
        err = ag_fields_encode(&ag_public_answer_schema, &answer, out);
        if (err != AG_OK) out->err = err;
        return "run.completed";
    }
    if (err == AG_E_CANCELED || err == AG_E_CLOSED) {
        begin(out, -1);
        ag_buf_append_char(out, '}');
        return "run.cancelled";
    }
    put_failed(out, -1, err, message);
    return "run.failed";
}
