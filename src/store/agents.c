#include "store/tables.h"

#define AGENT_SUMMARY                                                                              \
    "id, user_id, name, description, config, version, status, published_at, draft IS NOT NULL, "   \
    "draft_revision, draft_updated_at, created_at, updated_at, visibility, public_id"
#define AGENT_SUMMARY_TYPES "uuttjitzbizzztt"
/* The working copy comes last, so that a list can leave it out. */
#define AGENT_COLUMNS AGENT_SUMMARY ", draft"
#define AGENT_TYPES   AGENT_SUMMARY_TYPES "j"
/* A private one is there for its creator alone. */
#define AGENT_SEEN(viewer) " AND (visibility <> 'private' OR user_id = " viewer ")"
#define AGENT_ONE                                                                                  \
    "SELECT " AGENT_COLUMNS " FROM ai_agents WHERE org_id = $1 AND id = $2 "                       \
    "AND deleted_at IS NULL" AGENT_SEEN("$3")
/* A never published agent has its provider in its working copy. */
#define AGENT_FOUND                                                                                \
    "(lower(name) LIKE lower($2) ESCAPE '\\' "                                                     \
    "OR lower(coalesce(description, '')) LIKE lower($2) ESCAPE '\\') "                             \
    "AND ($4 IS NULL OR status = $4) AND ($5 IS NULL OR "                                          \
    "(CASE status WHEN 'draft' THEN draft -> 'config' ELSE config END) ->> 'provider' = $5)"

enum {
    AGENT_INSERT = AG_ENTITY_STMTS,
    AGENT_PUBLISHED,
    AGENT_LOCK,
    AGENT_UPDATE,
    AGENT_SAVE_DRAFT,
    AGENT_KNOWN,
    AGENT_HIDDEN,
    AGENT_SHARE,
    AGENT_BY_LINK,
};

struct ag_stmt ag_agent_stmts[AG_AGENT_STMTS] = {
    AG_ENTITY_ALL("agent", "ai_agents", AGENT_SUMMARY, AGENT_SUMMARY_TYPES, AGENT_COLUMNS,
                  AGENT_TYPES, AGENT_FOUND, AGENT_FOUND, "name", "u", AGENT_SEEN, "$7", "$8"),
    [AGENT_INSERT] = {.name = "agent_insert",
                      .sql = "INSERT INTO ai_agents (org_id, id, user_id, name, description, "
                             "config, version, status, published_at, draft, draft_revision, "
                             "draft_updated_at, created_at, updated_at, visibility) "
                             "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
                             "$15)",
                      .params = "uuuttjitzjizzzt",
                      .columns = ""},
    [AGENT_PUBLISHED] =
        {.name = "agent_published",
         .sql = "SELECT id, name, config, version, user_id, visibility FROM ai_agents "
                "WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL" AGENT_SEEN("$3"),
         .params = "uuu",
         .columns = "utjiut"},
    /* For a change: nobody else changes it until this transaction ends. */
    [AGENT_LOCK] = {.name = "agent_lock",
                    .sql = AGENT_ONE " FOR UPDATE",
                    .sqlite = AGENT_ONE,
                    .params = "uuu",
                    .columns = AGENT_TYPES},
    [AGENT_UPDATE] = {.name = "agent_update",
                      .sql = "UPDATE ai_agents SET name = $3, description = $4, config = $5, "
                             "version = $6, status = $7, published_at = $8, draft = $9, "
                             "draft_revision = $10, draft_updated_at = $11, updated_at = $12 "
                             "WHERE org_id = $1 AND id = $2",
                      .params = "uuttjitzjizz",
                      .columns = ""},
    [AGENT_SAVE_DRAFT] = {.name = "agent_save_draft",
                          .sql = "UPDATE ai_agents SET draft = $4, "
                                 "draft_revision = draft_revision + 1, draft_updated_at = $5, "
                                 "name = CASE status WHEN 'draft' THEN $6 ELSE name END, "
                                 "description = CASE status WHEN 'draft' THEN $7 "
                                 "ELSE description END, "
                                 "updated_at = CASE status WHEN 'draft' THEN $5 "
                                 "ELSE updated_at END "
                                 "WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL "
                                 "AND ($3 IS NULL OR draft_revision = $3)" AGENT_SEEN(
                                     "$8") " RETURNING " AGENT_COLUMNS,
                          .params = "uuijzttu",
                          .columns = AGENT_TYPES},
    [AGENT_KNOWN] =
        {.name = "agents_known",
         .sql = "SELECT id FROM ai_agents WHERE org_id = $1 AND deleted_at IS NULL" AGENT_SEEN(
             "$2") " AND id IN ($3, $4, $5, "
                   "$6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, "
                   "$20, $21, $22)",
         .params = "uuuuuuuuuuuuuuuuuuuuuu",
         .columns = "u"},
    /* Deleted ones, too: what was stored about them is no way to them. */
    [AGENT_HIDDEN] = {.name = "agent_hidden",
                      .sql = "SELECT id FROM ai_agents WHERE org_id = $1 AND id = $2 "
                             "AND visibility = 'private' AND user_id <> $3",
                      .params = "uuu",
                      .columns = "u"},
    [AGENT_SHARE] = {.name = "agent_share",
                     .sql = "UPDATE ai_agents SET visibility = $3, public_id = $4 "
                            "WHERE org_id = $1 AND id = $2",
                     .params = "uutt",
                     .columns = ""},
    [AGENT_BY_LINK] = {.name = "agent_by_link",
                       .sql = "SELECT a.org_id, a.id, a.user_id, a.name, a.description, a.config, "
                              "a.version, o.plan, o.personal, o.requests_per_minute "
                              "FROM ai_agents a JOIN organizations o ON o.id = a.org_id "
                              "JOIN users u ON u.id = a.user_id "
                              "WHERE a.public_id = $1 AND a.visibility = 'public' "
                              "AND a.deleted_at IS NULL AND o.deleted_at IS NULL "
                              "AND a.version > 0 AND (NOT o.personal OR u.status = 'active')",
                       .params = "t",
                       .columns = "uuuttjitbi",
                       .no_org = "a public link is what tells the organisation"},
};

