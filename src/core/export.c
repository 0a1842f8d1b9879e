#include "core/accounts.h"
#include "core/internal.h"
#include "core/orgs.h"
#include "runtime/fiber.h"

/*
 * Everything of one's own. The document is larger than a request's memory, so it is written while
 * it is read, and what is read lives in an arena that is emptied after each step. Pages go by id:
 * what is written meanwhile may be in it or not, and nothing is in it twice.
 */

enum { PAGE = 100, PIECE_BYTES = 64 * 1024 * 1024 };

struct export
{
    struct ag_scope *scope;
    const struct ag_export_sink *sink;
    struct ag_arena step; /* of what is being written now */
    bool first;           /* of a list: no comma yet */
};

/* ---- the document, for OpenAPI ---- */

struct export_org {
    uint64_t set;
    struct ag_org_summary organization;
    struct ag_list api_keys, agents, prompts, runs, activity;
};

struct export_document {
    uint64_t set;
    int64_t exported_at;
    struct ag_user account;
    struct ag_list identities, sessions, organizations;
};

#define EXPORT_LIST(type, member, schema, text)                                                    \
    AG_FIELD(type, member, AG_F_LIST, AG_FF_REQUIRED, .item = AG_F_OBJECT, .sub = &(schema),       \
             .max = 1e9, .doc = (text))

static const struct ag_field org_fields[] = {
    AG_FIELD(struct export_org, organization, AG_F_OBJECT, AG_FF_REQUIRED,
             .sub = &ag_org_summary_schema, .doc = "The organisation, and the person's role in it"),
    EXPORT_LIST(struct export_org, api_keys, ag_api_key_schema, "Their own keys, without secrets"),
    EXPORT_LIST(struct export_org, agents, ag_agent_schema, "Agents that they made"),
    EXPORT_LIST(struct export_org, prompts, ag_prompt_schema, "Prompts that they made"),
    EXPORT_LIST(struct export_org, runs, ag_run_schema, "What they asked, with the answers"),
    EXPORT_LIST(struct export_org, activity, ag_export_activity_schema, "What they did"),
};
static AG_SCHEMA(export_org_schema, "ExportedOrganization", struct export_org,
                 "What a person has in an organisation", org_fields);

static const struct ag_field document_fields[] = {
    AG_FIELD(struct export_document, exported_at, AG_F_TIME, AG_FF_REQUIRED,
             .doc = "When it was begun"),
    AG_FIELD(struct export_document, account, AG_F_OBJECT, AG_FF_REQUIRED, .sub = &ag_user_schema,
             .doc = "The account"),
    EXPORT_LIST(struct export_document, identities, ag_identity_schema,
                "Accounts elsewhere that sign in to it"),
    EXPORT_LIST(struct export_document, sessions, ag_session_schema, "Where it is signed in"),
    EXPORT_LIST(struct export_document, organizations, export_org_schema,
                "Its organisations, the personal one among them"),
};
AG_SCHEMA(ag_account_export_schema, "AccountExport", struct export_document,
          "Everything there is of a person", document_fields);

/* ---- writing ---- */

static enum ag_err put(struct export *export, const char *text)
{
    return export->sink->write(export->sink->arg, ag_str(text));
}

static enum ag_err put_doc(struct export *export, const struct ag_schema *schema, const void *doc)
{
    struct ag_buf buf;
    ag_buf_init(&buf, NULL, PIECE_BYTES);
    enum ag_err err = ag_fields_encode(schema, doc, &buf);
    if (err == AG_OK) err = export->sink->write(export->sink->arg, ag_buf_str(&buf));
    ag_buf_done(&buf);
    return err;
}

static enum ag_err list_begin(struct export *export, const char *text)
{
    export->first = true;
    return put(export, text);
}

static enum ag_err list_item(struct export *export, const struct ag_schema *schema, const void *doc)
{
    if (!export->first) AG_TRY(put(export, ","));
    export->first = false;
    return put_doc(export, schema, doc);
}

/* ---- lists that are read page by page ---- */

