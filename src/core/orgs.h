/*
 * Organisations: who belongs to them, what members may do there, and who may grant it.
 *
 * One rule holds everywhere: nobody gives, takes away or changes more than they hold themselves.
 * What decides is read again inside the transaction, under a lock of the organisation.
 */
#pragma once

#include "core/core.h"
#include "store/orgs.h"

/* What one may have, so that no table grows without end. */
enum {
    AG_ORGS_OWNED_MAX = 50,   /* a person's, without their personal one */
    AG_ORGS_JOINED_MAX = 100, /* that a person belongs to, owned ones among them */
    AG_ORG_MEMBERS_MAX = 1000,
    AG_ORG_ROLES_MAX = 100,
    AG_ORG_INVITATIONS_MAX = 200, /* that nobody has accepted */
    AG_ORG_MAILS_MAX = 500,       /* invitations that an organisation sends within a day */
    AG_INVITATION_DAYS = 7,
    AG_INVITATION_KEPT_DAYS = 30, /* after its end, so that it can be sent again */
};

/* ---- organisations ---- */

struct ag_org_input {
    uint64_t set;
    struct ag_str name;
};
struct ag_transfer_input {
    uint64_t set;
    struct ag_uuid user_id;
};
extern const struct ag_schema ag_org_input_schema, ag_transfer_input_schema;

/* The principal's own organisations; the one it acts in is marked. */
enum ag_err ag_org_list(struct ag_scope *scope, const struct ag_page *page,
                        struct ag_list *ret_orgs) AG_MUST_USE AG_SUSPENDS;
/* The principal becomes its owner. AG_E_CONFLICT: has enough of them. */
enum ag_err ag_org_create(struct ag_scope *scope, struct ag_str name,
                          struct ag_org *ret_org) AG_MUST_USE AG_SUSPENDS;
/* The session acts in it from now on. AG_E_NOT_FOUND: also when it is somebody else's. */
enum ag_err ag_org_switch(struct ag_scope *scope, struct ag_uuid org,
                          struct ag_me *ret_me) AG_MUST_USE AG_SUSPENDS;
/* The one that the principal acts in. When another instance has ended that a moment ago, the
 * session's principal is read again: it acts in the person's own then. AG_E_UNAUTHENTICATED: a key
 * whose owner is no member any more. */
enum ag_err ag_org_current(struct ag_scope *scope, struct ag_org *ret_org) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_org_rename(struct ag_scope *scope, struct ag_str name,
                          struct ag_org *ret_org) AG_MUST_USE AG_SUSPENDS;
/* AG_E_CONFLICT: a personal one; AG_E_FORBIDDEN: no owner. */
enum ag_err ag_org_delete(struct ag_scope *scope) AG_MUST_USE AG_SUSPENDS;
/* `user` becomes owner, the principal admin. AG_E_INVALID: no member. */
enum ag_err ag_org_transfer(struct ag_scope *scope, struct ag_uuid user) AG_MUST_USE AG_SUSPENDS;
/* AG_E_CONFLICT: its last owner, or a personal one. */
enum ag_err ag_org_leave(struct ag_scope *scope) AG_MUST_USE AG_SUSPENDS;

/* ---- members ---- */

/* A built-in role, or one of the organisation's own: exactly one of the two. */
struct ag_role_input {
    uint64_t set;
    struct ag_str role;
    struct ag_uuid role_id;
};
enum { AG_ROLE_INPUT_ROLE, AG_ROLE_INPUT_ID };
extern const struct ag_schema ag_role_input_schema, ag_member_query_schema;

/* AG_E_NOT_FOUND, AG_E_FORBIDDEN, AG_E_CONFLICT (the last owner), AG_E_INVALID, AG_E_REAUTH (who is
 * owner changes). */
enum ag_err ag_member_change(struct ag_scope *scope, struct ag_uuid user,
                             const struct ag_role_input *input,
                             struct ag_member *ret_member) AG_MUST_USE AG_SUSPENDS;
/* The same errors. */
enum ag_err ag_member_remove(struct ag_scope *scope, struct ag_uuid user) AG_MUST_USE AG_SUSPENDS;

/* ---- roles ---- */

struct ag_own_role_input {
    uint64_t set;
    struct ag_str name, description;
    struct ag_list permissions; /* struct ag_str */
};
extern const struct ag_schema ag_own_role_input_schema;

/* Built-in ones first. */
enum ag_err ag_role_list(struct ag_scope *scope, struct ag_list *ret_roles) AG_MUST_USE AG_SUSPENDS;
/* AG_E_CONFLICT (the name, or enough of them), AG_E_INVALID. */
enum ag_err ag_role_create(struct ag_scope *scope, const struct ag_own_role_input *input,
                           struct ag_org_role *ret_role) AG_MUST_USE AG_SUSPENDS;
