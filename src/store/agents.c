#include "store/tables.h"

#define AGENT_COLUMNS "id, user_id, name, description, config, version, created_at, updated_at"
#define AGENT_TYPES   "uuttjizz"
#define AGENT_LIST                                                                                 \
    "SELECT " AGENT_COLUMNS " FROM ai_agents WHERE org_id = $1 "                                   \
    "AND (lower(name) LIKE $2 ESCAPE '\\' OR lower(coalesce(description, '')) LIKE $2 ESCAPE "     \
    "'\\')"

enum {
    AGENT_LIST_FIRST,
    AGENT_INSERT = AG_LIST_STMTS,
    AGENT_GET,
    AGENT_LOCK,
    AGENT_UPDATE,
    AGENT_DELETE
};

struct ag_stmt ag_agent_stmts[AG_AGENT_STMTS] = {
    AG_LIST_ALL("agent_list", AGENT_LIST, AGENT_TYPES, "name"),
    [AGENT_INSERT] = {.name = "agent_insert",
                      .sql = "INSERT INTO ai_agents (org_id, " AGENT_COLUMNS ") "
                             "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                      .params = "u" AGENT_TYPES,
                      .columns = ""},
    [AGENT_GET] = {.name = "agent_get",
                   .sql = "SELECT " AGENT_COLUMNS " FROM ai_agents WHERE org_id = $1 AND id = $2",
                   .params = "uu",
                   .columns = AGENT_TYPES},
    /* For a change: nobody else changes it until this transaction ends. */
    [AGENT_LOCK] = {.name = "agent_lock",
                    .sql = "SELECT " AGENT_COLUMNS
                           " FROM ai_agents WHERE org_id = $1 AND id = $2 FOR UPDATE",
                    .sqlite = "SELECT " AGENT_COLUMNS
                              " FROM ai_agents WHERE org_id = $1 AND id = $2",
                    .params = "uu",
                    .columns = AGENT_TYPES},
    [AGENT_UPDATE] = {.name = "agent_update",
                      .sql = "UPDATE ai_agents SET name = $4, description = $5, config = $6, "
                             "version = $3 + 1, updated_at = $7 "
                             "WHERE org_id = $1 AND id = $2 AND version = $3",
                      .params = "uuittjz",
                      .columns = ""},
    [AGENT_DELETE] = {.name = "agent_delete",
                      .sql = "DELETE FROM ai_agents WHERE org_id = $1 AND id = $2 AND version = $3",
                      .params = "uui",
                      .columns = ""},
};

static const struct ag_field agent_fields[] = {
    AG_FIELD(struct ag_agent, id, AG_F_UUID, AG_FF_REQUIRED, .doc = "The agent"),
    AG_FIELD(struct ag_agent, user_id, AG_F_UUID, AG_FF_REQUIRED, .doc = "Who created it"),
    AG_FIELD(struct ag_agent, name, AG_F_STRING, AG_FF_REQUIRED, .doc = "Its name",
             .example = "\"Customer Support Bot\""),
    [AG_AGENT_DESCRIPTION] = AG_FIELD(struct ag_agent, description, AG_F_STRING,
                                      AG_FF_REQUIRED | AG_FF_NULLABLE, .doc = "What it is for",
                                      .example = "\"Handles customer inquiries automatically\""),
    AG_FIELD(struct ag_agent, config, AG_F_JSON, AG_FF_REQUIRED,
             .doc = "Its configuration: what was sent, in the form of `AgentConfig`"),
    AG_FIELD(struct ag_agent, version, AG_F_INT, AG_FF_REQUIRED,
             .doc = "Counts changes from 1; also its ETag"),
    AG_FIELD(struct ag_agent, created_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "When it was created"),
    AG_FIELD(struct ag_agent, updated_at, AG_F_TIME, AG_FF_REQUIRED, .doc = "Its last change"),
};
AG_SCHEMA(ag_agent_schema, "Agent", struct ag_agent, "An AI agent", agent_fields);

