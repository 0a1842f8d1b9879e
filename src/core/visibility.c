/* Whom agents and runs are there for, where a statement cannot say it. */
#include "core/internal.h"

enum ag_err ag_run_reached(struct ag_scope *scope, struct ag_uuid id)
{
    struct ag_uuid org = scope->who.org_id, agent_id;
    AG_CLEANUP(ag_live_run_unref_p)
    struct ag_live_run *live = ag_live_runs_find(&scope->core->live, org, id);
    if (live) {
        agent_id = ag_live_run_row(live).agent_id;
    } else {
        struct ag_run_state state;
        AG_TRY(ag_runs_state(scope->core->db, scope->arena, org, id, &state));
        agent_id = state.agent_id;
    }
    return ag_principal_reaches(&scope->who, agent_id)
               ? AG_OK
               : ag_fail(AG_E_NOT_FOUND, "there is no such run");
}