/* AG_E_NOT_FOUND, AG_E_FORBIDDEN (it holds more than the principal), AG_E_CONFLICT, AG_E_INVALID.
 */
enum ag_err ag_role_replace(struct ag_scope *scope, struct ag_uuid id,
                            const struct ag_own_role_input *input,
                            struct ag_org_role *ret_role) AG_MUST_USE AG_SUSPENDS;
/* AG_E_CONFLICT: members have it, or invitations promise it. */
enum ag_err ag_role_delete(struct ag_scope *scope, struct ag_uuid id) AG_MUST_USE AG_SUSPENDS;

/* A permission, as the reference of an organisation's roles shows it. */
struct ag_permission_doc {
    uint64_t set;
    struct ag_str name, description, group;
    struct ag_list roles;    /* struct ag_str: the built-in ones that hold it */
    struct ag_str own_roles; /* always | optional | never */
};
extern const struct ag_schema ag_permission_schema;
enum ag_err ag_permission_list(struct ag_arena *arena, struct ag_list *ret_permissions) AG_MUST_USE;

/* ---- invitations ---- */

struct ag_invitation_input {
    uint64_t set;
    struct ag_str email, role;
    struct ag_uuid role_id;
};
enum { AG_INVITATION_INPUT_ROLE_ID = 2 };
struct ag_invitation_token {
    uint64_t set;
    struct ag_str token;
};
/* What an invitation tells whoever has its token. */
struct ag_invitation_preview {
    uint64_t set;
    struct ag_str org_name, inviter_name, email, role_name;
    int64_t expires_at;
};
extern const struct ag_schema ag_invitation_input_schema, ag_invitation_token_schema,
    ag_invitation_preview_schema;

/* Takes an earlier one of the same e-mail back. AG_E_CONFLICT (a member already, a personal
 * organisation, or enough of them), AG_E_FORBIDDEN, AG_E_INVALID, AG_E_REAUTH (to be an owner). */
enum ag_err ag_invitation_create(struct ag_scope *scope, const struct ag_invitation_input *input,
                                 struct ag_invitation *ret_invitation) AG_MUST_USE AG_SUSPENDS;
/* A new token for seven days more; the one before is void. */
enum ag_err ag_invitation_resend(struct ag_scope *scope, struct ag_uuid id,
                                 struct ag_invitation *ret_invitation) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_invitation_revoke(struct ag_scope *scope, struct ag_uuid id) AG_MUST_USE AG_SUSPENDS;
/* AG_E_NOT_FOUND: never was, was replaced, taken back or accepted, has expired, or its inviter may
 * not make it any more. */
enum ag_err ag_invitation_lookup(struct ag_scope *scope, struct ag_str token,
                                 struct ag_invitation_preview *ret_preview) AG_MUST_USE AG_SUSPENDS;
/* The principal becomes a member, or is one already. AG_E_NOT_FOUND as above; AG_E_FORBIDDEN: it
 * was sent to another e-mail; AG_E_CONFLICT: the organisation or the account has enough. */
enum ag_err ag_invitation_accept(struct ag_scope *scope, struct ag_str token,
                                 struct ag_org *ret_org) AG_MUST_USE AG_SUSPENDS;
/* The same as a part of another transaction, for an account that is being made: the same errors. */
enum ag_err ag_invitation_join_tx(struct ag_tx *tx, const struct ag_scope *scope,
                                  const struct ag_user *user, struct ag_str token,
                                  struct ag_uuid *ret_org) AG_MUST_USE;

/* ---- rights.c: what the files of this part share ---- */

/* What a member may do: of a built-in role, or, where `own` has data, of a role of the
 * organisation's own, a JSON list. One's own account is always one's own. */
uint64_t ag_member_permissions(struct ag_str role, struct ag_str own);
/* What a role of an organisation's own may hold. */
uint64_t ag_own_role_permissions(void);
/* The names of `mask` in the order of the table, as a list and as the JSON that is kept. */
enum ag_err ag_permission_names(uint64_t mask, struct ag_arena *arena,
                                struct ag_list *ret_names) AG_MUST_USE;
enum ag_err ag_permissions_to_json(uint64_t mask, struct ag_arena *arena,
                                   struct ag_str *ret_json) AG_MUST_USE;

/* Whoever changes members, roles or invitations of `org` is alone with it until the transaction
 * ends. AG_E_NOT_FOUND: deleted meanwhile. */
enum ag_err ag_org_lock(struct ag_tx *tx, struct ag_uuid org, bool *ret_personal) AG_MUST_USE;
/* The organisations of `user` are counted and joined by one transaction at a time; before
 * ag_org_lock(). AG_E_CONFLICT: enough of them. */