static void agent_from_row(const struct ag_value *row, struct ag_agent *agent)
{
    *agent = (struct ag_agent){
        .id = row[0].uuid,
        .user_id = row[1].uuid,
        .name = row[2].str,
        .config = row[4].str,
        .version = row[5].num,
        .created_at = row[6].num,
        .updated_at = row[7].num,
    };
    if (row[3].type == AG_V_NULL) return;
    agent->description = row[3].str;
    AG_SET(agent, AG_AGENT_DESCRIPTION);
}

static struct ag_value description_value(const struct ag_agent *agent)
{
    return ag_v_opt(ag_doc_has(agent, AG_AGENT_DESCRIPTION), ag_v_text(agent->description));
}

enum ag_err ag_agents_insert(struct ag_tx *tx, struct ag_uuid org, const struct ag_agent *agent)
{
    return ag_tx_exec(tx, &ag_agent_stmts[AGENT_INSERT],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(agent->id), ag_v_uuid(agent->user_id),
                              ag_v_text(agent->name), description_value(agent),
                              ag_v_json(agent->config), ag_v_int(agent->version),
                              ag_v_time(agent->created_at), ag_v_time(agent->updated_at)),
                      NULL);
}

static enum ag_err first_agent(const struct ag_rows *rows, struct ag_agent *ret_agent)
{
    if (rows->count == 0) return ag_fail(AG_E_NOT_FOUND, "there is no such agent");
    agent_from_row(ag_row(rows, 0), ret_agent);
    return AG_OK;
}

enum ag_err ag_agents_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                          struct ag_uuid id, struct ag_agent *ret_agent)
{
    struct ag_rows rows;
    AG_TRY(ag_db_read(db, arena, &ag_agent_stmts[AGENT_GET], AG_BIND(ag_v_uuid(org), ag_v_uuid(id)),
                      &rows));
    return first_agent(&rows, ret_agent);
}

enum ag_err ag_agents_lock(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                           struct ag_agent *ret_agent)
{
    struct ag_rows rows;
    AG_TRY(
        ag_tx_exec(tx, &ag_agent_stmts[AGENT_LOCK], AG_BIND(ag_v_uuid(org), ag_v_uuid(id)), &rows));
    return first_agent(&rows, ret_agent);
}

enum ag_err ag_agents_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                           const struct ag_page *page, struct ag_list *ret_agents)
{
    struct ag_rows rows;
    AG_TRY(ag_list_read(db, arena, &ag_agent_stmts[AGENT_LIST_FIRST], org, page, &rows));
    struct ag_agent *agents = AG_ARENA_ARRAY(arena, struct ag_agent, rows.count);
    if (!agents) return ag_fail(AG_E_NO_MEMORY, "no memory for a list");
    for (size_t i = 0; i < rows.count; i++)
        agent_from_row(ag_row(&rows, i), &agents[i]);
    *ret_agents = (struct ag_list){agents, rows.count};
    return AG_OK;
}

enum ag_err ag_agents_update(struct ag_tx *tx, struct ag_uuid org, const struct ag_agent *agent)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_agent_stmts[AGENT_UPDATE],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(agent->id), ag_v_int(agent->version - 1),
                              ag_v_text(agent->name), description_value(agent),
                              ag_v_json(agent->config), ag_v_time(agent->updated_at)),
                      &rows));
    return rows.changed == 1 ? AG_OK : ag_fail(AG_E_STALE, "the agent was changed meanwhile");
}

enum ag_err ag_agents_delete(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                             int64_t version)
{
    struct ag_rows rows;
    AG_TRY(ag_tx_exec(tx, &ag_agent_stmts[AGENT_DELETE],
                      AG_BIND(ag_v_uuid(org), ag_v_uuid(id), ag_v_int(version)), &rows));
    return rows.changed == 1 ? AG_OK : ag_fail(AG_E_STALE, "the agent was changed meanwhile");
}
