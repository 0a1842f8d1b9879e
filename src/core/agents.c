#include "core/internal.h"
#include "core/orgs.h"

const struct ag_kind ag_agent_kind = {
    .entity = &ag_agent_entity,
    .name = "agent",
    .for_others = AG_PERM_AGENTS_DELETE,
    .restored = ag_agent_restored,
};

void ag_agent_describe(struct ag_agent *agent, struct ag_str description)
{
    agent->set &= ~(UINT64_C(1) << AG_AGENT_DESCRIPTION);
    agent->description = description;
    if (description.len > 0) AG_SET(agent, AG_AGENT_DESCRIPTION);
}

void ag_agent_put_live(struct ag_agent *agent)
{
    int64_t now = AG_MAX(ag_wall_ms(), agent->updated_at);
    agent->version++;
    agent->status = AG_STR("published");
    agent->published_at = now;
    agent->updated_at = now;
    AG_SET(agent, AG_AGENT_PUBLISHED_AT);
}

/* ---- new ones ---- */

struct creation {
    const struct ag_scope *scope;
    const struct ag_agent *agent;
    const char *did;
};

static enum ag_err create_tx(struct ag_tx *tx, void *arg)
{
    const struct creation *creation = arg;
    /* What a membership's end has not seen would be nobody's for ever. */
    if (ag_str_eq(creation->agent->visibility, AG_STR("private")))
        AG_TRY(ag_org_stay(tx, creation->scope));
    AG_TRY(ag_agents_insert(tx, creation->scope->who.org_id, creation->agent));
    return ag_note(tx, creation->scope, &ag_agent_kind, creation->did, creation->agent->id);
}

static enum ag_err insert(struct ag_scope *scope, struct ag_agent *agent, const char *did,
                          struct ag_agent *ret_agent)
{
    /* What it was made of so far is how it begins, not a change. */
    agent->created_at = agent->updated_at;
    struct creation creation = {.scope = scope, .agent = agent, .did = did};
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, create_tx, &creation);
    /* The id was reserved by a request whose process died after this commit. */
    if (err == AG_E_EXISTS && !ag_uuid_is_nil(scope->reserved_id))
        return ag_agents_get(scope->core->db, scope->arena, scope->who.org_id, ag_viewer(scope),
                             agent->id, ret_agent);
    AG_TRY(err);
    *ret_agent = *agent;
    return AG_OK;
}

static enum ag_err check_new(struct ag_scope *scope, const struct ag_agent_input *input)
{
    static const struct {
        const char *name;
        int field;
        bool required;
    } fields[] = {{"name", AG_AGENT_INPUT_NAME, true},
                  {"description", AG_AGENT_INPUT_DESCRIPTION, false},
                  {"config", AG_AGENT_INPUT_CONFIG, true}};
    bool draft = ag_doc_has(input, AG_AGENT_INPUT_DRAFT);
    for (size_t i = 0; i < AG_COUNT(fields); i++) {
        bool given = ag_doc_has(input, (size_t)fields[i].field);
        if (draft && given)
            ag_field_error(scope->errors, scope->arena, fields[i].name, "unexpected",
                           "stands within the draft when there is one");
        if (!draft && !given && fields[i].required)
            ag_field_error(scope->errors, scope->arena, fields[i].name, "required",
                           "is required without a draft");
    }
    if (ag_str_eq(input->visibility, AG_STR("private")) && ag_uuid_is_nil(ag_viewer(scope)))
        ag_field_error(scope->errors, scope->arena, "visibility", "choice",
                       "cannot be private: a key of the organisation is nobody's");
    return scope->errors->count > 0 ? ag_fail(AG_E_INVALID, "a new agent is either published, with "
                                                            "name and config, or a draft")
                                    : AG_OK;
}

