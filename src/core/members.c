#include "core/internal.h"
#include "core/orgs.h"

static bool is_owner(const struct ag_member *member)
{
    return ag_str_eq(member->role, AG_STR("owner"));
}

enum ag_err ag_check_not_last_owner(struct ag_tx *tx, struct ag_uuid org,
                                    const struct ag_member *member)
{
    int64_t others;
    if (!is_owner(member)) return AG_OK;
    AG_TRY(ag_members_other_owners(tx, org, member->id, &others));
    if (others > 0) return AG_OK;
    return ag_fail(AG_E_CONFLICT,
                   "an organisation keeps an owner: make another member one first, or delete it");
}

/* Nobody touches a member who may do more than they, and a key is not who made it. */
static enum ag_err check_over(struct ag_scope *scope, uint64_t held, const struct ag_member *member)
{
    const struct ag_principal *who = &scope->who;
    if (who->credential != AG_CRED_KEY && ag_uuid_eq(member->id, who->user_id)) return AG_OK;
    if (!ag_may_grant(held, ag_member_permissions(member->role, member->permissions)))
        return ag_fail(AG_E_FORBIDDEN, "this member may do more than you");
    /* Who is an owner is nothing to decide with a session that somebody left open. */
    return is_owner(member) ? ag_require_recent(scope) : AG_OK;
}

/* ---- another role ---- */

struct member_change {
    struct ag_scope *scope;
    struct ag_uuid user;
    struct ag_member_role role;
    bool no_role;
};

static enum ag_err check_grant(struct ag_scope *scope, uint64_t held,
                               const struct ag_granted_role *role)
{
    if (!ag_may_grant(held, role->permissions))
        return ag_fail(AG_E_FORBIDDEN, "the role %.*s may do more than you, so you cannot give it",
                       AG_STR_ARG(role->name));
    return ag_str_eq(role->role.role, AG_STR("owner")) ? ag_require_recent(scope) : AG_OK;
}

static enum ag_err member_change_tx(struct ag_tx *tx, void *arg)
{
    struct member_change *args = arg;
    struct ag_scope *scope = args->scope;
    struct ag_arena *arena = ag_tx_arena(tx);
    struct ag_uuid org = scope->who.org_id;
    struct ag_granted_role role;
    struct ag_member member;
    bool personal;
    uint64_t held;
    args->no_role = false;
    /* How many organisations one owns is counted, whichever of them it is changed in. */
    if (ag_str_eq(args->role.role, AG_STR("owner"))) AG_TRY(ag_person_wait(tx, args->user));
    AG_TRY(ag_org_lock(tx, org, &personal));
    AG_TRY(ag_org_actor(tx, scope, AG_PERM_MEMBERS_WRITE, &held));
    AG_TRY(ag_members_lock(tx, org, args->user, &member));
    enum ag_err err = ag_role_resolve(tx, org, &args->role, &role);
    args->no_role = err == AG_E_NOT_FOUND;
    AG_TRY(err);
    AG_TRY(check_over(scope, held, &member));
    AG_TRY(check_grant(scope, held, &role));
    if (ag_str_eq(member.role, role.role.role) && ag_uuid_eq(member.role_id, role.role.role_id))
        return AG_OK;
    AG_TRY(ag_str_eq(role.role.role, AG_STR("owner")) ? ag_check_may_own(tx, args->user)
                                                      : ag_check_not_last_owner(tx, org, &member));
    AG_TRY(ag_members_set_role(tx, org, args->user, &role.role));
    AG_TRY(ag_invitations_sweep(tx, scope, org));
    return ag_audit(tx, scope, "member.role_changed",
                    AG_DETAILS(arena, ag_detail_id(arena, "user_id", args->user),
                               {AG_STR("from"), member.role_name}, {AG_STR("to"), role.name}));
}

enum ag_err ag_member_change(struct ag_scope *scope, struct ag_uuid user,
                             const struct ag_role_input *input, struct ag_member *ret_member)
{
    struct member_change args = {.scope = scope, .user = user};
    AG_TRY(ag_role_chosen(scope, input->role, ag_doc_has(input, AG_ROLE_INPUT_ID), input->role_id,
                          &args.role));
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, member_change_tx, &args);
    if (err == AG_E_NOT_FOUND && args.no_role) return ag_refuse_role(scope);
    AG_TRY(err);
    ag_access_changed(scope->core);
    return ag_members_get(scope->core->db, scope->arena, scope->who.org_id, user, ret_member);
}

/* ---- the end of a membership ---- */

