#include "api/route.h"
#include "base/log.h"
#include "core/audit.h"
#include "runtime/fiber.h"

enum {
    EXPORT_PAGE_ROWS = 200,
    EXPORT_LINE_BYTES = 64 * 1024, /* of one entry */
};

/* ---- what is looked for ---- */

struct activity_query {
    uint64_t set;
    int64_t limit;
    struct ag_str cursor;
    struct ag_str action, q, format;
    struct ag_uuid user_id;
    int64_t from, to;
};

#define ACTIVITY_FILTERS                                                                           \
    AG_FIELD(struct activity_query, action, AG_F_STRING, 0, .min = 1, .max = 100,                  \
             .doc = "Only entries of this action, or, when it ends with a dot, of all that begin " \
                    "so: `auth.`",                                                                 \
             .example = "\"agent.created\""),                                                      \
        AG_FIELD(struct activity_query, user_id, AG_F_UUID, 0,                                     \
                 .doc = "Only what this account did, or what happened to it"),                     \
        AG_FIELD(struct activity_query, from, AG_F_TIME, 0,                                        \
                 .doc = "Only entries of then or later"),                                          \
        AG_FIELD(struct activity_query, to, AG_F_TIME, 0, .doc = "Only entries from before then"), \
        AG_FIELD(struct activity_query, q, AG_F_STRING, 0, .min = 1, .max = 200,                   \
                 .doc = "Only entries whose action, person, address or details hold this")

static const struct ag_field activity_query_fields[] = {
    AG_FIELD(struct activity_query, limit, AG_F_INT, 0, .min = 1, .max = 100, .def = "20",
             .doc = "Items per page"),
    AG_FIELD(struct activity_query, cursor, AG_F_STRING, 0, .min = 1, .max = 700,
             .doc = "`next_cursor` of the page before"),
    ACTIVITY_FILTERS,
};
static AG_SCHEMA(activity_query_schema, NULL, struct activity_query, "A page of the activity log",
                 activity_query_fields);

static const struct ag_field export_query_fields[] = {
    AG_FIELD(struct activity_query, format, AG_F_ENUM, 0, .choices = "csv|ndjson", .def = "\"csv\"",
             .doc = "`csv` for spreadsheets (RFC 4180), `ndjson` for one JSON object a line"),
    ACTIVITY_FILTERS,
};
static AG_SCHEMA(export_query_schema, NULL, struct activity_query, "An export of the activity log",
                 export_query_fields);

static struct ag_activity_filter filter_of(const struct ag_ctx *ctx)
{
    const struct activity_query *query = ctx->query;
    return (struct ag_activity_filter){
        .action = query->action,
        .user_id = query->user_id,
        .from = query->from,
        .to = query->to,
        .has_to = ag_doc_is_set(ctx->route->query, query, "to"),
        .search = query->q,
    };
}

/* The organisation's log, or, on the administrator's routes, the server's own. */
static struct ag_uuid log_of(const struct ag_ctx *ctx)
{
    if (ctx->route->permission == AG_PERM_ADMIN_AUDIT) return (struct ag_uuid){{0}};
    return ctx->scope.who.org_id;
}

/* ---- lists ---- */

static struct ag_list_key activity_key(const void *item)
{
    return (struct ag_list_key){.id = ((const struct ag_activity *)item)->id};
}

static enum ag_err activity_list(struct ag_ctx *ctx)
{
    const struct activity_query *query = ctx->query;
    const struct ag_list_query common = {.limit = query->limit, .cursor = query->cursor};
    const struct ag_activity_filter filter = filter_of(ctx);
    struct ag_page page;
    struct ag_list entries;
    AG_ACT_FOR(log_of(ctx));
    AG_TRY(ag_ctx_page(ctx, &common, &page));
    AG_TRY(ag_activity_list(ctx->scope.core->db, ctx->scope.arena, log_of(ctx), &filter, &page,
                            &entries, &page.stopped_at));
    return ag_ctx_reply_list(ctx, &page, &entries, activity_key);
}

static enum ag_err activity_verify(struct ag_ctx *ctx)
{
    struct ag_audit_report report;
    AG_TRY(ag_ctx_answers_long(ctx));
    AG_TRY(ag_audit_verify(ctx->scope.core, ctx->scope.arena, log_of(ctx), NULL, &report));
    return ag_ctx_reply(ctx, &report);
}