enum ag_err ag_agent_create(struct ag_scope *scope, const struct ag_agent_input *input,
                            struct ag_agent *ret_agent)
{
    AG_TRY(check_new(scope, input));
    struct ag_agent agent = {
        .id = ag_scope_new_id(scope),
        .user_id = scope->who.user_id,
        .status = AG_STR("draft"),
        .config = AG_STR("{}"),
        .visibility = ag_doc_has(input, AG_AGENT_INPUT_VISIBILITY) ? input->visibility
                                                                   : AG_STR("organization"),
        .updated_at = ag_wall_ms(),
    };
    if (ag_doc_has(input, AG_AGENT_INPUT_DRAFT)) {
        AG_TRY(ag_draft_change(&agent, &input->draft, scope->arena));
    } else {
        AG_TRY(ag_agent_config_check(scope, &input->config, (struct ag_uuid){{0}}));
        AG_TRY(ag_agent_config_encode(&input->config, scope->arena, &agent.config));
        agent.name = input->name;
        ag_agent_describe(&agent, input->description);
        ag_agent_put_live(&agent);
    }
    return insert(scope, &agent, "created", ret_agent);
}

/* "X (copy)", within the longest name. */
static struct ag_str copy_name(struct ag_str name, struct ag_arena *arena)
{
    static const char suffix[] = " (copy)";
    size_t end = 0;
    for (size_t i = 0; i < AG_AGENT_NAME_MAX - (sizeof(suffix) - 1) && end < name.len; i++)
        end += AG_MAX(ag_utf8_char(ag_str_sub(name, end, 4)), 1U);
    return ag_arena_printf(arena, "%.*s%s", (int)end, name.data, suffix);
}