static const struct ag_field agent_draft_fields[] = {
    [AG_DRAFT_NAME] = AG_FIELD(struct ag_agent_draft, name, AG_F_STRING, AG_FF_NO_TRIM,
                               .max = AG_AGENT_NAME_MAX, .doc = "Its name"),
    [AG_DRAFT_DESCRIPTION] = AG_FIELD(struct ag_agent_draft, description, AG_F_STRING,
                                      AG_FF_NO_TRIM, .max = 2000, .doc = "What it is for"),
    AG_FIELD(struct ag_agent_draft, step, AG_F_STRING, 0, .max = 40,
             .doc = "Where the editor stands"),
    AG_FIELD(struct ag_agent_draft, template_id, AG_F_STRING, 0, .max = 60,
             .doc = "The template it began with"),
    AG_FIELD(struct ag_agent_draft, sentence, AG_F_STRING, AG_FF_NO_TRIM, .max = 2000,
             .doc = "The description it was proposed from"),
    [AG_DRAFT_CONFIG] = AG_FIELD(struct ag_agent_draft, config, AG_F_JSON, 0,
                                 .max = AG_AGENT_DRAFT_MAX_BYTES,
                                 .doc = "How it answers, in the form of `AgentConfig`; checked "
                                        "only when it is published"),
};
AG_SCHEMA(ag_agent_draft_schema, "AgentDraft", struct ag_agent_draft,
          "An agent's working copy. What it leaves out stays as published", agent_draft_fields);

