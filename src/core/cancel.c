#include "core/internal.h"

enum { CANCEL_WAIT_MS = 10 * 1000 };

struct cancel_args {
    struct ag_uuid org, id;
};

static enum ag_err cancel_tx(struct ag_tx *tx, void *arg)
{
    struct cancel_args *args = arg;
    return ag_runs_cancel(tx, args->org, args->id, ag_wall_ms());
}

static enum ag_err read_row(struct ag_scope *scope, struct ag_uuid id, struct ag_run *ret_run)
{
    return ag_runs_get(scope->core->db, scope->arena, scope->who.org_id, ag_viewer(scope), id,
                       ret_run);
}

/* The reply tells what was asked and answered, so ending a run may not show it to who could not
 * read it otherwise. */
static enum ag_err check_right(struct ag_scope *scope, struct ag_uuid id)
{
    const struct ag_principal *who = &scope->who;
    struct ag_run_state state;
    AG_TRY(ag_runs_state(scope->core->db, scope->arena, who->org_id, ag_viewer(scope), id, &state));
    bool own = ag_uuid_eq(state.user_id, who->user_id) && ag_uuid_eq(state.key_id, who->key_id);
    if (own || ag_principal_may(who, AG_PERM_RUNS_READ)) return AG_OK;
    return ag_fail(AG_E_FORBIDDEN, "to end a run that somebody else began needs the permission %s",
                   ag_permission_info(AG_PERM_RUNS_READ)->name);
}

enum ag_err ag_run_cancel(struct ag_scope *scope, struct ag_uuid id, struct ag_run *ret_run)
{
    AG_TRY(check_right(scope, id));
    AG_CLEANUP(ag_live_run_unref_p)
    struct ag_live_run *live = ag_run_live(scope, id);
    if (live) {
        ag_live_run_cancel(live);
        AG_TRY(ag_live_run_wait(live, ag_deadline_in(CANCEL_WAIT_MS)));
    }
    AG_TRY(read_row(scope, id, ret_run));
    if (live && ag_str_eq(ret_run->status, AG_STR("cancelled"))) return AG_OK;
    if (!ag_str_eq(ret_run->status, AG_STR("running")))
        return ag_fail(AG_E_CONFLICT, "the run has ended");
    /* It goes on in another instance, which looks at the row now and then, or nowhere. */
    struct cancel_args args = {scope->who.org_id, id};
    AG_TRY(ag_db_write(scope->core->db, scope->arena, cancel_tx, &args));
    AG_TRY(read_row(scope, id, ret_run));
    if (ag_str_eq(ret_run->status, AG_STR("cancelled"))) return AG_OK;
    return ag_fail(AG_E_CONFLICT, "the run has ended");
}

bool ag_run_goes_on(const struct ag_core *core, const struct ag_run_state *state)
{
    if (!state->running || ag_uuid_eq(state->boot_id, core->boot_id)) return false;
    return ag_wall_ms() - state->created_at < ag_run_grace_ms(core);
}