enum ag_err ag_agent_duplicate(struct ag_scope *scope, struct ag_uuid id, int64_t if_version,
                               struct ag_agent *ret_agent)
{
    struct ag_agent agent;
    AG_TRY(ag_agents_get(scope->core->db, scope->arena, scope->who.org_id, ag_viewer(scope), id,
                         &agent));
    AG_TRY(ag_check_version(if_version, agent.version));
    int64_t now = ag_wall_ms();
    agent.id = ag_scope_new_id(scope);
    agent.user_id = scope->who.user_id;
    agent.updated_at = now;
    agent.draft_revision = 0;
    /* A copy tells nobody what its original did not tell, and has no link. */
    if (ag_str_eq(agent.visibility, AG_STR("public"))) agent.visibility = AG_STR("organization");
    agent.set &= ~(UINT64_C(1) << AG_AGENT_PUBLIC_ID);
    if (agent.version > 0) {
        agent.version = 1;
        agent.published_at = now;
    }
    agent.name = copy_name(agent.name, scope->arena);
    if (!agent.name.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a name");
    struct ag_agent_draft renamed = {.name = agent.name};
    AG_SET(&renamed, AG_DRAFT_NAME);
    if (agent.has_draft) AG_TRY(ag_draft_change(&agent, &renamed, scope->arena));
    return insert(scope, &agent, "created", ret_agent);
}

/* ---- changes ---- */

static enum ag_err change_tx(struct ag_tx *tx, void *arg)
{
    struct ag_agent_change *change = arg;
    struct ag_uuid org = change->scope->who.org_id;
    AG_TRY(ag_agents_lock(tx, org, ag_viewer(change->scope), change->id, &change->agent));
    AG_TRY(ag_check_version(change->if_version, change->agent.version));
    AG_TRY(change->apply(change, ag_tx_arena(tx)));
    AG_TRY(ag_agents_update(tx, org, &change->agent));
    return ag_note(tx, change->scope, &ag_agent_kind, change->did, change->id);
}

enum ag_err ag_agent_change(struct ag_agent_change *change)
{
    struct ag_core *core = change->scope->core;
    AG_TRY(ag_db_write(core->db, change->scope->arena, change_tx, change));
    ag_agents_changed(core);
    return AG_OK;
}

static enum ag_err apply_replace(struct ag_agent_change *change, struct ag_arena *arena)
{
    (void)arena;
    struct ag_agent *agent = &change->agent;
    agent->name = change->input->name;
    agent->config = change->config;
    ag_agent_describe(agent, change->input->description);
    ag_agent_put_live(agent);
    return AG_OK;
}

enum ag_err ag_agent_replace(struct ag_scope *scope, struct ag_uuid id, int64_t if_version,
                             const struct ag_agent_input *input, struct ag_agent *ret_agent)
{
    AG_TRY(ag_agent_config_check(scope, &input->config, id));
    struct ag_agent_change change = {
        .scope = scope,
        .id = id,
        .if_version = if_version,
        .apply = apply_replace,
        .did = "updated",
        .input = input,
    };
    AG_TRY(ag_agent_config_encode(&input->config, scope->arena, &change.config));
    AG_TRY(ag_agent_change(&change));
    *ret_agent = change.agent;
    return AG_OK;
}

/* What was never published has its name and configuration in the working copy alone. */
static enum ag_err patch_draft(struct ag_agent_change *change, struct ag_arena *arena)
{
    const struct ag_agent_input *input = change->input;
    AG_TRY(ag_check_version(change->if_revision, change->agent.draft_revision));
    struct ag_agent_draft draft = {
        .name = input->name, .description = input->description, .config = change->config};
    if (ag_doc_has(input, AG_AGENT_INPUT_NAME)) AG_SET(&draft, AG_DRAFT_NAME);
    if (ag_doc_has(input, AG_AGENT_INPUT_DESCRIPTION)) AG_SET(&draft, AG_DRAFT_DESCRIPTION);
    if (ag_doc_has(input, AG_AGENT_INPUT_CONFIG)) AG_SET(&draft, AG_DRAFT_CONFIG);
    return ag_draft_change(&change->agent, &draft, arena);
}

static enum ag_err apply_patch(struct ag_agent_change *change, struct ag_arena *arena)
{
    const struct ag_agent_input *input = change->input;
    struct ag_agent *agent = &change->agent;
    if (agent->version == 0) return patch_draft(change, arena);
    if (ag_doc_has(input, AG_AGENT_INPUT_NAME)) agent->name = input->name;
    if (ag_doc_has(input, AG_AGENT_INPUT_CONFIG)) agent->config = change->config;
    if (ag_doc_has(input, AG_AGENT_INPUT_DESCRIPTION)) ag_agent_describe(agent, input->description);
    ag_agent_put_live(agent);
    return AG_OK;
}

enum ag_err ag_agent_patch(struct ag_scope *scope, struct ag_uuid id, int64_t if_version,
                           int64_t if_revision, const struct ag_agent_input *input,
                           struct ag_agent *ret_agent)
{
    struct ag_agent_change change = {
        .scope = scope,
        .id = id,
        .if_version = if_version,
        .if_revision = if_revision,
        .apply = apply_patch,
        .did = "updated",
        .input = input,
    };
    if (ag_doc_has(input, AG_AGENT_INPUT_CONFIG)) {
        AG_TRY(ag_agent_config_check(scope, &input->config, id));
        AG_TRY(ag_agent_config_encode(&input->config, scope->arena, &change.config));
    }
    if (input->set == 0) { /* nothing changes, so nothing is written */
        AG_TRY(ag_agents_get(scope->core->db, scope->arena, scope->who.org_id, ag_viewer(scope), id,
                             &change.agent));
        AG_TRY(ag_check_version(if_version, change.agent.version));
    } else {
        AG_TRY(ag_agent_change(&change));
    }
    *ret_agent = change.agent;
    return AG_OK;
}

enum ag_err ag_agent_delete(struct ag_scope *scope, struct ag_uuid id, int64_t if_version)
{
    AG_TRY(ag_kind_delete(scope, &ag_agent_kind, id, if_version));
    ag_agents_changed(scope->core);
    return AG_OK;
}

enum ag_err ag_agent_restore(struct ag_scope *scope, struct ag_uuid id, struct ag_agent *ret_agent)
{
    AG_TRY(ag_kind_restore(scope, &ag_agent_kind, id));
    return ag_agents_get(scope->core->db, scope->arena, scope->who.org_id, ag_viewer(scope), id,
                         ret_agent);
}