enum ag_err ag_person_lock(struct ag_tx *tx, struct ag_uuid user) AG_MUST_USE;
enum ag_err ag_check_may_join(struct ag_tx *tx, struct ag_uuid user, bool owns) AG_MUST_USE;
/* The lock alone, of whoever is named: before it is known that there is such a person. */
enum ag_err ag_person_wait(struct ag_tx *tx, struct ag_uuid user) AG_MUST_USE;
/* The same of who is a member already and is about to become an owner, under ag_person_wait(). */
enum ag_err ag_check_may_own(struct ag_tx *tx, struct ag_uuid user) AG_MUST_USE;

/* What the principal holds now, with what they signed in with, read again: an earlier transaction
 * may have taken it away. AG_E_FORBIDDEN: not `needed`. AG_E_UNAUTHENTICATED. */
enum ag_err ag_org_actor(struct ag_tx *tx, const struct ag_scope *scope, enum ag_permission needed,
                         uint64_t *ret_held) AG_MUST_USE;
/* The principal, a person, is a member still and stays one until the transaction ends; before any
 * lock of what ag_member_end_tx() hands over. AG_E_FORBIDDEN: no member any more. */
enum ag_err ag_org_stay(struct ag_tx *tx, const struct ag_scope *scope) AG_MUST_USE;
/* Whether somebody who holds `held` may give or take away `granted`. AG_PERM_ACCOUNT_*, which
 * everybody has, do not count. */
bool ag_may_grant(uint64_t held, uint64_t granted);

/* The role that `role` or `role_id` names. AG_E_NOT_FOUND: the organisation has no such role. */
struct ag_granted_role {
    struct ag_member_role role;
    struct ag_str name;
    uint64_t permissions;
};
enum ag_err ag_role_resolve(struct ag_tx *tx, struct ag_uuid org, const struct ag_member_role *role,
                            struct ag_granted_role *ret_role) AG_MUST_USE;
/* Says that a body's `role_id` is no role of the organisation: AG_E_INVALID. */
enum ag_err ag_refuse_role(struct ag_scope *scope) AG_MUST_USE;
/* What a body's `role` and `role_id` say. AG_E_INVALID unless it is one of them. */
enum ag_err ag_role_chosen(struct ag_scope *scope, struct ag_str role, bool has_id,
                           struct ag_uuid role_id, struct ag_member_role *ret_role) AG_MUST_USE;

/* Ends a membership with all that hangs on it; invitations that they made are void, and their
 * private agents become the `heir`'s (nil: the oldest owner's). AG_E_CONFLICT: the last owner.
 * Under ag_org_lock(). */
enum ag_err ag_member_end_tx(struct ag_tx *tx, const struct ag_scope *scope, struct ag_uuid org,
                             const struct ag_member *member, struct ag_uuid heir,
                             const char *action) AG_MUST_USE;
/* Ends an organisation and tells its log. Under ag_org_lock(). */
enum ag_err ag_org_end_tx(struct ag_tx *tx, const struct ag_scope *scope,
                          struct ag_uuid org) AG_MUST_USE;
enum ag_err ag_check_not_last_owner(struct ag_tx *tx, struct ag_uuid org,
                                    const struct ag_member *member) AG_MUST_USE;
/* Whether the inviter may still make it, and it is neither accepted nor too old. */
bool ag_invitation_holds(const struct ag_invited *invited, int64_t now);
/* Ends those of an organisation whose inviter may not make them any more. */
enum ag_err ag_invitations_sweep(struct ag_tx *tx, const struct ag_scope *scope,
                                 struct ag_uuid org) AG_MUST_USE;

/* Keys of a person that were revoked together with something else. */
struct ag_keys_ended {
    struct ag_uuid org, actor, owner;
    const char *because; /* the action that ended them: "member.removed" */
    struct ag_list ids;  /* struct ag_uuid */
};
/* One entry that names them all; none when there are no keys. */
enum ag_err ag_audit_keys_ended(struct ag_tx *tx, const struct ag_scope *scope,
                                const struct ag_keys_ended *ended) AG_MUST_USE;

/* {"a":"x","b":"y"} for the activity log. */
struct ag_str ag_details_of(struct ag_arena *arena, const struct ag_pair *pairs, size_t count);
#define AG_DETAILS(arena, ...)                                                                     \
    ag_details_of((arena), (const struct ag_pair[]){__VA_ARGS__},                                  \
                  sizeof((const struct ag_pair[]){__VA_ARGS__}) / sizeof(struct ag_pair))
/* {"name", id} for it. */
struct ag_pair ag_detail_id(struct ag_arena *arena, const char *name, struct ag_uuid id);

/* ---- purge.c ---- */

/* Removes what deleted organisations have left behind, in small steps; what a process leaves undone
 * the next one does. Ends early when the fiber is cancelled. */
enum ag_err ag_purge_orgs(struct ag_core *core) AG_MUST_USE AG_SUSPENDS;