/* Writes all items of a list; every item begins with `set` and its id. */
static enum ag_err put_pages(struct export *export, const char *name,
                             const struct ag_schema *schema,
                             enum ag_err (*read)(struct export *export, const struct ag_page *page,
                                                 struct ag_list *ret_items))
{
    struct head {
        uint64_t set;
        struct ag_uuid id;
    };
    struct ag_page page = {.key = AG_SORT_CREATED, .descending = true, .limit = PAGE};
    struct ag_list items;
    AG_TRY(list_begin(export, name));
    do {
        ag_arena_reset(&export->step);
        AG_TRY(read(export, &page, &items));
        for (size_t i = 0; i < items.count; i++) {
            const char *item = (const char *)items.items + i * schema->size;
            AG_TRY(list_item(export, schema, item));
            page.after_id = ((const struct head *)(const void *)item)->id;
            page.has_after = true;
        }
    } while (items.count == PAGE);
    return put(export, "]");
}

static enum ag_err read_identities(struct export *export, const struct ag_page *page,
                                   struct ag_list *ret_items)
{
    return ag_identities_list(export->scope->core->db, &export->step, export->scope->who.user_id,
                              page, ret_items);
}

static enum ag_err read_sessions(struct export *export, const struct ag_page *page,
                                 struct ag_list *ret_items)
{
    const struct ag_principal *who = &export->scope->who;
    return ag_sessions_list(export->scope->core->db, &export->step, who->user_id, who->session_id,
                            page, ret_items);
}

static enum ag_err read_keys(struct export *export, const struct ag_page *page,
                             struct ag_list *ret_items)
{
    const struct ag_principal *who = &export->scope->who;
    const struct ag_api_key_filter own = {.owner = who->user_id};
    return ag_api_keys_list(export->scope->core->db, &export->step, who->org_id, &own, page,
                            ret_items);
}

/* ---- lists that are walked ---- */

static enum ag_err put_one(struct export *export, enum ag_export_kind kind, struct ag_uuid id)
{
    const struct ag_principal *who = &export->scope->who;
    struct ag_db *db = export->scope->core->db;
    union {
        struct ag_agent agent;
        struct ag_prompt prompt;
        struct ag_run run;
    } doc;
    const struct ag_schema *schema;
    enum ag_err err;
    if (kind == AG_EXPORT_AGENTS) {
        schema = &ag_agent_schema;
        err = ag_agents_get(db, &export->step, who->org_id, who->user_id, id, &doc.agent);
    } else if (kind == AG_EXPORT_PROMPTS) {
        schema = &ag_prompt_schema;
        err = ag_prompts_get(db, &export->step, who->org_id, id, &doc.prompt);
    } else {
        schema = &ag_run_schema;
        err = ag_runs_get(db, &export->step, who->org_id, who->user_id, id, &doc.run);
    }
    if (err == AG_E_NOT_FOUND) return AG_OK; /* deleted, perhaps meanwhile */
    AG_TRY(err);
    return list_item(export, schema, &doc);
}

static struct ag_export_walk walk_of(const struct export *export)
{
    const struct ag_principal *who = &export->scope->who;
    return (struct ag_export_walk){.org = who->org_id, .user = who->user_id};
}

static enum ag_err put_own(struct export *export, const char *name, enum ag_export_kind kind,
                           bool may)
{
    struct ag_export_walk walk = walk_of(export);
    AG_TRY(list_begin(export, name));
    while (may && !walk.ended) {
        struct ag_arena window;
        struct ag_list ids;
        ag_arena_init(&window);
        enum ag_err err = ag_export_ids(export->scope->core->db, &window, kind, &walk, &ids);
        for (size_t i = 0; err == AG_OK && i < ids.count; i++) {
            ag_arena_reset(&export->step);
            err = put_one(export, kind, ((const struct ag_uuid *)ids.items)[i]);
        }
        ag_arena_done(&window);
        AG_TRY(err);
        ag_fiber_yield(); /* a walk may be long */
    }
    return put(export, "]");
}

