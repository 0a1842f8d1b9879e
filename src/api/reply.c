#include "api/route.h"

enum { REPLY_MAX_BYTES = 32 * 1024 * 1024, USER_AGENT_BYTES = 300 };

static struct ag_buf *reply_buf(struct ag_ctx *ctx)
{
    ctx->status = ctx->route->status;
    ctx->content_type = "application/json";
    ag_buf_init(&ctx->reply, ctx->scope.arena, REPLY_MAX_BYTES);
    return &ctx->reply;
}

enum ag_err ag_ctx_reply(struct ag_ctx *ctx, const void *doc)
{
    return ag_fields_encode(ctx->route->reply, doc, reply_buf(ctx));
}

enum ag_err ag_ctx_reply_empty(struct ag_ctx *ctx)
{
    reply_buf(ctx);
    ctx->content_type = NULL;
    return AG_OK;
}

enum ag_err ag_ctx_redirect(struct ag_ctx *ctx, struct ag_str location)
{
    ag_reply_header(ctx->req, "Location", location);
    AG_TRY(ag_ctx_reply_empty(ctx));
    ctx->status = 302;
    return AG_OK;
}

enum ag_err ag_ctx_set_cookie(struct ag_ctx *ctx, const char *name, struct ag_str secret,
                              int64_t max_age_s)
{
    struct ag_str cookie = ag_arena_printf(
        ctx->scope.arena, "%s=%.*s; Path=/; Max-Age=%lld; Secure; HttpOnly; SameSite=Lax", name,
        AG_STR_ARG(secret), (long long)max_age_s);
    if (!cookie.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a cookie");
    ag_reply_header(ctx->req, "Set-Cookie", cookie);
    return AG_OK;
}

enum ag_err ag_ctx_session_cookie(struct ag_ctx *ctx, struct ag_str secret)
{
    return ag_ctx_set_cookie(ctx, AG_SESSION_COOKIE, secret,
                             ctx->scope.core->options.refresh_ttl_s);
}

bool ag_ctx_not_modified(struct ag_ctx *ctx, struct ag_str etag)
{
    struct ag_str rest = ag_request_header(ctx->req, AG_STR("if-none-match")), part;
    while (ag_str_split(&rest, ',', &part)) {
        part = ag_str_trim(part);
        if (ag_str_starts_with(part, AG_STR("W/"))) part = ag_str_sub(part, 2, part.len);
        if (!ag_str_eq(part, etag) && !ag_str_eq(part, AG_STR("*"))) continue;
        ctx->status = 304;
        return true;
    }
    return false;
}

enum ag_err ag_ctx_reply_version(struct ag_ctx *ctx, const void *doc, int64_t version)
{
    return ag_ctx_reply_revision(ctx, doc, version, 0, (struct ag_str){0});
}

enum ag_err ag_ctx_reply_revision(struct ag_ctx *ctx, const void *doc, int64_t version,
                                  int64_t revision, struct ag_str mark)
{
    char behind[24] = "";
    if (revision > 0) snprintf(behind, sizeof(behind), ".%lld", (long long)revision);
    struct ag_str tag = ag_arena_printf(ctx->scope.arena, "\"%lld%s%s%.*s\"", (long long)version,
                                        behind, mark.len > 0 ? "-" : "", AG_STR_ARG(mark));
    if (!tag.data) return ag_fail(AG_E_NO_MEMORY, "no memory for an ETag");
    ctx->etag = tag;
    ag_reply_header(ctx->req, "ETag", tag);
    if (ctx->route->method == AG_GET) {
        AG_TRY(ag_ctx_reply_empty(ctx));
        if (ag_ctx_not_modified(ctx, tag)) return AG_OK;
    }
    return ag_ctx_reply(ctx, doc);
}

enum ag_err ag_ctx_page(struct ag_ctx *ctx, const struct ag_list_query *query,
                        struct ag_page *ret_page)
{
    return ag_page_from_query(query, ctx->scope.arena, ctx->scope.errors, ret_page);
}

enum ag_err ag_ctx_warrant(struct ag_ctx *ctx)
{
    return ag_warrant_begin(&ctx->warrant, &ctx->scope, ctx->route->permission);
}

enum ag_err ag_ctx_answers_long(struct ag_ctx *ctx)
{
    ag_request_cancel_on_hangup(ctx->req);
    return ag_ctx_warrant(ctx);
}

bool ag_ctx_wants_stream(const struct ag_ctx *ctx, bool asked)
{
    struct ag_str accept = ag_request_header(ctx->req, AG_STR("accept"));
    return asked || ag_str_starts_with(accept, AG_STR("text/event-stream"));
}

void ag_ctx_note_client(struct ag_ctx *ctx)
{
    struct ag_str agent = ag_request_header(ctx->req, AG_STR("user-agent"));
    /* A header is cut between characters, or is no text at all. */
    ctx->scope.user_agent = ag_utf8_valid(agent)
                                ? ag_str_sub(agent, 0, ag_utf8_floor(agent, USER_AGENT_BYTES))
                                : AG_STR("");
}

enum ag_err ag_ctx_reply_list(struct ag_ctx *ctx, const struct ag_page *page,
                              const struct ag_list *items,
                              struct ag_list_key (*key)(const void *item))
{
    const struct ag_schema *schema = ctx->route->reply;
    struct ag_buf *out = reply_buf(ctx);
    /* One more than asked for was read: it only says that there is a next page. */
    size_t limit = (size_t)page->limit - 1;
    size_t count = AG_MIN(items->count, limit);
    const char *item = items->items;
    ag_buf_append_lit(out, "{\"data\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) ag_buf_append_char(out, ',');
        AG_TRY(ag_fields_encode(schema, item + i * schema->size, out));
    }
    ag_buf_append_lit(out, "],\"next_cursor\":");
    bool stopped = !ag_uuid_is_nil(page->stopped_at);
    if (items->count > limit || stopped) {
        struct ag_list_key last = {.id = page->stopped_at};
        if (items->count > limit) last = key(item + (count - 1) * schema->size);
        struct ag_str cursor;
        AG_TRY(
            ag_cursor_encode(page, last.id, last.updated_at, last.name, ctx->scope.arena, &cursor));
        ag_buf_json_string(out, cursor);
    } else {
        ag_buf_append_lit(out, "null");
    }
    ag_buf_append_char(out, '}');
    return ag_buf_err(out);
}
