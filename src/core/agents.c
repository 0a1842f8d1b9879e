#include "core/internal.h"

/* One change of one agent, as a transaction sees it. */
struct change {
    struct ag_scope *scope;
    struct ag_agent agent;
    int64_t if_version; /* 0: any */
};

static enum ag_err note(struct ag_tx *tx, const struct change *change, const char *action)
{
    const struct ag_principal *who = &change->scope->who;
    char text[AG_UUID_TEXT_BYTES];
    return ag_activity_insert(
        tx, who->org_id, who->user_id, action,
        ag_details(ag_tx_arena(tx), "agent_id", ag_uuid_format(change->agent.id, text)));
}

static enum ag_err create_tx(struct ag_tx *tx, void *arg)
{
    struct change *change = arg;
    AG_TRY(ag_agents_insert(tx, change->scope->who.org_id, &change->agent));
    return note(tx, change, "agent.created");
}

static void take_description(const struct ag_agent_input *input, struct ag_agent *agent)
{
    agent->set &= ~(UINT64_C(1) << AG_AGENT_DESCRIPTION);
    if (!ag_doc_has(input, AG_AGENT_INPUT_DESCRIPTION)) return;
    agent->description = input->description;
    AG_SET(agent, AG_AGENT_DESCRIPTION);
}

enum ag_err ag_agent_create(struct ag_scope *scope, const struct ag_agent_input *input,
                            struct ag_agent *ret_agent)
{
    AG_TRY(ag_agent_config_check(scope, &input->config));
    int64_t now = ag_wall_ms();
    struct change change = {
        .scope = scope,
        .agent = {.id = ag_scope_new_id(scope),
                  .user_id = scope->who.user_id,
                  .name = ag_str_trim(input->name),
                  .version = 1,
                  .created_at = now,
                  .updated_at = now},
    };
    take_description(input, &change.agent);
    AG_TRY(ag_agent_config_encode(&input->config, scope->arena, &change.agent.config));
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, create_tx, &change);
    /* The id was reserved by a request whose process died after this commit. */
    if (err == AG_E_EXISTS && !ag_uuid_is_nil(scope->reserved_id))
        return ag_agents_get(scope->core->db, scope->arena, scope->who.org_id, change.agent.id,
                             ret_agent);
    AG_TRY(err);
    *ret_agent = change.agent;
    return AG_OK;
}

static enum ag_err replace_tx(struct ag_tx *tx, void *arg)
{
    struct change *change = arg;
    struct ag_uuid org = change->scope->who.org_id;
    struct ag_agent before;
    AG_TRY(ag_agents_lock(tx, org, change->agent.id, &before));
    AG_TRY(ag_check_version(change->if_version, before.version));
    change->agent.user_id = before.user_id;
    change->agent.created_at = before.created_at;
    change->agent.version = before.version + 1;
    change->agent.updated_at = AG_MAX(ag_wall_ms(), before.updated_at);
    AG_TRY(ag_agents_update(tx, org, &change->agent));
    return note(tx, change, "agent.updated");
}

enum ag_err ag_agent_replace(struct ag_scope *scope, struct ag_uuid id, int64_t if_version,
                             const struct ag_agent_input *input, struct ag_agent *ret_agent)
{
    AG_TRY(ag_agent_config_check(scope, &input->config));
    struct change change = {
        .scope = scope,
        .agent = {.id = id, .name = ag_str_trim(input->name)},
        .if_version = if_version,
    };
    take_description(input, &change.agent);
    AG_TRY(ag_agent_config_encode(&input->config, scope->arena, &change.agent.config));
    AG_TRY(ag_db_write(scope->core->db, scope->arena, replace_tx, &change));
    ag_agents_changed(scope->core);
    *ret_agent = change.agent;
    return AG_OK;
}

static enum ag_err delete_tx(struct ag_tx *tx, void *arg)
{
    struct change *change = arg;
    const struct ag_principal *who = &change->scope->who;
    struct ag_agent before;
    AG_TRY(ag_agents_lock(tx, who->org_id, change->agent.id, &before));
    if (!ag_uuid_eq(before.user_id, who->user_id) && !ag_principal_may(who, AG_PERM_AGENTS_DELETE))
        return ag_fail(AG_E_FORBIDDEN,
                       "only its creator or an administrator may delete this agent");
    AG_TRY(ag_check_version(change->if_version, before.version));
    AG_TRY(ag_agents_delete(tx, who->org_id, before.id, before.version));
    return note(tx, change, "agent.deleted");
}

enum ag_err ag_agent_delete(struct ag_scope *scope, struct ag_uuid id, int64_t if_version)
{
    struct change change = {.scope = scope, .agent = {.id = id}, .if_version = if_version};
    AG_TRY(ag_db_write(scope->core->db, scope->arena, delete_tx, &change));
    ag_agents_changed(scope->core);
    return AG_OK;
}