#define AGENT_SUMMARY_FIELDS                                                                       \
    AG_FIELD(struct ag_agent, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The agent"),                  \
        AG_FIELD(struct ag_agent, user_id, AG_F_UUID, AG_FF_REQUIRED, .doc = "Who created it"),    \
        AG_FIELD(struct ag_agent, name, AG_F_STRING, AG_FF_REQUIRED, .doc = "Its name",            \
                 .example = "\"Customer Support Bot\""),                                           \
        [AG_AGENT_DESCRIPTION] = AG_FIELD(                                                         \
            struct ag_agent, description, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NULLABLE,            \
            .doc = "What it is for", .example = "\"Handles customer inquiries automatically\""),   \
        AG_FIELD(struct ag_agent, config, AG_F_JSON, AG_FF_REQUIRED,                               \
                 .doc = "Its published configuration, in the form of `AgentConfig`; empty when "   \
                        "it was never published"),                                                 \
        AG_FIELD(struct ag_agent, version, AG_F_INT, AG_FF_REQUIRED,                               \
                 .doc = "Counts what was published, from 1; 0 before"),                            \
        AG_FIELD(struct ag_agent, status, AG_F_ENUM, AG_FF_REQUIRED, .choices = "draft|published", \
                 .doc = "Whether it was ever published"),                                          \
        [AG_AGENT_PUBLISHED_AT] = AG_FIELD(struct ag_agent, published_at, AG_F_TIME,               \
                                           AG_FF_REQUIRED | AG_FF_NULLABLE,                        \
                                           .doc = "When it was published last"),                   \
        AG_FIELD(struct ag_agent, has_draft, AG_F_BOOL, AG_FF_REQUIRED,                            \
                 .doc = "Whether it has a working copy"),                                          \
        AG_FIELD(struct ag_agent, draft_revision, AG_F_INT, AG_FF_REQUIRED,                        \
                 .doc = "Counts changes of the working copy; its ETag"),                           \
        [AG_AGENT_DRAFT_UPDATED_AT] = AG_FIELD(struct ag_agent, draft_updated_at, AG_F_TIME,       \
                                               AG_FF_REQUIRED | AG_FF_NULLABLE,                    \
                                               .doc = "When the working copy was saved last"),     \
        AG_FIELD(struct ag_agent, created_at, AG_F_TIME, AG_FF_REQUIRED,                           \
                 .doc = "When it was created"),                                                    \
        AG_FIELD(struct ag_agent, updated_at, AG_F_TIME, AG_FF_REQUIRED,                           \
                 .doc = "The last change of what is published; of the working copy before"),       \
        AG_FIELD(struct ag_agent, visibility, AG_F_ENUM, AG_FF_REQUIRED,                           \
                 .choices = "private|organization|public",                                         \
                 .doc = "Who it is there for: its creator alone, the organisation, or everybody "  \
                        "who has its link, too"),                                                  \
        [AG_AGENT_PUBLIC_ID] = AG_FIELD(                                                           \
            struct ag_agent, public_id, AG_F_STRING, AG_FF_REQUIRED | AG_FF_NULLABLE,              \
            .doc = "Of a public one: what its link names, `/a/{public_id}`")

static const struct ag_field agent_summary_fields[] = {AGENT_SUMMARY_FIELDS};
AG_SCHEMA(ag_agent_summary_schema, "AgentSummary", struct ag_agent,
          "An AI agent without its working copy", agent_summary_fields);

static const struct ag_field agent_fields[] = {
    AGENT_SUMMARY_FIELDS,
    [AG_AGENT_DRAFT] = AG_FIELD(struct ag_agent, draft, AG_F_JSON, AG_FF_REQUIRED | AG_FF_NULLABLE,
                                .sub = &ag_agent_draft_schema, .doc = "Its working copy"),
};
AG_SCHEMA(ag_agent_schema, "Agent", struct ag_agent, "An AI agent", agent_fields);

static void agent_from_row(const struct ag_rows *rows, size_t index, void *doc)
{
    const struct ag_value *row = ag_row(rows, index);
    struct ag_agent *agent = doc;
    *agent = (struct ag_agent){
        .id = row[0].uuid,
        .user_id = row[1].uuid,
        .name = row[2].str,
        .description = row[3].str,
        .config = row[4].str,
        .version = row[5].num,
        .status = row[6].str,
        .published_at = row[7].num,
        .has_draft = row[8].num,
        .draft_revision = row[9].num,
        .draft_updated_at = row[10].num,
        .created_at = row[11].num,
        .updated_at = row[12].num,
        .visibility = row[13].str,
        .public_id = row[AG_AGENT_PUBLIC_ID].str,
    };
    if (rows->columns > AG_AGENT_DRAFT) agent->draft = row[AG_AGENT_DRAFT].str;
    /* Columns and fields are in the same order. */
    static const int optional[] = {AG_AGENT_DESCRIPTION, AG_AGENT_PUBLISHED_AT,
                                   AG_AGENT_DRAFT_UPDATED_AT, AG_AGENT_PUBLIC_ID, AG_AGENT_DRAFT};
    for (size_t i = 0; i < AG_COUNT(optional) && (size_t)optional[i] < rows->columns; i++)
        if (row[optional[i]].type != AG_V_NULL) AG_SET(agent, optional[i]);
}