/* ---- exports ---- */

static const char csv_head[] = "seq,id,created_at,action,user_id,user_name,ip,credential,key_id,"
                               "details,hash\r\n";

/* A spreadsheet takes a cell that begins so for a formula; with a quote before it is text. */
static bool is_formula(struct ag_str cell)
{
    return cell.len > 0 && strchr("=+-@\t\r", cell.data[0]) != NULL;
}

static void put_cell(struct ag_buf *out, struct ag_str cell)
{
    ag_buf_append_char(out, '"');
    if (is_formula(cell)) ag_buf_append_char(out, '\'');
    struct ag_str rest = cell, part;
    for (bool first = true; ag_str_split(&rest, '"', &part); first = false) {
        if (!first) ag_buf_append_lit(out, "\"\"");
        ag_buf_append_str(out, part);
    }
    ag_buf_append_char(out, '"');
}

static struct ag_str id_text(bool present, struct ag_uuid id, char out[AG_UUID_TEXT_BYTES])
{
    return present ? ag_uuid_format(id, out) : AG_STR("");
}

static enum ag_err put_csv(struct ag_buf *out, struct ag_uuid org, const struct ag_activity *entry)
{
    char id[AG_UUID_TEXT_BYTES], user[AG_UUID_TEXT_BYTES], key[AG_UUID_TEXT_BYTES];
    char time[AG_TIME_TEXT_BYTES], hash[AG_AUDIT_HASH_TEXT_BYTES];
    const struct ag_str cells[] = {
        ag_uuid_format(entry->id, id),
        ag_time_format(entry->created_at, time),
        entry->action,
        id_text(ag_doc_has(entry, AG_ACTIVITY_USER), entry->user_id, user),
        entry->user_name,
        entry->ip,
        entry->credential,
        id_text(ag_doc_has(entry, AG_ACTIVITY_KEY), entry->key_id, key),
        entry->details,
        ag_audit_hash_text(entry->hash, hash),
    };
    if (entry->seq > 0) ag_buf_append_int(out, entry->seq);
    for (size_t i = 0; i < AG_COUNT(cells); i++) {
        ag_buf_append_char(out, ',');
        if (cells[i].len > 0) put_cell(out, cells[i]);
    }
    return ag_buf_append_lit(out, "\r\n");
}

/* The entry as the API shows it, and what its hash is made of besides. */
static enum ag_err put_ndjson(struct ag_buf *out, struct ag_uuid org,
                              const struct ag_activity *entry)
{
    char id[AG_UUID_TEXT_BYTES], hash[AG_AUDIT_HASH_TEXT_BYTES];
    AG_TRY(ag_fields_encode(&ag_activity_schema, entry, out));
    AG_ASSERT(out->data[out->len - 1] == '}');
    out->len--;
    ag_buf_printf(out, ",\"org_id\":\"%s\",\"hash\":", ag_uuid_format(org, id).data);
    if (entry->hash.len > 0)
        ag_buf_json_string(out, ag_audit_hash_text(entry->hash, hash));
    else
        ag_buf_append_lit(out, "null");
    return ag_buf_append_lit(out, "}\n");
}

struct export
{
    struct ag_ctx *ctx;
    struct ag_uuid org;
    struct ag_activity_filter filter;
    enum ag_err (*put)(struct ag_buf * out, struct ag_uuid org, const struct ag_activity *entry);
};

static enum ag_err write_page(const struct export *e, struct ag_arena *arena, struct ag_uuid *after,
                              bool *ret_last)
{
    struct ag_list entries;
    AG_TRY(ag_activity_export(e->ctx->scope.core->db, arena, e->org, &e->filter, after,
                              EXPORT_PAGE_ROWS, &entries, ret_last));
    struct ag_buf line;
    ag_buf_init(&line, arena, EXPORT_LINE_BYTES);
    for (size_t i = 0; i < entries.count; i++) {
        ag_buf_clear(&line);
        AG_TRY(e->put(&line, e->org, (const struct ag_activity *)entries.items + i));
        AG_TRY(ag_stream_write(e->ctx->req, ag_buf_str(&line)));
    }
    return AG_OK;
}

