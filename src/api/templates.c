#include "core/templates.h"

#include "api/route.h"

/* They change with the program alone, so a client may keep them and ask. */
static enum ag_err template_list(struct ag_ctx *ctx)
{
    struct ag_arena *arena = ctx->scope.arena;
    struct ag_list templates;
    struct ag_str etag = ag_arena_printf(arena, "\"%s\"", ag_templates_digest);
    if (!etag.data) return ag_fail(AG_E_NO_MEMORY, "no memory for an ETag");
    ag_reply_header(ctx->req, "ETag", etag);
    ag_reply_header(ctx->req, "Cache-Control", AG_STR("private, no-cache"));
    AG_TRY(ag_ctx_reply_empty(ctx));
    if (ag_ctx_not_modified(ctx, etag)) return AG_OK;
    AG_TRY(ag_templates_list(arena, &templates));
    const struct ag_page page = {.limit = (int64_t)templates.count + 1}; /* all of them */
    return ag_ctx_reply_list(ctx, &page, &templates, NULL);
}

const struct ag_route ag_template_routes[AG_TEMPLATE_ROUTES] = {
    AG_ROUTE("listTemplates", GET, "/v1/templates", AGENTS_READ, template_list, "List templates",
             .doc = "Configurations to begin with, all on one page. They name no model: the "
                    "server's default answers until one is chosen.",
             .tag = "Agents", .status = 200, .flags = AG_RF_LIST | AG_RF_ETAG,
             .reply = &ag_template_schema),
};