const struct ag_entity ag_agent_entity = {
    .name = "agent",
    .stmts = ag_agent_stmts,
    .size = sizeof(struct ag_agent),
    .has_viewer = true,
    .from_row = agent_from_row,
};

static struct ag_value optional_value(const struct ag_agent *agent, int field,
                                      struct ag_value value)
{
    return ag_v_opt(ag_doc_has(agent, (size_t)field), value);
}

static struct ag_value description_value(const struct ag_agent *agent)
{
    return optional_value(agent, AG_AGENT_DESCRIPTION, ag_v_text(agent->description));
}

static struct ag_value draft_value(const struct ag_agent *agent)
{
    return optional_value(agent, AG_AGENT_DRAFT, ag_v_json(agent->draft));
}

static struct ag_value published_value(const struct ag_agent *agent)
{
    return optional_value(agent, AG_AGENT_PUBLISHED_AT, ag_v_time(agent->published_at));
}

static struct ag_value saved_value(const struct ag_agent *agent)
{
    return optional_value(agent, AG_AGENT_DRAFT_UPDATED_AT, ag_v_time(agent->draft_updated_at));
}

enum ag_err ag_agents_insert(struct ag_tx *tx, struct ag_uuid org, const struct ag_agent *agent)
{
    return ag_tx_exec(tx, &ag_agent_stmts[AGENT_INSERT],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(agent->id), ag_v_uuid(agent->user_id),
                              ag_v_text(agent->name), description_value(agent),
                              ag_v_json(agent->config), ag_v_int(agent->version),
                              ag_v_text(agent->status), published_value(agent), draft_value(agent),
                              ag_v_int(agent->draft_revision), saved_value(agent),
                              ag_v_time(agent->created_at), ag_v_time(agent->updated_at),
                              ag_v_text(agent->visibility)),
                      NULL);
}

enum ag_err ag_agents_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                          struct ag_uuid viewer, struct ag_uuid id, struct ag_agent *ret_agent)
{
    return ag_entity_get(db, arena, &ag_agent_entity, org, viewer, id, ret_agent);
}

enum ag_err ag_agents_get_published(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                                    struct ag_uuid viewer, struct ag_uuid id,
                                    struct ag_agent *ret_agent)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_agent_stmts[AGENT_PUBLISHED],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id), ag_v_uuid(viewer)), &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such agent");
    const struct ag_value *row = ag_row(&rows, 0);
    if (row[3].num == 0)
        return ag_fail(AG_E_AGENT_NOT_PUBLISHED,
                       "this agent is a draft; publish it before you run it");
    *ret_agent = (struct ag_agent){
        .id = row[0].uuid,
        .name = row[1].str,
        .config = row[2].str,
        .version = row[3].num,
        .user_id = row[4].uuid,
        .visibility = row[5].str,
    };
    return AG_OK;
}

enum ag_err ag_agents_lock(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid viewer,
                           struct ag_uuid id, struct ag_agent *ret_agent)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_agent_stmts[AGENT_LOCK],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id), ag_v_uuid(viewer)), &rows));
    return ag_entity_first(&ag_agent_entity, &rows, ret_agent);
}

enum ag_err ag_agents_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                           struct ag_uuid viewer, const struct ag_page *page,
                           struct ag_list *ret_agents)
{
    return ag_entity_list(db, arena, &ag_agent_entity, org, viewer, page, ret_agents);
}