/* A page at a time, in memory of its own. */
static enum ag_err write_entries(const struct export *e)
{
    struct ag_uuid after = {{0}};
    for (bool last = false; !last;) {
        struct ag_arena arena;
        ag_arena_init(&arena);
        enum ag_err err = write_page(e, &arena, &after, &last);
        ag_arena_done(&arena);
        AG_TRY(err);
        ag_fiber_yield();
    }
    return AG_OK;
}

static enum ag_err write_export(const struct export *e, bool csv)
{
    struct ag_request *req = e->ctx->req;
    AG_TRY(ag_stream_begin(req, csv ? "text/csv; charset=utf-8" : "application/x-ndjson"));
    if (req->method == AG_HEAD) return ag_stream_end(req);
    if (csv) AG_TRY(ag_stream_write(req, ag_str(csv_head)));
    AG_TRY(write_entries(e));
    return ag_stream_end(req);
}

static enum ag_err activity_export(struct ag_ctx *ctx)
{
    const struct activity_query *query = ctx->query;
    bool csv = ag_str_eq(query->format, AG_STR("csv"));
    const struct export e = {
        .ctx = ctx,
        .org = log_of(ctx),
        .filter = filter_of(ctx),
        .put = csv ? put_csv : put_ndjson,
    };
    char now[AG_TIME_TEXT_BYTES];
    struct ag_str name = ag_arena_printf(
        ctx->scope.arena, "attachment; filename=\"activity-%.10s.%s\"",
        ag_time_format(ag_wall_ms(), now).data, csv ? "csv" : "ndjson");
    if (!name.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a file name");
    AG_TRY(ag_ctx_answers_long(ctx));
    if (ctx->req->method != AG_HEAD) AG_TRY(ag_audit_exported(&ctx->scope, e.org, query->format));
    ag_reply_header(ctx->req, "Content-Disposition", name);
    AG_ACT_FOR(e.org);
    enum ag_err err = write_export(&e, csv);
    /* Its head has been sent: the connection is cut, and here is why. */
    if (err != AG_OK && err != AG_E_CLOSED && err != AG_E_CANCELED)
        ag_log_diag(AG_LOG_WARN, "export failed", err);
    return err;
}

/* ---- routes ---- */

/* A whole log is read each time. */
static const struct ag_route_limit whole_log = {
    .per_user = {.count = 20, .per_ms = 60 * 1000},
    .per_ip = {.count = 60, .per_ms = 60 * 1000},
};

#define ACTIVITY_ROUTES(of, path, permission, whose, tag_)                                         \
    AG_ROUTE("list" of "Activity", GET, path, permission, activity_list,                           \
             "List what was done in " whose,                                                       \
             .doc = "Newest first. A page that looks for something holds what it found among "     \
                    "2,000 entries: it may be short, or empty, although others follow.",           \
             .tag = tag_, .status = 200, .flags = AG_RF_LIST, .query = &activity_query_schema,     \
             .reply = &ag_activity_schema),                                                        \
        AG_ROUTE("export" of "Activity", GET, path "/export", permission, activity_export,         \
                 "Export what was done in " whose,                                                 \
                 .doc = "Oldest first, as a file. In a CSV file a cell that a spreadsheet would "  \
                        "take for a formula begins with a quote. An NDJSON file holds all that "   \
                        "the entries' hashes are made of. A file whose connection was cut is "     \
                        "not whole.",                                                              \
                 .tag = tag_, .status = 200, .flags = AG_RF_EXPORT, .query = &export_query_schema, \
                 .limit = &whole_log),                                                             \
        AG_ROUTE("verify" of "Activity", GET, path "/verify", permission, activity_verify,         \
                 "Verify the log of " whose,                                                       \
                 .doc = "Computes the hash of every entry anew and follows their chain. Changed, " \
                        "removed, inserted and exchanged entries are found. Whoever can rewrite "  \
                        "the whole log can also make a new chain: note the `head` elsewhere from " \
                        "time to time, and compare with `agentgen audit verify --seen`.",          \
                 .tag = tag_, .status = 200, .reply = &ag_audit_report_schema,                     \
                 .limit = &whole_log)

const struct ag_route ag_activity_routes[AG_ACTIVITY_ROUTES] = {
    ACTIVITY_ROUTES("", "/v1/activity", ACTIVITY_READ, "the organisation", "Monitoring"),
    ACTIVITY_ROUTES("Server", "/v1/admin/activity", ADMIN_AUDIT, "the server", "Administration"),
};
