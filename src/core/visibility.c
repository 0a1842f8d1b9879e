/* Whom agents and runs are there for, where a statement cannot say it. */
#include "core/internal.h"
#include "core/orgs.h"

struct ag_live_run *ag_run_live(const struct ag_scope *scope, struct ag_uuid id)
{
    struct ag_live_run *live = ag_live_runs_find(&scope->core->live, scope->who.org_id, id);
    if (!live) return NULL;
    const struct ag_run run = ag_live_run_row(live);
    bool seen = !run.private || ag_uuid_eq(run.user_id, ag_viewer(scope));
    return seen ? live : ag_live_run_unref(live);
}

enum ag_err ag_run_reached(struct ag_scope *scope, struct ag_uuid id)
{
    struct ag_uuid org = scope->who.org_id, agent_id;
    AG_CLEANUP(ag_live_run_unref_p)
    struct ag_live_run *live = ag_run_live(scope, id);
    if (live) {
        agent_id = ag_live_run_row(live).agent_id;
    } else {
        struct ag_run_state state;
        AG_TRY(ag_runs_state(scope->core->db, scope->arena, org, ag_viewer(scope), id, &state));
        agent_id = state.agent_id;
    }
    return ag_principal_reaches(&scope->who, agent_id)
               ? AG_OK
               : ag_fail(AG_E_NOT_FOUND, "there is no such run");
}

/* ---- whom an agent is there for ---- */

static const struct ag_field visibility_fields[] = {
    AG_FIELD(struct ag_visibility_input, visibility, AG_F_ENUM, AG_FF_REQUIRED,
             .choices = "private|organization|public",
             .doc = "Its creator alone, the organisation, or everybody who has its link, too"),
};
AG_SCHEMA(ag_visibility_schema, "Visibility", struct ag_visibility_input,
          "Whom an agent is there for", visibility_fields);

/* 132 random bits, as much as nobody guesses, in a link that can be read out. */
enum { PUBLIC_ID_CHARS = 22 };

struct sharing {
    const struct ag_scope *scope;
    struct ag_uuid id;
    int64_t if_version;
    struct ag_str to;
    struct ag_str public_id; /* a new one, should it be needed */
    struct ag_agent agent;
};

static enum ag_err check_right(const struct ag_scope *scope, const struct ag_agent *agent,
                               struct ag_str to)
{
    bool creator = ag_uuid_eq(agent->user_id, ag_viewer(scope));
    bool opens = ag_str_eq(to, AG_STR("public"));
    if (!creator && ag_str_eq(to, AG_STR("private")))
        return ag_fail(AG_E_FORBIDDEN, "only its creator may make this agent private");
    if (!creator && !ag_principal_may(&scope->who, AG_PERM_AGENTS_DELETE))
        return ag_fail(AG_E_FORBIDDEN,
                       "only its creator, or who holds the permission %s, may change whom this "
                       "agent is there for",
                       ag_permission_info(AG_PERM_AGENTS_DELETE)->name);
    if (opens && !ag_principal_may(&scope->who, AG_PERM_AGENTS_SHARE))
        return ag_fail(AG_E_FORBIDDEN, "to open an agent to everybody needs the permission %s",
                       ag_permission_info(AG_PERM_AGENTS_SHARE)->name);
    if (opens && agent->version == 0)
        return ag_fail(AG_E_AGENT_NOT_PUBLISHED,
                       "this agent is a draft; publish it before you open it to everybody");
    return AG_OK;
}

static enum ag_err note(struct ag_tx *tx, const struct sharing *sharing, struct ag_str from)
{
    char text[AG_UUID_TEXT_BYTES];
    struct ag_str details = ag_arena_printf(
        ag_tx_arena(tx), "{\"agent_id\":\"%s\",\"from\":\"%.*s\",\"to\":\"%.*s\"}",
        ag_uuid_format(sharing->id, text).data, AG_STR_ARG(from), AG_STR_ARG(sharing->to));
    if (!details.data) return ag_fail(AG_E_NO_MEMORY, "no memory for the activity log");
    return ag_audit(tx, sharing->scope, "agent.visibility_changed", details);
}

enum ag_err ag_agent_restored(struct ag_tx *tx, const struct ag_scope *scope, struct ag_uuid id)
{
    const struct sharing closing = {.scope = scope, .id = id, .to = AG_STR("organization")};
    struct ag_uuid org = scope->who.org_id;
    struct ag_agent agent;
    if (ag_principal_may(&scope->who, AG_PERM_AGENTS_SHARE)) return AG_OK;
    AG_TRY(ag_agents_lock(tx, org, ag_viewer(scope), id, &agent));
    if (!ag_str_eq(agent.visibility, AG_STR("public"))) return AG_OK;
    agent.visibility = closing.to;
    agent.set &= ~(UINT64_C(1) << AG_AGENT_PUBLIC_ID);
    AG_TRY(ag_agents_share(tx, org, &agent));
    return note(tx, &closing, AG_STR("public"));
}

static enum ag_err share_tx(struct ag_tx *tx, void *arg)
{
    struct sharing *sharing = arg;
    const struct ag_scope *scope = sharing->scope;
    struct ag_agent *agent = &sharing->agent;
    struct ag_uuid org = scope->who.org_id;
    /* A key of the organisation, which is no member, is refused below. */
    if (ag_str_eq(sharing->to, AG_STR("private")) && !scope->who.shared_key)
        AG_TRY(ag_org_stay(tx, scope));
    AG_TRY(ag_agents_lock(tx, org, ag_viewer(scope), sharing->id, agent));
    AG_TRY(ag_check_version(sharing->if_version, agent->version));
    struct ag_str from = agent->visibility;
    if (ag_str_eq(from, sharing->to)) return AG_OK; /* its link stays, too */
    AG_TRY(ag_self_check(tx, scope));
    AG_TRY(check_right(scope, agent, sharing->to));
    agent->visibility = sharing->to;
    agent->set &= ~(UINT64_C(1) << AG_AGENT_PUBLIC_ID);
    if (ag_str_eq(sharing->to, AG_STR("public"))) {
        agent->public_id = sharing->public_id;
        AG_SET(agent, AG_AGENT_PUBLIC_ID);
    }
    AG_TRY(ag_agents_share(tx, org, agent));
    return note(tx, sharing, from);
}

enum ag_err ag_agent_share(struct ag_scope *scope, struct ag_uuid id, int64_t if_version,
                           const struct ag_visibility_input *input, struct ag_agent *ret_agent)
{
    struct sharing sharing = {
        .scope = scope, .id = id, .if_version = if_version, .to = input->visibility};
    uint8_t hash[AG_SECRET_HASH_BYTES];
    AG_TRY(ag_secret_new("", scope->arena, &sharing.public_id, hash));
    sharing.public_id = ag_str_sub(sharing.public_id, 0, PUBLIC_ID_CHARS);
    AG_TRY(ag_db_write(scope->core->db, scope->arena, share_tx, &sharing));
    ag_agents_changed(scope->core);
    *ret_agent = sharing.agent;
    return AG_OK;
}

enum ag_err ag_agent_hidden(struct ag_scope *scope, struct ag_uuid id)
{
    bool hidden;
    AG_TRY(ag_agents_hidden(scope->core->db, scope->arena, scope->who.org_id, ag_viewer(scope), id,
                            &hidden));
    return hidden ? ag_fail(AG_E_NOT_FOUND, "there is no such agent") : AG_OK;
}