enum ag_err ag_agents_update(struct ag_tx *tx, struct ag_uuid org, const struct ag_agent *agent)
{
    return ag_tx_exec(
        tx, &ag_agent_stmts[AGENT_UPDATE],
        AG_BIND(ag_v_uuid(org), ag_v_uuid(agent->id), ag_v_text(agent->name),
                description_value(agent), ag_v_json(agent->config), ag_v_int(agent->version),
                ag_v_text(agent->status), published_value(agent), draft_value(agent),
                ag_v_int(agent->draft_revision), saved_value(agent), ag_v_time(agent->updated_at)),
        NULL);
}

enum ag_err ag_agents_save_draft(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid viewer,
                                 struct ag_uuid id, int64_t if_revision,
                                 const struct ag_agent *draft, struct ag_agent *ret_agent)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_agent_stmts[AGENT_SAVE_DRAFT],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id),
                              ag_v_opt(if_revision >= 0, ag_v_int(if_revision)),
                              ag_v_json(draft->draft), ag_v_time(draft->draft_updated_at),
                              ag_v_text(draft->name), description_value(draft), ag_v_uuid(viewer)),
                      &rows));
    if (rows.count > 0) return ag_entity_first(&ag_agent_entity, &rows, ret_agent);
    struct ag_head head;
    AG_TRY(ag_entity_lock(tx, &ag_agent_entity, org, viewer, id, &head));
    if (head.deleted) return ag_fail(AG_E_NOT_FOUND, "there is no such agent");
    return ag_fail(AG_E_STALE, "the draft was saved by somebody else; read it again");
}

enum ag_err ag_agents_known(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid viewer,
                            const struct ag_uuid *ids, size_t count, bool *ret_known)
{
    struct ag_value params[2 + AG_KNOWN_AGENTS] = {ag_v_uuid(org), ag_v_uuid(viewer)};
    struct ag_rows rows;
    AG_ASSERT(count <= AG_KNOWN_AGENTS);
    for (size_t i = 0; i < AG_KNOWN_AGENTS; i++)
        params[2 + i] = i < count ? ag_v_uuid(ids[i]) : ag_v_null();
    AG_TRY(ag_tx_exec(tx, &ag_agent_stmts[AGENT_KNOWN], params, AG_COUNT(params), &rows));
    for (size_t i = 0; i < count; i++) {
        ret_known[i] = false;
        for (size_t k = 0; k < rows.count; k++)
            ret_known[i] |= ag_uuid_eq(ids[i], ag_row(&rows, k)[0].uuid);
    }
    return AG_OK;
}

enum ag_err ag_agents_hidden(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                             struct ag_uuid viewer, struct ag_uuid id, bool *ret_hidden)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_agent_stmts[AGENT_HIDDEN],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id), ag_v_uuid(viewer)), &rows));
    *ret_hidden = rows.count > 0;
    return AG_OK;
}

enum ag_err ag_agents_share(struct ag_tx *tx, struct ag_uuid org, const struct ag_agent *agent)
{
    return ag_tx_exec(
        tx, &ag_agent_stmts[AGENT_SHARE],
        AG_BIND(ag_v_uuid(org), ag_v_uuid(agent->id), ag_v_text(agent->visibility),
                optional_value(agent, AG_AGENT_PUBLIC_ID, ag_v_text(agent->public_id))),
        NULL);
}

enum ag_err ag_agents_by_link(struct ag_db *db, struct ag_arena *arena, struct ag_str public_id,
                              struct ag_linked_agent *ret_linked)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_agent_stmts[AGENT_BY_LINK], AG_BIND(ag_v_text(public_id)),
                      &rows));
    if (rows.count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such agent");
    const struct ag_value *row = ag_row(&rows, 0);
    *ret_linked = (struct ag_linked_agent){
        .org_id = row[0].uuid,
        .agent_id = row[1].uuid,
        .user_id = row[2].uuid,
        .name = row[3].str,
        .description = row[4].str,
        .config = row[5].str,
        .plan = row[7].str,
        .personal = row[8].num,
        .org_per_minute = ag_v_num(&row[9], 0),
    };
    return AG_OK;
}