static enum ag_err put_activity(struct export *export)
{
    struct ag_export_walk walk = walk_of(export);
    AG_TRY(list_begin(export, ",\"activity\":["));
    while (!walk.ended) {
        struct ag_list entries;
        ag_arena_reset(&export->step);
        AG_TRY(ag_export_activities(export->scope->core->db, &export->step, &walk, &entries));
        const struct ag_export_activity *items = entries.items;
        for (size_t i = 0; i < entries.count; i++)
            AG_TRY(list_item(export, &ag_export_activity_schema, &items[i]));
        ag_fiber_yield();
    }
    return put(export, "]");
}

/* ---- the whole ---- */

static enum ag_err put_org(struct export *export, const struct ag_org_summary *org)
{
    struct ag_scope *scope = export->scope;
    struct ag_member member;
    AG_ACT_FOR(org->id);
    scope->who.org_id = org->id;
    ag_arena_reset(&export->step);
    AG_TRY(put(export, "{\"organization\":"));
    AG_TRY(put_doc(export, &ag_org_summary_schema, org));
    AG_TRY(ag_members_get(scope->core->db, &export->step, org->id, scope->who.user_id, &member));
    uint64_t held = ag_member_permissions(member.role, member.permissions);
    AG_TRY(put_pages(export, ",\"api_keys\":[", &ag_api_key_schema, read_keys));
    AG_TRY(put_own(export, ",\"agents\":[", AG_EXPORT_AGENTS,
                   held & ag_permission_bit(AG_PERM_AGENTS_READ)));
    AG_TRY(put_own(export, ",\"prompts\":[", AG_EXPORT_PROMPTS,
                   held & ag_permission_bit(AG_PERM_PROMPTS_READ)));
    AG_TRY(put_own(export, ",\"runs\":[", AG_EXPORT_RUNS,
                   held & ag_permission_bit(AG_PERM_RUNS_READ)));
    AG_TRY(put_activity(export));
    return put(export, "}");
}

static enum ag_err put_document(struct export *export, const struct ag_user *user,
                                const struct ag_list *orgs)
{
    struct ag_uuid acting = export->scope->who.org_id;
    char now[AG_TIME_TEXT_BYTES];
    ag_time_format(ag_wall_ms(), now);
    AG_TRY(put(export, "{\"exported_at\":\""));
    AG_TRY(put(export, now));
    AG_TRY(put(export, "\",\"account\":"));
    AG_TRY(put_doc(export, &ag_user_schema, user));
    AG_TRY(put_pages(export, ",\"identities\":[", &ag_identity_schema, read_identities));
    AG_TRY(put_pages(export, ",\"sessions\":[", &ag_session_schema, read_sessions));
    AG_TRY(put(export, ",\"organizations\":["));
    for (size_t i = 0; i < orgs->count; i++) {
        struct ag_org_summary org = ((const struct ag_org_summary *)orgs->items)[i];
        org.current = ag_uuid_eq(org.id, acting);
        if (i > 0) AG_TRY(put(export, ","));
        enum ag_err err = put_org(export, &org);
        export->scope->who.org_id = acting;
        AG_TRY(err);
    }
    return put(export, "]}");
}

struct exported {
    struct ag_scope *scope;
    const struct ag_user *user;
};

static enum ag_err exported_tx(struct ag_tx *tx, void *arg)
{
    const struct exported *exported = arg;
    return ag_audit_in(tx, exported->scope, exported->user->org_id, exported->user->id,
                       "auth.data_exported", AG_STR("{}"));
}

enum ag_err ag_account_export(struct ag_scope *scope, const struct ag_export_sink *sink)
{
    struct export export = {.scope = scope, .sink = sink};
    const struct ag_page all = {.key = AG_SORT_CREATED, .limit = AG_ORGS_JOINED_MAX + 1};
    struct ag_db *db = scope->core->db;
    struct ag_user user;
    struct ag_list orgs;
    AG_TRY(ag_require_recent(scope));
    AG_TRY(ag_users_by_id(db, scope->arena, scope->who.user_id, &user));
    AG_TRY(ag_orgs_list(db, scope->arena, user.id, &all, &orgs));
    struct exported exported = {scope, &user};
    AG_TRY(ag_db_write(db, scope->arena, exported_tx, &exported));
    ag_arena_init(&export.step);
    enum ag_err err = put_document(&export, &user, &orgs);
    ag_arena_done(&export.step);
    return err;
}