static const struct ag_uuid nobody;

/* Who got how many agents that nobody else had seen. */
static enum ag_err end_details(struct ag_arena *arena, struct ag_uuid user, struct ag_uuid heir,
                               int64_t agents, struct ag_str *ret_details)
{
    char user_text[AG_UUID_TEXT_BYTES], heir_text[AG_UUID_TEXT_BYTES];
    ag_uuid_format(user, user_text);
    ag_uuid_format(heir, heir_text);
    struct ag_str details = agents > 0
                                ? ag_arena_printf(arena,
                                                  "{\"user_id\":\"%s\",\"private_agents\":%lld,"
                                                  "\"heir_id\":\"%s\"}",
                                                  user_text, (long long)agents, heir_text)
                                : ag_arena_printf(arena, "{\"user_id\":\"%s\"}", user_text);
    if (!details.data) return ag_fail(AG_E_NO_MEMORY, "no memory for the activity log");
    *ret_details = details;
    return AG_OK;
}

enum ag_err ag_member_end_tx(struct ag_tx *tx, const struct ag_scope *scope, struct ag_uuid org,
                             const struct ag_member *member, struct ag_uuid heir,
                             const char *action)
{
    const struct ag_principal *who = &scope->who;
    struct ag_arena *arena = ag_tx_arena(tx);
    struct ag_member_end ended;
    AG_TRY(ag_check_not_last_owner(tx, org, member));
    /* What nobody else sees is nobody's once its owner is gone. */
    if (ag_uuid_is_nil(heir) || ag_uuid_eq(heir, member->id))
        AG_TRY(ag_members_oldest_owner(tx, org, member->id, &heir));
    AG_TRY(ag_members_end(tx, org, member->id, heir, ag_wall_ms(), &ended));
    AG_TRY(ag_invitations_sweep(tx, scope, org));
    const struct ag_keys_ended keys = {.org = org,
                                       .actor = who->user_id,
                                       .owner = member->id,
                                       .because = action,
                                       .ids = ended.keys};
    AG_TRY(ag_audit_keys_ended(tx, scope, &keys));
    struct ag_str details;
    AG_TRY(end_details(arena, member->id, heir, ended.agents, &details));
    return ag_audit_in(tx, scope, org, who->user_id, action, details);
}

static enum ag_err end(struct ag_scope *scope, enum ag_err (*tx)(struct ag_tx *tx, void *arg),
                       void *arg)
{
    AG_TRY(ag_db_write(scope->core->db, scope->arena, tx, arg));
    ag_access_changed(scope->core);
    ag_agents_changed(scope->core);
    return AG_OK;
}

struct member_remove {
    struct ag_scope *scope;
    struct ag_uuid user;
};

static enum ag_err member_remove_tx(struct ag_tx *tx, void *arg)
{
    struct member_remove *args = arg;
    struct ag_uuid org = args->scope->who.org_id;
    struct ag_member member;
    bool personal;
    uint64_t held;
    AG_TRY(ag_org_lock(tx, org, &personal));
    AG_TRY(ag_org_actor(tx, args->scope, AG_PERM_MEMBERS_WRITE, &held));
    AG_TRY(ag_members_lock(tx, org, args->user, &member));
    AG_TRY(check_over(args->scope, held, &member));
    /* What was private becomes the remover's, whom the organisation gave that right. */
    return ag_member_end_tx(tx, args->scope, org, &member,
                            args->scope->who.shared_key ? nobody : args->scope->who.user_id,
                            "member.removed");
}

enum ag_err ag_member_remove(struct ag_scope *scope, struct ag_uuid user)
{
    struct member_remove args = {scope, user};
    return end(scope, member_remove_tx, &args);
}

static enum ag_err org_leave_tx(struct ag_tx *tx, void *arg)
{
    struct ag_scope *scope = arg;
    const struct ag_principal *who = &scope->who;
    struct ag_member self;
    bool personal;
    AG_TRY(ag_org_lock(tx, who->org_id, &personal));
    AG_TRY(ag_self_check(tx, scope));
    if (personal)
        return ag_fail(AG_E_CONFLICT, "nobody leaves a personal organisation; it ends with the "
                                      "account");
    AG_TRY(ag_members_lock(tx, who->org_id, who->user_id, &self));
    return ag_member_end_tx(tx, scope, who->org_id, &self, nobody, "member.left");
}

enum ag_err ag_org_leave(struct ag_scope *scope)
{
    return end(scope, org_leave_tx, scope);
}
